//! Why retention or upkeep is held back, one row per cause and repository. Backups never are.
//!
//! The journal has the whole list each time it changed, so that others see what the rows say.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension as _, params};
use serde::{Deserialize, Serialize};
use wire::{
    id::{RepositoryName, UnixMs},
    journal::Holds,
    snapshot::{Hold, HoldCause},
};

use super::{StoreError, Tx, column, journal::append_body};

/// What the agent itself goes by. The words are for people, and an update may change them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// What lets retention go on after a clock that jumped.
    Lifted(LiftedBy),
    /// Who claims prune and check besides this host.
    Claimants(Vec<String>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LiftedBy {
    /// A day in which it was left alone, or a person.
    Time,
    /// The same, or a coordinator whose clock agrees.
    WordOrTime,
    /// A coordinator whose clock agrees, or a person.
    Word,
}

/// Says why; or says it again, when the cause already holds. `repository` absent: all of them.
pub fn set(
    tx: &Tx<'_>,
    cause: HoldCause,
    repository: Option<&RepositoryName>,
    message: &str,
    at: UnixMs,
) -> Result<(), StoreError> {
    put(tx, cause, repository, (message, None), at)
}

/// A clock that jumped, and what lifts it.
pub fn set_clock(tx: &Tx<'_>, message: &str, lifted_by: LiftedBy, at: UnixMs) -> Result<(), StoreError> {
    put(tx, HoldCause::ClockJumped, None, (message, Some(&Mark::Lifted(lifted_by))), at)
}

/// These claim prune and check of the repository as well. The same again is no news.
pub fn keep_claims(
    tx: &Tx<'_>,
    repository: &RepositoryName,
    message: &str,
    claimants: Vec<String>,
    at: UnixMs,
) -> Result<(), StoreError> {
    let is_said = says(tx, HoldCause::Claims, Some(repository), message)?;
    if is_said && self::claimants(tx, repository)?.as_ref() == Some(&claimants) {
        return Ok(());
    }
    put(tx, HoldCause::Claims, Some(repository), (message, Some(&Mark::Claimants(claimants))), at)
}

fn put(
    tx: &Tx<'_>,
    cause: HoldCause,
    repository: Option<&RepositoryName>,
    (message, mark): (&str, Option<&Mark>),
    at: UnixMs,
) -> Result<(), StoreError> {
    let before = all(tx)?;
    tx.prepare_cached(
        "INSERT INTO retention_hold (cause, repository, message, at, mark) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (cause, repository) DO UPDATE
         SET message = excluded.message, at = excluded.at, mark = excluded.mark",
    )?
    .execute(params![
        cause.as_str(),
        name(repository),
        message,
        at.0,
        mark.map(column::to_json).transpose()?
    ])?;
    tell(tx, &before, at)
}

/// The clock that jumped, if it holds, and what lifts it.
pub fn clock(connection: &Connection) -> Result<Option<(Hold, LiftedBy)>, StoreError> {
    let held = all(connection)?.into_iter().find(|hold| hold.cause == HoldCause::ClockJumped);
    let Some(hold) = held else { return Ok(None) };
    let lifted_by = match mark(connection, HoldCause::ClockJumped, None)? {
        Some(Mark::Lifted(by)) => by,
        _ => LiftedBy::Time,
    };
    Ok(Some((hold, lifted_by)))
}

/// Who claims prune and check of this repository besides this host; `None` where nobody does.
pub fn claimants(
    connection: &Connection,
    repository: &RepositoryName,
) -> Result<Option<Vec<String>>, StoreError> {
    if let Some(Mark::Claimants(hosts)) = mark(connection, HoldCause::Claims, Some(repository))? {
        return Ok(Some(hosts));
    }
    let claimed =
        |hold: &Hold| hold.cause == HoldCause::Claims && hold.repository.as_ref() == Some(repository);
    Ok(all(connection)?.iter().any(claimed).then(Vec::new))
}

fn mark(
    connection: &Connection,
    cause: HoldCause,
    repository: Option<&RepositoryName>,
) -> Result<Option<Mark>, StoreError> {
    Ok(connection
        .prepare_cached("SELECT mark FROM retention_hold WHERE cause = ?1 AND repository = ?2")?
        .query_row(params![cause.as_str(), name(repository)], |row| column::maybe_json(row, 0))
        .optional()?
        .flatten())
}

/// Says why, unless the same is said already: what is found again at each look is no news.
pub fn keep(
    tx: &Tx<'_>,
    cause: HoldCause,
    repository: Option<&RepositoryName>,
    message: &str,
    at: UnixMs,
) -> Result<(), StoreError> {
    if says(tx, cause, repository, message)? { Ok(()) } else { set(tx, cause, repository, message, at) }
}

fn says(
    tx: &Tx<'_>,
    cause: HoldCause,
    repository: Option<&RepositoryName>,
    message: &str,
) -> Result<bool, StoreError> {
    let is_it = |hold: &Hold| {
        hold.cause == cause && hold.repository.as_ref() == repository && hold.message == message
    };
    Ok(all(tx)?.iter().any(is_it))
}

pub fn clear(
    tx: &Tx<'_>,
    cause: HoldCause,
    repository: Option<&RepositoryName>,
    at: UnixMs,
) -> Result<(), StoreError> {
    let before = all(tx)?;
    tx.prepare_cached("DELETE FROM retention_hold WHERE cause = ?1 AND repository = ?2")?
        .execute(params![cause.as_str(), name(repository)])?;
    tell(tx, &before, at)
}

/// A person has looked: clock and journal are believed again. Snapshots that are in doubt stay so until they are
/// adopted, past or gone, and what the coordinator sees of other hosts' claims is not this host's to lift.
pub fn clear_all(tx: &Tx<'_>, at: UnixMs) -> Result<(), StoreError> {
    let before = all(tx)?;
    for cause in HoldCause::ALL {
        if is_of_the_host(cause) {
            tx.prepare_cached("DELETE FROM retention_hold WHERE cause = ?1")?
                .execute(params![cause.as_str()])?;
        }
    }
    tell(tx, &before, at)
}

/// Repositories that the plan no longer has hold nothing.
pub fn keep_only<T>(
    tx: &Tx<'_>,
    repositories: &BTreeMap<RepositoryName, T>,
    at: UnixMs,
) -> Result<(), StoreError> {
    let before = all(tx)?;
    for hold in &before {
        if let Some(gone) = hold.repository.as_ref().filter(|name| !repositories.contains_key(*name)) {
            tx.prepare_cached("DELETE FROM retention_hold WHERE cause = ?1 AND repository = ?2")?
                .execute(params![hold.cause.as_str(), name(Some(gone))])?;
        }
    }
    tell(tx, &before, at)
}

/// Whether it is about the host itself, rather than about what lies in a repository.
pub const fn is_of_the_host(cause: HoldCause) -> bool {
    match cause {
        HoldCause::ClockJumped | HoldCause::ClockDisagrees | HoldCause::EpochBegun => true,
        HoldCause::FutureSnapshot | HoldCause::UnknownSnapshot | HoldCause::Claims => false,
    }
}

/// Oldest first.
pub fn all(connection: &Connection) -> Result<Vec<Hold>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT cause, repository, message, at FROM retention_hold ORDER BY at, cause, repository",
    )?;
    let rows = statement.query_map([], |row| {
        let repository: String = row.get(1)?;
        Ok(Hold {
            cause: column::word(row, 0)?,
            repository: if repository.is_empty() { None } else { Some(column::word(row, 1)?) },
            message: row.get(2)?,
            at: UnixMs(row.get(3)?),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Journals the list when it is another than before.
fn tell(tx: &Tx<'_>, before: &[Hold], at: UnixMs) -> Result<(), StoreError> {
    let holds = all(tx)?;
    if holds != before {
        append_body(tx, &Holds { holds }, at)?;
    }
    Ok(())
}

fn name(repository: Option<&RepositoryName>) -> &str {
    repository.map_or("", RepositoryName::as_str)
}
