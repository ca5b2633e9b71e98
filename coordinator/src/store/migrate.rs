//! Brings a database to the current schema, one named step at a time.
//!
//! `schema.sql` is the truth; the steps must arrive exactly there, and a test compares. `user_version` counts the steps.

use rusqlite::Connection;

use super::StoreError;

#[cfg(test)]
const SCHEMA: &str = include_str!("schema.sql");

/// In order; a released step is never edited.
const STEPS: &[(&str, &str)] = &[("0001_first_tables", include_str!("migrations/0001_first_tables.sql"))];

pub(super) fn up(connection: &mut Connection) -> Result<(), StoreError> {
    let done: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let known = u32::try_from(STEPS.len()).unwrap_or(u32::MAX);
    if done > known {
        return Err(StoreError::Newer { found: done, known });
    }
    for (number, (name, sql)) in (1..).zip(STEPS) {
        if number > done {
            let step = connection.transaction()?;
            step.execute_batch(sql)?;
            step.pragma_update(None, "user_version", number)?;
            step.commit()?;
            tracing::info!(step = name, "the database has a new schema");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn objects(connection: &Connection) -> Vec<(String, String)> {
        let mut statement = connection
            .prepare("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type, name")
            .unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.map(|row| row.map(|(name, sql): (String, String)| (name, normal(&sql))).unwrap()).collect()
    }

    /// White space and comments do not count.
    fn normal(sql: &str) -> String {
        let code: Vec<&str> = sql.lines().map(|line| line.split("--").next().unwrap_or_default()).collect();
        code.join(" ").split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_steps_arrive_exactly_at_the_schema() {
        let mut stepped = Connection::open_in_memory().unwrap();
        up(&mut stepped).unwrap();
        let direct = Connection::open_in_memory().unwrap();
        direct.execute_batch(SCHEMA).unwrap();
        assert_eq!(objects(&stepped), objects(&direct));
        assert!(!objects(&direct).is_empty());
    }

    #[test]
    fn going_up_twice_changes_nothing_and_a_newer_database_is_refused() {
        let mut connection = Connection::open_in_memory().unwrap();
        up(&mut connection).unwrap();
        let before = objects(&connection);
        up(&mut connection).unwrap();
        assert_eq!(objects(&connection), before);
        connection.pragma_update(None, "user_version", 99).unwrap();
        assert_eq!(up(&mut connection), Err(StoreError::Newer { found: 99, known: 1 }));
    }
}
