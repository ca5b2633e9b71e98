//! Retention and locks with every real restic.

use std::{
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use wire::{
    job::{JobKind, JobState, Reason},
    journal::Kind,
    plan::Retention,
};

use super::*;
use crate::{
    run::stage::main_repository,
    store::{StoreError, holds, snapshots},
};

async fn keep(stage: &Stage, src: &Path, retention: Retention) {
    let mut plan = stage.simple_plan(&[src]);
    plan.groups.values_mut().for_each(|group| group.retention = retention.clone());
    stage.set_plan(plan).await;
}

#[tokio::test]
async fn retention_follows_the_policy_and_never_an_empty_one() {
    for restic in real_restics() {
        let mut stage = Stage::real(&restic);
        let src = source(&stage);
        stage.run();
        stage.plan(&[&src]).await;
        for n in 0..3 {
            std::fs::write(src.join("n.txt"), n.to_string()).unwrap();
            assert_eq!(stage.do_job(JobKind::Backup, Some("default")).await.state, JobState::Succeeded);
        }
        // Of another tag: no group's policy touches it.
        by_hand(&stage, &restic, &["backup", "--host", HOST, "--tag", "other", src.to_str().unwrap()]);

        keep(&stage, &src, Retention::KEEP_EVERYTHING).await;
        let job = stage.do_job(JobKind::Forget, Some("default")).await;
        assert_eq!((job.state, job.reason), (JobState::Skipped, Some(Reason::EmptyPolicy)));

        keep(&stage, &src, Retention { keep_last: 1, ..Retention::KEEP_EVERYTHING }).await;
        let held = "a person should look".to_owned();
        let (why, at) = (held.clone(), stage.world.now());
        stage
            .store
            .write::<_, StoreError>(move |tx| {
                holds::set(tx, wire::snapshot::HoldCause::ClockJumped, None, &why, at)
            })
            .await
            .unwrap();
        let job = stage.do_job(JobKind::Forget, Some("default")).await;
        assert_eq!(
            (job.state, job.reason),
            (JobState::Skipped, Some(Reason::RetentionHeld { message: held }))
        );
        assert_eq!(snapshot_count(&stage, &restic), 4, "{restic:?}");

        stage.store.write::<_, StoreError>(move |tx| holds::clear_all(tx, at)).await.unwrap();
        let job = stage.do_job(JobKind::Forget, Some("default")).await;
        assert_eq!((job.state, &job.reason), (JobState::Succeeded, &None), "{restic:?}");
        assert_eq!(
            (job.numbers.snapshots_removed, job.numbers.snapshots_kept),
            (Some(2), Some(1)),
            "{restic:?}"
        );
        assert_eq!(snapshot_count(&stage, &restic), 2);
        let known = stage
            .store
            .read::<_, StoreError>(|connection| snapshots::all(connection, &main_repository()))
            .await
            .unwrap();
        assert_eq!(known.len(), 2);
        let records = stage.records().await;
        let removed: usize = records
            .iter()
            .filter(|(kind, _)| *kind == Kind::Snapshots)
            .map(|(_, body)| body["removed"].as_array().unwrap().len())
            .sum();
        assert_eq!(removed, 2, "{restic:?}");
        stage.quiet().await;
    }
}

/// A restic that holds a lock because its input never ends.
fn holding(stage: &Stage, restic: &Path, host: Option<&str>) -> Child {
    let mut command = match host {
        None => hand(stage, restic),
        Some(host) => {
            let mut command = hand(stage, Path::new("unshare"));
            command.args(["--uts", "sh", "-c", &format!("hostname {host} && exec \"$@\""), "sh"]).arg(restic);
            command
        }
    };
    command.args(["backup", "--json", "--stdin", "--tag", "holder"]);
    let child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    while !locked(stage) {
        assert!(Instant::now() < deadline, "the holder made no lock");
        std::thread::sleep(Duration::from_millis(20));
    }
    child
}

fn kill(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

#[tokio::test]
async fn a_dead_lock_of_this_host_is_removed_and_another_hosts_is_told() {
    for restic in real_restics() {
        let mut stage = Stage::new(crate::world::World::real(), &restic, |patience| {
            patience.foreign_lock = Duration::from_millis(300);
            patience.lock_poll = Duration::from_millis(100);
            // restics that are started by hand here are not this agent's.
            patience.unrefreshed = Duration::ZERO;
        });
        let src = source(&stage);
        stage.run();
        stage.plan(&[&src]).await;
        for _ in 0..3 {
            assert_eq!(stage.do_job(JobKind::Backup, Some("default")).await.state, JobState::Succeeded);
        }
        stage.quiet().await;
        keep(&stage, &src, Retention { keep_last: 2, ..Retention::KEEP_EVERYTHING }).await;

        kill(holding(&stage, &restic, None));
        assert_eq!(lock_count(&stage, &restic), 1);
        let job = stage.do_job(JobKind::Forget, Some("default")).await;
        assert_eq!((job.state, &job.reason), (JobState::Succeeded, &None), "{restic:?}");
        assert!(stage.log_text(job.id).await.contains("its process is gone: it is removed"));
        assert_eq!(lock_count(&stage, &restic), 0);
        stage.quiet().await;

        keep(&stage, &src, Retention { keep_last: 1, ..Retention::KEEP_EVERYTHING }).await;
        let holder = holding(&stage, &restic, Some("otherhost"));
        let job = stage.do_job(JobKind::Forget, Some("default")).await;
        assert_eq!(job.state, JobState::Failed, "{restic:?}");
        let Some(Reason::Locked { owner, pid, since }) = job.reason.clone() else { panic!("{job:?}") };
        assert_eq!((owner.as_deref(), pid.is_some()), (Some("otherhost"), true), "{restic:?}");
        let age_ms = job.finished_at.unwrap().since(since.unwrap());
        assert!((0..60_000).contains(&age_ms), "{restic:?}: {age_ms} ms");
        assert!(stage.log_text(job.id).await.contains("otherhost holds the repository's lock: waiting"));
        let retry = stage.jobs().await.into_iter().find(|job| !job.state.is_over()).unwrap();
        assert_eq!((retry.subject.kind, retry.attempt), (JobKind::Forget, 2));
        // Backups share the lock.
        assert_eq!(stage.do_job(JobKind::Backup, Some("default")).await.state, JobState::Succeeded);
        kill(holder);
        assert_eq!(lock_count(&stage, &restic), 1, "{restic:?}: another host's lock is never removed");
    }
}

/// Between the instant at which the clock is set and the one at which it is noticed, nothing is removed either.
#[tokio::test]
async fn nothing_is_removed_by_a_clock_that_was_just_set() {
    let (world, time) = crate::world::World::fake(wire::id::UnixMs(1_795_176_000_000), 1);
    let mut stage = Stage::new(world, Path::new("/nowhere/restic"), |_| {});
    stage.use_restic(&super::script::write(&stage.path("script"), &super::script::saved()));
    stage.run();
    stage.plan(&[Path::new("/home")]).await;
    stage.until("init is over", |jobs| jobs.iter().any(|job| job.state.is_over()).then_some(())).await;
    stage.quiet().await;
    time.set_wall(stage.world.now().plus_ms(-24 * 3_600_000));
    let job = stage.do_job(JobKind::Forget, Some("default")).await;
    assert_eq!(job.state, JobState::Skipped);
    assert!(matches!(job.reason, Some(Reason::RetentionHeld { .. })), "{:?}", job.reason);
    // Once it is written down, that is the ticker's hold.
    stage.engine.believe_clock();
    let job = stage.do_job(JobKind::Forget, Some("default")).await;
    assert_ne!(job.state, JobState::Skipped, "{:?}", job.reason);
}
