//! What is due, decided from plan, history and now alone.
//!
//! A cadence is a schedule or a kind of maintenance. For each, everything up to one instant has been seen to; of the
//! runs after it only the latest counts, so that a month asleep is one run. A run that must wait stays due until it
//! may begin; where only some repositories keep it waiting, the work at the others begins, and theirs is still owed. A
//! run that begins late is a catch-up.

mod cadence;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};
use wire::{
    cron::zone,
    id::{AgentId, RepositoryName, ScheduleName, UnixMs},
    job::Origin,
    plan::{MaintenanceTask, Plan, Schedule, delay_s},
};

use crate::run::upkeep::Task;
use cadence::{Cadence, cadences};

/// A run that begins later than this is a catch-up; and a handled instant this far ahead was written by another clock.
pub const LATE_MS: i64 = 5 * 60 * 1000;

/// How far one cadence has been seen to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Crontab and zone as they were.
    pub definition: String,
    /// Runs of the crontab at or before this instant are not due again.
    pub handled: UnixMs,
    /// Repositories whose work waited while the rest of the run was asked for: these are seen to only so far.
    pub behind: BTreeMap<RepositoryName, UnixMs>,
}

impl Seen {
    pub const fn new(definition: String, handled: UnixMs) -> Self {
        Self { definition, handled, behind: BTreeMap::new() }
    }

    /// Nothing at all is due again up to here.
    fn earliest(&self) -> UnixMs {
        self.behind.values().copied().chain([self.handled]).min().unwrap_or(self.handled)
    }

    fn at(&self, repository: &RepositoryName) -> UnixMs {
        self.behind.get(repository).copied().unwrap_or(self.handled)
    }

    /// Written by a clock that ran ahead: waiting for it to come round again could take years.
    fn believe_no_future(&mut self, now: UnixMs) {
        for handled in std::iter::once(&mut self.handled).chain(self.behind.values_mut()) {
            if handled.since(now) > LATE_MS {
                *handled = now;
            }
        }
    }

    /// One run of the crontab was asked for, but for the work at these repositories.
    fn advance(&mut self, slot: UnixMs, stuck: &BTreeSet<RepositoryName>) {
        let stuck: Vec<_> =
            stuck.iter().map(|repository| (repository.clone(), self.at(repository))).collect();
        self.behind.retain(|_, handled| *handled >= slot);
        self.behind.extend(stuck);
        self.handled = self.handled.max(slot);
    }
}

/// What happened before.
#[derive(Clone, Debug, Default)]
pub struct History {
    pub cadences: BTreeMap<String, Seen>,
    /// When the plan became what it is: a new or changed cadence has missed nothing before.
    pub plan_at: UnixMs,
    /// Since when the machine is up and awake, while it still settles: what it missed before waits.
    pub settling_since: Option<UnixMs>,
    /// What keeps a cadence from running now, by its name. A repository keeps only the work at it waiting.
    pub held: BTreeMap<String, Vec<WaitsFor>>,
}

/// Whose cadence it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Of {
    Schedule(ScheduleName),
    Maintenance(MaintenanceTask),
}

/// What a run that is due waits for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitsFor {
    /// The machine has just come up or woken.
    Settling,
    MainsPower,
    UnmeteredNetwork,
    /// That it answers.
    Repository(RepositoryName),
}

/// One run that is to be asked for at once, or the part of it that may begin.
#[derive(Clone, Debug, PartialEq)]
pub struct Due {
    pub of: Of,
    pub due_at: UnixMs,
    pub late: bool,
    pub work: Vec<Task>,
}

/// One run that is due and may not begin yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    pub of: Of,
    pub due_at: UnixMs,
    pub waits_for: Vec<WaitsFor>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decision {
    /// In the order in which it is to be asked for: backups, then maintenance as its tasks follow each other.
    pub due: Vec<Due>,
    pub waiting: Vec<Waiting>,
    /// Every cadence of the plan as it is seen to once `due` is asked for. One that is not here is to be forgotten.
    pub cadences: BTreeMap<String, Seen>,
    /// The next instant at which something will be due; what waits is not counted.
    pub next: Option<UnixMs>,
}

pub fn due(plan: &Plan, history: &History, agent: AgentId, now: UnixMs, local: &TimeZone) -> Decision {
    let mut decision = Decision::default();
    for cadence in cadences(plan, agent, local) {
        decide(&cadence, history, now, &mut decision);
    }
    decision
}

fn decide(cadence: &Cadence<'_>, history: &History, now: UnixMs, decision: &mut Decision) {
    let name = cadence.of.name();
    let mut seen = match history.cadences.get(&name) {
        Some(seen) if seen.definition == cadence.definition => seen.clone(),
        _ => Seen::new(cadence.definition.clone(), cadence.begins(history.plan_at, now)),
    };
    seen.believe_no_future(now);
    seen.behind.retain(|repository, _| cadence.work.iter().any(|(it, _)| it.repository == *repository));
    // A run starts its delay later, so at this instant only the crontab's runs up to that much earlier are due.
    let reached = now.plus_ms(-cadence.delay_ms);
    if let Some(slot) = cadence.latest(seen.earliest(), reached) {
        let due_at = slot.plus_ms(cadence.delay_ms);
        let late = now.since(due_at) > LATE_MS;
        let settling = history.settling_since.is_some_and(|since| late || due_at < since);
        let held = history.held.get(&name).cloned().unwrap_or_default();
        let waits_for: Vec<WaitsFor> =
            settling.then_some(WaitsFor::Settling).into_iter().chain(held).collect();
        let owed: Vec<Task> =
            cadence.work.iter().filter(|(it, _)| seen.at(&it.repository) < slot).cloned().collect();
        let (stuck, work): (Vec<Task>, Vec<Task>) =
            owed.into_iter().partition(|(it, _)| waits_for.iter().any(|wait| wait.holds(&it.repository)));
        if stuck.is_empty() || !work.is_empty() {
            seen.advance(slot, &stuck.iter().map(|(it, _)| it.repository.clone()).collect());
        }
        if !stuck.is_empty() {
            decision.waiting.push(Waiting { of: cadence.of.clone(), due_at, waits_for });
        }
        if !work.is_empty() {
            decision.due.push(Due { of: cadence.of.clone(), due_at, late, work });
        }
    }
    let next = cadence.first_after(seen.handled.max(reached)).map(|slot| slot.plus_ms(cadence.delay_ms));
    decision.next = decision.next.into_iter().chain(next).min();
    decision.cadences.insert(name, seen);
}

impl WaitsFor {
    /// Whether work at this repository waits as well.
    fn holds(&self, repository: &RepositoryName) -> bool {
        match self {
            Self::Settling | Self::MainsPower | Self::UnmeteredNetwork => true,
            Self::Repository(silent) => silent == repository,
        }
    }
}

impl Of {
    /// The cadence's name in its row.
    pub fn name(&self) -> String {
        match self {
            Self::Schedule(name) => format!("schedule/{name}"),
            Self::Maintenance(task) => format!("maintenance/{}", task.as_str()),
        }
    }
}

impl Due {
    pub fn origin(&self) -> Origin {
        match (&self.of, self.late) {
            (Of::Schedule(schedule), false) => {
                Origin::Schedule { schedule: schedule.clone(), due_at: self.due_at }
            }
            (Of::Schedule(schedule), true) => {
                Origin::CatchUp { schedule: schedule.clone(), due_at: self.due_at }
            }
            (Of::Maintenance(_), _) => Origin::Maintenance { due_at: self.due_at },
        }
    }
}

impl std::fmt::Display for Of {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Schedule(name) => write!(f, "schedule {name}"),
            Self::Maintenance(task) => f.write_str(task.as_str()),
        }
    }
}

impl std::fmt::Display for WaitsFor {
    /// Behind "waits for".
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Settling => f.write_str("the machine to settle"),
            Self::MainsPower => f.write_str("mains power"),
            Self::UnmeteredNetwork => f.write_str("a network that is not metered"),
            Self::Repository(name) => write!(f, "repository {name} to answer"),
        }
    }
}

/// The next `n` runs of a schedule at this host, jitter included, for people to see.
pub fn next_runs(
    agent: AgentId,
    name: &ScheduleName,
    schedule: &Schedule,
    now: UnixMs,
    local: &TimeZone,
    n: usize,
) -> Vec<UnixMs> {
    let found = schedule.zone.as_deref().map(zone).transpose();
    let (Ok(found), Some(from)) = (found, now.timestamp()) else { return Vec::new() };
    let delay_ms = i64::from(delay_s(&agent, name, schedule.jitter_s)) * 1000;
    // Runs whose delay is not over yet come first.
    let from = UnixMs::from(from).plus_ms(-delay_ms).timestamp().unwrap_or(Timestamp::UNIX_EPOCH);
    let runs = schedule.cron.next_n(from, found.as_ref().unwrap_or(local), n);
    runs.into_iter().map(|run| UnixMs::from(run).plus_ms(delay_ms)).collect()
}

#[cfg(test)]
mod tests;
