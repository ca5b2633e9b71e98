//! How each group's backups are: the last one that is over, and beside it the one that waits or runs. What waits says
//! nothing of how it went, so it never stands in the place of what did.

use rusqlite::Connection;
use serde::Serialize;
use wire::{
    id::{GroupName, JobId, UnixMs},
    job::{JobKind, JobState, Origin, Reason},
    plan::Plan,
};

use crate::{
    cli::{history, table},
    store::{
        StoreError,
        jobs::{self, Job},
    },
};

/// How far back a last run is looked for.
const LOOK_BACK: u32 = 1_000;

#[derive(Debug, Serialize)]
pub struct GroupLine {
    pub group: GroupName,
    /// The newest that is over.
    pub last: Option<LastRun>,
    /// What is queued or running.
    pub open: Option<OpenRun>,
}

#[derive(Debug, Serialize)]
pub struct LastRun {
    pub job: JobId,
    pub state: JobState,
    pub at: UnixMs,
    pub result: String,
    /// What happened and what to do about it; absent where it went well.
    pub explanation: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct OpenRun {
    pub job: JobId,
    pub state: JobState,
    /// Another try of one that did not go well.
    pub again: bool,
    /// When it began, or may begin.
    pub begins_at: UnixMs,
}

pub fn lines(connection: &Connection, plan: &Plan) -> Result<Vec<GroupLine>, StoreError> {
    let latest = jobs::latest(connection, None, LOOK_BACK)?;
    Ok(plan.groups.keys().map(|group| line(group, &latest)).collect())
}

/// The jobs come newest first.
fn line(group: &GroupName, latest: &[Job]) -> GroupLine {
    let of = |job: &&Job| job.subject.kind == JobKind::Backup && job.subject.group.as_ref() == Some(group);
    let tells = |job: &&Job| job.state.is_over() && job.reason != Some(Reason::AlreadyWaiting);
    let last = latest.iter().filter(of).find(tells).map(|job| LastRun {
        job: job.id,
        state: job.state,
        at: job.finished_at.or(job.started_at).unwrap_or(job.queued_at),
        result: history::result(job),
        explanation: job.reason.as_ref().map(history::explanation),
    });
    let open = latest.iter().filter(of).find(|job| !job.state.is_over()).map(|job| OpenRun {
        job: job.id,
        state: job.state,
        again: matches!(job.origin, Origin::Retry { .. }),
        begins_at: job.started_at.unwrap_or(job.not_before),
    });
    GroupLine { group: group.clone(), last, open }
}

/// Each group whose last backup did not make its snapshot. What a person stopped, they know.
pub fn troubles(lines: &[GroupLine], now: UnixMs) -> impl Iterator<Item = String> {
    lines.iter().filter_map(move |line| {
        let last = line.last.as_ref().filter(|last| last.state == JobState::Failed)?;
        let why = last.explanation.as_deref().unwrap_or("see its log");
        let at = table::relative(last.at, now);
        Some(format!("the last backup of the group {} failed {at}: {why}", line.group))
    })
}

/// The row of the table: group, outcome, when and what comes, result.
pub fn row(line: &GroupLine, now: UnixMs) -> Vec<String> {
    let (outcome, at, result) = match &line.last {
        None => ("never ran", None, ""),
        Some(last) => (last.state.as_str(), Some(table::relative(last.at, now)), last.result.as_str()),
    };
    let when: Vec<String> = at.into_iter().chain(line.open.as_ref().map(|open| comes(open, now))).collect();
    vec![line.group.to_string(), outcome.to_owned(), when.join(", "), result.to_owned()]
}

fn comes(open: &OpenRun, now: UnixMs) -> String {
    let at = table::relative(open.begins_at, now);
    let since = table::span(now.since(open.begins_at).max(0).unsigned_abs());
    match (open.state, open.begins_at > now, open.again) {
        (JobState::Running, ..) => format!("running for {since}"),
        (_, true, true) => format!("next try {at}"),
        (_, true, false) => format!("begins {at}"),
        (_, false, true) => "next try waits for its turn".to_owned(),
        (_, false, false) => "waits for its turn".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::Policy,
        desired::rehearsal::{Host, START, plan},
        store::jobs::{Ending, NewJob},
    };
    use wire::job::JobSubject;

    fn wanted(n: u128, origin: Origin, not_before: UnixMs) -> NewJob {
        NewJob {
            id: JobId(uuid::Uuid::from_u128(n)),
            subject: JobSubject {
                kind: JobKind::Backup,
                repository: "main".parse().unwrap(),
                group: Some("default".parse().unwrap()),
            },
            origin,
            schedule: None,
            attempt: 1,
            options: wire::action::JobOptions::default(),
            not_before,
        }
    }

    #[tokio::test]
    async fn a_retry_that_waits_does_not_hide_what_failed() {
        let host = Host::new(7, Policy::default());
        let now = START.plus_ms(180_000);
        let seen = async || {
            let lines = host.read(move |connection| lines(connection, &plan())).await;
            let troubles: Vec<String> = troubles(&lines, now).collect();
            format!("{}\n{}\n", row(&lines[0], now).join(" | ").trim_end(), troubles.join("\n"))
        };
        let mut said = vec![seen().await];
        let first = wanted(1, Origin::Local, START);
        let write = host.desk.store().write::<_, StoreError>(move |tx| jobs::queue(tx, &first, START));
        write.await.unwrap();
        said.push(seen().await);
        let write = host.desk.store().write::<_, StoreError>(move |tx| {
            let id = JobId(uuid::Uuid::from_u128(1));
            jobs::start(tx, id, None, START)?;
            let message = "Fatal: unable to save\nno space left on device".to_owned();
            let ending = Ending::bare(JobState::Failed, Some(Reason::NoSpace { message }));
            jobs::finish(tx, id, &ending, START.plus_ms(60_000))?;
            let again = wanted(2, Origin::Retry { job: id, attempt: 2, of: None }, START.plus_ms(600_000));
            jobs::queue(tx, &again, START.plus_ms(60_000))?;
            // A slot of the schedule comes while the retry waits.
            let slot = wanted(3, Origin::Local, START.plus_ms(120_000));
            jobs::skip(tx, &slot, Reason::AlreadyWaiting, START.plus_ms(120_000))
        });
        write.await.unwrap();
        said.push(seen().await);
        let write = host.desk.store().write::<_, StoreError>(move |tx| {
            jobs::start(tx, JobId(uuid::Uuid::from_u128(2)), None, START.plus_ms(120_000)).map(|_| ())
        });
        write.await.unwrap();
        said.push(seen().await);
        insta::assert_snapshot!(said.concat());
    }
}
