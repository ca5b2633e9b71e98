//! Reading a secret: from a terminal that does not show it, or whole from standard input.

use std::io::{self, BufRead as _, IsTerminal as _, Read};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use wire::seal::SecretSlot;
use zeroize::Zeroizing;

use super::words;
use crate::cli::{Failure, failure, look};

/// Larger than any secret: a hook's body is the largest.
const LARGEST_BYTES: u64 = 256 * 1024;

pub fn value(slot: &SecretSlot) -> Result<Zeroizing<String>, Failure> {
    if io::stdin().is_terminal() { asked(slot) } else { piped(slot) }
}

/// What was piped in, as it is; the line break that ends a single line is not part of it.
fn piped(slot: &SecretSlot) -> Result<Zeroizing<String>, Failure> {
    Ok(trimmed(slot, whole(io::stdin().lock())?))
}

/// To its end. Half of a hook would be run as if it were all of it.
fn whole(input: impl Read) -> Result<Zeroizing<String>, Failure> {
    let mut bytes = Zeroizing::new(Vec::new());
    input.take(LARGEST_BYTES + 1).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > LARGEST_BYTES {
        return failure("that is longer than the 256 KiB that a secret may be: nothing was set");
    }
    match std::str::from_utf8(&bytes) {
        Ok(text) => Ok(Zeroizing::new(text.to_owned())),
        Err(_) => failure("that is no text: nothing was set"),
    }
}

fn trimmed(slot: &SecretSlot, mut text: Zeroizing<String>) -> Zeroizing<String> {
    if !slot.is_hook() {
        let length = text.trim_end_matches(['\n', '\r']).len();
        text.truncate(length);
    }
    text
}

fn asked(slot: &SecretSlot) -> Result<Zeroizing<String>, Failure> {
    match slot {
        SecretSlot::RepositoryPassword(_) => twice("Password: "),
        SecretSlot::Ping(_) => hidden("Address: "),
        // Nothing is typed in vain: the agent says why it takes none, and what to do instead.
        SecretSlot::RepositoryAdmin(_) | SecretSlot::RepositoryLent(_) => Ok(Zeroizing::default()),
        SecretSlot::RepositoryLogin(_) => {
            let user = shown("User (empty: this host's name): ")?;
            let password = hidden("Password: ")?;
            let login = serde_json::json!({ "user": user, "password": *password });
            Ok(Zeroizing::new(login.to_string()))
        }
        SecretSlot::RepositoryEnvironment(_) => environment(),
        SecretSlot::HookPre(_) | SecretSlot::HookPost(_) => {
            look::print(words::HOOK)?;
            whole(io::stdin().lock())
        }
    }
}

/// One name and value per line, until an empty one.
fn environment() -> Result<Zeroizing<String>, Failure> {
    look::print(words::ENVIRONMENT)?;
    let mut all = serde_json::Map::new();
    loop {
        let line = hidden("NAME=VALUE: ")?;
        if line.is_empty() {
            return Ok(Zeroizing::new(serde_json::Value::Object(all).to_string()));
        }
        match line.split_once('=') {
            Some((name, value)) => {
                all.insert(name.trim().to_owned(), value.into());
            }
            None => look::print("That is no NAME=VALUE; nothing was taken of it.\n")?,
        }
    }
}

/// A password that nobody can look up later is typed twice.
fn twice(prompt: &str) -> Result<Zeroizing<String>, Failure> {
    let first = hidden(prompt)?;
    let again = hidden("Once more: ")?;
    if *first == *again { Ok(first) } else { failure("the two differ: nothing was set, type it again") }
}

fn shown(prompt: &str) -> Result<String, Failure> {
    look::print(prompt)?;
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\n', '\r']).to_owned())
}

fn hidden(prompt: &str) -> Result<Zeroizing<String>, Failure> {
    look::print(prompt)?;
    let mut line = Zeroizing::new(String::new());
    {
        let _silence = Silence::begin()?;
        io::stdin().lock().read_line(&mut line)?;
    }
    look::print("\n")?;
    let length = line.trim_end_matches(['\n', '\r']).len();
    line.truncate(length);
    Ok(line)
}

/// The terminal shows nothing for as long as this is there.
struct Silence(Termios);

impl Silence {
    fn begin() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(io::stdin(), OptionalActions::Flush, &silent)?;
        Ok(Self(before))
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        // A terminal that is gone shows nothing anyway.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_is_refused_and_never_cut() {
        let of = |bytes: u64| io::repeat(b'#').take(bytes);
        assert_eq!(whole(of(LARGEST_BYTES)).unwrap().len(), 256 * 1024);
        let Failure(said) = whole(of(LARGEST_BYTES + 1)).unwrap_err();
        assert!(said.contains("nothing was set"), "{said}");
        assert!(whole(&b"\xff"[..]).is_err());
    }

    #[test]
    fn only_the_line_break_that_ends_a_line_goes() {
        let trimmed = |slot: &str, text: &str| {
            trimmed(&slot.parse().unwrap(), Zeroizing::new(text.to_owned())).to_string()
        };
        assert_eq!(trimmed("repository/main/password", " a b \r\n"), " a b ");
        assert_eq!(trimmed("hook/*/pre", "echo one\necho two\n"), "echo one\necho two\n");
    }
}
