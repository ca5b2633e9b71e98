//! `unlock`: removes the locks of dead processes; with `--all`, also those that are left, once a person has seen them.

mod words;

use std::{
    io::{self, BufRead as _, IsTerminal as _},
    process::ExitCode,
};

use rusqlite::Connection;
use serde::Serialize;
use wire::{
    action::Action,
    id::{JobId, RepositoryName},
    job::{JobResult, UnlockResult},
    snapshot::Lock,
};

use super::{Failure, NOT_WELL, asking, failure, follow, look, work};
use crate::{
    config::Paths,
    local::{Ask, Tell},
    store::{StoreError, jobs, plan, repositories},
    world::World,
};

#[derive(clap::Args)]
pub struct Arguments {
    /// A repository of the plan; none: each of them
    repository: Option<RepositoryName>,
    /// Remove also the locks of processes that live, or that are another host's
    #[arg(long)]
    all: bool,
    /// With --all: ask nothing
    #[arg(long, requires = "all")]
    yes: bool,
    /// One JSON document instead of words
    #[arg(long)]
    json: bool,
}

/// What became of one repository's locks.
#[derive(Serialize)]
struct Unlocked {
    repository: RepositoryName,
    removed: Vec<Lock>,
    left: Vec<Lock>,
}

pub async fn perform(paths: &Paths, wanted: &Arguments) -> Result<ExitCode, Failure> {
    if wanted.all && !wanted.yes && !io::stdin().is_terminal() {
        return failure(words::YES_NEEDED);
    }
    let plan = plan::current(&look::database(paths)?)?.map(|current| current.plan).unwrap_or_default();
    let mut unlocked = Vec::new();
    for repository in work::repositories(&plan, wanted.repository.as_ref())? {
        unlocked.push(one(paths, repository, wanted).await?);
    }
    if wanted.json {
        look::print_json(&unlocked)?;
    }
    let clear = unlocked.iter().all(|one| one.left.is_empty());
    Ok(if clear { ExitCode::SUCCESS } else { ExitCode::from(NOT_WELL) })
}

async fn one(paths: &Paths, repository: RepositoryName, wanted: &Arguments) -> Result<Unlocked, Failure> {
    let now = World::real().now();
    if !wanted.json {
        let seen = known(&look::database(paths)?, &repository)?;
        look::print(&words::seen(&repository, &seen, now))?;
    }
    // Those of dead processes go without a question; what is left is what the repository holds this very moment.
    let UnlockResult { mut removed, mut left } = unlock(paths, &repository, Vec::new()).await?;
    if !wanted.json {
        look::print(&words::unlocked(&repository, &removed, &left, wanted.all, now))?;
    }
    if wanted.all && !left.is_empty() && (wanted.yes || agreed()?) {
        let named = left.iter().map(|lock| lock.id.clone()).collect();
        let second = unlock(paths, &repository, named).await?;
        if !wanted.json {
            look::print(&words::unlocked(&repository, &second.removed, &second.left, false, now))?;
        }
        removed.extend(second.removed);
        left = second.left;
    }
    Ok(Unlocked { repository, removed, left })
}

/// Those that were there when somebody last looked.
fn known(connection: &Connection, repository: &RepositoryName) -> Result<Vec<Lock>, StoreError> {
    Ok(repositories::get(connection, repository)?.map(|row| row.locks).unwrap_or_default())
}

fn agreed() -> Result<bool, Failure> {
    look::print(words::QUESTION)?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}

async fn unlock(
    paths: &Paths,
    repository: &RepositoryName,
    locks: Vec<String>,
) -> Result<UnlockResult, Failure> {
    let action = Action::Unlock { repository: repository.clone(), locks };
    let job = match asking::once(paths, &Ask::Work { action }).await? {
        Tell::Done { jobs, .. } => jobs.into_iter().next(),
        other => return asking::unexpected(&other),
    };
    let Some(job) = job else { return failure("the agent began no job for it: see its log") };
    follow::quietly(paths, &[job]).await?;
    result(&look::database(paths)?, job)
}

fn result(connection: &Connection, job: JobId) -> Result<UnlockResult, Failure> {
    let Some(job) = jobs::get(connection, job)? else { return failure("the job is gone") };
    match (job.result, job.reason) {
        (Some(JobResult::Unlock(result)), None) => Ok(result),
        (_, Some(reason)) => failure(super::history::explanation(&reason)),
        _ => failure(format!("job {} {}: see its log", job.id, super::history::became(job.state))),
    }
}
