//! Credentials of other hosts' repositories, each lent for one restore: held in memory alone, wiped when that job is over.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use wire::{
    id::JobId,
    restore::{LentCredential, LentLogin},
    seal::Secret,
};

use super::engine::Engine;
use crate::{
    restic::command::{Access, Login},
    store::jobs::Job,
};

/// However long the job takes to begin.
const LONGEST: Duration = Duration::from_hours(1);

#[derive(Debug, Default)]
pub struct Lents(Mutex<BTreeMap<JobId, Held>>);

#[derive(Debug)]
struct Held {
    credential: LentCredential,
    /// On the monotonic clock: until then its job has begun, or it never does.
    until: Duration,
    /// Its job has been seen: when that is no more, it has served.
    begun: bool,
}

impl Lents {
    /// What opens the repository for this job; `None` once it is gone.
    pub fn access(&self, job: JobId) -> Option<Access> {
        let held = self.held();
        let LentCredential { backend, password, login, environment, .. } = &held.get(&job)?.credential;
        let login = login.as_ref().map(|LentLogin { user, password }| Login {
            user: user.clone(),
            password: Secret::new(password.as_bytes()),
        });
        let environment = environment.iter();
        Some(Access {
            backend: backend.clone(),
            password: Secret::new(password.as_bytes()),
            login,
            environment: environment
                .map(|(name, value)| (name.clone(), Secret::new(value.as_bytes())))
                .collect(),
        })
    }

    fn put(&self, credential: LentCredential, now: Duration) {
        let held = Held { until: now + LONGEST, begun: false, credential };
        self.held().insert(held.credential.job, held);
    }

    pub fn take_back(&self) {
        self.held().retain(|_, one| one.begun);
    }

    /// Wipes what no open job needs any more, and what waited too long. One whose job runs stays until that is over.
    pub fn settle(&self, open: &[Job], now: Duration) {
        self.held().retain(|id, one| {
            let job = open.iter().find(|job| job.id == *id);
            one.begun |= job.is_some();
            let runs = job.is_some_and(|job| job.started_at.is_some());
            runs || (now < one.until && (job.is_some() || !one.begun))
        });
    }

    fn held(&self) -> MutexGuard<'_, BTreeMap<JobId, Held>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Engine {
    /// Holds the credential for the job that it names: to be called before that is committed; [`Engine::take_back`] where
    /// that fails.
    pub fn lend(&self, credential: LentCredential) {
        self.shared.lents.put(credential, self.shared.world.monotonic());
    }

    /// Wipes what was lent for a job that there will not be.
    pub fn take_back_lent(&self, job: JobId) {
        self.shared.lents.held().remove(&job);
    }
}

#[cfg(test)]
mod tests {
    use wire::{
        action::JobOptions,
        id::{AgentId, UnixMs},
        job::{JobKind, JobState, Origin},
    };

    use super::*;
    use crate::run::queue::tests::job;

    const HOUR: Duration = Duration::from_hours(1);

    fn credential(id: JobId) -> LentCredential {
        LentCredential {
            job: id,
            source: AgentId([1; 32]),
            repository: "main".parse().unwrap(),
            backend: serde_json::from_value(serde_json::json!({ "kind": "local", "path": "/r" })).unwrap(),
            password: "hunter2".to_owned(),
            login: Some(LentLogin { user: "u".to_owned(), password: "l".to_owned() }),
            environment: BTreeMap::from([("AWS_ACCESS_KEY_ID".to_owned(), "k".to_owned())]),
        }
    }

    #[test]
    fn it_is_held_for_its_one_job_and_gone_with_it() {
        let mut open = job(1, "main", JobState::Queued, Origin::Local);
        (open.subject.kind, open.options) = (JobKind::Restore, JobOptions::default());
        let (lents, start) = (Lents::default(), Duration::from_secs(5));
        lents.put(credential(open.id), start);
        lents.settle(&[], start);
        let access = lents.access(open.id).unwrap();
        assert_eq!((access.password.expose(), access.environment.len()), (&b"hunter2"[..], 1));
        assert!(!format!("{lents:?} {access:?}").contains("hunter2"));
        let other = job(2, "main", JobState::Queued, Origin::Local);
        assert!(lents.access(other.id).is_none(), "it is nobody else's");
        lents.settle(&[open.clone()], start);
        lents.take_back();
        open.started_at = Some(UnixMs(1));
        lents.settle(&[open.clone()], start + HOUR * 9);
        assert!(lents.access(open.id).is_some(), "its job runs");
        lents.settle(&[other], start);
        assert!(lents.access(open.id).is_none(), "its job is over");

        lents.put(credential(open.id), start);
        lents.take_back();
        assert!(lents.access(open.id).is_none(), "its order could not be written down");
        lents.put(credential(open.id), start);
        open.started_at = None;
        lents.settle(&[open.clone()], start + HOUR);
        assert!(lents.access(open.id).is_none(), "its job waited too long");
    }
}
