//! The laws of the journal: whatever is flipped, dropped, swapped, inserted or cut off is found; dropping an old body
//! and keeping its hash is not.

use proptest::{prelude::*, sample::Index};
use wire::{
    id::{Hash32, UnixMs},
    journal::{
        BATCH_LIMIT_BYTES, BODY_LIMIT_BYTES, Batch, BatchBuilder, BatchError, Body, Chain, ChainError, Head,
        Kind, Previous, Record, RecordError, SignedHead, Start,
    },
};

use crate::cast::{Cast, NOW};

#[derive(Clone, Debug, PartialEq)]
struct Row {
    at: i64,
    kind: String,
    body: Vec<u8>,
    dropped: bool,
}

impl Row {
    fn record(&self) -> Record<'_> {
        let body = if self.dropped {
            Body::Dropped(wire::domain::sha256(&self.body))
        } else {
            Body::Kept(&self.body)
        };
        Record::from_parts(UnixMs(self.at), &self.kind, body).unwrap()
    }
}

fn rows(least: usize) -> impl Strategy<Value = Vec<Row>> {
    let row = (any::<i64>(), "[a-z0-9._-]{1,64}", prop::collection::vec(any::<u8>(), 0..80), any::<bool>())
        .prop_map(|(at, kind, body, dropped)| Row { at, kind, body, dropped });
    prop::collection::vec(row, least..12)
}

/// Walks the rows as an agent would have; the hashes to store beside them, and the head it signs.
fn journal(cast: &Cast, rows: &[Row]) -> (Vec<Hash32>, SignedHead) {
    let mut chain = Chain::genesis(cast.agent.id(), 1, None);
    let hashes = rows.iter().map(|row| chain.append(&row.record())).collect();
    (hashes, chain.head().sign(&cast.agent.identity))
}

/// `verify` at the coordinator: every stored row against its stored hash, then the signed head.
fn check(cast: &Cast, rows: &[Row], hashes: &[Hash32], head: &SignedHead) -> Result<(), ChainError> {
    let mut chain = Chain::genesis(cast.agent.id(), 1, None);
    for (row, hash) in rows.iter().zip(hashes) {
        chain.check(&row.record(), hash)?;
    }
    chain.ends_in(head)
}

fn batch(cast: &Cast, rows: &[Row]) -> Vec<u8> {
    let mut builder = BatchBuilder::new(None, Head::genesis(cast.agent.id(), 1, None));
    for row in rows {
        assert!(builder.push(&row.record()));
    }
    builder.finish(&cast.agent.identity).unwrap().0
}

fn verified(cast: &Cast, bytes: &[u8]) -> bool {
    Batch::decode(bytes).is_ok_and(|batch| batch.verify(cast.agent.id(), None).is_ok())
}

proptest! {
    #[test]
    fn an_honest_journal_verifies(rows in rows(1)) {
        let cast = Cast::new();
        let (hashes, head) = journal(&cast, &rows);
        prop_assert_eq!(check(&cast, &rows, &hashes, &head), Ok(()));
        let bytes = batch(&cast, &rows);
        let decoded = Batch::decode(&bytes).unwrap().verify(cast.agent.id(), None).unwrap();
        prop_assert_eq!(&decoded.hashes, &hashes);
        prop_assert_eq!(decoded.head, head);
        prop_assert_eq!(decoded.start, Start::First { previous: None });
        for (row, record) in rows.iter().zip(&decoded.records) {
            prop_assert_eq!(&row.record(), record);
        }
    }

    #[test]
    fn dropping_bodies_is_not_an_error(rows in rows(1), drop in prop::collection::vec(any::<bool>(), 12)) {
        let cast = Cast::new();
        let (hashes, head) = journal(&cast, &rows);
        let mut dropped = rows;
        for (row, drop) in dropped.iter_mut().zip(drop) {
            row.dropped |= drop;
        }
        prop_assert_eq!(check(&cast, &dropped, &hashes, &head), Ok(()));
        let bytes = batch(&cast, &dropped);
        prop_assert_eq!(Batch::decode(&bytes).unwrap().verify(cast.agent.id(), None).unwrap().head, head);
    }

    #[test]
    fn a_changed_row_is_named(rows in rows(1), at in any::<Index>(), what in 0..4, bit in any::<Index>()) {
        let cast = Cast::new();
        let (hashes, head) = journal(&cast, &rows);
        let at = at.index(rows.len());
        let mut changed = rows.clone();
        let row = &mut changed[at];
        match what {
            0 => row.at ^= 1 << bit.index(64),
            1 => row.kind.push('x'),
            2 => row.body.push(0),
            _ if row.body.is_empty() => row.body.push(1),
            _ => {
                let bit = bit.index(row.body.len() * 8);
                row.body[bit / 8] ^= 1 << (bit % 8);
            }
        }
        prop_assume!(row.kind.len() <= 64);
        let seq = u64::try_from(at).unwrap() + 1;
        prop_assert_eq!(check(&cast, &changed, &hashes, &head), Err(ChainError::Record { epoch: 1, seq }));
        prop_assert!(!batch_is_as_before(&cast, &changed, &head));
    }

    #[test]
    fn a_dropped_swapped_or_inserted_row_is_found(rows in rows(2), at in any::<Index>(), other in any::<Index>()) {
        let cast = Cast::new();
        let (hashes, head) = journal(&cast, &rows);
        let (at, other) = (at.index(rows.len()), other.index(rows.len()));

        let mut fewer = (rows.clone(), hashes.clone());
        fewer.0.remove(at);
        fewer.1.remove(at);
        let error = check(&cast, &fewer.0, &fewer.1, &head).unwrap_err();
        if at == rows.len() - 1 {
            prop_assert!(matches!(error, ChainError::Gap { .. }), "the last is missing: {error}");
        } else {
            prop_assert_eq!(error, ChainError::Record { epoch: 1, seq: u64::try_from(at).unwrap() + 1 });
        }

        let mut more = (rows.clone(), hashes.clone());
        more.0.insert(at, rows[other].clone());
        more.1.insert(at, hashes[other]);
        prop_assert!(check(&cast, &more.0, &more.1, &head).is_err());
        prop_assert!(!batch_is_as_before(&cast, &more.0, &head));

        if rows[at].record() != rows[other].record() {
            let mut swapped = (rows.clone(), hashes.clone());
            swapped.0.swap(at, other);
            prop_assert!(check(&cast, &swapped.0, &swapped.1, &head).is_err());
            swapped.1.swap(at, other);
            prop_assert!(check(&cast, &swapped.0, &swapped.1, &head).is_err());
            prop_assert!(!batch_is_as_before(&cast, &swapped.0, &head));
        }
    }

    /// Whoever can write the coordinator's database recomputes the hashes too; the agent's signature he cannot make.
    #[test]
    fn a_rewritten_history_does_not_end_in_the_signed_head(rows in rows(1), at in any::<Index>()) {
        let cast = Cast::new();
        let (_, head) = journal(&cast, &rows);
        let mut changed = rows.clone();
        changed[at.index(rows.len())].body.push(0);
        let (hashes, forged) = journal(&cast, &changed);
        let last = u64::try_from(rows.len()).unwrap();
        prop_assert_eq!(
            check(&cast, &changed, &hashes, &head),
            Err(ChainError::Head { epoch: 1, first: 1, last })
        );
        let by_stranger = forged.head.sign(&cast.stranger);
        prop_assert_eq!(
            check(&cast, &changed, &hashes, &by_stranger),
            Err(ChainError::Signature { agent: cast.agent.id(), epoch: 1, seq: last })
        );
    }

    #[test]
    fn a_batch_with_any_bit_flipped_is_refused(rows in rows(1), bit in any::<Index>()) {
        let cast = Cast::new();
        let mut bytes = batch(&cast, &rows);
        prop_assert!(verified(&cast, &bytes));
        let bit = bit.index(bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(!verified(&cast, &bytes), "bit {bit}");
    }

    #[test]
    fn a_cut_or_extended_batch_is_refused(rows in rows(1), cut in any::<Index>(), tail in 1..40usize) {
        let cast = Cast::new();
        let bytes = batch(&cast, &rows);
        prop_assert!(Batch::decode(&bytes[..cut.index(bytes.len())]).is_err());
        let longer = [bytes, vec![0; tail]].concat();
        prop_assert!(Batch::decode(&longer).is_err());
    }

    #[test]
    fn no_bytes_break_the_decoder(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = Batch::decode(&bytes);
    }
}

/// A batch of these rows, with the signature that belongs to the honest head.
fn batch_is_as_before(cast: &Cast, rows: &[Row], head: &SignedHead) -> bool {
    let mut bytes = batch(cast, rows);
    let at = bytes.len() - 64;
    bytes[at..].copy_from_slice(&head.sig.0);
    verified(cast, &bytes)
}

fn row(n: u8) -> Row {
    Row { at: NOW.0 + i64::from(n), kind: "job.queued".into(), body: vec![n; 10], dropped: false }
}

/// A batch of `rows` that follows `after`.
fn batch_after(cast: &Cast, previous: Option<Previous>, after: Head, rows: &[Row]) -> (Vec<u8>, SignedHead) {
    let mut builder = BatchBuilder::new(previous, after);
    for row in rows {
        assert!(builder.push(&row.record()));
    }
    builder.finish(&cast.agent.identity).unwrap()
}

#[test]
fn batches_continue_each_other() {
    let cast = Cast::new();
    let agent = cast.agent.id();
    let genesis = Head::genesis(agent, 1, None);
    let (one, head_1) = batch_after(&cast, None, genesis, &[row(1), row(2)]);
    let (two, head_2) = batch_after(&cast, None, head_1.head, &[row(3)]);
    let first = Batch::decode(&one).unwrap().verify(agent, None).unwrap();
    assert_eq!((first.head, first.first_seq), (head_1, 1));
    let second = Batch::decode(&two).unwrap().verify(agent, Some(&head_1.head)).unwrap();
    assert_eq!((second.head, second.start), (head_2, Start::Continues));
    let gap = |expected, found| Err(ChainError::Gap { epoch: 1, expected, found });
    // Sent again, sent too early, begun in the middle.
    assert_eq!(Batch::decode(&one).unwrap().verify(agent, Some(&head_1.head)), gap(3, 1));
    assert_eq!(Batch::decode(&two).unwrap().verify(agent, Some(&genesis)), gap(1, 3));
    assert_eq!(Batch::decode(&two).unwrap().verify(agent, None), gap(1, 3));
    // After another record with the same number.
    let (_, fork) = batch_after(&cast, None, genesis, &[row(1), row(9)]);
    let error = ChainError::Head { epoch: 1, first: 3, last: 3 };
    assert_eq!(Batch::decode(&two).unwrap().verify(agent, Some(&fork.head)), Err(error));
    // Another agent's batch, or another agent's head.
    let other = Cast::other_agent().id();
    assert!(Batch::decode(&one).unwrap().verify(other, None).is_err());
    let error = Batch::decode(&two).unwrap().verify(other, Some(&head_1.head)).unwrap_err();
    assert_eq!(error, ChainError::Agent { expected: other, found: agent });
}

#[test]
fn a_new_epoch_names_the_one_before() {
    let cast = Cast::new();
    let agent = cast.agent.id();
    let (_, held) = batch_after(&cast, None, Head::genesis(agent, 1, None), &[row(1), row(2)]);
    let start = |previous: Option<Previous>, epoch| {
        let genesis = Head::genesis(agent, epoch, previous);
        let (bytes, _) = batch_after(&cast, previous, genesis, &[row(7)]);
        Batch::decode(&bytes).unwrap().verify(agent, Some(&held.head)).map(|batch| batch.start)
    };
    let previous = Some(Previous { epoch: 1, hash: held.head.hash });
    assert_eq!(start(previous, 2), Ok(Start::NewEpoch { previous, follows_held: true }));
    let elsewhere = Some(Previous { epoch: 1, hash: Hash32([5; 32]) });
    assert_eq!(start(elsewhere, 2), Ok(Start::NewEpoch { previous: elsewhere, follows_held: false }));
    assert_eq!(start(None, 5), Ok(Start::NewEpoch { previous: None, follows_held: false }));
    // An epoch that was over.
    let (old, _) = batch_after(&cast, None, Head::genesis(agent, 1, None), &[row(1)]);
    let later = Head::genesis(agent, 2, previous);
    assert_eq!(
        Batch::decode(&old).unwrap().verify(agent, Some(&later)),
        Err(ChainError::Epoch { held: 2, found: 1 })
    );
}

#[test]
fn the_previous_epoch_is_part_of_what_is_signed() {
    let cast = Cast::new();
    let agent = cast.agent.id();
    let previous = Some(Previous { epoch: 1, hash: Hash32([5; 32]) });
    let (bytes, _) = batch_after(&cast, previous, Head::genesis(agent, 2, previous), &[row(7)]);
    assert!(verified(&cast, &bytes));
    for at in 8..48 {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        assert!(!verified(&cast, &changed), "byte {at}");
    }
}

#[test]
fn a_full_batch_says_so_and_a_large_record_goes_alone() {
    let cast = Cast::new();
    let mut builder = BatchBuilder::new(None, Head::genesis(cast.agent.id(), 1, None));
    let body = vec![1; 1_000];
    let record = Record::new(NOW, Kind::LogChunk, &body).unwrap();
    let mut pushed = 0;
    while builder.push(&record) {
        pushed += 1;
    }
    let (bytes, head) = builder.finish(&cast.agent.identity).unwrap();
    assert!(bytes.len() <= BATCH_LIMIT_BYTES && bytes.len() + 1_100 > BATCH_LIMIT_BYTES);
    assert_eq!(Batch::decode(&bytes).unwrap().records.len(), pushed);

    let large = vec![2; BODY_LIMIT_BYTES];
    let record = Record::new(NOW, Kind::LogChunk, &large).unwrap();
    let mut builder = BatchBuilder::new(None, head.head);
    assert!(builder.is_empty() && builder.push(&record) && !builder.push(&record));
    let (bytes, _) = builder.finish(&cast.agent.identity).unwrap();
    assert!(bytes.len() < wire::channel::FRAME_LIMIT_BYTES);
    Batch::decode(&bytes).unwrap().verify(cast.agent.id(), Some(&head.head)).unwrap();

    let too_large = vec![2; BODY_LIMIT_BYTES + 1];
    let error = RecordError::TooLarge { found: BODY_LIMIT_BYTES + 1 };
    assert_eq!(Record::new(NOW, Kind::LogChunk, &too_large), Err(error));
    assert!(BatchBuilder::new(None, head.head).finish(&cast.agent.identity).is_none());
}

#[test]
fn improper_batches_are_refused_with_their_reason() {
    let cast = Cast::new();
    let good = batch(&cast, &[row(1), row(2)]);
    let with = |at: usize, bytes: &[u8]| {
        let mut changed = good.clone();
        changed[at..at + bytes.len()].copy_from_slice(bytes);
        changed
    };
    let error = |bytes: &[u8]| Batch::decode(bytes).unwrap_err();
    assert_eq!(error(&with(0, &[0; 8])), BatchError::Zero);
    assert_eq!(error(&with(48, &[0; 8])), BatchError::Zero);
    assert_eq!(error(&with(48, &[0xff; 8])), BatchError::Overflow { first_seq: u64::MAX });
    assert_eq!(error(&with(8, &1u64.to_be_bytes())), BatchError::Previous { epoch: 1, previous: 1 });
    assert_eq!(error(&with(16, &[1])), BatchError::PreviousHash);
    assert_eq!(error(&with(56, &[0; 4])), BatchError::Empty);
    assert!(matches!(error(&with(56, &[0xff; 4])), BatchError::Truncated { .. }), "a count beyond the bytes");
    assert_eq!(error(&with(56, &1u32.to_be_bytes())), BatchError::Trailing { left: 34 });
    assert_eq!(error(&with(60 + 9, b"JOB")), BatchError::Record { seq: 1, problem: RecordError::Kind });
    assert_eq!(error(&with(60 + 9, &[0xff])), BatchError::Record { seq: 1, problem: RecordError::Kind });
    assert_eq!(error(&with(60 + 19, &[2])), BatchError::Flag { seq: 1, flag: 2 });
    let long = [good.clone(), vec![0; BATCH_LIMIT_BYTES]].concat();
    assert!(matches!(error(&long), BatchError::TooLarge { .. }));
}

#[test]
fn an_unknown_kind_survives() {
    let record = Record::from_parts(NOW, "moon.phase", Body::Kept(b"{}")).unwrap();
    assert_eq!((record.kind(), record.kind_text()), (None, "moon.phase"));
    for kind in Kind::ALL {
        assert_eq!(Kind::parse(kind.as_str()), Some(kind));
        assert_eq!(Record::new(NOW, kind, b"{}").unwrap().kind(), Some(kind));
        Record::from_parts(NOW, kind.as_str(), Body::Kept(b"")).unwrap();
    }
    for improper in ["", "A", "a b", "a\0", "ä", &"a".repeat(65)] {
        assert_eq!(Record::from_parts(NOW, improper, Body::Kept(b"")), Err(RecordError::Kind));
    }
}

#[test]
fn a_signed_head_is_its_agents_own() {
    let cast = Cast::new();
    let agent = cast.agent.id();
    let head = Head { seq: 9, ..Head::genesis(agent, 1, None) };
    let signed = head.sign(&cast.agent.identity);
    signed.verify(agent).unwrap();
    let json = serde_json::to_string(&signed).unwrap();
    assert_eq!(serde_json::from_str::<SignedHead>(&json).unwrap(), signed);
    for other in [Head { epoch: 2, ..head }, Head { seq: 10, ..head }, Head { hash: Hash32([1; 32]), ..head }]
    {
        let forged = SignedHead { head: other, ..signed };
        assert!(matches!(forged.verify(agent), Err(ChainError::Signature { .. })));
    }
    let error = signed.verify(Cast::other_agent().id()).unwrap_err();
    assert!(matches!(error, ChainError::Agent { .. }));
}
