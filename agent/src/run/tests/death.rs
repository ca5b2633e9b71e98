//! What an earlier agent left behind: jobs found running, restics that still run, snapshots that nobody claimed.

use std::time::Duration;

use wire::{
    id::UnixMs,
    job::{JobKind, JobState, Origin, Reason},
    journal::Kind,
    plan::Retry,
};

use super::{
    script::{self, saved},
    *,
};
use crate::{
    store::{
        StoreError,
        jobs::{self, Job, NewJob},
    },
    world::World,
};

/// A job as an agent leaves it that dies while restic runs.
async fn left_running(stage: &Stage, process: Option<crate::world::ProcessId>) -> wire::id::JobId {
    let id = stage.world.job_id();
    let now = stage.world.now();
    let job = NewJob {
        id,
        subject: Stage::request(JobKind::Backup, Some("default")).subject,
        origin: Origin::Local,
        schedule: None,
        attempt: 1,
        options: wire::action::JobOptions::default(),
        not_before: now,
    };
    stage
        .store
        .write::<_, StoreError>(move |tx| {
            jobs::queue(tx, &job, now)?;
            jobs::start(tx, id, None, now)?;
            jobs::set_process(tx, id, process.as_ref())
        })
        .await
        .unwrap();
    id
}

fn save_by_hand(stage: &Stage, restic: &Path, src: &Path) {
    by_hand(stage, restic, &["backup", "--host", HOST, "--tag", "default", src.to_str().unwrap()]);
}

async fn ready(restic: &Path, retry: Retry) -> (Stage, std::path::PathBuf) {
    let mut stage = Stage::real(restic);
    let src = source(&stage);
    let task = stage.run();
    let mut plan = stage.simple_plan(&[&src]);
    plan.groups.values_mut().for_each(|group| group.retry = retry);
    stage.give_password("main", PASSWORD);
    stage.set_plan(plan).await;
    assert_eq!(stage.do_job(JobKind::Backup, Some("default")).await.state, JobState::Succeeded);
    stage.quiet().await;
    stage.engine.drain(Duration::from_secs(5)).await;
    task.await.unwrap();
    (stage, src)
}

#[tokio::test]
async fn a_snapshot_that_was_saved_completes_its_job_and_nothing_is_repeated() {
    for restic in real_restics() {
        let (mut stage, src) = ready(&restic, Retry { max: 3, backoff_s: 0 }).await;
        let id = left_running(&stage, None).await;
        save_by_hand(&stage, &restic, &src);
        stage.restart();
        stage.run();
        let job = stage.over(id).await;
        assert_eq!((job.state, &job.reason), (JobState::Succeeded, &None), "{restic:?}");
        assert_eq!(job.numbers.snapshot.as_ref().map(String::len), Some(64));
        stage.quiet().await;
        assert_eq!(snapshot_count(&stage, &restic), 2, "{restic:?}");
        assert!(stage.log_text(id).await.contains("nothing is repeated"));

        // The next one that dies does not take the same snapshot for its own.
        stage.engine.drain(Duration::from_secs(5)).await;
        let id = left_running(&stage, None).await;
        stage.restart();
        stage.run();
        let job = stage.over(id).await;
        assert_eq!((job.state, &job.reason), (JobState::Interrupted, &Some(Reason::AgentDied)), "{restic:?}");
        let done = stage.quiet().await;
        let retry = done.iter().find(|job| matches!(job.origin, Origin::Retry { .. })).unwrap();
        assert_eq!((retry.state, retry.attempt), (JobState::Succeeded, 2));
        assert_eq!(snapshot_count(&stage, &restic), 3, "{restic:?}");
        stage.records().await;
    }
}

#[tokio::test]
async fn where_the_repository_does_not_answer_the_retry_asks_before_it_repeats() {
    let restic = real_restics().pop().unwrap();
    let (mut stage, src) = ready(&restic, Retry { max: 3, backoff_s: 0 }).await;
    let id = left_running(&stage, None).await;
    save_by_hand(&stage, &restic, &src);
    stage.doors.shut(true);
    stage.restart();
    stage.run();
    let job = stage.over(id).await;
    assert_eq!((job.state, job.reason), (JobState::Interrupted, Some(Reason::AgentDied)));
    // The first retry meets the closed door too; then it opens.
    stage
        .until("a retry met the closed door", |jobs| {
            jobs.iter().any(|job| job.attempt > 1 && job.state == JobState::Failed).then_some(())
        })
        .await;
    stage.doors.shut(false);
    let jobs = stage.quiet().await;
    let last: &Job = jobs.iter().find(|job| job.attempt > 1 && job.state == JobState::Succeeded).unwrap();
    assert!(stage.log_text(last.id).await.contains("nothing is repeated"));
    assert_eq!(snapshot_count(&stage, &restic), 2);
}

#[tokio::test]
async fn a_restic_that_outlived_its_agent_is_ended_first() {
    let (mut stage, notes) =
        script::stage(&saved(), |patience| patience.term_to_kill = Duration::from_millis(300)).await;
    stage.engine.drain(Duration::from_secs(5)).await;
    let mut stray = std::process::Command::new("sh");
    stray
        .args(["-c", "trap '' TERM; echo up; while :; do sleep 1; done"])
        .stdout(std::process::Stdio::piped());
    let mut stray = std::os::unix::process::CommandExt::process_group(&mut stray, 0).spawn().unwrap();
    let mut up = [0; 3];
    std::io::Read::read_exact(stray.stdout.as_mut().unwrap(), &mut up).unwrap();
    let process = World::real().process(stray.id()).unwrap();
    let lock = script::lock(&stage.world.hostname(), process.pid, 0);
    let lock = script::put_lock(&notes, 'e', &lock, true);
    let id = left_running(&stage, Some(process.clone())).await;
    stage.restart();
    stage.run();
    let job = stage.over(id).await;
    assert_eq!(job.state, JobState::Interrupted, "{:?}", job.reason);
    assert!(!notes.join("locks").join(lock).exists(), "{}", stage.log_text(id).await);
    assert!(!World::real().is_alive(&process));
    stray.wait().unwrap();
    assert!(std::fs::read_to_string(notes.join("argv")).unwrap().contains("unlock"));
}

#[tokio::test]
async fn what_is_not_a_backup_is_interrupted_and_others_go_on() {
    let (mut stage, _) = script::stage(&saved(), |_| {}).await;
    stage.engine.drain(Duration::from_secs(5)).await;
    let id = stage.world.job_id();
    stage
        .store
        .write::<_, StoreError>(move |tx| {
            let subject = Stage::request(JobKind::Stats, None).subject;
            let at = UnixMs(1_000);
            let job = NewJob {
                id,
                subject,
                origin: Origin::Local,
                schedule: None,
                attempt: 1,
                options: wire::action::JobOptions::default(),
                not_before: at,
            };
            jobs::queue(tx, &job, at)?;
            jobs::start(tx, id, None, at).map(drop)
        })
        .await
        .unwrap();
    stage.restart();
    stage.run();
    let job = stage.over(id).await;
    assert_eq!((job.state, job.reason), (JobState::Interrupted, Some(Reason::AgentDied)));
    let next = stage.do_job(JobKind::Backup, Some("default")).await;
    assert_eq!(next.state, JobState::Succeeded);
    let ends = stage
        .records()
        .await
        .iter()
        .filter(|(kind, body)| *kind == Kind::JobFinished && body["job"] == id.to_string())
        .count();
    assert_eq!(ends, 1);
}

#[tokio::test]
async fn what_somebody_cancelled_is_not_tried_again_after_the_agent_died() {
    let (mut stage, _) = script::stage(&saved(), |_| {}).await;
    let mut plan = stage.simple_plan(&[Path::new("/home")]);
    plan.groups.values_mut().for_each(|group| group.retry = Retry { max: 3, backoff_s: 0 });
    stage.set_plan(plan).await;
    stage.engine.drain(Duration::from_secs(5)).await;
    let id = left_running(&stage, None).await;
    // The wish was written down, and then the agent was killed.
    let asked = stage.store.write::<_, StoreError>(move |tx| jobs::request_cancel(tx, id, "ada"));
    assert!(asked.await.unwrap());
    stage.restart();
    stage.run();
    let job = stage.over(id).await;
    let reason = Reason::CancelledBy { person: "ada".to_owned() };
    assert_eq!((job.state, job.reason), (JobState::Cancelled, Some(reason)));
    let jobs = stage.quiet().await;
    assert!(!jobs.iter().any(|job| matches!(job.origin, Origin::Retry { .. })), "{jobs:#?}");
}

/// Asked to stop, restic still saves its snapshot; how it ends then differs.
const SAVES_ON_TERM: &str = r#"
  trap 'stop=1' TERM; echo begun
  while [ -z "$stop" ]; do sleep 0.05; done
  now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
  echo "[{\"id\":\"$snapshot\",\"time\":\"$now\",\"hostname\":\"testhost\",\"paths\":[\"/home\"],\"tags\":[\"default\"]}]" > "$dir/snapshots""#;

async fn stopped_while_it_saves(end: &str) -> (Stage, Job) {
    let id = script::SNAPSHOT;
    let (mut stage, _) = script::stage(&format!("snapshot={id}\n{SAVES_ON_TERM}\n{end}"), |_| {}).await;
    let mut plan = stage.simple_plan(&[Path::new("/home")]);
    plan.groups.values_mut().for_each(|group| group.retry = Retry { max: 3, backoff_s: 0 });
    stage.set_plan(plan).await;
    let id = stage.submit(JobKind::Backup, Some("default")).await;
    stage.until("restic runs", |jobs| jobs.iter().find(|job| job.id == id)?.process.clone()).await;
    while stage.log(id).await.iter().all(|line| line.text != "begun") {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(stage.engine.drain(Duration::from_secs(20)).await.is_empty());
    let job = stage.over(id).await;
    stage.restart();
    stage.run();
    (stage, job)
}

#[tokio::test]
async fn a_backup_that_ends_well_while_the_agent_stops_is_not_done_again() {
    let (stage, job) = stopped_while_it_saves(&saved()).await;
    assert_eq!((job.state, job.reason), (JobState::Succeeded, None));
    let jobs = stage.quiet().await;
    assert!(!jobs.iter().any(|job| matches!(job.origin, Origin::Retry { .. })), "{jobs:#?}");
}

#[tokio::test]
async fn a_snapshot_that_a_stopped_run_had_saved_is_recognised_by_its_retry() {
    let (stage, job) = stopped_while_it_saves("exit 130").await;
    assert_eq!((job.state, job.reason), (JobState::Interrupted, Some(Reason::AgentStopped)));
    let jobs = stage.quiet().await;
    let retry = jobs.iter().find(|job| matches!(job.origin, Origin::Retry { .. })).unwrap();
    assert_eq!(retry.state, JobState::Succeeded, "{:?}", retry.reason);
    assert!(stage.log_text(retry.id).await.contains("nothing is repeated"));
    let argv = std::fs::read_to_string(stage.path("script/argv")).unwrap();
    assert_eq!(argv.matches("backup --json").count(), 1, "{argv}");
}
