//! Views of what a host says of itself: its facts, its plan, and which secrets it holds.

use rusqlite::{Connection, OptionalExtension, Row};
use serde::{Deserialize, Serialize};
use wire::{
    frame::HostFacts,
    id::{SealKey, UnixMs},
    journal::{Escrow, PlanBy, PlanRevision},
    plan::{Plan, PlanChange},
    seal::SecretSlot,
    view::SecretView,
};

use super::{StoreError, Tx, hosts::HostId, records::Place, text};

/// A host's plan as it last said.
#[derive(Clone, Debug, PartialEq)]
pub struct HeldPlan {
    pub revision: u64,
    pub plan: Plan,
    pub by: PlanBy,
    pub at: UnixMs,
}

/// A plan of some time, without the plan itself.
#[derive(Clone, Debug, PartialEq)]
pub struct PastPlan {
    pub place: Place,
    pub epoch: u64,
    pub revision: u64,
    pub at: UnixMs,
    pub changed: Changed,
}

/// Who changed the plan, what and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Changed {
    pub by: PlanBy,
    pub changes: Vec<PlanChange>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Revisions of one host that are kept beside its raw records.
const KEPT: u32 = 500;
/// Of what an agent claims beyond, its raw records alone tell.
const MOST_CHANGES: usize = 500;
const NOTE_BYTES: usize = 2_000;

pub fn put_facts(tx: &Tx<'_>, host: HostId, facts: &HostFacts, at: UnixMs) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO view_facts (host, facts, at) VALUES (?1, ?2, ?3)
         ON CONFLICT (host) DO UPDATE SET facts = excluded.facts, at = excluded.at",
    )?
    .execute((host.0, text::json(facts)?, at.0))?;
    Ok(())
}

pub fn facts(connection: &Connection, host: HostId) -> Result<Option<HostFacts>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT facts FROM view_facts WHERE host = ?1")?;
    let facts: Option<String> = statement.query_row([host.0], |row| row.get(0)).optional()?;
    facts.map(|facts| text::parse("a host's facts", &facts)).transpose()
}

pub fn put(
    tx: &Tx<'_>,
    host: HostId,
    plan: &PlanRevision,
    at: UnixMs,
    place: Place,
) -> Result<(), StoreError> {
    let mut changed = Changed { by: plan.by.clone(), changes: plan.changes.clone(), note: plan.note.clone() };
    changed.changes.truncate(MOST_CHANGES);
    if let Some(note) = &mut changed.note {
        text::shorten(note, NOTE_BYTES);
    }
    tx.prepare_cached(
        "INSERT INTO view_plans (host, place, revision, at, changed, plan) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT DO NOTHING",
    )?
    .execute((
        host.0,
        place.0,
        plan.revision.cast_signed(),
        at.0,
        text::json(&changed)?,
        text::json(&plan.plan)?,
    ))?;
    tx.prepare_cached(
        "DELETE FROM view_plans WHERE host = ?1 AND place <=
             (SELECT place FROM view_plans WHERE host = ?1 ORDER BY place DESC LIMIT 1 OFFSET ?2)",
    )?
    .execute((host.0, KEPT))?;
    Ok(())
}

/// The plan that the host follows.
pub fn held(connection: &Connection, host: HostId) -> Result<Option<HeldPlan>, StoreError> {
    let sql =
        "SELECT revision, at, changed, plan FROM view_plans WHERE host = ?1 ORDER BY place DESC LIMIT 1";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([host.0])?;
    rows.next()?.map(whole).transpose()
}

/// The names of the repositories of the plan that the host follows, so many at most; `None` without a plan.
pub fn repositories(
    connection: &Connection,
    host: HostId,
    most: u32,
) -> Result<Option<Vec<String>>, StoreError> {
    let sql = "SELECT (SELECT json_group_array(key) FROM (SELECT key FROM json_each(plan, '$.repositories') LIMIT ?2))
               FROM view_plans WHERE host = ?1 ORDER BY place DESC LIMIT 1";
    let names: Option<String> =
        connection.prepare_cached(sql)?.query_row((host.0, most), |row| row.get(0)).optional()?;
    names.map(|names| text::parse("the names of a plan's repositories", &names)).transpose()
}

/// The plan as it was at this revision: of the record `at` (epoch and number), or of the last one that has this revision.
pub fn revision(
    connection: &Connection,
    host: HostId,
    revision: u64,
    at: Option<(u64, u64)>,
) -> Result<Option<HeldPlan>, StoreError> {
    let sql = "SELECT p.revision, p.at, p.changed, p.plan FROM view_plans p JOIN chains c ON c.id = p.place >> 40
               WHERE p.host = ?1 AND p.revision = ?2 AND (?3 IS NULL OR (c.epoch = ?3 AND p.place = (c.id << 40) + ?4))
               ORDER BY p.place DESC LIMIT 1";
    let mut statement = connection.prepare_cached(sql)?;
    let (epoch, seq) = at.map(|(epoch, seq)| (epoch.cast_signed(), seq.cast_signed())).unzip();
    let mut rows = statement.query((host.0, revision.cast_signed(), epoch, seq))?;
    rows.next()?.map(whole).transpose()
}

fn whole(row: &Row<'_>) -> Result<HeldPlan, StoreError> {
    let Changed { by, .. } = text::parse("who changed a plan", &row.get::<_, String>(2)?)?;
    Ok(HeldPlan {
        revision: row.get::<_, i64>(0)?.cast_unsigned(),
        at: UnixMs(row.get(1)?),
        by,
        plan: text::parse("a plan", &row.get::<_, String>(3)?)?,
    })
}

/// The newest first, those before `before`.
pub fn history(
    connection: &Connection,
    host: HostId,
    before: Option<Place>,
    limit: u32,
) -> Result<Vec<PastPlan>, StoreError> {
    let sql = "SELECT p.place, p.revision, p.at, p.changed, c.epoch
               FROM view_plans p JOIN chains c ON c.id = p.place >> 40
               WHERE p.host = ?1 AND (?2 IS NULL OR p.place < ?2) ORDER BY p.place DESC LIMIT ?3";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query((host.0, before.map(|place| place.0), limit))?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(PastPlan {
            place: Place(row.get(0)?),
            epoch: row.get::<_, i64>(4)?.cast_unsigned(),
            revision: row.get::<_, i64>(1)?.cast_unsigned(),
            at: UnixMs(row.get(2)?),
            changed: text::parse("who changed a plan", &row.get::<_, String>(3)?)?,
        });
    }
    Ok(all)
}

/// The agent holds this secret, and anybody with the kit can open the box.
pub fn put_secret(tx: &Tx<'_>, host: HostId, escrow: &Escrow, at: UnixMs) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO view_secrets (host, slot, revision, at, recovery, box) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (host, slot) DO UPDATE SET revision = excluded.revision, at = excluded.at,
             recovery = excluded.recovery, box = excluded.box, lost = NULL",
    )?
    .execute((
        host.0,
        escrow.slot.to_string(),
        escrow.revision.cast_signed(),
        at.0,
        escrow.recovery.0,
        escrow.sealed.as_bytes(),
    ))?;
    Ok(())
}

/// The host's journal goes on in another epoch: it holds those secrets that it tells of there.
pub fn lose_secrets(tx: &Tx<'_>, host: HostId) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE view_secrets SET lost = 1, newest = NULL WHERE host = ?1")?
        .execute([host.0])?;
    Ok(())
}

/// The host was given another revision, which is not in escrow: it is not in use yet.
pub fn secret_set(tx: &Tx<'_>, host: HostId, slot: &SecretSlot, revision: u64) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE view_secrets SET newest = ?3 WHERE host = ?1 AND slot = ?2")?.execute((
        host.0,
        slot.to_string(),
        revision.cast_signed(),
    ))?;
    Ok(())
}

/// What the host holds.
pub fn secrets(connection: &Connection, host: HostId) -> Result<Vec<SecretView>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT slot, revision, at, max(revision, coalesce(newest, 0)) FROM view_secrets WHERE host = ?1 AND lost IS NULL ORDER BY slot",
    )?;
    let rows = statement.query_map([host.0], |row| {
        Ok(SecretView {
            slot: row.get(0)?,
            revision: row.get::<_, i64>(1)?.cast_unsigned(),
            at: UnixMs(row.get(2)?),
            newest: row.get::<_, i64>(3)?.cast_unsigned(),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The escrow box of one slot, also of a secret that the host lost: the recovery key it was sealed to, and the box.
pub fn escrow(
    connection: &Connection,
    host: HostId,
    slot: &str,
) -> Result<Option<(SealKey, Vec<u8>)>, StoreError> {
    let sql = "SELECT recovery, box FROM view_secrets WHERE host = ?1 AND slot = ?2";
    let row = connection
        .prepare_cached(sql)?
        .query_row((host.0, slot), |row| Ok((SealKey(row.get(0)?), row.get(1)?)))
        .optional()?;
    Ok(row)
}
