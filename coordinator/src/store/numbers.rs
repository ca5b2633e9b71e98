//! Views of how a host's repositories grew: the last measure of each day, for something over a year.

use rusqlite::{Connection, OptionalExtension};
use wire::{
    id::{RepositoryName, UnixMs},
    journal::Numbers,
    snapshot::RepositoryNumbers,
    view::NumbersAt,
};

use super::{StoreError, Tx, hosts::HostId, text};

const DAY_MS: i64 = 24 * 3_600_000;
/// A day takes the row of the day so long before it. The schema says the same.
const DAYS: i64 = 400;

/// A repository's stored size at the end of some days, oldest first: day since the epoch, and bytes.
pub type Sizes = Vec<(i64, u64)>;

pub fn put(tx: &Tx<'_>, host: HostId, found: &Numbers, at: UnixMs) -> Result<(), StoreError> {
    let slot = day(at).rem_euclid(DAYS);
    tx.prepare_cached(
        "INSERT OR REPLACE INTO view_numbers (host, repository, slot, at, stored_bytes, snapshots, numbers)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute((
        host.0,
        found.repository.as_str(),
        slot,
        at.0,
        found.numbers.stored_bytes.cast_signed(),
        found.numbers.snapshots.cast_signed(),
        text::json(&found.numbers)?,
    ))?;
    Ok(())
}

pub const fn day(at: UnixMs) -> i64 {
    at.0.div_euclid(DAY_MS)
}

/// The newest that does not lie beyond `until`.
pub fn latest(
    connection: &Connection,
    host: HostId,
    repository: &RepositoryName,
    until: UnixMs,
) -> Result<Option<(UnixMs, RepositoryNumbers)>, StoreError> {
    let sql = "SELECT at, numbers FROM view_numbers WHERE host = ?1 AND repository = ?2 AND at <= ?3
               ORDER BY at DESC LIMIT 1";
    let row: Option<(i64, String)> = connection
        .prepare_cached(sql)?
        .query_row((host.0, repository.as_str(), until.0), |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    row.map(|(at, numbers)| Ok((UnixMs(at), text::parse("a repository's numbers", &numbers)?))).transpose()
}

/// A point per day at most, oldest first.
pub fn daily(
    connection: &Connection,
    host: HostId,
    repository: &RepositoryName,
    from: UnixMs,
    until: UnixMs,
) -> Result<Vec<NumbersAt>, StoreError> {
    let sql = "SELECT at, stored_bytes, snapshots FROM view_numbers
               WHERE host = ?1 AND repository = ?2 AND at BETWEEN ?3 AND ?4 ORDER BY at";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map((host.0, repository.as_str(), from.0, until.0), |row| {
        Ok(NumbersAt {
            at: UnixMs(row.get(0)?),
            stored_bytes: row.get::<_, i64>(1)?.cast_unsigned(),
            snapshots: row.get::<_, i64>(2)?.cast_unsigned(),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A repository's size at the end of the days from `from` to `until`, and before that the newest one.
pub fn sizes(
    connection: &Connection,
    host: HostId,
    repository: &str,
    from: UnixMs,
    until: UnixMs,
) -> Result<Sizes, StoreError> {
    let sql = "SELECT at, stored_bytes FROM view_numbers
               WHERE host = ?1 AND repository = ?2 AND at <= ?4
                   AND at >= coalesce((SELECT max(at) FROM view_numbers
                                       WHERE host = ?1 AND repository = ?2 AND at < ?3), ?3)
               ORDER BY at";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map((host.0, repository, from.0, until.0), |row| {
        Ok((day(UnixMs(row.get(0)?)), row.get::<_, i64>(1)?.cast_unsigned()))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{StoreError, tests::scratch};

    #[tokio::test]
    async fn a_trend_is_drawn_from_its_days_and_one_before_however_long_the_past_is() {
        let (_directory, store) = scratch();
        let main: RepositoryName = "main".parse().unwrap();
        let measure = |stored_bytes| Numbers {
            repository: main.clone(),
            numbers: RepositoryNumbers {
                stored_bytes,
                uncompressed_bytes: None,
                restore_bytes: None,
                snapshots: 1,
                blobs: None,
            },
        };
        let host = HostId(7);
        let days: Vec<_> = (0..390_i64)
            .filter(|day| day % 4 != 0)
            .map(|day| (day, measure(1_000 + day.cast_unsigned())))
            .collect();
        let write = move |tx: &Tx<'_>| {
            days.iter().try_for_each(|(day, found)| put(tx, host, found, UnixMs(day * DAY_MS)))
        };
        store.write::<_, StoreError>(write).await.unwrap();
        let (from, until) = (UnixMs(360 * DAY_MS), UnixMs(380 * DAY_MS));
        let read = move |connection: &Connection| sizes(connection, host, "main", from, until);
        let found = store.read::<_, StoreError>(read).await.unwrap();
        assert_eq!((found[0], found[1], found.len()), ((359, 1_359), (361, 1_361), 16));
        assert!(found.windows(2).all(|two| two[0].0 < two[1].0), "{found:?}");
        let young =
            move |connection: &Connection| sizes(connection, host, "main", UnixMs(0), UnixMs(3 * DAY_MS));
        assert_eq!(store.read::<_, StoreError>(young).await.unwrap(), [(1, 1_001), (2, 1_002), (3, 1_003)]);
    }
}
