//! One job from the moment it is picked to its end, and one that an agent before this one left running.

use std::{fs, io::ErrorKind, sync::Arc};

use tokio::sync::watch;
use tracing::{info, warn};
use wire::{
    job::{JobKind, JobResult, JobState, Reason},
    plan::{Plan, Retry},
};

use super::{
    conversation::Wish,
    ending::{Finish, end, needs_secret},
    engine::{Shared, Stop},
    hooks::{self, Scene},
    joblog::JobLog,
    recognise,
    session::{Beginning, Early, Session, lent_cache},
    work::{Done, broken_off, perform, sweep_job},
};
use crate::{
    restic::{
        binary::{self, Binary},
        exit::Verdict,
        process::end_stray,
    },
    store::{
        StoreError,
        jobs::{self, Job},
        logs, plan,
    },
};

/// Runs a queued job. Returns when its end is written, or when it turned out to be over already.
pub async fn run(shared: Arc<Shared>, job: Job, stop: watch::Receiver<Stop>) {
    let binary = shared.binary().await;
    let version = binary.as_ref().ok().map(|binary| binary.features.version.to_string());
    if !start(&shared, &job, version).await {
        return;
    }
    let job = Job { started_at: Some(shared.world.now()), state: JobState::Running, ..job };
    info!(job = %job.id, kind = job.subject.kind.as_str(), repository = %job.subject.repository, "job begins");
    shared.tell_start(&job);
    let log = JobLog::new(shared.clone(), job.id, 0);
    let beginning = Beginning { shared, job, binary, stop };
    // Large, with everything that a kind of work holds: not within each task that waits its turn.
    Box::pin(work(beginning, log, Task::Perform)).await;
}

/// Settles a job that an agent before this one left running: its restic is ended, and a snapshot that it had saved is
/// recognised. Otherwise the job is interrupted.
pub async fn settle(shared: Arc<Shared>, job: Job, stop: watch::Receiver<Stop>) {
    if let Some(process) = &job.process {
        if !end_stray(&shared.world, process, shared.settings.patience.term_to_kill).await {
            warn!(job = %job.id, pid = process.pid, "a restic of an earlier agent does not end");
        }
        // Only now: it made its lock anew until its end.
        shared.ran.found(process.pid, job.started_at.unwrap_or(job.queued_at), shared.world.now());
    }
    // It may have gone on restoring after this agent's start, which swept.
    if let Err(problem) = sweep_job(&shared.settings.data, job.id) {
        warn!(job = %job.id, "what its drill left behind cannot be removed: {problem}");
    }
    let id = job.id;
    let lines = shared.store.read::<_, StoreError>(move |connection| logs::count(connection, id)).await;
    let log = JobLog::new(shared.clone(), job.id, lines.unwrap_or_default());
    let binary = shared.binary().await;
    Box::pin(work(Beginning { shared, job, binary, stop }, log, Task::Settle)).await;
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Task {
    Perform,
    Settle,
}

async fn work(beginning: Beginning, log: JobLog, task: Task) {
    let (shared, job, stop) = (beginning.shared.clone(), beginning.job.clone(), beginning.stop.clone());
    match Session::begin(beginning, log).await {
        Ok(mut session) => {
            let outcome = match task {
                Task::Perform => perform(&mut session).await,
                Task::Settle => settled(&mut session).await,
            };
            let mut done = outcome.unwrap_or_else(Done::early);
            if task == Task::Settle {
                done.result = done.result.or_else(|| broken_off(&job));
                if let Some(JobResult::Restore(told)) = &done.result {
                    told.warnings.iter().for_each(|warning| session.log.say(warning));
                }
            }
            if session.lent().is_some() {
                // What was found at another host's repository says nothing of this host's.
                session.effects.clear();
            }
            if task == Task::Settle {
                let (plan, snapshot) = (session.plan.clone(), done.numbers.snapshot.clone());
                let state = done.verdict.state;
                hooks::after_all(&mut session.scene(), &plan, state, snapshot.as_deref()).await;
            }
            let done = session.cleaned(done);
            let retry = group_rule(&session);
            let (told, snapshot) = (done.verdict.clone(), hooks::snapshot_of(&done, &session.effects));
            let Session { mut log, effects, location, .. } = session;
            let finish = Finish { job: job.clone(), done, effects, location: Some(location), retry };
            end(&shared, finish, &mut log).await;
            forget_lent(&shared, &job);
            shared.tell_end(&job, &told, snapshot.as_deref());
        }
        Err((mut log, early)) => {
            let early = if task == Task::Settle { gone(&job) } else { early };
            let effects = match &early {
                Early::Verdict(Verdict { reason: Some(Reason::SecretMissing { slot }), .. }) => {
                    vec![needs_secret(slot.clone())]
                }
                _ => Vec::new(),
            };
            let plan = current(&shared).await;
            let (location, retry) = planned(&plan, &job);
            let mut done = Done::early(early);
            if task == Task::Settle {
                done.result = broken_off(&job);
            }
            if done.verdict.state != JobState::Skipped {
                let mut scene = Scene { shared: &shared, job: &job, log: &mut log, stop };
                hooks::after_all(&mut scene, &plan, done.verdict.state, None).await;
            }
            let told = done.verdict.clone();
            end(&shared, Finish { job: job.clone(), done, effects, location, retry }, &mut log).await;
            forget_lent(&shared, &job);
            shared.tell_end(&job, &told, None);
        }
    }
}

/// Nothing of another host's repository stays here. The credential goes when the queue sees that its job is over.
fn forget_lent(shared: &Shared, job: &Job) {
    if job.lent().is_some()
        && let Err(problem) = fs::remove_dir_all(lent_cache(shared, job.id))
        && problem.kind() != ErrorKind::NotFound
    {
        warn!(job = %job.id, "what is left of a lent repository's index cannot be removed: {problem}");
    }
}

/// What a job that was found running came to. Only a backup leaves something that can be recognised.
async fn settled(session: &mut Session) -> Result<Done, Early> {
    session.log.say("The agent that ran this job is gone");
    let recognised = if session.job.subject.kind == JobKind::Backup {
        recognised(session).await
    } else {
        session.tidy().await;
        Ok(None)
    };
    match recognised {
        Ok(Some(done)) => Ok(done),
        // Also where a person wanted it only now: then nobody tries it again.
        _ if let Some(wish @ Wish::Cancelled(_)) = session.stop_wanted() => Err(Early::Halted(wish)),
        Ok(None) => Err(gone(&session.job)),
        // The repository does not answer: the retry asks again before it does anything.
        Err(early) => {
            session.effects.clear();
            session.log.say(format!("Whether its snapshot was saved cannot be told now: {early:?}"));
            Err(gone(&session.job))
        }
    }
}

async fn recognised(session: &mut Session) -> Result<Option<Done>, Early> {
    let group = session.group()?;
    session.reach().await?;
    session.unlock().await;
    let died = session.job.clone();
    recognise::saved_by(session, &group, &died).await
}

/// How a job ends whose agent is gone. One that somebody had cancelled is not tried again.
fn gone(job: &Job) -> Early {
    Early::Verdict(match job.cancel_by.clone() {
        None => Verdict { state: JobState::Interrupted, reason: Some(Reason::AgentDied) },
        Some(person) => Verdict { state: JobState::Cancelled, reason: Some(Reason::CancelledBy { person }) },
    })
}

fn group_rule(session: &Session) -> Option<Retry> {
    session.group().ok().map(|group| group.retry)
}

/// Where the job's repository lies and how its group is tried again, for jobs that never got as far as a session.
fn planned(plan: &Plan, job: &Job) -> (Option<String>, Option<Retry>) {
    let repository = plan.repositories.get(&job.subject.repository).filter(|_| job.lent().is_none());
    let group = job.subject.group.as_ref().and_then(|group| plan.groups.get(group));
    (repository.map(|repository| repository.backend.location()), group.map(|group| group.retry))
}

async fn current(shared: &Shared) -> Plan {
    let current = shared.store.read::<_, StoreError>(plan::current).await.ok().flatten();
    current.map(|current| current.plan).unwrap_or_default()
}

/// Notes that the job runs; false when it is not queued any more. Waits while the disk refuses: what is not written
/// down is not begun.
async fn start(shared: &Shared, job: &Job, version: Option<String>) -> bool {
    loop {
        let (id, version, at) = (job.id, version.clone(), shared.world.now());
        match shared.store.write::<_, StoreError>(move |tx| jobs::start(tx, id, version, at)).await {
            Ok(started) => return started,
            Err(problem) if problem.may_pass() => {
                warn!(job = %id, "the job cannot begin yet: {problem}");
                shared.world.sleep(shared.settings.patience.disk_retry).await;
                if shared.is_draining() {
                    return false;
                }
            }
            Err(problem) => {
                warn!(job = %id, "the job cannot begin: {problem}");
                // It is still queued, so it is picked again at once.
                shared.world.sleep(shared.settings.patience.disk_retry).await;
                return false;
            }
        }
    }
}

impl Shared {
    /// The restic that there is now.
    pub async fn binary(&self) -> Result<Binary, Reason> {
        let known = self.known_binary();
        let configured = self.settings.restic.as_deref();
        let found = binary::find(&self.world, &self.settings.launcher, configured, known.as_ref()).await;
        if let Ok(binary) = &found {
            self.remember_binary(binary.clone());
        }
        found
    }
}
