//! What the program's environment must hold from its first instruction on.

use std::{env, os::unix::process::CommandExt as _, process::Command};

/// Starts this program again in its own place, with the same arguments and process id, when one of these variables is
/// missing. What somebody set stands. Where it cannot be started again it goes on as it is.
pub fn ensure(variables: &[(&str, &str)]) {
    let missing: Vec<_> = variables.iter().filter(|(name, _)| env::var_os(name).is_none()).collect();
    let (false, Ok(program)) = (missing.is_empty(), env::current_exe()) else { return };
    let mut arguments = env::args_os();
    let mut again = Command::new(program);
    if let Some(name) = arguments.next() {
        again.arg0(name);
    }
    again.args(arguments).envs(missing.into_iter().copied());
    let error = again.exec();
    eprintln!("warning: goes on without {variables:?}: {error}");
}
