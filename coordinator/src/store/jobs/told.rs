//! What records say of jobs, written into their rows.

use rusqlite::{OptionalExtension, params};
use wire::{
    action::JobOptions,
    id::{GroupName, JobId, RepositoryName, ScheduleName, UnixMs},
    job::{JobKind, JobState, JobSubject, Origin, Reason},
    journal::{JobFinished, JobQueued},
};

use super::job_id;
use crate::store::{StoreError, Tx, hosts::HostId, text};

/// Of what an agent claims beyond, its raw records alone tell.
const OPTIONS_BYTES: usize = 64 * 1024;
const RESULT_BYTES: usize = 1024 * 1024;
const MOST_LACKS: usize = 64;

/// A queued job as its row wants it, made before the writer's turn.
#[derive(Debug)]
pub struct QueuedRow {
    job: JobId,
    kind: JobKind,
    repository: RepositoryName,
    group: Option<GroupName>,
    origin: String,
    /// Of which schedule it is a run, and when that was due.
    slot: Option<(ScheduleName, UnixMs)>,
    /// The job that it repeats: it is of the same slot.
    repeats: Option<JobId>,
    /// Absent: as the plan says.
    options: Option<String>,
    /// What is told of it further on in the same batch.
    started_at: Option<UnixMs>,
    end: Option<(Box<FinishedRow>, UnixMs)>,
}

impl QueuedRow {
    pub fn new(queued: JobQueued) -> Result<Self, StoreError> {
        let JobQueued { job, subject, origin, options } = queued;
        let JobSubject { kind, repository, group } = subject;
        let options = (options != JobOptions::default()).then(|| text::json(&options)).transpose()?;
        let text = text::json(&origin)?;
        let (slot, repeats) = match origin {
            Origin::Schedule { schedule, due_at } | Origin::CatchUp { schedule, due_at } => {
                (Some((schedule, due_at)), None)
            }
            Origin::Retry { job, .. } => (None, Some(job)),
            Origin::Operator { .. } | Origin::Local | Origin::Maintenance { .. } | Origin::Follow { .. } => {
                (None, None)
            }
        };
        Ok(Self {
            job,
            kind,
            repository,
            group,
            origin: text,
            slot,
            repeats,
            options: options.filter(|options| options.len() <= OPTIONS_BYTES),
            started_at: None,
            end: None,
        })
    }

    pub const fn job(&self) -> JobId {
        self.job
    }

    /// It started, says a later record: written with this one. `false` where that record would change nothing any more,
    /// or something else.
    pub const fn starts(&mut self, at: UnixMs) -> bool {
        let first = self.started_at.is_none() && self.end.is_none();
        if first {
            self.started_at = Some(at);
        }
        first
    }

    /// It ended, says a later record: to be asked once, for a job has one end.
    pub fn ends(&mut self, end: Box<FinishedRow>, at: UnixMs) {
        self.end = Some((end, at));
    }

    /// Its end, where that was told in the same batch.
    pub fn end(&self) -> Option<(JobState, UnixMs)> {
        self.end.as_ref().map(|(end, at)| (end.state, *at))
    }

    const fn state(&self) -> JobState {
        match (&self.end, self.started_at) {
            (Some((end, _)), _) => end.state,
            (None, Some(_)) => JobState::Running,
            (None, None) => JobState::Queued,
        }
    }
}

/// A job's end as its row wants it.
#[derive(Debug)]
pub struct FinishedRow {
    job: JobId,
    pub state: JobState,
    reason: Option<String>,
    numbers: String,
    log_lines: u64,
    result: Option<String>,
    lacks: Option<String>,
}

impl FinishedRow {
    pub fn new(finished: &JobFinished) -> Result<Self, StoreError> {
        let result = finished.result.as_ref().map(text::json).transpose()?;
        let lacks = &finished.lacks[..finished.lacks.len().min(MOST_LACKS)];
        let lacks = (!lacks.is_empty()).then(|| text::json(&lacks)).transpose()?;
        Ok(Self {
            result: result.filter(|result| result.len() <= RESULT_BYTES),
            lacks: lacks.filter(|lacks| lacks.len() <= OPTIONS_BYTES),
            job: finished.job,
            state: finished.state,
            reason: finished.reason.as_ref().map(text::json).transpose()?,
            numbers: text::json(&finished.numbers)?,
            log_lines: finished.log_lines,
        })
    }

    pub const fn job(&self) -> JobId {
        self.job
    }
}

/// A job that is known already stays as it is, unless its end was only presumed. The kind of the job, when its end was
/// told in the same batch and is news.
pub fn queued(tx: &Tx<'_>, host: HostId, job: &QueuedRow, at: UnixMs) -> Result<Option<JobKind>, StoreError> {
    if insert(tx, host, job, at)? {
        return Ok(job.end.as_ref().map(|_| job.kind));
    }
    tx.prepare_cached(
        "UPDATE view_jobs SET state = 'queued', reason = NULL, started_at = NULL, finished_at = NULL, presumed = NULL
         WHERE host = ?1 AND job = ?2 AND presumed = 1",
    )?
    .execute((host.0, job.job.0.as_bytes()))?;
    if let Some(at) = job.started_at {
        started(tx, host, job.job, at)?;
    }
    job.end.as_ref().map_or(Ok(None), |(end, at)| finished(tx, host, end, *at))
}

/// `false`, and nothing written, when there is a row of it.
fn insert(tx: &Tx<'_>, host: HostId, job: &QueuedRow, at: UnixMs) -> Result<bool, StoreError> {
    let (end, finished_at) = job.end.as_ref().map(|(end, at)| (end, at.0)).unzip();
    let inserted = tx
        .prepare_cached(
            "INSERT INTO view_jobs (host, job, kind, repository, backup, origin, state, queued_at, options, schedule,
                 due_at, started_at, finished_at, reason, numbers, log_lines, result, lacks)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9,
                 iif(?12 IS NULL, ?10, (SELECT schedule FROM view_jobs WHERE host = ?1 AND job = ?12)),
                 iif(?12 IS NULL, ?11, (SELECT due_at FROM view_jobs WHERE host = ?1 AND job = ?12)),
                 ?13, ?14, ?15, ?16, ?17, ?18, ?19)
             ON CONFLICT (host, job) DO NOTHING",
        )?
        .execute(params![
            host.0,
            job.job.0.as_bytes(),
            job.kind.as_str(),
            job.repository.as_str(),
            job.group.as_ref().map(GroupName::as_str),
            job.origin,
            job.state().as_str(),
            at.0,
            job.options,
            job.slot.as_ref().map(|(schedule, _)| schedule.as_str()),
            job.slot.as_ref().map(|(_, due_at)| due_at.0),
            job.repeats.map(|job| *job.0.as_bytes()),
            job.started_at.map(|at| at.0),
            finished_at,
            end.and_then(|end| end.reason.as_ref()),
            end.map(|end| &end.numbers),
            end.map(|end| end.log_lines.cast_signed()),
            end.and_then(|end| end.result.as_ref()),
            end.and_then(|end| end.lacks.as_ref()),
        ])?;
    Ok(inserted == 1)
}

pub fn started(tx: &Tx<'_>, host: HostId, job: JobId, at: UnixMs) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE view_jobs SET state = 'running', started_at = ?3, reason = NULL, finished_at = NULL, presumed = NULL
         WHERE host = ?1 AND job = ?2 AND (state = 'queued' OR presumed = 1)",
    )?
    .execute((host.0, job.0.as_bytes(), at.0))?;
    Ok(())
}

/// The host's journal goes on in another epoch: what was not over may have lost its end with the old one. It is presumed
/// to be over until a record of the new epoch says otherwise. Answers with these jobs.
pub fn presume_ended(tx: &Tx<'_>, host: HostId, at: UnixMs) -> Result<Vec<JobId>, StoreError> {
    let mut statement = tx.prepare_cached(
        "UPDATE view_jobs SET state = ?2, reason = ?3, finished_at = max(?4, coalesce(started_at, queued_at)), presumed = 1
         WHERE host = ?1 AND finished_at IS NULL RETURNING job",
    )?;
    let reason = text::json(&Reason::AgentDied)?;
    let mut rows = statement.query((host.0, JobState::Interrupted.as_str(), reason, at.0))?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(job_id(row, 0)?);
    }
    Ok(all)
}

/// The kind of the job, when this record ended it; an end that is known already changes nothing.
pub fn finished(
    tx: &Tx<'_>,
    host: HostId,
    job: &FinishedRow,
    at: UnixMs,
) -> Result<Option<JobKind>, StoreError> {
    let kind: Option<String> = tx
        .prepare_cached(
            "UPDATE view_jobs SET state = ?3, reason = ?4, numbers = ?5, finished_at = ?6, log_lines = ?7,
                 result = ?8, lacks = ?9, presumed = NULL
             WHERE host = ?1 AND job = ?2 AND (finished_at IS NULL OR presumed = 1) RETURNING kind",
        )?
        .query_row(
            (
                host.0,
                job.job.0.as_bytes(),
                job.state.as_str(),
                &job.reason,
                &job.numbers,
                at.0,
                job.log_lines.cast_signed(),
                &job.result,
                &job.lacks,
            ),
            |row| row.get(0),
        )
        .optional()?;
    kind.map(|kind| text::parse_word("a job's kind", &kind)).transpose()
}
