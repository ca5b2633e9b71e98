//! `plan history`: every revision, when, whose, why, and what it changed.

use serde::Serialize;
use wire::{
    id::UnixMs,
    journal::PlanBy,
    plan::{Plan, PlanChange, changes},
};

use super::words;
use crate::{
    cli::{Failure, look},
    config::Paths,
    store::plan,
    world::World,
};

#[derive(Serialize)]
pub struct Revision {
    #[serde(rename = "revision")]
    pub number: u64,
    pub at: UnixMs,
    pub by: PlanBy,
    pub note: Option<String>,
    /// Against the revision before.
    pub changes: Vec<PlanChange>,
}

pub fn perform(paths: &Paths, limit: usize, json: bool) -> Result<(), Failure> {
    let connection = look::database(paths)?;
    // One more than is shown: what the oldest of them changed.
    let rows = plan::latest(&connection, limit.saturating_add(1))?;
    let nothing = Plan::default();
    let revisions: Vec<Revision> = rows
        .iter()
        .enumerate()
        .take(limit)
        .map(|(n, row)| Revision {
            number: row.revision,
            at: row.at,
            by: row.by.clone(),
            note: row.note.clone(),
            changes: changes(rows.get(n + 1).map_or(&nothing, |before| &before.plan), &row.plan),
        })
        .collect();
    if json {
        return look::print_json(&revisions);
    }
    look::print(&words::history(&revisions, &World::real().zone()))
}
