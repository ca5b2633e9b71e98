//! Programs' keys to the API, by the hash of their text.

use rusqlite::{Connection, OptionalExtension, Row};
use wire::{
    id::{Hash32, UnixMs},
    trust::Role,
};

use super::{
    StoreError, Tx,
    people::{self, Person, PersonId},
};

/// A token with its maker as they are now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiTokenRow {
    pub maker: Person,
    pub held: HeldApiToken,
}

/// What is kept of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldApiToken {
    pub id: u32,
    pub name: String,
    /// The most that it may do.
    pub role: Role,
    pub created_at: UnixMs,
    pub expires_at: Option<UnixMs>,
    pub used_at: Option<UnixMs>,
    pub revoked_at: Option<UnixMs>,
}

/// A token that is to be made.
#[derive(Clone, Debug)]
pub struct NewApiToken {
    pub key: Hash32,
    pub maker: PersonId,
    pub name: String,
    pub role: Role,
    pub expires_at: Option<UnixMs>,
}

pub fn add(tx: &Tx<'_>, new: &NewApiToken, now: UnixMs) -> Result<u32, StoreError> {
    tx.prepare_cached(
        "INSERT INTO api_tokens (key, person, name, role, created_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute((
        &new.key.0[..],
        new.maker.0,
        &new.name,
        new.role.as_str(),
        now.0,
        new.expires_at.map(|at| at.0),
    ))?;
    u32::try_from(tx.last_insert_rowid()).map_err(|_| StoreError::Refused("too many tokens".into()))
}

pub fn find(connection: &Connection, key: &Hash32) -> Result<Option<ApiTokenRow>, StoreError> {
    one(connection, "api_tokens.key = ?1", [&key.0[..]])
}

pub fn by_id(connection: &Connection, id: u32) -> Result<Option<ApiTokenRow>, StoreError> {
    one(connection, "api_tokens.id = ?1", [id])
}

/// The newest first: one person's, or everybody's.
pub fn all(connection: &Connection, of: Option<PersonId>) -> Result<Vec<ApiTokenRow>, StoreError> {
    let mut statement = connection.prepare_cached(&format!(
        "{} WHERE ?1 IS NULL OR api_tokens.person = ?1 ORDER BY api_tokens.created_at DESC, api_tokens.id DESC",
        select()
    ))?;
    let rows = statement.query_map([of.map(|person| person.0)], columns)?;
    rows.map(|row| token(row?)).collect()
}

/// How many of a person's let somebody in at this moment.
pub fn count_living(connection: &Connection, maker: PersonId, now: UnixMs) -> Result<u32, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT count(*) FROM api_tokens
             WHERE person = ?1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?2)",
        )?
        .query_row((maker.0, now.0), |row| row.get(0))?)
}

/// `false`: it was revoked before.
pub fn revoke(tx: &Tx<'_>, id: u32, now: UnixMs) -> Result<bool, StoreError> {
    let changed = tx
        .prepare_cached("UPDATE api_tokens SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL")?
        .execute((id, now.0))?;
    Ok(changed == 1)
}

/// Never back in time: two requests may end in the other order.
pub fn touch(tx: &Tx<'_>, id: u32, now: UnixMs) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE api_tokens SET used_at = ?2 WHERE id = ?1 AND (used_at IS NULL OR used_at < ?2)",
    )?
    .execute((id, now.0))?;
    Ok(())
}

fn one(
    connection: &Connection,
    condition: &str,
    params: impl rusqlite::Params,
) -> Result<Option<ApiTokenRow>, StoreError> {
    let row = connection
        .prepare_cached(&format!("{} WHERE {condition}", select()))?
        .query_row(params, columns)
        .optional()?;
    row.map(token).transpose()
}

fn select() -> String {
    format!(
        "SELECT {}, api_tokens.id, api_tokens.name, api_tokens.role, api_tokens.created_at, api_tokens.expires_at,
             api_tokens.used_at, api_tokens.revoked_at
         FROM api_tokens JOIN people ON people.id = api_tokens.person",
        people::COLUMNS
    )
}

struct Columns {
    maker: people::Columns,
    id: u32,
    name: String,
    role: String,
    created_at: i64,
    expires_at: Option<i64>,
    used_at: Option<i64>,
    revoked_at: Option<i64>,
}

fn columns(row: &Row<'_>) -> rusqlite::Result<Columns> {
    let from = people::WIDTH;
    Ok(Columns {
        maker: people::columns(row)?,
        id: row.get(from)?,
        name: row.get(from + 1)?,
        role: row.get(from + 2)?,
        created_at: row.get(from + 3)?,
        expires_at: row.get(from + 4)?,
        used_at: row.get(from + 5)?,
        revoked_at: row.get(from + 6)?,
    })
}

fn token(row: Columns) -> Result<ApiTokenRow, StoreError> {
    let held = HeldApiToken {
        id: row.id,
        name: row.name,
        role: people::role("a token's role", &row.role)?,
        created_at: UnixMs(row.created_at),
        expires_at: row.expires_at.map(UnixMs),
        used_at: row.used_at.map(UnixMs),
        revoked_at: row.revoked_at.map(UnixMs),
    };
    Ok(ApiTokenRow { maker: people::person(row.maker)?, held })
}
