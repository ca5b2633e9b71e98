//! Journals coming in: verified against what is held, kept raw, and folded into the views.
//!
//! Knows chains, records and folds. Must not know connections: whoever calls acknowledges, wakes and tells.

mod apply;
mod check;
mod fold;
mod gather;
mod prepare;
mod rebuild;

pub use apply::{Applied, apply};
pub use check::{BadRecord, Checked, check};
pub use fold::{Effects, Ended, Touched};
pub use prepare::{Overlap, Prepared, overlap, prepare};
pub use rebuild::{Rebuilt, rebuild, rebuild_stale};

use wire::journal::{BatchError, ChainError};

use crate::store::StoreError;

/// Why a batch was not applied.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum IngestError {
    #[error("the batch cannot be read: {0}")]
    Batch(#[from] BatchError),
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// Another connection of the same host was quicker.
    #[error("the journal went on meanwhile")]
    Overtaken,
    /// The same number, another record: two machines write this journal.
    #[error("record {seq} of epoch {epoch} is known with another content")]
    Fork { epoch: u64, seq: u64 },
    #[error(transparent)]
    Store(#[from] StoreError),
}
