//! Raw journal records, in the order of their chains.

use rusqlite::{CachedStatement, Connection, OptionalExtension};
use wire::{
    id::{Hash32, UnixMs},
    journal::{Body, Record},
};

use super::{StoreError, Tx, chains::ChainId};

/// A chain has room for 2^40 records: a thousand a second for 34 years.
const SEQ_BITS: u32 = 40;
const SEQ_LIMIT: u64 = 1 << SEQ_BITS;

/// Where a record stands among all records of all chains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place(pub i64);

impl Place {
    pub fn new(chain: ChainId, seq: u64) -> Result<Self, StoreError> {
        if seq >= SEQ_LIMIT {
            return Err(StoreError::Refused(format!("record {seq} is beyond what a chain can hold")));
        }
        Ok(Self(chain.0 << SEQ_BITS | seq.cast_signed()))
    }

    pub const fn seq(self) -> u64 {
        self.0.cast_unsigned() & (SEQ_LIMIT - 1)
    }
}

/// A record as it was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    pub place: Place,
    pub at: UnixMs,
    pub kind: String,
    pub body: Option<Vec<u8>>,
    pub body_hash: Option<Hash32>,
    pub hash: Hash32,
}

impl Stored {
    /// `None` when the row is neither kept nor dropped, or its kind is not one: somebody changed it.
    pub fn record(&self) -> Option<Record<'_>> {
        let body = match (&self.body, self.body_hash) {
            (Some(bytes), None) => Body::Kept(bytes),
            (None, Some(hash)) => Body::Dropped(hash),
            _ => return None,
        };
        Record::from_parts(self.at, &self.kind, body).ok()
    }
}

/// Inserts the records of one batch.
pub struct Inserter<'a>(CachedStatement<'a>);

impl<'a> Inserter<'a> {
    pub fn new(tx: &'a Tx<'_>) -> Result<Self, StoreError> {
        let sql =
            "INSERT INTO records (place, at, kind, body, body_hash, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        Ok(Self(tx.prepare_cached(sql)?))
    }

    pub fn insert(&mut self, place: Place, record: &Record<'_>, hash: &Hash32) -> Result<(), StoreError> {
        let (body, body_hash) = match record.body {
            Body::Kept(bytes) => (Some(bytes), None),
            Body::Dropped(hash) => (None, Some(hash.0)),
        };
        self.0.execute((place.0, record.at.0, record.kind_text(), body, body_hash, hash.0))?;
        Ok(())
    }
}

/// The chain's hash after this record, as it was stored.
pub fn hash_at(connection: &Connection, place: Place) -> Result<Option<Hash32>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT hash FROM records WHERE place = ?1")?;
    Ok(statement.query_row([place.0], |row| row.get(0)).optional()?.map(Hash32))
}

pub fn body(connection: &Connection, place: Place) -> Result<Option<Vec<u8>>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT body FROM records WHERE place = ?1")?;
    Ok(statement.query_row([place.0], |row| row.get(0)).optional()?.flatten())
}

/// Every record of a chain, in order, until `each` says stop.
pub fn walk<E: From<StoreError>>(
    connection: &Connection,
    chain: ChainId,
    mut each: impl FnMut(Stored) -> Result<bool, E>,
) -> Result<(), E> {
    let sql = "SELECT place, at, kind, body, body_hash, hash FROM records WHERE place BETWEEN ?1 AND ?2 ORDER BY place";
    let mut statement = connection.prepare_cached(sql).map_err(StoreError::from)?;
    let mut rows = statement.query(range(chain)).map_err(StoreError::from)?;
    while let Some(row) = rows.next().map_err(StoreError::from)? {
        let stored = stored(row).map_err(StoreError::from)?;
        if !each(stored)? {
            break;
        }
    }
    Ok(())
}

const fn range(chain: ChainId) -> (i64, i64) {
    let first = chain.0 << SEQ_BITS;
    (first, first | (SEQ_LIMIT - 1).cast_signed())
}

fn stored(row: &rusqlite::Row<'_>) -> rusqlite::Result<Stored> {
    Ok(Stored {
        place: Place(row.get(0)?),
        at: UnixMs(row.get(1)?),
        kind: row.get(2)?,
        body: row.get(3)?,
        body_hash: row.get::<_, Option<[u8; 32]>>(4)?.map(Hash32),
        hash: Hash32(row.get(5)?),
    })
}
