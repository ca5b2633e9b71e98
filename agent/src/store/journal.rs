//! The journal's rows: appending within the caller's transaction, reading ranges, walking the chain.
//!
//! Knows how records lie in the table. What they mean is `wire::journal`'s, and heads are signed by whoever has the key.

use rusqlite::{Connection, OptionalExtension as _, params};
use wire::{
    id::{AgentId, Hash32, UnixMs},
    journal::{Body, Chain, ChainError, Head, Kind, Previous, Record, RecordBody},
};

use super::{StoreError, Tx};

/// A record as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub epoch: u64,
    pub seq: u64,
    pub at: UnixMs,
    pub kind: String,
    /// `None` once it was dropped.
    pub body: Option<Vec<u8>>,
    pub body_hash: Hash32,
    pub hash: Hash32,
}

impl Row {
    /// For the chain and for batches.
    pub fn record(&self) -> Result<Record<'_>, StoreError> {
        let body = self.body.as_deref().map_or(Body::Dropped(self.body_hash), Body::Kept);
        Record::from_parts(self.at, &self.kind, body).map_err(|error| {
            StoreError::Damaged(format!("record {} of epoch {}: {error}", self.seq, self.epoch))
        })
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Chain(#[from] ChainError),
}

/// Appends one record and returns its number. It counts once the transaction is committed.
pub fn append(tx: &Tx<'_>, kind: Kind, body: &[u8], at: UnixMs) -> Result<u64, StoreError> {
    let before = head(tx)?;
    let record = Record::new(at, kind, body)
        .map_err(|error| StoreError::Statement(format!("a `{}` record: {error}", kind.as_str())))?;
    let after = before.after(&record);
    tx.prepare_cached(
        "INSERT INTO journal (epoch, seq, at, kind, body, body_hash, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![
        number(after.epoch)?,
        number(after.seq)?,
        at.0,
        kind.as_str(),
        body,
        record.body.hash().0,
        after.hash.0
    ])?;
    Ok(after.seq)
}

/// Appends a record whose body is JSON.
pub fn append_body<B: RecordBody>(tx: &Tx<'_>, body: &B, at: UnixMs) -> Result<u64, StoreError> {
    let bytes = body.to_bytes().map_err(|error| StoreError::Statement(error.to_string()))?;
    append(tx, B::KIND, &bytes, at)
}

/// Whose journal this is.
pub fn agent(connection: &Connection) -> Result<AgentId, StoreError> {
    Ok(AgentId(connection.query_row("SELECT id FROM agent", [], |row| row.get(0))?))
}

/// When the last record was written, by this host's clock; `None` before the first.
pub fn newest_at(connection: &Connection) -> Result<Option<UnixMs>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT at FROM journal ORDER BY epoch DESC, seq DESC LIMIT 1")?;
    Ok(statement.query_row([], |row| row.get(0).map(UnixMs)).optional()?)
}

/// Where the journal stands; `seq` 0 while its epoch is empty.
pub fn head(connection: &Connection) -> Result<Head, StoreError> {
    let agent = agent(connection)?;
    let last = connection
        .prepare_cached("SELECT epoch, seq, hash FROM journal ORDER BY epoch DESC, seq DESC LIMIT 1")?
        .query_row([], |row| {
            Ok(Head {
                agent,
                epoch: unsigned(row.get(0)?),
                seq: unsigned(row.get(1)?),
                hash: Hash32(row.get(2)?),
            })
        })
        .optional()?;
    let (epoch, previous) = last_epoch(connection)?;
    Ok(last.filter(|head| head.epoch == epoch).unwrap_or_else(|| Head::genesis(agent, epoch, previous)))
}

/// The head as it was after record `seq` of `epoch`; `None` when there is no such record here.
pub fn head_at(connection: &Connection, epoch: u64, seq: u64) -> Result<Option<Head>, StoreError> {
    let agent = agent(connection)?;
    if seq == 0 {
        let previous = epochs(connection)?.into_iter().find(|(number, _)| *number == epoch);
        return Ok(previous.map(|(epoch, previous)| Head::genesis(agent, epoch, previous)));
    }
    let hash = connection
        .prepare_cached("SELECT hash FROM journal WHERE epoch = ?1 AND seq = ?2")?
        .query_row(params![number(epoch)?, number(seq)?], |row| row.get(0))
        .optional()?;
    Ok(hash.map(|hash| Head { agent, epoch, seq, hash: Hash32(hash) }))
}

/// All epochs in order, each with its predecessor.
pub fn epochs(connection: &Connection) -> Result<Vec<(u64, Option<Previous>)>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT epoch, previous_epoch, previous_hash FROM epoch ORDER BY epoch")?;
    let rows = statement.query_map([], epoch_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn last_epoch(connection: &Connection) -> Result<(u64, Option<Previous>), StoreError> {
    Ok(connection
        .prepare_cached("SELECT epoch, previous_epoch, previous_hash FROM epoch ORDER BY epoch DESC LIMIT 1")?
        .query_row([], epoch_row)?)
}

fn epoch_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<(u64, Option<Previous>)> {
    let previous: (Option<i64>, Option<[u8; 32]>) = (row.get(1)?, row.get(2)?);
    let previous = match previous {
        (Some(epoch), Some(hash)) => Some(Previous { epoch: unsigned(epoch), hash: Hash32(hash) }),
        _ => None,
    };
    Ok((unsigned(row.get(0)?), previous))
}

/// Later records belong to `epoch`. `previous` is what the new epoch names as its past, as far as anybody knows it.
pub fn begin_epoch(tx: &Tx<'_>, epoch: u64, previous: Option<Previous>) -> Result<(), StoreError> {
    let (before, hash) = previous.map(|p| (p.epoch, p.hash.0)).unzip();
    tx.execute(
        "INSERT INTO epoch (epoch, previous_epoch, previous_hash) VALUES (?1, ?2, ?3)",
        params![number(epoch)?, before.map(number).transpose()?, hash],
    )?;
    Ok(())
}

/// Up to `limit` records of `epoch` after `seq`, in order.
pub fn after(connection: &Connection, epoch: u64, seq: u64, limit: u32) -> Result<Vec<Row>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT epoch, seq, at, kind, body, body_hash, hash FROM journal
         WHERE epoch = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3",
    )?;
    let rows = statement.query_map(params![number(epoch)?, number(seq)?, limit], row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The bodies of all records of a kind that are still there, the oldest first.
pub fn bodies_of(connection: &Connection, kind: Kind) -> Result<Vec<Vec<u8>>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT body FROM journal WHERE kind = ?1 AND body IS NOT NULL ORDER BY epoch, seq",
    )?;
    let rows = statement.query_map([kind.as_str()], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// One record.
pub fn record(connection: &Connection, epoch: u64, seq: u64) -> Result<Option<Row>, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT epoch, seq, at, kind, body, body_hash, hash FROM journal WHERE epoch = ?1 AND seq = ?2",
        )?
        .query_row(params![number(epoch)?, number(seq)?], row)
        .optional()?)
}

/// Walks every chain from its beginning; the error names the first record that does not hold.
pub fn verify(connection: &Connection) -> Result<Head, VerifyError> {
    let agent = agent(connection)?;
    let mut last = head(connection)?;
    for (epoch, previous) in epochs(connection)? {
        let mut chain = Chain::genesis(agent, epoch, previous);
        let mut statement = connection
            .prepare_cached(
                "SELECT epoch, seq, at, kind, body, body_hash, hash FROM journal WHERE epoch = ?1 ORDER BY seq",
            )
            .map_err(StoreError::from)?;
        let mut rows = statement.query(params![number(epoch)?]).map_err(StoreError::from)?;
        while let Some(found) = rows.next().map_err(StoreError::from)? {
            let row = row(found).map_err(StoreError::from)?;
            let expected = chain.head().seq + 1;
            if row.seq != expected {
                return Err(ChainError::Gap { epoch, expected, found: row.seq }.into());
            }
            chain.check(&row.record()?, &row.hash)?;
        }
        last = *chain.head();
    }
    Ok(last)
}

fn row(row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    Ok(Row {
        epoch: unsigned(row.get(0)?),
        seq: unsigned(row.get(1)?),
        at: UnixMs(row.get(2)?),
        kind: row.get(3)?,
        body: row.get(4)?,
        body_hash: Hash32(row.get(5)?),
        hash: Hash32(row.get(6)?),
    })
}

/// SQLite's integers are signed; no epoch or number of ours comes near the difference.
pub(super) fn number(value: u64) -> Result<i64, StoreError> {
    i64::try_from(value).map_err(|_| StoreError::Statement(format!("{value} is too large to store")))
}

pub(super) const fn unsigned(value: i64) -> u64 {
    value.cast_unsigned()
}
