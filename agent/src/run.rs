//! The engine: takes jobs, runs one at a time per repository, writes down what came of them.
//!
//! Knows the life of a job from queue to record. Must not know who wants a job (schedules, orders and people call in
//! from above), nor how secrets are kept or addresses probed: those arrive as traits.

mod conversation;
mod ending;
mod engine;
mod joblog;
mod live;
mod looking;
mod needs;
mod queue;
mod recognise;
mod request;
mod retry;
mod runner;
mod scrub;
mod session;
#[cfg(test)]
pub(crate) mod stage;
mod work;

pub use engine::{Engine, EngineTask, Parts};
pub use live::LIVE_BUFFER;
pub use needs::{Patience, Reach, Reached, SecretError, SecretSource, Settings};
pub use request::{CancelOutcome, JobRequest, SubmitError};

pub use crate::{reach::Unreachable, restic::process::Launcher};

#[cfg(test)]
mod tests;
