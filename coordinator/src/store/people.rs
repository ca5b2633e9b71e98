//! People who sign in, and the token that lets the first of them in.

use rusqlite::{Connection, OptionalExtension, Row};
use wire::{
    id::{Hash32, UnixMs},
    trust::Role,
};

use super::{StoreError, Tx};

/// A row's number; a name may change some day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PersonId(pub i64);

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    pub id: PersonId,
    pub name: String,
    pub role: Role,
    /// Nobody signs in as a disabled person, and their sessions are over.
    pub disabled_at: Option<UnixMs>,
}

pub fn exist(connection: &Connection) -> Result<bool, StoreError> {
    Ok(connection.prepare_cached("SELECT EXISTS (SELECT 1 FROM people)")?.query_row([], |row| row.get(0))?)
}

/// `None` when the name is taken, in whatever case.
pub fn add(
    tx: &Tx<'_>,
    name: &str,
    password: &str,
    role: Role,
    now: UnixMs,
) -> Result<Option<PersonId>, StoreError> {
    let added = tx
        .prepare_cached(
            "INSERT INTO people (name, password, role, created_at) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
        )?
        .execute((name, password, role.as_str(), now.0))?;
    Ok((added == 1).then(|| PersonId(tx.last_insert_rowid())))
}

/// The person and their password's PHC string.
pub fn by_name(connection: &Connection, name: &str) -> Result<Option<(Person, String)>, StoreError> {
    let row = connection
        .prepare_cached("SELECT id, name, role, disabled_at, password FROM people WHERE name = ?1")?
        .query_row([name], |row| Ok((columns(row)?, row.get::<_, String>(4)?)))
        .optional()?;
    row.map(|(columns, password)| Ok((person(columns)?, password))).transpose()
}

/// Keeps the hash of the one bootstrap token that counts; an older link is void from then on.
pub fn set_bootstrap(tx: &Tx<'_>, token: &Hash32) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO bootstrap (one, token) VALUES (1, ?1) ON CONFLICT (one) DO UPDATE SET token = excluded.token",
    )?
    .execute([&token.0[..]])?;
    Ok(())
}

pub fn bootstrap(connection: &Connection) -> Result<Option<Hash32>, StoreError> {
    let token = connection
        .prepare_cached("SELECT token FROM bootstrap")?
        .query_row([], |row| row.get::<_, [u8; 32]>(0))
        .optional()?;
    Ok(token.map(Hash32))
}

pub fn forget_bootstrap(tx: &Tx<'_>) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM bootstrap")?.execute([])?;
    Ok(())
}

type Columns = (i64, String, String, Option<i64>);

/// The first four columns of a row: id, name, role, disabled_at.
pub(super) fn columns(row: &Row<'_>) -> rusqlite::Result<Columns> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
}

pub(super) fn person((id, name, role, disabled_at): Columns) -> Result<Person, StoreError> {
    let role = [Role::Viewer, Role::Operator, Role::Admin]
        .into_iter()
        .find(|known| known.as_str() == role)
        .ok_or_else(|| StoreError::unreadable("a person's role", &role))?;
    Ok(Person { id: PersonId(id), name, role, disabled_at: disabled_at.map(UnixMs) })
}
