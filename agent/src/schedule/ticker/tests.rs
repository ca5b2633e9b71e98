//! The ticker over a clock that the test turns: asks once, at the instant; waits, catches up, and minds jumps.

mod waiting;

use wire::{
    job::{JobKind, JobState, JobSubject, Origin},
    plan::{Maintenance, Plan},
};

use super::*;
use crate::{
    run::stage::Stage,
    store::{
        holds,
        jobs::{self, Job, NewJob},
    },
    world::FakeTime,
};

const START: UnixMs = UnixMs(1_795_176_000_000); // 2026-11-20T12:00:00Z

struct Play {
    stage: Stage,
    time: FakeTime,
    stop: CancellationToken,
    waiting: watch::Receiver<Vec<Waiting>>,
}

impl Play {
    async fn new(cron: &str) -> Self {
        let (stage, time) = Stage::fake(START);
        let play =
            Self { stage, time, stop: CancellationToken::new(), waiting: watch::channel(Vec::new()).1 };
        play.stage.set_plan(play.plan(cron)).await;
        play
    }

    /// One schedule, and no maintenance.
    fn plan(&self, cron: &str) -> Plan {
        let mut plan = self.stage.simple_plan(&[std::path::Path::new("/home")]);
        plan.maintenance =
            Maintenance { forget: None, prune: None, check: None, drill: None, ..Maintenance::default() };
        let schedule = serde_json::json!({ "cron": cron, "zone": "UTC", "groups": ["default"] });
        plan.schedules.insert("s".parse().unwrap(), serde_json::from_value(schedule).unwrap());
        plan
    }

    fn start(&mut self) {
        self.stop.cancel();
        self.stop = CancellationToken::new();
        let Stage { engine, store, world, .. } = &self.stage;
        let ticker = Ticker::new(engine.clone(), store.clone(), world.clone(), Timing::default());
        self.waiting = ticker.waiting();
        tokio::spawn(ticker.run(self.stop.clone()));
    }

    /// Lets the ticker see each step of the clock.
    async fn go(&self, steps: u32, step: Duration) {
        for _ in 0..steps {
            self.settle().await;
            self.time.advance(step);
        }
        self.settle().await;
    }

    /// The ticker's reads and writes are answered by threads: when a read of our own has been answered some times, so
    /// have its own.
    async fn settle(&self) {
        for _ in 0..12 {
            self.stage.store.write::<_, StoreError>(|_| Ok(())).await.unwrap();
            self.stage.store.read::<_, StoreError>(|_| Ok(())).await.unwrap();
            tokio::task::yield_now().await;
        }
    }

    async fn finish_open(&self) {
        for job in self.stage.jobs().await.iter().filter(|job| !job.state.is_over()) {
            self.stage.engine.cancel(job.id, "test").await.unwrap();
        }
    }

    async fn asked(&self) -> Vec<(Origin, JobState)> {
        let mut jobs: Vec<Job> = self.stage.jobs().await;
        jobs.retain(|job| job.subject.kind == JobKind::Backup);
        jobs.reverse();
        jobs.into_iter().map(|job| (job.origin, job.state)).collect()
    }

    async fn holds(&self) -> Vec<wire::snapshot::Hold> {
        self.stage.store.read::<_, StoreError>(holds::all).await.unwrap()
    }
}

fn at(minutes: i64) -> UnixMs {
    START.plus_ms(minutes * 60_000)
}

fn scheduled(minutes: i64) -> Origin {
    Origin::Schedule { schedule: "s".parse().unwrap(), due_at: at(minutes) }
}

fn caught_up(minutes: i64) -> Origin {
    Origin::CatchUp { schedule: "s".parse().unwrap(), due_at: at(minutes) }
}

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);

#[tokio::test]
async fn asks_at_the_instant_and_once() {
    let mut play = Play::new("*/2 * * * *").await;
    play.start();
    play.go(119, SECOND).await;
    assert!(play.asked().await.is_empty());
    play.go(2, SECOND).await;
    assert_eq!(play.asked().await, [(scheduled(2), JobState::Queued)]);
    play.go(60, SECOND).await;
    assert_eq!(play.asked().await.len(), 1);
}

#[tokio::test]
async fn a_run_that_is_still_waiting_is_not_asked_for_again() {
    let mut play = Play::new("*/2 * * * *").await;
    play.start();
    play.go(5, MINUTE).await;
    let asked = play.asked().await;
    assert_eq!(asked, [(scheduled(2), JobState::Queued), (scheduled(4), JobState::Skipped)]);
    let skipped = &play.stage.jobs().await[0];
    assert_eq!(skipped.reason, Some(Reason::AlreadyWaiting));
}

/// Its own schedule's run waits on in the retry; another schedule's would be lost when this one is paused.
#[tokio::test]
async fn a_run_takes_the_place_of_another_schedules_retry() {
    for (schedule, expected) in [("s", JobState::Queued), ("other", JobState::Skipped)] {
        let mut play = Play::new("2 * * * *").await;
        let retry = NewJob {
            id: play.stage.world.job_id(),
            subject: JobSubject {
                kind: JobKind::Backup,
                repository: "main".parse().unwrap(),
                group: Some("default".parse().unwrap()),
            },
            origin: Origin::Retry { job: play.stage.world.job_id(), attempt: 2, of: None },
            schedule: Some(schedule.parse().unwrap()),
            attempt: 2,
            options: wire::action::JobOptions::default(),
            not_before: at(30),
        };
        let (id, queued) = (retry.id, retry.clone());
        play.stage.store.write::<_, StoreError>(move |tx| jobs::queue(tx, &queued, START)).await.unwrap();
        play.start();
        play.go(3, MINUTE).await;
        let jobs = play.stage.jobs().await;
        let retry = jobs.iter().find(|job| job.id == id).unwrap();
        let run = jobs.iter().find(|job| job.id != id).unwrap();
        assert_eq!((retry.state, &run.origin), (expected, &scheduled(2)), "{schedule}");
        match &retry.reason {
            None => assert_eq!(run.reason, Some(Reason::AlreadyWaiting)),
            Some(Reason::Abandoned { why }) => {
                assert_eq!(why, "schedule s came due, and runs in its place");
                assert_eq!((run.state, run.attempt, run.not_before), (JobState::Queued, 1, at(2)));
            }
            Some(other) => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn what_was_missed_is_caught_up_once_after_the_machine_has_settled() {
    let mut play = Play::new("0 * * * *").await;
    play.start();
    play.go(2, SECOND).await;
    play.stop.cancel();
    play.time.advance(Duration::from_mins(30 * 24 * 60 + 10));
    play.start();
    play.go(29, SECOND).await;
    assert!(play.asked().await.is_empty(), "it has not settled");
    play.go(3, SECOND).await;
    let last_hour = 30 * 24 * 60;
    assert_eq!(play.asked().await, [(caught_up(last_hour), JobState::Queued)]);
    play.go(30, MINUTE).await;
    assert_eq!(play.asked().await.len(), 1);
}

#[tokio::test]
async fn a_missed_run_waits_for_its_repository_but_not_for_ever() {
    let mut play = Play::new("0 * * * *").await;
    play.start();
    play.go(2, SECOND).await;
    play.stop.cancel();
    play.time.advance(Duration::from_mins(90));
    play.stage.doors.shut(true);
    play.start();
    play.go(10, MINUTE).await;
    assert!(play.asked().await.is_empty(), "nobody answers");
    play.stage.doors.shut(false);
    play.go(2, MINUTE).await;
    assert_eq!(play.asked().await, [(caught_up(60), JobState::Queued)]);

    play.finish_open().await;
    play.stop.cancel();
    play.time.advance(Duration::from_hours(1));
    play.stage.doors.shut(true);
    play.start();
    play.go(14, MINUTE).await;
    assert_eq!(play.asked().await.len(), 1);
    play.go(2, MINUTE).await;
    assert_eq!(play.asked().await[1], (caught_up(120), JobState::Queued));
}

#[tokio::test]
async fn a_new_plan_counts_at_once() {
    let mut play = Play::new("0 0 1 1 *").await;
    play.start();
    play.go(3, SECOND).await;
    let mut plan: Plan = play.stage.simple_plan(&[std::path::Path::new("/home")]);
    let schedule = serde_json::json!({ "cron": "1 12 * * *", "zone": "UTC", "groups": ["default"] });
    plan.schedules.insert("other".parse().unwrap(), serde_json::from_value(schedule).unwrap());
    play.stage.set_plan(plan).await;
    play.go(60, SECOND).await;
    let asked = play.asked().await;
    assert_eq!(
        asked,
        [(Origin::Schedule { schedule: "other".parse().unwrap(), due_at: at(1) }, JobState::Queued)]
    );
    let kept = play.stage.store.read::<_, StoreError>(cadences::all).await.unwrap();
    assert!(kept.contains_key("schedule/other") && !kept.contains_key("schedule/s"));
}

#[tokio::test]
async fn a_clock_that_is_set_holds_retention_and_not_backups() {
    let mut play = Play::new("0 * * * *").await;
    play.start();
    play.go(3, MINUTE).await;
    assert!(play.holds().await.is_empty());
    play.time.set_wall(at(58));
    play.go(3, MINUTE).await;
    let holds = play.holds().await;
    assert_eq!(holds.len(), 1);
    assert!(holds[0].message.contains("set forward by 55 minutes"), "{holds:?}");
    assert_eq!(play.asked().await, [(scheduled(60), JobState::Queued)]);
    // A day later it is believed.
    play.go(25, Duration::from_hours(1)).await;
    play.go(2, MINUTE).await;
    assert!(play.holds().await.is_empty());
}

#[tokio::test]
async fn a_clock_far_ahead_is_not_believed_for_having_been_left_alone_and_sleep_is_no_jump() {
    let mut play = Play::new("0 * * * *").await;
    play.start();
    play.go(3, MINUTE).await;
    play.go(1, Duration::from_hours(60 * 24)).await;
    play.go(3, MINUTE).await;
    assert!(play.holds().await.is_empty(), "a laptop that slept for two months");
    play.time.set_wall(play.time.now().plus_ms(400 * 24 * 3_600_000));
    play.go(3, MINUTE).await;
    play.go(50, Duration::from_hours(1)).await;
    let holds = play.holds().await;
    assert_eq!(holds.len(), 1, "{holds:?}");
    let standing = clock::held(&play.stage.store).await.unwrap();
    assert!(standing.as_ref().is_some_and(clock::heeds_coordinator), "{standing:?}");
}

#[tokio::test]
async fn a_jump_that_could_not_be_written_down_is_not_forgotten() {
    let mut play = Play::new("0 * * * *").await;
    let refuse = "CREATE TRIGGER full BEFORE INSERT ON retention_hold BEGIN SELECT RAISE(ABORT, 'full'); END";
    for statement in [refuse, "DROP TRIGGER full"] {
        play.stage.store.write::<_, StoreError>(move |tx| Ok(tx.execute_batch(statement)?)).await.unwrap();
        if statement == refuse {
            play.start();
            play.go(3, MINUTE).await;
            play.time.set_wall(at(58));
        }
        play.go(3, MINUTE).await;
        assert_eq!(play.holds().await.len(), usize::from(statement != refuse));
    }
    assert!(play.holds().await[0].message.contains("set forward by 55 minutes"));
}

#[tokio::test]
async fn backups_go_on_where_a_jump_cannot_be_written_down() {
    let mut play = Play::new("0 * * * *").await;
    let refuse = "CREATE TRIGGER full BEFORE INSERT ON retention_hold BEGIN SELECT RAISE(ABORT, 'full'); END";
    play.stage.store.write::<_, StoreError>(move |tx| Ok(tx.execute_batch(refuse)?)).await.unwrap();
    play.start();
    play.go(3, MINUTE).await;
    play.time.set_wall(at(58));
    play.go(4, MINUTE).await;
    assert!(play.holds().await.is_empty());
    assert_eq!(play.asked().await, [(scheduled(60), JobState::Queued)]);
}
