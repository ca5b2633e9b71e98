//! Who was last said to claim a shared repository, host by host.

use rusqlite::{Connection, OptionalExtension};
use wire::{
    id::{OrderId, RepositoryName, UnixMs},
    plan::Owner,
};

use super::{StoreError, Tx, hosts::HostId, text};

/// What a host was last told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub claimants: Vec<Owner>,
    pub order: OrderId,
}

pub fn put(tx: &Tx<'_>, host: HostId, repository: &RepositoryName, told: &Told) -> Result<(), StoreError> {
    tx.prepare_cached(
        r#"INSERT OR REPLACE INTO claims (host, repository, claimants, "order") VALUES (?1, ?2, ?3, ?4)"#,
    )?
    .execute((host.0, repository.as_str(), text::json(&told.claimants)?, told.order.0.as_bytes()))?;
    Ok(())
}

/// What became of the order that told a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// It is on its way, or waits for the host.
    NotYet,
    /// The host took it, or refused it.
    Answered,
    /// It is answered no more.
    Never,
}

/// What became of it, and when it was given.
pub fn heard(
    connection: &Connection,
    host: HostId,
    order: OrderId,
    now: UnixMs,
) -> Result<(Heard, UnixMs), StoreError> {
    let sql = r#"SELECT o.made_at, r.host IS NOT NULL, o.withdrawn_at IS NOT NULL OR (o.number IS NULL AND o.expires_at <= ?3)
                 FROM orders o LEFT JOIN view_receipts r ON r.host = o.host AND r."order" = o.id
                 WHERE o.host = ?1 AND o.id = ?2"#;
    let mut statement = connection.prepare_cached(sql)?;
    let row: Option<(i64, bool, bool)> = statement
        .query_row((host.0, order.0.as_bytes(), now.0), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    Ok(match row {
        Some((made_at, true, _)) => (Heard::Answered, UnixMs(made_at)),
        Some((made_at, false, false)) => (Heard::NotYet, UnixMs(made_at)),
        Some((made_at, false, true)) => (Heard::Never, UnixMs(made_at)),
        None => (Heard::Never, UnixMs(0)),
    })
}

pub fn all(connection: &Connection) -> Result<Vec<(HostId, RepositoryName, Told)>, StoreError> {
    let mut statement = connection.prepare(r#"SELECT host, repository, claimants, "order" FROM claims"#)?;
    let mut rows = statement.query([])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let repository: String = row.get(1)?;
        let told = Told {
            claimants: text::parse("a repository's claimants", &row.get::<_, String>(2)?)?,
            order: OrderId(uuid::Uuid::from_bytes(row.get(3)?)),
        };
        all.push((HostId(row.get(0)?), text::name("a repository's name", &repository)?, told));
    }
    Ok(all)
}
