//! A whole agent in this process, on a directory of its own, with any restic; and every restic that there is.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use agent::{
    config::Policy,
    desired::{Desk, Parts as DeskParts, Secrets, Vault},
    reach::{Proxies, knock},
    run::{Engine, JobRequest, Launcher, Parts, Patience, Reach, Reached, Settings, SubmitError},
    store::{self, Store, StoreError, jobs, logs, repositories},
    world::World,
};
use wire::{
    action::Outcome,
    identity::AgentKeys,
    job::{JobKind, Origin, Reason},
    plan::{Backend, Plan},
    seal::Secret,
    snapshot::RepositoryReadiness,
};

const PATIENCE: Duration = Duration::from_mins(1);

struct Knock(Proxies);

impl Reach for Knock {
    fn reach<'a>(&'a self, backend: &'a Backend) -> Reached<'a> {
        Box::pin(knock(backend, &self.0))
    }
}

/// One agent on one directory, as it comes up.
pub struct Agent {
    pub store: Store,
    pub engine: Engine,
    desk: Desk,
    running: tokio::task::JoinHandle<()>,
}

impl Agent {
    pub fn start(dir: &Path, restic: &Path, keys: AgentKeys) -> Self {
        let world = World::real();
        // As at an endpoint: its own directory is there before anything is backed up, and never is itself.
        std::fs::create_dir_all(dir.join("data")).unwrap();
        let database = dir.join("agent.db");
        let store = Store::open(&database, keys.id()).unwrap();
        let reader = store::read_only(&database).unwrap();
        let kept = store::secrets::any(&reader).unwrap();
        let vault = Vault::load_or_make(&dir.join("vault.key"), keys.id(), kept, &mut world.rng()).unwrap();
        let secrets = Arc::new(Secrets::new(Ok(vault), reader));
        let (engine, task) = Engine::new(Parts {
            world: world.clone(),
            store: store.clone(),
            secrets: secrets.clone(),
            reach: Arc::new(Knock(Proxies::default())),
            settings: Settings {
                hostname: "testhost".to_owned(),
                restic: Some(restic.to_owned()),
                data: dir.join("data"),
                cache: dir.join("cache"),
                own_files: Vec::new(),
                restore_below: Vec::new(),
                launcher: Launcher::Direct,
                patience: Patience::default(),
            },
        });
        let running = tokio::spawn(task.run());
        let desk = Desk::new(DeskParts {
            world,
            store: store.clone(),
            keys,
            secrets,
            policy: Policy::default(),
            plan_file: dir.join("plan.toml"),
            engine: Some(engine.clone()),
        });
        Self { store, engine, desk, running }
    }

    pub async fn stop(self) {
        self.engine.drain(Duration::from_secs(20)).await;
        self.running.await.unwrap();
    }

    pub async fn set_plan(&self, base: u64, plan: Plan) {
        let outcome = self.desk.set_plan_here(base, plan, None).await.unwrap();
        assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}");
    }

    pub async fn set_password(&self, password: &str) {
        self.set_secret("repository/main/password", password).await;
    }

    pub async fn set_secret(&self, slot: &str, value: &str) {
        let outcome = self.desk.set_secret_here(slot.parse().unwrap(), Secret::new(value)).await.unwrap();
        assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}");
    }

    /// The first job of the kind after so many, once it is over.
    pub async fn after(&self, kind: JobKind, before: usize) -> jobs::Job {
        self.until(&format!("{kind:?} after {before}"), |jobs| {
            let mut oldest_first = jobs.iter().rev().filter(|job| job.subject.kind == kind);
            oldest_first.nth(before).filter(|job| job.state.is_over()).cloned()
        })
        .await
    }

    pub async fn count(&self, kind: JobKind) -> usize {
        self.jobs().await.iter().filter(|job| job.subject.kind == kind).count()
    }

    pub async fn backup(&self) -> jobs::Job {
        self.perform(JobKind::Backup).await
    }

    /// Asks for a job of the repository, or of the group where it is a backup, and waits for its end.
    pub async fn perform(&self, kind: JobKind) -> jobs::Job {
        let group = (kind == JobKind::Backup).then(|| "default".parse().unwrap());
        let request = JobRequest::new(kind, "main".parse().unwrap(), group, Origin::Local);
        let id = match self.engine.submit(request).await {
            Ok(id) | Err(SubmitError::AlreadyWaiting(id)) => id,
            Err(error) => panic!("{error}"),
        };
        self.until(&format!("{kind:?} {id}"), |jobs| {
            jobs.iter().find(|job| job.id == id && job.state.is_over()).cloned()
        })
        .await
    }

    pub async fn state(&self) -> (RepositoryReadiness, Option<Reason>) {
        let name = "main".parse().unwrap();
        let row =
            self.store.read::<_, StoreError>(move |connection| repositories::get(connection, &name)).await;
        let row = row.unwrap().unwrap();
        (row.readiness, row.reason)
    }

    pub async fn jobs(&self) -> Vec<jobs::Job> {
        self.store.read::<_, StoreError>(|connection| jobs::latest(connection, None, 1000)).await.unwrap()
    }

    pub async fn until<T>(&self, what: &str, look: impl Fn(&[jobs::Job]) -> Option<T>) -> T {
        let mut commits = self.store.commits();
        let wait = async {
            loop {
                commits.borrow_and_update();
                if let Some(found) = look(&self.jobs().await) {
                    return found;
                }
                commits.changed().await.unwrap();
            }
        };
        if let Ok(found) = tokio::time::timeout(PATIENCE, wait).await {
            return found;
        }
        panic!("{what}: not within {PATIENCE:?}; the jobs are {:#?}", self.jobs().await)
    }
    pub async fn log(&self, job: wire::id::JobId) -> String {
        let lines =
            self.store.read::<_, StoreError>(move |connection| logs::lines(connection, job, 0, 10_000)).await;
        lines.unwrap().into_iter().map(|line| line.text).collect::<Vec<_>>().join("\n")
    }
}

/// Always the same ones.
pub fn keys() -> AgentKeys {
    AgentKeys::generate(&mut World::fake(wire::id::UnixMs(0), 3).0.rng())
}

pub fn real_restics() -> Vec<PathBuf> {
    let rig = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.rig/bin");
    let mut found: Vec<PathBuf> = std::fs::read_dir(rig)
        .map(|entries| entries.filter_map(|entry| Some(entry.ok()?.path())).collect())
        .unwrap_or_default();
    found.retain(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("restic-")));
    found.sort();
    if found.is_empty() {
        found.push("/usr/bin/restic".into());
    }
    found
}
