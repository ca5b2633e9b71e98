//! The overview as a person reads it at a terminal. Pure.

use std::{fmt::Write as _, io, path::Path};

use jiff::tz::TimeZone;
use wire::{id::UnixMs, identity::Fingerprint, snapshot::RepositoryReadiness};

use super::{Membership, Overview, groups::row, spoken};
use crate::{
    cli::table::{columns, count, facts, relative, size, span, time},
    desired::file::FileProblem,
};

pub fn text(overview: &Overview, now: UnixMs, zone: &TimeZone) -> String {
    let mut text = facts(&head(overview, now));
    let readiness = |readiness| match readiness {
        RepositoryReadiness::Unknown => "not looked at yet",
        RepositoryReadiness::NeedsSecret => "waits for its password",
        RepositoryReadiness::Ready => "ready",
        RepositoryReadiness::Unusable => "unusable",
    };
    if !overview.repositories.is_empty() {
        let rows: Vec<Vec<String>> = overview
            .repositories
            .iter()
            .map(|line| {
                vec![
                    line.name.to_string(),
                    readiness(line.readiness).to_owned(),
                    line.snapshots.to_string(),
                    line.stored_bytes.map_or_else(|| "–".to_owned(), size),
                    line.location.clone(),
                ]
            })
            .collect();
        text.push('\n');
        text.push_str(&columns(&["REPOSITORY", "STATE", "SNAPSHOTS", "STORED", "AT"], &rows));
        for line in &overview.repositories {
            if let Some(problem) = &line.problem {
                let _ = writeln!(text, "  {}: {problem}", line.name);
            }
        }
    }
    if !overview.schedules.is_empty() {
        let rows: Vec<Vec<String>> = overview
            .schedules
            .iter()
            .map(|line| {
                let groups: Vec<&str> = line.groups.iter().map(wire::id::GroupName::as_str).collect();
                let next = match line.next {
                    Some(next) => format!("{} ({})", time(next, zone), relative(next, now)),
                    None if line.enabled => "never".to_owned(),
                    None => "paused".to_owned(),
                };
                vec![line.name.to_string(), line.cron.clone(), groups.join(", "), next]
            })
            .collect();
        text.push('\n');
        text.push_str(&columns(&["SCHEDULE", "CRONTAB", "GROUPS", "NEXT"], &rows));
    }
    for one in overview.running.iter().flat_map(|running| &running.waiting) {
        let waits_for: Vec<String> = one.waits_for.iter().map(ToString::to_string).collect();
        let _ = writeln!(
            text,
            "  {} was due {}: waits for {}",
            one.of,
            relative(one.due_at, now),
            waits_for.join(" and ")
        );
    }
    if !overview.groups.is_empty() {
        let rows: Vec<Vec<String>> = overview.groups.iter().map(|line| row(line, now)).collect();
        text.push('\n');
        text.push_str(&columns(&["GROUP", "LAST BACKUP", "WHEN", "RESULT"], &rows));
    }
    if !overview.troubles.is_empty() {
        text.push_str("\nTo look at:\n");
        for trouble in &overview.troubles {
            let _ = writeln!(text, "  {trouble}");
        }
    }
    text
}

fn head(overview: &Overview, now: UnixMs) -> Vec<(&'static str, String)> {
    let host = overview.facts.as_ref();
    let mut lines = vec![
        (
            "host",
            host.map_or_else(
                || "unknown".to_owned(),
                |f| format!("{} ({}, {})", f.hostname, f.os_version, f.arch),
            ),
        ),
        ("fingerprint", format!("{}\n{}", overview.fingerprint, overview.words)),
    ];
    let restic = host.and_then(|facts| facts.restic_version.as_deref()).unwrap_or("none found");
    let running = match &overview.running {
        Some(running) => format!(
            "running for {} (PID {})",
            span(now.since(running.since).max(0).unsigned_abs()),
            running.pid
        ),
        None => "not running: systemctl start restic-manager-agent".to_owned(),
    };
    lines.push(("agent", format!("{}, restic {restic}; {running}", overview.version)));
    match &overview.fleet {
        None => lines.push(("fleet", "not enrolled; backs up alone by the plan it has".to_owned())),
        Some(fleet) => {
            let fingerprint = Fingerprint::of_fleet(fleet);
            lines.push(("fleet", format!("{fingerprint}\n{}", spoken(&fingerprint))));
            let name = match (overview.membership, &overview.name) {
                (Membership::Refused, _) => "turned away or retired".to_owned(),
                (Membership::Retired, _) => {
                    "left the fleet: it takes no orders, and backs up by its plan; `enrol` joins anew"
                        .to_owned()
                }
                (Membership::Member, Some(name)) => format!("approved as {name}"),
                _ => "not approved yet".to_owned(),
            };
            lines.push(("membership", name));
            let link = match (&overview.running, &overview.address) {
                (Some(running), _) => running.link.summary(),
                (None, Some(address)) => format!("not connected to {address}: the agent does not run"),
                (None, None) => "none".to_owned(),
            };
            lines.push(("coordinator", link));
        }
    }
    let journal = &overview.journal;
    let acknowledged = match (journal.acknowledged, journal.acknowledged_at) {
        (Some(ack), Some(at)) if ack.epoch == journal.epoch && ack.seq == journal.seq => {
            format!("all acknowledged, {}", relative(at, now))
        }
        (Some(ack), Some(at)) if ack.epoch == journal.epoch => {
            let waiting = journal.seq.saturating_sub(ack.seq);
            format!("{waiting} not acknowledged yet, the last {}", relative(at, now))
        }
        (Some(_), _) => "nothing of this epoch acknowledged yet".to_owned(),
        (None, _) => "nothing acknowledged yet".to_owned(),
    };
    lines.push((
        "journal",
        format!("{} in epoch {}; {acknowledged}", count(journal.seq, "record"), journal.epoch),
    ));
    let plan = match (&overview.plan_by, overview.plan_at) {
        (Some(by), Some(at)) => {
            format!("revision {}, by {by}, {}", overview.plan_revision, relative(at, now))
        }
        _ => "none yet".to_owned(),
    };
    lines.push(("plan", plan));
    if !overview.open_jobs.is_empty() {
        lines.push(("jobs", format!("{} queued or running", overview.open_jobs.len())));
    }
    lines
}

pub fn file_refused(path: &Path, revision: u64, problem: &FileProblem) -> String {
    format!("{} is not taken, revision {revision} of the plan stays in force: {problem}", path.display())
}

pub fn file_unreadable(path: &Path, revision: u64, error: &io::Error) -> String {
    format!("{} cannot be read, revision {revision} of the plan stays in force: {error}", path.display())
}

pub fn file_waits(path: &Path) -> String {
    format!(
        "{} says something else than the plan does: a running agent takes it within seconds",
        path.display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cli::status::{
            Journal, RepositoryLine, Running, ScheduleLine,
            groups::{GroupLine, LastRun, OpenRun},
        },
        link::LinkState,
        schedule::{Waiting, WaitsFor, due::Of},
    };
    use wire::{
        frame::Ack,
        host::HostFacts,
        id::{AgentId, FleetId, Hash32, JobId},
        job::JobState,
    };

    fn bare() -> Overview {
        let fingerprint = Fingerprint([0x5a; 32]);
        Overview {
            agent: AgentId([1; 32]),
            fingerprint: fingerprint.to_string(),
            words: spoken(&fingerprint),
            version: "0.1.0",
            facts: None,
            running: None,
            fleet: None,
            address: None,
            membership: Membership::None,
            name: None,
            journal: Journal { epoch: 1, seq: 2, acknowledged: None, acknowledged_at: None },
            last_order: 0,
            plan_revision: 0,
            plan_by: None,
            plan_at: None,
            repositories: Vec::new(),
            schedules: Vec::new(),
            groups: Vec::new(),
            open_jobs: Vec::new(),
            troubles: Vec::new(),
        }
    }

    #[test]
    fn an_agent_that_never_enrolled() {
        insta::assert_snapshot!(text(&bare(), UnixMs(0), &TimeZone::UTC));
    }

    #[test]
    fn a_plan_file_that_is_not_taken() {
        let path = Path::new("/etc/restic-manager/plan.toml");
        let problem = FileProblem {
            line: Some(7),
            field: "limits.nice".to_owned(),
            message: "must be less".to_owned(),
        };
        insta::assert_snapshot!(
            [
                file_refused(path, 3, &problem),
                file_unreadable(path, 3, &io::Error::other("it is not UTF-8 text")),
                file_waits(path),
            ]
            .join("\n")
        );
    }

    #[test]
    fn an_agent_that_left_its_fleet() {
        let overview = Overview {
            fleet: Some(FleetId([7; 32])),
            membership: Membership::Retired,
            name: Some("web-1".to_owned()),
            address: Some("https://backup.example.org".to_owned()),
            ..bare()
        };
        insta::assert_snapshot!(text(&overview, UnixMs(0), &TimeZone::UTC));
    }

    #[test]
    fn an_agent_at_work() {
        let minute = |n: i64| UnixMs(1_795_187_040_000 + n * 60_000);
        let overview = Overview {
            facts: Some(HostFacts {
                hostname: "web-1".to_owned(),
                os_version: "Debian GNU/Linux 12 (bookworm)".to_owned(),
                arch: "x86_64".to_owned(),
                restic_version: Some("0.19.1".to_owned()),
                ..HostFacts::default()
            }),
            running: Some(Running {
                pid: 4711,
                since: minute(-300),
                link: LinkState::Live {
                    address: "https://backup.example.org".to_owned(),
                    coordinator: "backup".to_owned(),
                    name: "web-1".to_owned(),
                    approved_by: Some("Ada".to_owned()),
                    since: minute(-290),
                },
                trouble: None,
                waiting: vec![Waiting {
                    of: Of::Schedule("daily".parse().unwrap()),
                    due_at: minute(-20),
                    waits_for: vec![WaitsFor::MainsPower, WaitsFor::Repository("usb".parse().unwrap())],
                }],
            }),
            fleet: Some(FleetId([7; 32])),
            address: Some("https://backup.example.org".to_owned()),
            membership: Membership::Member,
            name: Some("web-1".to_owned()),
            journal: Journal {
                epoch: 1,
                seq: 120,
                acknowledged: Some(Ack { epoch: 1, seq: 117, hash: Hash32::ZERO }),
                acknowledged_at: Some(minute(-1)),
            },
            plan_revision: 4,
            plan_by: Some("Ada".to_owned()),
            plan_at: Some(minute(-5_000)),
            repositories: vec![
                RepositoryLine {
                    name: "main".parse().unwrap(),
                    location: "rest:https://nas:8000/web-1/".to_owned(),
                    readiness: RepositoryReadiness::Ready,
                    problem: None,
                    snapshots: 12,
                    stored_bytes: Some(3_221_225_472),
                },
                RepositoryLine {
                    name: "usb".parse().unwrap(),
                    location: "/mnt/usb/repo".to_owned(),
                    readiness: RepositoryReadiness::Unusable,
                    problem: Some("The repository is not where the plan says.".to_owned()),
                    snapshots: 0,
                    stored_bytes: None,
                },
            ],
            schedules: vec![ScheduleLine {
                name: "daily".parse().unwrap(),
                cron: "0 2 * * *".to_owned(),
                enabled: true,
                groups: vec!["default".parse().unwrap()],
                next: Some(minute(600)),
            }],
            groups: vec![
                GroupLine {
                    group: "default".parse().unwrap(),
                    last: Some(LastRun {
                        job: JobId(uuid::Uuid::nil()),
                        state: JobState::Succeeded,
                        at: minute(-125),
                        result: "snapshot 1a2b3c4d, 5.0 GiB".to_owned(),
                        explanation: None,
                    }),
                    open: Some(OpenRun {
                        job: JobId(uuid::Uuid::nil()),
                        state: JobState::Running,
                        again: false,
                        begins_at: minute(-2),
                    }),
                },
                GroupLine { group: "mail".parse().unwrap(), last: None, open: None },
            ],
            open_jobs: vec![JobId(uuid::Uuid::nil())],
            troubles: vec!["retention is held back: the clock was set".to_owned()],
            ..bare()
        };
        insta::assert_snapshot!(text(&overview, minute(0), &TimeZone::UTC));
    }
}
