//! What is due, decided from plan, history and now alone.
//!
//! A cadence is a schedule or a kind of maintenance. For each, everything up to one instant has been seen to; of the
//! runs after it only the latest counts, so that a month asleep is one run. A run found late is a catch-up.

use std::collections::BTreeMap;

use jiff::{Timestamp, tz::TimeZone};
use wire::{
    cron::{Crontab, zone},
    id::{AgentId, ScheduleName, UnixMs},
    job::{JobKind, JobSubject, Origin},
    plan::{Plan, Schedule, delay_s},
};

/// A run that begins later than this is a catch-up; and a handled instant this far ahead was written by another clock.
pub const LATE_MS: i64 = 5 * 60 * 1000;

/// How far one cadence has been seen to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Crontab and zone as they were.
    pub definition: String,
    /// Runs of the crontab at or before this instant are not due again.
    pub handled: UnixMs,
}

/// What happened before.
#[derive(Clone, Debug, Default)]
pub struct History {
    pub cadences: BTreeMap<String, Seen>,
    /// When the plan became what it is: a new or changed cadence has missed nothing before.
    pub plan_at: UnixMs,
    /// The machine has settled: what was missed may be caught up.
    pub may_catch_up: bool,
}

/// Whose cadence it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Of {
    Schedule(ScheduleName),
    Forget,
}

/// One run that is to be asked for at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    pub of: Of,
    pub due_at: UnixMs,
    pub late: bool,
    pub subjects: Vec<JobSubject>,
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
            (Of::Forget, _) => Origin::Maintenance { due_at: self.due_at },
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decision {
    pub due: Vec<Due>,
    /// Every cadence of the plan as it is seen to once `due` is asked for. One that is not here is to be forgotten.
    pub cadences: BTreeMap<String, Seen>,
    /// The next instant at which something will be due; late runs that must wait are not counted.
    pub next: Option<UnixMs>,
}

struct Cadence<'a> {
    of: Of,
    crontab: &'a Crontab,
    zone: TimeZone,
    definition: String,
    delay_ms: i64,
    subjects: Vec<JobSubject>,
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
    let mut handled = match history.cadences.get(&name) {
        Some(seen) if seen.definition == cadence.definition => seen.handled,
        _ => history.plan_at,
    };
    // Written by a clock that ran ahead: waiting for it to come round again could take years.
    if handled.since(now) > LATE_MS {
        handled = now;
    }
    // A run starts its delay later, so at this instant only the crontab's runs up to that much earlier are due.
    let reached = now.plus_ms(-cadence.delay_ms);
    if let Some(slot) = cadence.latest(handled, reached) {
        let due_at = slot.plus_ms(cadence.delay_ms);
        let late = now.since(due_at) > LATE_MS;
        if !late || history.may_catch_up {
            handled = slot;
            let subjects = cadence.subjects.clone();
            decision.due.push(Due { of: cadence.of.clone(), due_at, late, subjects });
        }
    }
    let next = cadence.first_after(handled.max(reached)).map(|slot| slot.plus_ms(cadence.delay_ms));
    decision.next = decision.next.into_iter().chain(next).min();
    decision.cadences.insert(name, Seen { definition: cadence.definition.clone(), handled });
}

impl Of {
    /// The cadence's name in its row.
    pub fn name(&self) -> String {
        match self {
            Self::Schedule(name) => format!("schedule/{name}"),
            Self::Forget => "maintenance/forget".to_owned(),
        }
    }
}

impl Cadence<'_> {
    fn latest(&self, after: UnixMs, until: UnixMs) -> Option<UnixMs> {
        let (after, until) = (after.timestamp()?, until.timestamp()?);
        if after >= until {
            return None;
        }
        self.crontab.previous_at_or_before(until, after, &self.zone).map(UnixMs::from)
    }

    fn first_after(&self, after: UnixMs) -> Option<UnixMs> {
        self.crontab.next_after(after.timestamp()?, &self.zone).map(UnixMs::from)
    }
}

fn cadences<'a>(plan: &'a Plan, agent: AgentId, local: &TimeZone) -> Vec<Cadence<'a>> {
    let schedules = plan.schedules.iter().filter(|(_, schedule)| schedule.enabled);
    let mut all: Vec<Cadence<'a>> =
        schedules.filter_map(|(name, it)| scheduled(plan, agent, local, name, it)).collect();
    let subjects: Vec<JobSubject> = plan
        .groups
        .iter()
        .filter(|(_, group)| !group.retention.is_empty())
        .map(|(name, group)| JobSubject {
            kind: JobKind::Forget,
            repository: group.repository.clone(),
            group: Some(name.clone()),
        })
        .collect();
    if let Some(crontab) = &plan.maintenance.forget
        && !subjects.is_empty()
    {
        all.push(Cadence {
            of: Of::Forget,
            crontab,
            zone: local.clone(),
            definition: definition(crontab, None),
            delay_ms: 0,
            subjects,
        });
    }
    all
}

/// `None` for a zone that this version does not know: a valid plan has none.
fn scheduled<'a>(
    plan: &Plan,
    agent: AgentId,
    local: &TimeZone,
    name: &ScheduleName,
    schedule: &'a Schedule,
) -> Option<Cadence<'a>> {
    let zone = match &schedule.zone {
        Some(name) => zone(name).ok()?,
        None => local.clone(),
    };
    let subjects = schedule
        .groups
        .iter()
        .filter_map(|group| {
            let repository = plan.groups.get(group)?.repository.clone();
            Some(JobSubject { kind: JobKind::Backup, repository, group: Some(group.clone()) })
        })
        .collect();
    Some(Cadence {
        of: Of::Schedule(name.clone()),
        crontab: &schedule.cron,
        zone,
        definition: definition(&schedule.cron, schedule.zone.as_deref()),
        delay_ms: i64::from(delay_s(&agent, name, schedule.jitter_s)) * 1000,
        subjects,
    })
}

fn definition(crontab: &Crontab, zone: Option<&str>) -> String {
    format!("{crontab} {}", zone.unwrap_or("local"))
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
