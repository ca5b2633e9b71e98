//! What proves people besides their passwords, as lists and accounts show it. What verifies it is in files of its own.

use std::collections::HashMap;

use rusqlite::Connection;
use wire::{
    id::{Base64Bytes, UnixMs},
    view::{Factor, PasskeyView},
};

use super::{StoreError, Tx, people::PersonId};

/// Of everybody who has any, each kind once.
pub fn all(connection: &Connection) -> Result<HashMap<PersonId, Vec<Factor>>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT person, 0 FROM totp WHERE confirmed_at IS NOT NULL
         UNION SELECT person, 1 FROM passkeys ORDER BY 1, 2",
    )?;
    let mut rows = statement.query([])?;
    let mut all: HashMap<PersonId, Vec<Factor>> = HashMap::new();
    while let Some(row) = rows.next()? {
        let factor = if row.get::<_, bool>(1)? { Factor::Passkey } else { Factor::Totp };
        all.entry(PersonId(row.get(0)?)).or_default().push(factor);
    }
    Ok(all)
}

pub fn of_person(connection: &Connection, person: PersonId) -> Result<Vec<Factor>, StoreError> {
    let (totp, passkey): (bool, bool) = connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM totp WHERE person = ?1 AND confirmed_at IS NOT NULL),
                    EXISTS (SELECT 1 FROM passkeys WHERE person = ?1)",
        )?
        .query_row([person.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let totp = totp.then_some(Factor::Totp);
    let passkey = passkey.then_some(Factor::Passkey);
    Ok(totp.into_iter().chain(passkey).collect())
}

/// A person's passkeys, the oldest first.
pub fn passkeys(connection: &Connection, person: PersonId) -> Result<Vec<PasskeyView>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, name, created_at, used_at FROM passkeys WHERE person = ?1 ORDER BY created_at, id",
    )?;
    let rows = statement.query_map([person.0], |row| {
        Ok(PasskeyView {
            id: Base64Bytes(row.get(0)?),
            name: row.get(1)?,
            created_at: UnixMs(row.get(2)?),
            used_at: row.get::<_, Option<i64>>(3)?.map(UnixMs),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Recovery codes that were not used.
pub fn recovery_codes(connection: &Connection, person: PersonId) -> Result<u32, StoreError> {
    Ok(connection
        .prepare_cached("SELECT count(*) FROM recovery_codes WHERE person = ?1")?
        .query_row([person.0], |row| row.get(0))?)
}

/// Everything that proves a person besides their password, and what stands in for it.
pub fn remove_all(tx: &Tx<'_>, person: PersonId) -> Result<(), StoreError> {
    for sql in [
        "DELETE FROM totp WHERE person = ?1",
        "DELETE FROM passkeys WHERE person = ?1",
        "DELETE FROM recovery_codes WHERE person = ?1",
    ] {
        tx.prepare_cached(sql)?.execute([person.0])?;
    }
    Ok(())
}
