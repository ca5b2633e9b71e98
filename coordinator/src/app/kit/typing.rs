//! The kit's words: from a terminal that does not show them, or whole from standard input.

use std::io::{self, BufRead as _, IsTerminal as _, Read as _};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

/// Far more than 24 words, however they are written.
const MOST_BYTES: u64 = 8 * 1024;
const WORDS: usize = 24;

pub fn words() -> io::Result<Zeroizing<String>> {
    let input = io::stdin();
    let mut text = Zeroizing::new(String::with_capacity(1024));
    if !input.is_terminal() {
        input.lock().take(MOST_BYTES).read_to_string(&mut text)?;
        return Ok(text);
    }
    eprintln!("The 24 words of the recovery kit, on one line or several; they are not shown:");
    let _silence = Silence::begin()?;
    let mut lines = input.lock();
    loop {
        let mut line = Zeroizing::new(String::with_capacity(256));
        let read = lines.by_ref().take(MOST_BYTES).read_line(&mut line)?;
        text.push_str(&line);
        let found = text.split_whitespace().filter(|word| word.chars().any(char::is_alphabetic)).count();
        if read == 0 || line.trim().is_empty() || found >= WORDS {
            return Ok(text);
        }
        eprintln!("{found} so far; the next ones, or an empty line:");
    }
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
