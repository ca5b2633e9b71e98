//! Rows of trust: the fleet that was pinned, its statements in their exact bytes, the credential that made this agent a
//! member, and why it is no longer served, if it is not.

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use wire::{
    frame::{Credential, Refusal},
    id::{FleetId, UnixMs},
    trust::{Signed, Statement},
};

use super::{StoreError, Tx, column, journal::number};

/// What `enrol` left behind, and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Pin {
    /// For good: the fingerprint of the fleet's first root.
    pub fleet: FleetId,
    /// The coordinator's address as the person wrote it.
    pub address: String,
    pub at: UnixMs,
    /// Set once this agent belongs to the fleet.
    pub member: Option<Member>,
    /// The coordinator's word that nobody here can pass over, such as rejected or revoked: it is not dialled again
    /// until somebody enrols anew.
    pub refused: Option<Refusal>,
    /// It left the fleet then: no more orders are taken, and nobody is dialled once that is told.
    pub retired_at: Option<UnixMs>,
}

/// The proof that this agent belongs to the fleet.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    pub name: String,
    /// What the host is tagged with in the fleet.
    pub tags: Vec<String>,
    pub credential: Credential,
    pub joined_at: UnixMs,
}

pub fn pin(connection: &Connection) -> Result<Option<Pin>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT fleet, address, pinned_at, name, credential, joined_at, refused, tags, retired_at FROM fleet",
    )?;
    Ok(statement.query_row([], pin_row).optional()?)
}

fn pin_row(row: &Row<'_>) -> rusqlite::Result<Pin> {
    let member = match (row.get(3)?, column::maybe_json(row, 4)?, column::time(row, 5)?) {
        (Some(name), Some(credential), Some(joined_at)) => {
            Some(Member { name, tags: column::json(row, 7)?, credential, joined_at })
        }
        _ => None,
    };
    Ok(Pin {
        fleet: FleetId(row.get(0)?),
        address: row.get(1)?,
        at: UnixMs(row.get(2)?),
        member,
        refused: column::maybe_json(row, 6)?,
        retired_at: column::time(row, 8)?,
    })
}

/// Pins a fleet, or gives the pinned one another address; clears an old refusal. A fleet that this agent never joined, or
/// that it left, gives way to another; `false`: it is a member of another fleet, nothing was changed.
pub fn set_pin(tx: &Tx<'_>, fleet: FleetId, address: &str, at: UnixMs) -> Result<bool, StoreError> {
    match pin(tx)? {
        Some(old) if old.fleet != fleet && old.member.is_some() && old.retired_at.is_none() => {
            return Ok(false);
        }
        Some(old) if old.fleet != fleet => {
            tx.execute_batch("DELETE FROM fleet; DELETE FROM statement;")?;
        }
        // Who left and comes back is a newcomer: what made it a member then does not count any more.
        Some(old) if old.retired_at.is_some() => {
            tx.execute_batch(
                "UPDATE fleet SET name = NULL, credential = NULL, joined_at = NULL, retired_at = NULL, tags = '[]'",
            )?;
        }
        _ => {}
    }
    tx.execute(
        "INSERT INTO fleet (one, fleet, address, pinned_at) VALUES (1, ?1, ?2, ?3)
         ON CONFLICT (one) DO UPDATE SET address = excluded.address, refused = NULL",
        params![fleet.0, address, at.0],
    )?;
    Ok(true)
}

pub fn set_member(tx: &Tx<'_>, member: &Member) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE fleet SET name = ?1, credential = ?2, joined_at = ?3, tags = ?4, refused = NULL, retired_at = NULL",
        params![
            member.name,
            column::to_json(&member.credential)?,
            member.joined_at.0,
            column::to_json(&member.tags)?
        ],
    )?;
    Ok(())
}

/// What the fleet calls a member from now on.
pub fn set_name(tx: &Tx<'_>, name: &str, tags: &[String]) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE fleet SET name = ?1, tags = ?2 WHERE name IS NOT NULL",
        params![name, column::to_json(&tags)?],
    )?;
    Ok(())
}

pub fn set_retired(tx: &Tx<'_>, at: UnixMs) -> Result<(), StoreError> {
    tx.execute("UPDATE fleet SET retired_at = ?1", params![at.0])?;
    Ok(())
}

/// Whether somebody holds the record that says that this agent left: then nobody needs to be dialled any more.
pub fn is_farewell_told(connection: &Connection) -> Result<bool, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT 1 FROM fleet JOIN journal ON journal.kind = 'local' AND journal.at = fleet.retired_at
             JOIN acknowledged ON acknowledged.epoch = journal.epoch AND acknowledged.seq >= journal.seq",
        )?
        .exists([])?)
}

pub fn set_refused(tx: &Tx<'_>, refusal: &Refusal) -> Result<(), StoreError> {
    tx.execute("UPDATE fleet SET refused = ?1", params![column::to_json(refusal)?])?;
    Ok(())
}

/// Every statement from version 1.
pub fn statements(connection: &Connection) -> Result<Vec<Signed<Statement>>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT signed FROM statement ORDER BY version")?;
    Ok(statement.query_map([], |row| column::json(row, 0))?.collect::<Result<_, _>>()?)
}

/// Keeps a statement that the ledger accepted as this version.
pub fn add_statement(tx: &Tx<'_>, version: u64, signed: &Signed<Statement>) -> Result<(), StoreError> {
    tx.prepare_cached("INSERT INTO statement (version, signed) VALUES (?1, ?2)")?
        .execute(params![number(version)?, column::to_json(signed)?])?;
    Ok(())
}
