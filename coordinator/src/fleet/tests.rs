//! The fleet's promises, with agents that are nothing but keys and a journal.

mod door;
mod epochs;
mod hostile;
mod journals;
mod ordering;
pub(crate) mod stage;
mod statements;
