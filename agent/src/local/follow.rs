//! Following jobs: what is written of them already, what comes live, and their ends. Every line once, in its order.

use std::{collections::BTreeMap, io};

use tokio::{net::unix::OwnedWriteHalf, sync::broadcast::error::RecvError};
use wire::{frame::Live, id::JobId, job::LogLine};

use super::{
    Tell,
    serve::{refuse, tell},
};
use crate::{
    desired::Desk,
    run::Engine,
    store::{StoreError, jobs, logs},
};

/// Lines that are read and told at once.
const PAGE: usize = 500;

/// Watches for as long as it is there.
struct Watching<'a> {
    engine: &'a Engine,
    jobs: &'a [JobId],
}

impl<'a> Watching<'a> {
    fn begin(engine: &'a Engine, jobs: &'a [JobId]) -> Self {
        for job in jobs {
            engine.watch(*job, true);
        }
        Self { engine, jobs }
    }
}

impl Drop for Watching<'_> {
    fn drop(&mut self) {
        for job in self.jobs {
            self.engine.watch(*job, false);
        }
    }
}

/// Tells until all of them are over, or whoever asked has gone.
pub async fn follow(writing: &mut OwnedWriteHalf, desk: &Desk, jobs: &[JobId]) -> io::Result<()> {
    let Some(engine) = desk.engine() else {
        return refuse(writing, "this agent runs no jobs").await;
    };
    let mut live = engine.live();
    let _watching = Watching::begin(engine, jobs);
    let mut commits = desk.store().commits();
    // The number of the next line of each job that is not over.
    let mut open: BTreeMap<JobId, u64> = jobs.iter().map(|job| (*job, 0)).collect();
    loop {
        commits.mark_unchanged();
        for job in open.keys().copied().collect::<Vec<_>>() {
            match catch_up(writing, desk, job, &mut open).await? {
                Ok(()) => {}
                Err(error) => return refuse(writing, &error.to_string()).await,
            }
        }
        // Until something is written down, what comes live is told at once.
        loop {
            if open.is_empty() {
                return Ok(());
            }
            tokio::select! {
                changed = commits.changed() => {
                    if changed.is_err() {
                        return Ok(());
                    }
                    break;
                }
                event = live.recv() => match event {
                    Ok(event) => show(writing, event, &mut open).await?,
                    // What was missed is read from the store.
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return Ok(()),
                },
            }
        }
    }
}

/// What the store has of the job beyond what was told.
async fn catch_up(
    writing: &mut OwnedWriteHalf,
    desk: &Desk,
    job: JobId,
    open: &mut BTreeMap<JobId, u64>,
) -> io::Result<Result<(), StoreError>> {
    // The row first: a job that is over by then has all its lines in the store.
    let row = match desk.store().read::<_, StoreError>(move |connection| jobs::get(connection, job)).await {
        Ok(Some(row)) => row,
        Ok(None) => {
            open.remove(&job);
            return refuse(writing, &format!("there is no job {job} at this host")).await.map(Ok);
        }
        Err(error) => return Ok(Err(error)),
    };
    loop {
        let from = open.get(&job).copied().unwrap_or_default();
        let read =
            desk.store().read::<_, StoreError>(move |connection| logs::lines(connection, job, from, PAGE));
        let lines = match read.await {
            Ok(lines) => lines,
            Err(error) => return Ok(Err(error)),
        };
        let Some(last) = lines.last() else { break };
        open.insert(job, last.n + 1);
        tell(writing, &Tell::Live { live: Live::Log { job, lines } }).await?;
    }
    if row.state.is_over() {
        open.remove(&job);
        tell(writing, &Tell::Over { job, state: row.state }).await?;
    }
    Ok(Ok(()))
}

/// Lines that do not follow the last one told come from the store instead, where those before them will be.
async fn show(writing: &mut OwnedWriteHalf, event: Live, open: &mut BTreeMap<JobId, u64>) -> io::Result<()> {
    match event {
        Live::Progress { job, .. } if open.contains_key(&job) => {
            tell(writing, &Tell::Live { live: event }).await
        }
        Live::Log { job, lines } => {
            let Some(next) = open.get_mut(&job) else { return Ok(()) };
            let fresh: Vec<LogLine> = lines.into_iter().filter(|line| line.n >= *next).collect();
            match (fresh.first(), fresh.last()) {
                (Some(first), Some(last)) if first.n == *next => {
                    *next = last.n + 1;
                    tell(writing, &Tell::Live { live: Live::Log { job, lines: fresh } }).await
                }
                _ => Ok(()),
            }
        }
        Live::Progress { .. } => Ok(()),
    }
}
