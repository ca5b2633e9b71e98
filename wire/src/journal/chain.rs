//! The hash chain of one epoch: heads, their signatures, and walking the records.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::{
    domain,
    id::{AgentId, Hash32, Signature64},
    identity::{SigningKey, verify},
    journal::Record,
};

/// Where a journal stands: after record `seq` of `epoch` the chain's hash is `hash`. `seq` 0 is the genesis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS, ToSchema)]
pub struct Head {
    pub agent: AgentId,
    #[ts(type = "number")]
    pub epoch: u64,
    #[ts(type = "number")]
    pub seq: u64,
    pub hash: Hash32,
}

/// A head with the agent's own signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct SignedHead {
    #[serde(flatten)]
    pub head: Head,
    pub sig: Signature64,
}

/// The epoch before, and its last hash as far as the agent knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Previous {
    pub epoch: u64,
    pub hash: Hash32,
}

/// Why a piece of journal does not belong where it was put.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    #[error(
        "record {seq} of epoch {epoch} was changed, or one before it is missing: its hash is not the one that was stored"
    )]
    Record { epoch: u64, seq: u64 },
    #[error(
        "the records {first} to {last} of epoch {epoch} do not add up to the head that the agent signed: at least one was changed, dropped or put there by somebody else"
    )]
    Head { epoch: u64, first: u64, last: u64 },
    #[error("the head at record {seq} of epoch {epoch} is not signed by agent {agent}")]
    Signature { agent: AgentId, epoch: u64, seq: u64 },
    #[error("the journal goes on at record {expected} of epoch {epoch}, but record {found} was sent")]
    Gap { epoch: u64, expected: u64, found: u64 },
    #[error("epoch {found} of the journal was sent, but epoch {held} is known")]
    Epoch { held: u64, found: u64 },
    #[error("the head belongs to agent {found}, not to {expected}")]
    Agent { expected: AgentId, found: AgentId },
}

impl Head {
    /// `h_0`. Epochs count from 1; the first has no previous one.
    pub fn genesis(agent: AgentId, epoch: u64, previous: Option<Previous>) -> Self {
        let previous = previous.unwrap_or(Previous { epoch: 0, hash: Hash32::ZERO });
        let hash = domain::JOURNAL_GENESIS.hash(&[
            &agent.0,
            &epoch.to_be_bytes(),
            &previous.epoch.to_be_bytes(),
            &previous.hash.0,
        ]);
        Self { agent, epoch, seq: 0, hash }
    }

    /// The head after `record`.
    #[must_use]
    pub fn after(&self, record: &Record<'_>) -> Self {
        // A journal that writes a record each nanosecond reaches u64::MAX in 584 years.
        let seq = self.seq.saturating_add(1);
        Self { seq, hash: record.hash(&self.hash, seq), ..*self }
    }

    pub fn sign(self, key: &SigningKey) -> SignedHead {
        SignedHead { head: self, sig: key.sign(domain::JOURNAL_HEAD, &self.to_bytes()) }
    }

    /// `agent(32) ‖ epoch(u64) ‖ seq(u64) ‖ h_seq(32)`.
    pub fn to_bytes(&self) -> [u8; 80] {
        let mut bytes = [0; 80];
        bytes[..32].copy_from_slice(&self.agent.0);
        bytes[32..40].copy_from_slice(&self.epoch.to_be_bytes());
        bytes[40..48].copy_from_slice(&self.seq.to_be_bytes());
        bytes[48..].copy_from_slice(&self.hash.0);
        bytes
    }
}

impl SignedHead {
    /// Whether `agent` itself signed this head of its own journal.
    pub fn verify(&self, agent: AgentId) -> Result<(), ChainError> {
        let Head { agent: found, epoch, seq, .. } = self.head;
        if found != agent {
            return Err(ChainError::Agent { expected: agent, found });
        }
        if verify(&agent.0, domain::JOURNAL_HEAD, &self.head.to_bytes(), &self.sig) {
            Ok(())
        } else {
            Err(ChainError::Signature { agent, epoch, seq })
        }
    }
}

/// Walks stored records and compares each with the hash that was stored beside it.
#[derive(Clone, Copy, Debug)]
pub struct Chain {
    head: Head,
}

impl Chain {
    /// From the beginning of an epoch.
    pub fn genesis(agent: AgentId, epoch: u64, previous: Option<Previous>) -> Self {
        Self { head: Head::genesis(agent, epoch, previous) }
    }

    /// From a head that was verified before.
    pub const fn resume(head: Head) -> Self {
        Self { head }
    }

    pub const fn head(&self) -> &Head {
        &self.head
    }

    /// Appends a new record and returns the hash to store beside it.
    pub fn append(&mut self, record: &Record<'_>) -> Hash32 {
        self.head = self.head.after(record);
        self.head.hash
    }

    /// Appends a stored record; names it when it is not the one that was hashed then. The chain stays before it.
    pub fn check(&mut self, record: &Record<'_>, stored: &Hash32) -> Result<(), ChainError> {
        let next = self.head.after(record);
        if next.hash != *stored {
            return Err(ChainError::Record { epoch: next.epoch, seq: next.seq });
        }
        self.head = next;
        Ok(())
    }

    /// Whether the chain as walked ends in the head that the agent signed.
    pub fn ends_in(&self, signed: &SignedHead) -> Result<(), ChainError> {
        signed.verify(self.head.agent)?;
        if signed.head == self.head {
            return Ok(());
        }
        let Head { epoch, seq, .. } = self.head;
        if signed.head.epoch != epoch {
            return Err(ChainError::Epoch { held: epoch, found: signed.head.epoch });
        }
        if signed.head.seq != seq {
            return Err(ChainError::Gap { epoch, expected: signed.head.seq, found: seq });
        }
        Err(ChainError::Head { epoch, first: 1, last: seq })
    }
}
