//! What the fleet index keeps of a host, read from the views.

use rusqlite::{Connection, OptionalExtension};
use wire::{
    id::{JobId, UnixMs},
    job::JobState,
    snapshot::{RepositoryNumbers, RepositoryReadiness},
};

use super::{StoreError, hosts::HostId, jobs, text};

/// The last backup that ended, and how many jobs have not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JobsSummary {
    pub last_backup: Option<(JobId, JobState, UnixMs)>,
    pub active: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RepositoriesSummary {
    /// Of all repositories the one that wants attention most.
    pub readiness: RepositoryReadiness,
    pub snapshots: u64,
    /// Bytes that a restore of the newest snapshots would write; the stored bytes where that is not known.
    pub size_bytes: Option<u64>,
}

pub fn jobs(connection: &Connection, host: HostId) -> Result<JobsSummary, StoreError> {
    let sql = "SELECT job, state, finished_at FROM view_jobs
               WHERE host = ?1 AND kind = 'backup' AND finished_at IS NOT NULL
               ORDER BY finished_at DESC LIMIT 1";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([host.0])?;
    let last_backup = rows.next()?.map(jobs::ended).transpose()?;
    let active: i64 = connection
        .prepare_cached("SELECT count(*) FROM view_jobs WHERE host = ?1 AND finished_at IS NULL")?
        .query_row([host.0], |row| row.get(0))?;
    Ok(JobsSummary { last_backup, active: active.cast_unsigned() })
}

pub fn repositories(connection: &Connection, host: HostId) -> Result<RepositoriesSummary, StoreError> {
    let snapshots: i64 = connection
        .prepare_cached("SELECT count(*) FROM view_snapshots WHERE host = ?1")?
        .query_row([host.0], |row| row.get(0))?;
    let restored = restored_bytes(connection, host)?;
    let size_bytes = if restored.is_some() { restored } else { stored_bytes(connection, host)? };
    Ok(RepositoriesSummary {
        readiness: readiness(connection, host)?,
        snapshots: snapshots.cast_unsigned(),
        size_bytes,
    })
}

/// Adds the newest snapshot of each repository and group; `None` when one of them does not say.
fn restored_bytes(connection: &Connection, host: HostId) -> Result<Option<u64>, StoreError> {
    // `max(time)` picks the row that the bare column comes from: https://sqlite.org/lang_select.html#bareagg
    let sql = "SELECT size_bytes, max(time) FROM view_snapshots WHERE host = ?1 GROUP BY repository, backup";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([host.0])?;
    let mut sum = None;
    while let Some(row) = rows.next()? {
        let Some(size) = row.get::<_, Option<i64>>(0)? else { return Ok(None) };
        sum = Some(add(sum, size.cast_unsigned()));
    }
    Ok(sum)
}

fn stored_bytes(connection: &Connection, host: HostId) -> Result<Option<u64>, StoreError> {
    let sql = "SELECT numbers, max(at) FROM view_numbers WHERE host = ?1 GROUP BY repository";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([host.0])?;
    let mut sum = None;
    while let Some(row) = rows.next()? {
        let numbers: RepositoryNumbers = text::parse("a repository's numbers", &row.get::<_, String>(0)?)?;
        sum = Some(add(sum, numbers.stored_bytes));
    }
    Ok(sum)
}

/// Not SQL's `sum`, which is an error beyond 2^63: an agent may claim any size.
fn add(sum: Option<u64>, size: u64) -> u64 {
    sum.unwrap_or(0).saturating_add(size)
}

fn readiness(connection: &Connection, host: HostId) -> Result<RepositoryReadiness, StoreError> {
    let sql = "SELECT readiness FROM view_repositories WHERE host = ?1
               ORDER BY CASE readiness WHEN 'unusable' THEN 0 WHEN 'needs_secret' THEN 1 WHEN 'unknown' THEN 2
                   ELSE 3 END LIMIT 1";
    let word: Option<String> =
        connection.prepare_cached(sql)?.query_row([host.0], |row| row.get(0)).optional()?;
    word.map_or(Ok(RepositoryReadiness::Unknown), |word| text::parse_word("a repository's readiness", &word))
}

/// Backups that ended since, by the minute of their end and their outcome.
pub fn backups_by_minute(
    connection: &Connection,
    since: UnixMs,
) -> Result<Vec<(i64, JobState, u64)>, StoreError> {
    let sql = "SELECT finished_at / 60000, state, count(*) FROM view_jobs
               WHERE kind = 'backup' AND finished_at >= ?1 GROUP BY 1, 2";
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([since.0])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let state: String = row.get(1)?;
        let count: i64 = row.get(2)?;
        all.push((row.get(0)?, text::parse_word("a job's state", &state)?, count.cast_unsigned()));
    }
    Ok(all)
}
