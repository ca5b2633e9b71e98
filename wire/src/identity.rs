//! Who somebody is: signing keys, the agent's key binding, the coordinator's keys, fingerprints.
//!
//! Knows how keys are made, bound, written to a key file and shown to people. Must not know who may do what
//! (`trust`), nor read a file itself.

mod announcement;
mod binding;
mod fingerprint;
mod keyfile;
mod keys;

pub use announcement::{announce, announcement, is_announced};
pub use binding::{BindingError, KeyBinding};
pub use fingerprint::{Fingerprint, FingerprintError, fleet_id};
pub use keyfile::{KeyFile, KeyFileError, check_mode};
pub use keys::{AgentKeys, ChannelSecret, CoordinatorKeys, SigningKey, verify};
