//! `plan show`: the plan as TOML that reads back as itself, who last changed it, and which secrets are held.

use std::fmt::Write as _;

use serde::Serialize;
use wire::{
    id::UnixMs,
    journal::PlanBy,
    plan::{Plan, PlanWarning, warnings},
    seal::SecretSlot,
};

use super::words;
use crate::{
    cli::{Failure, look, table},
    config::Paths,
    desired::file,
    store::{plan, secrets},
    world::World,
};

#[derive(Serialize)]
struct Shown<'a> {
    revision: u64,
    by: &'a PlanBy,
    at: UnixMs,
    note: Option<&'a str>,
    plan: &'a Plan,
    /// Slot and revision, never a value.
    secrets: &'a [Held],
    warnings: Vec<PlanWarning>,
}

#[derive(Serialize)]
struct Held {
    slot: SecretSlot,
    revision: u64,
}

pub fn perform(paths: &Paths, json: bool) -> Result<(), Failure> {
    let connection = look::database(paths)?;
    let held: Vec<Held> = secrets::all(&connection)?
        .into_iter()
        .map(|row| Held { slot: row.slot, revision: row.revision })
        .collect();
    let Some(current) = plan::current(&connection)? else {
        if json {
            return look::print_json(&serde_json::Value::Null);
        }
        return look::print(words::NO_PLAN);
    };
    let plan::LedgerPlan { revision, by, at, plan, note } = &current;
    let warnings = warnings(plan);
    if json {
        let (revision, at, note) = (*revision, *at, note.as_deref());
        return look::print_json(&Shown { revision, by, at, note, plan, secrets: &held, warnings });
    }
    let mut text = words::heading(&current, &table::time(*at, &World::real().zone()), &paths.plan_file());
    text.push_str(&file::write(plan)?);
    if !held.is_empty() {
        text.push_str("\n# Secrets held (values are never shown):\n");
        for Held { slot, revision } in &held {
            let _ = writeln!(text, "#   {slot}, revision {revision}");
        }
    }
    for warning in &warnings {
        let _ = writeln!(text, "\n# Note: {}", words::warning(warning));
    }
    look::print(&text)
}
