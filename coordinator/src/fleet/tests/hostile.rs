//! An agent that means harm: its own page may be nonsense, everybody else's stays as it is.

use std::time::Duration;

use wire::{
    frame::{HostFacts, RefusalCode},
    id::{GroupName, JobId, UnixMs},
    job::{JobKind, JobState, JobSubject, LogLine, LogStream, Origin},
    journal::{
        Holds, JobFinished, JobQueued, Kind, Locks, LogChunk, Numbers, PlanBy, PlanRevision, RecordBody as _,
        Snapshots,
    },
    plan::PlanChange,
    snapshot::{Hold, HoldCause, RepositoryNumbers, Snapshot},
};

use super::{
    records::{hold, lock, membership},
    stage::{Actor, Stage, peer, refused},
};
use crate::{
    fleet::{HostQuery, HostSort},
    store,
};

fn snapshot(id: &str, group: &str) -> Snapshot {
    Snapshot {
        id: id.repeat(32),
        time: UnixMs(0),
        hostname: "h".into(),
        paths: vec!["/".into()],
        tags: Vec::new(),
        group: Some(group.parse().unwrap()),
        size_bytes: Some(u64::MAX / 2),
        files: None,
        added_bytes: None,
        doubt: None,
    }
}

#[tokio::test]
async fn sizes_beyond_all_measure_do_not_keep_the_coordinator_from_starting() {
    let mut stage = Stage::new().await;
    let (mut actor, host) = stage.member("web-1").await;
    let repository: wire::id::RepositoryName = "main".parse().unwrap();
    actor.append(&Snapshots {
        repository: repository.clone(),
        whole: true,
        added: vec![snapshot("aa", "a"), snapshot("bb", "b"), snapshot("cc", "c")],
        removed: Vec::new(),
    });
    actor.sync(&stage, &host).await;
    let (mut other, host) = stage.member("web-2").await;
    for name in ["main", "second"] {
        let numbers = RepositoryNumbers {
            stored_bytes: u64::MAX,
            uncompressed_bytes: None,
            restore_bytes: None,
            snapshots: u64::MAX,
            blobs: None,
        };
        other.append(&Numbers { repository: name.parse().unwrap(), numbers });
    }
    other.sync(&stage, &host).await;
    stage.restart().await;
    let rows = stage.fleet.hosts(&HostQuery::default()).unwrap().items;
    assert_eq!(rows.iter().map(|row| row.size_bytes).collect::<Vec<_>>(), [Some(u64::MAX); 2]);
    assert_eq!(stage.fleet.tiles(stage.world.now()).protected_bytes, u64::MAX);
}

#[tokio::test]
async fn a_view_that_cannot_be_read_back_hides_its_own_host_alone() {
    let mut stage = Stage::new().await;
    let mut agents = Vec::new();
    for name in ["web-1", "web-2"] {
        let (mut actor, host) = stage.member(name).await;
        actor.append(&actor.facts());
        actor.sync(&stage, &host).await;
        agents.push(actor.id());
    }
    store::tests::spoil_facts(&stage.directory.path().join("coordinator.db"), agents[0]);
    stage.restart().await;
    let rows = stage.fleet.hosts(&HostQuery::default()).unwrap().items;
    let seen: Vec<_> = rows.iter().map(|row| (row.name.as_str(), row.os.as_str())).collect();
    assert_eq!(seen, [("web-1", ""), ("web-2", "linux")]);
}

#[tokio::test]
async fn facts_without_end_leave_the_fleet_page_its_pages() {
    let stage = Stage::new().await;
    for name in ["web-1", "web-2", "web-3"] {
        let (mut actor, host) = stage.member(name).await;
        let os = format!("{}{name}", "ä".repeat(100_000));
        actor.append(&HostFacts { os, ..actor.facts() });
        actor.sync(&stage, &host).await;
    }
    let mut query = HostQuery { sort: HostSort::Os, limit: 1, ..HostQuery::default() };
    let mut seen = 0;
    loop {
        let page = stage.fleet.hosts(&query).unwrap();
        seen += page.items.len();
        assert!(page.items[0].os.len() <= 200);
        let Some(next) = page.next else { break };
        query.cursor = Some(next);
    }
    assert_eq!(seen, 3);
}

#[tokio::test]
async fn a_newcomer_of_megabytes_does_not_wait_at_the_door() {
    let stage = Stage::new().await;
    let actor = Actor::new(&stage.world, &"x".repeat(1 << 20));
    assert_eq!(refused(stage.arrive(&actor, peer(1)).await).code, RefusalCode::Frame);
    assert!(stage.fleet.pending().is_empty());
}

#[tokio::test]
async fn a_clock_from_the_year_9999_does_not_count_as_the_last_day() {
    let mut stage = Stage::new().await;
    let (mut actor, host) = stage.member("web-1").await;
    let job = JobId(stage.world.uuid());
    let group: Option<GroupName> = Some("default".parse().unwrap());
    let subject = JobSubject { kind: JobKind::Backup, repository: "main".parse().unwrap(), group };
    actor.append(&JobQueued {
        job,
        subject,
        origin: Origin::Local,
        options: wire::action::JobOptions::default(),
    });
    let finished = JobFinished {
        job,
        state: JobState::Failed,
        reason: None,
        numbers: wire::job::JobNumbers::default(),
        log_lines: 0,
        result: None,
        lacks: Vec::new(),
    };
    let at = UnixMs(253_402_300_799_000);
    actor.records.push((at, Kind::JobFinished, finished.to_bytes().unwrap()));
    actor.sync(&stage, &host).await;
    assert_eq!(stage.fleet.tiles(stage.world.now()).last_day.failed, 0);
    stage.restart().await;
    stage.time.advance(Duration::from_hours(24));
    assert_eq!(stage.fleet.tiles(stage.world.now()).last_day.failed, 0);
}

#[tokio::test]
async fn holds_locks_names_and_findings_without_end_bloat_and_break_nothing() {
    let mut stage = Stage::new().await;
    let (mut actor, mut host) = stage.member("web-1").await;
    let repository: wire::id::RepositoryName = "main".parse().unwrap();
    let long = "ä".repeat(300_000);
    actor.plan(1, r#"{"repositories": {"main": {"backend": {"kind": "local", "path": "/b"}}}}"#);
    let hold = |n: u8| Hold { message: long.clone(), ..hold(HoldCause::ALL[usize::from(n % 6)]) };
    actor.append(&Holds { holds: vec![hold(0), hold(1)] });
    actor.append(&Locks {
        repository: repository.clone(),
        locks: (0..=255).chain(0..=255).map(lock).collect(),
    });
    actor.append(&membership(&long, &vec!["tag"; 10_000]));
    actor.checked(255);
    let mut finding = actor.records.last().unwrap().clone();
    let mut told: serde_json::Value = serde_json::from_slice(&finding.2).unwrap();
    told["job"] = JobId(stage.world.uuid()).0.to_string().into();
    told["result"]["problems"] = vec![long.clone(); 3].into();
    finding.2 = serde_json::to_vec(&told).unwrap();
    let queued = JobQueued {
        job: told["job"].as_str().unwrap().parse().unwrap(),
        subject: JobSubject { kind: JobKind::Check, repository: repository.clone(), group: None },
        origin: Origin::Local,
        options: wire::action::JobOptions { locks: vec![long.clone()], ..Default::default() },
    };
    actor.append(&queued);
    actor.records.push(finding);
    actor.append(&PlanRevision {
        revision: u64::MAX,
        plan: wire::plan::Plan::default(),
        by: PlanBy::Local,
        changes: vec![PlanChange::LimitsChanged; 20_000],
        note: Some(long.clone()),
    });
    actor.plan(2, r#"{"repositories": {"main": {"backend": {"kind": "local", "path": "/b"}}}}"#);
    for n in 0..600 {
        actor.opened(&format!("r{n}"), 9);
        actor.numbers(&format!("r{n}"), u64::MAX);
    }
    actor.opened("main", 9);
    // As many as a batch takes at a time.
    for (from, to) in batches(&actor) {
        let (bytes, _) = actor.batch(from, to);
        let held = host.head.map(|signed| signed.head);
        host.head = Some(stage.fleet.take_batch(host.host, actor.id(), held, bytes).await.unwrap().head);
    }
    stage.fleet.settled().await;
    let view = stage.fleet.host(actor.id()).await.unwrap();
    let most = |text: &str| text.len() <= 1_000;
    assert!(view.holds.len() == 2 && view.holds.iter().all(|hold| most(&hold.message)));
    assert!(view.row.name.len() <= 400 && view.row.tags.len() == 64);
    assert_eq!(view.repositories[0].locks.len(), 100);
    let job = stage.fleet.job(actor.id(), queued.job).await.unwrap();
    assert_eq!((job.result, job.options), (None, wire::action::JobOptions::default()));
    let history = stage.fleet.plan_history(actor.id(), None, 100).await.unwrap().items;
    assert_eq!(history.iter().map(|past| past.revision).collect::<Vec<_>>(), [2, u64::MAX, 1]);
    assert!(history[1].changes.len() == 500 && history[1].note.as_deref().unwrap().len() <= 2_000);
    assert!(stage.fleet.plan_revision(actor.id(), u64::MAX, None).await.is_ok());
    // The repositories that it only claims to have are nobody's concern.
    let (mut other, other_host) = stage.member("web-2").await;
    other.opened("main", 9);
    other.plan(1, r#"{"repositories": {"main": {"backend": {"kind": "local", "path": "/b"}}}}"#);
    other.sync(&stage, &other_host).await;
    stage.fleet.settled().await;
    assert_eq!(stage.fleet.host(other.id()).await.unwrap().repositories[0].sharing.len(), 1);
    stage.restart().await;
    assert_eq!(stage.fleet.hosts(&HostQuery::default()).unwrap().total, Some(2));
}

/// Where each batch begins and ends: large records go alone.
fn batches(actor: &Actor) -> Vec<(usize, usize)> {
    let (mut all, mut from, mut bytes) = (Vec::new(), 0, 0);
    for (at, (_, _, body)) in actor.records.iter().enumerate() {
        bytes += body.len() + 100;
        if bytes > 200_000 && at > from {
            all.push((from, at));
            (from, bytes) = (at, body.len());
        }
    }
    all.push((from, actor.records.len()));
    all
}

/// A job whose log has these lines, a chunk each.
fn with_log(actor: &mut Actor, job: JobId, lines: impl Iterator<Item = (u64, usize)>) {
    let subject = JobSubject { kind: JobKind::Backup, repository: "main".parse().unwrap(), group: None };
    actor.append(&JobQueued {
        job,
        subject,
        origin: Origin::Local,
        options: wire::action::JobOptions::default(),
    });
    for (index, (n, length)) in lines.enumerate() {
        let line = LogLine { n, at: UnixMs(0), stream: LogStream::Stdout, text: "a".repeat(length) };
        let compressed = zstd::encode_all(serde_json::to_string(&line).unwrap().as_bytes(), 3).unwrap();
        let index = u32::try_from(index).unwrap();
        actor.append_raw(Kind::LogChunk, LogChunk { job, index, compressed: &compressed }.to_bytes());
    }
}

#[tokio::test]
async fn lines_that_unpack_to_megabytes_come_few_at_a_time() {
    let stage = Stage::new().await;
    let (mut actor, host) = stage.member("web-1").await;
    let job = JobId(stage.world.uuid());
    with_log(&mut actor, job, (0..6).map(|n| (n, 3 * 1024 * 1024)));
    actor.sync(&stage, &host).await;
    let (mut after, mut pages) = (0, Vec::new());
    loop {
        let page = stage.fleet.log(actor.id(), job, after, 2000).await.unwrap();
        if page.lines.is_empty() {
            break;
        }
        pages.push(page.lines.iter().map(|line| line.n).collect::<Vec<_>>());
        after = page.next.unwrap();
    }
    assert_eq!(pages, [[0, 1], [2, 3], [4, 5]]);
}

#[tokio::test]
async fn a_line_with_the_last_number_there_is_ends_the_log() {
    let stage = Stage::new().await;
    let (mut actor, host) = stage.member("web-1").await;
    let job = JobId(stage.world.uuid());
    with_log(&mut actor, job, [(0, 1), (u64::MAX, 1)].into_iter());
    actor.sync(&stage, &host).await;
    let page = stage.fleet.log(actor.id(), job, 0, 2000).await.unwrap();
    assert_eq!((page.lines.len(), page.next), (2, Some(u64::MAX)));
    let page = stage.fleet.log(actor.id(), job, u64::MAX, 2000).await.unwrap();
    assert_eq!((page.lines.len(), page.next), (1, None));
}
