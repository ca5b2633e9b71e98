//! For tests: an engine on a store of its own, with a restic that the test chooses and secrets that it gives.

#[path = "../../tests/rig/light.rs"]
pub mod light;
pub mod servers;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

use tempfile::TempDir;
use wire::{
    id::{AgentId, JobId, RepositoryName, UnixMs},
    job::{JobKind, LogLine, Origin},
    journal::{Kind, PlanBy},
    plan::{Backend, Plan},
    seal::{Secret, SecretSlot},
};

use super::{
    Engine, EngineTask, JobRequest, Launcher, Parts, Patience, PingError, Pinged, Reach, Reached,
    SecretError, SecretSource, Settings, Sound, Unreachable,
};
use crate::{
    store::{Store, StoreError, jobs, jobs::Job, journal, logs, plan, ran},
    world::{FakeTime, ProcessId, World},
};

pub const AGENT: AgentId = AgentId([9; 32]);
pub const HOST: &str = "testhost";
pub use light::PASSWORD;
/// No wait of a test is longer; what was seen last is told then.
const PATIENCE: Duration = Duration::from_mins(1);

/// Secrets in memory.
#[derive(Default)]
pub struct Pockets(Mutex<BTreeMap<SecretSlot, (u64, String)>>);

impl Pockets {
    pub fn put(&self, slot: &SecretSlot, value: &str) {
        let mut held = self.0.lock().unwrap();
        let revision = held.get(slot).map_or(1, |(revision, _)| revision + 1);
        held.insert(slot.clone(), (revision, value.to_owned()));
    }
}

impl SecretSource for Pockets {
    fn secret(&self, slot: &SecretSlot) -> Result<Option<Secret>, SecretError> {
        Ok(self.0.lock().unwrap().get(slot).map(|(_, value)| Secret::new(value.as_bytes())))
    }

    fn revision(&self, slot: &SecretSlot) -> Result<Option<u64>, SecretError> {
        Ok(self.0.lock().unwrap().get(slot).map(|(revision, _)| *revision))
    }
}

/// Whether somebody answers, as the test says, and what was told to whom.
#[derive(Default)]
pub struct Doors {
    shut: Mutex<bool>,
    heard: Mutex<Vec<Heard>>,
    /// So many calls are not heard.
    deaf: Mutex<u32>,
    hang: Mutex<bool>,
    /// A knock takes so long on this clock.
    slow: Mutex<Option<(World, Duration)>>,
}

/// A ping that was heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    pub address: String,
    pub sound: Sound,
    pub text: String,
    pub attempt: u32,
}

impl Doors {
    pub fn shut(&self, shut: bool) {
        *self.shut.lock().unwrap() = shut;
    }

    pub fn deaf(&self, calls: u32) {
        *self.deaf.lock().unwrap() = calls;
    }

    pub fn hang(&self, hang: bool) {
        *self.hang.lock().unwrap() = hang;
    }

    pub fn slow(&self, world: &World, knock: Duration) {
        *self.slow.lock().unwrap() = Some((world.clone(), knock));
    }

    pub fn heard(&self) -> Vec<Heard> {
        self.heard.lock().unwrap().clone()
    }
}

impl Reach for Doors {
    fn reach<'a>(&'a self, backend: &'a Backend) -> Reached<'a> {
        let shut = *self.shut.lock().unwrap();
        let slow = self.slow.lock().unwrap().clone();
        Box::pin(async move {
            if let Some((world, knock)) = slow {
                world.sleep(knock).await;
            }
            if shut {
                Err(Unreachable { address: backend.location(), message: "nobody answers".to_owned() })
            } else {
                Ok(())
            }
        })
    }

    fn ping<'a>(&'a self, address: &'a Secret, sound: Sound, text: &'a str, attempt: u32) -> Pinged<'a> {
        Box::pin(async move {
            if *self.hang.lock().unwrap() {
                std::future::pending::<()>().await;
            }
            let mut deaf = self.deaf.lock().unwrap();
            if *deaf > 0 {
                *deaf -= 1;
                let problem = "nobody hears it".to_owned();
                return Err(PingError { host: "hc.example.org".to_owned(), problem });
            }
            let address = address.expose_text().unwrap().to_owned();
            self.heard.lock().unwrap().push(Heard { address, sound, text: text.to_owned(), attempt });
            Ok(())
        })
    }
}

pub struct Stage {
    pub dir: TempDir,
    pub store: Store,
    pub secrets: Arc<Pockets>,
    pub doors: Arc<Doors>,
    pub world: World,
    pub engine: Engine,
    settings: Settings,
    task: Option<EngineTask>,
}

impl Stage {
    /// On the real clock, with this restic and an empty repository at `repo`.
    pub fn real(restic: &Path) -> Self {
        Self::new(World::real(), restic, |_| {})
    }

    /// The same where no repository is yet: the first look makes one.
    pub fn bare(restic: &Path) -> Self {
        let stage = Self::real(restic);
        std::fs::remove_dir_all(stage.path("repo")).unwrap();
        stage
    }

    /// On a clock that the test turns; the engine does not run until [`Stage::run`].
    pub fn fake(start: UnixMs) -> (Self, FakeTime) {
        let (world, time) = World::fake(start, 1);
        (Self::new(world, Path::new("/nowhere/restic"), |_| {}), time)
    }

    pub fn new(world: World, restic: &Path, tune: impl FnOnce(&mut Patience)) -> Self {
        Self::of((AGENT, HOST), world, restic, tune)
    }

    /// Another host's.
    pub fn of(
        (agent, hostname): (AgentId, &str),
        world: World,
        restic: &Path,
        tune: impl FnOnce(&mut Patience),
    ) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let world = world.above(dir.path());
        std::fs::create_dir(dir.path().join("data")).unwrap();
        light::lay(&dir.path().join("repo"));
        let mut patience = Patience { lock_poll: Duration::from_millis(50), ..Patience::default() };
        tune(&mut patience);
        let settings = Settings {
            hostname: hostname.to_owned(),
            restic: Some(restic.to_owned()),
            data: dir.path().join("data"),
            cache: dir.path().join("cache"),
            own_files: Vec::new(),
            restore_below: Vec::new(),
            launcher: Launcher::Direct,
            patience,
        };
        let store = Store::open(&dir.path().join("data/agent.db"), agent).unwrap();
        let (secrets, doors) = (Arc::<Pockets>::default(), Arc::<Doors>::default());
        let (engine, task) = make(&world, &store, &secrets, &doors, &settings);
        Self { dir, store, secrets, doors, world, engine, settings, task: Some(task) }
    }

    /// A new engine on the same store, as after the agent was started again.
    pub fn restart(&mut self) {
        let (engine, task) = make(&self.world, &self.store, &self.secrets, &self.doors, &self.settings);
        (self.engine, self.task) = (engine, Some(task));
    }

    /// Before the engine runs.
    pub fn use_restic(&mut self, restic: &Path) {
        self.settings.restic = Some(restic.to_owned());
        self.restart();
    }

    /// Before the engine runs.
    pub fn allow_restores_below(&mut self, directory: &Path) {
        self.settings.restore_below = vec![directory.to_owned()];
        self.restart();
    }

    pub fn run(&mut self) -> tokio::task::JoinHandle<()> {
        tokio::spawn(self.task.take().expect("the engine is run once").run())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// A plan with a local repository `main` at `repo` and a group `default` of `paths`, with its password given.
    pub async fn plan(&self, paths: &[&Path]) {
        self.give_password("main", PASSWORD);
        self.set_plan(self.simple_plan(paths)).await;
    }

    pub fn simple_plan(&self, paths: &[&Path]) -> Plan {
        serde_json::from_value(serde_json::json!({
            "repositories": { "main": { "backend": { "kind": "local", "path": self.path("repo") } } },
            "groups": { "default": { "includes": paths, "retry": { "max": 0, "backoff_s": 1 } } },
        }))
        .unwrap()
    }

    pub fn give_password(&self, repository: &str, password: &str) {
        self.secrets.put(&SecretSlot::RepositoryPassword(repository.parse().unwrap()), password);
    }

    pub async fn set_plan(&self, plan: Plan) {
        let at = self.world.now();
        self.store
            .write::<_, StoreError>(move |tx| {
                let revision = plan::revision(tx)? + 1;
                plan::put(tx, &plan::LedgerPlan { revision, plan, by: PlanBy::File, at, note: None })
                    .map(drop)
            })
            .await
            .unwrap();
        self.engine.wake();
    }

    pub fn request(kind: JobKind, group: Option<&str>) -> JobRequest {
        let group = group.map(|group| group.parse().unwrap());
        JobRequest::new(kind, main_repository(), group, Origin::Local)
    }

    /// Asks for a job and waits for its end.
    pub async fn do_job(&self, kind: JobKind, group: Option<&str>) -> Job {
        let id = self.submit(kind, group).await;
        self.over(id).await
    }

    pub async fn submit(&self, kind: JobKind, group: Option<&str>) -> JobId {
        self.engine.submit(Self::request(kind, group)).await.unwrap()
    }

    pub async fn over(&self, id: JobId) -> Job {
        self.until(&format!("job {id} is over"), move |jobs| {
            jobs.iter().find(|job| job.id == id && job.state.is_over()).cloned()
        })
        .await
    }

    /// Waits until nothing is queued or running.
    pub async fn quiet(&self) -> Vec<Job> {
        self.until("nothing is open", |jobs| {
            jobs.iter().all(|job| job.state.is_over()).then(|| jobs.to_vec())
        })
        .await
    }

    /// Waits for a value in the list of jobs, newest first.
    pub async fn until<T>(&self, what: &str, look: impl Fn(&[Job]) -> Option<T>) -> T {
        let mut commits = self.store.commits();
        let wait = async {
            loop {
                commits.borrow_and_update();
                let jobs = self.jobs().await;
                if let Some(found) = look(&jobs) {
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

    /// The restic that runs for this job now, and may hold a lock: it is noted as that, and lives.
    pub async fn locking_restic(&self, job: JobId) -> ProcessId {
        let mut commits = self.store.commits();
        let wait = async {
            loop {
                commits.borrow_and_update();
                let noted =
                    self.store.read::<_, StoreError>(move |c| Ok((ran::now(c, job)?, jobs::get(c, job)?)));
                if let (Some(pid), Some(Job { process: Some(process), .. })) = noted.await.unwrap()
                    && process.pid == pid
                    && self.world.is_alive(&process)
                {
                    return process;
                }
                commits.changed().await.unwrap();
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.expect("a restic that may hold a lock")
    }

    pub async fn jobs(&self) -> Vec<Job> {
        self.store.read::<_, StoreError>(|connection| jobs::latest(connection, None, 1000)).await.unwrap()
    }

    pub async fn log(&self, job: JobId) -> Vec<LogLine> {
        self.store
            .read::<_, StoreError>(move |connection| logs::lines(connection, job, 0, 10_000))
            .await
            .unwrap()
    }

    pub async fn log_text(&self, job: JobId) -> String {
        self.log(job).await.into_iter().map(|line| line.text).collect::<Vec<_>>().join("\n")
    }

    /// (kind, body) of every record, after checking that the chain holds.
    pub async fn records(&self) -> Vec<(Kind, serde_json::Value)> {
        let rows = self
            .store
            .read::<_, journal::VerifyError>(|connection| {
                journal::verify(connection)?;
                Ok(journal::after(connection, 1, 0, 100_000)?)
            })
            .await
            .unwrap();
        rows.into_iter()
            .map(|row| {
                let body = row.body.unwrap();
                (Kind::parse(&row.kind).unwrap(), serde_json::from_slice(&body).unwrap_or_default())
            })
            .collect()
    }
}

pub fn main_repository() -> RepositoryName {
    "main".parse().unwrap()
}

fn make(
    world: &World,
    store: &Store,
    secrets: &Arc<Pockets>,
    doors: &Arc<Doors>,
    settings: &Settings,
) -> (Engine, EngineTask) {
    Engine::new(Parts {
        world: world.clone(),
        store: store.clone(),
        secrets: secrets.clone(),
        reach: doors.clone(),
        settings: settings.clone(),
    })
}

/// Every real restic that there is: the rig's, and the system's where the rig has none.
pub fn real_restics() -> Vec<PathBuf> {
    let rig = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.rig/bin");
    let named = |path: &PathBuf| {
        path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with("restic-"))
    };
    let mut found: Vec<PathBuf> = std::fs::read_dir(rig)
        .map(|entries| entries.filter_map(|entry| Some(entry.ok()?.path())).filter(named).collect())
        .unwrap_or_default();
    found.sort();
    if found.is_empty() {
        found.extend([PathBuf::from("/usr/bin/restic")].into_iter().filter(|path| path.exists()));
    }
    assert!(!found.is_empty(), "no restic to test with: run scripts/setup, or install restic");
    found
}
