//! The daemon's control socket: how this host's command line talks to the agent that runs.
//!
//! A line of JSON asks, lines of JSON answer. The data directory's mode is the lock: whoever may open the socket may
//! read the keys as well. Knows what is asked; what comes of it is the link's, the desk's and the engine's.

mod answering;
mod client;
mod follow;
mod serve;

use serde::{Deserialize, Serialize};
use wire::{
    action::{Action, Outcome},
    frame::Live,
    id::{FleetId, JobId, UnixMs},
    job::JobState,
    plan::Plan,
    question::{AnswerLine, Question},
    seal::{Secret, SecretSlot},
    trust::TokenSeed,
};
use zeroize::{Zeroize as _, Zeroizing};

pub use client::{Client, ClientError};
pub use serve::{Parts, Serving, serve};

use crate::{desired::file::Looked, link::LinkState, schedule::Waiting};

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
    /// Work, wanted at this terminal: run, cancel, maintain, unlock and the like.
    Work { action: Action },
    /// Lines and progress of these jobs, from their beginning, until they are over.
    Follow { jobs: Vec<JobId> },
    /// A plan that was edited at this terminal.
    SetPlan {
        base_revision: u64,
        plan: Plan,
        #[serde(default)]
        note: Option<String>,
    },
    /// plan.toml was changed, or may have been.
    LookAtFile,
    /// plan.toml was put aside: the panel gets the plan back.
    AdoptFile {
        #[serde(default)]
        note: Option<String>,
    },
    /// A secret that was typed at this terminal.
    SetSecret { slot: SecretSlot, value: SecretText },
    /// What is in a snapshot, and the like: lines of the answer until its end, or until whoever asked hangs up.
    Question { question: Question },
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
        /// What somebody should look at, and no row tells.
        #[serde(default)]
        trouble: Option<String>,
        /// What is due and may not begin yet.
        #[serde(default)]
        waiting: Vec<Waiting>,
    },
    Refused {
        message: String,
        /// What to do next, where the message does not say so itself.
        #[serde(default)]
        hint: String,
    },
    /// It is done, or begun.
    Done {
        #[serde(default)]
        jobs: Vec<JobId>,
        /// Of the plan, or of the secret, where one was set.
        #[serde(default)]
        revision: Option<u64>,
    },
    /// What plan.toml came to.
    File { looked: Looked },
    /// Of a job that is followed.
    Live { live: Live },
    /// A job that is followed is over; its row says the rest.
    Over { job: JobId, state: JobState },
    /// Of a question.
    Answer { line: AnswerLine },
}

impl From<Outcome> for Tell {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Accepted { jobs, revision } => Self::Done { jobs, revision },
            Outcome::Refused { message, hint, .. } => Self::Refused { message, hint },
        }
    }
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

/// A secret on its way through the socket: never printed, wiped afterwards.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub struct SecretText(String);

impl SecretText {
    pub fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    fn secret(&self) -> Secret {
        Secret::new(self.0.as_bytes())
    }
}

impl Drop for SecretText {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl std::fmt::Debug for SecretText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("**redacted**")
    }
}

/// A question, whole: the largest is a plan.
const LINE_LIMIT_BYTES: u64 = 4 * 1024 * 1024;

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
