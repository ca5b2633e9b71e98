//! `jobs` and `logs`: what was done, how it went, and what restic said.

use std::fmt::Write as _;

use clap::ValueEnum;
use rusqlite::Connection;
use serde::Serialize;
use wire::{
    id::{GroupName, JobId, UnixMs},
    job::{JobKind, JobNumbers, JobState, JobSubject, LogStream, Origin, Reason},
};

use super::{Failure, failure, look, table};
use crate::{
    config::Paths,
    store::{
        StoreError,
        jobs::{self, Job},
        logs,
    },
    world::World,
};

#[derive(clap::Args)]
pub struct Arguments {
    #[arg(long)]
    json: bool,
    /// How many at most
    #[arg(long, default_value_t = 30)]
    limit: u32,
    /// Only this kind
    #[arg(long, value_enum)]
    kind: Option<Kind>,
    /// Only this group's
    #[arg(long)]
    group: Option<GroupName>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    Init,
    Probe,
    Backup,
    Forget,
    Snapshots,
    Stats,
}

impl Kind {
    const fn wire(self) -> JobKind {
        match self {
            Self::Init => JobKind::Init,
            Self::Probe => JobKind::Probe,
            Self::Backup => JobKind::Backup,
            Self::Forget => JobKind::Forget,
            Self::Snapshots => JobKind::Snapshots,
            Self::Stats => JobKind::Stats,
        }
    }
}

/// A job for programs: the wire's words.
#[derive(Serialize)]
struct Shown<'a> {
    job: JobId,
    #[serde(flatten)]
    subject: &'a JobSubject,
    state: JobState,
    origin: &'a Origin,
    attempt: u32,
    reason: Option<&'a Reason>,
    explanation: Option<String>,
    numbers: &'a JobNumbers,
    queued_at: UnixMs,
    started_at: Option<UnixMs>,
    finished_at: Option<UnixMs>,
    log_lines: u64,
}

/// How many rows are looked at in one go while filtering.
const LOOK_AT: u32 = 500;

pub fn jobs(paths: &Paths, wanted: &Arguments) -> Result<(), Failure> {
    let connection = look::database(paths)?;
    let found = filtered(&connection, wanted)?;
    if wanted.json {
        let all: Vec<Shown<'_>> = found.iter().map(shown).collect();
        return look::print_json(&all);
    }
    if found.is_empty() {
        return look::print("No jobs yet.\n");
    }
    let world = World::real();
    let (zone, now) = (world.zone(), world.now());
    let rows: Vec<Vec<String>> = found
        .iter()
        .map(|job| {
            vec![
                job.id.to_string(),
                job.state.as_str().to_owned(),
                job.subject.kind.as_str().to_owned(),
                subject(&job.subject),
                table::time(job.started_at.unwrap_or(job.queued_at), &zone),
                took(job, now),
                origin(&job.origin),
                result(job),
            ]
        })
        .collect();
    look::print(&table::columns(&["JOB", "STATE", "KIND", "OF", "STARTED", "TOOK", "WHY", "RESULT"], &rows))
}

fn filtered(connection: &Connection, wanted: &Arguments) -> Result<Vec<Job>, StoreError> {
    let fits = |job: &Job| {
        wanted.kind.is_none_or(|kind| job.subject.kind == kind.wire())
            && wanted.group.as_ref().is_none_or(|group| job.subject.group.as_ref() == Some(group))
    };
    let (mut found, mut before) = (Vec::new(), None);
    loop {
        let page = jobs::latest(connection, before, LOOK_AT)?;
        let last = page.last().map(|job| job.queued_at);
        let full = page.len() == LOOK_AT as usize;
        found.extend(page.into_iter().filter(fits));
        if found.len() >= wanted.limit as usize || !full || last == before {
            found.truncate(wanted.limit as usize);
            return Ok(found);
        }
        before = last;
    }
}

fn shown(job: &Job) -> Shown<'_> {
    Shown {
        job: job.id,
        subject: &job.subject,
        state: job.state,
        origin: &job.origin,
        attempt: job.attempt,
        reason: job.reason.as_ref(),
        explanation: job.reason.as_ref().map(explanation),
        numbers: &job.numbers,
        queued_at: job.queued_at,
        started_at: job.started_at,
        finished_at: job.finished_at,
        log_lines: job.log_lines,
    }
}

fn explanation(reason: &Reason) -> String {
    let explained = reason.explain();
    format!("{} {}", explained.message, explained.hint)
}

pub fn subject(subject: &JobSubject) -> String {
    match &subject.group {
        Some(group) => format!("{group} → {}", subject.repository),
        None => subject.repository.to_string(),
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
        return reason.explain().message;
    }
    let numbers = &job.numbers;
    match (&numbers.snapshot, numbers.bytes_total, numbers.snapshots_removed) {
        (Some(snapshot), bytes, _) => {
            let id = snapshot.get(..8).unwrap_or(snapshot);
            let bytes = bytes.map_or_else(String::new, |bytes| format!(", {}", table::size(bytes)));
            format!("snapshot {id}{bytes}")
        }
        (None, _, Some(removed)) => format!("{removed} snapshots removed"),
        (None, _, None) => String::new(),
    }
}

pub fn logs(paths: &Paths, wanted: &str, json: bool) -> Result<(), Failure> {
    const PAGE: usize = 2_000;
    let connection = look::database(paths)?;
    let job = find(&connection, wanted)?;
    let zone = World::real().zone();
    let mut from = 0;
    loop {
        let lines = logs::lines(&connection, job.id, from, PAGE)?;
        let Some(last) = lines.last() else { break };
        from = last.n + 1;
        let mut text = String::new();
        for line in &lines {
            if json {
                text.push_str(&serde_json::to_string(line)?);
                text.push('\n');
                continue;
            }
            let mark = match line.stream {
                LogStream::Agent => "agent ",
                LogStream::Stdout => "",
                LogStream::Stderr => "error ",
            };
            let _ = writeln!(text, "{} {mark}{}", table::time(line.at, &zone), line.text);
        }
        look::print(&text)?;
    }
    if json {
        return Ok(());
    }
    let ending = job.reason.as_ref().map_or_else(String::new, |reason| format!(": {}", explanation(reason)));
    look::print(&format!("-- job {} is {}{ending}\n", job.id, job.state.as_str()))
}

/// By the whole id, or by the end of it if that names one among the latest.
fn find(connection: &Connection, wanted: &str) -> Result<Job, Failure> {
    if let Ok(id) = wanted.parse::<JobId>()
        && let Some(job) = jobs::get(connection, id)?
    {
        return Ok(job);
    }
    let wanted = wanted.to_ascii_lowercase();
    let mut found: Vec<Job> = jobs::latest(connection, None, 10_000)?
        .into_iter()
        .filter(|job| wanted.len() >= 4 && job.id.to_string().ends_with(&wanted))
        .collect();
    match (found.pop(), found.is_empty()) {
        (Some(job), true) => Ok(job),
        (Some(_), false) => failure(format!("several jobs end in `{wanted}`: give the whole id")),
        (None, _) => failure(format!("there is no job `{wanted}` here: `jobs` lists them")),
    }
}
