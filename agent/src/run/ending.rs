//! The end of a job: facts, last log lines, the job's row, the retry and what follows, in one transaction.
//!
//! It is tried until the disk takes it: a job that ran is not forgotten because there was no space to say so.

use std::sync::Arc;

use tracing::{error, info, warn};
use wire::{
    id::{JobId, RepositoryName, UnixMs},
    job::{JobKind, JobNumbers, JobState, JobSubject, Origin, Reason},
    plan::Retry,
    snapshot::RepositoryReadiness,
};

use super::{
    conversation::Halt,
    engine::Shared,
    joblog::{JobLog, Pending},
    retry,
    session::{Early, Effect},
    work::{Done, Follow},
};
use crate::{
    restic::exit::Verdict,
    store::{
        StoreError, Tx,
        jobs::{self, Ending, Job, NewJob},
        repositories::{self, Found},
        snapshots,
    },
};

/// Everything that the last transaction of a job writes.
#[derive(Clone)]
pub struct Finish {
    pub job: Job,
    pub done: Done,
    pub effects: Vec<Effect>,
    /// Where the repository lies, once that is known.
    pub location: Option<String>,
    /// The group's rule, where the plan has it.
    pub retry: Option<Retry>,
}

impl Finish {
    /// With less to write: first without what was found, then without restic's words and numbers. `None`: nothing is
    /// left to leave out.
    fn less(mut self, problem: &str) -> Option<Self> {
        if !self.effects.is_empty() {
            self.effects.clear();
            return Some(self);
        }
        let message = format!("the end of the job could not be written in full: {problem}");
        let short = Some(Reason::Internal { message });
        if self.done.verdict.reason == short {
            return None;
        }
        self.done.verdict.reason = short;
        self.done.numbers = JobNumbers::default();
        Some(self)
    }
}

impl Done {
    /// How a job ended that did not come to the end of its work.
    pub fn early(early: Early) -> Self {
        let verdict = match early {
            Early::Verdict(verdict) => verdict,
            Early::Halted(Halt::Cancelled(person)) => {
                Verdict { state: JobState::Cancelled, reason: Some(Reason::CancelledBy { person }) }
            }
            Early::Halted(Halt::Draining) => {
                Verdict { state: JobState::Interrupted, reason: Some(Reason::AgentStopped) }
            }
            Early::Halted(Halt::Silent(after) | Halt::TooLong(after)) => Verdict::failed(Reason::Restic {
                exit: None,
                message: format!("restic was stopped after {} s", after.as_secs()),
            }),
        };
        Self::plain(verdict)
    }
}

/// Ends the job, however long the disk takes. Gives up only when the database is beyond hope; then the next start finds
/// the job running and settles it.
pub async fn end(shared: &Arc<Shared>, finish: Finish, log: &mut JobLog) {
    let job = finish.job.id;
    say_end(&finish, log);
    let mut finish = Some(finish);
    while let Some(trying) = finish.clone() {
        let (engine, pending) = (shared.clone(), log.pending());
        let written =
            shared.store.write::<_, StoreError>(move |tx| write(&engine, tx, &trying, &pending)).await;
        match written {
            Ok(()) => {
                log.written();
                break;
            }
            // Something of it does not fit into a record. That must not keep the repository busy for ever.
            Err(StoreError::Statement(problem)) => {
                error!(%job, "a part of the job's end cannot be written: {problem}");
                finish = finish.and_then(|finish| finish.less(&problem));
            }
            Err(problem) if problem.may_pass() => {
                warn!(%job, "the end of the job cannot be written yet: {problem}");
                shared.world.sleep(shared.settings.patience.disk_retry).await;
            }
            Err(problem) => {
                error!(%job, "the end of the job cannot be written: {problem}");
                break;
            }
        }
    }
    shared.live.forget(job);
}

fn say_end(finish: &Finish, log: &mut JobLog) {
    let Verdict { state, reason } = &finish.done.verdict;
    let Job { id, subject, .. } = &finish.job;
    match reason {
        None => log.say(format!("The job {}", state.as_str())),
        Some(reason) => log.say(format!("The job ended as {}: {}", state.as_str(), spoken(reason))),
    }
    info!(job = %id, kind = subject.kind.as_str(), repository = %subject.repository, state = state.as_str(), "job over");
}

/// One line for the log; surfaces explain reasons in their own words.
fn spoken(reason: &Reason) -> String {
    serde_json::to_string(reason).unwrap_or_else(|_| format!("{reason:?}"))
}

fn write(shared: &Shared, tx: &Tx<'_>, finish: &Finish, log: &Pending) -> Result<(), StoreError> {
    let now = shared.world.now();
    let Finish { job, done, .. } = finish;
    log.write(tx, job.id, now)?;
    for effect in &finish.effects {
        apply(tx, &job.subject.repository, finish.location.as_deref(), effect, now)?;
    }
    let Verdict { state, reason } = done.verdict.clone();
    let ending = Ending { state, reason, numbers: done.numbers.clone(), log_lines: log.count };
    if !jobs::finish(tx, job.id, &ending, now)? {
        return Ok(());
    }
    let rule = retry::rule(job.subject.kind, finish.retry);
    if let Some(wait) = retry::wait(job.attempt, ending.state, ending.reason.as_ref(), rule)
        && jobs::open_of(tx, &job.subject)?.is_none()
    {
        let wait_ms = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
        let again = again(shared.world.job_id(), job, now.plus_ms(wait_ms));
        jobs::queue(tx, &again, now)?;
    }
    if matches!(ending.state, JobState::Succeeded | JobState::Incomplete) {
        for follow in done.follow {
            queue_follow(shared, tx, job, *follow, now)?;
        }
    }
    Ok(())
}

fn again(id: JobId, job: &Job, not_before: UnixMs) -> NewJob {
    let attempt = job.attempt + 1;
    NewJob {
        id,
        subject: job.subject.clone(),
        origin: Origin::Retry { job: job.id, attempt },
        schedule: job.schedule.clone(),
        attempt,
        upload_kib_s: job.upload_kib_s,
        not_before,
    }
}

fn apply(
    tx: &Tx<'_>,
    repository: &RepositoryName,
    location: Option<&str>,
    effect: &Effect,
    now: UnixMs,
) -> Result<(), StoreError> {
    match effect {
        Effect::State { readiness, reason, restic_id } => {
            let Some(location) = location else { return Ok(()) };
            let found = Found {
                location,
                readiness: *readiness,
                reason: reason.as_ref(),
                restic_id: restic_id.as_deref(),
            };
            repositories::set_state(tx, repository, &found, now)
        }
        Effect::Snapshot(snapshot) => snapshots::add(tx, repository, snapshot.clone(), now),
        Effect::Listing(listed) => snapshots::replace(tx, repository, listed, now).map(drop),
        Effect::Numbers(numbers) => repositories::set_numbers(tx, repository, numbers, now),
    }
}

fn queue_follow(
    shared: &Shared,
    tx: &Tx<'_>,
    job: &Job,
    follow: Follow,
    now: UnixMs,
) -> Result<(), StoreError> {
    let kind = match follow {
        Follow::Always(kind) => kind,
        Follow::WhenOld(kind) => {
            let known = repositories::get(tx, &job.subject.repository)?;
            let read_at = known.and_then(|row| match kind {
                JobKind::Stats => row.numbers_at,
                _ => row.snapshots_at,
            });
            let refresh = i64::try_from(shared.settings.patience.refresh.as_millis()).unwrap_or(i64::MAX);
            // A time that is still to come was written by another clock: read again.
            if read_at.is_some_and(|at| (0..refresh).contains(&now.since(at))) {
                return Ok(());
            }
            kind
        }
    };
    let subject = JobSubject { kind, repository: job.subject.repository.clone(), group: None };
    if jobs::open_of(tx, &subject)?.is_some() {
        return Ok(());
    }
    let follow = NewJob {
        id: shared.world.job_id(),
        subject,
        origin: Origin::Follow { job: Some(job.id) },
        schedule: None,
        attempt: 1,
        upload_kib_s: None,
        not_before: now,
    };
    jobs::queue(tx, &follow, now)
}

/// A repository that waits for its password, or for anything else that the agent cannot give itself.
pub fn needs_secret(slot: String) -> Effect {
    Effect::State {
        readiness: RepositoryReadiness::NeedsSecret,
        reason: Some(Reason::SecretMissing { slot }),
        restic_id: None,
    }
}
