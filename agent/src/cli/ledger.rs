//! `plan show`: what is backed up, where to, when, how long it is kept, and who last changed it.

use std::fmt::Write as _;

use serde::Serialize;
use wire::{
    id::UnixMs,
    journal::PlanBy,
    plan::{Plan, PlanWarning, warnings},
    seal::SecretSlot,
};

use super::{Failure, look, table};
use crate::{
    config::Paths,
    store::{plan, secrets},
    world::World,
};

#[derive(Serialize)]
struct Shown<'a> {
    revision: u64,
    by: &'a PlanBy,
    at: UnixMs,
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

pub fn show(paths: &Paths, json: bool) -> Result<(), Failure> {
    let connection = look::database(paths)?;
    let held: Vec<Held> = secrets::all(&connection)?
        .into_iter()
        .map(|row| Held { slot: row.slot, revision: row.revision })
        .collect();
    let Some(current) = plan::current(&connection)? else {
        if json {
            return look::print_json(&serde_json::Value::Null);
        }
        return look::print(
            "There is no plan yet: approve this host in the panel and give it a repository there.\n",
        );
    };
    if json {
        let plan::LedgerPlan { revision, by, at, plan } = &current;
        let warnings = warnings(plan);
        return look::print_json(&Shown { revision: *revision, by, at: *at, plan, secrets: &held, warnings });
    }
    let zone = World::real().zone();
    let heading = format!(
        "# Revision {}, {}, by {}.\n",
        current.revision,
        table::time(current.at, &zone),
        author(&current.by)
    );
    let mut text = heading + &toml::to_string(&current.plan)?;
    if !held.is_empty() {
        text.push_str("\n# Secrets held (values are never shown):\n");
        for Held { slot, revision } in &held {
            let _ = writeln!(text, "#   {slot}, revision {revision}");
        }
    }
    look::print(&text)
}

pub fn author(by: &PlanBy) -> String {
    match by {
        PlanBy::Order { person, .. } => person.clone(),
        PlanBy::Token { .. } => "the token that it enrolled with".to_owned(),
        PlanBy::File => "this host's plan.toml".to_owned(),
    }
}
