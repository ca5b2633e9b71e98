//! `logs`: what restic and the agent said in a job, and with `-f` what they say.

mod found;

use std::fmt::Write as _;

use jiff::tz::TimeZone;
use rusqlite::Connection;
use wire::{
    id::JobId,
    job::{LogLine, LogStream},
};

use super::{Failure, failure, follow, history, look, table};
use crate::{
    config::Paths,
    store::{
        jobs::{self, Job},
        logs,
    },
    world::World,
};

#[derive(clap::Args)]
pub struct Arguments {
    /// The job's id, or the end of it as `jobs` shows it
    job: String,
    /// Go on until the job is over
    #[arg(short, long)]
    follow: bool,
    /// One JSON document per line instead of words
    #[arg(long)]
    json: bool,
}

/// Lines that are read at once.
const PAGE: usize = 2_000;

pub async fn perform(paths: &Paths, wanted: &Arguments) -> Result<(), Failure> {
    let job = find(&look::database(paths)?, &wanted.job)?;
    if wanted.follow && !job.state.is_over() {
        follow::jobs(paths, &[job.id], wanted.json).await?;
        return Ok(());
    }
    stored(&look::database(paths)?, &job, wanted.json)
}

fn stored(connection: &Connection, job: &Job, json: bool) -> Result<(), Failure> {
    let zone = World::real().zone();
    let mut from = 0;
    loop {
        let lines = logs::lines(connection, job.id, from, PAGE)?;
        let Some(last) = lines.last() else { break };
        from = last.n + 1;
        let mut text = String::new();
        for line in &lines {
            if json {
                text.push_str(&look::json(line)?);
                text.push('\n');
            } else {
                let _ = writeln!(text, "{}", shown(line, &zone));
            }
        }
        look::print(&text)?;
    }
    if json {
        return Ok(());
    }
    look::print(&ending(job))
}

/// A line of a log as a person reads it.
pub fn shown(line: &LogLine, zone: &TimeZone) -> String {
    let mark = match line.stream {
        LogStream::Agent => "agent ",
        LogStream::Stdout => "",
        LogStream::Stderr => "error ",
    };
    format!("{} {mark}{}", table::time(line.at, zone), line.text)
}

/// How a job stands, below its lines.
pub fn ending(job: &Job) -> String {
    let why = match &job.reason {
        Some(reason) => format!(": {}", history::explanation(reason)),
        None => match history::result(job) {
            result if result.is_empty() => String::new(),
            result => format!(": {result}"),
        },
    };
    format!("{}-- job {} {}{why}\n", found::text(job.result.as_ref()), job.id, history::became(job.state))
}

/// By the whole id, or by the end of it if that names one among the latest.
pub fn find(connection: &Connection, wanted: &str) -> Result<Job, Failure> {
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
