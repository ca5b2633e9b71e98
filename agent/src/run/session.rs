//! One job at work: its plan, its repository, its secrets, its restic, its log. Everything a kind of work needs.

use std::{collections::BTreeMap, env, path::PathBuf, sync::Arc, time::Duration};

use serde::Deserialize;
use tokio::sync::watch;
use wire::{
    id::RepositoryName,
    job::{JobState, Reason},
    plan::{Group, Limits, Plan, Repository},
    seal::{Secret, SecretSlot},
    snapshot::{RepositoryNumbers, RepositoryReadiness, Snapshot},
};

use super::{
    conversation::{Bounds, Conversation, Halt},
    engine::{Shared, Stop},
    joblog::JobLog,
    scrub::Scrub,
    work::Done,
};
use crate::{
    restic::{
        binary::Binary,
        command::{Access, INHERITED, Login, Surroundings, Verb},
        exit::{self, Exit, Verdict},
    },
    store::{StoreError, jobs::Job, plan, repositories},
};

/// How often a dead lock of our own is removed before it is reported like any other.
const UNLOCK_ATTEMPTS: u32 = 3;
const UNLOCK_LIMIT: Duration = Duration::from_mins(1);

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
    /// What is to be written down when the job ends.
    pub effects: Vec<Effect>,
}

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
    Listing(Vec<Snapshot>),
    Numbers(RepositoryNumbers),
}

/// Why a job ends before its work is done.
#[derive(Clone, Debug, PartialEq)]
pub enum Early {
    Verdict(Verdict),
    Halted(Halt),
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
        let gathered = gather(&shared, &job, binary).await;
        let (plan, binary, access) = match gathered {
            Ok(gathered) => gathered,
            Err(early) => return Err((log, early)),
        };
        let limits = Limits { upload_kib_s: job.upload_kib_s.or(plan.limits.upload_kib_s), ..plan.limits };
        let scrub = Arc::new(Scrub::new(&access));
        log.keep_out(scrub.clone());
        Ok(Self {
            location: access.backend.location(),
            scrub,
            surroundings: surroundings(&shared, &job.subject.repository),
            shared,
            job,
            plan,
            binary,
            access,
            limits,
            log,
            stop,
            effects: Vec::new(),
        })
    }

    pub fn repository(&self) -> &RepositoryName {
        &self.job.subject.repository
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
        if let Some(halt) = self.stop_wanted() {
            return Err(Early::Halted(halt));
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

    /// A call that waits for other hosts' locks and removes dead ones of its own. Ends early only when it was halted.
    pub async fn patiently(&mut self, verb: Verb<'_>, bounds: Bounds) -> Result<Conversation, Early> {
        let patience = self.shared.settings.patience;
        let (mut unlocks, mut locked_since) = (0, None);
        loop {
            let done = self.converse(verb, bounds).await?;
            // One that was asked to stop, yet came to its end, has done its work: doing it again would do it twice.
            if done.exit == Exit::Code(0) {
                return Ok(done);
            }
            if let Some(halt) = done.halt.clone() {
                return Err(self.halted(halt, &done).await);
            }
            let Reason::Locked { owner, pid, .. } =
                exit::failure(done.exit, &done.said, self.shared.world.now())
            else {
                return Ok(done);
            };
            if self.is_own_dead(owner.as_deref(), pid) && unlocks < UNLOCK_ATTEMPTS {
                unlocks += 1;
                self.log.say("The lock is this host's own, and its process is gone: it is removed");
                self.unlock().await;
                continue;
            }
            let now = self.shared.world.monotonic();
            if now.saturating_sub(*locked_since.get_or_insert(now)) >= patience.foreign_lock {
                return Ok(done);
            }
            let owner = owner.unwrap_or_else(|| "another process".to_owned());
            self.log.say(format!("{owner} holds the repository's lock: waiting"));
            if let Some(halt) = self.pause(patience.lock_poll).await {
                return Err(Early::Halted(halt));
            }
        }
    }

    fn is_own_dead(&self, owner: Option<&str>, pid: Option<u32>) -> bool {
        let world = &self.shared.world;
        owner.is_some_and(|owner| owner == world.hostname()) && pid.is_some_and(|pid| !world.bears(pid))
    }

    /// Removes locks whose process is gone. Whether it could is told by the log; nothing depends on it.
    pub async fn unlock(&mut self) {
        let bounds = Bounds { silence: None, limit: Some(UNLOCK_LIMIT), heeds_stop: false };
        if let Err(reason) = self.converse(Verb::Unlock, bounds).await {
            self.log.say(format!("The lock could not be removed: {reason:?}"));
        }
    }

    async fn halted(&mut self, halt: Halt, done: &Conversation) -> Early {
        // 0.14 dies of SIGTERM and leaves its lock, every version does of SIGKILL. An agent that stops has no time for
        // it; the next job removes it.
        if halt != Halt::Draining && matches!(done.exit, Exit::Signal(_)) {
            self.unlock().await;
        }
        match &halt {
            Halt::Cancelled(_) | Halt::Draining => Early::Halted(halt),
            Halt::Silent(after) => {
                let message = format!("restic printed nothing for {} s and was stopped", after.as_secs());
                self.stalled(done, message)
            }
            Halt::TooLong(after) => {
                let message = format!("restic was not done after {} s and was stopped", after.as_secs());
                self.stalled(done, message)
            }
        }
    }

    fn stalled(&mut self, done: &Conversation, message: String) -> Early {
        let reason = exit::stalled(done.exit, &done.said, message);
        self.note_failure(&reason);
        reason.into()
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
        ) {
            self.unusable(reason);
        }
    }

    fn unusable(&mut self, reason: &Reason) {
        let readiness = RepositoryReadiness::Unusable;
        self.effects.push(Effect::State { readiness, reason: Some(reason.clone()), restic_id: None });
    }

    pub fn ready(&mut self, restic_id: Option<String>) {
        self.effects.push(Effect::State { readiness: RepositoryReadiness::Ready, reason: None, restic_id });
    }

    /// What a job came to, without any secret that restic may have said aloud.
    pub fn cleaned(&mut self, mut done: Done) -> Done {
        done.verdict.reason = done.verdict.reason.map(|reason| self.scrub.reason(reason));
        for effect in &mut self.effects {
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

async fn gather(
    shared: &Shared,
    job: &Job,
    binary: Result<Binary, Reason>,
) -> Result<(Plan, Binary, Access), Early> {
    let plan = shared.store.read::<_, StoreError>(plan::current).await?;
    let plan = plan.map(|current| current.plan).unwrap_or_default();
    let name = &job.subject.repository;
    let Some(repository) = plan.repositories.get(name).cloned() else {
        return Err(not_in_plan(format!("repository {name}")));
    };
    if let Some(schedule) = &job.schedule
        && job.attempt > 1
        && !plan.schedules.get(schedule).is_some_and(|schedule| schedule.enabled)
    {
        // A retry whose schedule is gone or paused is given up.
        return Err(Early::skipped(Reason::NotInPlan {
            what: format!("schedule {schedule}, or it is paused"),
        }));
    }
    let access = access(shared, name, repository)?;
    Ok((plan, binary?, access))
}

fn access(shared: &Shared, name: &RepositoryName, repository: Repository) -> Result<Access, Early> {
    #[derive(Deserialize)]
    struct LoginSecret {
        #[serde(default)]
        user: String,
        password: String,
    }
    let get = |slot: &SecretSlot| {
        shared
            .secrets
            .secret(slot)
            .map_err(|error| Early::from(Reason::Internal { message: error.to_string() }))
    };
    let unreadable = |slot: &SecretSlot| {
        Early::from(Reason::Internal {
            message: format!("the secret {slot} is not what it should be: set it again"),
        })
    };
    let slot = SecretSlot::RepositoryPassword(name.clone());
    let Some(password) = get(&slot)?.filter(|password| !password.is_empty()) else {
        return Err(Reason::SecretMissing { slot: slot.to_string() }.into());
    };
    let slot = SecretSlot::RepositoryLogin(name.clone());
    let login = match get(&slot)? {
        None => None,
        Some(secret) => {
            let parsed: LoginSecret =
                serde_json::from_slice(secret.expose()).map_err(|_| unreadable(&slot))?;
            // A private REST repository lies under the user's name, which is the host's unless it says otherwise.
            let user = if parsed.user.is_empty() { shared.settings.hostname.clone() } else { parsed.user };
            Some(Login { user, password: Secret::new(parsed.password.into_bytes()) })
        }
    };
    let slot = SecretSlot::RepositoryEnvironment(name.clone());
    let environment = match get(&slot)? {
        None => BTreeMap::new(),
        Some(secret) => {
            let parsed: BTreeMap<String, String> =
                serde_json::from_slice(secret.expose()).map_err(|_| unreadable(&slot))?;
            parsed.into_iter().map(|(name, value)| (name, Secret::new(value.into_bytes()))).collect()
        }
    };
    Ok(Access { backend: repository.backend, password, login, environment })
}

fn surroundings(shared: &Shared, repository: &RepositoryName) -> Surroundings {
    let inherited = INHERITED
        .iter()
        .filter_map(|name| env::var(name).ok().map(|value| ((*name).to_owned(), value)))
        .collect();
    let home = env::var_os("HOME").map_or_else(|| PathBuf::from("/root"), PathBuf::from);
    Surroundings {
        home: home.to_string_lossy().into_owned(),
        cache: shared.settings.cache.join(repository.as_str()).to_string_lossy().into_owned(),
        inherited,
    }
}
