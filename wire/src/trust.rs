//! Who may do what, and its proof: the recovery kit, fleet statements, admissions, tokens.
//!
//! Knows signatures over exact bytes and what follows from them. Must not know networks, nor what a person clicked.

mod admission;
mod credential;
mod kit;
mod ledger;
mod signed;
mod statement;
mod token;

pub use crate::role::Role;
pub use admission::{Admission, AdmissionError, Membership, Moment, Proof, admit};
pub use credential::Credential;
pub use kit::{Kit, KitError};
pub use ledger::{Accepted, Ledger, TrustError};
pub use signed::{Document, Signed, SignedDocument, SignedError, Verified};
pub use statement::{Coordinator, Operator, Statement, StatementError};
pub use token::{Token, TokenKeys, TokenProof, TokenSeed, TokenSeedError};
