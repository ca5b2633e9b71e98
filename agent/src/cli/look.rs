//! Looking into the agent's database from the command line, beside a running agent or without one.

use std::io::{self, Write as _};

use rusqlite::Connection;
use serde::Serialize;

use super::{Failure, failure};
use crate::{config::Paths, store};

/// The database, to read from; fails with what to do where there is none.
pub fn database(paths: &Paths) -> Result<Connection, Failure> {
    let path = paths.database();
    match std::fs::metadata(&path) {
        Ok(_) => Ok(store::read_only(&path)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => failure(format!(
            "there is no agent's database in {}: run `restic-manager-agent enrol` first, or name the right directory with --data",
            paths.data.display()
        )),
        Err(error) => failure(format!("{} cannot be read ({error}): run this as root", path.display())),
    }
}

/// Text without what would command a terminal: names, messages and logs come from elsewhere.
pub fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && !matches!(c, '\n' | '\t') { '\u{fffd}' } else { c }).collect()
}

/// Prints; a reader that went away (`| head`) is no error.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(plain(text).as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// One JSON document, for programs.
pub fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    print(&format!("{}\n", serde_json::to_string_pretty(value)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_is_printed_commands_the_terminal() {
        assert_eq!(
            plain("a\tb\nä \u{1b}[2J\u{7}\u{9b}31m\r"),
            "a\tb\nä \u{fffd}[2J\u{fffd}\u{fffd}31m\u{fffd}"
        );
    }
}
