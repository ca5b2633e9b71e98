//! A forget that does not go straight through: stopped halfway, held up by a lock, overtaken by a plan or a hold.

use std::{path::PathBuf, time::Duration};

use wire::{
    job::{JobKind, JobState, Reason},
    plan::Retention,
    snapshot::HoldCause,
};

use super::*;
use crate::{
    run::stage::main_repository,
    store::{StoreError, holds, jobs::Job, snapshots},
    world::World,
};

/// More than restic is told to remove at once.
const MANY: usize = 600;
const AT_ONCE: usize = 500;

fn id(n: usize) -> String {
    format!("{n:064x}")
}

fn listed(of: impl Iterator<Item = usize>) -> String {
    let one = |n| {
        format!(
            r#"{{"time":"2026-01-01T00:00:00Z","hostname":"{HOST}","username":"root","paths":["/home"],"tags":["default"],"id":"{}"}}"#,
            id(n)
        )
    };
    format!("[{}]", of.map(one).collect::<Vec<_>>().join(","))
}

fn preview(keep: impl Iterator<Item = usize>, remove: impl Iterator<Item = usize>) -> String {
    format!(r#"[{{"keep":{},"remove":{},"reasons":[]}}]"#, listed(keep), listed(remove))
}

/// A stage with so many snapshots of this host, of which the first is kept. `forget` is what restic does when it is to
/// remove some; its notes tell how often it was asked.
async fn stage(forget: &str) -> (Stage, PathBuf) {
    let mut stage = Stage::new(World::real(), Path::new("/nowhere/restic"), |_| {});
    let notes = stage.path("script");
    let first = format!(
        "if [ \"$1\" = forget ]; then echo \"$*\" >> \"$dir/argv\"\ncase \"$*\" in *--dry-run*) cat \"$dir/preview\"; exit ;; esac\n\
         echo x >> \"$dir/asked\"; asked=$(wc -l < \"$dir/asked\")\n{forget}\nfi"
    );
    stage.use_restic(&script::write_with(&notes, &first, &script::saved()));
    std::fs::write(notes.join("snapshots"), listed(0..=MANY)).unwrap();
    std::fs::write(notes.join("preview"), preview(0..1, 1..=MANY)).unwrap();
    std::fs::write(notes.join("after-one"), listed([0].into_iter().chain(AT_ONCE + 1..=MANY))).unwrap();
    stage.run();
    stage.give_password("main", PASSWORD);
    keep(&stage, 1).await;
    stage.until("init is over", |jobs| jobs.iter().any(|job| job.state.is_over()).then_some(())).await;
    stage.quiet().await;
    (stage, notes)
}

async fn keep(stage: &Stage, keep_last: u32) {
    let mut plan = stage.simple_plan(&[Path::new("/home")]);
    let keep = Retention { keep_last, ..Retention::KEEP_EVERYTHING };
    plan.groups.values_mut().for_each(|group| group.retention = keep.clone());
    stage.set_plan(plan).await;
}

async fn known(stage: &Stage) -> usize {
    let read = |connection: &_| snapshots::all(connection, &main_repository());
    stage.store.read::<_, StoreError>(read).await.unwrap().len()
}

fn asked(notes: &Path) -> Vec<String> {
    let argv = std::fs::read_to_string(notes.join("argv")).unwrap();
    argv.lines().filter(|line| line.starts_with("forget --json -- ")).map(str::to_owned).collect()
}

fn removed(job: &Job) -> (Option<u64>, Option<u64>) {
    (job.numbers.snapshots_removed, job.numbers.snapshots_kept)
}

const FIRST_GOES: &str = "[ \"$asked\" -gt 1 ] || { cp \"$dir/after-one\" \"$dir/snapshots\"; exit 0; }";

#[tokio::test]
async fn what_went_before_a_failure_is_told() {
    let (stage, notes) = stage(&format!("{FIRST_GOES}; echo 'Fatal: no' >&2; exit 1")).await;
    assert_eq!(known(&stage).await, MANY + 1);
    let job = stage.do_job(JobKind::Forget, Some("default")).await;
    assert_eq!(job.state, JobState::Failed, "{:?}", job.reason);
    assert_eq!(removed(&job), (Some(500), Some(101)), "{:?}", job.reason);
    assert_eq!((known(&stage).await, asked(&notes).len()), (101, 2));
    let log = stage.log_text(job.id).await;
    assert!(log.contains("500 of 600 snapshots were removed before it ended"), "{log}");
}

#[tokio::test]
async fn what_went_before_a_cancellation_is_told() {
    let (stage, notes) = stage(&format!("{FIRST_GOES}; touch \"$dir/second\"; exec sleep 600")).await;
    let job = stage.submit(JobKind::Forget, Some("default")).await;
    while !notes.join("second").exists() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    stage.engine.cancel(job, "ada").await.unwrap();
    let job = stage.over(job).await;
    assert_eq!(job.reason, Some(Reason::CancelledBy { person: "ada".to_owned() }));
    assert_eq!(removed(&job), (Some(500), Some(101)));
    assert_eq!(known(&stage).await, 101);
}

const LOCKED: &str = r#"echo '{"message_type":"exit_error","code":11,"message":"unable to create lock in backend: repository is already locked by PID 1 on other by root (UID 0, GID 0)"}' >&2; exit 11"#;

/// While it waited, somebody removed the oldest and kept another.
#[tokio::test]
async fn after_a_lock_it_is_decided_anew() {
    let changed = "cp \"$dir/fresh-preview\" \"$dir/preview\"; cp \"$dir/fresh\" \"$dir/snapshots\"";
    let gone = "cp \"$dir/gone\" \"$dir/snapshots\"; exit 0";
    let (stage, notes) = stage(&format!("if [ \"$asked\" = 1 ]; then {changed}; {LOCKED}; fi; {gone}")).await;
    std::fs::write(notes.join("fresh"), listed(0..4)).unwrap();
    std::fs::write(notes.join("fresh-preview"), preview([0, 2].into_iter(), [1, 3].into_iter())).unwrap();
    std::fs::write(notes.join("gone"), listed([0, 2].into_iter())).unwrap();
    let job = stage.do_job(JobKind::Forget, Some("default")).await;
    assert_eq!((job.state, &job.reason), (JobState::Succeeded, &None));
    assert_eq!(removed(&job), (Some(2), Some(2)));
    let last = asked(&notes).pop().unwrap();
    assert_eq!(last, format!("forget --json -- {} {}", id(1), id(3)));
    assert!(stage.log_text(job.id).await.contains("What goes is decided anew"));
}

/// Between two calls the plan is another one, or the clock is not believed any more.
#[tokio::test]
async fn a_plan_and_a_hold_count_between_two_calls() {
    let waits = "touch \"$dir/first\"; while [ ! -e \"$dir/go\" ]; do sleep 0.02; done; cp \"$dir/after-one\" \"$dir/snapshots\"; exit 0";
    for by_plan in [true, false] {
        let (stage, notes) = stage(waits).await;
        let job = stage.submit(JobKind::Forget, Some("default")).await;
        while !notes.join("first").exists() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        if by_plan {
            keep(&stage, 0).await;
        } else {
            let at = stage.world.now();
            let hold = move |tx: &crate::store::Tx<'_>| {
                holds::set(tx, HoldCause::ClockDisagrees, None, "another time", at)
            };
            stage.store.write::<_, StoreError>(hold).await.unwrap();
        }
        std::fs::write(notes.join("go"), "").unwrap();
        let job = stage.over(job).await;
        let why = if by_plan {
            Reason::EmptyPolicy
        } else {
            Reason::RetentionHeld { message: "another time".to_owned() }
        };
        assert_eq!((job.state, &job.reason), (JobState::Skipped, &Some(why)));
        assert_eq!((removed(&job), asked(&notes).len()), ((Some(500), Some(101)), 1));
        assert_eq!(known(&stage).await, 101);
    }
}
