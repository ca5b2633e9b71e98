//! Journals by epoch, and the last head of each that its agent signed.

use rusqlite::{Connection, OptionalExtension, Row};
use wire::{
    id::{AgentId, Hash32, Signature64, UnixMs},
    journal::{Head, Previous, SignedHead},
};

use super::{StoreError, Tx, hosts::HostId};

/// An epoch's row number; records are placed by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChainId(pub i64);

#[derive(Clone, Debug, PartialEq)]
pub struct Epoch {
    pub id: ChainId,
    pub previous: Option<Previous>,
    pub head: SignedHead,
    /// When its records were last verified against that head.
    pub verified_at: UnixMs,
}

const COLUMNS: &str = "id, epoch, previous_epoch, previous_hash, seq, hash, signature, verified_at";

/// The highest epoch that is held of this host.
pub fn latest(connection: &Connection, host: HostId, agent: AgentId) -> Result<Option<Epoch>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM chains WHERE host = ?1 ORDER BY epoch DESC LIMIT 1");
    let row = connection.prepare_cached(&sql)?.query_row([host.0], |row| epoch(row, agent)).optional()?;
    Ok(row)
}

/// All epochs of a host, in order.
pub fn of_host(connection: &Connection, host: HostId, agent: AgentId) -> Result<Vec<Epoch>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM chains WHERE host = ?1 ORDER BY epoch");
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map([host.0], |row| epoch(row, agent))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Refused when the host was removed meanwhile, also when its row's number is another's by now.
pub fn begin(
    tx: &Tx<'_>,
    host: HostId,
    previous: Option<Previous>,
    head: &SignedHead,
    now: UnixMs,
) -> Result<ChainId, StoreError> {
    let begun = tx.prepare_cached(
        "INSERT INTO chains (host, epoch, previous_epoch, previous_hash, seq, hash, signature, verified_at)
         SELECT id, ?2, ?3, ?4, ?5, ?6, ?7, ?8 FROM hosts WHERE id = ?1 AND agent = ?9",
    )?
    .execute((
        host.0,
        head.head.epoch.cast_signed(),
        previous.map(|previous| previous.epoch.cast_signed()),
        previous.map(|previous| previous.hash.0),
        head.head.seq.cast_signed(),
        head.head.hash.0,
        head.sig.0,
        now.0,
        head.head.agent.0,
    ))?;
    if begun == 0 {
        return Err(StoreError::Refused("the host was removed".to_owned()));
    }
    Ok(ChainId(tx.last_insert_rowid()))
}

pub fn advance(tx: &Tx<'_>, chain: ChainId, head: &SignedHead, now: UnixMs) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE chains SET seq = ?2, hash = ?3, signature = ?4, verified_at = ?5 WHERE id = ?1",
    )?
    .execute((chain.0, head.head.seq.cast_signed(), head.head.hash.0, head.sig.0, now.0))?;
    Ok(())
}

fn epoch(row: &Row<'_>, agent: AgentId) -> rusqlite::Result<Epoch> {
    let previous = match (row.get::<_, Option<i64>>(2)?, row.get::<_, Option<[u8; 32]>>(3)?) {
        (Some(epoch), Some(hash)) => Some(Previous { epoch: epoch.cast_unsigned(), hash: Hash32(hash) }),
        _ => None,
    };
    let head = Head {
        agent,
        epoch: row.get::<_, i64>(1)?.cast_unsigned(),
        seq: row.get::<_, i64>(4)?.cast_unsigned(),
        hash: Hash32(row.get(5)?),
    };
    Ok(Epoch {
        id: ChainId(row.get(0)?),
        previous,
        head: SignedHead { head, sig: Signature64(row.get(6)?) },
        verified_at: UnixMs(row.get(7)?),
    })
}
