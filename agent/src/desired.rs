//! What is wanted of this host and by whose word: its keys, the fleet's statements, the plan, secrets at rest, orders.
//!
//! Decides and writes, each decision in one transaction with its record and its receipt. Must not know sockets: `link`
//! hands documents over and carries answers away.

mod desk;
pub mod file;
mod keys;
mod local;
mod membership;
mod orders;
mod secrets;
mod vault;

#[cfg(test)]
pub(crate) mod rehearsal;

pub use desk::{Desk, DeskError, Parts};
pub use keys::{Identity, IdentityError, Machine, load, load_or_make, machine_id};
pub use local::SOMEBODY_HERE;
pub use membership::{JoinError, Joined};
pub use orders::Answer;
pub use secrets::{SecretRefusal, Secrets};
pub use vault::{Vault, VaultError};
