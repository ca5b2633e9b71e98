//! Jobs: their rows, and the records that say the same. Each change of a job writes both, in the caller's transaction.
//!
//! Knows what a job's life may look like (`queued → running → over`, never back). Must not know why anything is queued.

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use wire::{
    action::JobOptions,
    id::{GroupName, JobId, RepositoryName, ScheduleName, UnixMs},
    job::{JobNumbers, JobResult, JobState, JobSubject, Lack, Origin, Reason},
    journal::{JobFinished, JobQueued, JobStarted},
    restore::Lent,
};

use super::{
    StoreError, Tx, column,
    journal::{append_body, number, unsigned},
    ran,
};
use crate::world::ProcessId;

#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    pub id: JobId,
    pub subject: JobSubject,
    pub state: JobState,
    pub origin: Origin,
    /// The schedule at the root of the origin; a retry has its predecessor's.
    pub schedule: Option<ScheduleName>,
    /// Counts from 1.
    pub attempt: u32,
    /// For this run alone, instead of the plan's.
    pub options: JobOptions,
    pub queued_at: UnixMs,
    pub not_before: UnixMs,
    pub started_at: Option<UnixMs>,
    pub finished_at: Option<UnixMs>,
    pub reason: Option<Reason>,
    pub numbers: JobNumbers,
    pub result: Option<JobResult>,
    pub log_lines: u64,
    /// restic's process while the job runs.
    pub process: Option<ProcessId>,
    /// The person who wants it cancelled.
    pub cancel_by: Option<String>,
    /// A person asked for it while it waited.
    pub wanted: bool,
}

impl Job {
    /// Of a restore from another host's repository.
    pub fn lent(&self) -> Option<&Lent> {
        self.options.restore.as_ref()?.lent.as_ref()
    }
}

/// A job that is wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct NewJob {
    pub id: JobId,
    pub subject: JobSubject,
    pub origin: Origin,
    pub schedule: Option<ScheduleName>,
    pub attempt: u32,
    pub options: JobOptions,
    pub not_before: UnixMs,
}

/// How a job ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Ending {
    pub state: JobState,
    pub reason: Option<Reason>,
    pub numbers: JobNumbers,
    pub result: Option<JobResult>,
    /// Journalled alone: it says what this restic could not.
    pub lacks: Vec<Lack>,
    pub log_lines: u64,
}

impl Ending {
    /// Over, with nothing to show for it.
    pub fn bare(state: JobState, reason: Option<Reason>) -> Self {
        let (numbers, result, lacks) = (JobNumbers::default(), None, Vec::new());
        Self { state, reason, numbers, result, lacks, log_lines: 0 }
    }
}

const COLUMNS: &str =
    "id, kind, repository, plan_group, state, origin, schedule, attempt, options, queued_at,
    not_before, started_at, finished_at, reason, numbers, log_lines, process, cancel_by, result, wanted";

pub fn queue(tx: &Tx<'_>, job: &NewJob, at: UnixMs) -> Result<(), StoreError> {
    insert(tx, job, at)?;
    let body = JobQueued {
        job: job.id,
        subject: job.subject.clone(),
        origin: job.origin.clone(),
        options: job.options.clone(),
    };
    append_body(tx, &body, at)?;
    Ok(())
}

/// It was due, but is not run: queued and over in one breath.
pub fn skip(tx: &Tx<'_>, job: &NewJob, reason: Reason, at: UnixMs) -> Result<(), StoreError> {
    queue(tx, job, at)?;
    finish(tx, job.id, &Ending::bare(JobState::Skipped, Some(reason)), at)?;
    Ok(())
}

fn insert(tx: &Tx<'_>, job: &NewJob, at: UnixMs) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO job (id, kind, repository, plan_group, state, origin, schedule, attempt, options,
             queued_at, not_before)
         VALUES (?1, ?2, ?3, ?4, 'queued', ?5, ?6, ?7, ?8, ?9, ?10)",
    )?
    .execute(params![
        job.id.0.as_bytes(),
        job.subject.kind.as_str(),
        job.subject.repository.as_str(),
        job.subject.group.as_ref().map(GroupName::as_str),
        column::to_json(&job.origin)?,
        job.schedule.as_ref().map(ScheduleName::as_str),
        job.attempt,
        column::to_json(&job.options)?,
        at.0,
        job.not_before.0,
    ])?;
    Ok(())
}

/// False when the job was not queued any more: nothing is written then.
pub fn start(tx: &Tx<'_>, id: JobId, restic_version: Option<String>, at: UnixMs) -> Result<bool, StoreError> {
    let changed = tx
        .prepare_cached(
            "UPDATE job SET state = 'running', started_at = ?2 WHERE id = ?1 AND state = 'queued'",
        )?
        .execute(params![id.0.as_bytes(), at.0])?;
    if changed == 1 {
        append_body(tx, &JobStarted { job: id, restic_version }, at)?;
    }
    Ok(changed == 1)
}

/// Remembers restic's process, so that a later agent can tell whether it still runs.
pub fn set_process(tx: &Tx<'_>, id: JobId, process: Option<&ProcessId>) -> Result<(), StoreError> {
    let text = process.map(column::to_json).transpose()?;
    tx.prepare_cached("UPDATE job SET process = ?2 WHERE id = ?1")?
        .execute(params![id.0.as_bytes(), text])?;
    Ok(())
}

/// Ends a job for good. False when it was over before: nothing is written then.
pub fn finish(tx: &Tx<'_>, id: JobId, ending: &Ending, at: UnixMs) -> Result<bool, StoreError> {
    debug_assert!(ending.state.is_over(), "a job ends in a state that is over");
    let reason = ending.reason.as_ref().map(column::to_json).transpose()?;
    let changed = tx
        .prepare_cached(
            "UPDATE job SET state = ?2, reason = ?3, numbers = ?4, log_lines = ?5, finished_at = ?6, process = NULL,
                 result = ?7
             WHERE id = ?1 AND state IN ('queued', 'running')",
        )?
        .execute(params![
            id.0.as_bytes(),
            ending.state.as_str(),
            reason,
            column::to_json(&ending.numbers)?,
            number(ending.log_lines)?,
            at.0,
            ending.result.as_ref().map(column::to_json).transpose()?
        ])?;
    if changed == 1 {
        ran::ended(tx, id, at)?;
        let Ending { state, reason, numbers, result, lacks, log_lines } = ending.clone();
        append_body(tx, &JobFinished { job: id, state, reason, numbers, log_lines, result, lacks }, at)?;
    }
    Ok(changed == 1)
}

/// Notes who wants the job cancelled; false when it is over, or was never there.
pub fn request_cancel(tx: &Tx<'_>, id: JobId, person: &str) -> Result<bool, StoreError> {
    let changed = tx
        .prepare_cached("UPDATE job SET cancel_by = ?2 WHERE id = ?1 AND state IN ('queued', 'running')")?
        .execute(params![id.0.as_bytes(), person])?;
    Ok(changed == 1)
}

/// A person asks for a job that is queued: it may begin at once, and its turn is as if it had been theirs.
pub fn bring_forward(tx: &Tx<'_>, id: JobId, at: UnixMs) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE job SET not_before = min(not_before, ?2), wanted = 1 WHERE id = ?1 AND state = 'queued'",
    )?
    .execute(params![id.0.as_bytes(), at.0])?;
    Ok(())
}

pub fn get(connection: &Connection, id: JobId) -> Result<Option<Job>, StoreError> {
    Ok(connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM job WHERE id = ?1"))?
        .query_row(params![id.0.as_bytes()], row)
        .optional()?)
}

/// Everything queued or running, oldest first.
pub fn open(connection: &Connection) -> Result<Vec<Job>, StoreError> {
    list(connection, "WHERE state IN ('queued', 'running') ORDER BY queued_at, id", params![])
}

/// The same work that is queued or running, if there is any.
pub fn open_of(
    connection: &Connection,
    subject: &JobSubject,
    options: &JobOptions,
) -> Result<Option<Job>, StoreError> {
    let found = list(
        connection,
        "WHERE state IN ('queued', 'running') AND repository = ?1 AND kind = ?2 AND plan_group IS ?3",
        params![
            subject.repository.as_str(),
            subject.kind.as_str(),
            subject.group.as_ref().map(GroupName::as_str)
        ],
    )?;
    Ok(found.into_iter().find(|job| job.options.is_same_work(options)))
}

/// The last few runs of the same work that are over, newest first, whatever their options.
pub fn finished_of(connection: &Connection, subject: &JobSubject) -> Result<Vec<Job>, StoreError> {
    list(
        connection,
        "WHERE repository = ?1 AND kind = ?2 AND plan_group IS ?3 AND finished_at IS NOT NULL
         ORDER BY queued_at DESC, id DESC LIMIT 20",
        params![
            subject.repository.as_str(),
            subject.kind.as_str(),
            subject.group.as_ref().map(GroupName::as_str)
        ],
    )
}

/// The newest first, from before `before` (a time of queueing) on.
pub fn latest(connection: &Connection, before: Option<UnixMs>, limit: u32) -> Result<Vec<Job>, StoreError> {
    let before = before.map_or(i64::MAX, |at| at.0);
    list(connection, "WHERE queued_at < ?1 ORDER BY queued_at DESC, id DESC LIMIT ?2", params![before, limit])
}

/// The snapshots that finished jobs of this repository say they made, from `since` on. restic 0.14 names them by their
/// first eight digits.
pub fn claimed(
    connection: &Connection,
    repository: &RepositoryName,
    since: UnixMs,
) -> Result<Vec<String>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT json_extract(numbers, '$.snapshot') FROM job
         WHERE repository = ?1 AND finished_at >= ?2 AND json_extract(numbers, '$.snapshot') IS NOT NULL",
    )?;
    let rows = statement.query_map(params![repository.as_str(), since.0], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn list(
    connection: &Connection,
    condition: &str,
    params: &[&dyn rusqlite::ToSql],
) -> Result<Vec<Job>, StoreError> {
    let mut statement = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM job {condition}"))?;
    let rows = statement.query_map(params, row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn row(row: &Row<'_>) -> rusqlite::Result<Job> {
    Ok(Job {
        id: JobId(uuid::Uuid::from_bytes(row.get(0)?)),
        subject: JobSubject {
            kind: column::word(row, 1)?,
            repository: column::word(row, 2)?,
            group: column::maybe_word(row, 3)?,
        },
        state: column::word(row, 4)?,
        origin: column::json(row, 5)?,
        schedule: column::maybe_word(row, 6)?,
        attempt: row.get(7)?,
        options: column::json(row, 8)?,
        queued_at: UnixMs(row.get(9)?),
        not_before: UnixMs(row.get(10)?),
        started_at: column::time(row, 11)?,
        finished_at: column::time(row, 12)?,
        reason: column::maybe_json(row, 13)?,
        numbers: column::json(row, 14)?,
        log_lines: unsigned(row.get(15)?),
        process: column::maybe_json(row, 16)?,
        cancel_by: row.get(17)?,
        result: column::maybe_json(row, 18)?,
        wanted: row.get(19)?,
    })
}
