//! A host's schedules as it will keep them: when each runs next, and what its last run came to.

use wire::{
    cron,
    id::{AgentId, ScheduleName, UnixMs},
    plan::{Schedule, delay_s},
    view::{LastBackup, ScheduleView},
};

/// Runs that are shown ahead.
const AHEAD: usize = 5;

/// `host_zone` is the host's own zone, for schedules that name none.
pub(super) fn view(
    agent: AgentId,
    name: &ScheduleName,
    schedule: &Schedule,
    host_zone: &str,
    last: Option<LastBackup>,
    now: UnixMs,
) -> ScheduleView {
    let zone = zone_name(schedule.zone.as_deref(), host_zone);
    ScheduleView {
        name: name.clone(),
        cron: schedule.cron.to_string(),
        zone: zone.to_owned(),
        enabled: schedule.enabled,
        groups: schedule.groups.clone(),
        jitter_s: schedule.jitter_s,
        next: if schedule.enabled { next(agent, name, schedule, zone, now) } else { Vec::new() },
        last,
    }
}

/// The zone that a crontab is read in: the host's own where none is named.
pub(super) fn zone_name<'a>(named: Option<&'a str>, host_zone: &'a str) -> &'a str {
    match named.unwrap_or(host_zone) {
        "" => "UTC",
        zone => zone,
    }
}

fn next(agent: AgentId, name: &ScheduleName, schedule: &Schedule, zone: &str, now: UnixMs) -> Vec<UnixMs> {
    let delay_ms = i64::from(delay_s(&agent, name, schedule.jitter_s)) * 1000;
    let zone = cron::zone(zone).unwrap_or(jiff::tz::TimeZone::UTC);
    // A run that is only held back by its jitter is still to come.
    let Some(after) = now.plus_ms(-delay_ms).timestamp() else { return Vec::new() };
    let runs = schedule.cron.next_n(after, &zone, AHEAD);
    runs.into_iter().map(|run| UnixMs::from(run).plus_ms(delay_ms)).collect()
}
