//! Repositories of other hosts: one that is lent for a restore, and one whose host is gone.

use wire::id::AgentId;

use super::*;
use crate::{store::repositories, world::World};

/// A host that has nothing to do with the repository but what was lent to it.
async fn borrower(restic: &Path) -> Stage {
    let mut stage = Stage::of((AgentId([8; 32]), "other"), World::real(), restic, |_| {});
    stage.run();
    stage.set_plan(wire::plan::Plan::default()).await;
    stage
}

/// What the other host sealed, of the repository at `path`.
fn credential(job: wire::id::JobId, path: &Path) -> wire::restore::LentCredential {
    wire::restore::LentCredential {
        job,
        source: AgentId([9; 32]),
        repository: "main".parse().unwrap(),
        backend: serde_json::from_value(json!({ "kind": "local", "path": path })).unwrap(),
        password: PASSWORD.to_owned(),
        login: None,
        environment: std::collections::BTreeMap::new(),
    }
}

#[tokio::test]
async fn what_another_host_lends_serves_once_and_is_forgotten() {
    for restic in real_restics() {
        let case = Case::new(&restic, |_| ()).await;
        let stage = borrower(&restic).await;
        let id = stage.world.job_id();
        let mut restore = case.wanted(case.to("borrowed"), &[]);
        restore.ownership = wire::restore::Ownership::Drop;
        let source = AgentId([9; 32]);
        restore.lent = Some(
            serde_json::from_value(json!({ "source": source, "source_name": "web", "job": id, "box": "" }))
                .unwrap(),
        );
        stage.engine.lend(credential(id, &case.stage.path("repo")));
        let options = JobOptions { restore: Some(Box::new(restore.clone())), ..JobOptions::default() };
        let mut request = Stage::request(JobKind::Restore, None);
        request.options = options;
        assert_eq!(
            stage.engine.submit(request.clone()).await.unwrap(),
            id,
            "the job has the id it was lent for"
        );
        let job = stage.over(id).await;
        let log = stage.log_text(id).await;
        assert_eq!((job.state, &job.reason), (JobState::Succeeded, &None), "{restic:?}: {log}");
        assert_eq!(fs::read(case.back("borrowed", OsStr::new("one.txt"))).unwrap(), b"one");
        assert!(log.contains("From web's repository main"), "{log}");
        stage.quiet().await;
        let known = stage.store.read::<_, StoreError>(|connection| {
            let name = "main".parse().unwrap();
            Ok((repositories::get(connection, &name)?, snapshots::all(connection, &name)?))
        });
        let (row, listed) = known.await.unwrap();
        assert!(row.is_none() && listed.is_empty(), "{restic:?}: {row:?}");
        assert!(!stage.path("cache").join(format!("lent-{id}")).exists(), "{restic:?}");

        // Another job has nothing of it, nor has this one again.
        let mut again = async |job| {
            let restore = request.options.restore.as_mut().unwrap();
            restore.target = case.to("again");
            restore.lent.as_mut().unwrap().job = job;
            stage.engine.submit(request.clone()).await.unwrap();
            stage.over(job).await.reason
        };
        let gone = Reason::LentGone { source: "web".to_owned() };
        assert_eq!(again(stage.world.job_id()).await, Some(gone), "{restic:?}");

        // A directory of the other machine that this one does not have.
        let other = stage.world.job_id();
        stage.engine.lend(credential(other, &stage.path("elsewhere")));
        let reason = again(other).await;
        let Some(Reason::Unreachable { message, .. }) = &reason else { panic!("{restic:?}: {reason:?}") };
        assert!(message.contains("where web has it"), "{restic:?}: {message}");
    }
}

#[tokio::test]
async fn a_host_that_took_anothers_place_goes_on_with_its_snapshots() {
    for restic in real_restics() {
        let case = Case::new(&restic, |_| ()).await;
        // The same repository, at a host of another name.
        let mut stage = Stage::of((AgentId([8; 32]), "new"), World::real(), &restic, |_| {});
        stage.run();
        stage.give_password("main", PASSWORD);
        let mut plan = case.stage.simple_plan(&[&case.src]);
        plan.hostname = Some(HOST.to_owned());
        let group = plan.groups.values_mut().next().unwrap();
        group.retention = wire::plan::Retention { keep_last: 1, ..wire::plan::Retention::KEEP_EVERYTHING };
        stage.set_plan(plan).await;
        let job = stage.do_job(JobKind::Backup, Some("default")).await;
        assert_eq!(job.state, JobState::Succeeded, "{restic:?}: {:?}", job.reason);
        stage.quiet().await;
        let job = stage.do_job(JobKind::Forget, Some("default")).await;
        let log = stage.log_text(job.id).await;
        assert_eq!(
            (job.state, job.numbers.snapshots_removed),
            (JobState::Succeeded, Some(1)),
            "{restic:?}: {log}"
        );
        let left = by_hand(&case.stage, &restic, &["snapshots", "--json"]);
        assert!(left.contains(&format!("\"hostname\":\"{HOST}\"")) && !left.contains("\"new\""), "{left}");
        stage.quiet().await;
    }
}
