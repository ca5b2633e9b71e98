//! The audit's rows: bodies as they were signed, beside what they are searched by.

use rusqlite::{Connection, OptionalExtension, Row};
use wire::id::{Hash32, Signature64, UnixMs};

use super::{StoreError, Tx};

/// The end of the chain, or the record that it goes on from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    pub seq: u64,
    pub hash: Hash32,
}

/// A record as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    pub link: Link,
    pub signature: Signature64,
    /// The exact bytes that the hash covers.
    pub body: String,
}

/// What a record is searched by, as its body says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Searched {
    pub at: UnixMs,
    pub action: String,
    pub actor: String,
    pub target: Option<SearchedTarget>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchedTarget {
    pub kind: String,
    pub id: String,
    pub name: String,
}

/// Which records are wanted; what is absent or empty does not narrow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// How the actor's name begins, whatever its case.
    pub actor: Option<String>,
    /// Any of them.
    pub actions: Vec<String>,
    pub target_kind: Option<String>,
    pub target_id: Option<String>,
    /// Somewhere in the target's name, whatever its case, or its id.
    pub target: Option<String>,
    pub since: Option<UnixMs>,
    /// Up to and without it.
    pub until: Option<UnixMs>,
}

/// The record that was dropped last, with the signature that it had: the chain goes on from there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Anchor {
    pub link: Link,
    pub signature: Signature64,
}

fn link(row: &Row<'_>) -> rusqlite::Result<Link> {
    Ok(Link { seq: row.get::<_, i64>(0)?.cast_unsigned(), hash: Hash32(row.get(1)?) })
}

fn whole(row: &Row<'_>) -> rusqlite::Result<AuditRow> {
    Ok(AuditRow { link: link(row)?, signature: Signature64(row.get(2)?), body: row.get(3)? })
}

/// The last record, or the one that the chain goes on from.
pub fn last(connection: &Connection) -> Result<Option<Link>, StoreError> {
    let last = connection
        .prepare_cached("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1")?
        .query_row([], link)
        .optional()?;
    if last.is_some() {
        return Ok(last);
    }
    Ok(anchor(connection)?.map(|anchor| anchor.link))
}

pub fn anchor(connection: &Connection) -> Result<Option<Anchor>, StoreError> {
    Ok(connection
        .prepare_cached("SELECT seq, hash, signature FROM audit_anchor")?
        .query_row([], |row| Ok(Anchor { link: link(row)?, signature: Signature64(row.get(2)?) }))
        .optional()?)
}

/// The numbers of the oldest and of the newest record that are kept.
pub fn ends(connection: &Connection) -> Result<Option<(u64, u64)>, StoreError> {
    let (first, last): (Option<i64>, Option<i64>) = connection
        .prepare_cached("SELECT (SELECT min(seq) FROM audit), (SELECT max(seq) FROM audit)")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(first.zip(last).map(|(first, last)| (first.cast_unsigned(), last.cast_unsigned())))
}

pub fn insert(tx: &Tx<'_>, row: &AuditRow, searched: &Searched) -> Result<(), StoreError> {
    let target = searched.target.as_ref();
    tx.prepare_cached(
        "INSERT INTO audit (seq, at, action, actor, target, target_kind, target_id, body, hash, signature)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?
    .execute((
        row.link.seq.cast_signed(),
        searched.at.0,
        &searched.action,
        &searched.actor,
        target.map(|target| &target.name),
        target.map(|target| &target.kind),
        target.map(|target| &target.id),
        &row.body,
        &row.link.hash.0[..],
        &row.signature.0[..],
    ))?;
    Ok(())
}

pub fn one(connection: &Connection, seq: u64) -> Result<Option<AuditRow>, StoreError> {
    Ok(connection
        .prepare_cached("SELECT seq, hash, signature, body FROM audit WHERE seq = ?1")?
        .query_row([seq.cast_signed()], whole)
        .optional()?)
}

/// Records from `from` on, in their order.
pub fn from(connection: &Connection, from: u64, limit: u32) -> Result<Vec<AuditRow>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT seq, hash, signature, body FROM audit WHERE seq >= ?1 ORDER BY seq LIMIT ?2",
    )?;
    let rows = statement.query_map((from.cast_signed(), limit), whole)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The same, each with what it is searched by.
pub fn searched_from(
    connection: &Connection,
    from: u64,
    limit: u32,
) -> Result<Vec<(AuditRow, Searched)>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT seq, hash, signature, body, at, action, actor, target, target_kind, target_id
         FROM audit WHERE seq >= ?1 ORDER BY seq LIMIT ?2",
    )?;
    let rows = statement.query_map((from.cast_signed(), limit), |row| {
        let (name, kind, id): (Option<String>, Option<String>, Option<String>) =
            (row.get(7)?, row.get(8)?, row.get(9)?);
        let target = (name.is_some() || kind.is_some() || id.is_some()).then(|| SearchedTarget {
            kind: kind.unwrap_or_default(),
            id: id.unwrap_or_default(),
            name: name.unwrap_or_default(),
        });
        let searched = Searched { at: UnixMs(row.get(4)?), action: row.get(5)?, actor: row.get(6)?, target };
        Ok((whole(row)?, searched))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

const PAGE: &str = "SELECT seq, hash, signature, body FROM audit
     WHERE (?1 IS NULL OR actor LIKE ?1 ESCAPE '\\')
       AND (?2 = '[]' OR action IN (SELECT value FROM json_each(?2)))
       AND (?3 IS NULL OR target_kind = ?3)
       AND (?4 IS NULL OR target_id = ?4)
       AND (?5 IS NULL OR target LIKE ?5 ESCAPE '\\' OR target_id = ?10)
       AND (?6 IS NULL OR at >= ?6)
       AND (?7 IS NULL OR at < ?7)";

/// Records that are wanted, beyond `after` in the order that is asked for.
pub fn page(
    connection: &Connection,
    filter: &Filter,
    after: Option<u64>,
    desc: bool,
    limit: u32,
) -> Result<Vec<AuditRow>, StoreError> {
    let end = if desc {
        " AND (?8 IS NULL OR seq < ?8) ORDER BY seq DESC LIMIT ?9"
    } else {
        " AND (?8 IS NULL OR seq > ?8) ORDER BY seq LIMIT ?9"
    };
    let mut statement = connection.prepare_cached(&format!("{PAGE}{end}"))?;
    let rows = statement.query_map(
        (
            filter.actor.as_deref().map(|actor| format!("{}%", literal(actor))),
            super::text::json(&filter.actions)?,
            &filter.target_kind,
            &filter.target_id,
            filter.target.as_deref().map(|target| format!("%{}%", literal(target))),
            filter.since.map(|since| since.0),
            filter.until.map(|until| until.0),
            after.map(u64::cast_signed),
            limit,
            &filter.target,
        ),
        whole,
    )?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A text that stands for itself in a pattern.
fn literal(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

/// The first record that is not older than this.
pub fn first_since(connection: &Connection, since: UnixMs) -> Result<Option<u64>, StoreError> {
    let first: Option<i64> = connection
        .prepare_cached("SELECT min(seq) FROM audit WHERE at >= ?1")?
        .query_row([since.0], |row| row.get(0))?;
    Ok(first.map(i64::cast_unsigned))
}

/// Drops the record of this link and all before it; the chain goes on from there.
pub fn drop_through(tx: &Tx<'_>, anchor: &Anchor) -> Result<u64, StoreError> {
    tx.prepare_cached(
        "INSERT INTO audit_anchor (one, seq, hash, signature) VALUES (1, ?1, ?2, ?3)
         ON CONFLICT (one) DO UPDATE SET seq = excluded.seq, hash = excluded.hash, signature = excluded.signature",
    )?
    .execute((anchor.link.seq.cast_signed(), &anchor.link.hash.0[..], &anchor.signature.0[..]))?;
    let dropped =
        tx.prepare_cached("DELETE FROM audit WHERE seq <= ?1")?.execute([anchor.link.seq.cast_signed()])?;
    Ok(dropped as u64)
}

/// Where the copy is kept that was made last, and the last record in it.
pub fn copied(connection: &Connection) -> Result<Option<(String, u64)>, StoreError> {
    Ok(connection
        .prepare_cached("SELECT place, seq FROM audit_copied")?
        .query_row([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.cast_unsigned())))
        .optional()?)
}

pub fn set_copied(tx: &Tx<'_>, place: &str, seq: u64) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO audit_copied (one, place, seq) VALUES (1, ?1, ?2)
         ON CONFLICT (one) DO UPDATE SET place = excluded.place, seq = excluded.seq",
    )?
    .execute((place, seq.cast_signed()))?;
    Ok(())
}
