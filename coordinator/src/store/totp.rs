//! Code generators: one for each person who has one, its secret sealed.

use rusqlite::{Connection, OptionalExtension};
use wire::id::UnixMs;

use super::{StoreError, Tx, people::PersonId};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TotpRow {
    /// Sealed under the coordinator's key file.
    pub secret: Vec<u8>,
    /// The time step of the last code that was taken.
    pub last_step: Option<i64>,
}

pub fn of_person(connection: &Connection, person: PersonId) -> Result<Option<TotpRow>, StoreError> {
    Ok(connection
        .prepare_cached("SELECT secret, last_step FROM totp WHERE person = ?1 AND confirmed_at IS NOT NULL")?
        .query_row([person.0], |row| Ok(TotpRow { secret: row.get(0)?, last_step: row.get(1)? }))
        .optional()?)
}

/// Keeps the generator whose code of `step` was just shown; one from before counts no more.
pub fn set(tx: &Tx<'_>, person: PersonId, secret: &[u8], step: i64, now: UnixMs) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO totp (person, secret, confirmed_at, last_step) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (person) DO UPDATE SET secret = excluded.secret, confirmed_at = excluded.confirmed_at,
             last_step = excluded.last_step",
    )?
    .execute((person.0, secret, now.0, step))?;
    Ok(())
}

/// Takes a code by its time step. `false`: this one, or a later one, was taken already.
pub fn take_step(tx: &Tx<'_>, person: PersonId, step: i64) -> Result<bool, StoreError> {
    let taken = tx
        .prepare_cached(
            "UPDATE totp SET last_step = ?2 WHERE person = ?1 AND (last_step IS NULL OR last_step < ?2)",
        )?
        .execute((person.0, step))?;
    Ok(taken == 1)
}

pub fn remove(tx: &Tx<'_>, person: PersonId) -> Result<bool, StoreError> {
    Ok(tx.prepare_cached("DELETE FROM totp WHERE person = ?1")?.execute([person.0])? > 0)
}
