//! The engine: takes jobs, runs one at a time per repository, writes down what came of them.
//!
//! Knows the life of a job from queue to record. Must not know who wants a job (schedules, orders and people call in
//! from above), nor how secrets are kept or addresses probed: those arrive as traits.

mod abandon;
mod conversation;
mod doubt;
mod ending;
mod engine;
mod follow;
mod hooks;
mod joblog;
mod lent;
mod live;
mod looking;
pub(crate) mod looks;
mod needs;
mod pings;
mod queue;
mod ran;
mod reading;
mod recognise;
mod released;
mod request;
mod retry;
mod runner;
mod scrub;
mod session;
mod sift;
#[cfg(test)]
pub(crate) mod stage;
mod tally;
pub mod upkeep;
mod work;

pub use engine::{Engine, EngineTask, Parts};
pub use live::LIVE_BUFFER;
pub use needs::{Candidate, Patience, Pinged, Reach, Reached, SecretError, SecretSource, Settings, Used};
pub use reading::Reading;
pub use request::{CancelOutcome, JobRequest, SubmitError};

pub use crate::{
    reach::{PingError, Sound, Unreachable},
    restic::process::Launcher,
};

#[cfg(test)]
mod tests;
