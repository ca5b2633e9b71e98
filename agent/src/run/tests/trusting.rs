//! Forged snapshots, with every real restic: found, named, and no true snapshot is removed for them.

use std::{collections::BTreeSet, os::unix::fs::PermissionsExt as _, path::PathBuf};

use wire::{
    job::{JobKind, JobState, Reason},
    journal::Kind,
    plan::Retention,
    snapshot::{Hold, HoldCause, Snapshot, SnapshotDoubt},
};

use super::*;
use crate::{
    run::stage::main_repository,
    store::{StoreError, holds, jobs::Job, snapshots},
};

/// A stage that has one snapshot more than its policy keeps; none is removed yet.
async fn one_over(restic: &Path, keep_last: u32) -> (Stage, PathBuf) {
    let mut stage = Stage::real(restic);
    let src = source(&stage);
    stage.run();
    stage.give_password("main", PASSWORD);
    let mut plan = stage.simple_plan(&[&src]);
    let keep = Retention { keep_last, ..Retention::KEEP_EVERYTHING };
    plan.groups.values_mut().for_each(|group| group.retention = keep.clone());
    stage.set_plan(plan).await;
    for n in 0..=keep_last {
        std::fs::write(src.join("n.txt"), n.to_string()).unwrap();
        assert_eq!(stage.do_job(JobKind::Backup, Some("default")).await.state, JobState::Succeeded);
    }
    stage.quiet().await;
    (stage, src)
}

/// A foreign client: plain restic with this host's name. Returns the snapshot's id.
fn forge(stage: &Stage, restic: &Path, more: &[&str]) -> String {
    let before = ids(stage, restic);
    let src = stage.path("src");
    by_hand(stage, restic, &[&["backup", "--host", HOST], more, &[src.to_str().unwrap()]].concat());
    ids(stage, restic).difference(&before).next().expect("a snapshot was made").clone()
}

fn ids(stage: &Stage, restic: &Path) -> BTreeSet<String> {
    let listed = by_hand(stage, restic, &["snapshots", "--json"]);
    let listed: Vec<serde_json::Value> = serde_json::from_str(&listed).unwrap();
    listed.iter().map(|snapshot| snapshot["id"].as_str().unwrap().to_owned()).collect()
}

async fn held(stage: &Stage) -> Vec<Hold> {
    stage.store.read::<_, StoreError>(holds::all).await.unwrap()
}

async fn known(stage: &Stage) -> Vec<Snapshot> {
    let read = |connection: &_| snapshots::all(connection, &main_repository());
    stage.store.read::<_, StoreError>(read).await.unwrap()
}

async fn doubt_of(stage: &Stage, id: &str) -> Option<SnapshotDoubt> {
    known(stage).await.into_iter().find(|snapshot| snapshot.id == id).unwrap().doubt
}

async fn adopt(stage: &Stage, ids: &[&String]) -> Option<String> {
    let (engine, ids) = (stage.engine.clone(), ids.iter().map(|id| (*id).clone()).collect::<Vec<_>>());
    let adopted = stage.store.write(move |tx| engine.adopt_in(tx, &main_repository(), &ids)).await;
    adopted.unwrap()
}

fn why_held(job: &Job) -> &str {
    match &job.reason {
        Some(Reason::RetentionHeld { message }) if job.state == JobState::Skipped => message,
        _ => panic!("not held: {job:?}"),
    }
}

#[tokio::test]
async fn forged_snapshots_are_named_and_push_no_true_one_out() {
    for restic in real_restics() {
        let (stage, _) = one_over(&restic, 2).await;
        let true_ones = ids(&stage, &restic);
        let old = forge(&stage, &restic, &["--tag", "default", "--time", "2020-01-02 03:04:05"]);
        let new = forge(&stage, &restic, &["--tag", "default"]);
        let untagged = forge(&stage, &restic, &[]);

        let job = stage.do_job(JobKind::Forget, Some("default")).await;
        let why = why_held(&job).to_owned();
        for id in [&old, &new] {
            assert!(why.contains(&id[..8]), "{restic:?}: {why}");
            assert_eq!(doubt_of(&stage, id).await, Some(SnapshotDoubt::Unknown), "{restic:?}");
        }
        assert!(why.contains("2020-01-02") && why.contains(HOST) && !why.contains(&untagged[..8]), "{why}");
        assert_eq!(doubt_of(&stage, &untagged).await, Some(SnapshotDoubt::Unknown), "{restic:?}");
        assert!(ids(&stage, &restic).is_superset(&true_ones), "{restic:?}");
        let hold = held(&stage).await;
        assert_eq!((hold.len(), hold[0].cause, &hold[0].message), (1, HoldCause::UnknownSnapshot, &why));
        assert_eq!(hold[0].repository, Some(main_repository()));

        // One from the future, besides.
        let future = forge(&stage, &restic, &["--tag", "default", "--time", "2126-01-02 03:04:05"]);
        assert_eq!(stage.do_job(JobKind::Snapshots, None).await.state, JobState::Succeeded);
        assert_eq!(doubt_of(&stage, &future).await, Some(SnapshotDoubt::Future), "{restic:?}");
        let causes: Vec<_> = held(&stage).await.into_iter().map(|hold| hold.cause).collect();
        assert!(causes.contains(&HoldCause::FutureSnapshot) && causes.len() == 2, "{causes:?}");
        let job = stage.do_job(JobKind::Forget, Some("default")).await;
        assert!(why_held(&job).contains(&future[..8]), "{restic:?}: {job:?}");

        // Adopting what is this host's own does not make the future believable.
        assert_eq!(adopt(&stage, &[&old, &"f".repeat(64)]).await, Some("f".repeat(64)));
        assert_eq!(doubt_of(&stage, &old).await, Some(SnapshotDoubt::Unknown), "nothing was adopted");
        assert_eq!(adopt(&stage, &[&old, &new, &future]).await, None);
        assert_eq!(doubt_of(&stage, &old).await, None);
        assert_eq!(doubt_of(&stage, &future).await, Some(SnapshotDoubt::Future));
        let causes: Vec<_> = held(&stage).await.into_iter().map(|hold| hold.cause).collect();
        assert_eq!(causes, [HoldCause::FutureSnapshot], "{restic:?}");
        let job = stage.do_job(JobKind::Forget, Some("default")).await;
        assert!(why_held(&job).contains(&future[..8]), "{restic:?}");

        // Once it is gone, retention goes on by itself, and counts what was adopted.
        by_hand(&stage, &restic, &["forget", &future]);
        let job = stage.do_job(JobKind::Forget, Some("default")).await;
        assert_eq!((job.state, &job.reason), (JobState::Succeeded, &None), "{restic:?}");
        assert_eq!((job.numbers.snapshots_removed, job.numbers.snapshots_kept), (Some(3), Some(2)));
        assert!(held(&stage).await.is_empty(), "{restic:?}");
        let left = ids(&stage, &restic);
        assert!(left.contains(&new) && left.contains(&untagged) && left.len() == 3, "{restic:?}");
        let told = stage.records().await.into_iter().filter(|(kind, _)| *kind == Kind::Holds).count();
        assert_eq!(told, 5, "{restic:?}: unknown, one more unknown, future, adopted, gone");
        stage.quiet().await;
    }
}

#[tokio::test]
async fn once_the_forged_ones_are_removed_retention_goes_on() {
    for restic in real_restics() {
        let (stage, _) = one_over(&restic, 1).await;
        let forged = forge(&stage, &restic, &["--tag", "default"]);
        let job = stage.do_job(JobKind::Forget, Some("default")).await;
        assert!(why_held(&job).contains(&forged[..8]), "{restic:?}");
        by_hand(&stage, &restic, &["forget", &forged]);
        let job = stage.do_job(JobKind::Forget, Some("default")).await;
        assert_eq!((job.state, job.numbers.snapshots_removed), (JobState::Succeeded, Some(1)), "{restic:?}");
        assert!(held(&stage).await.is_empty());
        stage.quiet().await;
    }
}

/// A restic that forges a snapshot whenever it is called with `when`, before it does what it was asked to.
fn forger(stage: &Stage, restic: &Path, when: &str) -> PathBuf {
    let path = stage.path("forger");
    let script = format!(
        "#!/bin/sh\ncase \"$*\" in {when}) '{real}' backup -q --host {HOST} --tag default '{src}' >/dev/null;; esac\nexec '{real}' \"$@\"\n",
        real = restic.display(),
        src = stage.path("src").display(),
    );
    std::fs::write(&path, script).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

#[tokio::test]
async fn what_is_forged_between_two_looks_pushes_nothing_out_either() {
    for restic in real_restics() {
        for (when, removed) in [("*--dry-run*", None), ("'forget --json -- '*", Some(1))] {
            let (mut stage, _) = one_over(&restic, 1).await;
            let true_ones = ids(&stage, &restic);
            stage.engine.drain(std::time::Duration::from_secs(5)).await;
            stage.use_restic(&forger(&stage, &restic, when));
            stage.run();
            let job = stage.do_job(JobKind::Forget, Some("default")).await;
            let left = ids(&stage, &restic);
            let lost = true_ones.difference(&left).count();
            assert!(left.len() > true_ones.len() - lost, "{restic:?} {when}: something was forged");
            match removed {
                None => {
                    why_held(&job);
                    assert_eq!(lost, 0, "{restic:?} {when}");
                }
                // What the policy meant before it was forged, and not one more.
                Some(one) => {
                    assert_eq!((job.state, job.numbers.snapshots_removed), (JobState::Succeeded, Some(one)));
                    assert_eq!(lost, 1, "{restic:?} {when}");
                }
            }
            assert_eq!(held(&stage).await[0].cause, HoldCause::UnknownSnapshot, "{restic:?} {when}");
        }
    }
}

#[tokio::test]
async fn what_is_there_at_the_first_attach_is_own_and_stays_so_where_the_repository_moves() {
    for restic in real_restics() {
        let mut stage = Stage::real(&restic);
        let src = source(&stage);
        let first = forge(&stage, &restic, &["--tag", "default"]);
        stage.run();
        stage.plan(&[&src]).await;
        assert_eq!(stage.do_job(JobKind::Backup, Some("default")).await.state, JobState::Succeeded);
        let jobs = stage.quiet().await;
        assert!(held(&stage).await.is_empty(), "{restic:?}");
        assert_eq!(doubt_of(&stage, &first).await, None, "{restic:?}");
        let mut said = false;
        for job in &jobs {
            said |= stage.log_text(job.id).await.contains("1 snapshots of this host that are there already");
        }
        assert!(said, "{restic:?}: {jobs:?}");

        // Somebody forges one, and then the repository is found elsewhere: what was known is known, the rest is not.
        let forged = forge(&stage, &restic, &["--tag", "default"]);
        std::fs::rename(stage.path("repo"), stage.path("moved")).unwrap();
        let mut plan = stage.simple_plan(&[&src]);
        let to = wire::plan::Backend::Local { path: stage.path("moved").to_string_lossy().into_owned() };
        plan.repositories.values_mut().for_each(|it| it.backend = to.clone());
        stage.set_plan(plan).await;
        assert_eq!(stage.do_job(JobKind::Snapshots, None).await.state, JobState::Succeeded);
        stage.quiet().await;
        assert_eq!(doubt_of(&stage, &first).await, None, "{restic:?}");
        assert_eq!(doubt_of(&stage, &forged).await, Some(SnapshotDoubt::Unknown), "{restic:?}");
        let hold = held(&stage).await;
        assert_eq!((hold.len(), hold[0].cause), (1, HoldCause::UnknownSnapshot), "{restic:?}: {hold:?}");
    }
}

#[tokio::test]
async fn a_pinned_snapshot_stays_own_and_is_kept() {
    for restic in real_restics() {
        let (stage, src) = one_over(&restic, 2).await;
        let oldest = known(&stage).await[0].id.clone();
        by_hand(&stage, &restic, &["tag", "--add", "pinned", &oldest]);
        let pinned = ids(&stage, &restic);
        assert!(!pinned.contains(&oldest), "{restic:?}: a tag is another snapshot");
        assert_eq!(stage.do_job(JobKind::Snapshots, None).await.state, JobState::Succeeded);
        assert!(held(&stage).await.is_empty(), "{restic:?}: {:?}", held(&stage).await);

        let mut plan = stage.simple_plan(&[&src]);
        let keep_tags = vec!["pinned".to_owned()];
        let keep = Retention { keep_last: 1, keep_tags, ..Retention::KEEP_EVERYTHING };
        plan.groups.values_mut().for_each(|group| group.retention = keep.clone());
        stage.set_plan(plan.clone()).await;
        let job = stage.do_job(JobKind::Forget, Some("default")).await;
        assert_eq!((job.state, job.numbers.snapshots_removed), (JobState::Succeeded, Some(1)), "{restic:?}");
        let left = ids(&stage, &restic);
        let tagged = known(&stage).await.into_iter().find(|it| it.tags.contains(&"pinned".to_owned()));
        assert!(left.len() == 2 && left.contains(&tagged.unwrap().id), "{restic:?}");

        // Tags alone are no policy.
        let alone = Retention { keep_last: 0, ..keep };
        plan.groups.values_mut().for_each(|group| group.retention = alone.clone());
        stage.set_plan(plan).await;
        let job = stage.do_job(JobKind::Forget, Some("default")).await;
        assert_eq!((job.state, job.reason), (JobState::Skipped, Some(Reason::EmptyPolicy)), "{restic:?}");
        stage.quiet().await;
    }
}
