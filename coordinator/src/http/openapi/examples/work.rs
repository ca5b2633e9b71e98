//! Jobs, their logs, orders, and what changes while somebody looks.

use serde_json::Value;
use wire::{
    action::{Action, JobOptions, Outcome},
    job::{JobKind, JobNumbers, JobState, LogLine, LogStream, Origin},
    view::{Event, JobView, LogView, OrderAbout, OrderRequest, OrderState, OrderView},
};

use super::{
    cast::{HOST, HOUR_MS, NOW, PERSON, agent, group, job, order, repository, schedule},
    of,
};

pub(super) fn all() -> Vec<(String, Value)> {
    vec![
        of(&job_view()),
        of(&LogView { lines: vec![line()], next: None, complete: true }),
        of(&line()),
        of(&OrderRequest::Routine {
            routine: Action::Run { groups: vec![group()], upload_kib_s: None, download_kib_s: None },
        }),
        of(&OrderView {
            order: order(),
            agent: agent(),
            action: "run".into(),
            about: OrderAbout { groups: vec![group()], ..OrderAbout::default() },
            person: PERSON.into(),
            issued_at: NOW,
            expires_at: NOW.plus_ms(24 * HOUR_MS),
            state: OrderState::Answered,
            outcome: Some(Outcome::Accepted { jobs: vec![job()], revision: None }),
            answered_at: Some(NOW.plus_ms(240)),
        }),
        of(&Event::Job { agent: agent(), job: job() }),
    ]
}

fn job_view() -> JobView {
    let due_at = NOW.plus_ms(-13 * HOUR_MS);
    JobView {
        agent: agent(),
        host: HOST.into(),
        job: job(),
        kind: JobKind::Backup,
        repository: repository(),
        group: Some(group()),
        origin: Origin::Schedule { schedule: schedule(), due_at },
        state: JobState::Succeeded,
        reason: None,
        explanation: None,
        numbers: JobNumbers {
            snapshot: Some(wire::domain::sha256(b"a snapshot").to_string()),
            files_new: Some(12),
            files_changed: Some(3),
            files_unmodified: Some(209_985),
            files_total: Some(210_000),
            bytes_total: Some(42_000_000_000),
            bytes_added: Some(120_000_000),
            ..JobNumbers::default()
        },
        options: JobOptions::default(),
        result: None,
        lacks: Vec::new(),
        queued_at: due_at,
        started_at: Some(due_at.plus_ms(30)),
        finished_at: Some(due_at.plus_ms(94_000)),
        progress: None,
    }
}

fn line() -> LogLine {
    LogLine { n: 0, at: NOW, stream: LogStream::Agent, text: "backing up the group default".into() }
}
