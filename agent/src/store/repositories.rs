//! What is known of each repository: whether it can be used, where it was once ready, how large it is.

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use wire::{
    id::{RepositoryName, UnixMs},
    job::Reason,
    journal::{Locks, Numbers, RepositoryState},
    snapshot::{Lock, RepositoryNumbers, RepositoryReadiness},
};

use super::{StoreError, Tx, column, journal::append_body};

#[derive(Clone, Debug, PartialEq)]
pub struct Repository {
    pub name: RepositoryName,
    /// The destination that the rest speaks of.
    pub location: String,
    pub readiness: RepositoryReadiness,
    pub reason: Option<Reason>,
    pub restic_id: Option<String>,
    pub checked_at: Option<UnixMs>,
    pub numbers: Option<RepositoryNumbers>,
    pub numbers_at: Option<UnixMs>,
    pub snapshots_at: Option<UnixMs>,
    /// Destination and revisions of the secrets that were last looked at.
    pub looked_at: Option<String>,
    /// Who held its locks when somebody last looked.
    pub locks: Vec<Lock>,
}

const COLUMNS: &str =
    "name, location, readiness, reason, restic_id, checked_at, numbers, numbers_at, snapshots_at,
    looked_at, locks";

/// What a look at a repository found.
#[derive(Clone, Debug, PartialEq)]
pub struct Found<'a> {
    pub location: &'a str,
    pub readiness: RepositoryReadiness,
    pub reason: Option<&'a Reason>,
    pub restic_id: Option<&'a str>,
}

/// Notes what a look found. Journalled when it says something new.
pub fn set_state(
    tx: &Tx<'_>,
    repository: &RepositoryName,
    found: &Found<'_>,
    at: UnixMs,
) -> Result<(), StoreError> {
    let before = get(tx, repository)?;
    let moved = before.as_ref().is_some_and(|row| row.location != found.location);
    let kept_id = before.as_ref().filter(|_| !moved).and_then(|row| row.restic_id.clone());
    let restic_id = found.restic_id.map(str::to_owned).or(kept_id);
    tx.prepare_cached(
        "INSERT INTO repository (name, location, readiness, reason, restic_id, checked_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (name) DO UPDATE SET location = excluded.location, readiness = excluded.readiness,
             reason = excluded.reason, restic_id = excluded.restic_id, checked_at = excluded.checked_at",
    )?
    .execute(params![
        repository.as_str(),
        found.location,
        column::as_word(&found.readiness)?,
        found.reason.map(column::to_json).transpose()?,
        restic_id,
        at.0
    ])?;
    if let (RepositoryReadiness::Ready, Some(id)) = (found.readiness, found.restic_id) {
        tx.prepare_cached(
            "INSERT INTO repository_place (name, location, restic_id, ready_at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (name, location) DO UPDATE SET restic_id = excluded.restic_id",
        )?
        .execute(params![repository.as_str(), found.location, id, at.0])?;
    }
    let news = before.is_none_or(|row| {
        moved
            || row.readiness != found.readiness
            || row.reason.as_ref() != found.reason
            || row.restic_id != restic_id
    });
    if news {
        let state = RepositoryState {
            repository: repository.clone(),
            readiness: found.readiness,
            reason: found.reason.cloned(),
            restic_id,
        };
        append_body(tx, &state, at)?;
    }
    Ok(())
}

/// Remembers what was looked at, so that only a change makes the agent look again.
pub fn set_looked_at(
    tx: &Tx<'_>,
    repository: &RepositoryName,
    location: &str,
    mark: &str,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO repository (name, location, readiness, looked_at) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (name) DO UPDATE SET looked_at = excluded.looked_at",
    )?
    .execute(params![
        repository.as_str(),
        location,
        column::as_word(&RepositoryReadiness::Unknown)?,
        mark
    ])?;
    Ok(())
}

/// Whether this destination was ever ready for this host, whatever it was called then. If so, it is never initialised
/// again.
pub fn was_ready(connection: &Connection, location: &str) -> Result<bool, StoreError> {
    Ok(connection
        .prepare_cached("SELECT 1 FROM repository_place WHERE location = ?1")?
        .exists(params![location])?)
}

/// Whether this very repository was ever ready for this host, at whatever destination.
pub fn is_attached(connection: &Connection, restic_id: &str) -> Result<bool, StoreError> {
    Ok(connection
        .prepare_cached("SELECT 1 FROM repository_place WHERE restic_id = ?1")?
        .exists(params![restic_id])?)
}

pub fn set_numbers(
    tx: &Tx<'_>,
    repository: &RepositoryName,
    numbers: &RepositoryNumbers,
    at: UnixMs,
) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE repository SET numbers = ?2, numbers_at = ?3 WHERE name = ?1")?
        .execute(params![repository.as_str(), column::to_json(numbers)?, at.0])?;
    append_body(tx, &Numbers { repository: repository.clone(), numbers: numbers.clone() }, at)?;
    Ok(())
}

/// Who holds its locks now. Journalled when it is news.
pub fn set_locks(
    tx: &Tx<'_>,
    repository: &RepositoryName,
    locks: &[Lock],
    at: UnixMs,
) -> Result<(), StoreError> {
    if get(tx, repository)?.is_none_or(|row| row.locks == locks) {
        return Ok(());
    }
    tx.prepare_cached("UPDATE repository SET locks = ?2 WHERE name = ?1")?
        .execute(params![repository.as_str(), column::to_json(&locks)?])?;
    append_body(tx, &Locks { repository: repository.clone(), locks: locks.to_vec() }, at)?;
    Ok(())
}

pub fn get(connection: &Connection, repository: &RepositoryName) -> Result<Option<Repository>, StoreError> {
    Ok(connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM repository WHERE name = ?1"))?
        .query_row(params![repository.as_str()], row)
        .optional()?)
}

/// All that were ever looked at, by name.
pub fn all(connection: &Connection) -> Result<Vec<Repository>, StoreError> {
    let mut statement =
        connection.prepare_cached(&format!("SELECT {COLUMNS} FROM repository ORDER BY name"))?;
    let rows = statement.query_map([], row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn row(row: &Row<'_>) -> rusqlite::Result<Repository> {
    Ok(Repository {
        name: column::word(row, 0)?,
        location: row.get(1)?,
        readiness: column::word(row, 2)?,
        reason: column::maybe_json(row, 3)?,
        restic_id: row.get(4)?,
        checked_at: column::time(row, 5)?,
        numbers: column::maybe_json(row, 6)?,
        numbers_at: column::time(row, 7)?,
        snapshots_at: column::time(row, 8)?,
        looked_at: row.get(9)?,
        locks: column::json(row, 10)?,
    })
}
