//! How far each cadence (a schedule, a maintenance) has been seen to. What is due is `schedule`'s to decide.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};
use wire::id::{RepositoryName, UnixMs};

use super::{StoreError, Tx, column};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cadence {
    /// Crontab and zone as they were: a changed cadence starts anew.
    pub definition: String,
    /// Nothing at or before this instant is due again.
    pub handled: UnixMs,
    /// But at these repositories, whose part of a run waited: there nothing at or before theirs.
    pub behind: BTreeMap<RepositoryName, UnixMs>,
}

pub fn all(connection: &Connection) -> Result<BTreeMap<String, Cadence>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT name, definition, handled, behind FROM cadence")?;
    let rows = statement.query_map([], |row| {
        let (definition, handled) = (row.get(1)?, UnixMs(row.get(2)?));
        Ok((row.get(0)?, Cadence { definition, handled, behind: column::json(row, 3)? }))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub fn set(tx: &Tx<'_>, name: &str, cadence: &Cadence) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO cadence (name, definition, handled, behind) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (name) DO UPDATE
         SET definition = excluded.definition, handled = excluded.handled, behind = excluded.behind",
    )?
    .execute(params![name, cadence.definition, cadence.handled.0, column::to_json(&cadence.behind)?])?;
    Ok(())
}

/// A cadence that is gone or paused: when it comes back it has missed nothing.
pub fn remove(tx: &Tx<'_>, name: &str) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM cadence WHERE name = ?1")?.execute(params![name])?;
    Ok(())
}
