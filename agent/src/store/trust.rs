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
}

/// The proof that this agent belongs to the fleet.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    pub name: String,
    pub credential: Credential,
    pub joined_at: UnixMs,
}

pub fn pin(connection: &Connection) -> Result<Option<Pin>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT fleet, address, pinned_at, name, credential, joined_at, refused FROM fleet",
    )?;
    Ok(statement.query_row([], pin_row).optional()?)
}

fn pin_row(row: &Row<'_>) -> rusqlite::Result<Pin> {
    let member = match (row.get(3)?, column::maybe_json(row, 4)?, column::time(row, 5)?) {
        (Some(name), Some(credential), Some(joined_at)) => Some(Member { name, credential, joined_at }),
        _ => None,
    };
    Ok(Pin {
        fleet: FleetId(row.get(0)?),
        address: row.get(1)?,
        at: UnixMs(row.get(2)?),
        member,
        refused: column::maybe_json(row, 6)?,
    })
}

/// Pins a fleet, or gives the pinned one another address; clears an old refusal. A fleet that this agent never joined
/// gives way to another; `false`: it is a member of another fleet, nothing was changed.
pub fn set_pin(tx: &Tx<'_>, fleet: FleetId, address: &str, at: UnixMs) -> Result<bool, StoreError> {
    match pin(tx)? {
        Some(old) if old.fleet != fleet && old.member.is_some() => return Ok(false),
        Some(old) if old.fleet != fleet => {
            tx.execute_batch("DELETE FROM fleet; DELETE FROM statement;")?;
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
        "UPDATE fleet SET name = ?1, credential = ?2, joined_at = ?3, refused = NULL",
        params![member.name, column::to_json(&member.credential)?, member.joined_at.0],
    )?;
    Ok(())
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
