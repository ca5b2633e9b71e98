//! The table of the month: how it is written, and whether it is what ran.
//!
//! One line for jobs of one kind that began together: `began | due | by | what | of`. `=`: at the instant at which it was
//! due. `12:00~`: plus this host's delay of the weekly schedule. `12:00+`: at the first look after that.

use std::{collections::BTreeSet, fmt, time::Duration};

use wire::{
    id::UnixMs,
    job::{JobState, Origin, Reason},
};

use super::{at, machine::LOOK_AGAIN};
use crate::store::jobs::Job;

/// Jobs of one kind and cause that began together at one repository.
#[derive(Clone, PartialEq)]
pub struct Line {
    began: Began,
    due: Option<UnixMs>,
    by: String,
    what: String,
    /// Each group or repository, and how it ended.
    of: BTreeSet<String>,
}

#[derive(Clone, Copy)]
enum Began {
    At(UnixMs),
    SoonAfter(UnixMs),
}

impl PartialEq for Began {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::SoonAfter(from), Self::At(at)) | (Self::At(at), Self::SoonAfter(from)) => {
                (0..=i64::try_from(LOOK_AGAIN.as_millis()).unwrap()).contains(&at.since(*from))
            }
            (Self::At(one), Self::At(other)) | (Self::SoonAfter(one), Self::SoonAfter(other)) => one == other,
        }
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { began, due, by, what, of } = self;
        let began = match began {
            Began::At(at) => at.to_string(),
            Began::SoonAfter(at) => format!("{at}+"),
        };
        let due = due.map_or_else(|| "-".to_owned(), |due| due.to_string());
        write!(f, "{began} | {due} | {by} | {what} | {}", of.iter().cloned().collect::<Vec<_>>().join(", "))
    }
}

pub fn read(text: &str, delay: Duration) -> Vec<Line> {
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| one(line, delay).unwrap_or_else(|| panic!("no line of a table: {line}"))).collect()
}

fn one(line: &str, delay: Duration) -> Option<Line> {
    let mut columns = line.split('|').map(str::trim);
    let (began, due, by, what, of) =
        (columns.next()?, columns.next()?, columns.next()?, columns.next()?, columns.next()?);
    let instant = |text: &str| match text.strip_suffix('~') {
        Some(text) => at(text).plus_ms(i64::try_from(delay.as_millis()).unwrap()),
        None => at(text),
    };
    let due = (due != "-").then(|| instant(due));
    let began = match (began, began.strip_suffix('+')) {
        ("=", _) => Began::At(due?),
        (_, Some(from)) => Began::SoonAfter(instant(from)),
        (text, None) => Began::At(instant(text)),
    };
    let of = of.split(',').map(|one| one.trim().to_owned()).collect();
    Some(Line { began, due, by: by.to_owned(), what: what.to_owned(), of })
}

/// What ran at one repository, in its order, is what the table says of it.
pub fn compare(repository: &str, expected: &[Line], jobs: &[Job]) {
    let at_it = |subject: &str| {
        let name = subject.split(' ').next().unwrap_or_default();
        (if ["photos", "papers", "usb"].contains(&name) { "usb" } else { "main" }) == repository
    };
    let expected: Vec<Line> = expected
        .iter()
        .map(|line| Line { of: line.of.iter().filter(|one| at_it(one)).cloned().collect(), ..line.clone() })
        .filter(|line| !line.of.is_empty())
        .collect();
    let mut ran: Vec<Line> = Vec::new();
    let ours = jobs.iter().filter(|job| !matches!(job.origin, Origin::Follow { .. }));
    for job in ours.filter(|job| job.subject.repository.as_str() == repository) {
        let line = of_job(job);
        match ran.last_mut() {
            Some(last) if Line { of: line.of.clone(), ..last.clone() } == line => last.of.extend(line.of),
            _ => ran.push(line),
        }
    }
    for (n, (expected, ran)) in expected.iter().zip(&ran).enumerate() {
        assert_eq!(
            expected,
            ran,
            "{repository}, line {}: the table on the left, what ran on the right",
            n + 1
        );
    }
    let (more, less) = (ran.get(expected.len()..), expected.get(ran.len()..));
    assert_eq!((more, less), (Some(&[][..]), Some(&[][..])), "{repository}: ran, and in the table");
}

fn of_job(job: &Job) -> Line {
    let (by, due) = match &job.origin {
        Origin::Schedule { schedule, due_at } => (schedule.to_string(), Some(*due_at)),
        Origin::CatchUp { schedule, due_at } => (format!("{schedule}, late"), Some(*due_at)),
        Origin::Maintenance { due_at } => ("maintenance".to_owned(), Some(*due_at)),
        Origin::Retry { attempt, .. } => (format!("attempt {attempt}"), None),
        other => (format!("{other:?}"), None),
    };
    let ended = match (job.state, &job.reason) {
        (JobState::Succeeded, None) => "ok".to_owned(),
        (JobState::Failed, Some(Reason::Unreachable { .. })) => "unreachable".to_owned(),
        (state, reason) => format!("{} {reason:?}", state.as_str()),
    };
    let whose =
        job.subject.group.as_ref().map_or_else(|| job.subject.repository.as_str(), |group| group.as_str());
    Line {
        began: Began::At(job.started_at.unwrap_or(job.queued_at)),
        due,
        by,
        what: job.subject.kind.as_str().to_owned(),
        of: BTreeSet::from([format!("{whose} {ended}")]),
    }
}
