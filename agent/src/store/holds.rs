//! Why retention is held back, one row per cause. Backups are never held.

use rusqlite::{Connection, params};
use wire::id::UnixMs;

use super::{StoreError, Tx};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    pub cause: String,
    /// What happened, and what a person can do.
    pub message: String,
    pub at: UnixMs,
}

/// The wall clock was set while the agent ran.
pub const CLOCK_JUMPED: &str = "clock_jumped";

/// Says again why, when the cause already holds.
pub fn set(tx: &Tx<'_>, cause: &str, message: &str, at: UnixMs) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO retention_hold (cause, message, at) VALUES (?1, ?2, ?3)
         ON CONFLICT (cause) DO UPDATE SET message = excluded.message, at = excluded.at",
    )?
    .execute(params![cause, message, at.0])?;
    Ok(())
}

pub fn clear(tx: &Tx<'_>, cause: &str) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM retention_hold WHERE cause = ?1")?.execute(params![cause])?;
    Ok(())
}

/// A person has looked: retention may go on, whatever held it.
pub fn clear_all(tx: &Tx<'_>) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM retention_hold")?.execute([])?;
    Ok(())
}

/// Oldest first.
pub fn all(connection: &Connection) -> Result<Vec<Hold>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT cause, message, at FROM retention_hold ORDER BY at, cause")?;
    let rows = statement.query_map([], |row| {
        Ok(Hold { cause: row.get(0)?, message: row.get(1)?, at: UnixMs(row.get(2)?) })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
