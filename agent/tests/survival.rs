//! The agent is killed in the middle of a backup: its restic dies with it, and the next agent tells what became of it.
//!
//! The agent that dies is this very program, started again for that one (otherwise ignored) test.

#![allow(clippy::disallowed_methods, reason = "tests start real processes and wait for real time")]

#[path = "survival/kinds.rs"]
mod kinds;
#[path = "rig/light.rs"]
mod light;

use std::{
    fs,
    io::Write as _,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use agent::{
    run::{
        Engine, EngineTask, JobRequest, Launcher, Parts, Patience, Reach, Reached, SecretError, SecretSource,
        Settings,
    },
    store::{self, Store, StoreError, jobs, journal, plan},
    world::World,
};
use light::PASSWORD;
use wire::{
    id::{AgentId, JobId},
    job::{JobKind, JobState, Origin, Reason},
    journal::PlanBy,
    plan::Backend,
    seal::{Secret, SecretSlot},
};

const AGENT: AgentId = AgentId([5; 32]);
const DIR: &str = "RM_TEST_DIR";
const RESTIC: &str = "RM_TEST_RESTIC";
/// What the agent does when it is killed.
const REQUEST: &str = "RM_TEST_KIND";
const PATIENCE: Duration = Duration::from_mins(1);

struct OnePassword;

impl SecretSource for OnePassword {
    fn secret(&self, slot: &SecretSlot) -> Result<Option<Secret>, SecretError> {
        Ok(matches!(slot, SecretSlot::RepositoryPassword(_)).then(|| Secret::new(PASSWORD)))
    }

    fn revision(&self, slot: &SecretSlot) -> Result<Option<u64>, SecretError> {
        Ok(matches!(slot, SecretSlot::RepositoryPassword(_)).then_some(1))
    }
}

struct AlwaysThere;

impl Reach for AlwaysThere {
    fn reach<'a>(&'a self, _: &'a Backend) -> Reached<'a> {
        Box::pin(async { Ok(()) })
    }
}

fn engine(dir: &Path, restic: &Path) -> (Store, Engine, EngineTask) {
    fs::create_dir_all(dir.join("data")).unwrap();
    let store = Store::open(&dir.join("agent.db"), AGENT).unwrap();
    let settings = Settings {
        hostname: "testhost".to_owned(),
        restic: Some(restic.to_owned()),
        data: dir.join("data"),
        cache: dir.join("cache"),
        own_files: Vec::new(),
        restore_below: Vec::new(),
        launcher: Launcher::Tied { program: env!("CARGO_BIN_EXE_restic-manager-agent").into() },
        patience: Patience::default(),
    };
    let (secrets, reach) = (Arc::new(OnePassword), Arc::new(AlwaysThere));
    let (engine, task) =
        Engine::new(Parts { world: World::real(), store: store.clone(), secrets, reach, settings });
    (store, engine, task)
}

/// What is wanted of an agent; slowly, when it is to be killed meanwhile.
fn request(kind: JobKind, slowly: bool) -> JobRequest {
    let of_group =
        matches!(kind, JobKind::Backup | JobKind::Forget | JobKind::Copy | JobKind::Drill | JobKind::DryRun);
    let group = of_group.then(|| "default".parse().unwrap());
    let mut request = JobRequest::new(kind, "main".parse().unwrap(), group, Origin::Local);
    match kind {
        JobKind::Copy => request.options.to = Some("second".parse().unwrap()),
        JobKind::Check => request.options.read_data_percent = Some(100),
        _ => {}
    }
    if slowly {
        let (down, up) = match kind {
            JobKind::Backup => (None, Some(3_000)),
            JobKind::Prune | JobKind::Check | JobKind::Copy | JobKind::Drill => (Some(150), Some(150)),
            _ => (Some(1), None),
        };
        (request.options.download_kib_s, request.options.upload_kib_s) = (down, up);
    }
    request
}

/// Not a test of its own: the agent that is killed.
#[tokio::test]
#[ignore = "started by the tests below, to be killed"]
async fn the_agent_that_dies() {
    let dir = PathBuf::from(std::env::var_os(DIR).expect("started by another test"));
    let restic = PathBuf::from(std::env::var_os(RESTIC).expect("started by another test"));
    let (_store, engine, task) = engine(&dir, &restic);
    let kind = std::env::var(REQUEST).unwrap();
    engine
        .submit(request(JobKind::ALL.into_iter().find(|it| it.as_str() == kind).unwrap(), true))
        .await
        .unwrap();
    task.run().await;
}

struct Scene {
    dir: tempfile::TempDir,
    restic: PathBuf,
}

impl Scene {
    /// A repository that is ready, and a plan with one group.
    async fn new(restic: PathBuf) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let src = dir.path().join("src");
        fs::create_dir(&src).unwrap();
        fs::write(src.join("one.txt"), "one").unwrap();
        light::lay(&dir.path().join("repo"));
        light::lay_another(&dir.path().join("repo2"));
        let plan = serde_json::from_value(serde_json::json!({
            "repositories": {
                "main": { "backend": { "kind": "local", "path": dir.path().join("repo") } },
                "second": { "backend": { "kind": "local", "path": dir.path().join("repo2") } },
            },
            "groups": {
                "default": {
                    "includes": [src],
                    "retry": { "max": 2, "backoff_s": 0 },
                    "retention": { "keep_last": 1, "keep_daily": 0, "keep_weekly": 0, "keep_monthly": 0 },
                },
            },
        }))
        .unwrap();
        let (store, engine, task) = engine(dir.path(), &restic);
        let first =
            plan::LedgerPlan { revision: 1, plan, by: PlanBy::File, at: World::real().now(), note: None };
        store.write::<_, StoreError>(move |tx| plan::put(tx, &first).map(drop)).await.unwrap();
        let running = tokio::spawn(task.run());
        wait("the repositories are ready", || {
            let jobs = jobs_of(dir.path());
            let read = jobs.iter().filter(|job| job.subject.kind == JobKind::Stats && job.state.is_over());
            (read.count() == 2).then_some(())
        })
        .await;
        engine.drain(Duration::from_secs(20)).await;
        running.await.unwrap();
        Self { dir, restic }
    }

    fn start_agent(&self, restic: &Path, kind: JobKind) -> Child {
        Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "the_agent_that_dies"])
            .env(DIR, self.dir.path())
            .env(RESTIC, restic)
            .env(REQUEST, kind.as_str())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }

    /// The newest backup.
    fn backup(&self) -> Option<jobs::Job> {
        jobs_of(self.dir.path()).into_iter().find(|job| job.subject.kind == JobKind::Backup)
    }

    fn by_hand(&self, args: &[&str]) -> String {
        let output = Command::new(&self.restic)
            .args(args)
            .env("RESTIC_REPOSITORY", self.dir.path().join("repo"))
            .env("RESTIC_PASSWORD", PASSWORD)
            .env("RESTIC_CACHE_DIR", self.dir.path().join("cache/hand"))
            .output()
            .unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn snapshots(&self) -> usize {
        serde_json::from_str::<Vec<serde_json::Value>>(&self.by_hand(&["snapshots", "--json"])).unwrap().len()
    }

    /// The next agent, until nothing is open any more.
    async fn settle(&self) -> Vec<jobs::Job> {
        let (store, engine, task) = engine(self.dir.path(), &self.restic);
        let running = tokio::spawn(task.run());
        wait("nothing is open", || {
            jobs_of(self.dir.path()).iter().all(|job| job.state.is_over()).then_some(())
        })
        .await;
        engine.drain(Duration::from_secs(20)).await;
        running.await.unwrap();
        store.read(journal::verify).await.expect("the chain holds");
        jobs_of(self.dir.path())
    }
}

fn jobs_of(dir: &Path) -> Vec<jobs::Job> {
    let connection = store::read_only(&dir.join("agent.db")).unwrap();
    jobs::latest(&connection, None, 100).unwrap()
}

async fn wait<T>(what: &str, look: impl Fn() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "{what}: not within {PATIENCE:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn real_restics() -> Vec<PathBuf> {
    let rig = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.rig/bin");
    let mut found: Vec<PathBuf> = fs::read_dir(rig)
        .map(|entries| entries.filter_map(|entry| Some(entry.ok()?.path())).collect())
        .unwrap_or_default();
    found.retain(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("restic-")));
    found.sort();
    if found.is_empty() {
        found.push("/usr/bin/restic".into());
    }
    found
}

#[tokio::test]
async fn restic_dies_with_its_agent_and_the_job_is_done_by_the_next_one() {
    for restic in real_restics() {
        let scene = Scene::new(restic.clone()).await;
        let mut noise = vec![0; 20_000_000];
        getrandom::fill(&mut noise).unwrap();
        fs::write(scene.dir.path().join("src/large.bin"), noise).unwrap();
        let mut agent = scene.start_agent(&restic, JobKind::Backup);
        let process = wait("restic runs", || scene.backup()?.process).await;
        wait("restic works", || {
            let locks = fs::read_dir(scene.dir.path().join("repo/locks")).ok()?;
            locks.filter_map(Result::ok).find(|entry| entry.file_name().len() == 64)
        })
        .await;
        let world = World::real();
        assert!(world.is_alive(&process));
        agent.kill().unwrap();
        agent.wait().unwrap();
        wait("restic died with its agent", || (!world.is_alive(&process)).then_some(())).await;
        let died = scene.backup().unwrap();
        assert_eq!(died.state, JobState::Running);

        let jobs = scene.settle().await;
        let of = |id: JobId| jobs.iter().find(|job| job.id == id).unwrap();
        assert_eq!(
            (of(died.id).state, &of(died.id).reason),
            (JobState::Interrupted, &Some(Reason::AgentDied)),
            "{restic:?}"
        );
        let retry = jobs
            .iter()
            .find(|job| matches!(job.origin, Origin::Retry { job, .. } if job == died.id))
            .unwrap();
        assert_eq!(retry.state, JobState::Succeeded, "{restic:?}: {:?}", retry.reason);
        assert_eq!(scene.snapshots(), 1, "{restic:?}");
        let locks = scene.by_hand(&["list", "locks"]);
        assert!(!locks.lines().any(|line| line.len() == 64), "{restic:?} left a lock: {locks}");
    }
}

#[tokio::test]
async fn a_snapshot_that_was_saved_just_before_is_not_made_again() {
    for restic in real_restics() {
        let scene = Scene::new(restic.clone()).await;
        // Says nothing more once it has saved: as if the agent died before it could read the end.
        let slow = scene.dir.path().join("slow");
        let mut file = fs::File::create(&slow).unwrap();
        writeln!(
            file,
            "#!/bin/sh\ncase \"$1 $2\" in\n'backup --json') {0} \"$@\" > /dev/null; touch {1}; sleep 600 ;;\n*) exec {0} \"$@\" ;;\nesac",
            restic.display(),
            scene.dir.path().join("saved").display()
        )
        .unwrap();
        file.set_permissions(fs::Permissions::from_mode(0o755)).unwrap();
        drop(file);
        let mut agent = scene.start_agent(&slow, JobKind::Backup);
        wait("the snapshot is saved", || scene.dir.path().join("saved").exists().then_some(())).await;
        agent.kill().unwrap();
        agent.wait().unwrap();
        let died = scene.backup().unwrap();
        assert_eq!(died.state, JobState::Running);

        let jobs = scene.settle().await;
        let job = jobs.iter().find(|job| job.id == died.id).unwrap();
        assert_eq!((job.state, &job.reason), (JobState::Succeeded, &None), "{restic:?}");
        assert_eq!(job.numbers.snapshot.as_ref().map(String::len), Some(64));
        assert!(!jobs.iter().any(|job| matches!(job.origin, Origin::Retry { .. })), "{restic:?}");
        assert_eq!(scene.snapshots(), 1, "{restic:?}");
    }
}
