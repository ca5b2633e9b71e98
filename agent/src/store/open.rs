//! Opening the file: pragmas, schema, version, and whose it is.

use std::{path::Path, time::Duration};

use rusqlite::{Connection, OpenFlags, OptionalExtension as _, params};
use wire::id::AgentId;

use super::{StoreError, journal};

const SCHEMA: &str = include_str!("schema.sql");
/// In order; a released step is never edited. They arrive exactly at schema.sql, and `user_version` counts them.
const STEPS: &[(&str, &str)] = &[
    (
        "0002_options_holds_and_own_snapshots",
        include_str!("migrations/0002_options_holds_and_own_snapshots.sql"),
    ),
    ("0003_restics_that_ran", include_str!("migrations/0003_restics_that_ran.sql")),
    ("0004_what_is_told_of_the_plan_file", include_str!("migrations/0004_what_is_told_of_the_plan_file.sql")),
];
/// `user_version` of a database made by schema.sql: the first one had no step.
const VERSION: i64 = 4;

/// Small caches: the agent's memory is budgeted, and its working set is the end of the journal.
const PRAGMAS: &str = "
    PRAGMA busy_timeout = 5000;
    PRAGMA cache_size = -512;
    PRAGMA foreign_keys = ON;
    PRAGMA journal_size_limit = 1048576;
    PRAGMA temp_store = MEMORY;
";

pub fn read_write(path: &Path, agent: AgentId) -> Result<Connection, StoreError> {
    let mut connection = Connection::open(path)?;
    connection.execute_batch(PRAGMAS)?;
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    match found {
        0 => make(&connection, agent)?,
        1..=VERSION => step_up(&mut connection, found)?,
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

/// A table is made anew by copying it, and dropping one deletes its rows: references must sleep meanwhile, and that
/// pragma does nothing inside a transaction.
fn step_up(connection: &mut Connection, found: i64) -> Result<(), StoreError> {
    connection.pragma_update(None, "foreign_keys", false)?;
    for (version, (name, sql)) in (2..).zip(STEPS) {
        if version > found {
            let step = connection.transaction()?;
            step.execute_batch(sql)?;
            let torn: i64 =
                step.query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0))?;
            if torn > 0 {
                return Err(StoreError::Damaged(format!(
                    "{torn} rows lost what they refer to in step {name}"
                )));
            }
            step.pragma_update(None, "user_version", version)?;
            step.commit()?;
            tracing::info!(step = name, "the database has a new schema");
        }
    }
    connection.pragma_update(None, "foreign_keys", true)?;
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A released schema as it was.
    const FIRST: &str = include_str!("fixtures/schema_1.sql");

    fn objects(connection: &Connection) -> Vec<(String, String)> {
        let mut statement = connection
            .prepare("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type, name")
            .unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.map(|row| row.map(|(name, sql): (String, String)| (name, normal(&sql))).unwrap()).collect()
    }

    /// White space, comments and the quotes of a renamed table do not count.
    fn normal(sql: &str) -> String {
        let code: Vec<&str> = sql.lines().map(|line| line.split("--").next().unwrap_or_default()).collect();
        code.join(" ").replace('"', "").split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_released_database_arrives_exactly_at_the_schema_with_its_rows() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("agent.db");
        let old = Connection::open(&path).unwrap();
        old.execute_batch(FIRST).unwrap();
        old.execute("INSERT INTO agent (one, id) VALUES (1, ?1)", [[7_u8; 32]]).unwrap();
        old.execute_batch(
            "INSERT INTO epoch (epoch) VALUES (1);
             INSERT INTO job (id, kind, repository, state, origin, upload_kib_s, queued_at, not_before)
                 VALUES (zeroblob(16), 'backup', 'main', 'succeeded', '{\"by\":\"local\"}', 512, 1, 1);
             INSERT INTO log_chunk VALUES (zeroblob(16), 0, 0, 1, 1, 1);
             INSERT INTO snapshot VALUES ('main', 'ab', 1, '{}');
             INSERT INTO retention_hold VALUES ('set_back', 'why', 5);
             INSERT INTO retention_hold VALUES ('clock_jumped', 'once a clock agrees with it, or when a person confirms the plan', 6);
             INSERT INTO repository (name, location, readiness) VALUES ('main', '/srv/r', 'ready');
             INSERT INTO secret VALUES ('repository/main/password', 1, x'00', 1);
             INSERT INTO secret VALUES ('repository/main/password', 2, x'01', 2);
             INSERT INTO secret VALUES ('ping/main', 1, x'02', 3);
             PRAGMA user_version = 1;",
        )
        .unwrap();
        drop(old);
        let new = read_write(&path, AgentId([7; 32])).unwrap();
        let direct = Connection::open_in_memory().unwrap();
        direct.execute_batch(SCHEMA).unwrap();
        assert_eq!(objects(&new), objects(&direct));
        let text = |sql: &str| new.query_row(sql, [], |row| row.get::<_, String>(0)).unwrap();
        assert_eq!(text("SELECT options FROM job"), r#"{"upload_kib_s":512}"#);
        assert_eq!(text("SELECT cause || repository FROM retention_hold WHERE at = 5"), "epoch_begun");
        assert_eq!(text("SELECT mark FROM retention_hold WHERE at = 6"), r#"{"lifted":"word"}"#);
        assert_eq!(text("SELECT id FROM snapshot_own"), "ab");
        let secrets = "SELECT group_concat(slot || revision || ifnull(opened, '-') || escrowed, ' ' ORDER BY slot, revision) FROM secret";
        assert_eq!(
            text(secrets),
            "ping/main1-1 repository/main/password1-1 repository/main/password2/srv/r1"
        );
        assert_eq!(new.query_row("SELECT count(*) FROM log_chunk", [], |row| row.get(0)), Ok(1));
        drop(new);
        assert!(read_write(&path, AgentId([7; 32])).is_ok(), "going up twice changes nothing");
    }
}
