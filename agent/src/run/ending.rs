//! The end of a job: facts, last log lines, the job's row, the retry and what follows, in one transaction.
//!
//! It is tried until the disk takes it: a job that ran is not forgotten because there was no space to say so.

use std::sync::Arc;

use tracing::{error, info, warn};
use wire::{
    id::{JobId, RepositoryName, UnixMs},
    job::{JobKind, JobNumbers, JobState, Origin, Reason},
    plan::Retry,
    snapshot::RepositoryReadiness,
};

use super::{
    conversation::Wish,
    doubt,
    engine::Shared,
    follow, hooks,
    joblog::{JobLog, Pending},
    retry::{self, Next},
    session::{Early, Effect},
    work::Done,
};
use crate::{
    restic::exit::Verdict,
    store::{
        StoreError, Tx,
        jobs::{self, Ending, Job, NewJob},
        own, plan,
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
    fn rule(&self) -> Retry {
        retry::rule(self.job.subject.kind, self.retry)
    }

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
        self.done.result = None;
        Some(self)
    }
}

impl Done {
    /// How a job ended that did not come to the end of its work.
    pub fn early(early: Early) -> Self {
        let verdict = match early {
            Early::Verdict(verdict) => verdict,
            Early::Halted(Wish::Cancelled(person)) => {
                Verdict { state: JobState::Cancelled, reason: Some(Reason::CancelledBy { person }) }
            }
            Early::Halted(Wish::Draining) => {
                Verdict { state: JobState::Interrupted, reason: Some(Reason::AgentStopped) }
            }
        };
        Self::plain(verdict)
    }
}

/// Ends the job, however long the disk takes. Gives up only when the database is beyond hope; then the queue finds the
/// job running though nobody runs it and settles it once, and the next start does.
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
    let rule = finish.rule();
    if retry::next(finish.job.attempt, *state, reason.as_ref(), rule) == Next::NoneLeft {
        let made = u64::from(rule.max) + 1;
        log.say(format!(
            "No attempt is left, {made} were made: nothing tries it again before it is due the next time"
        ));
    }
    info!(job = %id, kind = subject.kind.as_str(), repository = %subject.repository, state = state.as_str(), "job over");
}

/// One line for the log, in the words that a person reads everywhere else: what restic said in several stays together.
fn spoken(reason: &Reason) -> String {
    let message = reason.explain().message;
    message.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

fn write(shared: &Shared, tx: &Tx<'_>, finish: &Finish, log: &Pending) -> Result<(), StoreError> {
    let now = shared.world.now();
    let Finish { job, done, .. } = finish;
    log.write(tx, job.id, now)?;
    claim(tx, finish)?;
    let plan = plan::current(tx)?.map(|current| current.plan).unwrap_or_default();
    let host = shared.host(&plan);
    for effect in &finish.effects {
        apply(host, tx, &job.subject.repository, finish.location.as_deref(), effect, now)?;
    }
    let Verdict { state, reason } = done.verdict.clone();
    let Done { numbers, result, lacks, .. } = done.clone();
    let ending = Ending { state, reason, numbers, result, lacks, log_lines: log.count };
    if !jobs::finish(tx, job.id, &ending, now)? {
        return Ok(());
    }
    if let Next::In(wait) = retry::next(job.attempt, ending.state, ending.reason.as_ref(), finish.rule())
        && jobs::open_of(tx, &job.subject, &job.options)?.is_none()
    {
        let wait_ms = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
        let all = finish.rule().max.saturating_add(1);
        let again = again(shared.world.job_id(), job, all, now.plus_ms(wait_ms));
        jobs::queue(tx, &again, now)?;
    }
    if matches!(ending.state, JobState::Succeeded | JobState::Incomplete) {
        let snapshot = hooks::snapshot_of(done, &finish.effects);
        follow::queue(shared, tx, job, done.follow, snapshot.as_deref(), now)?;
    }
    Ok(())
}

fn again(id: JobId, job: &Job, all: u32, not_before: UnixMs) -> NewJob {
    let attempt = job.attempt + 1;
    NewJob {
        id,
        subject: job.subject.clone(),
        origin: Origin::Retry { job: job.id, attempt, of: Some(all) },
        schedule: job.schedule.clone(),
        attempt,
        options: job.options.clone(),
        not_before,
    }
}

/// What a backup made is this host's own. 0.14 names it by eight digits; where the rest could be asked for, that stands.
fn claim(tx: &Tx<'_>, finish: &Finish) -> Result<(), StoreError> {
    if finish.job.subject.kind != JobKind::Backup {
        return Ok(());
    }
    let told = finish.effects.iter().filter_map(|effect| match effect {
        Effect::Snapshot(snapshot) => Some(snapshot.id.as_str()),
        _ => None,
    });
    let named = finish.done.numbers.snapshot.as_deref().filter(|id| !id.is_empty());
    own::add(tx, &finish.job.subject.repository, named.into_iter().chain(told))
}

/// `host`: what this host's snapshots are called after.
fn apply(
    host: &str,
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
        Effect::Listing(listing) => doubt::take_stock(tx, repository, listing, host, now),
        Effect::Attached { restic_id, listing } => {
            if !repositories::is_attached(tx, restic_id)? {
                doubt::attach(tx, repository, listing, host)?;
            }
            doubt::take_stock(tx, repository, listing, host, now)
        }
        Effect::Own { repository, ids } => own::add(tx, repository, ids.iter().map(String::as_str)),
        Effect::Forgotten(ids) => own::forget(tx, ids.iter().map(String::as_str)),
        Effect::Numbers(numbers) => repositories::set_numbers(tx, repository, numbers, now),
        Effect::At { repository, location, effect } => {
            apply(host, tx, repository, Some(location), effect, now)
        }
    }
}

/// A repository that waits for its password, or for anything else that the agent cannot give itself.
pub fn needs_secret(slot: String) -> Effect {
    Effect::State {
        readiness: RepositoryReadiness::NeedsSecret,
        reason: Some(Reason::SecretMissing { slot }),
        restic_id: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jobs_log_says_its_reason_in_words_and_in_one_line() {
        let message = "Fatal: unable to save snapshot\n  no space left on device\n".to_owned();
        assert_eq!(
            spoken(&Reason::NoSpace { message }),
            "There is no space left: Fatal: unable to save snapshot no space left on device"
        );
    }
}
