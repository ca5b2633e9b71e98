//! Two agents on one repository, with every real restic: one owner prunes and checks, whatever dies, and the other says
//! who it is.

use std::{
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
    time::{Duration, Instant},
};

use wire::{
    id::AgentId,
    job::{JobKind, JobState, Reason},
    plan::{Owner, Plan},
    snapshot::HoldCause,
};

use super::*;
use crate::{
    run::{SubmitError, stage::main_repository, upkeep},
    store::{StoreError, holds, jobs, jobs::Job},
    world::World,
};

const ONE: AgentId = AgentId([1; 32]);
const TWO: AgentId = AgentId([2; 32]);

fn plan(stage: &Stage, at: &Path, owner: Option<AgentId>) -> Plan {
    let mut plan = stage.simple_plan(&[&stage.path("src")]);
    for repository in plan.repositories.values_mut() {
        repository.backend = wire::plan::Backend::Local { path: at.to_string_lossy().into_owned() };
        repository.owner = owner.map(|agent| Owner { agent, name: "first-host".to_owned() });
    }
    plan
}

/// A restic that notes when it begins and ends to prune or check, and whose prune hangs with its lock while `hang` is
/// there.
fn noting(stage: &Stage, restic: &Path, host: &str, notes: &Path) -> PathBuf {
    let path = stage.path("noting");
    let script = format!(
        "#!/bin/sh\nreal='{real}'\ncase \"$1\" in prune|check) ;; *) exec \"$real\" \"$@\";; esac\n\
         echo \"begin {host} $1\" >> '{notes}/notes'\n\
         if [ -e '{notes}/hang' ] && [ \"$1\" = prune ]; then\n\
         (until [ -n \"$(ls '{notes}/repo/locks')\" ]; do :; done; kill -STOP $$; touch '{notes}/reached') &\n\
         exec \"$real\" \"$@\"\nfi\n\
         \"$real\" \"$@\"; code=$?\necho \"end {host} $1\" >> '{notes}/notes'\nexit $code\n",
        real = restic.display(),
        notes = notes.display(),
    );
    std::fs::write(&path, script).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

async fn host(who: (AgentId, &str), restic: &Path, shared: &Path) -> Stage {
    let mut stage = Stage::of(who, World::real(), restic, |_| {});
    source(&stage);
    stage.use_restic(&noting(&stage, restic, who.1, shared));
    stage.run();
    stage.give_password("main", PASSWORD);
    stage.set_plan(plan(&stage, &shared.join("repo"), Some(ONE))).await;
    let job = stage.do_job(JobKind::Backup, Some("default")).await;
    assert_eq!((job.state, &job.reason), (JobState::Succeeded, &None), "{restic:?}");
    stage.quiet().await;
    stage
}

/// Asks for it; where it waits out a pause already, that one it is, and at once.
async fn ask(stage: &Stage, kind: JobKind) -> Job {
    let id = match stage.engine.submit(Stage::request(kind, None)).await {
        Ok(id) => id,
        Err(SubmitError::AlreadyWaiting(id)) => {
            let now = stage.world.now();
            let forward = move |tx: &crate::store::Tx<'_>| jobs::bring_forward(tx, id, now);
            stage.store.write::<_, StoreError>(forward).await.unwrap();
            stage.engine.wake();
            id
        }
        Err(error) => panic!("{error}"),
    };
    stage.over(id).await
}

async fn names_the_owner(stage: &Stage) {
    for kind in [JobKind::Prune, JobKind::Check] {
        let job = ask(stage, kind).await;
        let owner = "first-host".to_owned();
        assert_eq!((job.state, job.reason), (JobState::Skipped, Some(Reason::NotOwner { owner })));
    }
}

/// What began and did not end before the next began would stand here twice in a row.
fn never_two_at_once(shared: &Path) {
    let notes = std::fs::read_to_string(shared.join("notes")).unwrap();
    let mut open: Option<&str> = None;
    for line in notes.lines() {
        let (what, whose) = line.split_once(' ').unwrap();
        assert!(whose.starts_with("one "), "the other one did: {notes}");
        match what {
            "begin" => assert_eq!(open.replace(whose), None, "{notes}"),
            _ => assert_eq!(open.take(), Some(whose), "{notes}"),
        }
    }
}

#[tokio::test]
async fn one_owner_looks_after_a_shared_repository_whatever_dies() {
    for restic in real_restics() {
        let shared = tempfile::tempdir().unwrap();
        let shared = shared.path();
        light::lay(&shared.join("repo"));
        let mut one = host((ONE, "one"), &restic, shared).await;
        let two = host((TWO, "two"), &restic, shared).await;
        one.engine.drain(Duration::from_secs(5)).await;
        one.restart();
        let task = one.run();

        let both = async {
            for kind in [JobKind::Prune, JobKind::Check] {
                let job = ask(&one, kind).await;
                assert_eq!((job.state, job.reason), (JobState::Succeeded, None), "{restic:?}");
            }
        };
        tokio::join!(both, names_the_owner(&two));
        never_two_at_once(shared);

        // The owner dies in the middle, and its lock stays.
        std::fs::write(shared.join("hang"), "").unwrap();
        let died = one.submit(JobKind::Prune, None).await;
        let deadline = Instant::now() + Duration::from_secs(30);
        while !shared.join("reached").exists() {
            assert!(Instant::now() < deadline, "the prune does not begin");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        task.abort();
        let _ = task.await;
        std::fs::remove_file(shared.join("hang")).unwrap();
        assert!(std::fs::read_dir(shared.join("repo/locks")).unwrap().next().is_some(), "{restic:?}");
        std::fs::write(shared.join("notes"), "").unwrap();
        names_the_owner(&two).await;

        one.restart();
        one.run();
        assert_eq!(one.over(died).await.state, JobState::Interrupted, "{restic:?}");
        for kind in [JobKind::Prune, JobKind::Check] {
            let job = ask(&one, kind).await;
            assert_eq!((job.state, job.reason), (JobState::Succeeded, None), "{restic:?}: without help");
        }
        never_two_at_once(shared);
        for stage in [one, two] {
            stage.quiet().await;
            stage.engine.drain(Duration::from_secs(5)).await;
        }
    }
}

fn unclear(job: &Job) -> Vec<String> {
    match &job.reason {
        Some(Reason::OwnerUnclear { hosts }) if job.state == JobState::Skipped => hosts.clone(),
        _ => panic!("{job:?}"),
    }
}

#[tokio::test]
async fn where_nobody_or_more_than_one_owns_nobody_prunes() {
    let restic = real_restics().pop().unwrap();
    let shared = tempfile::tempdir().unwrap();
    let shared = shared.path();
    light::lay(&shared.join("repo"));
    let one = host((ONE, "one"), &restic, shared).await;
    let two = host((TWO, "two"), &restic, shared).await;
    for stage in [&one, &two] {
        stage.set_plan(plan(stage, &shared.join("repo"), None)).await;
        assert_eq!(stage.do_job(JobKind::Snapshots, None).await.state, JobState::Succeeded);
        for kind in [JobKind::Prune, JobKind::Check] {
            let mut hosts = unclear(&ask(stage, kind).await);
            hosts.sort();
            assert_eq!(hosts, ["one", "two"]);
        }
    }
    // An owner is named, but the coordinator sees another claim.
    one.set_plan(plan(&one, &shared.join("repo"), Some(ONE))).await;
    let claim = |names: &'static [&'static str]| {
        one.store.write::<_, StoreError>(move |tx| {
            let (name, at) = (main_repository(), wire::id::UnixMs(1));
            if names.is_empty() {
                holds::clear(tx, HoldCause::Claims, Some(&name), at)
            } else {
                let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
                holds::keep_claims(tx, &name, &upkeep::claimed_by(&names), names, at)
            }
        })
    };
    claim(&["a, b as well"]).await.unwrap();
    assert_eq!(unclear(&ask(&one, JobKind::Prune).await), ["a, b as well"], "a host may be called anything");
    claim(&["second-host", "third-host"]).await.unwrap();
    assert_eq!(unclear(&ask(&one, JobKind::Prune).await), ["second-host", "third-host"]);
    // It holds nothing else, and a person who confirms the plan does not lift it.
    one.store.write::<_, StoreError>(|tx| holds::clear_all(tx, wire::id::UnixMs(2))).await.unwrap();
    assert_eq!(unclear(&ask(&one, JobKind::Check).await), ["second-host", "third-host"]);
    let forget = one.do_job(JobKind::Forget, Some("default")).await;
    assert_eq!((forget.state, forget.reason), (JobState::Succeeded, None));
    claim(&[]).await.unwrap();
    assert_eq!(ask(&one, JobKind::Prune).await.state, JobState::Succeeded);
    for stage in [one, two] {
        stage.quiet().await;
        stage.engine.drain(Duration::from_secs(5)).await;
    }
}
