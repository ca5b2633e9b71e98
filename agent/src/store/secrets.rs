//! Rows of the vault: slot, revision and a ciphertext. Nothing here can be read without the vault's key file.
//!
//! A revision is added, never changed: what cannot be opened any more is still there for whoever can mend it. The one
//! before the newest is kept too, so that a new password that turns out wrong has not destroyed the old.

use rusqlite::{
    Connection, OptionalExtension as _, Row, params,
    types::{FromSqlError, Type},
};
use wire::{
    id::UnixMs,
    seal::{SecretSlot, SlotError},
};

use super::{
    StoreError, Tx,
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

/// The newest revision of a slot.
pub fn newest(connection: &Connection, slot: &SecretSlot) -> Result<Option<SecretRow>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT slot, revision, sealed, at FROM secret WHERE slot = ?1 ORDER BY revision DESC LIMIT 1",
    )?;
    Ok(statement.query_row([slot.to_string()], row).optional()?)
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
/// goes.
pub fn add(tx: &Tx<'_>, secret: &SecretRow) -> Result<(), StoreError> {
    let (slot, revision) = (secret.slot.to_string(), number(secret.revision)?);
    tx.prepare_cached("INSERT INTO secret (slot, revision, sealed, at) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![slot, revision, secret.sealed, secret.at.0])?;
    tx.prepare_cached("DELETE FROM secret WHERE slot = ?1 AND revision < ?2 - 1")?
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
