//! The composition root: what the agent is made of, and the order in which it comes up and drains.
//!
//! A newcomer reads [`run`] and knows the program. Nothing here decides anything; arguments and words for people are
//! `cli`'s.

mod facts;
mod ground;

use std::{path::PathBuf, sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;
use wire::{id::JobId, journal::Local, seal::Secret};

pub use ground::{Ground, GroundError};

use crate::{
    desired::{self, Desk, file::FileTask},
    link::{self, Link, LinkTask},
    local, reach,
    restic::binary::Binary,
    run::{self, Engine, Launcher, Pinged, Reach, Reached, Settings, Sound},
    schedule::{Ticker, Timing, clock},
    store::{StoreError, facts as rows, journal},
};

/// For running jobs to end when the agent stops: what is left after that is named, and ends with the agent.
const DRAIN: Duration = Duration::from_secs(20);

/// How often the agent looks again at what its host is.
const LOOK_AGAIN: Duration = Duration::from_hours(1);

#[derive(Debug, thiserror::Error)]
pub enum AppError {
    #[error(transparent)]
    Ground(#[from] GroundError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{0} ended by itself: this is a fault of the agent, please report it; the service starts again")]
    Fell(&'static str),
}

/// Knocks and calls out for the engine.
struct WayOut {
    proxies: reach::Proxies,
    caller: reach::Caller,
}

impl WayOut {
    fn of(environment: impl Fn(&str) -> Option<String>) -> Self {
        let proxies = reach::Proxies::of(&environment);
        Self { caller: reach::Caller::of(proxies.clone(), environment), proxies }
    }
}

impl Reach for WayOut {
    fn reach<'a>(&'a self, backend: &'a wire::plan::Backend) -> Reached<'a> {
        Box::pin(reach::knock(backend, &self.proxies))
    }

    fn ping<'a>(&'a self, address: &'a Secret, sound: Sound, text: &'a str, attempt: u32) -> Pinged<'a> {
        Box::pin(self.caller.call(address, sound, text, attempt))
    }
}

/// Runs the daemon until `stop`. `ready` is called once everything is up.
pub async fn run(ground: Ground, stop: CancellationToken, ready: impl FnOnce()) -> Result<(), AppError> {
    let launcher = Launcher::Tied { program: ground.program.clone() };
    let mut restic = None;
    unless_full(clock::look_at_start(&ground.store, ground.world.now()).await)?;
    note_facts(&ground, &launcher, &mut restic).await?;
    let version = env!("CARGO_PKG_VERSION");
    note(&ground, Local::Started { version: version.to_owned() }).await?;

    // What does the work, then what asks for it, then what lets others ask.
    let (engine, engine_task) = Engine::new(run::Parts {
        world: ground.world.clone(),
        store: ground.store.clone(),
        secrets: ground.secrets.clone(),
        reach: Arc::new(WayOut::of(|name| std::env::var(name).ok())),
        settings: settings(&ground, launcher.clone()),
    });
    let mut engine_done = tokio::spawn(engine_task.run());
    let ticking = CancellationToken::new();
    let ticker = Ticker::new(engine.clone(), ground.store.clone(), ground.world.clone(), timing(&ground));
    let waiting = ticker.waiting();
    let mut ticker = tokio::spawn(ticker.run(ticking.clone()));
    let desk = desk(&ground, Some(engine.clone()));
    let (file_task, file) = FileTask::new(desk.clone());
    let mut file_done = tokio::spawn(file_task.run(ticking.clone()));
    let (link, link_task) = connection(&ground, desk.clone());
    let linked = CancellationToken::new();
    let mut link_done = tokio::spawn(link_task.run(linked.clone(), false));
    let answering = CancellationToken::new();
    let parts = local::Parts { link, desk, file, started_at: ground.world.now(), waiting };
    let answers = local::serve(&ground.paths.control_socket(), parts, answering.clone());

    ready();
    tracing::info!(version, agent = %ground.keys.id(), "the agent runs");
    // An agent that only seems to run is worse than one that is started again.
    tokio::select! {
        () = stop.cancelled() => {}
        () = keep_noting(&ground, &launcher, restic) => {}
        _ = &mut engine_done => return Err(AppError::Fell("the engine")),
        _ = &mut ticker => return Err(AppError::Fell("the schedule")),
        _ = &mut file_done => return Err(AppError::Fell("the watch on plan.toml")),
        _ = &mut link_done => return Err(AppError::Fell("the link")),
    }

    // In reverse: nobody asks any more, nothing new becomes due, what runs is stopped and written down, the link brings
    // that over, and the last word is the agent's own.
    tracing::info!("stopping");
    answering.cancel();
    ticking.cancel();
    name_stragglers(&engine.drain(DRAIN).await);
    note(&ground, Local::Stopped).await?;
    linked.cancel();
    ended(&ground, "the link", link_done).await;
    ended(&ground, "the schedule", ticker).await;
    ended(&ground, "the watch on plan.toml", file_done).await;
    ended(&ground, "the engine", engine_done).await;
    drop(answers);
    Ok(())
}

/// The link alone, for `enrol` where no daemon runs: it ends once this host is a member.
pub async fn link_alone(ground: &Ground) -> Result<(Link, LinkTask), AppError> {
    note_facts(ground, &Launcher::Tied { program: ground.program.clone() }, &mut None).await?;
    Ok(connection(ground, desk(ground, None)))
}

fn connection(ground: &Ground, desk: Desk) -> (Link, LinkTask) {
    let coordinator = ground.config.coordinator.first().cloned();
    Link::new(link::Parts { desk, machine: ground.machine.clone(), coordinator })
}

/// Where documents of the fleet are put.
pub fn desk(ground: &Ground, engine: Option<Engine>) -> Desk {
    Desk::new(desired::Parts {
        world: ground.world.clone(),
        store: ground.store.clone(),
        keys: ground.keys.clone(),
        secrets: ground.secrets.clone(),
        policy: ground.config.policy.clone(),
        plan_file: ground.paths.plan_file(),
        engine,
    })
}

fn settings(ground: &Ground, launcher: Launcher) -> Settings {
    Settings {
        hostname: facts::hostname(),
        restic: ground.config.restic.clone(),
        data: ground.paths.data.clone(),
        cache: ground.paths.cache(),
        own_files: own_files(ground),
        restore_below: ground.config.policy.restore_below.clone(),
        launcher,
        patience: run::Patience::default(),
    }
}

/// What the agent is besides its directory: its settings, and itself.
fn own_files(ground: &Ground) -> Vec<PathBuf> {
    let paths = [ground.paths.config.clone(), ground.paths.plan_file()];
    paths.into_iter().chain(std::env::current_exe()).collect()
}

fn timing(ground: &Ground) -> Timing {
    let usual = Timing::default();
    let Some(seconds) = ground.config.settle_s else { return usual };
    let settle = Duration::from_secs(seconds.into());
    Timing { settle, settle_intermittent: settle, ..usual }
}

async fn note_facts(
    ground: &Ground,
    launcher: &Launcher,
    restic: &mut Option<Binary>,
) -> Result<(), StoreError> {
    let facts = facts::gather(&ground.world, launcher, &ground.config, restic).await;
    let now = ground.world.now();
    unless_full(ground.store.write(move |tx| rows::set(tx, &facts, now)).await)
}

/// Never ends: restic may be installed or updated under a running agent, and the host renamed.
async fn keep_noting(ground: &Ground, launcher: &Launcher, mut restic: Option<Binary>) {
    loop {
        ground.world.sleep(LOOK_AGAIN).await;
        if let Err(error) = note_facts(ground, launcher, &mut restic).await {
            tracing::warn!(%error, "what this host is cannot be noted");
        }
    }
}

async fn note(ground: &Ground, what: Local) -> Result<(), StoreError> {
    let now = ground.world.now();
    let written: Result<u64, StoreError> =
        ground.store.write(move |tx| journal::append_body(tx, &what, now)).await;
    unless_full(written.map(drop))
}

/// A full disk is no reason not to run: it is said, what runs goes on, and what waits begins once there is room.
fn unless_full(written: Result<(), StoreError>) -> Result<(), StoreError> {
    match written {
        Err(error) if error.may_pass() => {
            tracing::error!(%error, "the agent's database takes nothing");
            Ok(())
        }
        other => other,
    }
}

fn name_stragglers(jobs: &[JobId]) {
    for job in jobs {
        tracing::warn!(%job, "did not end in time; restic ends with the agent and the job is tried again");
    }
}

/// Waits for a task that was told to end; one that does not is named.
async fn ended<T>(ground: &Ground, what: &str, task: tokio::task::JoinHandle<T>) {
    match ground.world.within(Duration::from_secs(8), task).await {
        None => tracing::warn!("{what} did not stop in time"),
        Some(Err(error)) => tracing::error!(%error, "{what} failed"),
        Some(Ok(_)) => {}
    }
}
