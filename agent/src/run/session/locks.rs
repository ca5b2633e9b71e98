//! The repository's locks: who holds them, which of them are dead, and whether the dead ones may go now.
//!
//! restic's `unlock` removes every lock that it takes for stale: one of this host whose process is gone, and anybody's
//! that is half an hour old by this host's clock, however alive. So it is called only where none but dead ones are meant.

use std::{collections::BTreeMap, time::Duration};

use wire::{
    id::UnixMs,
    snapshot::{HoldCause, Lock},
};

use super::{Early, Session};
use crate::{
    restic::{
        command::Verb,
        document,
        exit::{self, Exit},
    },
    run::{
        conversation::{Bounds, Conversation, Halt},
        doubt::FUTURE,
    },
    store::{StoreError, holds, repositories},
};

const UNLOCK_LIMIT: Duration = Duration::from_mins(1);
/// Reading one lock. 0.14 asks for a quarter of an hour for one that is gone by then.
const LOOK_LIMIT: Duration = Duration::from_secs(20);
/// So many locks are looked at one by one: each is a call.
const LOOKED_AT: usize = 100;
/// So many are written down; a record has its limits.
pub const NOTED: usize = 200;
/// After so many that cannot be read, the others are not tried.
const UNREADABLE: usize = 3;
/// One that is gone before it could be read is not in the next list.
const LISTS: usize = 2;
/// restic's half an hour, less what may pass between our look and its own.
const NEARLY_STALE_MS: i64 = 25 * 60 * 1000;

/// What a look at the locks found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Looked {
    /// By age, and behind them those that could not be read.
    pub locks: Vec<Lock>,
}

impl Looked {
    pub fn is_complete(&self) -> bool {
        self.unread() == 0
    }

    fn unread(&self) -> usize {
        self.locks.iter().filter(|lock| lock.unread).count()
    }

    pub fn has(&self, id: &str) -> bool {
        self.locks.iter().any(|lock| lock.id == id)
    }

    fn has_dead(&self) -> bool {
        self.locks.iter().any(|lock| lock.dead)
    }

    /// Why restic must not be told to remove what is stale. `is_gone`: whether no process of this host has the number of
    /// this lock, which bears this host's name.
    fn obstacle(&self, now: UnixMs, is_gone: impl Fn(&Lock) -> bool) -> Option<String> {
        if !self.is_complete() {
            return Some(format!("{} other locks could not be read", self.unread()));
        }
        let mut living = self.locks.iter().filter(|lock| !lock.dead);
        if let Some(lock) = living.clone().find(|lock| is_gone(lock)) {
            return Some(format!(
                "the lock of PID {} at {} is young, and its process is not here: another machine may bear this host's name, and restic would remove it as well",
                lock.pid, lock.hostname
            ));
        }
        living.find(|lock| now.since(lock.since) > NEARLY_STALE_MS).map(|lock| {
            let minutes = now.since(lock.since) / 60_000;
            format!(
                "the lock of PID {} at {}, which may be alive, is {minutes} minutes old by this host's clock, and restic would remove it as well",
                lock.pid, lock.hostname
            )
        })
    }
}

impl Session {
    /// The locks of the repository, with the dead ones of this host told apart.
    pub async fn locks(&mut self) -> Result<Looked, Early> {
        let heeds_stop = self.stop_wanted().is_none();
        let (mut known, mut unread) = (BTreeMap::<String, Lock>::new(), Vec::new());
        for _ in 0..LISTS {
            let ids = self.list_locks(heeds_stop).await?;
            known.retain(|id, _| ids.contains(id));
            unread.clear();
            for id in ids {
                if known.contains_key(&id) {
                    continue;
                }
                let is_tried = known.len() + unread.len() < LOOKED_AT && unread.len() < UNREADABLE;
                let lock = if is_tried { self.read_lock(&id, heeds_stop).await? } else { None };
                match lock {
                    Some(lock) => drop(known.insert(id, lock)),
                    None => unread.push(id),
                }
            }
            if unread.is_empty() || known.len() + unread.len() > LOOKED_AT {
                break;
            }
        }
        if !unread.is_empty() {
            let all = known.len() + unread.len();
            self.log.say(format!("There are {all} locks, {} of them could not be read", unread.len()));
        }
        let mut locks: Vec<Lock> = known.into_values().collect();
        locks.sort_by(|one, other| (one.since, &one.id).cmp(&(other.since, &other.id)));
        locks.extend(unread.into_iter().map(Lock::unread));
        Ok(Looked { locks })
    }

    /// The ids of all locks that are there now.
    pub async fn lock_ids(&mut self) -> Result<Vec<String>, Early> {
        self.list_locks(true).await
    }

    async fn list_locks(&mut self, heeds_stop: bool) -> Result<Vec<String>, Early> {
        let listed = self.look(Verb::ListLocks, UNLOCK_LIMIT, heeds_stop).await?;
        if listed.exit != Exit::Code(0) {
            let reason = exit::failure(listed.exit, &listed.said, self.shared.world.now());
            return Err(reason.into());
        }
        Ok(document::lock_ids(&listed.document))
    }

    async fn read_lock(&mut self, id: &str, heeds_stop: bool) -> Result<Option<Lock>, Early> {
        let told = self.look(Verb::CatLock { id }, LOOK_LIMIT, heeds_stop).await?;
        if told.exit != Exit::Code(0) {
            return Ok(None);
        }
        let lock = document::lock(id, &told.document).ok();
        Ok(lock.map(|lock| Lock { dead: self.is_dead(&lock), ..lock }))
    }

    async fn look(
        &mut self,
        verb: Verb<'_>,
        limit: Duration,
        heeds_stop: bool,
    ) -> Result<Conversation, Early> {
        let bounds = Bounds { silence: None, limit: Some(limit), heeds_stop };
        let done = self.converse(verb, bounds).await?;
        match &done.halt {
            Some(Halt::Wanted(wish)) => Err(Early::Halted(wish.clone())),
            _ => Ok(done),
        }
    }

    /// Looks who is in the way, says so at once, and removes what is dead. True when something was removed.
    pub(super) async fn look_at_locks(&mut self) -> Result<bool, Early> {
        let mut removed = self.look_here().await?;
        if self.other_access().is_some() {
            self.swap();
            let there = self.look_here().await;
            self.swap();
            removed |= there?;
        }
        Ok(removed)
    }

    async fn look_here(&mut self) -> Result<bool, Early> {
        let before = match self.locks().await {
            Ok(before) => before,
            Err(Early::Verdict(verdict)) => {
                self.log.say(format!("The repository's locks cannot be read: {:?}", verdict.reason));
                return Ok(false);
            }
            Err(halted) => return Err(halted),
        };
        let left = self.remove_dead(before.clone()).await?;
        let removed = before.locks.iter().any(|lock| lock.dead && !left.has(&lock.id));
        self.note_locks(left.locks).await;
        Ok(removed)
    }

    /// Removes the dead ones of these where nothing else can be meant, and returns what is there then.
    pub async fn remove_dead(&mut self, before: Looked) -> Result<Looked, Early> {
        if !before.has_dead() {
            return Ok(before);
        }
        let is_gone =
            |lock: &Lock| self.is_of_this_name(&lock.hostname) && !self.shared.world.bears(lock.pid);
        let doubt = match before.obstacle(self.shared.world.now(), is_gone) {
            None => self.doubt_of_clock().await?,
            obstacle => obstacle,
        };
        if let Some(why) = doubt {
            self.log.say(format!("A lock of this host's own, whose process is gone, stays: {why}"));
            return Ok(before);
        }
        self.unlock_here(false).await;
        let left = self.locks().await?;
        for Lock { id, pid, since, .. } in before.locks.iter().filter(|lock| lock.dead) {
            self.log.say(if left.has(id) {
                format!(
                    "The lock of PID {pid}, since {since}, is this host's own and its restic is gone, but another process bears that number now: restic lets it go when it is half an hour old"
                )
            } else {
                format!("The lock of PID {pid}, since {since}, is this host's own and its process is gone: it is removed")
            });
        }
        Ok(left)
    }

    /// Ages of locks are told by this host's clock, and so are restic's.
    async fn doubt_of_clock(&self) -> Result<Option<String>, Early> {
        if u128::from(self.shared.clock_set_by_ms().unsigned_abs()) > FUTURE.as_millis() {
            return Ok(Some("the host's clock was just set, and locks are told by their age".to_owned()));
        }
        let holds = self.shared.store.read::<_, StoreError>(holds::all).await?;
        let of_clock = |cause| matches!(cause, HoldCause::ClockJumped | HoldCause::ClockDisagrees);
        Ok(holds.into_iter().find(|hold| of_clock(hold.cause)).map(|hold| hold.message))
    }

    /// Whether whoever made it is gone for certain.
    fn is_dead(&self, lock: &Lock) -> bool {
        let shared = &self.shared;
        let is_old = || {
            let unrefreshed = i64::try_from(shared.settings.patience.unrefreshed.as_millis());
            unrefreshed.is_ok_and(|unrefreshed| shared.world.now().since(lock.since) >= unrefreshed)
        };
        self.may_be_own_dead(Some(&lock.hostname), Some(lock.pid))
            && (shared.ran.made(lock.pid, lock.since) || is_old())
    }

    /// Whether it could be this host's own and dead, by its name and its number alone.
    pub(super) fn may_be_own_dead(&self, owner: Option<&str>, pid: Option<u32>) -> bool {
        owner.is_some_and(|owner| self.is_of_this_name(owner)) && pid.is_some_and(|pid| !self.is_restic(pid))
    }

    fn is_of_this_name(&self, hostname: &str) -> bool {
        hostname == self.shared.world.hostname()
    }

    /// Whether a restic runs under this number. Another program that got the number of a dead one is none.
    fn is_restic(&self, pid: u32) -> bool {
        let world = &self.shared.world;
        world.process(pid).is_some()
            && world.program(pid).is_some_and(|program| {
                program.path.as_deref() == Some(&self.binary.path)
                    || program.names().any(|name| name.contains("restic"))
            })
    }

    /// Removes locks whose process is gone, after a restic ended without doing so. Whether it could is told by the log;
    /// nothing depends on it.
    pub async fn unlock(&mut self) {
        self.tidy_here().await;
        if self.other_access().is_some() {
            self.swap();
            self.tidy_here().await;
            self.swap();
        }
    }

    async fn tidy_here(&mut self) {
        let outcome = match self.locks().await {
            Ok(looked) => self.remove_dead(looked).await.map(drop),
            Err(early) => Err(early),
        };
        if let Err(early) = outcome {
            self.log.say(format!("Whether dead locks are left could not be looked up: {early:?}"));
        }
    }

    /// After an agent that died: what its restic left in the way of others, wherever it was at work.
    pub async fn tidy(&mut self) {
        if self.job.process.is_none() || self.reach().await.is_err() {
            self.effects.clear();
            return;
        }
        match self.job.options.to.clone().map(|to| self.visit(&to)) {
            Some(Ok(visit)) => {
                self.unlock().await;
                self.leave(visit);
            }
            Some(Err(_)) | None => self.unlock().await,
        }
    }

    /// `all`: also those that are alive. Else what restic takes for stale, whoever's it is: see [`Session::remove_dead`].
    pub async fn unlock_here(&mut self, all: bool) {
        let bounds = Bounds { silence: None, limit: Some(UNLOCK_LIMIT), heeds_stop: false };
        if let Err(reason) = self.converse(Verb::Unlock { all }, bounds).await {
            self.log.say(format!("The lock could not be removed: {reason:?}"));
        }
    }

    /// Written at once: whoever looks at the repository wants to know now who holds up its jobs.
    pub async fn note_locks(&mut self, mut locks: Vec<Lock>) {
        if self.lent().is_some() {
            return;
        }
        locks.truncate(NOTED);
        let (repository, now) = (self.repository().clone(), self.shared.world.now());
        let noted = self
            .shared
            .store
            .write::<_, StoreError>(move |tx| repositories::set_locks(tx, &repository, &locks, now))
            .await;
        if let Err(problem) = noted {
            tracing::warn!(job = %self.job.id, "the repository's locks cannot be noted: {problem}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMs = UnixMs(1_795_176_000_000);

    fn lock(letter: char, minutes: i64, dead: bool) -> Lock {
        Lock {
            id: letter.to_string().repeat(64),
            hostname: if dead { "h1" } else { "h2" }.to_owned(),
            username: "root".to_owned(),
            pid: 7,
            since: NOW.plus_ms(-minutes * 60_000),
            exclusive: false,
            dead,
            unread: false,
        }
    }

    #[test]
    fn whoever_may_be_alive_and_looks_old_keeps_all_locks_where_they_are() {
        let looked = |locks: &[Lock]| Looked { locks: locks.to_vec() };
        let dead = lock('a', 500, true);
        let obstacle = |locks: &[Lock]| looked(locks).obstacle(NOW, |_| false);
        assert_eq!(obstacle(std::slice::from_ref(&dead)), None);
        assert_eq!(obstacle(&[dead.clone(), lock('b', 4, false)]), None);
        assert_eq!(obstacle(&[dead.clone(), lock('b', -90, false)]), None, "its clock is ahead");
        let old = obstacle(&[dead.clone(), lock('b', 26, false)]).unwrap();
        assert!(old.contains("PID 7 at h2") && old.contains("26 minutes"), "{old}");
        let namesake = looked(&[dead.clone(), lock('b', 4, false)]).obstacle(NOW, |lock| !lock.dead).unwrap();
        assert!(namesake.contains("another machine may bear this host's name"), "{namesake}");
        let unread = looked(&[dead, Lock::unread("c".repeat(64))]);
        assert!(unread.obstacle(NOW, |_| false).unwrap().contains("1 other locks could not be read"));
        assert!(unread.has(&"c".repeat(64)) && unread.has(&"a".repeat(64)) && !unread.has("d"));
    }
}
