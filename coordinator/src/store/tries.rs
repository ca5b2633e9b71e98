//! How often somebody tried to sign in: what outlives a restart of it.

use rusqlite::Connection;
use wire::id::UnixMs;

use super::{StoreError, Tx};

/// What still counts at `now`: whose tries, and until when they are taken up.
pub fn counting(connection: &Connection, now: UnixMs) -> Result<Vec<(String, UnixMs)>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT name, until FROM tries WHERE until > ?1")?;
    let rows = statement.query_map([now.0], |row| Ok((row.get(0)?, UnixMs(row.get(1)?))))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// What counts no more goes with it.
pub fn set(tx: &Tx<'_>, name: &str, until: UnixMs, now: UnixMs) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM tries WHERE until <= ?1")?.execute([now.0])?;
    tx.prepare_cached(
        "INSERT INTO tries (name, until) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET until = excluded.until",
    )?
    .execute((name, until.0))?;
    Ok(())
}
