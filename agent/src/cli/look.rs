//! Looking into the agent's database from the command line, beside a running agent or without one.

use std::{
    fmt::Write as _,
    io::{self, Write as _},
};

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
    text.chars().map(|c| if commands(c) && !matches!(c, '\n' | '\t') { '\u{fffd}' } else { c }).collect()
}

/// Whether a character does something to what stands around it: a control character, or one that turns the direction of
/// writing, with which `exe.png` may be the look of a program (UAX #9, table 4).
pub fn commands(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
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
    print(&format!("{}\n", escaped(&serde_json::to_string_pretty(value)?)))
}

/// The same on one line.
pub fn json(value: &impl Serialize) -> Result<String, Failure> {
    Ok(escaped(&serde_json::to_string(value)?))
}

/// A program reads back what a terminal is not shown: such characters lie in strings alone, where JSON has a way to name them.
fn escaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if commands(c) && c != '\n' {
            // All of them have four digits.
            let _ = write!(text, "\\u{:04x}", u32::from(c));
        } else {
            text.push(c);
        }
    }
    text
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
        assert_eq!(plain("\u{202e}gnp.exe \u{2066}x\u{2069} שלום"), "\u{fffd}gnp.exe \u{fffd}x\u{fffd} שלום");
        let name = "\u{202e}gnp.exe\u{9b}\u{7f}\n";
        let line = json(&name).unwrap_or_default();
        assert_eq!(plain(&line), line);
        assert_eq!(serde_json::from_str::<String>(&line).unwrap(), name);
    }
}
