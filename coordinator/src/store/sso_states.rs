//! Sign-ins that are under way at a provider, and the logout tokens that were taken.

use rusqlite::OptionalExtension;
use wire::id::{Hash32, UnixMs};

use super::{StoreError, Tx};

/// More than this many at once are not people: the oldest give way.
const MOST: u32 = 10_000;

/// A sign-in that somebody began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SsoState {
    /// Of the configuration.
    pub provider: String,
    /// The SHA-256 of what the browser's cookie holds.
    pub browser: Hash32,
    /// Sealed under the coordinator's key file.
    pub secret: Vec<u8>,
    pub expires_at: UnixMs,
}

/// Keeps it until it is taken or over; what is over by `now` is swept.
pub fn add(tx: &Tx<'_>, key: &Hash32, state: &SsoState, now: UnixMs) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM sso_states WHERE expires_at <= ?1")?.execute([now.0])?;
    tx.prepare_cached(
        "DELETE FROM sso_states WHERE state IN
         (SELECT state FROM sso_states ORDER BY expires_at DESC LIMIT -1 OFFSET ?1)",
    )?
    .execute([MOST - 1])?;
    tx.prepare_cached(
        "INSERT INTO sso_states (state, provider, browser, secret, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute((&key.0[..], &state.provider, &state.browser.0[..], &state.secret, state.expires_at.0))?;
    Ok(())
}

/// Removes it, so that nobody takes it twice. One whose time is over is removed as well, and not given.
pub fn take(tx: &Tx<'_>, key: &Hash32, now: UnixMs) -> Result<Option<SsoState>, StoreError> {
    let taken = tx
        .prepare_cached(
            "DELETE FROM sso_states WHERE state = ?1 RETURNING provider, browser, secret, expires_at",
        )?
        .query_row([&key.0[..]], |row| {
            Ok(SsoState {
                provider: row.get(0)?,
                browser: Hash32(row.get(1)?),
                secret: row.get(2)?,
                expires_at: UnixMs(row.get(3)?),
            })
        })
        .optional()?;
    Ok(taken.filter(|state| now < state.expires_at))
}

/// `false` when a logout token of this name was taken before. It is remembered until `expires_at`, after which its age
/// alone is enough to refuse it.
pub fn take_logout(tx: &Tx<'_>, name: &Hash32, expires_at: UnixMs, now: UnixMs) -> Result<bool, StoreError> {
    tx.prepare_cached("DELETE FROM sso_logouts WHERE expires_at <= ?1")?.execute([now.0])?;
    let added = tx
        .prepare_cached("INSERT INTO sso_logouts (name, expires_at) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
        .execute((&name.0[..], expires_at.0))?;
    Ok(added == 1)
}
