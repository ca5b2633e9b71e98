//! Fleet statements, exactly as they were signed.

use rusqlite::Connection;
use wire::trust::{Signed, Statement};

use super::{StoreError, Tx, text};

/// From version 1 on.
pub fn all(connection: &Connection) -> Result<Vec<Signed<Statement>>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT signed FROM statements ORDER BY version")?;
    let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
    rows.map(|row| text::parse("a fleet statement", &row?)).collect()
}

pub fn insert(tx: &Tx<'_>, version: u64, signed: &Signed<Statement>) -> Result<(), StoreError> {
    tx.prepare_cached("INSERT OR IGNORE INTO statements (version, signed) VALUES (?1, ?2)")?
        .execute((version.cast_signed(), text::json(signed)?))?;
    Ok(())
}
