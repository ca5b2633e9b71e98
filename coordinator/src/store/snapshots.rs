//! Views of the snapshots in a host's repositories.

use rusqlite::Connection;
use wire::{
    id::{GroupName, RepositoryName, UnixMs},
    journal::Snapshots,
    snapshot::Snapshot,
    view::SnapshotRow,
};

use super::{StoreError, Tx, hosts::HostId, text};

/// What changed in a repository's list, as its rows want it: made before the writer's turn.
#[derive(Debug)]
pub struct DeltaRows {
    repository: RepositoryName,
    whole: bool,
    added: Vec<(Snapshot, String)>,
    removed: Vec<String>,
}

impl DeltaRows {
    pub fn new(delta: Snapshots) -> Result<Self, StoreError> {
        let Snapshots { repository, whole, added, removed } = delta;
        let added = added.into_iter().map(|snapshot| {
            let json = text::json(&snapshot)?;
            Ok((snapshot, json))
        });
        Ok(Self { repository, whole, added: added.collect::<Result<_, StoreError>>()?, removed })
    }
}

/// Applies what changed in a repository's list. Applying it again changes nothing.
pub fn apply(tx: &Tx<'_>, host: HostId, delta: &DeltaRows) -> Result<(), StoreError> {
    let repository = delta.repository.as_str();
    if delta.whole {
        tx.prepare_cached("DELETE FROM view_snapshots WHERE host = ?1 AND repository = ?2")?
            .execute((host.0, repository))?;
    }
    if !delta.added.is_empty() {
        let mut insert = tx.prepare_cached(
            "INSERT OR REPLACE INTO view_snapshots (host, repository, id, time, backup, size_bytes, snapshot,
                 doubt)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?;
        for (snapshot, json) in &delta.added {
            let group = snapshot.group.as_ref().map(GroupName::as_str);
            let size = snapshot.size_bytes.map(u64::cast_signed);
            let doubt = snapshot.doubt.as_ref().map(text::word).transpose()?;
            insert.execute((host.0, repository, &snapshot.id, snapshot.time.0, group, size, json, doubt))?;
        }
    }
    if !delta.removed.is_empty() {
        let mut delete =
            tx.prepare_cached("DELETE FROM view_snapshots WHERE host = ?1 AND repository = ?2 AND id = ?3")?;
        for id in &delta.removed {
            delete.execute((host.0, repository, id))?;
        }
    }
    Ok(())
}

/// Where a page of snapshots ended.
pub type Position = (i64, String, String);

/// The newest first, after `position`.
pub fn page(
    connection: &Connection,
    host: HostId,
    position: Option<&Position>,
    limit: u32,
) -> Result<Vec<SnapshotRow>, StoreError> {
    let sql = "SELECT repository, snapshot FROM view_snapshots
               WHERE host = ?1 AND (?2 IS NULL OR (time, repository, id) < (?2, ?3, ?4))
               ORDER BY time DESC, repository DESC, id DESC LIMIT ?5";
    let mut statement = connection.prepare_cached(sql)?;
    let (time, repository, id) = match position {
        Some((time, repository, id)) => (Some(*time), repository.as_str(), id.as_str()),
        None => (None, "", ""),
    };
    let mut rows = statement.query((host.0, time, repository, id, limit))?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let repository: String = row.get(0)?;
        let repository: RepositoryName = text::name("a repository's name", &repository)?;
        all.push(SnapshotRow { repository, snapshot: text::parse("a snapshot", &row.get::<_, String>(1)?)? });
    }
    Ok(all)
}

pub fn position(row: &SnapshotRow) -> Position {
    let UnixMs(time) = row.snapshot.time;
    (time, row.repository.to_string(), row.snapshot.id.clone())
}

/// Whether the repository holds it, as far as its host told.
pub fn exists(
    connection: &Connection,
    host: HostId,
    repository: &RepositoryName,
    id: &str,
) -> Result<bool, StoreError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM view_snapshots WHERE host = ?1 AND repository = ?2 AND id = ?3)";
    Ok(connection.prepare_cached(sql)?.query_row((host.0, repository.as_str(), id), |row| row.get(0))?)
}

/// How many [`page`] goes through in all.
pub fn total(connection: &Connection, host: HostId) -> Result<u64, StoreError> {
    let sql = "SELECT count(*) FROM view_snapshots WHERE host = ?1";
    let count: i64 = connection.prepare_cached(sql)?.query_row([host.0], |row| row.get(0))?;
    Ok(count.cast_unsigned())
}

/// How many a repository holds.
pub fn count(connection: &Connection, host: HostId, repository: &RepositoryName) -> Result<u64, StoreError> {
    let sql = "SELECT count(*) FROM view_snapshots WHERE host = ?1 AND repository = ?2";
    let count: i64 =
        connection.prepare_cached(sql)?.query_row((host.0, repository.as_str()), |row| row.get(0))?;
    Ok(count.cast_unsigned())
}

/// How many of them retention does not trust.
pub fn doubtful(
    connection: &Connection,
    host: HostId,
    repository: &RepositoryName,
) -> Result<u64, StoreError> {
    let sql = "SELECT count(*) FROM view_snapshots WHERE host = ?1 AND repository = ?2 AND doubt IS NOT NULL";
    let count: i64 =
        connection.prepare_cached(sql)?.query_row((host.0, repository.as_str()), |row| row.get(0))?;
    Ok(count.cast_unsigned())
}
