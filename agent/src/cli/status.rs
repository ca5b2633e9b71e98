//! `status`: how this agent is, from its database and, where one runs, from the agent itself.

mod groups;
mod words;

use serde::Serialize;
use wire::{
    frame::Ack,
    host::HostFacts,
    id::{AgentId, FleetId, GroupName, JobId, RepositoryName, ScheduleName, UnixMs},
    identity::Fingerprint,
    journal::PlanBy,
    plan::{Plan, delay_s},
    snapshot::RepositoryReadiness,
};

use groups::GroupLine;

use super::{Failure, asking, history, look};
use crate::{
    config::{Config, Paths},
    desired::{self, file},
    link::LinkState,
    local::{Ask, Client, Tell},
    schedule::Waiting,
    store::{StoreError, facts, holds, jobs, journal, orders, outbox, plan, repositories, snapshots, trust},
    world::World,
};

/// Everything that `status` says; also its JSON.
#[derive(Debug, Serialize)]
pub(super) struct Overview {
    pub agent: AgentId,
    pub fingerprint: String,
    pub words: String,
    pub version: &'static str,
    pub facts: Option<HostFacts>,
    /// Absent: no agent runs on this data directory.
    pub running: Option<Running>,
    pub fleet: Option<FleetId>,
    pub address: Option<String>,
    pub membership: Membership,
    /// What the fleet calls this host.
    pub name: Option<String>,
    pub journal: Journal,
    /// The highest order number seen.
    pub last_order: u64,
    pub plan_revision: u64,
    pub plan_by: Option<String>,
    pub plan_at: Option<UnixMs>,
    pub repositories: Vec<RepositoryLine>,
    pub schedules: Vec<ScheduleLine>,
    pub groups: Vec<GroupLine>,
    pub open_jobs: Vec<JobId>,
    /// What somebody should look at.
    pub troubles: Vec<String>,
}

/// Whether this host belongs to a fleet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Membership {
    /// It was never told of one.
    None,
    /// It announced itself and nobody has approved it yet.
    Pending,
    Member,
    /// It was rejected or revoked.
    Refused,
    /// It left by order: it takes none any more, and backs up by its plan.
    Retired,
}

impl Membership {
    fn of(pin: Option<&trust::Pin>) -> Self {
        match pin {
            None => Self::None,
            Some(pin) if pin.retired_at.is_some() => Self::Retired,
            Some(pin) if pin.refused.is_some() => Self::Refused,
            Some(pin) if pin.member.is_some() => Self::Member,
            Some(_) => Self::Pending,
        }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct Running {
    pub pid: u32,
    pub since: UnixMs,
    pub link: LinkState,
    /// What somebody should look at, and no row tells.
    pub trouble: Option<String>,
    /// What is due and may not begin yet.
    pub waiting: Vec<Waiting>,
}

#[derive(Debug, Serialize)]
pub(super) struct Journal {
    pub epoch: u64,
    pub seq: u64,
    pub acknowledged: Option<Ack>,
    pub acknowledged_at: Option<UnixMs>,
}

#[derive(Debug, Serialize)]
pub(super) struct RepositoryLine {
    pub name: RepositoryName,
    pub location: String,
    pub readiness: RepositoryReadiness,
    pub problem: Option<String>,
    pub snapshots: usize,
    pub stored_bytes: Option<u64>,
}

#[derive(Debug, Serialize)]
pub(super) struct ScheduleLine {
    pub name: ScheduleName,
    pub cron: String,
    pub enabled: bool,
    pub groups: Vec<GroupName>,
    pub next: Option<UnixMs>,
}

pub async fn perform(paths: &Paths, config: &Config, json: bool) -> Result<(), Failure> {
    let world = World::real();
    let running = ask(paths).await?;
    let overview = overview(paths, config, &world, running)?;
    if json {
        return look::print_json(&overview);
    }
    look::print(&words::text(&overview, world.now(), &world.zone()))
}

async fn ask(paths: &Paths) -> Result<Option<Running>, Failure> {
    let Some(mut client) = Client::connect(&paths.control_socket()).await? else { return Ok(None) };
    client.ask(&Ask::State).await?;
    match client.told().await? {
        Some(Tell::State { link, started_at, pid, trouble, waiting, .. }) => {
            Ok(Some(Running { pid, since: started_at, link, trouble, waiting }))
        }
        Some(Tell::Refused { message, hint }) => super::failure(asking::refusal(&message, &hint)),
        Some(other) => asking::unexpected(&other),
        None => Ok(None),
    }
}

fn overview(
    paths: &Paths,
    config: &Config,
    world: &World,
    running: Option<Running>,
) -> Result<Overview, Failure> {
    let connection = look::database(paths)?;
    let agent = journal::agent(&connection)?;
    let identity = desired::load(&paths.identity_key(), &desired::machine_id())?;
    let fingerprint = identity.as_ref().map(|identity| identity.keys.binding().fingerprint());
    let pin = trust::pin(&connection)?;
    let current = plan::current(&connection)?;
    let (revision, by, at) = current
        .as_ref()
        .map_or((0, None, None), |plan| (plan.revision, Some(super::plan::author(&plan.by)), Some(plan.at)));
    let nothing = Plan::default();
    let plan = current.as_ref().map_or(&nothing, |current| &current.plan);
    let head = journal::head(&connection)?;
    let (acknowledged, acknowledged_at) = outbox::newest_acknowledged(&connection)?.unzip();

    let mut troubles: Vec<String> = holds::all(&connection)?
        .into_iter()
        .map(|hold| format!("retention is held back: {}", hold.message))
        .collect();
    let groups = groups::lines(&connection, plan)?;
    troubles.extend(groups::troubles(&groups, world.now()));
    troubles.extend(file_troubles(paths, &connection)?);
    troubles.extend(running.as_ref().and_then(|running| running.trouble.clone()));
    troubles.extend(identity.as_ref().and_then(|identity| identity.machine.explanation()));
    if identity.is_none() {
        troubles.push(format!(
            "{} is gone: restore it from a backup of this machine",
            paths.identity_key().display()
        ));
    }
    let facts = facts::current(&connection)?;
    if facts.as_ref().is_some_and(|facts| facts.restic_version.is_none()) {
        troubles.push(
            "there was no restic at the last start: install it, or name its path as `restic` in agent.toml"
                .to_owned(),
        );
    }
    let address = config
        .coordinator
        .first()
        .map(|entry| entry.url.clone())
        .or_else(|| pin.as_ref().map(|pin| pin.address.clone()));
    Ok(Overview {
        agent,
        fingerprint: fingerprint.as_ref().map(ToString::to_string).unwrap_or_default(),
        words: fingerprint.as_ref().map(spoken).unwrap_or_default(),
        version: env!("CARGO_PKG_VERSION"),
        facts,
        running,
        fleet: pin.as_ref().map(|pin| pin.fleet),
        address,
        membership: Membership::of(pin.as_ref()),
        name: pin.and_then(|pin| pin.member).map(|member| member.name),
        journal: Journal { epoch: head.epoch, seq: head.seq, acknowledged, acknowledged_at },
        last_order: orders::last_number(&connection)?,
        plan_revision: revision,
        plan_by: by,
        plan_at: at,
        repositories: repository_lines(&connection, plan)?,
        schedules: schedule_lines(agent, plan, world),
        groups,
        open_jobs: jobs::open(&connection)?.into_iter().map(|job| job.id).collect(),
        troubles,
    })
}

/// A plan.toml that is not taken, or not yet: the plan before stays in force, and somebody should know.
pub(super) fn file_troubles(
    paths: &Paths,
    connection: &rusqlite::Connection,
) -> Result<Vec<String>, StoreError> {
    let path = paths.plan_file();
    let current = plan::current(connection)?;
    let by_file = current.as_ref().is_some_and(|current| current.by == PlanBy::File);
    let revision = current.as_ref().map_or(0, |current| current.revision);
    Ok(match file::governing(&World::real(), &path) {
        Ok(None) => Vec::new(),
        Err(error) => vec![words::file_unreadable(&path, revision, &error)],
        Ok(Some(text)) => match file::read(&text) {
            Err(problems) => {
                problems.iter().map(|problem| words::file_refused(&path, revision, problem)).collect()
            }
            Ok(wished) if by_file && current.is_some_and(|current| current.plan == wished) => Vec::new(),
            Ok(_) => vec![words::file_waits(&path)],
        },
    })
}

pub(super) fn spoken(fingerprint: &Fingerprint) -> String {
    fingerprint.words().join(" ")
}

fn repository_lines(
    connection: &rusqlite::Connection,
    plan: &Plan,
) -> Result<Vec<RepositoryLine>, StoreError> {
    let mut lines = Vec::with_capacity(plan.repositories.len());
    for (name, repository) in &plan.repositories {
        let row = repositories::get(connection, name)?;
        lines.push(RepositoryLine {
            name: name.clone(),
            location: repository.backend.location(),
            readiness: row.as_ref().map_or(RepositoryReadiness::Unknown, |row| row.readiness),
            problem: row.as_ref().and_then(|row| row.reason.as_ref()).map(history::explanation),
            snapshots: snapshots::all(connection, name)?.len(),
            stored_bytes: row.and_then(|row| row.numbers).map(|numbers| numbers.stored_bytes),
        });
    }
    Ok(lines)
}

fn schedule_lines(agent: AgentId, plan: &Plan, world: &World) -> Vec<ScheduleLine> {
    let own = world.zone();
    let now = world.now();
    plan.schedules
        .iter()
        .map(|(name, schedule)| {
            let zone = schedule
                .zone
                .as_deref()
                .and_then(|zone| wire::cron::zone(zone).ok())
                .unwrap_or_else(|| own.clone());
            let delay_ms = i64::from(delay_s(&agent, name, schedule.jitter_s)) * 1000;
            // A slot that has passed may still be due, its delay not over.
            let from = now.plus_ms(-delay_ms).timestamp();
            let slot = from.and_then(|from| schedule.cron.next_after(from, &zone));
            ScheduleLine {
                name: name.clone(),
                cron: schedule.cron.as_str().to_owned(),
                enabled: schedule.enabled,
                groups: schedule.groups.clone(),
                next: slot.filter(|_| schedule.enabled).map(|slot| UnixMs::from(slot).plus_ms(delay_ms)),
            }
        })
        .collect()
}
