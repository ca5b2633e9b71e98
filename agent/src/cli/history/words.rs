//! Jobs as a person reads them. Pure.

use jiff::tz::TimeZone;
use wire::{
    id::UnixMs,
    job::{JobKind, JobNumbers, JobState, JobSubject, Origin, Reason},
};

use crate::{cli::table, store::jobs::Job};

pub const NO_JOBS: &str = "No jobs yet.\n";
pub const NONE_OF_THESE: &str = "No such job yet: without --kind and --group, `jobs` lists all.\n";

/// One line for each.
pub fn jobs(jobs: &[Job], now: UnixMs, zone: &TimeZone) -> String {
    let rows: Vec<Vec<String>> = jobs
        .iter()
        .map(|job| {
            vec![
                job.id.to_string(),
                job.state.as_str().to_owned(),
                job.subject.kind.as_str().to_owned(),
                subject(&job.subject),
                started(job, now, zone),
                took(job, now),
                origin(&job.origin),
                result(job),
            ]
        })
        .collect();
    table::columns(&["JOB", "STATE", "KIND", "OF", "STARTED", "TOOK", "WHY", "RESULT"], &rows)
}

pub fn explanation(reason: &Reason) -> String {
    let explained = reason.explain();
    table::sentences(&explained.message, &explained.hint)
}

pub fn subject(subject: &JobSubject) -> String {
    match &subject.group {
        Some(group) => format!("{group} → {}", subject.repository),
        None => subject.repository.to_string(),
    }
}

/// What became of a job, after its name.
pub const fn became(state: JobState) -> &'static str {
    match state {
        JobState::Queued => "is queued",
        JobState::Running => "is running",
        JobState::Succeeded => "succeeded",
        JobState::Incomplete => "is incomplete",
        JobState::Failed => "failed",
        JobState::Cancelled => "was cancelled",
        JobState::Interrupted => "was interrupted",
        JobState::Skipped => "was skipped",
    }
}

/// A job that waits has not started: when it may is what somebody wants to know.
fn started(job: &Job, now: UnixMs, zone: &TimeZone) -> String {
    match job.started_at {
        Some(at) => table::time(at, zone),
        None if job.state.is_over() => table::time(job.queued_at, zone),
        None if job.not_before > now => format!("waits, begins {}", table::relative(job.not_before, now)),
        None => "waits for its turn".to_owned(),
    }
}

fn took(job: &Job, now: UnixMs) -> String {
    match (job.started_at, job.finished_at) {
        (Some(started), Some(finished)) => table::span(finished.since(started).max(0).unsigned_abs()),
        (Some(started), None) => format!("{} so far", table::span(now.since(started).max(0).unsigned_abs())),
        (None, _) => "–".to_owned(),
    }
}

fn origin(origin: &Origin) -> String {
    match origin {
        Origin::Schedule { schedule, .. } => format!("schedule {schedule}"),
        Origin::CatchUp { schedule, .. } => format!("catch-up of {schedule}"),
        Origin::Retry { attempt, .. } => format!("attempt {attempt}"),
        Origin::Operator { person, .. } => person.clone(),
        Origin::Local => "this terminal".to_owned(),
        Origin::Maintenance { .. } => "maintenance".to_owned(),
        Origin::Follow { .. } => "the agent".to_owned(),
    }
}

/// The reason, or the numbers that matter for the kind.
pub fn result(job: &Job) -> String {
    if let Some(reason) = &job.reason {
        return table::one_line(&reason.explain().message);
    }
    let JobNumbers {
        snapshot,
        files_total,
        bytes_total,
        bytes_freed,
        snapshots_removed,
        snapshots_copied,
        ..
    } = &job.numbers;
    let over = job.state.is_over();
    match (job.subject.kind, snapshot) {
        (_, Some(snapshot)) => {
            let id = snapshot.get(..8).unwrap_or(snapshot);
            let bytes = bytes_total.map_or_else(String::new, |bytes| format!(", {}", table::size(bytes)));
            format!("snapshot {id}{bytes}")
        }
        (JobKind::Forget, None) => {
            snapshots_removed.map_or_else(String::new, |n| table::count(n, "snapshot") + " removed")
        }
        (JobKind::Prune, None) => {
            bytes_freed.map_or_else(String::new, |n| format!("{} given back", table::size(n)))
        }
        (JobKind::Copy, None) => {
            snapshots_copied.map_or_else(String::new, |n| table::count(n, "snapshot") + " copied")
        }
        (JobKind::Unlock, None) => {
            job.numbers.locks_removed.map_or_else(String::new, |n| table::count(n, "lock") + " removed")
        }
        (JobKind::Check, None) if over => "nothing wrong was found".to_owned(),
        (JobKind::DryRun | JobKind::Drill, None) => match (files_total, bytes_total) {
            (Some(files), Some(bytes)) => {
                format!("{}, {}", table::count(*files, "file"), table::size(*bytes))
            }
            _ => String::new(),
        },
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::{action::JobOptions, id::JobId};

    const NOW: UnixMs = UnixMs(1_795_187_040_000);

    fn job(state: JobState, kind: JobKind, edit: impl FnOnce(&mut Job)) -> Job {
        let at = NOW.plus_ms(-600_000);
        let begun = state != JobState::Queued;
        let mut job = Job {
            id: JobId(uuid::Uuid::nil()),
            subject: JobSubject { kind, repository: "main".parse().unwrap(), group: None },
            state,
            origin: Origin::Local,
            schedule: None,
            attempt: 1,
            options: JobOptions::default(),
            queued_at: at,
            not_before: at,
            started_at: begun.then_some(at),
            finished_at: (begun && state.is_over()).then(|| at.plus_ms(4_000)),
            reason: None,
            numbers: JobNumbers::default(),
            result: None,
            log_lines: 0,
            process: None,
            cancel_by: None,
            wanted: false,
        };
        edit(&mut job);
        job
    }

    #[test]
    fn jobs_that_wait_run_and_are_over() {
        let failed = Reason::NoSpace { message: "Fatal: unable to save\nno space left on device".to_owned() };
        let all = [
            job(JobState::Queued, JobKind::Backup, |job| {
                job.subject.group = Some("default".parse().unwrap());
                job.origin = Origin::Retry { job: job.id, attempt: 2, of: None };
                job.not_before = NOW.plus_ms(300_000);
            }),
            job(JobState::Queued, JobKind::Check, |_| ()),
            job(JobState::Running, JobKind::Prune, |_| ()),
            job(JobState::Failed, JobKind::Backup, |job| job.reason = Some(failed)),
            job(JobState::Succeeded, JobKind::Copy, |job| job.numbers.snapshots_copied = Some(1)),
            job(JobState::Succeeded, JobKind::Unlock, |job| job.numbers.locks_removed = Some(1)),
            job(JobState::Succeeded, JobKind::Forget, |job| job.numbers.snapshots_removed = Some(2)),
            job(JobState::Skipped, JobKind::Backup, |job| {
                job.started_at = None;
                job.reason = Some(Reason::AlreadyWaiting);
            }),
        ];
        let endings: Vec<String> = all.iter().map(crate::cli::logs::ending).collect();
        insta::assert_snapshot!(jobs(&all, NOW, &TimeZone::UTC) + &endings.concat());
    }
}
