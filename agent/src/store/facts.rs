//! What the host is, as it was last journalled.

use rusqlite::{Connection, OptionalExtension as _, params};
use wire::{host::HostFacts, id::UnixMs};

use super::{StoreError, Tx, column, journal::append_body};

/// `None` before the first start.
pub fn current(connection: &Connection) -> Result<Option<HostFacts>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT facts FROM host_facts")?;
    Ok(statement.query_row([], |row| column::json(row, 0)).optional()?)
}

/// Keeps and journals facts that are not those of the last time.
pub fn set(tx: &Tx<'_>, facts: &HostFacts, at: UnixMs) -> Result<(), StoreError> {
    if current(tx)?.as_ref() == Some(facts) {
        return Ok(());
    }
    tx.execute(
        "INSERT INTO host_facts (one, facts) VALUES (1, ?1) ON CONFLICT (one) DO UPDATE SET facts = excluded.facts",
        params![column::to_json(facts)?],
    )?;
    append_body(tx, facts, at)?;
    Ok(())
}
