//! People who sign in, and the token that lets the first of them in.

use rusqlite::{Connection, OptionalExtension, Row};
use wire::{
    id::{Hash32, UnixMs},
    trust::Role,
};

use super::{StoreError, Tx, text};

/// A row's number; a name may change some day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PersonId(pub u32);

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    pub id: PersonId,
    pub name: String,
    pub email: Option<String>,
    pub role: Role,
    /// What an identity provider knows the person by; then it vouches for them.
    pub identity: Option<Identity>,
    /// Whether there is a password to sign in with.
    pub has_password: bool,
    /// Nobody signs in as a disabled person, and their sessions are over.
    pub disabled_at: Option<UnixMs>,
    pub created_at: UnixMs,
    pub signed_in_at: Option<UnixMs>,
}

/// An issuer, and what it calls one person for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub issuer: String,
    pub subject: String,
}

/// Somebody who is to be added.
#[derive(Clone, Debug)]
pub struct NewPerson<'a> {
    pub name: &'a str,
    pub email: Option<&'a str>,
    pub role: Role,
    /// A PHC string.
    pub password: Option<&'a str>,
    pub identity: Option<&'a Identity>,
}

pub fn exist(connection: &Connection) -> Result<bool, StoreError> {
    Ok(connection.prepare_cached("SELECT EXISTS (SELECT 1 FROM people)")?.query_row([], |row| row.get(0))?)
}

/// `None` when the name is taken, in whatever case, or the identity is somebody's.
pub fn add(tx: &Tx<'_>, new: &NewPerson<'_>, now: UnixMs) -> Result<Option<PersonId>, StoreError> {
    let added = tx
        .prepare_cached(
            "INSERT INTO people (name, email, role, password, issuer, subject, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
        )?
        .execute((
            new.name,
            new.email,
            new.role.as_str(),
            new.password,
            new.identity.map(|identity| &identity.issuer),
            new.identity.map(|identity| &identity.subject),
            now.0,
        ))?;
    if added == 0 {
        // The last number that was given is some other row's then.
        return Ok(None);
    }
    let id = u32::try_from(tx.last_insert_rowid());
    id.map(|id| Some(PersonId(id))).map_err(|_| StoreError::Refused("too many people".into()))
}

/// By name, whatever its case.
pub fn by_name(connection: &Connection, name: &str) -> Result<Option<Person>, StoreError> {
    one(connection, "name = ?1", [name])
}

pub fn by_id(connection: &Connection, id: PersonId) -> Result<Option<Person>, StoreError> {
    one(connection, "id = ?1", [id.0])
}

pub fn by_identity(connection: &Connection, identity: &Identity) -> Result<Option<Person>, StoreError> {
    one(connection, "issuer = ?1 AND subject = ?2", [&identity.issuer, &identity.subject])
}

/// By name.
pub fn all(connection: &Connection) -> Result<Vec<Person>, StoreError> {
    let mut statement =
        connection.prepare_cached(&format!("SELECT {COLUMNS} FROM people ORDER BY name COLLATE NOCASE"))?;
    let rows = statement.query_map([], columns)?;
    rows.map(|row| person(row?)).collect()
}

/// The PHC string of a person's password.
pub fn password(connection: &Connection, id: PersonId) -> Result<Option<String>, StoreError> {
    let found = connection
        .prepare_cached("SELECT password FROM people WHERE id = ?1")?
        .query_row([id.0], |row| row.get(0))
        .optional()?;
    Ok(found.flatten())
}

pub fn set_password(tx: &Tx<'_>, id: PersonId, phc: &str) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE people SET password = ?2 WHERE id = ?1")?.execute((id.0, phc))?;
    Ok(())
}

/// Whoever signs in with a password does not any more, until they choose another.
pub fn remove_password(tx: &Tx<'_>, id: PersonId) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE people SET password = NULL WHERE id = ?1")?.execute([id.0])?;
    Ok(())
}

pub fn set_role(tx: &Tx<'_>, id: PersonId, role: Role) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE people SET role = ?2 WHERE id = ?1")?.execute((id.0, role.as_str()))?;
    Ok(())
}

pub fn set_email(tx: &Tx<'_>, id: PersonId, email: Option<&str>) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE people SET email = ?2 WHERE id = ?1")?.execute((id.0, email))?;
    Ok(())
}

/// `None` enables the person again.
pub fn set_disabled(tx: &Tx<'_>, id: PersonId, at: Option<UnixMs>) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE people SET disabled_at = ?2 WHERE id = ?1")?
        .execute((id.0, at.map(|at| at.0)))?;
    Ok(())
}

pub fn set_signed_in(tx: &Tx<'_>, id: PersonId, now: UnixMs) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE people SET signed_in_at = ?2 WHERE id = ?1")?.execute((id.0, now.0))?;
    Ok(())
}

/// Admins who can sign in: enabled, and with a password or one of the providers that there are.
pub fn count_admins(connection: &Connection, issuers: &[&String]) -> Result<u32, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT count(*) FROM people
             WHERE role = 'admin' AND disabled_at IS NULL
               AND (password IS NOT NULL OR issuer IN (SELECT value FROM json_each(?1)))",
        )?
        .query_row([text::json(&issuers)?], |row| row.get(0))?)
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

fn one(
    connection: &Connection,
    condition: &str,
    params: impl rusqlite::Params,
) -> Result<Option<Person>, StoreError> {
    let row = connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM people WHERE {condition}"))?
        .query_row(params, columns)
        .optional()?;
    row.map(person).transpose()
}

/// What [`columns`] reads, in its order.
pub(super) const COLUMNS: &str = "people.id, people.name, people.email, people.role, people.issuer, people.subject, \
     people.password IS NOT NULL, people.disabled_at, people.created_at, people.signed_in_at";
/// How many those are.
pub(super) const WIDTH: usize = 10;

pub(super) struct Columns {
    id: u32,
    name: String,
    email: Option<String>,
    role: String,
    issuer: Option<String>,
    subject: Option<String>,
    has_password: bool,
    disabled_at: Option<i64>,
    created_at: i64,
    signed_in_at: Option<i64>,
}

pub(super) fn columns(row: &Row<'_>) -> rusqlite::Result<Columns> {
    Ok(Columns {
        id: row.get(0)?,
        name: row.get(1)?,
        email: row.get(2)?,
        role: row.get(3)?,
        issuer: row.get(4)?,
        subject: row.get(5)?,
        has_password: row.get(6)?,
        disabled_at: row.get(7)?,
        created_at: row.get(8)?,
        signed_in_at: row.get(9)?,
    })
}

pub(super) fn person(row: Columns) -> Result<Person, StoreError> {
    Ok(Person {
        id: PersonId(row.id),
        name: row.name,
        email: row.email,
        role: role("a person's role", &row.role)?,
        identity: row.issuer.zip(row.subject).map(|(issuer, subject)| Identity { issuer, subject }),
        has_password: row.has_password,
        disabled_at: row.disabled_at.map(UnixMs),
        created_at: UnixMs(row.created_at),
        signed_in_at: row.signed_in_at.map(UnixMs),
    })
}

pub(super) fn role(what: &str, word: &str) -> Result<Role, StoreError> {
    [Role::Viewer, Role::Operator, Role::Admin]
        .into_iter()
        .find(|known| known.as_str() == word)
        .ok_or_else(|| StoreError::unreadable(what, word))
}
