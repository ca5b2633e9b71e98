//! Views of a host's jobs.

mod told;

pub use told::{FinishedRow, QueuedRow, finished, presume_ended, queued, started};

use std::collections::BTreeMap;

use rusqlite::{Connection, Row};
use wire::{
    action::JobOptions,
    id::{GroupName, JobId, RepositoryName, ScheduleName, UnixMs},
    job::{JobKind, JobNumbers, JobResult, JobState, Lack, Origin, Reason},
};

use super::{StoreError, hosts::HostId, text};

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
