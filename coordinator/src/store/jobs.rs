//! Views of a host's jobs.

use rusqlite::{Connection, OptionalExtension, Row};
use wire::{
    id::{GroupName, JobId, RepositoryName, UnixMs},
    job::{JobKind, JobNumbers, JobState, Origin, Reason},
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
}

/// Which jobs a page shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Any of them; all when empty.
    pub kind: Vec<JobKind>,
    /// Any of them; all when empty.
    pub state: Vec<JobState>,
    pub group: Option<GroupName>,
}

/// A queued job as its row wants it, made before the writer's turn.
#[derive(Debug)]
pub struct QueuedRow {
    job: JobId,
    kind: JobKind,
    repository: RepositoryName,
    group: Option<GroupName>,
    origin: String,
}

impl QueuedRow {
    pub fn new(queued: JobQueued) -> Result<Self, StoreError> {
        let JobQueued { job, subject, origin } = queued;
        let origin = text::json(&origin)?;
        Ok(Self { job, kind: subject.kind, repository: subject.repository, group: subject.group, origin })
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
}

impl FinishedRow {
    pub fn new(finished: &JobFinished) -> Result<Self, StoreError> {
        Ok(Self {
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

pub fn queued(tx: &Tx<'_>, host: HostId, job: &QueuedRow, at: UnixMs) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO view_jobs (host, job, kind, repository, backup, origin, state, queued_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'queued', ?7) ON CONFLICT (host, job) DO NOTHING",
    )?
    .execute((
        host.0,
        job.job.0.as_bytes(),
        job.kind.as_str(),
        job.repository.as_str(),
        job.group.as_ref().map(GroupName::as_str),
        &job.origin,
        at.0,
    ))?;
    Ok(())
}

pub fn started(tx: &Tx<'_>, host: HostId, job: &JobStarted, at: UnixMs) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE view_jobs SET state = 'running', started_at = ?3
         WHERE host = ?1 AND job = ?2 AND state = 'queued'",
    )?
    .execute((host.0, job.job.0.as_bytes(), at.0))?;
    Ok(())
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
            "UPDATE view_jobs SET state = ?3, reason = ?4, numbers = ?5, finished_at = ?6, log_lines = ?7
             WHERE host = ?1 AND job = ?2 AND finished_at IS NULL RETURNING kind",
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
            ),
            |row| row.get(0),
        )
        .optional()?;
    kind.map(|kind| text::parse_word("a job's kind", &kind)).transpose()
}

const COLUMNS: &str = "job, kind, repository, backup, origin, state, reason, numbers, queued_at, started_at,
                       finished_at, log_lines";

pub fn one(connection: &Connection, host: HostId, job: JobId) -> Result<Option<HeldJob>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM view_jobs WHERE host = ?1 AND job = ?2");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query((host.0, job.0.as_bytes()))?;
    rows.next()?.map(held).transpose()
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
         ORDER BY job DESC LIMIT ?6"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query((
        host.0,
        before.map(|job| *job.0.as_bytes()),
        text::json(&filter.kind)?,
        text::json(&filter.state)?,
        filter.group.as_ref().map(GroupName::as_str),
        limit,
    ))?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(held(row)?);
    }
    Ok(all)
}

/// The last backup of any of these groups that ended.
pub fn last_backup_of(
    connection: &Connection,
    host: HostId,
    groups: &[GroupName],
) -> Result<Option<(JobId, JobState, UnixMs)>, StoreError> {
    let sql = "SELECT job, state, finished_at FROM view_jobs
               WHERE host = ?1 AND kind = 'backup' AND finished_at IS NOT NULL
                   AND backup IN (SELECT value FROM json_each(?2))
               ORDER BY finished_at DESC, job DESC LIMIT 1";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query((host.0, text::json(&groups)?))?;
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
    })
}
