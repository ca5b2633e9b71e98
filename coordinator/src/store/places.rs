//! Whose place was taken by whom. That is kept also where the one who took it is removed: it may come back by its
//! credential, and must not find again the machine that it was bought for.

use std::collections::HashSet;

use rusqlite::Connection;
use wire::id::AgentId;

use super::{StoreError, Tx};

/// Who stands in this one's place: of those that took it the one that counts, or else whoever took its place in turn. Those
/// that are not here stand in nobody's. `next` tells who took a place, whoever counts most first.
pub fn standing<E>(
    old: AgentId,
    next: impl Fn(AgentId) -> Result<Vec<AgentId>, E>,
    is_here: impl Fn(AgentId) -> Result<bool, E>,
) -> Result<Option<AgentId>, E> {
    let mut seen = HashSet::from([old]);
    let mut ahead = next(old)?;
    ahead.reverse();
    while let Some(one) = ahead.pop() {
        if !seen.insert(one) {
            continue;
        }
        if is_here(one)? {
            return Ok(Some(one));
        }
        ahead.extend(next(one)?.into_iter().rev());
    }
    Ok(None)
}

/// Who stands in this one's place now.
pub fn successor(connection: &Connection, old: AgentId) -> Result<Option<AgentId>, StoreError> {
    standing(
        old,
        |agent| taken_by(connection, agent),
        |agent| {
            let sql = "SELECT EXISTS (SELECT 1 FROM hosts WHERE agent = ?1)";
            Ok(connection.prepare_cached(sql)?.query_row([agent.0], |row| row.get(0))?)
        },
    )
}

/// Everybody who took this one's place, whoever counts most first.
pub fn taken_by(connection: &Connection, old: AgentId) -> Result<Vec<AgentId>, StoreError> {
    let sql = "SELECT successor FROM replaced WHERE agent = ?1 ORDER BY rank DESC";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([old.0], |row| Ok(AgentId(row.get(0)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Every place that was taken, each with those that took it, whoever counts most first.
pub fn all(connection: &Connection) -> Result<Vec<(AgentId, AgentId)>, StoreError> {
    let sql = "SELECT agent, successor FROM replaced ORDER BY agent, rank DESC";
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map([], |row| Ok((AgentId(row.get(0)?), AgentId(row.get(1)?))))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The newcomer counts before all others, unless somebody stands there: then only when that one is gone.
pub(super) fn take(tx: &Tx<'_>, old: AgentId, new: AgentId) -> Result<(), StoreError> {
    let sql = match successor(tx, old)? {
        Some(_) => {
            "INSERT OR IGNORE INTO replaced (agent, successor, rank)
                 SELECT ?1, ?2, coalesce(min(rank), 0) - 1 FROM replaced WHERE agent = ?1"
        }
        None => {
            "INSERT OR REPLACE INTO replaced (agent, successor, rank)
                 SELECT ?1, ?2, coalesce(max(rank), 0) + 1 FROM replaced WHERE agent = ?1"
        }
    };
    tx.prepare_cached(sql)?.execute((old.0, new.0))?;
    Ok(())
}

/// In whose places this one stands now: its own predecessor's, and through those that are gone also theirs.
pub fn held_by(connection: &Connection, new: AgentId) -> Result<Vec<AgentId>, StoreError> {
    let sql = "WITH RECURSIVE before (agent) AS (
                   SELECT agent FROM replaced WHERE successor = ?1
                   UNION
                   SELECT r.agent FROM before b JOIN replaced r ON r.successor = b.agent
                   WHERE b.agent NOT IN (SELECT agent FROM hosts))
               SELECT agent FROM before";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([new.0], |row| Ok(AgentId(row.get(0)?)))?;
    let mut held = Vec::new();
    for agent in rows {
        let agent = agent?;
        if successor(connection, agent)? == Some(new) {
            held.push(agent);
        }
    }
    Ok(held)
}
