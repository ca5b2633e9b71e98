//! The snapshots of each repository as last listed, and the records of what changed.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, params};
use wire::{
    id::{RepositoryName, UnixMs},
    journal::Snapshots,
    snapshot::Snapshot,
};

use super::{StoreError, Tx, column, journal::append_body};

/// A record stays below a batch's limit, unless one snapshot alone is larger.
const RECORD_BYTES: usize = 128 * 1024;
const PER_RECORD: usize = 200;
/// What an id that is gone takes, quoted.
const ID_BYTES: usize = 67;

/// What a listing changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delta {
    pub added: usize,
    pub removed: usize,
}

/// Takes `listed` as the whole truth of `repository` and journals the difference to what was known.
pub fn replace(
    tx: &Tx<'_>,
    repository: &RepositoryName,
    listed: &[Snapshot],
    at: UnixMs,
) -> Result<Delta, StoreError> {
    let known: BTreeMap<String, Snapshot> =
        all(tx, repository)?.into_iter().map(|snapshot| (snapshot.id.clone(), snapshot)).collect();
    let present: BTreeSet<&str> = listed.iter().map(|snapshot| snapshot.id.as_str()).collect();
    let added: Vec<Snapshot> =
        listed.iter().filter(|snapshot| known.get(&snapshot.id) != Some(snapshot)).cloned().collect();
    let removed: Vec<String> = known.into_keys().filter(|id| !present.contains(id.as_str())).collect();
    let delta = Delta { added: added.len(), removed: removed.len() };
    write(tx, repository, added, removed, at)?;
    tx.prepare_cached("UPDATE repository SET snapshots_at = ?2 WHERE name = ?1")?
        .execute(params![repository.as_str(), at.0])?;
    Ok(delta)
}

/// One snapshot more, as the backup that made it tells.
pub fn add(
    tx: &Tx<'_>,
    repository: &RepositoryName,
    snapshot: Snapshot,
    at: UnixMs,
) -> Result<(), StoreError> {
    write(tx, repository, vec![snapshot], Vec::new(), at)
}

fn write(
    tx: &Tx<'_>,
    repository: &RepositoryName,
    mut added: Vec<Snapshot>,
    mut removed: Vec<String>,
    at: UnixMs,
) -> Result<(), StoreError> {
    for snapshot in &added {
        tx.prepare_cached(
            "INSERT INTO snapshot (repository, id, time, snapshot) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (repository, id) DO UPDATE SET time = excluded.time, snapshot = excluded.snapshot",
        )?
        .execute(params![
            repository.as_str(),
            snapshot.id,
            snapshot.time.0,
            column::to_json(snapshot)?
        ])?;
    }
    for id in &removed {
        tx.prepare_cached("DELETE FROM snapshot WHERE repository = ?1 AND id = ?2")?
            .execute(params![repository.as_str(), id])?;
    }
    while !added.is_empty() || !removed.is_empty() {
        let added_rest = added.split_off(fitting(&added)?);
        let removed_rest = removed.split_off(removed.len().min(PER_RECORD));
        append_body(tx, &Snapshots { repository: repository.clone(), whole: false, added, removed }, at)?;
        (added, removed) = (added_rest, removed_rest);
    }
    Ok(())
}

/// How many of these go into one record; at least one, if there are any.
fn fitting(added: &[Snapshot]) -> Result<usize, StoreError> {
    let mut bytes = PER_RECORD * ID_BYTES;
    for (n, snapshot) in added.iter().take(PER_RECORD).enumerate() {
        bytes += column::to_json(snapshot)?.len();
        if bytes > RECORD_BYTES && n > 0 {
            return Ok(n);
        }
    }
    Ok(added.len().min(PER_RECORD))
}

/// Oldest first.
pub fn all(connection: &Connection, repository: &RepositoryName) -> Result<Vec<Snapshot>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT snapshot FROM snapshot WHERE repository = ?1 ORDER BY time, id")?;
    let rows = statement.query_map(params![repository.as_str()], |row| column::json(row, 0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
