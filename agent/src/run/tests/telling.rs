//! Pings: who is told of which backup, how often it is tried, and that no job waits for it.

use std::sync::Arc;

use wire::{
    job::{JobKind, JobState},
    plan::Ping,
};

use super::{script, *};
use crate::run::{Sound, stage::Heard};

/// A stage whose plan has the ping `main`, at this address.
async fn stage_with(backup: &str, ping: Ping) -> Stage {
    let (stage, _) = script::stage(backup, |_| {}).await;
    stage.secrets.put(&"ping/main".parse().unwrap(), "https://hc.example.org/secret-uuid");
    let mut plan = stage.simple_plan(&[Path::new("/home")]);
    plan.pings.insert("main".parse().unwrap(), ping);
    plan.groups.values_mut().for_each(|group| group.retry.max = 0);
    stage.set_plan(plan).await;
    stage.quiet().await;
    stage
}

async fn heard(stage: &Stage, count: usize) -> Vec<Heard> {
    let wait = async {
        loop {
            let heard = stage.doors.heard();
            if heard.len() >= count {
                return heard;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    let limit = std::time::Duration::from_secs(30);
    tokio::time::timeout(limit, wait).await.unwrap_or_else(|_| panic!("heard only {:?}", stage.doors.heard()))
}

fn sounds(heard: &[Heard]) -> Vec<Sound> {
    heard.iter().map(|heard| heard.sound).collect()
}

#[tokio::test]
async fn start_and_end_are_told_in_their_order_with_the_reason() {
    let stage = stage_with(&script::saved(), Ping::default()).await;
    let job = stage.do_job(JobKind::Backup, Some("default")).await;
    let told = heard(&stage, 2).await;
    assert_eq!(sounds(&told), [Sound::Start, Sound::Success]);
    assert_eq!(told[0].address, "https://hc.example.org/secret-uuid");
    assert_eq!(
        told[1].text,
        format!("The backup succeeded, snapshot aaaaaaaa.\nHost {HOST}, group default, job {}\n", job.id)
    );
    // Of a host's work only backups are told.
    stage.do_job(JobKind::Probe, None).await;
    stage.quiet().await;
    assert_eq!(stage.doors.heard().len(), 2);

    let stage =
        stage_with("echo 'Fatal: it broke' >&2; exit 1", Ping { start: false, ..Ping::default() }).await;
    let job = stage.do_job(JobKind::Backup, Some("default")).await;
    assert_eq!(job.state, JobState::Failed);
    let told = heard(&stage, 1).await;
    assert_eq!(sounds(&told), [Sound::Failure]);
    assert!(
        told[0].text.starts_with("The backup failed.\nrestic ended with exit code 1: Fatal: it broke "),
        "{told:?}"
    );
}

#[tokio::test]
async fn what_is_not_heard_is_tried_three_times_and_said_without_the_address() {
    let stage = stage_with(&script::saved(), Ping { start: false, ..Ping::default() }).await;
    stage.doors.deaf(2);
    assert_eq!(stage.do_job(JobKind::Backup, Some("default")).await.state, JobState::Succeeded);
    let told = heard(&stage, 1).await;
    assert_eq!((told[0].attempt, stage.engine.troubles()), (3, Vec::<String>::new()));

    stage.doors.deaf(3);
    assert_eq!(stage.do_job(JobKind::Backup, Some("default")).await.state, JobState::Succeeded);
    stage.quiet().await;
    let engine = stage.engine.clone();
    let limit = std::time::Duration::from_secs(30);
    let trouble = async {
        while engine.troubles().is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(limit, trouble).await.unwrap();
    assert_eq!(stage.engine.troubles(), ["the ping main fails: hc.example.org: nobody hears it"]);
    // The next one that is heard ends it.
    stage.do_job(JobKind::Backup, Some("default")).await;
    heard(&stage, 2).await;
    stage.engine.drain(limit).await;
    assert_eq!(stage.engine.troubles(), Vec::<String>::new());
}

#[tokio::test]
async fn no_job_waits_for_an_address_that_hangs() {
    let stage = stage_with(&script::saved(), Ping::default()).await;
    let hanging = Arc::clone(&stage.doors);
    hanging.hang(true);
    for _ in 0..2 {
        assert_eq!(stage.do_job(JobKind::Backup, Some("default")).await.state, JobState::Succeeded);
    }
    assert_eq!(stage.doors.heard(), []);
    // Neither does the agent's end.
    let began = std::time::Instant::now();
    stage.engine.drain(std::time::Duration::from_millis(200)).await;
    assert!(began.elapsed() < std::time::Duration::from_secs(5));
}
