//! A journal in memory: epochs of chained records, cut into signed batches.
//!
//! Can be copied and set back, as disks can.

use wire::{
    id::{AgentId, Hash32, UnixMs},
    identity::SigningKey,
    journal::{BatchBuilder, Head, Kind, Local, Previous, Record, RecordBody, SignedHead, Snapshots},
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub at: UnixMs,
    pub kind: Kind,
    pub body: Box<[u8]>,
    /// The chain's hash after this record.
    pub hash: Hash32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Epoch {
    pub number: u64,
    pub previous: Option<Previous>,
    /// Record 1 comes first.
    pub entries: Vec<Entry>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Journal {
    agent: AgentId,
    epochs: Vec<Epoch>,
}

/// Where to go on with a coordinator (docs/PROTOCOL.md §5 and §7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resume {
    /// It holds everything up to here.
    After(Head),
    /// We signed a head that is not here any more.
    SetBack { theirs: Head },
    /// The same number, another record, both signed by us.
    Fork { theirs: Head },
    /// It shows a head that we never signed.
    Unsigned,
}

impl Entry {
    fn record(&self) -> Record<'_> {
        Record::new(self.at, self.kind, &self.body).expect("a body was within the limit when it was appended")
    }
}

impl Epoch {
    fn head_at(&self, agent: AgentId, seq: u64) -> Option<Head> {
        let genesis = Head::genesis(agent, self.number, self.previous);
        if seq == 0 {
            return Some(genesis);
        }
        let entry = self.entries.get(usize::try_from(seq - 1).ok()?)?;
        Some(Head { seq, hash: entry.hash, ..genesis })
    }

    fn head(&self, agent: AgentId) -> Head {
        self.head_at(agent, self.entries.len() as u64).expect("an epoch has its own length")
    }
}

impl Journal {
    pub fn new(agent: AgentId) -> Self {
        Self { agent, epochs: vec![Epoch { number: 1, previous: None, entries: Vec::new() }] }
    }

    pub fn epochs(&self) -> &[Epoch] {
        &self.epochs
    }

    /// All records of all epochs.
    pub fn len(&self) -> usize {
        self.epochs.iter().map(|epoch| epoch.entries.len()).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The id of the snapshot that was told of last.
    pub fn newest_snapshot(&self) -> Option<String> {
        let entries = self.epochs.iter().rev().flat_map(|epoch| epoch.entries.iter().rev());
        let told = entries.filter(|entry| entry.kind == Snapshots::KIND);
        let mut added =
            told.filter_map(|entry| Snapshots::from_bytes(&entry.body).ok()?.added.into_iter().next());
        added.next().map(|snapshot| snapshot.id)
    }

    fn last(&self) -> &Epoch {
        self.epochs.last().expect("a journal has at least one epoch")
    }

    /// Where it stands.
    pub fn head(&self) -> Head {
        self.last().head(self.agent)
    }

    /// The head after record `seq` of the last epoch.
    pub fn head_at(&self, seq: u64) -> Option<Head> {
        self.last().head_at(self.agent, seq)
    }

    /// What hello shows; `None` while nothing is written.
    pub fn signed_head(&self, key: &SigningKey) -> Option<SignedHead> {
        let head = self.head();
        (head.seq > 0).then(|| head.sign(key))
    }

    pub fn append(&mut self, at: UnixMs, kind: Kind, body: Vec<u8>) {
        let record = Record::new(at, kind, &body).expect("made-up bodies are small");
        let hash = self.head().after(&record).hash;
        let entry = Entry { at, kind, body: body.into(), hash };
        self.epochs.last_mut().expect("a journal has at least one epoch").entries.push(entry);
    }

    pub fn append_body<B: RecordBody>(&mut self, at: UnixMs, body: &B) {
        self.append(at, B::KIND, body.to_bytes().expect("wire's own bodies are JSON"));
    }

    /// Forgets everything after record `seq` of the last epoch, as a disk does that is set back.
    pub fn set_back(&mut self, seq: u64) {
        let length = usize::try_from(seq).expect("a number that was counted in memory");
        self.epochs.last_mut().expect("a journal has at least one epoch").entries.truncate(length);
    }

    /// Goes on in a new epoch that names `theirs` as its past, with the records that it does not hold.
    pub fn begin_epoch(&mut self, theirs: Head, acknowledged: u64, at: UnixMs) {
        let kept = self.last().entries.get(usize::try_from(acknowledged).unwrap_or(usize::MAX)..);
        let kept: Vec<Entry> = kept.unwrap_or_default().to_vec();
        let previous = Some(Previous { epoch: theirs.epoch, hash: theirs.hash });
        self.epochs.push(Epoch { number: theirs.epoch + 1, previous, entries: Vec::new() });
        self.append_body(at, &Local::EpochBegun { previous: theirs.epoch });
        for entry in kept {
            self.append(entry.at, entry.kind, entry.body.into());
        }
    }

    /// Where to go on with somebody who says that it holds `theirs`.
    pub fn resume(&self, theirs: Option<&SignedHead>) -> Resume {
        let genesis = |epoch: &Epoch| Head::genesis(self.agent, epoch.number, epoch.previous);
        let Some(theirs) = theirs else { return Resume::After(genesis(&self.epochs[0])) };
        if theirs.verify(self.agent).is_err() {
            return Resume::Unsigned;
        }
        let theirs = theirs.head;
        let same = self.epochs.iter().find(|epoch| epoch.number == theirs.epoch);
        let ours = same.and_then(|epoch| epoch.head_at(self.agent, theirs.seq));
        if let Some(ours) = ours.filter(|ours| ours.hash == theirs.hash) {
            return Resume::After(ours);
        }
        match self.epochs.iter().find(|epoch| epoch.number > theirs.epoch) {
            Some(next) => Resume::After(genesis(next)),
            None if ours.is_some() => Resume::Fork { theirs },
            None => Resume::SetBack { theirs },
        }
    }

    /// The next batch for somebody who holds everything up to `after`, of `most` records at most.
    pub fn batch_after(&self, after: Head, most: usize, key: &SigningKey) -> Option<(Vec<u8>, Head)> {
        let mut epochs = self.epochs.iter().skip_while(|epoch| epoch.number < after.epoch);
        let mut epoch = epochs.next()?;
        let mut from = after;
        if epoch.entries.len() as u64 <= after.seq {
            epoch = epochs.next()?;
            from = epoch.head_at(self.agent, 0)?;
        }
        let mut builder = BatchBuilder::new(epoch.previous, from);
        let rest = epoch.entries.get(usize::try_from(from.seq).ok()?..)?;
        for entry in rest.iter().take(most) {
            if !builder.push(&entry.record()) {
                break;
            }
        }
        let (bytes, signed) = builder.finish(key)?;
        Some((bytes, signed.head))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulated::Dice;

    fn journal(records: i64) -> (SigningKey, Journal) {
        let key = SigningKey::generate(&mut Dice::new(1));
        let mut journal = Journal::new(key.public().into());
        for n in 0..records {
            journal.append_body(UnixMs(n), &Local::Stopped);
        }
        (key, journal)
    }

    #[test]
    fn batches_follow_each_other_over_epochs_and_verify() {
        let (key, mut journal) = journal(10);
        let theirs = journal.head();
        journal.set_back(7);
        journal.append_body(UnixMs(99), &Local::Stopped);
        assert_eq!(journal.resume(Some(&theirs.sign(&key))), Resume::SetBack { theirs });
        journal.begin_epoch(theirs, 7, UnixMs(100));
        let mut held = None;
        let mut at = match journal.resume(None) {
            Resume::After(head) => head,
            other => panic!("{other:?}"),
        };
        let mut count = 0;
        while let Some((bytes, head)) = journal.batch_after(at, 3, &key) {
            let batch = wire::journal::Batch::decode(&bytes).unwrap();
            let verified = batch.verify(key.public().into(), held.as_ref()).unwrap();
            count += verified.records.len();
            held = Some(verified.head.head);
            at = head;
        }
        assert_eq!(count, journal.len());
        assert_eq!(held, Some(journal.head()));
    }

    #[test]
    fn a_copy_that_went_on_by_itself_is_a_fork() {
        let (key, mut journal) = journal(5);
        let mut copy = journal.clone();
        journal.append_body(UnixMs(50), &Local::Stopped);
        copy.append_body(UnixMs(51), &Local::Stopped);
        let theirs = journal.head();
        assert_eq!(copy.resume(Some(&theirs.sign(&key))), Resume::Fork { theirs });
        let stranger = SigningKey::generate(&mut Dice::new(2));
        assert_eq!(copy.resume(Some(&theirs.sign(&stranger))), Resume::Unsigned);
    }
}
