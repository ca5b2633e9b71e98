//! Operator keys that were announced: whose they are.

use rusqlite::{Connection, OptionalExtension, Row};
use wire::id::{OperatorKey, UnixMs};

use super::{StoreError, Tx, people::PersonId};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceKey {
    pub key: OperatorKey,
    pub person: PersonId,
    /// The browser or computer, as its owner called it.
    pub name: String,
    pub announced_at: UnixMs,
    pub used_at: Option<UnixMs>,
}

const COLUMNS: &str = "key, person, name, announced_at, used_at";

fn device_key(row: &Row<'_>) -> rusqlite::Result<DeviceKey> {
    Ok(DeviceKey {
        key: OperatorKey(row.get(0)?),
        person: PersonId(row.get(1)?),
        name: row.get(2)?,
        announced_at: UnixMs(row.get(3)?),
        used_at: row.get::<_, Option<i64>>(4)?.map(UnixMs),
    })
}

/// The oldest first.
pub fn all(connection: &Connection) -> Result<Vec<DeviceKey>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM device_keys ORDER BY announced_at, key");
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map([], device_key)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The oldest first.
pub fn of_person(connection: &Connection, person: PersonId) -> Result<Vec<DeviceKey>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM device_keys WHERE person = ?1 ORDER BY announced_at, key");
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map([person.0], device_key)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub fn one(connection: &Connection, key: OperatorKey) -> Result<Option<DeviceKey>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM device_keys WHERE key = ?1");
    Ok(connection.prepare_cached(&sql)?.query_row([&key.0[..]], device_key).optional()?)
}

/// Keeps whose a key is, or what its device is called by now.
pub fn put(
    tx: &Tx<'_>,
    key: OperatorKey,
    person: PersonId,
    name: &str,
    now: UnixMs,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO device_keys (key, person, name, announced_at) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (key) DO UPDATE SET name = excluded.name",
    )?
    .execute((&key.0[..], person.0, name, now.0))?;
    Ok(())
}

pub fn touch(tx: &Tx<'_>, key: OperatorKey, now: UnixMs) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE device_keys SET used_at = ?2 WHERE key = ?1")?.execute((&key.0[..], now.0))?;
    Ok(())
}

pub fn remove(tx: &Tx<'_>, key: OperatorKey) -> Result<bool, StoreError> {
    Ok(tx.prepare_cached("DELETE FROM device_keys WHERE key = ?1")?.execute([&key.0[..]])? == 1)
}
