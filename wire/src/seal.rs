//! Secrets on their way: HPKE boxes bound to a context, the slots they belong to, the type that never prints.
//!
//! Knows RFC 9180 base mode for one suite and the bytes of `info`. Must not know where secrets are kept.

mod context;
mod secret;
mod slot;
mod stream;

pub use context::{BoxContext, Purpose, SealError, SealSecret, SealedBox, open, seal};
pub use secret::Secret;
pub use slot::{HookScope, SecretSlot, SlotError};
pub use stream::{CHUNK_BYTES, CHUNK_HEAD_BYTES, Chunk, StreamContext, StreamOpener, StreamSealer};
