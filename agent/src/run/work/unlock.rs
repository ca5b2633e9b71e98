//! Removes locks: the dead ones of this host, or those that a person saw and named, whoever holds them.

use std::collections::BTreeSet;

use wire::{
    job::{JobNumbers, JobResult, Reason, UnlockResult},
    snapshot::Lock,
};

use super::Done;
use crate::{
    restic::exit::Verdict,
    run::session::{Early, Looked, NOTED, Session},
};

pub async fn run(session: &mut Session) -> Result<Done, Early> {
    session.reach().await?;
    let before = session.locks().await?;
    for lock in &before.locks {
        session.log.say(format!("A lock {}", spoken(lock)));
    }
    let named: BTreeSet<String> = session.job.options.locks.iter().cloned().collect();
    let left = if named.is_empty() {
        session.log.say("Locks of this host whose process is gone are to be removed");
        session.remove_dead(before.clone()).await?
    } else {
        remove_named(session, &named, &before).await?
    };
    let mut removed: Vec<Lock> = before.locks.into_iter().filter(|lock| !left.has(&lock.id)).collect();
    let count = removed.len();
    session.log.say(format!("{count} locks are removed, {} are left", left.locks.len()));
    session.note_locks(left.locks.clone()).await;
    session.ready(None);
    let locks_removed = u64::try_from(count).ok();
    let numbers = JobNumbers { locks_removed, ..JobNumbers::default() };
    let mut left = left.locks;
    removed.truncate(NOTED);
    left.truncate(NOTED);
    let result = JobResult::Unlock(UnlockResult { removed, left });
    Ok(Done { numbers, result: Some(result), ..Done::plain(Verdict::SUCCESS) })
}

/// Removes all that there is, if it was all named. restic cannot be told which, so the ids are read again just before.
async fn remove_named(
    session: &mut Session,
    named: &BTreeSet<String>,
    before: &Looked,
) -> Result<Looked, Early> {
    let now = session.lock_ids().await?;
    // A living process makes its lock anew every few minutes: its id is another one by then.
    if !now.iter().all(|id| named.contains(id)) {
        session.log.say("There is a lock that nobody named: nothing is removed");
        session.note_locks(before.locks.clone()).await;
        return Err(Reason::LocksChanged.into());
    }
    session.log.say("All of these are named: they are removed, whoever holds them");
    if !now.is_empty() {
        session.unlock_here(true).await;
    }
    session.locks().await
}

fn spoken(lock: &Lock) -> String {
    let Lock { id, hostname, username, pid, since, exclusive, dead, unread } = lock;
    if *unread {
        return format!("that cannot be read, {}", id.get(..8).unwrap_or(id));
    }
    let how = if *exclusive { "exclusive, " } else { "" };
    let end = if *dead { "; its process is gone" } else { "" };
    format!("of {username} at {hostname}, {how}PID {pid}, since {since}{end}")
}
