//! What a policy would remove, told by every real restic.

use wire::{
    action::JobOptions,
    job::{JobKind, JobResult, JobState, RetentionResult},
    plan::Retention,
};

use super::*;
use crate::{run::JobRequest, store::jobs::Job};

async fn preview(stage: &Stage, retention: Retention) -> (Job, RetentionResult) {
    let options = JobOptions { retention: Some(retention), ..JobOptions::default() };
    let request = JobRequest { options, ..Stage::request(JobKind::RetentionPreview, Some("default")) };
    let id = stage.engine.submit(request).await.unwrap();
    let job = stage.over(id).await;
    match job.result.clone() {
        Some(JobResult::Retention(told)) => (job, told),
        other => panic!("{other:?}: {job:?}"),
    }
}

#[tokio::test]
async fn a_policy_is_seen_before_it_is_saved_and_nothing_is_removed() {
    for restic in real_restics() {
        let mut stage = Stage::real(&restic);
        let src = source(&stage);
        stage.run();
        stage.plan(&[&src]).await;
        for n in 0..3 {
            std::fs::write(src.join("n.txt"), n.to_string()).unwrap();
            assert_eq!(stage.do_job(JobKind::Backup, Some("default")).await.state, JobState::Succeeded);
        }
        by_hand(&stage, &restic, &["backup", "--host", HOST, "--tag", "other", src.to_str().unwrap()]);
        let listed = by_hand(&stage, &restic, &["snapshots", "--json", "--tag", "default"]);
        let listed: Vec<serde_json::Value> = serde_json::from_str(&listed).unwrap();
        let first = listed[0]["id"].as_str().unwrap().to_owned();
        by_hand(&stage, &restic, &["tag", "--add", "keepme", &first]);

        let keep_tags = vec!["keepme".to_owned()];
        let policy = Retention { keep_last: 1, keep_daily: 1, keep_tags, ..Retention::KEEP_EVERYTHING };
        let (job, told) = preview(&stage, policy).await;
        assert_eq!((job.state, &job.reason), (JobState::Succeeded, &None), "{restic:?}");
        assert_eq!((job.numbers.snapshots_removed, job.numbers.snapshots_kept), (Some(1), Some(2)));
        assert_eq!(told.keep[0].id, listed[2]["id"].as_str().unwrap(), "{restic:?}");
        assert_eq!(told.keep[0].rules, ["last snapshot", "daily snapshot"], "{restic:?}");
        assert_eq!(told.keep[1].rules, ["pinned: has tags [keepme]"], "{restic:?}");
        assert_eq!((told.remove.len(), told.remove[0].id.as_str()), (1, listed[1]["id"].as_str().unwrap()));
        let time: jiff::Timestamp = listed[1]["time"].as_str().unwrap().parse().unwrap();
        assert_eq!(told.remove[0].time, wire::id::UnixMs::from(time));

        let (job, told) = preview(&stage, Retention::KEEP_EVERYTHING).await;
        assert_eq!((told.keep.len(), told.remove.len()), (3, 0), "{restic:?}: the group's alone");
        assert!(told.keep.iter().all(|it| it.rules == ["no rule: everything is kept"]), "{restic:?}");
        assert!(stage.log_text(job.id).await.contains("A policy without a rule keeps everything"));
        assert_eq!(snapshot_count(&stage, &restic), 4, "{restic:?}: nothing was removed");
        stage.quiet().await;
    }
}
