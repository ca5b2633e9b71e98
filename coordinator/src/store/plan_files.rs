//! View of what keeps an endpoint's own plan.toml from being its plan.

use rusqlite::{Connection, OptionalExtension};
use wire::{journal::PlanFile, plan::PlanFileProblem};

use super::{StoreError, Tx, hosts::HostId, text};

/// Of what an agent claims beyond, its raw records alone tell.
pub fn put(tx: &Tx<'_>, host: HostId, file: &PlanFile) -> Result<(), StoreError> {
    if file.problems.is_empty() {
        tx.prepare_cached("DELETE FROM view_plan_file WHERE host = ?1")?.execute([host.0])?;
        return Ok(());
    }
    let mut problems = file.problems.clone();
    problems.truncate(PlanFileProblem::MOST);
    for problem in &mut problems {
        text::shorten(&mut problem.field, PlanFileProblem::TEXT_BYTES);
        text::shorten(&mut problem.message, PlanFileProblem::TEXT_BYTES);
    }
    tx.prepare_cached("INSERT OR REPLACE INTO view_plan_file (host, problems) VALUES (?1, ?2)")?
        .execute((host.0, text::json(&problems)?))?;
    Ok(())
}

/// Empty: it is taken, or there is none.
pub fn problems(connection: &Connection, host: HostId) -> Result<Vec<PlanFileProblem>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT problems FROM view_plan_file WHERE host = ?1")?;
    let problems: Option<String> = statement.query_row([host.0], |row| row.get(0)).optional()?;
    problems.map_or(Ok(Vec::new()), |problems| text::parse("what is wrong with a plan.toml", &problems))
}
