//! Bodies of journal records: the first byte picks the kind.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::{
    frame::HostFacts,
    journal::{
        Escrow, Holds, JobFinished, JobQueued, JobStarted, Kind, Local, Locks, LogChunk, Membership, Numbers,
        OrderReceipt, PlanFile, PlanRevision, RecordBody, RepositoryState, Snapshots,
    },
};

fn again<T: RecordBody + PartialEq>(body: &[u8]) {
    if let Ok(value) = T::from_bytes(body) {
        let bytes = value.to_bytes().expect("it was read");
        assert!(T::from_bytes(&bytes).expect("it was written") == value);
    }
}

fuzz_target!(|input: &[u8]| {
    let Some((pick, body)) = input.split_first() else { return };
    match Kind::ALL[usize::from(*pick) % Kind::ALL.len()] {
        Kind::HostFacts => again::<HostFacts>(body),
        Kind::Membership => again::<Membership>(body),
        Kind::Plan => again::<PlanRevision>(body),
        Kind::JobQueued => again::<JobQueued>(body),
        Kind::JobStarted => again::<JobStarted>(body),
        Kind::JobFinished => again::<JobFinished>(body),
        Kind::LogChunk => {
            if let Ok(chunk) = LogChunk::from_bytes(body) {
                assert_eq!(chunk.to_bytes(), body);
            }
        }
        Kind::Snapshots => again::<Snapshots>(body),
        Kind::Numbers => again::<Numbers>(body),
        Kind::Repository => again::<RepositoryState>(body),
        Kind::Locks => again::<Locks>(body),
        Kind::Holds => again::<Holds>(body),
        Kind::PlanFile => again::<PlanFile>(body),
        Kind::Order => again::<OrderReceipt>(body),
        Kind::Escrow => again::<Escrow>(body),
        Kind::Local => again::<Local>(body),
    }
});
