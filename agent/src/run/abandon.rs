//! Retries that nobody wants any more: their schedule was deleted or paused, their group or repository left the plan.
//!
//! Follows from rows and plan alone, so whoever changed the plan only has to wake the engine.

use std::sync::Arc;

use tracing::{info, warn};
use wire::{
    id::JobId,
    job::{JobState, Reason},
};

use super::{engine::Shared, retry};
use crate::store::{
    StoreError, Tx,
    jobs::{self, Ending, Job},
    plan,
};

/// Ends them as skipped. One that runs already is left to its end.
pub async fn give_up_retries(shared: &Arc<Shared>) {
    if let Err(problem) = look(shared).await {
        warn!("retries that nobody wants any more cannot be ended: {problem}");
    }
}

async fn look(shared: &Arc<Shared>) -> Result<(), StoreError> {
    let unwanted = shared.store.read::<_, StoreError>(unwanted).await?;
    if unwanted.is_empty() {
        return Ok(());
    }
    let now = shared.world.now();
    shared.store.write(move |tx| end(tx, &unwanted, now)).await
}

fn unwanted(connection: &rusqlite::Connection) -> Result<Vec<(JobId, String)>, StoreError> {
    let waits = |job: &Job| job.state == JobState::Queued && job.attempt > 1;
    let waiting: Vec<Job> = jobs::open(connection)?.into_iter().filter(waits).collect();
    if waiting.is_empty() {
        return Ok(Vec::new());
    }
    let plan = plan::current(connection)?.map(|current| current.plan).unwrap_or_default();
    Ok(waiting.iter().filter_map(|job| Some((job.id, retry::given_up(job, &plan)?))).collect())
}

fn end(tx: &Tx<'_>, unwanted: &[(JobId, String)], now: wire::id::UnixMs) -> Result<(), StoreError> {
    for (id, why) in unwanted {
        // It may have begun since it was looked at.
        if jobs::get(tx, *id)?.is_some_and(|job| job.state == JobState::Queued) {
            info!(job = %id, "not tried again: {why}");
            let reason = Reason::Abandoned { why: why.clone() };
            jobs::finish(tx, *id, &Ending::bare(JobState::Skipped, Some(reason)), now)?;
        }
    }
    Ok(())
}
