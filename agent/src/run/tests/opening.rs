//! Init and probe on every real restic.

use wire::{
    id::UnixMs,
    job::{JobKind, JobState, Reason},
    journal::Kind,
    snapshot::RepositoryReadiness,
};

use super::*;
use crate::{
    run::stage::main_repository,
    store::{StoreError, repositories, repositories::Repository, snapshots},
};

async fn known(stage: &Stage) -> Option<Repository> {
    stage
        .store
        .read::<_, StoreError>(|connection| repositories::get(connection, &main_repository()))
        .await
        .unwrap()
}

#[tokio::test]
async fn a_new_repository_is_made_by_itself_and_one_that_is_there_is_taken_over() {
    for restic in real_restics() {
        let mut stage = Stage::bare(&restic);
        let src = source(&stage);
        stage.run();
        // Without its password nothing can be done, and that is said.
        stage.set_plan(stage.simple_plan(&[&src])).await;
        stage.until("a secret is missing", |_| Some(())).await;
        while known(&stage).await.is_none() {
            tokio::task::yield_now().await;
        }
        assert_eq!(known(&stage).await.unwrap().readiness, RepositoryReadiness::NeedsSecret);
        assert!(stage.jobs().await.is_empty());

        stage.give_password("main", PASSWORD);
        stage.engine.wake();
        stage
            .until("its numbers are read", |jobs| {
                jobs.iter().any(|job| job.subject.kind == JobKind::Stats && job.state.is_over()).then_some(())
            })
            .await;
        let jobs = stage.quiet().await;
        let mut kinds: Vec<_> = jobs.iter().map(|job| (job.subject.kind, job.state)).collect();
        kinds.sort_unstable();
        let done = JobState::Succeeded;
        assert_eq!(
            kinds,
            [(JobKind::Init, done), (JobKind::Snapshots, done), (JobKind::Stats, done)],
            "{restic:?}"
        );
        let row = known(&stage).await.unwrap();
        assert_eq!((row.readiness, row.reason), (RepositoryReadiness::Ready, None));
        assert_eq!(row.restic_id.unwrap().len(), 64);
        assert_eq!(row.numbers.unwrap().snapshots, 0);

        let made = stage.do_job(JobKind::Backup, Some("default")).await;
        assert_eq!(made.state, JobState::Succeeded);
        another_agent_takes_it_over(&restic, &stage).await;
    }
}

/// Another agent, which has never seen the repository: init again is success, and what is there is adopted.
async fn another_agent_takes_it_over(restic: &Path, first: &Stage) {
    let mut other = Stage::real(restic);
    let mut plan = other.simple_plan(&[Path::new("/nowhere")]);
    plan.repositories = serde_json::from_value(serde_json::json!({
        "main": { "backend": { "kind": "local", "path": first.path("repo") } }
    }))
    .unwrap();
    other.give_password("main", PASSWORD);
    other.set_plan(plan).await;
    other.run();
    other
        .until("its numbers are read", |jobs| {
            jobs.iter().any(|job| job.subject.kind == JobKind::Stats && job.state.is_over()).then_some(())
        })
        .await;
    let jobs = other.quiet().await;
    assert!(jobs.iter().all(|job| job.state == JobState::Succeeded), "{jobs:#?}");
    let adopted = other
        .store
        .read::<_, StoreError>(|connection| snapshots::all(connection, &main_repository()))
        .await
        .unwrap();
    assert_eq!(adopted.len(), 1);
    let records = other.records().await;
    assert!(
        records
            .iter()
            .any(|(kind, body)| *kind == Kind::Snapshots && body["added"][0]["id"] == adopted[0].id)
    );
}

#[tokio::test]
async fn a_wrong_password_and_a_place_that_is_not_ours_are_told() {
    for restic in real_restics() {
        let mut stage = Stage::real(&restic);
        let src = source(&stage);
        stage.run();
        stage.plan(&[&src]).await;
        stage.until("init is over", |jobs| jobs.iter().any(|job| job.state.is_over()).then_some(())).await;
        stage.quiet().await;

        // A new revision of the secret makes the agent look again by itself.
        let before = stage.jobs().await.len();
        stage.give_password("main", "wrong");
        stage.engine.wake();
        let probe = stage
            .until("the new password is probed", |jobs| {
                (jobs.len() > before && jobs[0].state.is_over()).then(|| jobs[0].clone())
            })
            .await;
        assert_eq!((probe.subject.kind, probe.state), (JobKind::Probe, JobState::Failed), "{restic:?}");
        assert_eq!(probe.reason, Some(Reason::WrongPassword), "{restic:?}");
        assert_eq!(known(&stage).await.unwrap().readiness, RepositoryReadiness::Unusable);
        let backup = stage.do_job(JobKind::Backup, Some("default")).await;
        assert_eq!((backup.state, backup.reason), (JobState::Failed, Some(Reason::WrongPassword)));
        assert_eq!(backup.attempt, 1);

        let mut other = Stage::bare(&restic);
        std::fs::create_dir(other.path("repo")).unwrap();
        std::fs::write(other.path("repo/photo.jpg"), "x").unwrap();
        other.plan(&[&src]).await;
        other.run();
        let init =
            other.until("init is over", |jobs| jobs.iter().find(|job| job.state.is_over()).cloned()).await;
        assert_eq!(init.state, JobState::Failed);
        assert!(matches!(init.reason, Some(Reason::RepositoryNotOurs { .. })), "{:?}", init.reason);
        assert_eq!(std::fs::read_dir(other.path("repo")).unwrap().count(), 1, "nothing was written there");
    }
}

#[tokio::test]
async fn once_ready_a_missing_repository_is_an_error_and_never_made_again() {
    for restic in real_restics() {
        let mut stage = Stage::real(&restic);
        let src = source(&stage);
        stage.run();
        stage.plan(&[&src]).await;
        stage.until("init is over", |jobs| jobs.iter().any(|job| job.state.is_over()).then_some(())).await;
        stage.quiet().await;
        std::fs::rename(stage.path("repo"), stage.path("unmounted")).unwrap();
        for (kind, group) in [
            (JobKind::Probe, None),
            (JobKind::Init, None),
            (JobKind::Backup, Some("default")),
            (JobKind::Snapshots, None),
        ] {
            let job = stage.do_job(kind, group).await;
            assert_eq!(
                (job.state, job.reason),
                (JobState::Failed, Some(Reason::RepositoryMissing)),
                "{restic:?} {kind:?}"
            );
            let retry = stage.jobs().await.into_iter().find(|job| !job.state.is_over());
            if let Some(retry) = retry {
                stage.engine.cancel(retry.id, "test").await.unwrap();
            }
        }
        // Another name for the same destination changes nothing about that.
        let mut plan = stage.simple_plan(&[&src]);
        plan.repositories = std::mem::take(&mut plan.repositories)
            .into_values()
            .map(|mut repository| {
                let path = format!("{}//./", stage.path("repo").display());
                repository.backend = wire::plan::Backend::Local { path };
                ("renamed".parse().unwrap(), repository)
            })
            .collect();
        plan.groups.clear();
        stage.give_password("renamed", PASSWORD);
        stage.set_plan(plan).await;
        let probe = stage
            .until("it is looked at under its new name", |jobs| {
                jobs.iter()
                    .find(|job| job.subject.repository.as_str() == "renamed" && job.state.is_over())
                    .cloned()
            })
            .await;
        assert_eq!((probe.subject.kind, probe.reason), (JobKind::Probe, Some(Reason::RepositoryMissing)));
        for retry in stage.jobs().await.into_iter().filter(|job| !job.state.is_over()) {
            stage.engine.cancel(retry.id, "test").await.unwrap();
        }
        assert!(!stage.path("repo").exists(), "{restic:?} made it again");
        stage.set_plan(stage.simple_plan(&[&src])).await;
        std::fs::rename(stage.path("unmounted"), stage.path("repo")).unwrap();
        let job = stage.do_job(JobKind::Probe, None).await;
        assert_eq!(job.state, JobState::Succeeded);
        assert_eq!(known(&stage).await.unwrap().readiness, RepositoryReadiness::Ready);
        assert!(known(&stage).await.unwrap().checked_at > Some(UnixMs(0)));
    }
}

#[tokio::test]
async fn one_that_is_gone_is_made_anew_only_where_a_person_wants_it_and_nothing_stands() {
    for restic in real_restics() {
        let mut stage = Stage::real(&restic);
        let src = source(&stage);
        stage.run();
        stage.plan(&[&src]).await;
        assert_eq!(stage.do_job(JobKind::Backup, Some("default")).await.state, JobState::Succeeded);
        stage.quiet().await;
        let first = known(&stage).await.unwrap().restic_id.unwrap();
        let anew = async || {
            let mut request = Stage::request(JobKind::Init, None);
            request.options.anew = true;
            let id = stage.engine.submit(request).await.unwrap();
            stage.over(id).await
        };

        // While it stands it is not touched, and goes on being used.
        let job = anew().await;
        assert!(
            matches!(&job.reason, Some(Reason::RepositoryNotOurs { message }) if message.contains("still holds")),
            "{restic:?}: {:?}",
            job.reason
        );
        assert_eq!((job.state, snapshot_count(&stage, &restic)), (JobState::Failed, 1), "{restic:?}");
        assert_eq!(known(&stage).await.unwrap().readiness, RepositoryReadiness::Ready, "{restic:?}");

        std::fs::remove_dir_all(stage.path("repo")).unwrap();
        assert_eq!(stage.do_job(JobKind::Init, None).await.reason, Some(Reason::RepositoryMissing));
        for retry in stage.jobs().await.into_iter().filter(|job| !job.state.is_over()) {
            stage.engine.cancel(retry.id, "test").await.unwrap();
        }
        let job = anew().await;
        assert_eq!((job.state, &job.reason), (JobState::Succeeded, &None), "{restic:?}");
        stage.quiet().await;
        let row = known(&stage).await.unwrap();
        assert!(row.readiness == RepositoryReadiness::Ready && row.restic_id.unwrap() != first);
        let listed = stage
            .store
            .read::<_, StoreError>(|connection| snapshots::all(connection, &main_repository()))
            .await
            .unwrap();
        assert!(listed.is_empty(), "{restic:?}: what was there is gone: {listed:?}");
        assert_eq!(stage.do_job(JobKind::Backup, Some("default")).await.state, JobState::Succeeded);
        assert_eq!(stage.do_job(JobKind::Forget, Some("default")).await.reason, None, "{restic:?}");
        stage.quiet().await;
    }
}
