//! Brings a database to the current schema, one named step at a time.
//!
//! `schema.sql` is the truth; the steps must arrive exactly there, and a test compares. `user_version` counts the steps.

use rusqlite::Connection;

use super::StoreError;

#[cfg(test)]
const SCHEMA: &str = include_str!("schema.sql");

struct Step {
    name: &'static str,
    sql: &'static str,
}

/// In order; a released step is never edited. One that changes views leaves a row in `views_stale`, so that they are folded
/// again: see [`super::views::are_stale`].
const STEPS: &[Step] = &[
    Step { name: "0001_first_tables", sql: include_str!("migrations/0001_first_tables.sql") },
    Step {
        name: "0002_upkeep_and_plan_history",
        sql: include_str!("migrations/0002_upkeep_and_plan_history.sql"),
    },
    Step {
        name: "0003_slots_of_schedules_and_presumed_ends",
        sql: include_str!("migrations/0003_slots_of_schedules_and_presumed_ends.sql"),
    },
    Step { name: "0004_a_team_and_its_audit", sql: include_str!("migrations/0004_a_team_and_its_audit.sql") },
    Step {
        name: "0005_hosts_that_take_anothers_place",
        sql: include_str!("migrations/0005_hosts_that_take_anothers_place.sql"),
    },
    Step { name: "0006_refused_plan_files", sql: include_str!("migrations/0006_refused_plan_files.sql") },
    Step {
        name: "0007_what_orders_are_about",
        sql: include_str!("migrations/0007_what_orders_are_about.sql"),
    },
    Step {
        name: "0008_whose_place_is_taken_stays_taken",
        sql: include_str!("migrations/0008_whose_place_is_taken_stays_taken.sql"),
    },
];

/// Refuses a database that a newer version made.
pub(super) fn known(connection: &Connection) -> Result<(), StoreError> {
    done(connection).map(|_| ())
}

/// Whether every step was made.
pub(super) fn is_current(connection: &Connection) -> Result<bool, StoreError> {
    Ok(u32::try_from(STEPS.len()) == Ok(done(connection)?))
}

/// How many steps it has been through.
fn done(connection: &Connection) -> Result<u32, StoreError> {
    let found: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let known = u32::try_from(STEPS.len()).unwrap_or(u32::MAX);
    if found > known { Err(StoreError::Newer { found, known }) } else { Ok(found) }
}

pub(super) fn up(connection: &mut Connection) -> Result<(), StoreError> {
    let done = done(connection)?;
    for (number, Step { name, sql }) in (1..).zip(STEPS) {
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
    use crate::store::{hosts, orders, places, views};

    /// A released schema with the rows of one host, as that version wrote them.
    const FIRST: &str = include_str!("fixtures/released_1.sql");
    const HOST: hosts::HostId = hosts::HostId(7);

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
        let words = code.join(" ").split_whitespace().collect::<Vec<_>>().join(" ");
        words.replace(" ,", ",").replace(" )", ")")
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
        assert_eq!(up(&mut connection), Err(StoreError::Newer { found: 99, known: 8 }));
    }

    #[test]
    fn a_released_database_arrives_with_its_rows_and_its_views_are_stale() {
        let mut old = Connection::open_in_memory().unwrap();
        old.execute_batch(FIRST).unwrap();
        up(&mut old).unwrap();
        let direct = Connection::open_in_memory().unwrap();
        direct.execute_batch(SCHEMA).unwrap();
        assert_eq!(objects(&old), objects(&direct));
        assert_eq!(hosts::named(&old, HOST).unwrap().unwrap().0, "web-1");
        let order = wire::id::OrderId(uuid::Uuid::nil());
        let (agent, now) = (wire::id::AgentId([1; 32]), wire::id::UnixMs(1));
        let order = orders::one(&old, HOST, agent, order, now).unwrap().unwrap();
        assert!(order.person == "ada" && order.about.is_empty(), "{order:?}");
        assert!(views::are_stale(&old).unwrap());
    }

    #[test]
    fn whose_place_was_taken_before_the_step_is_turned_away_after_it() {
        let mut old = Connection::open_in_memory().unwrap();
        for step in &STEPS[..5] {
            old.execute_batch(step.sql).unwrap();
        }
        old.pragma_update(None, "user_version", 5).unwrap();
        let host = |agent: u8, replaces: Option<u8>| {
            let sql = "INSERT INTO hosts (agent, binding, name, tags, credential, joined_at, replaces)
                       VALUES (?1, '', '', '', '', 1, ?2)";
            old.execute(sql, ([agent; 32], replaces.map(|old| [old; 32]))).unwrap();
        };
        host(1, None);
        host(2, Some(1));
        host(3, Some(2));
        host(4, Some(2));
        up(&mut old).unwrap();
        let by = |agent| places::successor(&old, wire::id::AgentId([agent; 32])).unwrap().map(|by| by.0[0]);
        assert_eq!([1, 2, 3].map(by), [Some(2), Some(4), None]);
    }
}
