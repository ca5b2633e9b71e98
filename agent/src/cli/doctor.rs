//! `doctor`: looks for what keeps backups from working, or will. Changes nothing; with `--probe` it has the agent open
//! each repository.

mod clock;
mod files;
mod fleet;
mod others;
mod repositories;
mod restic;
mod words;

use std::process::ExitCode;

use rusqlite::Connection;
use serde::Serialize;
use wire::plan::Plan;

use super::{Failure, NOT_WELL, look};
use crate::{
    config::{Config, Paths},
    link::LinkState,
    local::{Ask, Client, ClientError, Tell},
    store::plan,
    world::World,
};

#[derive(clap::Args)]
pub struct Arguments {
    /// Have the agent open each repository now, instead of saying how the last time went
    #[arg(long)]
    probe: bool,
    /// One JSON document instead of words
    #[arg(long)]
    json: bool,
}

/// What is looked at, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    Agent,
    Restic,
    Plan,
    Repository,
    Clock,
    Disk,
    Permissions,
    Coordinator,
    OtherBackups,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    Ok,
    /// It works, but will surprise somebody.
    Warning,
    /// Backups do not work as they should.
    Problem,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub subject: Subject,
    pub level: Level,
    /// What was found, of what.
    pub what: String,
    /// What to do about it; empty where there is nothing to do.
    pub hint: String,
}

impl Finding {
    pub fn ok(subject: Subject, what: impl Into<String>) -> Self {
        Self { subject, level: Level::Ok, what: what.into(), hint: String::new() }
    }

    pub fn warning(subject: Subject, what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { subject, level: Level::Warning, what: what.into(), hint: hint.into() }
    }

    pub fn problem(subject: Subject, what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { subject, level: Level::Problem, what: what.into(), hint: hint.into() }
    }
}

/// The agent that runs here, if one does.
pub struct Running {
    pub pid: u32,
    pub version: String,
    pub link: LinkState,
    pub trouble: Option<String>,
}

pub async fn perform(paths: &Paths, config: &Config, wanted: &Arguments) -> Result<ExitCode, Failure> {
    let findings = examine(paths, config, wanted.probe).await?;
    if wanted.json {
        look::print_json(&findings)?;
    } else {
        look::print(&words::text(&findings))?;
    }
    let sound = findings.iter().all(|finding| finding.level != Level::Problem);
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::from(NOT_WELL) })
}

async fn examine(paths: &Paths, config: &Config, probe: bool) -> Result<Vec<Finding>, Failure> {
    let world = World::real();
    let running = running(paths).await?;
    let mut findings = vec![agent(running.as_ref())];
    findings.extend(restic::examine(&world, config).await);
    findings.extend(files::permissions(paths));
    findings.extend(files::disk(paths));
    findings.extend(others::examine(std::path::Path::new("/")));
    match look::database(paths) {
        Ok(connection) => {
            if probe {
                findings.extend(repositories::probe(paths, &connection, running.is_some()).await?);
            }
            findings.extend(plan(paths, &connection)?);
            findings.extend(repositories::examine(&connection, &world)?);
            findings.extend(clock::examine(&connection, &world, running.as_ref())?);
            findings.extend(fleet::examine(&connection, running.as_ref())?);
            findings.extend(files::reachable(&world, &current(&connection)?, running.as_ref()).await);
        }
        Err(Failure(text)) => findings.push(Finding::problem(
            Subject::Agent,
            text,
            "Nothing more can be told of the plan, the repositories and the fleet.",
        )),
    }
    findings.sort_by_key(|finding| finding.subject);
    Ok(findings)
}

async fn running(paths: &Paths) -> Result<Option<Running>, Failure> {
    let client = match Client::connect(&paths.control_socket()).await {
        Ok(client) => client,
        // Said as a finding about permissions.
        Err(ClientError::NotRoot) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let Some(mut client) = client else { return Ok(None) };
    client.ask(&Ask::State).await?;
    Ok(match client.told().await? {
        Some(Tell::State { link, version, pid, trouble, .. }) => {
            Some(Running { pid, version, link, trouble })
        }
        _ => None,
    })
}

fn agent(running: Option<&Running>) -> Finding {
    let own = env!("CARGO_PKG_VERSION");
    match running {
        None => Finding::problem(
            Subject::Agent,
            "no agent runs here, or it cannot be asked: nothing is backed up",
            "Start it: systemctl enable --now restic-manager-agent",
        ),
        Some(Running { trouble: Some(trouble), .. }) => Finding::problem(
            Subject::Agent,
            format!("the agent runs, but its database takes nothing: {trouble}"),
            "See that the disk of its data directory has room and can be written to.",
        ),
        Some(Running { version, .. }) if version != own => Finding::warning(
            Subject::Agent,
            format!("the agent that runs is version {version}, this command is {own}"),
            "Restart it: systemctl restart restic-manager-agent",
        ),
        Some(Running { pid, version, .. }) => {
            Finding::ok(Subject::Agent, format!("version {version} runs (PID {pid})"))
        }
    }
}

fn current(connection: &Connection) -> Result<Plan, Failure> {
    Ok(plan::current(connection)?.map(|current| current.plan).unwrap_or_default())
}

/// Whether there is one, whether its file is taken, and what in it will surprise.
fn plan(paths: &Paths, connection: &Connection) -> Result<Vec<Finding>, Failure> {
    let mut findings: Vec<Finding> = super::status::file_troubles(paths, connection)?
        .into_iter()
        .map(|trouble| Finding::problem(Subject::Plan, trouble, "Mend it, and see `plan check`."))
        .collect();
    let Some(current) = plan::current(connection)? else {
        findings.push(Finding::problem(
            Subject::Plan,
            "there is no plan: nothing is backed up",
            "Approve this host in the panel and give it a repository there, or write a plan.toml.",
        ));
        return Ok(findings);
    };
    for warning in wire::plan::warnings(&current.plan) {
        let text = super::plan::warning(&warning);
        findings.push(Finding::warning(
            Subject::Plan,
            text,
            "Change the schedule or the group, if that is not meant.",
        ));
    }
    let count = |found: usize, what| super::table::count(found as u64, what);
    let (groups, schedules) =
        (count(current.plan.groups.len(), "group"), count(current.plan.schedules.len(), "schedule"));
    let what = format!("revision {}: {groups}, {schedules}", current.revision);
    findings.push(Finding::ok(Subject::Plan, what));
    Ok(findings)
}
