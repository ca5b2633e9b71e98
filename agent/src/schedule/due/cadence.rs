//! The cadences of a plan: its enabled schedules and its maintenance, each with the work that one run of it is.

use jiff::tz::TimeZone;
use wire::{
    action::JobOptions,
    cron::{Crontab, zone},
    id::{AgentId, ScheduleName, UnixMs},
    job::{JobKind, JobSubject},
    plan::{MaintenanceTask, Plan, Schedule, delay_s},
};

use super::Of;
use crate::run::upkeep::{self, Task};

/// A maintenance that this host never did looks back no further.
const FIRST_LOOK_BACK_MS: i64 = 24 * 60 * 60 * 1000;

pub struct Cadence<'a> {
    pub of: Of,
    crontab: &'a Crontab,
    zone: TimeZone,
    pub definition: String,
    pub delay_ms: i64,
    /// Nothing, where one run would do nothing: the cadence goes on all the same.
    pub work: Vec<Task>,
}

impl Cadence<'_> {
    /// From when on a cadence that is new here counts. Making or editing it is no miss; and a maintenance that an agent
    /// learns of long after its plan was made (it was updated, it was off) does not begin with a month's arrears.
    pub fn begins(&self, plan_at: UnixMs, now: UnixMs) -> UnixMs {
        match self.of {
            Of::Schedule(_) => plan_at,
            Of::Maintenance(_) => plan_at.max(now.plus_ms(-FIRST_LOOK_BACK_MS)),
        }
    }

    /// The latest run of the crontab after one instant, up to another.
    pub fn latest(&self, after: UnixMs, until: UnixMs) -> Option<UnixMs> {
        let (after, until) = (after.timestamp()?, until.timestamp()?);
        if after >= until {
            return None;
        }
        self.crontab.previous_at_or_before(until, after, &self.zone).map(UnixMs::from)
    }

    pub fn first_after(&self, after: UnixMs) -> Option<UnixMs> {
        self.crontab.next_after(after.timestamp()?, &self.zone).map(UnixMs::from)
    }
}

/// Schedules first, then maintenance in the order in which its tasks follow each other.
pub fn cadences<'a>(plan: &'a Plan, agent: AgentId, local: &TimeZone) -> Vec<Cadence<'a>> {
    let schedules = plan.schedules.iter().filter(|(_, schedule)| schedule.enabled);
    let schedules = schedules.filter_map(|(name, it)| scheduled(plan, agent, local, name, it));
    let tasks = MaintenanceTask::ALL.into_iter();
    let maintenance = tasks.filter_map(|task| {
        let crontab = task.cadence(&plan.maintenance)?;
        Some(Cadence {
            of: Of::Maintenance(task),
            crontab,
            zone: local.clone(),
            definition: definition(crontab, None),
            delay_ms: 0,
            work: upkeep::subjects(plan, task, agent),
        })
    });
    schedules.chain(maintenance).collect()
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
    let work = schedule
        .groups
        .iter()
        .filter_map(|group| {
            let repository = plan.groups.get(group)?.repository.clone();
            let subject = JobSubject { kind: JobKind::Backup, repository, group: Some(group.clone()) };
            Some((subject, JobOptions::default()))
        })
        .collect();
    Some(Cadence {
        of: Of::Schedule(name.clone()),
        crontab: &schedule.cron,
        zone,
        definition: definition(&schedule.cron, schedule.zone.as_deref()),
        delay_ms: i64::from(delay_s(&agent, name, schedule.jitter_s)) * 1000,
        work,
    })
}

fn definition(crontab: &Crontab, zone: Option<&str>) -> String {
    format!("{crontab} {}", zone.unwrap_or("local"))
}
