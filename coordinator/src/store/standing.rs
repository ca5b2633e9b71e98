//! Views of where a host stands in the fleet: what holds its retention or upkeep back, and whether it left.

use rusqlite::{Connection, OptionalExtension};
use wire::{
    id::{RepositoryName, UnixMs},
    journal::Holds,
    snapshot::{Hold, HoldCause},
};

use super::{StoreError, Tx, hosts::HostId, text};

/// Of what an agent claims beyond, its raw records alone tell.
const MOST_HOLDS: usize = 64;
const MESSAGE_BYTES: usize = 1_000;

/// Everything that holds a host back, as its row wants it.
#[derive(Debug)]
pub struct HoldsRow(Option<String>);

impl HoldsRow {
    pub fn new(holds: Holds) -> Result<Self, StoreError> {
        let mut holds = holds.holds;
        holds.truncate(MOST_HOLDS);
        for hold in &mut holds {
            text::shorten(&mut hold.message, MESSAGE_BYTES);
        }
        Ok(Self((!holds.is_empty()).then(|| text::json(&holds)).transpose()?))
    }
}

pub fn put_holds(tx: &Tx<'_>, host: HostId, holds: &HoldsRow, at: UnixMs) -> Result<(), StoreError> {
    match &holds.0 {
        Some(holds) => tx
            .prepare_cached("INSERT OR REPLACE INTO view_holds (host, holds, at) VALUES (?1, ?2, ?3)")?
            .execute((host.0, holds, at.0))?,
        None => tx.prepare_cached("DELETE FROM view_holds WHERE host = ?1")?.execute([host.0])?,
    };
    Ok(())
}

pub fn holds(connection: &Connection, host: HostId) -> Result<Vec<Hold>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT holds FROM view_holds WHERE host = ?1")?;
    let holds: Option<String> = statement.query_row([host.0], |row| row.get(0)).optional()?;
    holds.map_or(Ok(Vec::new()), |holds| text::parse("what holds a host back", &holds))
}

/// The host left the fleet; that it left before counts already.
pub fn retire(tx: &Tx<'_>, host: HostId, at: UnixMs) -> Result<(), StoreError> {
    tx.prepare_cached("INSERT OR IGNORE INTO view_retired (host, at) VALUES (?1, ?2)")?
        .execute((host.0, at.0))?;
    Ok(())
}

/// The host joined, and is no longer retired if it was.
pub fn rejoin(tx: &Tx<'_>, host: HostId) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM view_retired WHERE host = ?1")?.execute([host.0])?;
    Ok(())
}

pub fn retired_at(connection: &Connection, host: HostId) -> Result<Option<UnixMs>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT at FROM view_retired WHERE host = ?1")?;
    Ok(statement.query_row([host.0], |row| Ok(UnixMs(row.get(0)?))).optional()?)
}

/// What the index keeps of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    pub held: bool,
    pub retired: bool,
    /// Where the agent heard that several hosts claim to look after a repository; `None` among them is all of its own.
    pub claims: Box<[Option<RepositoryName>]>,
}

impl Standing {
    /// The agent says that others' claims hold it back here.
    pub fn heard_claims(&self, repository: &RepositoryName) -> bool {
        self.claims.iter().any(|held| held.as_ref().is_none_or(|held| held == repository))
    }
}

pub fn standing(connection: &Connection, host: HostId) -> Result<Standing, StoreError> {
    let holds = holds(connection, host)?;
    let held = !holds.is_empty();
    let claims = holds.into_iter().filter(|hold| hold.cause == HoldCause::Claims);
    Ok(Standing {
        held,
        retired: retired_at(connection, host)?.is_some(),
        claims: claims.map(|hold| hold.repository).collect(),
    })
}
