//! Copies to a second repository with every real restic, by wish and after each backup.

use serde_json::Value;
use wire::{
    id::RepositoryName,
    job::{JobKind, JobState, Origin, Reason},
    plan::{Plan, Retention},
    seal::SecretSlot,
};

use super::*;
use crate::{
    run::{JobRequest, stage::main_repository},
    store::{StoreError, holds, jobs::Job, own, snapshots},
};

fn second() -> RepositoryName {
    "second".parse().unwrap()
}

fn two_repositories(stage: &Stage, src: &Path) -> Plan {
    let mut plan = stage.simple_plan(&[src]);
    let backend = serde_json::from_value(serde_json::json!({ "kind": "local", "path": stage.path("repo2") }));
    plan.repositories.insert(second(), wire::plan::Repository::new(backend.unwrap()));
    plan
}

/// With two snapshots in the first repository; the second has another password.
async fn filled(restic: &Path) -> (Stage, std::path::PathBuf) {
    let mut stage = Stage::real(restic);
    let src = source(&stage);
    stage.run();
    stage.plan(&[&src]).await;
    for n in 0..2 {
        std::fs::write(src.join("n.txt"), n.to_string()).unwrap();
        let job = stage.do_job(JobKind::Backup, Some("default")).await;
        assert_eq!((job.state, &job.reason), (JobState::Succeeded, &None), "{restic:?}");
    }
    stage.quiet().await;
    (stage, src)
}

fn copy() -> JobRequest {
    let mut request = Stage::request(JobKind::Copy, Some("default"));
    request.options.to = Some(second());
    request
}

async fn listed(stage: &Stage) -> Vec<wire::snapshot::Snapshot> {
    stage.store.read::<_, StoreError>(|connection| snapshots::all(connection, &second())).await.unwrap()
}

fn at_second(stage: &Stage, restic: &Path, args: &[&str]) -> String {
    let mut command = hand(stage, restic);
    command.env("RESTIC_REPOSITORY", stage.path("repo2")).env("RESTIC_PASSWORD", "another-secret");
    let output = command.args(args).output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn polynomial(config: &str) -> serde_json::Value {
    serde_json::from_str::<serde_json::Value>(config).unwrap()["chunker_polynomial"].clone()
}

#[tokio::test]
async fn a_copy_brings_a_groups_snapshots_over_once() {
    for restic in real_restics() {
        let (stage, src) = filled(&restic).await;
        by_hand(&stage, &restic, &["backup", "--host", HOST, "--tag", "other", src.to_str().unwrap()]);
        stage.give_password("second", "another-secret");
        stage.set_plan(two_repositories(&stage, &src)).await;
        stage
            .until("the second is made", |jobs| {
                jobs.iter().find(|it| it.subject.repository == second()).cloned()
            })
            .await;
        stage.quiet().await;
        let id = stage.engine.submit(copy()).await.unwrap();
        let job = stage.over(id).await;
        assert_eq!((job.state, &job.reason), (JobState::Succeeded, &None), "{restic:?}");
        assert_eq!(job.numbers.snapshots_copied, Some(2), "{restic:?}");
        let there = listed(&stage).await;
        assert_eq!(there.len(), 2, "{restic:?}: the list precedes the end of the job");
        let jobs = stage.quiet().await;
        let numbers =
            |it: &Job| it.subject.kind == JobKind::Stats && it.origin == Origin::Follow { job: Some(id) };
        assert_eq!(jobs.iter().find(|it| numbers(it)).unwrap().subject.repository, second());

        // They are this host's own there: nothing is in doubt, and nothing holds retention back.
        let known = stage.store.read::<_, StoreError>(own::all).await.unwrap();
        assert!(there.iter().all(|it| known.has(&it.id) && it.doubt.is_none()), "{restic:?}: {there:?}");
        let held = stage.store.read::<_, StoreError>(holds::all).await.unwrap();
        assert!(held.iter().all(|hold| hold.repository.as_ref() != Some(&second())), "{restic:?}: {held:?}");

        let again = stage.engine.submit(copy()).await.unwrap();
        let again = stage.over(again).await;
        assert_eq!(
            (again.state, again.numbers.snapshots_copied),
            (JobState::Succeeded, Some(0)),
            "{restic:?}"
        );
        at_second(&stage, &restic, &["check"]);
        stage.quiet().await;
    }
}

#[tokio::test]
async fn each_new_snapshot_follows_its_group_and_takes_along_what_was_left_behind() {
    for restic in real_restics() {
        let (stage, src) = filled(&restic).await;
        let mut plan = two_repositories(&stage, &src);
        plan.groups.values_mut().for_each(|group| group.copy_to = Some(second()));
        // No password yet: the first copy cannot be made.
        stage.set_plan(plan).await;
        let backup = stage.do_job(JobKind::Backup, Some("default")).await;
        let of = |backup: &Job| {
            let id = backup.id;
            move |jobs: &[Job]| {
                jobs.iter()
                    .find(|it| {
                        it.origin == Origin::Follow { job: Some(id) }
                            && it.subject.kind == JobKind::Copy
                            && it.state.is_over()
                    })
                    .cloned()
            }
        };
        let failed = stage.until("the copy is over", of(&backup)).await;
        let slot = SecretSlot::RepositoryPassword(second()).to_string();
        assert_eq!(failed.reason, Some(Reason::SecretMissing { slot }), "{restic:?}");
        assert_eq!(failed.options.snapshots.len(), 1, "only the new one");

        stage.give_password("second", "another-secret");
        stage.engine.wake();
        let backup = stage.do_job(JobKind::Backup, Some("default")).await;
        let copied = stage.until("the copy is over", of(&backup)).await;
        assert_eq!((copied.state, &copied.reason), (JobState::Succeeded, &None), "{restic:?}");
        assert_eq!(
            (copied.options.snapshots.len(), copied.numbers.snapshots_copied),
            (2, Some(2)),
            "{restic:?}"
        );

        let backup = stage.do_job(JobKind::Backup, Some("default")).await;
        let copied = stage.until("the copy is over", of(&backup)).await;
        assert_eq!(
            (copied.options.snapshots.len(), copied.numbers.snapshots_copied),
            (1, Some(1)),
            "{restic:?}"
        );
        stage.quiet().await;
        assert_eq!(listed(&stage).await.len(), 3, "{restic:?}");
        // It was made to be copied to, so it cuts files as the first one does.
        let same = polynomial(&by_hand(&stage, &restic, &["cat", "config"]));
        assert_eq!(polynomial(&at_second(&stage, &restic, &["cat", "config"])), same, "{restic:?}");
    }
}

#[tokio::test]
async fn a_copy_that_cannot_be_is_told() {
    let restic = real_restics().pop().unwrap();
    let (stage, src) = filled(&restic).await;
    let id = stage.engine.submit(copy()).await.unwrap();
    assert!(
        matches!(stage.over(id).await.reason, Some(Reason::NotInPlan { what }) if what == "repository second")
    );

    let mut nowhere = copy();
    nowhere.options.to = Some(main_repository());
    let id = stage.engine.submit(nowhere).await.unwrap();
    assert!(matches!(stage.over(id).await.reason, Some(Reason::NotInPlan { .. })));

    let mut named = copy();
    named.options.snapshots = vec!["ffffffff".to_owned()];
    stage.give_password("second", "another-secret");
    stage.set_plan(two_repositories(&stage, &src)).await;
    let id = stage.engine.submit(named).await.unwrap();
    let job = stage.over(id).await;
    assert_eq!((job.state, job.numbers.snapshots_copied), (JobState::Succeeded, Some(0)));
    assert!(stage.log_text(id).await.contains("The snapshot ffffffff is not there any more"));
}

/// What a copy that came to no end had brought over is this host's own all the same.
#[tokio::test]
async fn what_was_copied_before_the_end_is_known_by_the_next_copy() {
    let restic = real_restics().pop().unwrap();
    let (stage, src) = filled(&restic).await;
    stage.give_password("second", PASSWORD);
    stage.set_plan(two_repositories(&stage, &src)).await;
    stage
        .until("the second is made", |jobs| jobs.iter().find(|it| it.subject.repository == second()).cloned())
        .await;
    stage.quiet().await;
    let mut unseen = hand(&stage, &restic);
    unseen.env("RESTIC_REPOSITORY", stage.path("repo2")).env("RESTIC_FROM_REPOSITORY", stage.path("repo"));
    assert!(unseen.env("RESTIC_FROM_PASSWORD", PASSWORD).arg("copy").output().unwrap().status.success());
    let id = stage.engine.submit(copy()).await.unwrap();
    let job = stage.over(id).await;
    assert_eq!((job.state, job.numbers.snapshots_copied), (JobState::Succeeded, Some(0)));
    let known = stage.store.read::<_, StoreError>(own::all).await.unwrap();
    let there = listed(&stage).await;
    assert_eq!(there.len(), 2);
    assert!(there.iter().all(|it| known.has(&it.id) && it.doubt.is_none()), "{there:?}");
}

/// What bears our name at the source is not believed at the destination for having been copied there.
#[tokio::test]
async fn a_forged_snapshot_is_not_copied_and_pushes_nothing_out_at_the_destination() {
    for restic in real_restics() {
        let (stage, src) = filled(&restic).await;
        let mut plan = two_repositories(&stage, &src);
        let keep = Retention { keep_last: 2, ..Retention::KEEP_EVERYTHING };
        plan.groups
            .values_mut()
            .for_each(|group| (group.retention, group.copy_to) = (keep.clone(), Some(second())));
        stage.give_password("second", "another-secret");
        stage.set_plan(plan).await;
        by_hand(
            &stage,
            &restic,
            &["backup", "--host", HOST, "--tag", "default", "--exclude=*", src.to_str().unwrap()],
        );
        let forged = by_hand(&stage, &restic, &["snapshots", "--json", "latest"]);
        let forged: Vec<Value> = serde_json::from_str(&forged).unwrap();
        let forged = forged[0]["id"].as_str().unwrap().to_owned();

        let id = stage.engine.submit(copy()).await.unwrap();
        let job = stage.over(id).await;
        assert_eq!((job.state, job.numbers.snapshots_copied), (JobState::Succeeded, Some(2)), "{restic:?}");
        let said = format!("The snapshot {} is not copied: it is in doubt", &forged[..8]);
        assert!(stage.log_text(id).await.contains(&said), "{restic:?}");
        let there = listed(&stage).await;

        let mut named = copy();
        named.options.snapshots = vec![forged.clone()];
        let id = stage.engine.submit(named).await.unwrap();
        let job = stage.over(id).await;
        let reason = Reason::NotCopied { snapshots: vec![forged[..8].to_owned()] };
        assert_eq!((job.state, job.reason), (JobState::Incomplete, Some(reason)), "{restic:?}");

        let group = Some("default".parse().unwrap());
        let forget = JobRequest::new(JobKind::Forget, second(), group, Origin::Local);
        let id = stage.engine.submit(forget).await.unwrap();
        let job = stage.over(id).await;
        assert_eq!((job.state, job.numbers.snapshots_removed), (JobState::Succeeded, Some(0)), "{restic:?}");
        stage.quiet().await;
        assert_eq!(listed(&stage).await, there, "{restic:?}");
        assert_eq!(there.len(), 2, "{restic:?}");
    }
}
