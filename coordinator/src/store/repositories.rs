//! Views of a host's repositories: whether they can be used, and which they are.

use rusqlite::Connection;
use wire::{
    id::{Hash32, RepositoryName, UnixMs},
    job::Reason,
    journal::RepositoryState,
    snapshot::RepositoryReadiness,
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

/// What the host says is all that is known: it names restic's own id for as long as the repository did not move.
pub fn put_state(tx: &Tx<'_>, host: HostId, state: &RepositoryState, at: UnixMs) -> Result<(), StoreError> {
    let reason = state.reason.as_ref().map(text::json).transpose()?;
    tx.prepare_cached(
        "INSERT INTO view_repositories (host, repository, readiness, reason, restic_id, checked_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (host, repository) DO UPDATE SET readiness = excluded.readiness, reason = excluded.reason,
             restic_id = excluded.restic_id, checked_at = excluded.checked_at",
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

/// The most repositories of one host that are held against others': an agent may claim any number.
const SHARED: u32 = 64;

/// restic's own ids, where the host named them and they are ids.
pub fn restic_ids(
    connection: &Connection,
    host: HostId,
) -> Result<Vec<(RepositoryName, Hash32)>, StoreError> {
    let sql = "SELECT repository, restic_id FROM view_repositories
               WHERE host = ?1 AND restic_id IS NOT NULL ORDER BY repository LIMIT ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query((host.0, SHARED))?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        if let Ok(id) = row.get::<_, String>(1)?.parse() {
            all.push((text::name("a repository's name", &row.get::<_, String>(0)?)?, id));
        }
    }
    Ok(all)
}
