//! Where to go on with a coordinator, from what it says that it holds.
//!
//! Its word alone is never enough: a head that this journal does not reach counts only with our own signature, and then
//! it is this disk that was set back.

use rusqlite::Connection;
use wire::{
    id::{AgentId, CoordinatorId, UnixMs},
    journal::{ChainError, Head, Local, Previous, SignedHead},
    snapshot::HoldCause,
};

use crate::store::{StoreError, Tx, holds, journal, outbox, present};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resume {
    /// It holds everything up to here.
    After(Head),
    /// We signed a head that is not here any more: the disk was set back.
    SetBack { theirs: Head },
    /// The same record with another hash, both ours: somebody else writes with this identity, or a copy of it.
    Fork { theirs: Head },
    /// The head is not signed by this agent.
    Unsigned(ChainError),
}

/// Reads only.
pub fn resume(
    connection: &Connection,
    agent: AgentId,
    theirs: Option<&SignedHead>,
) -> Result<Resume, StoreError> {
    let epochs = journal::epochs(connection)?;
    let genesis = |least: u64| {
        let found = epochs.iter().find(|(epoch, _)| *epoch >= least);
        found.map(|(epoch, previous)| Head::genesis(agent, *epoch, *previous))
    };
    let Some(theirs) = theirs else {
        return Ok(genesis(0).map_or(Resume::After(journal::head(connection)?), Resume::After));
    };
    if let Err(problem) = theirs.verify(agent) {
        return Ok(Resume::Unsigned(problem));
    }
    let theirs = theirs.head;
    let ours = journal::head_at(connection, theirs.epoch, theirs.seq)?;
    if let Some(ours) = ours.filter(|ours| ours.hash == theirs.hash) {
        return Ok(Resume::After(ours));
    }
    // An epoch that was given up may hold other records than they were told: the one after it says where it ended.
    match genesis(theirs.epoch + 1) {
        Some(next) => Ok(Resume::After(next)),
        None if ours.is_some() => Ok(Resume::Fork { theirs }),
        None => Ok(Resume::SetBack { theirs }),
    }
}

/// Begins the epoch after the one that was lost, and says so; records that nobody acknowledged come along, and then what
/// is so now, for others know what was lost. Retention waits until a person has looked.
pub fn begin_after(
    tx: &Tx<'_>,
    coordinator: CoordinatorId,
    theirs: Head,
    now: UnixMs,
) -> Result<Head, StoreError> {
    let old = journal::head(tx)?;
    let acknowledged = outbox::acknowledged(tx, coordinator)?.filter(|ack| ack.epoch == old.epoch);
    let mut last = acknowledged.map_or(0, |ack| ack.seq);
    let epoch = theirs.epoch + 1;
    let previous = Previous { epoch: theirs.epoch, hash: theirs.hash };
    journal::begin_epoch(tx, epoch, Some(previous))?;
    journal::append_body(tx, &Local::EpochBegun { previous: theirs.epoch }, now)?;
    loop {
        let rows = journal::after(tx, old.epoch, last, 64)?;
        for row in &rows {
            last = row.seq;
            let record = row.record()?;
            if let (Some(kind), Some(body)) = (record.kind(), record.body.bytes()) {
                journal::append(tx, kind, body, record.at)?;
            }
        }
        if rows.is_empty() {
            break;
        }
    }
    present::tell(tx, now)?;
    let message = format!(
        "this host's disk was set back: the coordinator holds record {} of epoch {}, signed by this host, which is \
         gone here. Backups go on; old snapshots are kept until somebody looks at the plan and confirms it in the panel",
        theirs.seq, theirs.epoch
    );
    holds::set(tx, HoldCause::EpochBegun, None, &message, now)?;
    Ok(Head::genesis(old.agent, epoch, Some(previous)))
}
