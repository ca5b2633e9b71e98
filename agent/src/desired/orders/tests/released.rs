//! The admin credential of a repository that only appends, released to a data host: used for one forget and one prune,
//! in memory alone, once. With a real REST server and every real restic.

#![allow(clippy::disallowed_methods, reason = "tests start real processes and wait for real time")]

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use wire::{
    action::{JobOptions, SealedSecret},
    identity::AgentKeys,
    job::{JobState, Reason},
    seal::SecretSlot,
};

use super::*;
use crate::{
    desired::{Desk, Parts, Secrets, Vault},
    run::stage::{
        Stage, real_restics,
        servers::{ADMIN, Servers, count_of, data_host},
    },
};

const MINUTE_MS: i64 = 60_000;

fn desk(stage: &Stage) -> Desk {
    let keys = AgentKeys::generate(&mut stage.world.rng());
    let vault = Vault::load_or_make(&stage.path("data/vault.key"), keys.id(), false, &mut stage.world.rng());
    let reader = crate::store::read_only(&stage.path("data/agent.db")).unwrap();
    Desk::new(Parts {
        world: stage.world.clone(),
        store: stage.store.clone(),
        keys,
        secrets: std::sync::Arc::new(Secrets::new(vault.map_err(|error| error.to_string()), reader)),
        policy: Policy::default(),
        plan_file: stage.path("data/plan.toml"),
        engine: Some(stage.engine.clone()),
    })
}

fn admin(fleet: &Fleet, desk: &Desk, servers: &Servers) -> SealedSecret {
    let slot: SecretSlot = "repository/main/admin".parse().unwrap();
    let value = serde_json::json!({ "user": "keeper", "password": ADMIN, "url": servers.admin }).to_string();
    let keys = desk.keys();
    let context = BoxContext::to_agent(fleet.kit.fleet(), keys.id(), keys.seal_key(), &slot, 1);
    let sealed = seal::seal(&context, value.as_bytes(), &mut fleet.world.rng()).unwrap();
    SealedSecret { slot, revision: 1, sealed: sealed.into() }
}

fn release(fleet: &Fleet, desk: &Desk, servers: &Servers) -> Order {
    let secret = admin(fleet, desk, servers);
    let action = Action::Release { repository: "main".parse().unwrap(), secret };
    Order { expires_at: START.plus_ms(10 * MINUTE_MS), ..fleet.order(desk.agent(), action) }
}

async fn give(fleet: &Fleet, desk: &Desk, order: &Order, number: u64) -> Receipt {
    receipt(desk.order(&fleet.ledger(), fleet.dispatch(order, &fleet.admin, number), START).await)
}

/// Everything that lies on the host's disk, with the credential in it.
fn on_disk(stage: &Stage) -> Vec<PathBuf> {
    fn files(dir: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => files(&entry.path(), found),
                Ok(kind) if kind.is_file() => found.push(entry.path()),
                _ => {}
            }
        }
    }
    let mut found = Vec::new();
    files(stage.dir.path(), &mut found);
    assert!(found.iter().any(|path| path.ends_with("agent.db-wal")), "the database is looked through");
    // Some go while we look: what is gone says nothing.
    let holds = |path: &PathBuf| {
        let bytes = fs::read(path).unwrap_or_default();
        bytes.windows(ADMIN.len()).any(|window| window == ADMIN.as_bytes())
    };
    found.into_iter().filter(holds).collect()
}

/// Nor in what is compressed: logs, and the journal's records.
async fn is_told(stage: &Stage) -> bool {
    let mut told = stage.records().await.iter().any(|(_, body)| body.to_string().contains(ADMIN));
    for job in stage.jobs().await {
        told |= stage.log_text(job.id).await.contains(ADMIN);
    }
    told
}

/// A restic that waits before it removes anything, until it is let go.
fn waiting(stage: &Stage, restic: &Path) -> PathBuf {
    let path = stage.path("waiting");
    let script = format!(
        "#!/bin/sh\ncase \"$*\" in 'forget --json -- '*) touch '{dir}/reached'; while [ ! -e '{dir}/go' ]; do \
         sleep 0.05; done;; esac\nexec '{real}' \"$@\"\n",
        real = restic.display(),
        dir = stage.dir.path().display(),
    );
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

#[tokio::test]
async fn a_released_credential_serves_once_and_is_nowhere_on_disk() {
    for restic in real_restics() {
        let servers = Servers::start(&["one"]);
        let mut stage = data_host(&servers, "one", 1, &restic, 1).await;
        stage.engine.drain(Duration::from_secs(5)).await;
        stage.use_restic(&waiting(&stage, &restic));
        let task = stage.run();
        let (fleet, desk) = (Fleet::found(), desk(&stage));
        assert!(on_disk(&stage).is_empty());

        // Never kept, and never good for long.
        let kept = Action::SetSecret { secret: admin(&fleet, &desk, &servers) };
        let refused = give(&fleet, &desk, &fleet.order(desk.agent(), kept), 1).await;
        assert_eq!(code(&refused), Some(Code::BadSecret), "{refused:?}");
        let order = release(&fleet, &desk, &servers);
        let long = Order { expires_at: START.plus_ms(16 * MINUTE_MS), id: other_id(&fleet), ..order.clone() };
        assert_eq!(code(&give(&fleet, &desk, &long, 2).await), Some(Code::BadSecret));
        assert!(stage.jobs().await.iter().all(|job| job.state.is_over()));

        let first = give(&fleet, &desk, &order, 3).await;
        let Outcome::Accepted { jobs: begun, .. } = first.outcome.clone() else { panic!("{first:?}") };
        assert_eq!(begun.len(), 2, "a forget and a prune");
        let deadline = Instant::now() + Duration::from_secs(30);
        while !stage.path("reached").exists() {
            assert!(Instant::now() < deadline, "{:#?}", stage.jobs().await);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(on_disk(&stage), [] as [PathBuf; 0], "{restic:?}: while it is used");
        fs::write(stage.path("go"), "").unwrap();
        for (job, kind) in begun.iter().zip([JobKind::Forget, JobKind::Prune]) {
            let job = stage.over(*job).await;
            assert_eq!((job.subject.kind, job.state), (kind, JobState::Succeeded), "{restic:?}: {job:?}");
        }
        assert_eq!(count_of(&servers, "one", &restic), 1, "{restic:?}");
        stage.quiet().await;
        assert_eq!(on_disk(&stage), [] as [PathBuf; 0], "{restic:?}: afterwards");
        assert!(!is_told(&stage).await, "{restic:?}");

        // The same bytes again, by the coordinator's old number or by a new one, do nothing.
        let before = stage.jobs().await.len();
        assert_eq!(code(&give(&fleet, &desk, &order, 3).await), Some(Code::Replayed));
        let again = give(&fleet, &desk, &order, 4).await;
        assert_eq!(again.outcome, first.outcome, "the first receipt");
        assert_eq!(stage.jobs().await.len(), before, "{restic:?}");
        // And a job that claims a release finds none.
        let options = JobOptions { released: true, ..JobOptions::default() };
        let request = crate::run::JobRequest { options, ..Stage::request(JobKind::Prune, None) };
        let job = stage.over(stage.engine.submit(request).await.unwrap()).await;
        gone(job.state, job.reason);
        assert!(stage.jobs().await.iter().all(|job| job.state.is_over()), "it is not tried again");
        stage.engine.drain(Duration::from_secs(5)).await;
        task.await.unwrap();
    }
}

fn other_id(fleet: &Fleet) -> wire::id::OrderId {
    wire::id::OrderId(fleet.world.uuid())
}

#[tokio::test]
async fn after_a_restart_nothing_is_left_of_it() {
    let restic = real_restics().pop().unwrap();
    let servers = Servers::start(&["one"]);
    let mut stage = data_host(&servers, "one", 1, &restic, 1).await;
    stage.engine.drain(Duration::from_secs(5)).await;
    stage.restart();
    let (fleet, desk) = (Fleet::found(), desk(&stage));
    let order = release(&fleet, &desk, &servers);
    let Outcome::Accepted { jobs, .. } = give(&fleet, &desk, &order, 1).await.outcome else { panic!() };
    // The agent is started anew before any of them began.
    stage.restart();
    stage.run();
    for id in jobs {
        let job = stage.over(id).await;
        gone(job.state, job.reason);
    }
    assert!(stage.quiet().await.iter().all(|job| job.attempt == 1), "it is not tried again");
    assert_eq!(count_of(&servers, "one", &restic), 4);
}

fn gone(state: JobState, reason: Option<Reason>) {
    let slot = "repository/main/admin".to_owned();
    assert_eq!((state, reason), (JobState::Failed, Some(Reason::SecretMissing { slot })));
}
