//! Passkeys: what verifies them, as the library writes it. Nothing here is secret.

use rusqlite::{Connection, OptionalExtension};
use wire::id::UnixMs;

use super::{StoreError, Tx, people::PersonId};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasskeyRow {
    /// As the authenticator names it.
    pub id: Vec<u8>,
    pub person: PersonId,
    pub name: String,
    /// JSON.
    pub credential: String,
}

/// The oldest first.
pub fn of_person(connection: &Connection, person: PersonId) -> Result<Vec<PasskeyRow>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, person, name, credential FROM passkeys WHERE person = ?1 ORDER BY created_at, id",
    )?;
    let rows = statement.query_map([person.0], row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub fn by_id(connection: &Connection, id: &[u8]) -> Result<Option<PasskeyRow>, StoreError> {
    Ok(connection
        .prepare_cached("SELECT id, person, name, credential FROM passkeys WHERE id = ?1")?
        .query_row([id], row)
        .optional()?)
}

/// `false`: somebody has it already.
pub fn add(tx: &Tx<'_>, new: &PasskeyRow, now: UnixMs) -> Result<bool, StoreError> {
    let added = tx
        .prepare_cached(
            "INSERT INTO passkeys (id, person, name, credential, created_at) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT DO NOTHING",
        )?
        .execute((&new.id, new.person.0, &new.name, &new.credential, now.0))?;
    Ok(added == 1)
}

/// It was shown: what verifies it from now on. `false`: another showing came between, or it was removed.
pub fn set_used(tx: &Tx<'_>, shown: &PasskeyRow, credential: &str, now: UnixMs) -> Result<bool, StoreError> {
    let set = tx
        .prepare_cached(
            "UPDATE passkeys SET credential = ?3, used_at = ?4 WHERE id = ?1 AND credential = ?2 AND person = ?5",
        )?
        .execute((&shown.id, &shown.credential, credential, now.0, shown.person.0))?;
    Ok(set == 1)
}

/// A person's own. What it was called.
pub fn remove(tx: &Tx<'_>, person: PersonId, id: &[u8]) -> Result<Option<String>, StoreError> {
    Ok(tx
        .prepare_cached("DELETE FROM passkeys WHERE id = ?1 AND person = ?2 RETURNING name")?
        .query_row((id, person.0), |row| row.get(0))
        .optional()?)
}

fn row(row: &rusqlite::Row<'_>) -> rusqlite::Result<PasskeyRow> {
    Ok(PasskeyRow {
        id: row.get(0)?,
        person: PersonId(row.get(1)?),
        name: row.get(2)?,
        credential: row.get(3)?,
    })
}
