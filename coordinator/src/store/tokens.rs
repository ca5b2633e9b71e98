//! Tokens: their signed terms, and which agents redeemed them.

use rusqlite::{Connection, OptionalExtension};
use wire::{
    id::{AgentId, TokenKey, UnixMs},
    trust::{Signed, Token},
    view::TokenUse,
};

use super::{StoreError, Tx, text};

#[derive(Clone, Debug)]
pub struct HeldToken {
    pub token: TokenKey,
    pub signed: Signed<Token>,
    pub made_by: String,
    pub revoked_at: Option<UnixMs>,
}

/// `false` when the token is there already.
pub fn insert(
    tx: &Tx<'_>,
    token: TokenKey,
    signed: &Signed<Token>,
    made_by: &str,
    now: UnixMs,
) -> Result<bool, StoreError> {
    let inserted = tx
        .prepare_cached(
            "INSERT INTO tokens (token, signed, made_by, made_at) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
        )?
        .execute((token.0, text::json(signed)?, made_by, now.0))?;
    Ok(inserted == 1)
}

/// `false` when there is no such token, or it was revoked before.
pub fn revoke(tx: &Tx<'_>, token: TokenKey, now: UnixMs) -> Result<bool, StoreError> {
    let changed = tx
        .prepare_cached("UPDATE tokens SET revoked_at = ?2 WHERE token = ?1 AND revoked_at IS NULL")?
        .execute((token.0, now.0))?;
    Ok(changed == 1)
}

pub fn one(connection: &Connection, token: TokenKey) -> Result<Option<HeldToken>, StoreError> {
    let sql = "SELECT token, signed, made_by, revoked_at FROM tokens WHERE token = ?1";
    let row = connection.prepare_cached(sql)?.query_row([token.0], columns).optional()?;
    row.map(held).transpose()
}

/// The newest first.
pub fn all(connection: &Connection) -> Result<Vec<HeldToken>, StoreError> {
    let sql = "SELECT token, signed, made_by, revoked_at FROM tokens ORDER BY made_at DESC, token";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([], columns)?;
    rows.map(|row| held(row?)).collect()
}

pub fn uses(connection: &Connection, token: TokenKey) -> Result<Vec<TokenUse>, StoreError> {
    let sql = "SELECT agent, name, at FROM token_uses WHERE token = ?1 ORDER BY at, agent";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([token.0], |row| {
        Ok(TokenUse { agent: AgentId(row.get(0)?), name: row.get(1)?, at: UnixMs(row.get(2)?) })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Counts a redemption; the same agent twice is one.
pub fn add_use(
    tx: &Tx<'_>,
    token: TokenKey,
    agent: AgentId,
    name: &str,
    now: UnixMs,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO token_uses (token, agent, name, at) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
    )?
    .execute((token.0, agent.0, name, now.0))?;
    Ok(())
}

type Columns = ([u8; 32], String, String, Option<i64>);

fn columns(row: &rusqlite::Row<'_>) -> rusqlite::Result<Columns> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
}

fn held((token, signed, made_by, revoked_at): Columns) -> Result<HeldToken, StoreError> {
    Ok(HeldToken {
        token: TokenKey(token),
        signed: text::parse("a token", &signed)?,
        made_by,
        revoked_at: revoked_at.map(UnixMs),
    })
}
