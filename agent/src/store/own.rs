//! Snapshots that are this host's own: a job of its made them, or somebody with the right to say so adopted them.
//!
//! A snapshot's id is the hash of its encrypted bytes, so it is the same thing wherever it is found: what is known
//! at one destination is known at another that the repository moved to.

use std::collections::BTreeSet;

use rusqlite::{Connection, params};
use wire::id::RepositoryName;

use super::{StoreError, Tx};

/// Digits of a whole id.
const WHOLE: usize = 64;

/// What is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Own {
    /// Whole ids.
    ids: BTreeSet<String>,
    /// The first digits of ids that restic 0.14 gave, where the rest could not be asked for then.
    beginnings: BTreeSet<String>,
}

impl Own {
    pub fn has(&self, id: &str) -> bool {
        self.ids.contains(id)
    }

    /// The ids in `listed` that a beginning means: only where it means one alone.
    pub fn completed(&self, listed: &[&str]) -> Vec<String> {
        let one = |beginning: &String| {
            let mut fitting = listed.iter().filter(|id| id.starts_with(beginning.as_str()));
            fitting.next().filter(|_| fitting.next().is_none()).map(|id| (*id).to_owned())
        };
        self.beginnings.iter().filter_map(one).collect()
    }

    #[cfg(test)]
    pub fn of<const N: usize>(ids: [&str; N]) -> Self {
        let (ids, beginnings) = ids.into_iter().map(str::to_owned).partition(|id| id.len() == WHOLE);
        Self { ids, beginnings }
    }
}

/// Everything this host knows as its own, in any repository.
pub fn all(connection: &Connection) -> Result<Own, StoreError> {
    let mut statement = connection.prepare_cached("SELECT id FROM snapshot_own")?;
    let mut own = Own::default();
    for id in statement.query_map([], |row| row.get::<_, String>(0))? {
        let id = id?;
        if id.len() == WHOLE { &mut own.ids } else { &mut own.beginnings }.insert(id);
    }
    Ok(own)
}

/// From now on these are known. A beginning that one of them completes has done its service.
pub fn add<'a>(
    tx: &Tx<'_>,
    repository: &RepositoryName,
    ids: impl IntoIterator<Item = &'a str>,
) -> Result<(), StoreError> {
    for id in ids {
        tx.prepare_cached("INSERT OR IGNORE INTO snapshot_own (repository, id) VALUES (?1, ?2)")?
            .execute(params![repository.as_str(), id])?;
        if id.len() == WHOLE {
            tx.prepare_cached(
                "DELETE FROM snapshot_own
                 WHERE repository = ?1 AND length(id) < 64 AND substr(?2, 1, length(id)) = id",
            )?
            .execute(params![repository.as_str(), id])?;
        }
    }
    Ok(())
}

/// These are gone for good.
pub fn forget<'a>(tx: &Tx<'_>, ids: impl IntoIterator<Item = &'a str>) -> Result<(), StoreError> {
    for id in ids {
        tx.prepare_cached("DELETE FROM snapshot_own WHERE id = ?1")?.execute(params![id])?;
    }
    Ok(())
}
