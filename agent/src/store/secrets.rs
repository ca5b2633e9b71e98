//! Rows of the vault: slot, revision and a ciphertext. Nothing here can be read without the vault's key file.
//!
//! A revision is added, its bytes never changed: what cannot be opened any more is still there for whoever can mend it.
//! The one before the newest is kept too, and what last opened a destination, so that a new password that turns out
//! wrong has not destroyed the old.

use rusqlite::{
    Connection, Row, params,
    types::{FromSqlError, Type},
};
use wire::{
    id::UnixMs,
    job::Reason,
    seal::{SecretSlot, SlotError},
};

use super::{
    StoreError, Tx, column,
    journal::{number, unsigned},
};

/// A secret at rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretRow {
    pub slot: SecretSlot,
    pub revision: u64,
    pub sealed: Vec<u8>,
    pub at: UnixMs,
}

/// One revision, and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Held {
    pub row: SecretRow,
    /// The destination that it was last seen to open.
    pub opened: Option<String>,
    /// Why it was tried and not taken into use.
    pub refused: Option<Reason>,
    pub escrowed: bool,
}

/// Every revision of a slot that is still there, the newest first.
pub fn held(connection: &Connection, slot: &SecretSlot) -> Result<Vec<Held>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT slot, revision, sealed, at, opened, refused, escrowed FROM secret
         WHERE slot = ?1 ORDER BY revision DESC",
    )?;
    let rows = statement.query_map([slot.to_string()], |row| {
        Ok(Held {
            row: self::row(row)?,
            opened: row.get(4)?,
            refused: column::maybe_json(row, 5)?,
            escrowed: row.get(6)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// It opened this destination: it is in use there.
pub fn set_opened(tx: &Tx<'_>, slot: &SecretSlot, revision: u64, location: &str) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE secret SET opened = ?3, refused = NULL WHERE slot = ?1 AND revision = ?2")?
        .execute(params![slot.to_string(), number(revision)?, location])?;
    Ok(())
}

/// It was tried, and is not taken into use.
pub fn set_refused(tx: &Tx<'_>, slot: &SecretSlot, revision: u64, reason: &Reason) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE secret SET refused = ?3 WHERE slot = ?1 AND revision = ?2")?
        .execute(params![slot.to_string(), number(revision)?, column::to_json(reason)?])?;
    Ok(())
}

/// The fleet's kit can open it.
pub fn set_escrowed(tx: &Tx<'_>, slot: &SecretSlot, revision: u64) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE secret SET escrowed = 1 WHERE slot = ?1 AND revision = ?2")?
        .execute(params![slot.to_string(), number(revision)?])?;
    Ok(())
}

/// 0 while the slot is empty.
pub fn revision(connection: &Connection, slot: &SecretSlot) -> Result<u64, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT coalesce(max(revision), 0) FROM secret WHERE slot = ?1")?;
    Ok(unsigned(statement.query_row([slot.to_string()], |row| row.get(0))?))
}

/// The newest revision of every slot.
pub fn all(connection: &Connection) -> Result<Vec<SecretRow>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT slot, revision, sealed, at FROM secret s
         WHERE revision = (SELECT max(revision) FROM secret WHERE slot = s.slot) ORDER BY slot",
    )?;
    Ok(statement.query_map([], row)?.collect::<Result<_, _>>()?)
}

/// Whether anything is kept at all: then the key file must be there too.
pub fn any(connection: &Connection) -> Result<bool, StoreError> {
    Ok(connection.query_row("SELECT EXISTS (SELECT 1 FROM secret)", [], |row| row.get(0))?)
}

/// Adds a revision; one that is there is a constraint error, never written over. What is older than the one before it
/// goes, unless it is the last that opened some destination.
pub fn add(tx: &Tx<'_>, secret: &SecretRow) -> Result<(), StoreError> {
    let (slot, revision) = (secret.slot.to_string(), number(secret.revision)?);
    tx.prepare_cached("INSERT INTO secret (slot, revision, sealed, at) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![slot, revision, secret.sealed, secret.at.0])?;
    tx.prepare_cached(
        "DELETE FROM secret WHERE slot = ?1 AND revision < ?2 - 1 AND revision NOT IN
         (SELECT max(revision) FROM secret WHERE slot = ?1 AND opened IS NOT NULL GROUP BY opened)",
    )?
    .execute(params![slot, revision])?;
    Ok(())
}

fn row(row: &Row<'_>) -> rusqlite::Result<SecretRow> {
    let slot: String = row.get(0)?;
    let slot = slot.parse().map_err(|error: SlotError| {
        rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(FromSqlError::other(error)))
    })?;
    Ok(SecretRow { slot, revision: unsigned(row.get(1)?), sealed: row.get(2)?, at: UnixMs(row.get(3)?) })
}
