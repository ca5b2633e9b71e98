//! One record: when, of what kind, and its body or the hash of the body that was dropped.

use crate::{
    domain::{self, sha256},
    id::{Hash32, UnixMs},
};

/// No body is larger: a record always fits a frame of the channel.
pub const BODY_LIMIT_BYTES: usize = 2 * 1024 * 1024;

/// The kinds that this version knows. A newer agent's kind is kept as text and skipped by folds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    HostFacts,
    Membership,
    Plan,
    JobQueued,
    JobStarted,
    JobFinished,
    LogChunk,
    Snapshots,
    Numbers,
    Repository,
    Order,
    Escrow,
    Local,
    Locks,
    Holds,
    PlanFile,
}

impl Kind {
    pub const ALL: [Self; 16] = [
        Self::HostFacts,
        Self::Membership,
        Self::Plan,
        Self::JobQueued,
        Self::JobStarted,
        Self::JobFinished,
        Self::LogChunk,
        Self::Snapshots,
        Self::Numbers,
        Self::Repository,
        Self::Order,
        Self::Escrow,
        Self::Local,
        Self::Locks,
        Self::Holds,
        Self::PlanFile,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::HostFacts => "host.facts",
            Self::Membership => "membership",
            Self::Plan => "plan",
            Self::JobQueued => "job.queued",
            Self::JobStarted => "job.started",
            Self::JobFinished => "job.finished",
            Self::LogChunk => "log.chunk",
            Self::Snapshots => "snapshots",
            Self::Numbers => "numbers",
            Self::Repository => "repository",
            Self::Order => "order",
            Self::Escrow => "escrow",
            Self::Local => "local",
            Self::Locks => "locks",
            Self::Holds => "holds",
            Self::PlanFile => "plan.file",
        }
    }

    /// `None` for a kind that a newer version made.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// A record's body as it is stored or travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body<'a> {
    Kept(&'a [u8]),
    /// It was dropped; its hash keeps the chain verifiable.
    Dropped(Hash32),
}

impl<'a> Body<'a> {
    pub fn hash(&self) -> Hash32 {
        match self {
            Self::Kept(bytes) => sha256(bytes),
            Self::Dropped(hash) => *hash,
        }
    }

    pub const fn bytes(&self) -> Option<&'a [u8]> {
        match self {
            Self::Kept(bytes) => Some(bytes),
            Self::Dropped(_) => None,
        }
    }
}

/// Borrowed from wherever it is stored. Its number is its place in the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    pub at: UnixMs,
    /// The kind as text, so that one from a newer agent survives.
    kind: &'a str,
    pub body: Body<'a>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    #[error("a record's kind has 1 to 64 characters of a–z, 0–9, `.`, `_` and `-`")]
    Kind,
    #[error("a record's body has at most {BODY_LIMIT_BYTES} bytes, this has {found}: split it")]
    TooLarge { found: usize },
}

impl<'a> Record<'a> {
    pub const fn new(at: UnixMs, kind: Kind, body: &'a [u8]) -> Result<Self, RecordError> {
        if body.len() > BODY_LIMIT_BYTES {
            return Err(RecordError::TooLarge { found: body.len() });
        }
        Ok(Self { at, kind: kind.as_str(), body: Body::Kept(body) })
    }

    /// From a stored row or a peer: the kind may be one that this version does not know.
    pub fn from_parts(at: UnixMs, kind: &'a str, body: Body<'a>) -> Result<Self, RecordError> {
        if let Body::Kept(bytes) = body
            && bytes.len() > BODY_LIMIT_BYTES
        {
            return Err(RecordError::TooLarge { found: bytes.len() });
        }
        let proper = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
        if (1..=64).contains(&kind.len()) && kind.bytes().all(proper) {
            Ok(Self { at, kind, body })
        } else {
            Err(RecordError::Kind)
        }
    }

    pub const fn kind_text(&self) -> &'a str {
        self.kind
    }

    /// `None` for a kind that a newer version made.
    pub fn kind(&self) -> Option<Kind> {
        Kind::parse(self.kind)
    }

    /// `h_n` of this record as number `seq` after `h_{n-1}` (docs/PROTOCOL.md §5).
    pub fn hash(&self, before: &Hash32, seq: u64) -> Hash32 {
        // A kind has 64 bytes at most, so its length is one byte of the u16.
        let length = [0, u8::try_from(self.kind.len()).unwrap_or(u8::MAX)];
        domain::JOURNAL_RECORD.hash(&[
            &before.0,
            &seq.to_be_bytes(),
            &self.at.0.to_be_bytes(),
            &length,
            self.kind.as_bytes(),
            &self.body.hash().0,
        ])
    }
}
