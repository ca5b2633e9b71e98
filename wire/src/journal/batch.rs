//! Batches: some records of one epoch and the signed head after the last, as they cross the wire.
//!
//! Decoding borrows from the frame; nothing is copied until somebody stores it.

use crate::{
    id::{AgentId, Hash32, Signature64, UnixMs},
    identity::SigningKey,
    journal::{Body, ChainError, Head, Previous, Record, RecordError, SignedHead},
};

/// A batch is no larger unless one record alone is.
pub const BATCH_LIMIT_BYTES: usize = 256 * 1024;

/// epoch, previous epoch, previous hash, first seq, count.
const HEADER_BYTES: usize = 8 + 8 + 32 + 8 + 4;
const SIGNATURE_BYTES: usize = 64;
/// at, kind's length, a kind of one letter, flag, a dropped body's hash or a length: at least four.
const SMALLEST_RECORD_BYTES: usize = 8 + 1 + 1 + 1 + 4;

/// A batch as decoded: well-formed, not yet verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch<'a> {
    pub epoch: u64,
    pub previous: Option<Previous>,
    pub first_seq: u64,
    pub records: Vec<Record<'a>>,
    pub sig: Signature64,
}

/// Why bytes are not a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    #[error("the batch ends in the middle of {part}")]
    Truncated { part: &'static str },
    #[error("{left} bytes follow the end of the batch")]
    Trailing { left: usize },
    #[error("the batch has {bytes} bytes and more than one record: {BATCH_LIMIT_BYTES} are allowed")]
    TooLarge { bytes: usize },
    #[error("the batch holds no record")]
    Empty,
    #[error("epochs and records count from 1")]
    Zero,
    #[error("the batch begins at record {first_seq} and counts beyond the last possible number")]
    Overflow { first_seq: u64 },
    #[error("epoch {epoch} names epoch {previous} as the one before it")]
    Previous { epoch: u64, previous: u64 },
    #[error("the batch names no previous epoch but a hash for it: without one the hash is zeros")]
    PreviousHash,
    #[error("record {seq} is not proper: {problem}")]
    Record { seq: u64, problem: RecordError },
    #[error("record {seq} has the body flag {flag}: 0 and 1 are known")]
    Flag { seq: u64, flag: u8 },
}

/// How a verified batch joins what was held before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// Right after the head held.
    Continues,
    /// The first epoch that is seen of this agent.
    First { previous: Option<Previous> },
    /// The agent began a new epoch. `follows_held` is false when it names another predecessor than the head held:
    /// what is held beyond is not part of its past any more.
    NewEpoch { previous: Option<Previous>, follows_held: bool },
}

/// A batch whose records add up to the head that its agent signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedBatch<'a> {
    pub start: Start,
    pub first_seq: u64,
    pub records: Vec<Record<'a>>,
    /// `hashes[i]` is the chain's hash after `records[i]`.
    pub hashes: Vec<Hash32>,
    pub head: SignedHead,
}

impl<'a> Batch<'a> {
    pub fn decode(bytes: &'a [u8]) -> Result<Self, BatchError> {
        let mut reader = Reader { bytes };
        let epoch = reader.u64("the epoch")?;
        let previous_epoch = reader.u64("the previous epoch")?;
        let previous_hash = Hash32(*reader.array("the previous hash")?);
        let first_seq = reader.u64("the first number")?;
        let count = u32::from_be_bytes(*reader.array("the count")?);
        if epoch == 0 || first_seq == 0 {
            return Err(BatchError::Zero);
        }
        if count == 0 {
            return Err(BatchError::Empty);
        }
        if count > 1 && bytes.len() > BATCH_LIMIT_BYTES {
            return Err(BatchError::TooLarge { bytes: bytes.len() });
        }
        if first_seq.checked_add(u64::from(count)).is_none() {
            return Err(BatchError::Overflow { first_seq });
        }
        let previous = previous(epoch, previous_epoch, previous_hash)?;
        // The count is the sender's claim: no more room is made than its bytes can fill.
        let room = (reader.bytes.len() / SMALLEST_RECORD_BYTES).min(count as usize);
        let mut records = Vec::with_capacity(room);
        for seq in (first_seq..).take(count as usize) {
            records.push(reader.record(seq)?);
        }
        let sig = Signature64(*reader.array("the signature")?);
        match reader.bytes.len() {
            0 => Ok(Self { epoch, previous, first_seq, records, sig }),
            left => Err(BatchError::Trailing { left }),
        }
    }

    /// Verifies that the records continue `held` (the last head known of this agent, if any) and add up to a head that
    /// the agent signed.
    pub fn verify(self, agent: AgentId, held: Option<&Head>) -> Result<VerifiedBatch<'a>, ChainError> {
        let (start, mut head) = self.start(agent, held)?;
        let mut hashes = Vec::with_capacity(self.records.len());
        for record in &self.records {
            head = head.after(record);
            hashes.push(head.hash);
        }
        let signed = SignedHead { head, sig: self.sig };
        // Whether a record or the signature itself was changed cannot be told apart here.
        signed.verify(agent).map_err(|_| ChainError::Head {
            epoch: self.epoch,
            first: self.first_seq,
            last: head.seq,
        })?;
        Ok(VerifiedBatch { start, first_seq: self.first_seq, records: self.records, hashes, head: signed })
    }

    fn start(&self, agent: AgentId, held: Option<&Head>) -> Result<(Start, Head), ChainError> {
        let Self { epoch, previous, .. } = *self;
        if let Some(held) = held {
            if held.agent != agent {
                return Err(ChainError::Agent { expected: agent, found: held.agent });
            }
            if epoch < held.epoch {
                return Err(ChainError::Epoch { held: held.epoch, found: epoch });
            }
            if epoch == held.epoch {
                self.begins_at(held.seq.saturating_add(1))?;
                return Ok((Start::Continues, *held));
            }
        }
        self.begins_at(1)?;
        let start = match held {
            None => Start::First { previous },
            Some(held) => Start::NewEpoch {
                previous,
                follows_held: previous == Some(Previous { epoch: held.epoch, hash: held.hash }),
            },
        };
        Ok((start, Head::genesis(agent, epoch, previous)))
    }

    const fn begins_at(&self, expected: u64) -> Result<(), ChainError> {
        if self.first_seq == expected {
            Ok(())
        } else {
            Err(ChainError::Gap { epoch: self.epoch, expected, found: self.first_seq })
        }
    }
}

fn previous(epoch: u64, previous: u64, hash: Hash32) -> Result<Option<Previous>, BatchError> {
    match previous {
        0 if hash == Hash32::ZERO => Ok(None),
        0 => Err(BatchError::PreviousHash),
        n if n < epoch => Ok(Some(Previous { epoch: n, hash })),
        previous => Err(BatchError::Previous { epoch, previous }),
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    fn array<const N: usize>(&mut self, part: &'static str) -> Result<&'a [u8; N], BatchError> {
        let (array, rest) = self.bytes.split_first_chunk().ok_or(BatchError::Truncated { part })?;
        self.bytes = rest;
        Ok(array)
    }

    fn slice(&mut self, length: usize, part: &'static str) -> Result<&'a [u8], BatchError> {
        let (slice, rest) = self.bytes.split_at_checked(length).ok_or(BatchError::Truncated { part })?;
        self.bytes = rest;
        Ok(slice)
    }

    fn u64(&mut self, part: &'static str) -> Result<u64, BatchError> {
        self.array(part).map(|bytes| u64::from_be_bytes(*bytes))
    }

    fn record(&mut self, seq: u64) -> Result<Record<'a>, BatchError> {
        let at = UnixMs(i64::from_be_bytes(*self.array("a record's time")?));
        let [length] = *self.array("a record's kind")?;
        let kind = self.slice(usize::from(length), "a record's kind")?;
        let kind =
            std::str::from_utf8(kind).map_err(|_| BatchError::Record { seq, problem: RecordError::Kind })?;
        let [flag] = *self.array("a record's flag")?;
        let body = match flag {
            0 => Body::Dropped(Hash32(*self.array("a dropped body's hash")?)),
            1 => {
                let length = u32::from_be_bytes(*self.array("a body's length")?);
                Body::Kept(self.slice(length as usize, "a body")?)
            }
            flag => return Err(BatchError::Flag { seq, flag }),
        };
        Record::from_parts(at, kind, body).map_err(|problem| BatchError::Record { seq, problem })
    }
}

/// Collects records that follow `head` and closes them with one signature.
#[derive(Debug)]
pub struct BatchBuilder {
    bytes: Vec<u8>,
    count: u32,
    head: Head,
}

impl BatchBuilder {
    /// `previous` is that of the epoch, in every batch of it; `after` the head before the first record.
    pub fn new(previous: Option<Previous>, after: Head) -> Self {
        let (previous_epoch, previous_hash) = previous.map_or((0, Hash32::ZERO), |p| (p.epoch, p.hash));
        let mut bytes = Vec::new();
        bytes.extend_from_slice(&after.epoch.to_be_bytes());
        bytes.extend_from_slice(&previous_epoch.to_be_bytes());
        bytes.extend_from_slice(&previous_hash.0);
        bytes.extend_from_slice(&after.seq.saturating_add(1).to_be_bytes());
        bytes.extend_from_slice(&[0; 4]);
        Self { bytes, count: 0, head: after }
    }

    /// Appends the next record; `false`, and nothing appended, when it would not fit any more.
    pub fn push(&mut self, record: &Record<'_>) -> bool {
        let kind = record.kind_text();
        let body = match record.body {
            Body::Kept(bytes) => 4 + bytes.len(),
            Body::Dropped(_) => 32,
        };
        let size = 8 + 1 + kind.len() + 1 + body;
        let fits = self.bytes.len() + size + SIGNATURE_BYTES <= BATCH_LIMIT_BYTES;
        let (Ok(kind_length), Ok(body_length)) = (u8::try_from(kind.len()), u32::try_from(body)) else {
            return false;
        };
        if self.count > 0 && !fits {
            return false;
        }
        self.bytes.reserve(size);
        self.bytes.extend_from_slice(&record.at.0.to_be_bytes());
        self.bytes.push(kind_length);
        self.bytes.extend_from_slice(kind.as_bytes());
        match record.body {
            Body::Kept(bytes) => {
                self.bytes.push(1);
                self.bytes.extend_from_slice(&(body_length - 4).to_be_bytes());
                self.bytes.extend_from_slice(bytes);
            }
            Body::Dropped(hash) => {
                self.bytes.push(0);
                self.bytes.extend_from_slice(&hash.0);
            }
        }
        self.count += 1;
        self.head = self.head.after(record);
        true
    }

    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The head after the last record.
    pub const fn head(&self) -> &Head {
        &self.head
    }

    /// Signs the head and returns the batch's bytes; `None` when no record was pushed.
    pub fn finish(mut self, key: &SigningKey) -> Option<(Vec<u8>, SignedHead)> {
        if self.count == 0 {
            return None;
        }
        self.bytes[HEADER_BYTES - 4..HEADER_BYTES].copy_from_slice(&self.count.to_be_bytes());
        let signed = self.head.sign(key);
        self.bytes.extend_from_slice(&signed.sig.0);
        Some((self.bytes, signed))
    }
}
