//! Who is signed in: sessions by the hash of what their cookie holds.

use rusqlite::{Connection, OptionalExtension};
use wire::id::{Hash32, UnixMs};

use super::{
    StoreError, Tx,
    people::{self, Person, PersonId},
};

/// A session with its person as they are now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRow {
    pub person: Person,
    pub created_at: UnixMs,
    pub used_at: UnixMs,
}

pub fn add(tx: &Tx<'_>, key: &Hash32, person: PersonId, now: UnixMs) -> Result<(), StoreError> {
    tx.prepare_cached("INSERT INTO sessions (key, person, created_at, used_at) VALUES (?1, ?2, ?3, ?3)")?
        .execute((&key.0[..], person.0, now.0))?;
    Ok(())
}

pub fn find(connection: &Connection, key: &Hash32) -> Result<Option<SessionRow>, StoreError> {
    let row = connection
        .prepare_cached(
            "SELECT people.id, people.name, people.role, people.disabled_at, sessions.created_at, sessions.used_at
             FROM sessions JOIN people ON people.id = sessions.person
             WHERE sessions.key = ?1",
        )?
        .query_row([&key.0[..]], |row| Ok((people::columns(row)?, row.get(4)?, row.get(5)?)))
        .optional()?;
    row.map(|(columns, created_at, used_at)| {
        Ok(SessionRow {
            person: people::person(columns)?,
            created_at: UnixMs(created_at),
            used_at: UnixMs(used_at),
        })
    })
    .transpose()
}

/// Never back in time: two requests may end in the other order.
pub fn touch(tx: &Tx<'_>, key: &Hash32, now: UnixMs) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE sessions SET used_at = ?2 WHERE key = ?1 AND used_at < ?2")?
        .execute((&key.0[..], now.0))?;
    Ok(())
}

pub fn remove(tx: &Tx<'_>, key: &Hash32) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM sessions WHERE key = ?1")?.execute([&key.0[..]])?;
    Ok(())
}

/// Removes sessions made before `created` or not used since `used`.
pub fn sweep(tx: &Tx<'_>, created: UnixMs, used: UnixMs) -> Result<usize, StoreError> {
    Ok(tx
        .prepare_cached("DELETE FROM sessions WHERE created_at <= ?1 OR used_at <= ?2")?
        .execute((created.0, used.0))?)
}
