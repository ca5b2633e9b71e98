//! Does the wall clock make sense, and does it agree with the coordinator's?

use rusqlite::Connection;
use wire::{
    id::UnixMs,
    snapshot::{Hold, HoldCause},
};

use super::{Finding, Running, Subject};
use crate::{
    link::LinkState,
    store::{StoreError, holds, jobs},
    world::World,
};

/// 2026-01-01, before this program was: an earlier time is that of a machine without a battery for its clock.
const MADE: UnixMs = UnixMs(1_767_225_600_000);

pub fn examine(
    connection: &Connection,
    world: &World,
    running: Option<&Running>,
) -> Result<Vec<Finding>, StoreError> {
    let newest = jobs::latest(connection, None, 1)?.first().map(|job| job.queued_at);
    let live = running.is_some_and(|running| matches!(running.link, LinkState::Live { .. }));
    Ok(judge(world.now(), newest, live, &holds::all(connection)?))
}

fn judge(now: UnixMs, newest: Option<UnixMs>, live: bool, held: &[Hold]) -> Vec<Finding> {
    const SET: &str = "Set the clock, and keep it by NTP: timedatectl set-ntp true";
    let mut findings = Vec::new();
    if now < MADE {
        let what = format!("the clock says {now}, which is before this program was made");
        findings.push(Finding::problem(Subject::Clock, what, SET));
    } else if let Some(newest) = newest.filter(|newest| newest.since(now) > 300_000) {
        let what = format!("the clock says {now}, but the last job was queued at {newest}: it was set back");
        findings.push(Finding::problem(Subject::Clock, what, SET));
    }
    for hold in held {
        let cause = hold.cause;
        if matches!(cause, HoldCause::ClockJumped | HoldCause::ClockDisagrees) {
            let what = format!("old snapshots are kept for the time being: {}", hold.message);
            findings.push(Finding::warning(Subject::Clock, what, SET));
        }
    }
    if findings.is_empty() {
        let agrees = if live { "agrees with the coordinator's within five minutes" } else { "makes sense" };
        findings.push(Finding::ok(Subject::Clock, format!("the clock {agrees}")));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::Level;

    #[test]
    fn a_clock_is_judged_by_what_is_known() {
        let now = UnixMs(MADE.0 + 1_000_000);
        let level = |findings: &[Finding]| findings.iter().map(|finding| finding.level).max();
        assert_eq!(level(&judge(now, Some(UnixMs(now.0 - 5)), true, &[])), Some(Level::Ok));
        assert_eq!(level(&judge(UnixMs(0), None, false, &[])), Some(Level::Problem));
        assert_eq!(level(&judge(now, Some(UnixMs(now.0 + 3_600_000)), false, &[])), Some(Level::Problem));
        let hold = |cause| Hold { cause, repository: None, message: "set".to_owned(), at: now };
        assert_eq!(level(&judge(now, None, true, &[hold(HoldCause::ClockDisagrees)])), Some(Level::Warning));
        assert_eq!(level(&judge(now, None, true, &[hold(HoldCause::Claims)])), Some(Level::Ok));
    }
}
