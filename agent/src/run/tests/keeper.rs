//! A real REST server that only appends, with every real restic: what the everyday credential may not, a keeper does by
//! each host's own policy.

use std::time::Duration;

use wire::{
    action::JobOptions,
    id::AgentId,
    job::{JobKind, JobState, Reason},
    plan::{MaintenanceTask, Plan},
};

use super::*;
use crate::{
    run::{
        JobRequest,
        stage::{
            AGENT,
            servers::{ADMIN, Servers, count_of, data_host, data_plan, login},
        },
        upkeep,
    },
    store::jobs::Job,
    world::World,
};

fn keeper_plan(servers: &Servers) -> Plan {
    let repository = |host: &str, n: u8, keep_last: u32| {
        serde_json::json!({
            "backend": { "kind": "rest", "url": servers.admin, "path": host },
            "wards": [{
                "agent": AgentId([n; 32]), "hostname": host, "revision": 1,
                "groups": { "default": {
                    "keep_last": keep_last, "keep_daily": 0, "keep_weekly": 0, "keep_monthly": 0,
                } },
            }],
        })
    };
    serde_json::from_value(serde_json::json!({
        "repositories": { "one": repository("one", 1, 1), "two": repository("two", 2, 3) },
    }))
    .unwrap()
}

/// A plan that is wrong about it gets nowhere.
async fn refused(servers: &Servers, one: &Stage, restic: &Path) {
    // It tries for 44 seconds before it says the same.
    if restic.ends_with("restic-0.14.0") {
        return;
    }
    let mut lying = data_plan(servers, "one", &one.path("src"), 1);
    lying.repositories.values_mut().for_each(|it| it.append_only = false);
    one.set_plan(lying).await;
    one.quiet().await;
    let job = one.do_job(JobKind::Forget, Some("default")).await;
    assert_eq!(job.state, JobState::Failed, "{restic:?}");
    assert!(matches!(job.reason, Some(Reason::Forbidden { .. })), "{restic:?}: {:?}", job.reason);
    assert_eq!(count_of(servers, "one", restic), 4, "{restic:?}");
}

async fn run(stage: &Stage, tasks: Vec<upkeep::Task>) -> Vec<Job> {
    let mut done = Vec::new();
    for (subject, options) in tasks {
        let request = JobRequest { subject, options, origin: wire::job::Origin::Local };
        done.push(stage.over(stage.engine.submit(request).await.unwrap()).await);
    }
    done
}

#[tokio::test]
async fn the_everyday_credential_cannot_delete_and_a_keeper_does_by_each_hosts_policy() {
    for restic in real_restics() {
        let servers = Servers::start(&["one", "two"]);
        let one = data_host(&servers, "one", 1, &restic, 1).await;
        let two = data_host(&servers, "two", 2, &restic, 3).await;
        assert_eq!(upkeep::forget_subjects(&data_plan(&servers, "one", Path::new("/x"), 1)), []);

        // The agent does not even try; and whoever has the credential is refused by the server.
        for kind in [JobKind::Forget, JobKind::Prune] {
            let group = (kind == JobKind::Forget).then_some("default");
            let job = one.do_job(kind, group).await;
            assert_eq!((job.state, job.reason), (JobState::Skipped, Some(Reason::AppendOnly)), "{restic:?}");
        }
        refused(&servers, &one, &restic).await;
        one.engine.drain(Duration::from_secs(5)).await;

        let mut keeper = Stage::of((AGENT, "keeper"), World::real(), &restic, |_| {});
        keeper.run();
        for name in ["one", "two"] {
            keeper.give_password(name, PASSWORD);
            login(&keeper, name, "keeper", ADMIN);
        }
        let plan = keeper_plan(&servers);
        keeper.set_plan(plan.clone()).await;
        keeper
            .until("both repositories are read", |jobs| {
                let read =
                    jobs.iter().filter(|job| job.subject.kind == JobKind::Stats && job.state.is_over());
                (read.count() == 2).then_some(())
            })
            .await;
        keeper.quiet().await;
        let forgets = run(&keeper, upkeep::subjects(&plan, MaintenanceTask::Forget, AGENT)).await;
        let removed: Vec<_> = forgets.iter().map(|job| (job.state, job.numbers.snapshots_removed)).collect();
        let done = JobState::Succeeded;
        assert_eq!(removed, [(done, Some(3)), (done, Some(1))], "{restic:?}: {forgets:?}");
        assert_eq!(count_of(&servers, "one", &restic), 1, "{restic:?}");
        assert_eq!(count_of(&servers, "two", &restic), 3, "{restic:?}");
        let prunes = run(&keeper, upkeep::subjects(&plan, MaintenanceTask::Prune, AGENT)).await;
        let states: Vec<_> = prunes.iter().map(|job| (job.state, job.reason.clone())).collect();
        assert_eq!(states, [(done, None), (done, None)], "{restic:?}");

        // A ward that the plan does not have, and one whose policy keeps everything.
        let options = JobOptions { ward: Some("three".to_owned()), ..JobOptions::default() };
        let subject = upkeep::forget_subjects(&plan)[0].0.clone();
        let job = run(&keeper, vec![(subject, options)]).await.remove(0);
        assert!(matches!(job.reason, Some(Reason::NotInPlan { .. })), "{restic:?}: {job:?}");
        let job = two.do_job(JobKind::Backup, Some("default")).await;
        assert_eq!(job.state, JobState::Succeeded, "{restic:?}: the host goes on as before");
        for stage in [two, keeper] {
            stage.quiet().await;
        }
    }
}
