//! Opening the file: pragmas, schema, version, and whose it is.

use std::{path::Path, time::Duration};

use rusqlite::{Connection, OpenFlags, OptionalExtension as _, params};
use wire::id::AgentId;

use super::{StoreError, journal};

const SCHEMA: &str = include_str!("schema.sql");
/// `user_version` of a database made by schema.sql.
const VERSION: i64 = 1;

/// Small caches: the agent's memory is budgeted, and its working set is the end of the journal.
const PRAGMAS: &str = "
    PRAGMA busy_timeout = 5000;
    PRAGMA cache_size = -512;
    PRAGMA foreign_keys = ON;
    PRAGMA journal_size_limit = 1048576;
    PRAGMA temp_store = MEMORY;
";

pub fn read_write(path: &Path, agent: AgentId) -> Result<Connection, StoreError> {
    let connection = Connection::open(path)?;
    connection.execute_batch(PRAGMAS)?;
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    match found {
        0 => make(&connection, agent)?,
        VERSION => {}
        _ => return Err(StoreError::Newer { found, known: VERSION }),
    }
    check_owner(&connection, agent)?;
    Ok(connection)
}

/// For the command line beside a running agent, and for the reader thread.
pub fn read_only(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.execute_batch(PRAGMAS)?;
    Ok(connection)
}

fn make(connection: &Connection, agent: AgentId) -> Result<(), StoreError> {
    let tx = connection.unchecked_transaction()?;
    tx.execute_batch(SCHEMA)?;
    tx.execute("INSERT INTO agent (one, id) VALUES (1, ?1)", params![agent.0])?;
    journal::begin_epoch(&super::Tx(&tx), 1, None)?;
    tx.pragma_update(None, "user_version", VERSION)?;
    tx.commit()?;
    Ok(())
}

fn check_owner(connection: &Connection, agent: AgentId) -> Result<(), StoreError> {
    let owner: Option<[u8; 32]> =
        connection.query_row("SELECT id FROM agent", [], |row| row.get(0)).optional()?;
    match owner.map(AgentId) {
        Some(owner) if owner == agent => Ok(()),
        Some(owner) => Err(StoreError::OtherAgent { expected: agent.to_string(), found: owner.to_string() }),
        None => Err(StoreError::Damaged("it does not say whose it is".to_owned())),
    }
}
