//! Retries: rows that outlive the agent, and end when nobody wants them any more. The clock is the test's own.

use std::time::Duration;

use wire::{
    id::UnixMs,
    job::{JobKind, JobState, Origin, Reason},
    plan::{Plan, Retry},
};

use super::{
    script::{self, saved},
    *,
};
use crate::{
    run::{JobRequest, SubmitError},
    store::jobs::Job,
    world::{FakeTime, World},
};

/// The instant at which the script's snapshot was made.
const NOW: UnixMs = UnixMs(1_795_180_790_000);
const BACKOFF: Duration = Duration::from_mins(10);

/// A stage whose backups fail until the file `works` lies beside the script, with one schedule `nightly`.
async fn failing(max: u32) -> (Stage, FakeTime) {
    let (world, time) = World::fake(NOW, 1);
    let mut stage = Stage::new(world, Path::new("/nowhere/restic"), |_| {});
    let backup = format!("[ -e \"$dir/works\" ] || {{ echo no >&2; exit 1; }}; {}", saved());
    let restic = script::write(&stage.path("script"), &backup);
    stage.use_restic(&restic);
    stage.run();
    stage.give_password("main", PASSWORD);
    stage.set_plan(plan(&stage, max)).await;
    stage.until("init is over", |jobs| jobs.iter().any(|job| job.state.is_over()).then_some(())).await;
    stage.quiet().await;
    (stage, time)
}

fn plan(stage: &Stage, max: u32) -> Plan {
    let mut plan = stage.simple_plan(&[Path::new("/home")]);
    let backoff_s = u32::try_from(BACKOFF.as_secs()).unwrap();
    plan.groups.values_mut().for_each(|group| group.retry = Retry { max, backoff_s });
    let nightly = serde_json::json!({ "cron": "0 0 1 1 *", "groups": ["default"] });
    plan.schedules.insert("nightly".parse().unwrap(), serde_json::from_value(nightly).unwrap());
    plan
}

/// One run of the schedule, to its end.
async fn run_nightly(stage: &Stage) -> Job {
    let origin = Origin::Schedule { schedule: "nightly".parse().unwrap(), due_at: stage.world.now() };
    let group = Some("default".parse().unwrap());
    let request = JobRequest::new(JobKind::Backup, "main".parse().unwrap(), group, origin);
    let id = stage.engine.submit(request).await.unwrap();
    stage.over(id).await
}

async fn waiting_retry(stage: &Stage) -> Job {
    stage
        .until("a retry waits", |jobs| {
            jobs.iter().find(|job| job.attempt > 1 && job.state == JobState::Queued).cloned()
        })
        .await
}

#[tokio::test]
async fn a_retry_outlives_the_agent_and_runs_when_its_time_has_come() {
    let (mut stage, time) = failing(3).await;
    let first = run_nightly(&stage).await;
    assert_eq!(first.state, JobState::Failed);
    let retry = waiting_retry(&stage).await;
    assert_eq!(retry.not_before, NOW.plus_ms(600_000));
    assert!(stage.engine.drain(Duration::from_secs(20)).await.is_empty());

    // Nothing of the agent is left but its database; the machine comes up again before the time.
    std::fs::write(stage.path("script/works"), "").unwrap();
    time.advance(Duration::from_mins(5));
    stage.restart();
    stage.run();
    let later = stage.submit(JobKind::Probe, None).await;
    stage.over(later).await;
    assert_eq!(waiting_retry(&stage).await, retry, "it still waits");
    time.advance(Duration::from_mins(5));
    let done = stage.over(retry.id).await;
    assert_eq!((done.state, done.attempt), (JobState::Succeeded, 2), "{:?}", done.reason);
    assert_eq!(done.origin, Origin::Retry { job: first.id, attempt: 2, of: Some(4) });
    assert_eq!((done.started_at, done.schedule), (Some(retry.not_before), Some("nightly".parse().unwrap())));
}

#[tokio::test]
async fn a_person_who_wants_it_now_does_not_wait_out_the_pause() {
    let (stage, _) = failing(3).await;
    run_nightly(&stage).await;
    let retry = waiting_retry(&stage).await;
    std::fs::write(stage.path("script/works"), "").unwrap();
    let group = Some("default".parse().unwrap());
    let request = JobRequest::new(JobKind::Backup, "main".parse().unwrap(), group, Origin::Local);
    assert_eq!(stage.engine.submit(request).await, Err(SubmitError::AlreadyWaiting(retry.id)));
    // The clock stands still: only having been brought forward lets it run.
    let done = stage.over(retry.id).await;
    assert!(done.wanted, "its turn is a person's");
    assert_eq!((done.state, done.started_at), (JobState::Succeeded, Some(NOW)), "{:?}", done.reason);
}

#[tokio::test]
async fn the_last_attempt_says_that_it_was_the_last() {
    let (stage, time) = failing(2).await;
    let mut job = run_nightly(&stage).await;
    for wait in [1, 2] {
        assert!(!stage.log_text(job.id).await.contains("No attempt is left"));
        let retry = waiting_retry(&stage).await;
        assert_eq!(
            retry.not_before.since(job.finished_at.unwrap()),
            wait * 600_000,
            "it waits twice as long"
        );
        // The engine sleeps until then only once it has seen the retry.
        time.sleepers().wait_for(|sleepers| !sleepers.is_empty()).await.unwrap();
        time.advance(BACKOFF * u32::try_from(wait).unwrap());
        job = stage.over(retry.id).await;
    }
    let log = stage.log_text(job.id).await;
    assert!(log.contains("No attempt is left, 3 were made"), "{log}");
    assert!(matches!(job.origin, Origin::Retry { attempt: 3, of: Some(3), .. }), "{:?}", job.origin);
    assert!(matches!(job.reason, Some(Reason::Restic { .. })), "the reason stays its own: {:?}", job.reason);
    let jobs = stage.quiet().await;
    assert_eq!(jobs.iter().filter(|job| job.subject.kind == JobKind::Backup).count(), 3);
}

#[tokio::test]
async fn a_person_who_wants_it_at_another_speed_gets_that_and_not_the_retry() {
    let (stage, _time) = failing(3).await;
    run_nightly(&stage).await;
    let retry = waiting_retry(&stage).await;
    std::fs::write(stage.path("script/works"), "").unwrap();
    let mut request =
        JobRequest::new(JobKind::Backup, "main".parse().unwrap(), retry.subject.group.clone(), Origin::Local);
    request.options.upload_kib_s = Some(300);
    let id = stage.engine.submit(request.clone()).await.unwrap();
    assert_ne!(id, retry.id);
    let done = stage.over(id).await;
    assert_eq!((done.state, done.options, done.attempt), (JobState::Succeeded, request.options, 1));
    let given_up = stage.over(retry.id).await;
    assert!(matches!(given_up.reason, Some(Reason::Abandoned { .. })), "{:?}", given_up.reason);
}

async fn abandoned_after(change: impl FnOnce(&mut Plan)) -> String {
    let (stage, _time) = failing(3).await;
    run_nightly(&stage).await;
    let retry = waiting_retry(&stage).await;
    let mut changed = plan(&stage, 3);
    change(&mut changed);
    stage.set_plan(changed).await;
    let job = stage.over(retry.id).await;
    assert_eq!((job.state, job.started_at), (JobState::Skipped, None));
    let ends = stage.records().await;
    let ends =
        ends.iter().filter(|(_, body)| body["job"] == retry.id.to_string() && body["state"] == "skipped");
    assert_eq!(ends.count(), 1, "it is journalled");
    let Some(Reason::Abandoned { why }) = job.reason else { panic!("{job:?}") };
    why
}

#[tokio::test]
async fn a_retry_that_nobody_wants_any_more_is_ended_at_once() {
    let paused = abandoned_after(|plan| {
        plan.schedules.values_mut().for_each(|schedule| schedule.enabled = false);
    });
    assert_eq!(paused.await, "schedule nightly is paused");
    let deleted = abandoned_after(|plan| plan.schedules.clear());
    assert_eq!(deleted.await, "schedule nightly is not in the plan any more");
    let left = abandoned_after(|plan| {
        let other = serde_json::from_str(r#"{"includes":["/srv"]}"#).unwrap();
        plan.groups = [("other".parse().unwrap(), other)].into();
        plan.schedules.values_mut().for_each(|schedule| schedule.groups = vec!["other".parse().unwrap()]);
    });
    assert_eq!(left.await, "group default is not in the plan any more");
}
