//! The links by which invited people choose their passwords: one each, by the hash of its token.

use rusqlite::{Connection, OptionalExtension};
use wire::id::{Hash32, UnixMs};

use super::{StoreError, Tx, people::PersonId};

/// A link that was made, over or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetupLink {
    pub person: PersonId,
    pub expires_at: UnixMs,
}

/// The person's one link from now on; the one before opens nothing any more.
pub fn put(tx: &Tx<'_>, person: PersonId, key: &Hash32, expires_at: UnixMs) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO setup_links (person, key, expires_at) VALUES (?1, ?2, ?3)
         ON CONFLICT (person) DO UPDATE SET key = excluded.key, expires_at = excluded.expires_at",
    )?
    .execute((person.0, &key.0[..], expires_at.0))?;
    Ok(())
}

pub fn find(connection: &Connection, key: &Hash32) -> Result<Option<SetupLink>, StoreError> {
    Ok(connection
        .prepare_cached("SELECT person, expires_at FROM setup_links WHERE key = ?1")?
        .query_row([&key.0[..]], |row| {
            Ok(SetupLink { person: PersonId(row.get(0)?), expires_at: UnixMs(row.get(1)?) })
        })
        .optional()?)
}

/// Whether there was one.
pub fn remove(tx: &Tx<'_>, person: PersonId) -> Result<bool, StoreError> {
    Ok(tx.prepare_cached("DELETE FROM setup_links WHERE person = ?1")?.execute([person.0])? > 0)
}
