//! Credentials that were released to this host's memory for a few jobs: never written down, wiped when those are over.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use wire::{id::RepositoryName, seal::Secret};

use super::engine::Engine;
use crate::{restic::command::Login, store::jobs::Job};

/// However long the jobs take to begin.
const LONGEST: Duration = Duration::from_hours(1);

/// A login that may delete.
#[derive(Clone, Debug)]
pub struct Admin {
    pub login: Login,
    /// Where that login is taken, when it is another door of the same repository.
    pub url: Option<String>,
}

#[derive(Debug, Default)]
pub struct Released(Mutex<BTreeMap<RepositoryName, Held>>);

#[derive(Debug)]
struct Held {
    admin: Admin,
    /// On the monotonic clock.
    until: Duration,
    /// Its jobs have been seen: when they are no more, it has served.
    begun: bool,
}

impl Released {
    pub fn get(&self, repository: &RepositoryName, now: Duration) -> Option<Admin> {
        let mut held = self.held();
        held.retain(|_, one| now < one.until);
        held.get(repository).map(|one| one.admin.clone())
    }

    fn put(&self, repository: RepositoryName, admin: Admin, now: Duration) {
        let held = Held { admin, until: now + LONGEST, begun: false };
        self.held().insert(repository, held);
    }

    fn take_back(&self) {
        self.held().retain(|_, one| one.begun);
    }

    /// Wipes what no open job needs any more.
    pub fn settle(&self, open: &[Job], now: Duration) {
        let mut held = self.held();
        held.retain(|name, one| {
            let needed = open.iter().any(|job| job.options.released && job.subject.repository == *name);
            one.begun |= needed;
            now < one.until && (needed || !one.begun)
        });
    }

    fn held(&self) -> std::sync::MutexGuard<'_, BTreeMap<RepositoryName, Held>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Engine {
    /// Holds the credential for this repository's released jobs: to be called before they are committed, and taken back
    /// if that fails. `host`: the user where none is named.
    pub fn release(
        &self,
        repository: RepositoryName,
        (user, host): (&str, &str),
        password: Secret,
        url: Option<String>,
    ) {
        let user = if user.is_empty() { host.to_owned() } else { user.to_owned() };
        let admin = Admin { login: Login { user, password }, url };
        self.shared.released.put(repository, admin, self.shared.world.monotonic());
    }

    /// Wipes what was released or lent for jobs that could not be committed.
    pub fn take_back(&self) {
        self.shared.released.take_back();
        self.shared.lents.take_back();
    }
}

#[cfg(test)]
mod tests {
    use wire::{
        action::JobOptions,
        id::UnixMs,
        job::{JobKind, JobNumbers, JobState, JobSubject, Origin},
    };

    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    fn job(world: &crate::world::World, released: bool) -> Job {
        let subject = JobSubject { kind: JobKind::Prune, repository: name(), group: None };
        Job {
            id: world.job_id(),
            subject,
            state: JobState::Queued,
            origin: Origin::Local,
            schedule: None,
            attempt: 1,
            options: JobOptions { released, ..JobOptions::default() },
            queued_at: UnixMs(0),
            not_before: UnixMs(0),
            started_at: None,
            finished_at: None,
            reason: None,
            numbers: JobNumbers::default(),
            result: None,
            log_lines: 0,
            process: None,
            cancel_by: None,
            wanted: false,
        }
    }

    fn name() -> RepositoryName {
        "main".parse().unwrap()
    }

    #[test]
    fn it_is_held_until_its_jobs_are_over_or_an_hour_has_passed() {
        let (world, _) = crate::world::World::fake(UnixMs(0), 1);
        let admin = Admin { login: Login { user: "a".to_owned(), password: Secret::new("x") }, url: None };
        let released = Released::default();
        let start = Duration::from_secs(5);
        released.put(name(), admin.clone(), start);
        released.settle(&[], start);
        assert!(released.get(&name(), start).is_some(), "its jobs are not committed yet");
        let (with, without) = (job(&world, true), job(&world, false));
        released.settle(&[with.clone(), without.clone()], start);
        released.settle(&[with], start);
        assert!(released.get(&name(), start).is_some());
        assert!(released.get(&"other".parse().unwrap(), start).is_none());
        released.settle(&[without], start);
        assert!(released.get(&name(), start).is_none(), "its jobs are over");

        released.put(name(), admin, start);
        assert!(released.get(&name(), start + Duration::from_mins(59)).is_some());
        assert!(released.get(&name(), start + HOUR).is_none());
        assert!(released.held().is_empty(), "what nobody may have is not kept");
    }
}
