//! The moment between the agent and restic: `restic-manager-agent exec-child PARENT NICE RESTIC ARGS…`.
//!
//! The child ties its own life to its parent's, makes sure that the parent is still there, takes its place in the
//! scheduler's order, and becomes restic. What it ties stays tied through exec (prctl(2), PR_SET_PDEATHSIG), unless the
//! program has privileges of its own, as restic has not.

#![allow(clippy::disallowed_methods, reason = "the child becomes restic here")]

use std::{
    ffi::OsString,
    os::unix::process::CommandExt as _,
    process::{Command, ExitCode},
};

use rustix::process::{Signal, getppid, nice, set_parent_process_death_signal};

/// The word that stands for it on the agent's command line.
pub const EXEC_CHILD: &str = "exec-child";
/// As a shell says "cannot be executed".
const CANNOT: u8 = 126;
const NO_NICE: &str = "-";

pub fn arguments(parent: u32, nice: Option<i8>) -> [OsString; 3] {
    let nice = nice.map_or_else(|| NO_NICE.to_owned(), |nice| nice.to_string());
    [EXEC_CHILD.into(), parent.to_string().into(), nice.into()]
}

/// For the very beginning of the agent's `main`: becomes restic when the command line says so, and then returns only to
/// say why it could not. `args` are those of the process, its own name first.
pub fn exec_if_asked(args: impl IntoIterator<Item = OsString>) -> Option<ExitCode> {
    let mut args = args.into_iter().skip(1);
    if args.next()? != EXEC_CHILD {
        return None;
    }
    let (parent, nice, program) = (args.next(), args.next(), args.next());
    let (Some(parent), Some(nice), Some(program)) = (parent, nice, program) else {
        eprintln!("exec-child: this is for the agent itself, it starts restic with it");
        return Some(ExitCode::from(CANNOT));
    };
    if let Err(error) = tie(&parent, &nice) {
        eprintln!("exec-child: {error}");
        return Some(ExitCode::from(CANNOT));
    }
    let error = Command::new(&program).args(args).exec();
    eprintln!("exec-child: {} cannot be started: {error}", program.display());
    Some(ExitCode::from(CANNOT))
}

fn tie(parent: &OsString, wanted: &OsString) -> Result<(), String> {
    set_parent_process_death_signal(Some(Signal::KILL))
        .map_err(|error| format!("cannot tie restic to the agent: {error}"))?;
    // The parent may have died before the signal was set; then somebody else is the parent now.
    let now = getppid().map(|pid| pid.as_raw_nonzero().to_string());
    if now.as_deref() != parent.to_str() {
        return Err("the agent is gone".to_owned());
    }
    if let Some(level) = wanted.to_str().and_then(|text| text.parse::<i32>().ok()) {
        // Without the privilege to be nastier restic runs as everybody does.
        let _ = nice(level);
    }
    Ok(())
}
