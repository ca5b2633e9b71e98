//! Views of what a host says of itself: its facts, its plan, and which secrets it holds.

use rusqlite::{Connection, OptionalExtension};
use wire::{
    frame::HostFacts,
    id::{SealKey, UnixMs},
    journal::{Escrow, PlanBy, PlanRevision},
    plan::{Plan, PlanChange},
    view::SecretView,
};

use super::{StoreError, Tx, hosts::HostId, text};

/// A host's plan as it last said.
#[derive(Clone, Debug, PartialEq)]
pub struct HeldPlan {
    pub revision: u64,
    pub plan: Plan,
    pub by: PlanBy,
    pub changes: Vec<PlanChange>,
    pub at: UnixMs,
}

/// Who changed the plan and what; beside the plan itself.
type Changed = (PlanBy, Vec<PlanChange>);

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

pub fn put(tx: &Tx<'_>, host: HostId, plan: &PlanRevision, at: UnixMs) -> Result<(), StoreError> {
    let changed: (&PlanBy, &[PlanChange]) = (&plan.by, &plan.changes);
    tx.prepare_cached(
        "INSERT INTO view_plans (host, revision, plan, changed, at) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (host) DO UPDATE SET revision = excluded.revision, plan = excluded.plan,
             changed = excluded.changed, at = excluded.at",
    )?
    .execute((
        host.0,
        plan.revision.cast_signed(),
        text::json(&plan.plan)?,
        text::json(&changed)?,
        at.0,
    ))?;
    Ok(())
}

pub fn held(connection: &Connection, host: HostId) -> Result<Option<HeldPlan>, StoreError> {
    let sql = "SELECT revision, plan, changed, at FROM view_plans WHERE host = ?1";
    let row = connection
        .prepare_cached(sql)?
        .query_row([host.0], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?, row.get(3)?))
        })
        .optional()?;
    let Some((revision, plan, changed, at)) = row else { return Ok(None) };
    let (by, changes): Changed = text::parse("who changed a plan", &changed)?;
    Ok(Some(HeldPlan {
        revision: revision.cast_unsigned(),
        plan: text::parse("a plan", &plan)?,
        by,
        changes,
        at: UnixMs(at),
    }))
}

/// The agent holds this secret, and anybody with the kit can open the box.
pub fn put_secret(tx: &Tx<'_>, host: HostId, escrow: &Escrow, at: UnixMs) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO view_secrets (host, slot, revision, at, recovery, box) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (host, slot) DO UPDATE SET revision = excluded.revision, at = excluded.at,
             recovery = excluded.recovery, box = excluded.box",
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

pub fn secrets(connection: &Connection, host: HostId) -> Result<Vec<SecretView>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT slot, revision, at FROM view_secrets WHERE host = ?1 ORDER BY slot")?;
    let rows = statement.query_map([host.0], |row| {
        Ok(SecretView {
            slot: row.get(0)?,
            revision: row.get::<_, i64>(1)?.cast_unsigned(),
            at: UnixMs(row.get(2)?),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The escrow box of one slot: the recovery key it was sealed to, and the box.
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
