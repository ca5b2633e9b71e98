//! What the fleet index keeps of a host, read from the views.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension};
use wire::{
    id::{Hash32, JobId, RepositoryName, UnixMs},
    job::JobState,
    snapshot::RepositoryReadiness,
};

use super::{
    StoreError,
    hosts::HostId,
    jobs,
    numbers::{self, Sizes},
    plans, repositories, text,
};

/// The last backup that ended, and how many jobs have not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JobsSummary {
    pub last_backup: Option<(JobId, JobState, UnixMs)>,
    pub active: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepositoriesSummary {
    /// Of all repositories the one that wants attention most.
    pub readiness: RepositoryReadiness,
    pub snapshots: u64,
    /// Bytes that a restore of the newest snapshots would write; the stored bytes where that is not known.
    pub size_bytes: Option<u64>,
    /// How each repository grew.
    pub sizes: Vec<Sizes>,
    /// Which repositories they are, by restic's own id.
    pub restic_ids: Vec<(RepositoryName, Hash32)>,
}

/// What claims to come from later than this after now was written by a wrong clock.
const AHEAD_MS: i64 = 24 * 3_600_000;

/// Asked after every batch. Unless it is told which index to use, SQLite counts through every job that the host ever had.
const ACTIVE: &str =
    "SELECT count(*) FROM view_jobs INDEXED BY view_jobs_active WHERE host = ?1 AND finished_at IS NULL";

pub fn jobs(connection: &Connection, host: HostId) -> Result<JobsSummary, StoreError> {
    let sql = "SELECT job, state, finished_at FROM view_jobs
               WHERE host = ?1 AND kind = 'backup' AND finished_at IS NOT NULL
               ORDER BY finished_at DESC LIMIT 1";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([host.0])?;
    let last_backup = rows.next()?.map(jobs::ended).transpose()?;
    let active: i64 = connection.prepare_cached(ACTIVE)?.query_row([host.0], |row| row.get(0))?;
    Ok(JobsSummary { last_backup, active: active.cast_unsigned() })
}

/// Days of which a trend is drawn, and some to spare.
const TREND_MS: i64 = 32 * 24 * 3_600_000;
/// Repositories that are added up: an agent may name any number.
const MOST: u32 = 64;

/// Adds up the repositories of the plan: those that were taken out of it are looked after no more.
pub fn repositories(
    connection: &Connection,
    host: HostId,
    now: UnixMs,
) -> Result<RepositoriesSummary, StoreError> {
    let names = match plans::repositories(connection, host, MOST)? {
        Some(names) => names,
        None => mentioned(connection, host)?,
    };
    let restored = restored_bytes(connection, host, &names)?;
    let (from, until) = (now.plus_ms(-TREND_MS), now.plus_ms(AHEAD_MS));
    let sizes = names.iter().map(|name| numbers::sizes(connection, host, name, from, until));
    let sizes = sizes.collect::<Result<Vec<Sizes>, _>>()?;
    let stored =
        || sizes.iter().filter_map(|of| of.last()).fold(None, |sum, (_, size)| Some(add(sum, *size)));
    Ok(RepositoriesSummary {
        readiness: readiness(connection, host, &names)?,
        snapshots: snapshots(connection, host, &names)?,
        size_bytes: restored.or_else(stored),
        sizes,
        restic_ids: repositories::restic_ids(connection, host)?,
    })
}

/// Every repository that a host without a plan told of.
fn mentioned(connection: &Connection, host: HostId) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT repository FROM view_repositories WHERE host = ?1
               UNION SELECT repository FROM view_snapshots WHERE host = ?1
               UNION SELECT repository FROM view_numbers WHERE host = ?1 LIMIT ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map((host.0, MOST), |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A copy in a second repository has the group and the time of what it was copied from, and is the same snapshot.
fn snapshots(connection: &Connection, host: HostId, names: &[String]) -> Result<u64, StoreError> {
    let count: i64 = if let [only] = names {
        let sql = "SELECT count(*) FROM view_snapshots WHERE host = ?1 AND repository = ?2";
        connection.prepare_cached(sql)?.query_row((host.0, only), |row| row.get(0))?
    } else {
        let sql = "SELECT count(*) FROM (SELECT DISTINCT backup, time FROM view_snapshots
                   WHERE host = ?1 AND repository IN (SELECT value FROM json_each(?2)))";
        connection.prepare_cached(sql)?.query_row((host.0, text::json(&names)?), |row| row.get(0))?
    };
    Ok(count.cast_unsigned())
}

/// Adds the newest snapshot of each group, wherever it lies; `None` when one of them does not say.
fn restored_bytes(
    connection: &Connection,
    host: HostId,
    names: &[String],
) -> Result<Option<u64>, StoreError> {
    // `max(time)` picks the row that the bare column comes from: https://sqlite.org/lang_select.html#bareagg
    let sql = "SELECT backup, max(time), size_bytes FROM view_snapshots
               WHERE host = ?1 AND repository = ?2 GROUP BY backup";
    let mut statement = connection.prepare_cached(sql)?;
    let mut newest: BTreeMap<Option<String>, (i64, Option<i64>)> = BTreeMap::new();
    for name in names {
        let mut rows = statement.query((host.0, name))?;
        while let Some(row) = rows.next()? {
            let (time, size) = (row.get(1)?, row.get(2)?);
            let found = newest.entry(row.get(0)?).or_insert((time, size));
            // A copy may not say what the snapshot that it was made of does.
            *found = (*found).max((time, size));
        }
    }
    let mut sum = None;
    for (_, size) in newest.into_values() {
        let Some(size) = size else { return Ok(None) };
        sum = Some(add(sum, size.cast_unsigned()));
    }
    Ok(sum)
}

/// Not SQL's `sum`, which is an error beyond 2^63: an agent may claim any size.
fn add(sum: Option<u64>, size: u64) -> u64 {
    sum.unwrap_or(0).saturating_add(size)
}

/// The worst of these.
fn readiness(
    connection: &Connection,
    host: HostId,
    names: &[String],
) -> Result<RepositoryReadiness, StoreError> {
    let sql = "SELECT readiness FROM view_repositories
               WHERE host = ?1 AND repository IN (SELECT value FROM json_each(?2))
               ORDER BY CASE readiness WHEN 'unusable' THEN 0 WHEN 'needs_secret' THEN 1 WHEN 'unknown' THEN 2
                   ELSE 3 END LIMIT 1";
    let mut statement = connection.prepare_cached(sql)?;
    let word: Option<String> =
        statement.query_row((host.0, text::json(&names)?), |row| row.get(0)).optional()?;
    word.map_or(Ok(RepositoryReadiness::Unknown), |word| text::parse_word("a repository's readiness", &word))
}

/// Backups that ended since, by the minute of their end and their outcome, of one host or of all; none whose end is only
/// presumed.
pub fn backups_by_minute(
    connection: &Connection,
    host: Option<HostId>,
    since: UnixMs,
) -> Result<Vec<(i64, JobState, u64)>, StoreError> {
    let of_host = if host.is_some() { "host = ?2" } else { "?2 IS NULL" };
    let sql = format!(
        "SELECT finished_at / 60000, state, count(*) FROM view_jobs
         WHERE kind = 'backup' AND finished_at >= ?1 AND presumed IS NULL AND {of_host} GROUP BY 1, 2"
    );
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query((since.0, host.map(|host| host.0)))?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let state: String = row.get(1)?;
        let count: i64 = row.get(2)?;
        all.push((row.get(0)?, text::parse_word("a job's state", &state)?, count.cast_unsigned()));
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::*;
    use crate::store::tests::released;

    #[test]
    fn jobs_that_are_over_cost_nothing_where_the_others_are_counted() {
        let (_directory, connection) = released(&[]);
        let past = "WITH RECURSIVE past (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM past WHERE n < 1000)
                    INSERT INTO view_jobs (host, job, kind, repository, origin, state, queued_at, finished_at)
                    SELECT 9, CAST(printf('%016d', n) AS BLOB), 'backup', 'main', '{\"by\":\"local\"}', 'succeeded', n,
                        nullif(n, 1000) FROM past";
        connection.execute(past, []).unwrap();
        assert_eq!(jobs(&connection, HostId(9)).unwrap().active, 1);
        let steps = connection.prepare_cached(ACTIVE).unwrap().get_status(StatementStatus::VmStep);
        assert!((1..100).contains(&steps), "{steps} steps to count one job");
    }
}
