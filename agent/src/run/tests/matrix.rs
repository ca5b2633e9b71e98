//! Each kind of job with each restic that there is, as a table: it passes, with what that version leaves out, or the
//! reason why it is not offered. `cargo nextest run -p restic-manager-agent matrix --no-capture` shows it.

use std::{collections::BTreeMap, fmt::Write as _};

use wire::{
    job::{JobKind, JobState, Reason},
    journal::Kind,
    plan::{Plan, Repository, Retention},
};

use super::*;
use crate::{run::JobRequest, store::jobs::Job};

/// In an order in which each finds something to do.
const ORDER: [JobKind; 14] = [
    JobKind::Init,
    JobKind::Probe,
    JobKind::DryRun,
    JobKind::Backup,
    JobKind::Snapshots,
    JobKind::Stats,
    JobKind::RetentionPreview,
    JobKind::Copy,
    JobKind::Drill,
    JobKind::Restore,
    JobKind::Forget,
    JobKind::Prune,
    JobKind::Check,
    JobKind::Unlock,
];

fn plan(stage: &Stage, src: &Path) -> Plan {
    let mut plan = stage.simple_plan(&[src]);
    let backend = serde_json::json!({ "kind": "local", "path": stage.path("repo2") });
    let second = Repository::new(serde_json::from_value(backend).unwrap());
    plan.repositories.insert("second".parse().unwrap(), second);
    let retention = Retention { keep_last: 1, ..Retention::KEEP_EVERYTHING };
    plan.groups.values_mut().for_each(|group| group.retention = retention.clone());
    plan
}

fn request(stage: &Stage, kind: JobKind, before: &[Job]) -> JobRequest {
    let of_group = matches!(
        kind,
        JobKind::Backup
            | JobKind::Forget
            | JobKind::Copy
            | JobKind::DryRun
            | JobKind::RetentionPreview
            | JobKind::Drill
    );
    let mut request = Stage::request(kind, of_group.then_some("default"));
    match kind {
        JobKind::Copy => request.options.to = Some("second".parse().unwrap()),
        JobKind::RetentionPreview => request.options.retention = Some(Retention::default()),
        JobKind::Restore => {
            let made = before.iter().find(|job| job.subject.kind == JobKind::Backup);
            let snapshot = made.and_then(|job| job.numbers.snapshot.clone()).unwrap();
            request.options.restore = Some(Box::new(restoring::all_of(stage, &snapshot)));
        }
        _ => {}
    }
    request
}

struct Column {
    version: String,
    cells: BTreeMap<JobKind, Cell>,
}

enum Cell {
    /// With what its result lacks.
    Pass(Vec<String>),
    /// This restic cannot, and the reason says so.
    NotOffered(String),
    Fails(String),
}

async fn column(restic: std::path::PathBuf) -> Column {
    let mut stage = Stage::bare(&restic);
    let src = source(&stage);
    stage.give_password("main", PASSWORD);
    stage.give_password("second", PASSWORD);
    stage.run();
    stage.set_plan(plan(&stage, &src)).await;
    stage
        .until("the repository was made", |jobs| jobs.iter().any(|job| job.state.is_over()).then_some(()))
        .await;
    stage.quiet().await;
    let version = stage.engine.restic_version().await.unwrap();
    let mut jobs: Vec<Job> = Vec::new();
    for kind in ORDER {
        let job = match stage.engine.submit(request(&stage, kind, &jobs)).await {
            Ok(id) | Err(crate::run::SubmitError::AlreadyWaiting(id)) => stage.over(id).await,
            Err(error) => panic!("{error}"),
        };
        jobs.push(job);
    }
    stage.quiet().await;
    let records = stage.records().await;
    let lacks = |job: &Job| -> Vec<String> {
        let ended = records
            .iter()
            .find(|(kind, body)| *kind == Kind::JobFinished && body["job"] == job.id.to_string())
            .unwrap();
        let lacks = ended.1["lacks"].as_array().cloned().unwrap_or_default();
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        lacks.iter().map(|lack| format!("{} (≥ {})", text(&lack["what"]), text(&lack["needed"]))).collect()
    };
    let cell = |job: &Job| match (job.state, &job.reason) {
        (JobState::Succeeded, None) => Cell::Pass(lacks(job)),
        (_, Some(Reason::ResticTooOld { needed, .. })) => {
            Cell::NotOffered(format!("restic ≥ {needed} needed"))
        }
        (state, reason) => Cell::Fails(format!("{}: {reason:?}", state.as_str())),
    };
    Column { version, cells: jobs.iter().map(|job| (job.subject.kind, cell(job))).collect() }
}

fn table(columns: &[Column]) -> String {
    let mut text = String::new();
    for kind in JobKind::ALL {
        for column in columns {
            let said = match &column.cells[&kind] {
                Cell::Pass(lacks) if lacks.is_empty() => "pass".to_owned(),
                Cell::Pass(lacks) => format!("pass, without {}", lacks.join(", ")),
                Cell::NotOffered(reason) => reason.clone(),
                Cell::Fails(reason) => format!("FAILS: {reason}"),
            };
            writeln!(text, "{:<18} {:<8} {said}", kind.as_str(), column.version).unwrap();
        }
    }
    text
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn every_kind_runs_with_every_restic_or_says_why_not() {
    let mut running = tokio::task::JoinSet::new();
    for restic in real_restics() {
        running.spawn(column(restic));
    }
    let mut columns = running.join_all().await;
    columns.sort_by(|one, other| one.version.cmp(&other.version));
    let table = table(&columns);
    println!("{table}");
    assert_eq!(ORDER.len(), JobKind::ALL.len());
    assert!(!table.contains("FAILS"), "{table}");
    // What a version leaves out is said by it, and by no newer one that has it.
    let lacking = |version: &str, kind: &str| {
        let line = table.lines().find(|line| line.starts_with(kind) && line.contains(version));
        line.is_none_or(|line| line.contains("without"))
    };
    assert!(lacking("0.14.0", "backup ") && lacking("0.14.0", "stats "), "{table}");
    let newest = columns.last().unwrap();
    if newest.version.starts_with("0.19") {
        let whole = |cell: &Cell| matches!(cell, Cell::Pass(lacks) if lacks.is_empty());
        assert!(newest.cells.values().all(whole), "{table}");
    }
}
