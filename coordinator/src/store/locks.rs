//! Views of who holds the locks of a host's repositories.

use rusqlite::{Connection, OptionalExtension};
use wire::{
    id::{RepositoryName, UnixMs},
    journal::Locks,
    snapshot::Lock,
};

use super::{StoreError, Tx, hosts::HostId, text};

/// Of what an agent claims beyond, its raw records alone tell.
const MOST: usize = 100;
const TEXT_BYTES: usize = 256;

/// A repository's locks as their row wants them.
#[derive(Debug)]
pub struct LocksRow {
    repository: RepositoryName,
    locks: String,
}

impl LocksRow {
    pub fn new(found: Locks) -> Result<Self, StoreError> {
        let Locks { repository, mut locks } = found;
        locks.truncate(MOST);
        for lock in &mut locks {
            for said in [&mut lock.id, &mut lock.hostname, &mut lock.username] {
                text::shorten(said, TEXT_BYTES);
            }
        }
        Ok(Self { repository, locks: text::json(&locks)? })
    }
}

pub fn put(tx: &Tx<'_>, host: HostId, found: &LocksRow, at: UnixMs) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT OR REPLACE INTO view_locks (host, repository, locks, at) VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute((host.0, found.repository.as_str(), &found.locks, at.0))?;
    Ok(())
}

/// As they were last seen; nothing when nobody ever looked.
pub fn of(
    connection: &Connection,
    host: HostId,
    repository: &RepositoryName,
) -> Result<Option<(UnixMs, Vec<Lock>)>, StoreError> {
    let row: Option<(i64, String)> = connection
        .prepare_cached("SELECT at, locks FROM view_locks WHERE host = ?1 AND repository = ?2")?
        .query_row((host.0, repository.as_str()), |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    row.map(|(at, locks)| Ok((UnixMs(at), text::parse("a repository's locks", &locks)?))).transpose()
}
