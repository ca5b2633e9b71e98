//! The journal: an agent's signed, append-only word about itself.
//!
//! Knows records, the hash chain, signed heads, batches and the bodies of each kind. Must not know where a journal is
//! stored, nor what is folded from it.

mod batch;
mod body;
mod chain;
mod record;

pub use batch::{BATCH_LIMIT_BYTES, Batch, BatchBuilder, BatchError, Start, VerifiedBatch};
pub use body::{
    BodyError, Escrow, Holds, JobFinished, JobQueued, JobStarted, Local, Locks, LogChunk, Membership,
    Numbers, OrderReceipt, PlanBy, PlanFile, PlanRevision, RecordBody, RepositoryState, Snapshots,
};
pub use chain::{Chain, ChainError, Head, Previous, SignedHead};
pub use record::{BODY_LIMIT_BYTES, Body, Kind, Record, RecordError};
