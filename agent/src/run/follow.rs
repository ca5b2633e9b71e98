//! What follows a job by itself: lists and numbers that are read again, and the copy of a new snapshot.

use wire::{
    action::JobOptions,
    id::{RepositoryName, UnixMs},
    job::{JobKind, JobState, JobSubject, Origin},
};

use super::{engine::Shared, work::Follow};
use crate::store::{
    StoreError, Tx,
    jobs::{self, Job, NewJob},
    plan, repositories,
};

/// So many snapshots that earlier copies did not bring over are taken along.
const TAKEN_ALONG: usize = 200;

/// Queues what follows a job that did its work. `snapshot` is the one that it made.
pub fn queue(
    shared: &Shared,
    tx: &Tx<'_>,
    job: &Job,
    follows: &[Follow],
    snapshot: Option<&str>,
    now: UnixMs,
) -> Result<(), StoreError> {
    for follow in follows {
        read_again(shared, tx, job, *follow, now)?;
    }
    match snapshot {
        Some(snapshot) if job.subject.kind == JobKind::Backup => copy(shared, tx, job, snapshot, now),
        _ => Ok(()),
    }
}

fn read_again(
    shared: &Shared,
    tx: &Tx<'_>,
    job: &Job,
    follow: Follow,
    now: UnixMs,
) -> Result<(), StoreError> {
    let own = &job.subject.repository;
    if let Follow::WhenOld(kind) = follow
        && is_fresh(shared, tx, own, kind, now)?
    {
        return Ok(());
    }
    let (kind, repository) = match follow {
        Follow::Always(kind) | Follow::WhenOld(kind) => (kind, own),
        Follow::Destination(kind) => (kind, job.options.to.as_ref().unwrap_or(own)),
    };
    let subject = JobSubject { kind, repository: repository.clone(), group: None };
    put(shared, tx, job, subject, JobOptions::default(), now)
}

fn is_fresh(
    shared: &Shared,
    tx: &Tx<'_>,
    repository: &RepositoryName,
    kind: JobKind,
    now: UnixMs,
) -> Result<bool, StoreError> {
    let read_at = repositories::get(tx, repository)?.and_then(|row| match kind {
        JobKind::Stats => row.numbers_at,
        _ => row.snapshots_at,
    });
    let refresh = i64::try_from(shared.settings.patience.refresh.as_millis()).unwrap_or(i64::MAX);
    // A time that is still to come was written by another clock: read again.
    Ok(read_at.is_some_and(|at| (0..refresh).contains(&now.since(at))))
}

/// The new snapshot goes to the group's second repository as well, and with it what the copy before could not bring.
fn copy(shared: &Shared, tx: &Tx<'_>, job: &Job, snapshot: &str, now: UnixMs) -> Result<(), StoreError> {
    let Some(current) = plan::current(tx)? else { return Ok(()) };
    let group = job.subject.group.as_ref().and_then(|name| current.plan.groups.get(name));
    let Some(to) = group.and_then(|group| group.copy_to.clone()) else { return Ok(()) };
    let subject = JobSubject { kind: JobKind::Copy, ..job.subject.clone() };
    let earlier =
        jobs::finished_of(tx, &subject)?.into_iter().find(|job| job.options.to.as_ref() == Some(&to));
    let mut snapshots: Vec<String> = earlier
        .filter(|job| !matches!(job.state, JobState::Succeeded | JobState::Incomplete))
        .map(|job| job.options.snapshots)
        .unwrap_or_default();
    snapshots.retain(|known| known != snapshot);
    snapshots.push(snapshot.to_owned());
    let too_many = snapshots.len().saturating_sub(TAKEN_ALONG);
    snapshots.drain(..too_many);
    put(shared, tx, job, subject, JobOptions { to: Some(to), snapshots, ..JobOptions::default() }, now)
}

fn put(
    shared: &Shared,
    tx: &Tx<'_>,
    after: &Job,
    subject: JobSubject,
    options: JobOptions,
    now: UnixMs,
) -> Result<(), StoreError> {
    if jobs::open_of(tx, &subject, &options)?.is_some() {
        return Ok(());
    }
    let follow = NewJob {
        id: shared.world.job_id(),
        subject,
        origin: Origin::Follow { job: Some(after.id) },
        schedule: None,
        attempt: 1,
        options,
        not_before: now,
    };
    jobs::queue(tx, &follow, now)
}
