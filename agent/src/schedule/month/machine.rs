//! The machine of the month: an agent's engine and ticker on a clock that goes from one waking to the next.

use std::{
    collections::HashMap,
    io::Write as _,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tempfile::TempDir;
use tokio::{sync::watch, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use wire::{
    cron::zone,
    id::{AgentId, JobId, UnixMs},
    job::JobState,
    journal::{JobStarted, Kind, PlanBy},
    plan::{Backend, Plan},
    seal::{Secret, SecretSlot},
};

use crate::{
    run::{
        Engine, Launcher, Parts, Patience, Reach, Reached, SecretError, SecretSource, Settings, Unreachable,
    },
    schedule::{Ticker, Timing, Waiting},
    store::{
        Store, StoreError,
        jobs::{self, Job},
        journal, plan,
    },
    world::{FakeTime, World},
};

pub const AGENT: AgentId = AgentId([5; 32]);
const HOST: &str = "laptop";
/// The month looks so often for what nothing announces (a plug, a network), instead of each minute: it is a long one.
pub const LOOK_AGAIN: Duration = Duration::from_mins(15);
/// A month that hangs says where.
const PATIENCE: Duration = Duration::from_mins(1);

pub struct Machine {
    pub store: Store,
    pub time: FakeTime,
    pub nas: Arc<Nas>,
    pub waiting: watch::Receiver<Vec<Waiting>>,
    dir: TempDir,
    engine: Engine,
    stop: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
    boots: u64,
}

/// Where the repository `main` lies, as long as it is there.
#[derive(Default)]
pub struct Nas {
    gone: AtomicBool,
}

impl Nas {
    pub fn go(&self, gone: bool) {
        self.gone.store(gone, Ordering::Relaxed);
    }
}

impl Reach for Nas {
    fn reach<'a>(&'a self, backend: &'a Backend) -> Reached<'a> {
        let silent = backend.is_remote() && self.gone.load(Ordering::Relaxed);
        Box::pin(async move {
            if silent {
                Err(Unreachable { address: backend.location(), message: "nobody answers".to_owned() })
            } else {
                Ok(())
            }
        })
    }
}

struct OnePassword;

impl SecretSource for OnePassword {
    fn secret(&self, slot: &SecretSlot) -> Result<Option<Secret>, SecretError> {
        Ok(matches!(slot, SecretSlot::RepositoryPassword(_)).then(|| Secret::new("correct-horse")))
    }

    fn revision(&self, slot: &SecretSlot) -> Result<Option<u64>, SecretError> {
        Ok(matches!(slot, SecretSlot::RepositoryPassword(_)).then_some(1))
    }
}

/// Five schedules in three zones, and maintenance as it is where nobody says otherwise.
fn march(dir: &Path) -> Plan {
    let group = |repository: &str, name: &str, more: serde_json::Value| {
        let mut group = serde_json::json!({ "repository": repository, "includes": [dir.join(name)] });
        group.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        group
    };
    let keep_all = serde_json::json!({ "keep_daily": 0, "keep_weekly": 0, "keep_monthly": 0 });
    serde_json::from_value(serde_json::json!({
        "repositories": {
            "main": { "backend": { "kind": "rest", "url": "http://nas.example:8000" } },
            "usb": { "backend": { "kind": "local", "path": dir.join("disk") } },
        },
        "groups": {
            "home": group("main", "home", serde_json::json!({ "retry": { "max": 3, "backoff_s": 300 } })),
            "db": group("main", "db", serde_json::json!({ "retry": { "max": 1, "backoff_s": 600 } })),
            "mail": group("main", "mail", serde_json::json!({ "retention": keep_all, "retry": { "max": 0 } })),
            "photos": group("usb", "photos", serde_json::json!({})),
            "papers": group("usb", "papers", serde_json::json!({ "retention": keep_all })),
        },
        "schedules": {
            "nightly": { "cron": "30 2 * * *", "groups": ["home", "db"] },
            "office": { "cron": "0 9 * * 1-5", "zone": "America/New_York", "groups": ["mail"] },
            "weekly": { "cron": "0 12 * * 6", "zone": "UTC", "groups": ["photos"], "jitter_s": 3600 },
            "plugged": {
                "cron": "0 18 * * 1,4", "groups": ["papers"], "conditions": { "mains_power": true },
            },
            "midweek": {
                "cron": "0 12 * * 3", "zone": "Asia/Tokyo", "groups": ["home"],
                "conditions": { "unmetered": true, "reachable": true },
            },
        },
    }))
    .unwrap()
}

fn write_restic(dir: &Path) {
    std::fs::create_dir_all(dir).unwrap();
    let (path, new) = (dir.join("restic"), dir.join("restic.new"));
    let (first, rest) = include_str!("restic.sh").split_once('\n').unwrap();
    let mut file = std::fs::File::create(&new).unwrap();
    write!(file, "{first}\ndir='{}'\n{rest}", dir.display()).unwrap();
    file.set_permissions(std::fs::Permissions::from_mode(0o755)).unwrap();
    drop(file);
    std::fs::rename(new, path).unwrap();
}

impl Machine {
    pub async fn start(now: UnixMs) -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("data")).unwrap();
        write_restic(&dir.path().join("script"));
        let plan = march(dir.path());
        for group in plan.groups.keys() {
            std::fs::create_dir(dir.path().join(group.as_str())).unwrap();
            std::fs::write(dir.path().join(group.as_str()).join("file"), "hello").unwrap();
        }
        plan.validate().unwrap();
        let store = Store::open(&dir.path().join("data/agent.db"), AGENT).unwrap();
        let first = plan::LedgerPlan { revision: 1, plan, by: PlanBy::File, at: now, note: None };
        store.write::<_, StoreError>(move |tx| plan::put(tx, &first).map(drop)).await.unwrap();
        Self::boot(dir, store, Arc::default(), now, 1)
    }

    /// A new process on what lies on the disk.
    fn boot(dir: TempDir, store: Store, nas: Arc<Nas>, now: UnixMs, boots: u64) -> Self {
        let (world, time) = World::fake(now, boots);
        time.set_zone(zone("Europe/Berlin").unwrap());
        note_time(dir.path(), now);
        let patience = Patience { look_again: LOOK_AGAIN, ..Patience::default() };
        let settings = Settings {
            hostname: HOST.to_owned(),
            restic: Some(dir.path().join("script/restic")),
            data: dir.path().join("data"),
            cache: dir.path().join("cache"),
            own_files: Vec::new(),
            restore_below: Vec::new(),
            launcher: Launcher::Direct,
            patience,
        };
        let parts = Parts {
            world: world.clone(),
            store: store.clone(),
            secrets: Arc::new(OnePassword),
            reach: nas.clone(),
            settings,
        };
        let (engine, task) = Engine::new(parts);
        let timing = Timing { look_again: LOOK_AGAIN, ..Timing::default() };
        let ticker = Ticker::new(engine.clone(), store.clone(), world, timing);
        let (waiting, stop) = (ticker.waiting(), CancellationToken::new());
        let tasks = vec![tokio::spawn(task.run()), tokio::spawn(ticker.run(stop.clone()))];
        Self { store, time, nas, waiting, dir, engine, stop, tasks, boots }
    }

    /// Off, and on again at `up`: nothing stays but the disk, and what is plugged in.
    pub async fn reboot(self, up: UnixMs) -> Self {
        let Self { store, time, nas, waiting: _, dir, engine, stop, tasks, boots } = self;
        stop.cancel();
        assert!(engine.drain(Duration::from_secs(20)).await.is_empty());
        for task in tasks {
            task.await.unwrap();
        }
        drop((engine, store));
        let store = Store::open(&dir.path().join("data/agent.db"), AGENT).unwrap();
        let next = Self::boot(dir, store, nas, up, boots + 1);
        let (power, metered) = time.sensors();
        next.time.set_mains_power(power);
        next.time.set_metered(metered);
        next
    }

    /// Asleep from now on: timers come late.
    pub fn sleep_until(&self, wake: UnixMs) {
        note_time(self.dir.path(), wake);
        self.time.sleep_through(Duration::from_millis(u64::try_from(wake.since(self.time.now())).unwrap()));
    }

    fn pass(&self, duration: Duration) {
        let ms = i64::try_from(duration.as_millis()).unwrap();
        note_time(self.dir.path(), self.time.now().plus_ms(ms));
        self.time.advance(duration);
    }

    /// Awake until then.
    pub async fn until(&self, end: UnixMs) {
        loop {
            self.quiet().await;
            let left = Duration::from_millis(u64::try_from(end.since(self.time.now())).unwrap());
            if left.is_zero() {
                return;
            }
            self.pass(self.time.until_next().unwrap_or(left).min(left));
        }
    }

    /// Until nothing runs and everybody sleeps. Whatever is still to happen then is announced by a sleeper that wakes.
    async fn quiet(&self) {
        let mut sleepers = self.time.sleepers();
        let wait = async {
            loop {
                sleepers.borrow_and_update();
                let all_done = self.nothing_to_do().await;
                for _ in 0..16 {
                    tokio::task::yield_now().await;
                }
                let asleep = self.time.until_next().is_some_and(|next| !next.is_zero());
                let moved = sleepers.has_changed().unwrap();
                if moved {
                    continue;
                }
                if all_done && asleep && sleepers.borrow().len() >= self.tasks.len() {
                    return;
                }
                sleepers.changed().await.unwrap();
            }
        };
        let at_rest = tokio::time::timeout(PATIENCE, wait).await.is_ok();
        let open = if at_rest { Vec::new() } else { self.open().await };
        assert!(at_rest, "{}: it does not come to rest: {open:#?}", self.time.now());
    }

    async fn nothing_to_do(&self) -> bool {
        let now = self.time.now();
        self.open().await.iter().all(|job| job.state == JobState::Queued && job.not_before > now)
    }

    async fn open(&self) -> Vec<Job> {
        self.store.read::<_, StoreError>(jobs::open).await.unwrap()
    }

    /// Every job, in the order in which they began.
    pub async fn jobs_in_order(&self) -> Vec<Job> {
        let read = |connection: &rusqlite::Connection| {
            let rows = journal::after(connection, 1, 0, 1_000_000)?;
            Ok::<_, StoreError>((jobs::latest(connection, None, 100_000)?, rows))
        };
        let (mut jobs, rows) = self.store.read(read).await.unwrap();
        let started = rows.into_iter().filter(|row| Kind::parse(&row.kind) == Some(Kind::JobStarted));
        let order: HashMap<JobId, u64> = started
            .map(|row| {
                let body: JobStarted = serde_json::from_slice(&row.body.unwrap()).unwrap();
                (body.job, row.seq)
            })
            .collect();
        // One that never began is in no table, and is told last.
        jobs.sort_by_key(|job| order.get(&job.id).copied().unwrap_or(u64::MAX));
        jobs
    }
}

/// For the script, which has no other clock.
fn note_time(dir: &Path, now: UnixMs) {
    std::fs::write(dir.join("script/now"), format!("{now}\n")).unwrap();
}
