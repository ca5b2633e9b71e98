//! A batch on its way to the writer: decoded, verified and parsed before, so that the writer thread only writes.

use wire::{
    id::{AgentId, Hash32, UnixMs},
    journal::{Batch, Body, ChainError, Head, Record, RecordError, SignedHead, Start},
};

use super::{IngestError, fold::Fact, gather::gather};

/// A verified batch that owns its bytes.
#[derive(Debug)]
pub struct Prepared {
    pub(super) agent: AgentId,
    /// The held head that it was verified against.
    pub(super) after: Option<Head>,
    pub(super) start: Start,
    pub(super) first_seq: u64,
    pub(super) records: Vec<PreparedRecord>,
    pub(super) head: SignedHead,
}

#[derive(Debug)]
pub(super) struct PreparedRecord {
    at: UnixMs,
    kind: Box<str>,
    body: OwnedBody,
    pub hash: Hash32,
    pub fact: Fact,
}

#[derive(Debug)]
enum OwnedBody {
    Kept(Box<[u8]>),
    Dropped(Hash32),
}

impl PreparedRecord {
    fn new(record: &Record<'_>, hash: Hash32) -> Self {
        let body = match record.body {
            Body::Kept(bytes) => OwnedBody::Kept(bytes.into()),
            Body::Dropped(hash) => OwnedBody::Dropped(hash),
        };
        Self { at: record.at, kind: record.kind_text().into(), body, hash, fact: Fact::of(record) }
    }

    pub fn record(&self) -> Result<Record<'_>, RecordError> {
        let body = match &self.body {
            OwnedBody::Kept(bytes) => Body::Kept(bytes),
            OwnedBody::Dropped(hash) => Body::Dropped(*hash),
        };
        Record::from_parts(self.at, &self.kind, body)
    }

    pub const fn at(&self) -> UnixMs {
        self.at
    }
}

impl Prepared {
    /// The head that is held once this batch is applied.
    pub const fn head(&self) -> &SignedHead {
        &self.head
    }

    pub fn len(&self) -> usize {
        self.records.len()
    }

    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }
}

/// Decodes a batch and verifies that it continues what is held. CPU alone: some milliseconds for a full batch.
pub fn prepare(bytes: &[u8], agent: AgentId, held: Option<&Head>) -> Result<Prepared, IngestError> {
    let verified = Batch::decode(bytes)?.verify(agent, held)?;
    let records = verified.records.iter().zip(&verified.hashes);
    let mut records: Vec<_> = records.map(|(record, hash)| PreparedRecord::new(record, *hash)).collect();
    gather(records.iter_mut().map(|record| (record.at, &mut record.fact)));
    Ok(Prepared {
        agent,
        after: held.copied(),
        start: verified.start,
        first_seq: verified.first_seq,
        records,
        head: verified.head,
    })
}

/// A batch that begins within what is held: the hashes that its agent signed, to be compared with those held.
#[derive(Debug)]
pub struct Overlap {
    pub epoch: u64,
    pub first_seq: u64,
    pub hashes: Vec<Hash32>,
    pub head: SignedHead,
}

/// Whether a batch that does not continue the held head begins within the held records of the same epoch; `before` is
/// the held head right before its first record. The agent's signature holds: it did write these records.
pub fn overlap(bytes: &[u8], agent: AgentId, before: &Head) -> Result<Overlap, ChainError> {
    let not_read = ChainError::Gap { epoch: before.epoch, expected: before.seq, found: 0 };
    let batch = Batch::decode(bytes).map_err(|_| not_read)?;
    let (epoch, first_seq) = (batch.epoch, batch.first_seq);
    let verified = batch.verify(agent, Some(before))?;
    Ok(Overlap { epoch, first_seq, hashes: verified.hashes, head: verified.head })
}
