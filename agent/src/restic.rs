//! restic, a foreign body: what to call it with, how to run it, what it printed, what its end means.
//!
//! Knows restic's versions, flags, messages and exit codes. Must not know jobs' rows, the queue, or where secrets come
//! from. Only `process` starts restic.

pub mod binary;
pub mod command;
pub mod document;
pub mod exit;
pub mod feature;
pub mod output;
pub mod process;
