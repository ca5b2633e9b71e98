//! The daemon's control socket: how `status` and `enrol` of this host talk to the agent that runs.
//!
//! A line of JSON asks, lines of JSON answer. The data directory's mode is the lock: whoever may open the socket may
//! read the keys as well. Knows what is asked; what comes of it is the link's.

mod client;
mod serve;

use serde::{Deserialize, Serialize};
use wire::{
    id::{FleetId, UnixMs},
    trust::TokenSeed,
};
use zeroize::{Zeroize as _, Zeroizing};

pub use client::{Client, ClientError};
pub use serve::{Serving, serve};

use crate::link::LinkState;

/// What may be asked of a running agent.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum Ask {
    /// Where the link stands, once.
    State,
    /// Pin this fleet, dial its coordinator, and tell every change until it is decided.
    Enrol {
        address: String,
        fleet: FleetId,
        #[serde(default)]
        token: Option<TokenText>,
    },
}

/// One line of an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Tell {
    State {
        link: LinkState,
        version: String,
        started_at: UnixMs,
        pid: u32,
        /// Why its database took nothing the last time.
        #[serde(default)]
        trouble: Option<String>,
    },
    Refused {
        message: String,
    },
}

/// A token on its way through the socket: never printed, wiped afterwards.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub struct TokenText(String);

impl TokenText {
    pub fn of(seed: &TokenSeed) -> Self {
        Self(seed.expose_text().to_string())
    }

    fn seed(&self) -> Option<TokenSeed> {
        self.0.parse().ok()
    }
}

impl Drop for TokenText {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl std::fmt::Debug for TokenText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("**redacted**")
    }
}

/// A line, whole; nothing that is asked or told is longer.
const LINE_LIMIT_BYTES: u64 = 64 * 1024;

fn line(value: &impl Serialize) -> std::io::Result<Zeroizing<Vec<u8>>> {
    let mut line = Zeroizing::new(serde_json::to_vec(value).map_err(std::io::Error::other)?);
    line.push(b'\n');
    Ok(line)
}

/// unix(7) allows 107 bytes for the name of a socket. A longer one is reached through its directory's descriptor.
fn short_path(path: &std::path::Path) -> std::io::Result<(std::path::PathBuf, Option<std::fs::File>)> {
    const LONGEST: usize = 100;
    let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else {
        return Ok((path.to_owned(), None));
    };
    if path.as_os_str().len() <= LONGEST {
        return Ok((path.to_owned(), None));
    }
    let directory = std::fs::File::open(directory)?;
    let number = std::os::fd::AsRawFd::as_raw_fd(&directory);
    Ok((std::path::Path::new("/proc/self/fd").join(number.to_string()).join(name), Some(directory)))
}

#[cfg(test)]
mod tests;
