//! Journals: whatever way they arrive, the views are the same; what does not hold is never applied.

use std::time::Duration;

use proptest::prelude::*;
use wire::{
    action::Action,
    frame::RefusalCode,
    id::UnixMs,
    job::{JobNumbers, JobState},
    journal::{Holds, JobFinished, Kind, Local, Locks, RecordBody as _, RepositoryState, Snapshots},
    snapshot::{HoldCause, RepositoryReadiness, Snapshot},
    view::Event,
};

use super::{
    records::{hold, lock, membership},
    stage::{Actor, Stage, peer},
};
use crate::{
    fleet::{Arrival, JobQuery},
    ingest,
    store::{self, views},
};

/// What happens at a generated host.
#[derive(Clone, Debug)]
enum Step {
    Backup(JobState, u64),
    LeftRunning,
    Snapshots {
        whole: bool,
        added: Vec<u8>,
        removed: Vec<u8>,
    },
    Numbers(u64),
    Repository(RepositoryReadiness),
    Plan,
    Unknown,
    FinishOfNothing,
    /// So many days after the record before.
    NumbersLater(u64, i64),
    Locks(u8),
    Holds(u8),
    Renamed(u8),
    Retired,
    Checked(u8),
}

fn step() -> impl Strategy<Value = Step> {
    let state = prop_oneof![Just(JobState::Succeeded), Just(JobState::Failed), Just(JobState::Cancelled)];
    let ids = || proptest::collection::vec(0..6u8, 0..4);
    prop_oneof![
        (state, 0..8u64).prop_map(|(state, lines)| Step::Backup(state, lines)),
        Just(Step::LeftRunning),
        (any::<bool>(), ids(), ids()).prop_map(|(whole, added, removed)| Step::Snapshots {
            whole,
            added,
            removed
        }),
        (0..1000u64).prop_map(Step::Numbers),
        Just(Step::Repository(RepositoryReadiness::Ready)),
        Just(Step::Repository(RepositoryReadiness::Unusable)),
        Just(Step::Plan),
        Just(Step::Unknown),
        Just(Step::FinishOfNothing),
        (0..1000u64, 0..300i64).prop_map(|(stored, days)| Step::NumbersLater(stored, days)),
        (0..3u8).prop_map(Step::Locks),
        (0..3u8).prop_map(Step::Holds),
        (0..3u8).prop_map(Step::Renamed),
        Just(Step::Retired),
        (0..3u8).prop_map(Step::Checked),
    ]
}

fn snapshot(id: u8) -> Snapshot {
    Snapshot {
        id: format!("{id:064}"),
        time: UnixMs(i64::from(id)),
        hostname: "h".into(),
        paths: vec!["/etc".into()],
        tags: vec![],
        group: Some("default".parse().unwrap()),
        size_bytes: id.is_multiple_of(2).then_some(u64::from(id) * 10),
        files: None,
        added_bytes: None,
        doubt: None,
    }
}

fn play(actor: &mut Actor, steps: &[Step]) {
    actor.append(&actor.facts());
    for (n, step) in steps.iter().enumerate() {
        match step {
            Step::Backup(state, lines) => {
                actor.backup(*state, *lines);
            }
            Step::LeftRunning => {
                actor.backup(JobState::Succeeded, 0);
                actor.records.pop();
            }
            Step::Snapshots { whole, added, removed } => actor.append(&Snapshots {
                repository: "main".parse().unwrap(),
                whole: *whole,
                added: added.iter().map(|id| snapshot(*id)).collect(),
                removed: removed.iter().map(|id| snapshot(*id).id).collect(),
            }),
            Step::Numbers(stored) => actor.numbers("main", *stored),
            Step::NumbersLater(stored, days) => {
                actor.wait_days(*days);
                actor.numbers("main", *stored);
            }
            Step::Locks(count) => actor.append(&Locks {
                repository: "main".parse().unwrap(),
                locks: (0..*count).map(lock).collect(),
            }),
            Step::Holds(count) => actor.append(&Holds {
                holds: (0..*count).map(|n| hold(HoldCause::ALL[usize::from(n)])).collect(),
            }),
            Step::Renamed(n) => {
                actor.append(&membership(&format!("web-{n}"), &["a", "b", "c"][..usize::from(*n)]));
            }
            Step::Retired => actor.append(&Local::Retired),
            Step::Checked(problems) => {
                actor.checked(*problems);
            }
            Step::Repository(readiness) => actor.append(&RepositoryState {
                repository: "main".parse().unwrap(),
                readiness: *readiness,
                reason: None,
                restic_id: None,
            }),
            Step::Plan => actor.plan(n as u64 + 1, PLAN),
            Step::Unknown => actor.append_raw(Kind::Plan, b"{\"from\":\"a newer version\"}".to_vec()),
            Step::FinishOfNothing => actor.append(&JobFinished {
                job: wire::id::JobId(uuid::Uuid::from_u128(n as u128)),
                state: JobState::Failed,
                reason: None,
                numbers: JobNumbers::default(),
                log_lines: 0,
                result: None,
                lacks: Vec::new(),
            }),
        }
    }
}

const PLAN: &str = r#"{
    "repositories": {"main": {"backend": {"kind": "local", "path": "/srv/backup"}}},
    "groups": {"default": {"includes": ["/etc"]}},
    "schedules": {"nightly": {"cron": "0 2 * * *", "groups": ["default"], "jitter_s": 600}}
}"#;

pub(super) async fn printed(stage: &Stage) -> String {
    stage.fleet.store().read(views::print).await.unwrap()
}

/// A rebuild gives back the names that the records say.
async fn names(stage: &Stage) -> Vec<(String, Vec<String>)> {
    let hosts = stage.fleet.store().read(store::hosts::all).await.unwrap();
    hosts.into_iter().map(|host| (host.name, host.tags)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn any_split_and_any_repetition_folds_to_the_same_views_and_so_does_a_rebuild(
        steps in proptest::collection::vec(step(), 0..14),
        cuts in proptest::collection::vec(1..6usize, 0..30),
        again in any::<bool>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let at_once = Stage::new().await;
            let (mut actor, host) = at_once.member("web-1").await;
            play(&mut actor, &steps);
            actor.sync(&at_once, &host).await;
            let expected = printed(&at_once).await;

            let piecewise = Stage::new().await;
            let host = { let mut same = actor.clone(); same.records.clear(); same.credential = wire::frame::Credential::None; piecewise.enrol(&mut same).await };
            let (mut held, mut from, mut cuts) = (None, 0, cuts.into_iter());
            while from < actor.records.len() {
                let to = (from + cuts.next().unwrap_or(usize::MAX / 2)).min(actor.records.len());
                let (bytes, head) = actor.batch(from, to);
                let taken = piecewise.fleet.take_batch(host.host, actor.id(), held, bytes.clone()).await.unwrap();
                assert_eq!(taken.head, head);
                held = Some(head.head);
                if again {
                    // The acknowledgement was lost: the same batch once more.
                    let taken = piecewise.fleet.take_batch(host.host, actor.id(), held, bytes).await.unwrap();
                    assert_eq!(taken.head, head);
                }
                from = to;
            }
            assert_eq!(printed(&piecewise).await, expected);
            store::tests::misname_hosts(&piecewise.directory.path().join("coordinator.db"), actor.renamed());
            piecewise.fleet.store().write(ingest::rebuild).await.unwrap();
            assert_eq!(printed(&piecewise).await, expected);
            assert_eq!(names(&piecewise).await, names(&at_once).await);
            let checked = piecewise.fleet.store().read(ingest::check).await.unwrap();
            assert_eq!((checked.bad, checked.records), (vec![], actor.records.len() as u64));
            let row = async |stage: &Stage| stage.fleet.host(actor.id()).await.unwrap().row;
            let mut restarted = piecewise;
            restarted.fleet.settled().await;
            let before = row(&restarted).await;
            restarted.restart().await;
            assert_eq!(row(&restarted).await, before, "the index built at start is the one that was patched");
        });
    }
}

#[tokio::test]
async fn a_batch_is_told_only_after_it_is_committed_and_reads_back() {
    let stage = Stage::new().await;
    let (mut actor, host) = stage.member("web-1").await;
    let mut events = stage.fleet.events();
    actor.append(&actor.facts());
    actor.plan(3, PLAN);
    let job = actor.backup(JobState::Succeeded, 7);
    actor.sync(&stage, &host).await;
    stage.fleet.settled().await;
    let agent = actor.id();
    let told: Vec<Event> = std::iter::from_fn(|| events.try_recv().ok()).collect();
    // Once more after what the plan names was added up.
    assert_eq!(told, [Event::Job { agent, job }, Event::Host { agent }, Event::Host { agent }]);

    let view = stage.fleet.host(agent).await.unwrap();
    assert_eq!(
        (view.journal.seq, view.journal.epoch, view.plan_revision),
        (actor.records.len() as u64, 1, 3)
    );
    assert_eq!((view.row.name.as_str(), view.row.os.as_str(), view.row.behind), ("web-1", "linux", true));
    assert_eq!(view.row.last_backup.unwrap().job, job);
    assert_eq!(view.row.run_now, ["default"]);
    assert_eq!(view.repositories[0].location, "/srv/backup");
    let schedules = stage.fleet.schedules(agent, stage.world.now()).await.unwrap();
    assert_eq!(schedules[0].next.len(), 5);
    assert_eq!(view.row.next_run, Some(schedules[0].next[0]));
    assert_eq!(schedules[0].last, None, "a person asked for that one");
    let first = stage.fleet.log(agent, job, 0, 4).await.unwrap();
    assert_eq!((first.lines.len(), first.next), (4, Some(4)));
    let rest = stage.fleet.log(agent, job, 4, 2000).await.unwrap();
    assert_eq!(rest.lines.iter().map(|line| line.n).collect::<Vec<_>>(), [4, 5, 6]);
    assert_eq!((rest.next, rest.complete), (None, true));
    assert_eq!(stage.fleet.tiles(stage.world.now()).last_day.succeeded, 1);
}

#[tokio::test]
async fn jobs_page_newest_first_and_filter() {
    let stage = Stage::new().await;
    let (mut actor, host) = stage.member("web-1").await;
    let mut made = Vec::new();
    for n in 0..7 {
        stage.time.advance(Duration::from_secs(1));
        let state = if n % 3 == 0 { JobState::Failed } else { JobState::Succeeded };
        made.push(actor.backup(state, 0));
    }
    actor.sync(&stage, &host).await;
    let mut query = JobQuery { limit: 3, ..JobQuery::default() };
    let mut seen = Vec::new();
    loop {
        let page = stage.fleet.jobs(actor.id(), query.clone()).await.unwrap();
        seen.extend(page.items.iter().map(|job| job.job));
        match page.next {
            Some(next) => query.cursor = Some(next),
            None => break,
        }
    }
    made.reverse();
    assert_eq!(seen, made);
    let failed = JobQuery { state: vec![JobState::Failed], ..JobQuery::default() };
    assert_eq!(stage.fleet.jobs(actor.id(), failed).await.unwrap().items.len(), 3);
}

#[tokio::test]
async fn a_tampered_record_is_found_and_named() {
    let stage = Stage::new().await;
    let (mut actor, host) = stage.member("web-1").await;
    let (mut other, other_host) = stage.member("web-2").await;
    for _ in 0..3 {
        actor.backup(JobState::Failed, 3);
        other.backup(JobState::Succeeded, 3);
    }
    actor.sync(&stage, &host).await;
    other.sync(&stage, &other_host).await;
    let check = || stage.fleet.store().read(ingest::check);
    assert_eq!(check().await.unwrap().bad, []);

    // Somebody makes a failure look like a success.
    let path = stage.directory.path().join("coordinator.db");
    store::tests::change_bodies(&path, 4, ("failed", "succee"));
    let bad = check().await.unwrap().bad;
    assert_eq!(bad.len(), 1);
    assert_eq!((bad[0].name.as_str(), bad[0].epoch, bad[0].seq), ("web-1", 1, 4));
    let text = bad[0].to_string();
    assert!(text.contains("web-1") && text.contains("record 4"), "{text}");

    // A record taken away.
    store::tests::remove_records(&path, 4);
    let bad = check().await.unwrap().bad;
    assert_eq!(bad.iter().map(|bad| bad.seq).collect::<Vec<_>>(), [4, 4]);
    assert!(bad[0].problem.contains("missing"), "{}", bad[0].problem);
}

#[tokio::test]
async fn what_does_not_hold_is_not_applied() {
    let stage = Stage::new().await;
    let (mut actor, host) = stage.member("web-1").await;
    actor.backup(JobState::Succeeded, 4);
    let before = printed(&stage).await;
    let (good, _) = actor.batch(0, actor.records.len());
    for position in (0..good.len()).step_by(17) {
        let mut bad = good.clone();
        bad[position] ^= 0x10;
        let refused = stage.fleet.take_batch(host.host, actor.id(), None, bad).await.unwrap_err().0;
        assert!(
            matches!(refused.code, RefusalCode::Frame | RefusalCode::Journal),
            "{refused:?} at {position}"
        );
    }
    for length in (0..good.len()).step_by(31) {
        let cut = good[..length].to_vec();
        assert!(stage.fleet.take_batch(host.host, actor.id(), None, cut).await.is_err());
    }
    let (mut stranger, _) = stage.member("web-2").await;
    stranger.backup(JobState::Succeeded, 1);
    let (foreign, _) = stranger.batch(0, stranger.records.len());
    assert!(stage.fleet.take_batch(host.host, actor.id(), None, foreign).await.is_err());
    assert_eq!(printed(&stage).await, before);
    stage.fleet.take_batch(host.host, actor.id(), None, good).await.unwrap();
}

#[tokio::test]
async fn a_full_disk_takes_no_batch_and_the_same_batch_later() {
    let stage = Stage::new().await;
    let (mut actor, host) = stage.member("web-1").await;
    for _ in 0..40 {
        actor.backup(JobState::Succeeded, 9);
    }
    let (bytes, head) = actor.batch(0, actor.records.len());
    store::tests::limit_pages(stage.fleet.store(), None).await;
    let refusal = stage.fleet.take_batch(host.host, actor.id(), None, bytes.clone()).await.unwrap_err().0;
    assert_eq!(refusal.code, RefusalCode::Unavailable);
    assert!(stage.fleet.jobs(actor.id(), JobQuery::default()).await.unwrap().items.is_empty());
    let ada = stage.act("ada");
    let order = stage.fleet.order(
        &ada,
        actor.id(),
        wire::view::OrderRequest::Routine {
            routine: Action::Run { groups: vec![], upload_kib_s: None, download_kib_s: None },
        },
    );
    // An order may still fit into free space; it must not be half there.
    let _ = order.await;
    store::tests::limit_pages(stage.fleet.store(), Some(1_000_000)).await;
    let taken = stage.fleet.take_batch(host.host, actor.id(), None, bytes).await.unwrap();
    assert_eq!(taken.head, head);
    assert_eq!(stage.fleet.store().read(ingest::check).await.unwrap().bad, []);
}

#[tokio::test]
async fn a_wiped_coordinator_learns_everything_again() {
    let mut stage = Stage::new().await;
    let (mut actor, host) = stage.member("web-1").await;
    actor.append(&actor.facts());
    actor.plan(1, PLAN);
    actor.backup(JobState::Succeeded, 5);
    actor.last_order = 41;
    actor.sync(&stage, &host).await;
    let before = printed(&stage).await;

    stage.lose_database().await;
    // Long after the admission's expiry.
    stage.time.advance(Duration::from_hours(90 * 24));
    let Arrival::Member(again) = stage.arrive(&actor, peer(3)).await else {
        panic!("asked for a second approval")
    };
    assert_eq!((again.head, again.name.as_str()), (None, "web-1"));
    actor.sync(&stage, &again).await;
    assert_eq!(printed(&stage).await, before);
    let agent = actor.id();
    let request = || wire::view::OrderRequest::Routine {
        routine: Action::Run {
            groups: vec!["default".parse().unwrap()],
            upload_kib_s: None,
            download_kib_s: None,
        },
    };
    stage.fleet.order(&stage.act("ada"), agent, request()).await.unwrap();
    assert_eq!(stage.fleet.outgoing(agent, u64::MAX).await.unwrap()[0].number, 42);
}

#[test]
fn the_plan_of_these_tests_is_valid() {
    let plan: wire::plan::Plan = serde_json::from_str(PLAN).unwrap();
    assert_eq!(plan.validate(), Ok(()));
    assert!(wire::journal::PlanRevision::from_bytes(b"{\"from\":\"a newer version\"}").is_err());
}
