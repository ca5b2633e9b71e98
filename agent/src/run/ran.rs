//! The restics that this agent ran lately, by number and time: a lock of one of them is this host's own. They are in
//! the store too, so that an agent knows those of the one before it.
//!
//! A lock names its host, and another machine may bear the same name (a cloned image, a container): its processes are
//! not seen here, and would all be taken for dead.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use wire::id::UnixMs;

use crate::store::ran;

const REMEMBERED: usize = 2 * ran::KEPT;
/// A lock is dated by restic, a little after it was started.
const SLACK_MS: i64 = 5_000;

#[derive(Debug, Default)]
pub struct Ran(Mutex<VecDeque<One>>);

#[derive(Debug)]
struct One {
    pid: u32,
    from: UnixMs,
    /// `None` while it runs.
    to: Option<UnixMs>,
}

impl Ran {
    pub fn began(&self, pid: u32, now: UnixMs) {
        self.put(One { pid, from: now, to: None });
    }

    pub fn ended(&self, pid: u32, now: UnixMs) {
        if let Some(one) = self.all().iter_mut().rev().find(|one| one.pid == pid && one.to.is_none()) {
            one.to = Some(now);
        }
    }

    /// An agent before this one ran it for a job that began then; it is gone by now.
    pub fn found(&self, pid: u32, began: UnixMs, now: UnixMs) {
        self.put(One { pid, from: began, to: Some(now) });
    }

    /// What the store tells when the agent starts. Of whatever ran till the last agent's end, nothing more is known than
    /// that it did not outlast it.
    pub fn recall(&self, rows: Vec<ran::Ran>, now: UnixMs) {
        for ran::Ran { pid, began_at, ended_at } in rows {
            self.found(pid, began_at, ended_at.unwrap_or(now));
        }
    }

    /// Whether a lock of this number and time was made by one of them.
    pub fn made(&self, pid: u32, since: UnixMs) -> bool {
        self.all().iter().any(|one| {
            let ended_before = one.to.is_some_and(|to| since.since(to) > SLACK_MS);
            one.pid == pid && one.from.since(since) <= SLACK_MS && !ended_before
        })
    }

    fn put(&self, one: One) {
        let mut all = self.all();
        if all.len() == REMEMBERED {
            all.pop_front();
        }
        all.push_back(one);
    }

    fn all(&self) -> MutexGuard<'_, VecDeque<One>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> UnixMs {
        UnixMs(seconds * 1000)
    }

    #[test]
    fn a_lock_is_told_by_its_number_and_its_time() {
        let ran = Ran::default();
        ran.began(7, at(100));
        assert!(ran.made(7, at(101)) && ran.made(7, at(9_000)), "it makes its lock anew while it runs");
        assert!(!ran.made(8, at(101)) && !ran.made(7, at(90)));
        ran.ended(7, at(200));
        assert!(ran.made(7, at(150)) && ran.made(7, at(202)));
        assert!(!ran.made(7, at(300)), "another had the number by then");
        ran.found(9, at(50), at(400));
        assert!(ran.made(9, at(60)) && !ran.made(9, at(500)));
        let row = |pid, ended_at| ran::Ran { pid, began_at: at(50), ended_at };
        ran.recall(vec![row(11, None), row(12, Some(at(70)))], at(400));
        assert!(ran.made(11, at(300)) && !ran.made(11, at(500)));
        assert!(ran.made(12, at(60)) && !ran.made(12, at(300)));
    }

    #[test]
    fn the_oldest_are_forgotten() {
        let ran = Ran::default();
        for pid in 0..=u32::try_from(REMEMBERED).unwrap() {
            ran.began(pid, at(1));
        }
        assert!(!ran.made(0, at(1)) && ran.made(1, at(1)));
    }
}
