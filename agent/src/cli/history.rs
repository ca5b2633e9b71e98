//! `jobs`: what was done, and how it went.

mod words;

pub use words::{became, explanation, result};

use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use rusqlite::Connection;
use serde::Serialize;
use wire::{
    action::JobOptions,
    id::{GroupName, JobId, UnixMs},
    job::{JobKind, JobNumbers, JobResult, JobState, JobSubject, Origin, Reason},
};

use super::{Failure, look};
use crate::{
    config::Paths,
    store::{
        StoreError,
        jobs::{self, Job},
    },
    world::World,
};

#[derive(clap::Args)]
pub struct Arguments {
    /// One JSON document instead of words
    #[arg(long)]
    json: bool,
    /// How many at most
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    /// Only this kind
    #[arg(long, value_parser = PossibleValuesParser::new(JobKind::ALL.map(JobKind::as_str)).try_map(|word| kind(&word)))]
    kind: Option<JobKind>,
    /// Only this group's
    #[arg(long)]
    group: Option<GroupName>,
}

fn kind(word: &str) -> Result<JobKind, String> {
    JobKind::ALL
        .into_iter()
        .find(|kind| kind.as_str() == word)
        .ok_or_else(|| format!("there is no kind `{word}`"))
}

/// A job for programs: the wire's words.
#[derive(Serialize)]
pub struct Shown<'a> {
    job: JobId,
    #[serde(flatten)]
    subject: &'a JobSubject,
    state: JobState,
    origin: &'a Origin,
    attempt: u32,
    options: &'a JobOptions,
    reason: Option<&'a Reason>,
    explanation: Option<String>,
    numbers: &'a JobNumbers,
    result: Option<&'a JobResult>,
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
        let all = wanted.kind.is_none() && wanted.group.is_none();
        return look::print(if all { words::NO_JOBS } else { words::NONE_OF_THESE });
    }
    let world = World::real();
    look::print(&words::jobs(&found, world.now(), &world.zone()))
}

fn filtered(connection: &Connection, wanted: &Arguments) -> Result<Vec<Job>, StoreError> {
    let fits = |job: &Job| {
        wanted.kind.is_none_or(|kind| job.subject.kind == kind)
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

pub fn shown(job: &Job) -> Shown<'_> {
    Shown {
        job: job.id,
        subject: &job.subject,
        state: job.state,
        origin: &job.origin,
        attempt: job.attempt,
        options: &job.options,
        reason: job.reason.as_ref(),
        explanation: job.reason.as_ref().map(explanation),
        numbers: &job.numbers,
        result: job.result.as_ref(),
        queued_at: job.queued_at,
        started_at: job.started_at,
        finished_at: job.finished_at,
        log_lines: job.log_lines,
    }
}
