//! The fleet's promises, with agents that are nothing but keys and a journal.

mod door;
mod epochs;
mod escrow;
mod hostile;
mod journals;
mod keys;
mod ordering;
mod records;
mod removal;
mod replaced;
mod sharing;
mod sizes;
pub(crate) mod stage;
mod statements;
mod upkeep;
