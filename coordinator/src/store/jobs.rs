//! Views of a host's jobs.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, Row};
use wire::{
    action::JobOptions,
    id::{GroupName, JobId, RepositoryName, ScheduleName, UnixMs},
    job::{JobKind, JobNumbers, JobResult, JobState, JobSubject, Lack, Origin, Reason},
    journal::{JobFinished, JobQueued, JobStarted},
};

use super::{StoreError, Tx, hosts::HostId, text};

#[derive(Clone, Debug, PartialEq)]
pub struct HeldJob {
    pub job: JobId,
    pub kind: JobKind,
    pub repository: RepositoryName,
    pub group: Option<GroupName>,
    pub origin: Origin,
    pub state: JobState,
    pub reason: Option<Reason>,
    pub numbers: JobNumbers,
    pub queued_at: UnixMs,
    pub started_at: Option<UnixMs>,
    pub finished_at: Option<UnixMs>,
    pub log_lines: Option<u64>,
    pub options: JobOptions,
    /// Of [`one`] alone: a list would carry megabytes.
    pub result: Option<JobResult>,
    pub lacks: Vec<Lack>,
}

/// Of what an agent claims beyond, its raw records alone tell.
const OPTIONS_BYTES: usize = 64 * 1024;
const RESULT_BYTES: usize = 1024 * 1024;
const MOST_LACKS: usize = 64;

/// Which jobs a page shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Any of them; all when empty.
    pub kind: Vec<JobKind>,
    /// Any of them; all when empty.
    pub state: Vec<JobState>,
    pub group: Option<GroupName>,
    pub repository: Option<RepositoryName>,
}

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
        })
    }

    pub const fn job(&self) -> JobId {
        self.job
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

/// A job that is known already stays as it is, unless its end was only presumed.
pub fn queued(tx: &Tx<'_>, host: HostId, job: &QueuedRow, at: UnixMs) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO view_jobs (host, job, kind, repository, backup, origin, state, queued_at, options, schedule, due_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'queued', ?7, ?8,
             iif(?11 IS NULL, ?9, (SELECT schedule FROM view_jobs WHERE host = ?1 AND job = ?11)),
             iif(?11 IS NULL, ?10, (SELECT due_at FROM view_jobs WHERE host = ?1 AND job = ?11)))
         ON CONFLICT (host, job) DO UPDATE SET state = 'queued', reason = NULL, started_at = NULL, finished_at = NULL,
             presumed = NULL WHERE presumed = 1",
    )?
    .execute((
        host.0,
        job.job.0.as_bytes(),
        job.kind.as_str(),
        job.repository.as_str(),
        job.group.as_ref().map(GroupName::as_str),
        &job.origin,
        at.0,
        &job.options,
        job.slot.as_ref().map(|(schedule, _)| schedule.as_str()),
        job.slot.as_ref().map(|(_, due_at)| due_at.0),
        job.repeats.map(|job| *job.0.as_bytes()),
    ))?;
    Ok(())
}

pub fn started(tx: &Tx<'_>, host: HostId, job: &JobStarted, at: UnixMs) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE view_jobs SET state = 'running', started_at = ?3, reason = NULL, finished_at = NULL, presumed = NULL
         WHERE host = ?1 AND job = ?2 AND (state = 'queued' OR presumed = 1)",
    )?
    .execute((host.0, job.job.0.as_bytes(), at.0))?;
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

const COLUMNS: &str = "job, kind, repository, backup, origin, state, reason, numbers, queued_at, started_at,
                       finished_at, log_lines, options, lacks";

pub fn one(connection: &Connection, host: HostId, job: JobId) -> Result<Option<HeldJob>, StoreError> {
    let sql = format!("SELECT {COLUMNS}, result FROM view_jobs WHERE host = ?1 AND job = ?2");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query((host.0, job.0.as_bytes()))?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let result: Option<String> = row.get(14)?;
    let result = result.map(|result| text::parse("a job's result", &result)).transpose()?;
    Ok(Some(HeldJob { result, ..held(row)? }))
}

/// The newest first (ids sort by time), those before `before`.
pub fn page(
    connection: &Connection,
    host: HostId,
    filter: &Filter,
    before: Option<JobId>,
    limit: u32,
) -> Result<Vec<HeldJob>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM view_jobs
         WHERE host = ?1 AND (?2 IS NULL OR job < ?2)
             AND (?3 = '[]' OR kind IN (SELECT value FROM json_each(?3)))
             AND (?4 = '[]' OR state IN (SELECT value FROM json_each(?4)))
             AND (?5 IS NULL OR backup = ?5)
             AND (?6 IS NULL OR repository = ?6)
         ORDER BY job DESC LIMIT ?7"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query((
        host.0,
        before.map(|job| *job.0.as_bytes()),
        text::json(&filter.kind)?,
        text::json(&filter.state)?,
        filter.group.as_ref().map(GroupName::as_str),
        filter.repository.as_ref().map(RepositoryName::as_str),
        limit,
    ))?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(held(row)?);
    }
    Ok(all)
}

/// What a schedule's last run came to: of the newest instant that was due and of which something ended, the worst of what
/// its groups ended with. Of a group that was tried again, the last attempt counts.
pub fn last_run_of(
    connection: &Connection,
    host: HostId,
    schedule: &ScheduleName,
    until: UnixMs,
) -> Result<Option<(JobId, JobState, UnixMs)>, StoreError> {
    let sql = "SELECT job, state, finished_at, backup FROM view_jobs
               WHERE host = ?1 AND schedule = ?2 AND finished_at IS NOT NULL AND kind = 'backup'
                   AND due_at = (SELECT due_at FROM view_jobs
                                 WHERE host = ?1 AND schedule = ?2 AND due_at <= ?3 AND finished_at IS NOT NULL
                                     AND kind = 'backup'
                                 ORDER BY due_at DESC LIMIT 1)
               ORDER BY queued_at, job";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query((host.0, schedule.as_str(), until.0))?;
    let mut by_group = BTreeMap::new();
    while let Some(row) = rows.next()? {
        by_group.insert(row.get::<_, Option<String>>(3)?, ended(row)?);
    }
    Ok(by_group.into_values().max_by_key(|(_, state, at)| (badness(*state), *at)))
}

/// How much a person wants to hear of it.
const fn badness(state: JobState) -> u8 {
    match state {
        JobState::Queued | JobState::Running | JobState::Succeeded => 0,
        JobState::Skipped => 1,
        JobState::Cancelled => 2,
        JobState::Incomplete => 3,
        JobState::Interrupted => 4,
        JobState::Failed => 5,
    }
}

/// The last job of upkeep of this kind on a repository that ended.
pub fn last_upkeep_of(
    connection: &Connection,
    host: HostId,
    kind: JobKind,
    repository: &RepositoryName,
) -> Result<Option<(JobId, JobState, UnixMs)>, StoreError> {
    // The first condition is the index's own, word for word: that is how SQLite knows that it may use it.
    let sql = "SELECT job, state, finished_at FROM view_jobs
               WHERE kind IN ('forget', 'prune', 'check', 'drill') AND finished_at IS NOT NULL
                   AND host = ?1 AND kind = ?2 AND repository = ?3
               ORDER BY finished_at DESC LIMIT 1";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query((host.0, kind.as_str(), repository.as_str()))?;
    rows.next()?.map(ended).transpose()
}

/// Job, state and end: the columns of a query for ended jobs.
pub(super) fn ended(row: &Row<'_>) -> Result<(JobId, JobState, UnixMs), StoreError> {
    let state: String = row.get(1)?;
    Ok((job_id(row, 0)?, text::parse_word("a job's state", &state)?, UnixMs(row.get(2)?)))
}

pub(super) fn job_id(row: &Row<'_>, column: usize) -> Result<JobId, StoreError> {
    Ok(JobId(uuid::Uuid::from_bytes(row.get(column)?)))
}

fn held(row: &Row<'_>) -> Result<HeldJob, StoreError> {
    let [kind, repository, origin, state]: [String; 4] = [row.get(1)?, row.get(2)?, row.get(4)?, row.get(5)?];
    let [group, reason, numbers]: [Option<String>; 3] = [row.get(3)?, row.get(6)?, row.get(7)?];
    let numbers = numbers.map(|numbers| text::parse("a job's numbers", &numbers)).transpose()?;
    let [options, lacks]: [Option<String>; 2] = [row.get(12)?, row.get(13)?];
    let options = options.map(|options| text::parse("a job's options", &options)).transpose()?;
    let lacks = lacks.map(|lacks| text::parse("what a job lacked", &lacks)).transpose()?;
    Ok(HeldJob {
        job: job_id(row, 0)?,
        kind: text::parse_word("a job's kind", &kind)?,
        repository: text::name("a repository's name", &repository)?,
        group: group.map(|group| text::name("a group's name", &group)).transpose()?,
        origin: text::parse("a job's origin", &origin)?,
        state: text::parse_word("a job's state", &state)?,
        reason: reason.map(|reason| text::parse("a job's reason", &reason)).transpose()?,
        numbers: numbers.unwrap_or_default(),
        queued_at: UnixMs(row.get(8)?),
        started_at: row.get::<_, Option<i64>>(9)?.map(UnixMs),
        finished_at: row.get::<_, Option<i64>>(10)?.map(UnixMs),
        log_lines: row.get::<_, Option<i64>>(11)?.map(i64::cast_unsigned),
        options: options.unwrap_or_default(),
        result: None,
        lacks: lacks.unwrap_or_default(),
    })
}
