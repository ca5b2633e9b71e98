//! Views of a host's repositories: whether they can be used, and how they grew.

use rusqlite::Connection;
use wire::{
    id::{RepositoryName, UnixMs},
    job::Reason,
    journal::{Numbers, RepositoryState},
    snapshot::{RepositoryNumbers, RepositoryReadiness},
};

use super::{StoreError, Tx, hosts::HostId, text};

/// What the host last said of one repository.
#[derive(Clone, Debug, PartialEq)]
pub struct HeldRepository {
    pub name: RepositoryName,
    pub readiness: RepositoryReadiness,
    pub reason: Option<Reason>,
    pub restic_id: Option<String>,
    pub checked_at: UnixMs,
}

pub fn put_state(tx: &Tx<'_>, host: HostId, state: &RepositoryState, at: UnixMs) -> Result<(), StoreError> {
    let reason = state.reason.as_ref().map(text::json).transpose()?;
    tx.prepare_cached(
        "INSERT INTO view_repositories (host, repository, readiness, reason, restic_id, checked_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (host, repository) DO UPDATE SET readiness = excluded.readiness, reason = excluded.reason,
             restic_id = coalesce(excluded.restic_id, restic_id), checked_at = excluded.checked_at",
    )?
    .execute((
        host.0,
        state.repository.as_str(),
        text::word(&state.readiness)?,
        reason,
        &state.restic_id,
        at.0,
    ))?;
    Ok(())
}

pub fn put_numbers(tx: &Tx<'_>, host: HostId, numbers: &Numbers, at: UnixMs) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT OR REPLACE INTO view_numbers (host, repository, at, numbers) VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute((host.0, numbers.repository.as_str(), at.0, text::json(&numbers.numbers)?))?;
    Ok(())
}

pub fn held(connection: &Connection, host: HostId) -> Result<Vec<HeldRepository>, StoreError> {
    let sql = "SELECT repository, readiness, reason, restic_id, checked_at FROM view_repositories
               WHERE host = ?1 ORDER BY repository";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([host.0])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let reason: Option<String> = row.get(2)?;
        all.push(HeldRepository {
            name: text::name("a repository's name", &row.get::<_, String>(0)?)?,
            readiness: text::parse_word("a repository's readiness", &row.get::<_, String>(1)?)?,
            reason: reason.map(|reason| text::parse("a repository's reason", &reason)).transpose()?,
            restic_id: row.get(3)?,
            checked_at: UnixMs(row.get(4)?),
        });
    }
    Ok(all)
}

/// A repository's numbers over time, oldest first, at most the last `limit`.
pub fn history(
    connection: &Connection,
    host: HostId,
    repository: &RepositoryName,
    limit: u32,
) -> Result<Vec<(UnixMs, RepositoryNumbers)>, StoreError> {
    let sql =
        "SELECT at, numbers FROM view_numbers WHERE host = ?1 AND repository = ?2 ORDER BY at DESC LIMIT ?3";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query((host.0, repository.as_str(), limit))?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push((UnixMs(row.get(0)?), text::parse("a repository's numbers", &row.get::<_, String>(1)?)?));
    }
    all.reverse();
    Ok(all)
}
