//! Who is signed in: sessions by the hash of what their cookie holds.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, Row};
use wire::id::{Hash32, UnixMs};

use super::{
    StoreError, Tx,
    people::{self, Person, PersonId},
};

/// A session with its person as they are now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRow {
    pub person: Person,
    pub held: HeldSession,
}

/// What is kept of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldSession {
    /// Names it; opens nothing.
    pub id: Hash32,
    pub created_at: UnixMs,
    pub used_at: UnixMs,
    pub address: Option<String>,
    pub device: Option<String>,
    /// Whether a second factor was shown.
    pub proved: bool,
    /// The identity provider that began it.
    pub provider: Option<String>,
}

/// A session that is to begin.
#[derive(Clone, Debug)]
pub struct NewSession {
    pub key: Hash32,
    pub id: Hash32,
    pub person: PersonId,
    pub address: Option<String>,
    pub device: Option<String>,
    pub proved: bool,
    pub provider: Option<ProviderSession>,
}

/// What ties a session to the one at its provider.
#[derive(Clone, Debug)]
pub struct ProviderSession {
    /// Of the configuration.
    pub provider: String,
    pub sid: Option<String>,
    /// Sealed under the coordinator's key file.
    pub id_token: Option<Vec<u8>>,
}

pub fn add(tx: &Tx<'_>, new: &NewSession, now: UnixMs) -> Result<(), StoreError> {
    let provider = new.provider.as_ref();
    tx.prepare_cached(
        "INSERT INTO sessions (key, id, person, created_at, used_at, address, device, proved, provider, sid, id_token)
         VALUES (?1, ?2, ?3, ?4, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?
    .execute((
        &new.key.0[..],
        &new.id.0[..],
        new.person.0,
        now.0,
        &new.address,
        &new.device,
        new.proved.then_some(1),
        provider.map(|provider| &provider.provider),
        provider.and_then(|provider| provider.sid.as_ref()),
        provider.and_then(|provider| provider.id_token.as_ref()),
    ))?;
    Ok(())
}

pub fn find(connection: &Connection, key: &Hash32) -> Result<Option<SessionRow>, StoreError> {
    let row = connection
        .prepare_cached(&format!(
            "SELECT {}, {HELD} FROM sessions JOIN people ON people.id = sessions.person WHERE sessions.key = ?1",
            people::COLUMNS
        ))?
        .query_row([&key.0[..]], |row| Ok((people::columns(row)?, held(row, people::WIDTH)?)))
        .optional()?;
    row.map(|(columns, held)| Ok(SessionRow { person: people::person(columns)?, held })).transpose()
}

/// What ties it to the session at its provider. `None` where a password began it.
pub fn provider_of(connection: &Connection, key: &Hash32) -> Result<Option<ProviderSession>, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT provider, sid, id_token FROM sessions WHERE key = ?1 AND provider IS NOT NULL",
        )?
        .query_row([&key.0[..]], |row| {
            Ok(ProviderSession { provider: row.get(0)?, sid: row.get(1)?, id_token: row.get(2)? })
        })
        .optional()?)
}

/// Those that a provider began and now ends: one by what it calls it, or all of the person whom it knows by `identity`;
/// where it says both, both must fit. What names them, and whose they were.
pub fn remove_of_provider(
    tx: &Tx<'_>,
    provider: &str,
    sid: Option<&str>,
    identity: Option<&people::Identity>,
) -> Result<Vec<(Hash32, String)>, StoreError> {
    let mut statement = tx.prepare_cached(
        "DELETE FROM sessions
         WHERE provider = ?1 AND (?2 IS NULL OR sid = ?2)
           AND (?3 IS NULL OR person = (SELECT id FROM people WHERE issuer = ?3 AND subject = ?4))
         RETURNING id, (SELECT name FROM people WHERE people.id = sessions.person)",
    )?;
    let rows = statement.query_map(
        (
            provider,
            sid,
            identity.map(|identity| &identity.issuer),
            identity.map(|identity| &identity.subject),
        ),
        |row| Ok((Hash32(row.get(0)?), row.get(1)?)),
    )?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A person's sessions, the last used first; those whose time is over too.
pub fn of_person(connection: &Connection, person: PersonId) -> Result<Vec<HeldSession>, StoreError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {HELD} FROM sessions WHERE person = ?1 ORDER BY used_at DESC, id"
    ))?;
    let rows = statement.query_map([person.0], |row| held(row, 0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How many each person has of those made after `created` and used since `used`.
pub fn count(
    connection: &Connection,
    created: UnixMs,
    used: UnixMs,
) -> Result<HashMap<PersonId, u32>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT person, count(*) FROM sessions WHERE created_at > ?1 AND used_at > ?2 GROUP BY person",
    )?;
    let rows = statement.query_map((created.0, used.0), |row| Ok((PersonId(row.get(0)?), row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Never back in time: two requests may end in the other order.
pub fn touch(tx: &Tx<'_>, key: &Hash32, now: UnixMs) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE sessions SET used_at = ?2 WHERE key = ?1 AND used_at < ?2")?
        .execute((&key.0[..], now.0))?;
    Ok(())
}

pub fn remove(tx: &Tx<'_>, key: &Hash32) -> Result<bool, StoreError> {
    Ok(tx.prepare_cached("DELETE FROM sessions WHERE key = ?1")?.execute([&key.0[..]])? > 0)
}

/// One of a person's own, by what names it.
pub fn remove_one(tx: &Tx<'_>, person: PersonId, id: &Hash32) -> Result<bool, StoreError> {
    let removed = tx
        .prepare_cached("DELETE FROM sessions WHERE person = ?1 AND id = ?2")?
        .execute((person.0, &id.0[..]))?;
    Ok(removed > 0)
}

/// All of a person's, but the one that is to stay. How many those were.
pub fn remove_all(tx: &Tx<'_>, person: PersonId, but: Option<&Hash32>) -> Result<usize, StoreError> {
    Ok(tx
        .prepare_cached("DELETE FROM sessions WHERE person = ?1 AND key IS NOT ?2")?
        .execute((person.0, but.map(|key| &key.0[..])))?)
}

/// Its person showed a second factor.
pub fn set_proved(tx: &Tx<'_>, key: &Hash32) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE sessions SET proved = 1 WHERE key = ?1")?.execute([&key.0[..]])?;
    Ok(())
}

/// What its cookie held opens nothing any more; what hashes to `new` does.
pub fn set_key(tx: &Tx<'_>, key: &Hash32, new: &Hash32) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE sessions SET key = ?2 WHERE key = ?1")?.execute((&key.0[..], &new.0[..]))?;
    Ok(())
}

/// All of a person's that no second factor was shown for, but the one that is to stay. How many those were.
pub fn remove_unproved(tx: &Tx<'_>, person: PersonId, but: &Hash32) -> Result<usize, StoreError> {
    Ok(tx
        .prepare_cached("DELETE FROM sessions WHERE person = ?1 AND key IS NOT ?2 AND proved IS NULL")?
        .execute((person.0, &but.0[..]))?)
}

/// Removes sessions made before `created` or not used since `used`.
pub fn sweep(tx: &Tx<'_>, created: UnixMs, used: UnixMs) -> Result<usize, StoreError> {
    Ok(tx
        .prepare_cached("DELETE FROM sessions WHERE created_at <= ?1 OR used_at <= ?2")?
        .execute((created.0, used.0))?)
}

const HELD: &str = "sessions.id, sessions.created_at, sessions.used_at, sessions.address, sessions.device, \
     sessions.proved IS NOT NULL, sessions.provider";

fn held(row: &Row<'_>, from: usize) -> rusqlite::Result<HeldSession> {
    Ok(HeldSession {
        id: Hash32(row.get(from)?),
        created_at: UnixMs(row.get(from + 1)?),
        used_at: UnixMs(row.get(from + 2)?),
        address: row.get(from + 3)?,
        device: row.get(from + 4)?,
        proved: row.get(from + 5)?,
        provider: row.get(from + 6)?,
    })
}

/// Ends every session there is.
pub fn clear(connection: &Connection) -> Result<usize, StoreError> {
    Ok(connection.execute("DELETE FROM sessions", [])?)
}
