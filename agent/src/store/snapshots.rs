//! The snapshots of each repository as last listed, and the records of what changed.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, params};
use wire::{
    id::{GroupName, RepositoryName, UnixMs},
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
    let delta = mark(tx, repository, listed, at)?;
    tx.prepare_cached("UPDATE repository SET snapshots_at = ?2 WHERE name = ?1")?
        .execute(params![repository.as_str(), at.0])?;
    Ok(delta)
}

/// The same without a new look at the repository: what is known of these snapshots is different now.
pub fn mark(
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

/// Journals the whole list, whatever anybody knew before.
pub fn tell(tx: &Tx<'_>, repository: &RepositoryName, at: UnixMs) -> Result<(), StoreError> {
    journal(tx, repository, true, all(tx, repository)?, Vec::new(), at)
}

fn write(
    tx: &Tx<'_>,
    repository: &RepositoryName,
    added: Vec<Snapshot>,
    removed: Vec<String>,
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
    journal(tx, repository, false, added, removed, at)
}

/// In as many records as it takes; only the first of them is the `whole`.
fn journal(
    tx: &Tx<'_>,
    repository: &RepositoryName,
    mut whole: bool,
    mut added: Vec<Snapshot>,
    mut removed: Vec<String>,
    at: UnixMs,
) -> Result<(), StoreError> {
    while whole || !added.is_empty() || !removed.is_empty() {
        let added_rest = added.split_off(fitting(&added)?);
        let removed_rest = removed.split_off(removed.len().min(PER_RECORD));
        append_body(tx, &Snapshots { repository: repository.clone(), whole, added, removed }, at)?;
        (whole, added, removed) = (false, added_rest, removed_rest);
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

/// Whether there is a snapshot of this host's own of the group.
pub fn has_of_group(
    connection: &Connection,
    repository: &RepositoryName,
    hostname: &str,
    group: &GroupName,
) -> Result<bool, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM snapshot WHERE repository = ?1
             AND json_extract(snapshot, '$.hostname') = ?2 AND json_extract(snapshot, '$.group') = ?3)",
    )?;
    Ok(statement.query_row(params![repository.as_str(), hostname, group.as_str()], |row| row.get(0))?)
}

/// Oldest first.
pub fn all(connection: &Connection, repository: &RepositoryName) -> Result<Vec<Snapshot>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT snapshot FROM snapshot WHERE repository = ?1 ORDER BY time, id")?;
    let rows = statement.query_map(params![repository.as_str()], |row| column::json(row, 0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The hosts whose snapshots these are.
pub fn hosts(connection: &Connection, repository: &RepositoryName) -> Result<Vec<String>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT DISTINCT json_extract(snapshot, '$.hostname') FROM snapshot WHERE repository = ?1 ORDER BY 1",
    )?;
    let rows = statement.query_map(params![repository.as_str()], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
