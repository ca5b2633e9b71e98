//! The restics that this agent ran lately and that lock what they work on: number, time and job of each. A lock is told by
//! them also after the agent was stopped together with its restic.

#[cfg(test)]
use rusqlite::OptionalExtension as _;
use rusqlite::{Connection, params};
use wire::id::{JobId, UnixMs};

use super::{StoreError, Tx};

/// restic makes its lock anew every few minutes, so that the last ones are enough.
pub const KEPT: usize = 200;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ran {
    pub pid: u32,
    pub began_at: UnixMs,
    /// `None` where the agent's own end came first.
    pub ended_at: Option<UnixMs>,
}

/// A job has one restic at a time: whatever ran for it before is over by now.
pub fn began(tx: &Tx<'_>, job: JobId, pid: u32, at: UnixMs) -> Result<(), StoreError> {
    ended(tx, job, at)?;
    tx.prepare_cached("INSERT INTO restic_ran (job, pid, began_at) VALUES (?1, ?2, ?3)")?
        .execute(params![job.0.as_bytes(), pid, at.0])?;
    tx.prepare_cached("DELETE FROM restic_ran WHERE number <= ?1")?
        .execute(params![tx.last_insert_rowid().saturating_sub(i64::try_from(KEPT).unwrap_or(i64::MAX))])?;
    Ok(())
}

/// The restic of this job runs no more.
pub fn ended(tx: &Tx<'_>, job: JobId, at: UnixMs) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE restic_ran SET ended_at = ?2 WHERE job = ?1 AND ended_at IS NULL")?
        .execute(params![job.0.as_bytes(), at.0])?;
    Ok(())
}

/// The oldest first.
pub fn all(connection: &Connection) -> Result<Vec<Ran>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT pid, began_at, ended_at FROM restic_ran ORDER BY number")?;
    let rows = statement.query_map([], |row| {
        let ended_at: Option<i64> = row.get(2)?;
        Ok(Ran { pid: row.get(0)?, began_at: UnixMs(row.get(1)?), ended_at: ended_at.map(UnixMs) })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The number of the restic that runs for this job now.
#[cfg(test)]
pub fn now(connection: &Connection, job: JobId) -> Result<Option<u32>, StoreError> {
    let sql = "SELECT pid FROM restic_ran WHERE job = ?1 AND ended_at IS NULL";
    Ok(connection.prepare_cached(sql)?.query_row([job.0.as_bytes()], |row| row.get(0)).optional()?)
}
