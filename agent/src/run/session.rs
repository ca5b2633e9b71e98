//! One job at work: its plan, its repository, its secrets, its restic, its log. Everything a kind of work needs.

mod access;
mod locks;
mod places;
mod waiting;

use std::sync::Arc;

use tokio::sync::watch;
use wire::{
    id::RepositoryName,
    job::{JobState, Origin, Reason},
    plan::{Group, Limits, Plan},
    restore::Lent,
    seal::SecretSlot,
    snapshot::{RepositoryNumbers, RepositoryReadiness, Snapshot},
};

pub(super) use access::{access, cache_of, surroundings};
pub use access::{credential_slots, home, lent_cache};
use access::{gather, in_use};
pub use locks::{Looked, NOTED};
use places::Place;
pub use waiting::{Attempt, Waiting, takes_lock};

use super::{
    conversation::{Bounds, Conversation, Wish},
    doubt::Listing,
    engine::{Shared, Stop},
    joblog::JobLog,
    scrub::Scrub,
    tally::Tally,
    work::Done,
};
use crate::{
    restic::{
        binary::Binary,
        command::{Access, Surroundings, Verb},
        exit::Verdict,
        process::can_set_io_priority,
    },
    store::{StoreError, jobs::Job, repositories},
};

pub struct Session {
    pub shared: Arc<Shared>,
    pub job: Job,
    pub plan: Plan,
    pub binary: Binary,
    pub access: Access,
    pub surroundings: Surroundings,
    pub limits: Limits,
    pub scrub: Arc<Scrub>,
    pub log: JobLog,
    pub stop: watch::Receiver<Stop>,
    /// restic's spelling of the destination, without credentials.
    pub location: String,
    /// Which revisions open the job's own repository.
    pub credentials: Vec<(SecretSlot, u64)>,
    /// What is to be written down when the job ends.
    pub effects: Vec<Effect>,
    /// Takes restic's standard output line by line, for documents that may be of any length: nothing else sees them.
    pub listener: Option<Listener>,
    /// What a restore says that it did.
    pub tally: Option<Tally>,
    /// The repository that `access`, `location` and `surroundings` are of.
    here: RepositoryName,
    /// The other repository of a copy, while the job is at one of them.
    elsewhere: Option<Place>,
}

pub type Listener = Box<dyn FnMut(&str) + Send + Sync>;

/// A fact that a job found, written in the transaction that ends it, before its end.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    State {
        readiness: RepositoryReadiness,
        reason: Option<Reason>,
        restic_id: Option<String>,
    },
    Snapshot(Snapshot),
    /// The repository's whole list.
    Listing(Listing),
    /// The whole list of a repository that opened: whatever of this host's name is there is its own, if it never used
    /// that repository before.
    Attached {
        restic_id: String,
        listing: Listing,
    },
    /// These snapshots, in whichever repository, are this host's own.
    Own {
        repository: RepositoryName,
        ids: Vec<String>,
    },
    /// This host removed these snapshots itself.
    Forgotten(Vec<String>),
    Numbers(RepositoryNumbers),
    /// Found at another repository than the job's own.
    At {
        repository: RepositoryName,
        location: String,
        effect: Box<Effect>,
    },
}

/// Why a job ends before its work is done.
#[derive(Clone, Debug, PartialEq)]
pub enum Early {
    Verdict(Verdict),
    Halted(Wish),
}

impl From<Reason> for Early {
    fn from(reason: Reason) -> Self {
        Self::Verdict(Verdict::failed(reason))
    }
}

impl Early {
    pub const fn skipped(reason: Reason) -> Self {
        Self::Verdict(Verdict { state: JobState::Skipped, reason: Some(reason) })
    }
}

impl From<StoreError> for Early {
    fn from(error: StoreError) -> Self {
        Reason::Internal { message: error.to_string() }.into()
    }
}

/// How fast one run may go. A person at the host's own terminal has the last word; an order, which a coordinator may give
/// by itself, only slows down.
fn limit(origin: &Origin, asked: Option<u32>, plan: Option<u32>) -> Option<u32> {
    // restic takes 0 for no limit at all.
    let asked = asked.filter(|limit| *limit > 0);
    match origin {
        Origin::Local => asked.or(plan),
        _ => asked.into_iter().chain(plan).min(),
    }
}

/// What must be known before a session can be had.
pub struct Beginning {
    pub shared: Arc<Shared>,
    pub job: Job,
    pub binary: Result<Binary, Reason>,
    pub stop: watch::Receiver<Stop>,
}

impl Session {
    /// Gathers what the job needs; the log comes back when something is missing, so that it can say so.
    pub async fn begin(beginning: Beginning, mut log: JobLog) -> Result<Self, (JobLog, Early)> {
        let Beginning { shared, job, binary, stop } = beginning;
        // Before they are read: one that is set in between is not taken for one that was used.
        let is_own = job.lent().is_none();
        let credentials = if is_own { in_use(&shared, &job.subject.repository) } else { Vec::new() };
        let gathered = gather(&shared, &job, binary).await;
        let (plan, binary, access) = match gathered {
            Ok(gathered) => gathered,
            Err(early) => return Err((log, early)),
        };
        let limits = Limits {
            upload_kib_s: limit(&job.origin, job.options.upload_kib_s, plan.limits.upload_kib_s),
            download_kib_s: limit(&job.origin, job.options.download_kib_s, plan.limits.download_kib_s),
            ..plan.limits
        };
        let scrub = Arc::new(Scrub::new(&access));
        log.keep_out(scrub.clone());
        if limits.io.is_some() && !can_set_io_priority() {
            log.say("There is no ionice on this host: restic takes its turn at the disk like everybody else");
        }
        // A released credential may have another door; what is known is known of the place that the plan names.
        let here = job.subject.repository.clone();
        let planned = plan.repositories.get(&here).filter(|_| is_own);
        let place = planned.map(|it| it.backend.location());
        let cache = if is_own { cache_of(&shared, &here) } else { lent_cache(&shared, job.id) };
        Ok(Self {
            location: place.unwrap_or_else(|| access.backend.location()),
            scrub,
            surroundings: surroundings(&cache),
            shared,
            job,
            plan,
            binary,
            access,
            limits,
            log,
            stop,
            credentials,
            effects: Vec::new(),
            listener: None,
            tally: None,
            here,
            elsewhere: None,
        })
    }

    /// Where the job is at work: its own repository, or for a while the one that it copies to.
    pub fn repository(&self) -> &RepositoryName {
        &self.here
    }

    /// What this host's snapshots are called after.
    pub fn host(&self) -> &str {
        self.shared.host(&self.plan)
    }

    /// Whose repository it is, when it is another host's: nothing that is found there is this host's to keep.
    pub fn lent(&self) -> Option<&Lent> {
        self.job.lent()
    }

    /// Whether that is its own.
    pub fn is_at_home(&self) -> bool {
        self.here == self.job.subject.repository
    }

    /// The group that the job is about, as the plan has it now.
    pub fn group(&self) -> Result<Group, Early> {
        let name = self.job.subject.group.as_ref();
        let group = name
            .and_then(|name| self.plan.groups.get(name))
            .filter(|group| group.repository == *self.repository());
        group.cloned().ok_or_else(|| {
            let name = name.map_or_else(|| "(none)".to_owned(), ToString::to_string);
            not_in_plan(format!("group {name} of repository {}", self.repository()))
        })
    }

    /// Our own short knock, because restic would wait for a quarter of an hour.
    pub async fn reach(&mut self) -> Result<(), Early> {
        if let Some(wish) = self.stop_wanted() {
            return Err(Early::Halted(wish));
        }
        match self.shared.reach.reach(&self.access.backend).await {
            Ok(()) => Ok(()),
            Err(nobody) => {
                let reason = Reason::Unreachable { address: nobody.address, message: nobody.message };
                self.unusable(&reason);
                Err(reason.into())
            }
        }
    }

    pub async fn was_ready(&self) -> Result<bool, Early> {
        let location = self.location.clone();
        Ok(self
            .shared
            .store
            .read::<_, StoreError>(move |connection| repositories::was_ready(connection, &location))
            .await?)
    }

    /// A call whose answer comes soon.
    pub async fn brief(&mut self, verb: Verb<'_>) -> Result<Conversation, Early> {
        let limit = Some(self.shared.settings.patience.short_job);
        self.patiently(verb, Bounds { silence: None, limit, heeds_stop: true }).await
    }

    /// What a failure says of the repository itself.
    pub fn note_failure(&mut self, reason: &Reason) {
        if matches!(
            reason,
            Reason::RepositoryMissing
                | Reason::RepositoryNotOurs { .. }
                | Reason::WrongPassword
                | Reason::Unreachable { .. }
                | Reason::Forbidden { .. }
                | Reason::Certificate { .. }
        ) {
            self.unusable(reason);
        }
    }

    fn unusable(&mut self, reason: &Reason) {
        let readiness = RepositoryReadiness::Unusable;
        self.effects.push(Effect::State { readiness, reason: Some(reason.clone()), restic_id: None });
    }

    /// It opened. That newer credentials than the ones in use did not open it stays said.
    pub fn ready(&mut self, restic_id: Option<String>) {
        let reason = self.credential_refused();
        self.effects.push(Effect::State { readiness: RepositoryReadiness::Ready, reason, restic_id });
    }

    fn credential_refused(&self) -> Option<Reason> {
        let each = credential_slots(&self.here).into_iter();
        let refused: Vec<_> = each
            .filter_map(|slot| Some((slot.to_string(), self.shared.secrets.candidate(&slot).ok()??.refused?)))
            .collect();
        let message = refused.first()?.1.explain().message;
        Some(Reason::CredentialRefused {
            slots: refused.into_iter().map(|(slot, _)| slot).collect(),
            message,
        })
    }

    /// What a job came to, without any secret that restic may have said aloud.
    pub fn cleaned(&mut self, mut done: Done) -> Done {
        done.verdict.reason = done.verdict.reason.map(|reason| self.scrub.reason(reason));
        done.result = done.result.and_then(|result| self.scrub.result(&result));
        for effect in &mut self.effects {
            let mut effect = effect;
            while let Effect::At { effect: inner, .. } = effect {
                effect = inner;
            }
            if let Effect::State { reason, .. } = effect {
                *reason = reason.take().map(|reason| self.scrub.reason(reason));
            }
        }
        done
    }

    /// The reason of a verdict, with what it says of the repository.
    pub fn judged(&mut self, verdict: Verdict) -> Verdict {
        if let Some(reason) = verdict.reason.clone().filter(|_| verdict.state == JobState::Failed) {
            self.note_failure(&reason);
        }
        verdict
    }
}

pub fn not_in_plan(what: String) -> Early {
    Early::Verdict(Verdict::failed(Reason::NotInPlan { what }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_only_slows_down_and_a_person_at_the_terminal_may_hurry() {
        let order =
            Origin::Operator { person: "ann".to_owned(), order: wire::id::OrderId(uuid::Uuid::nil()) };
        for (origin, asked, plan, expected) in [
            (&order, Some(9), Some(5), Some(5)),
            (&order, Some(3), Some(5), Some(3)),
            (&order, Some(9), None, Some(9)),
            (&order, Some(0), Some(5), Some(5)),
            (&order, None, Some(5), Some(5)),
            (&Origin::Local, Some(9), Some(5), Some(9)),
            (&Origin::Local, None, Some(5), Some(5)),
        ] {
            assert_eq!(limit(origin, asked, plan), expected, "{origin:?} {asked:?} {plan:?}");
        }
    }
}
