//! `serve`: opens everything, announces itself, runs until it is told to stop, and drains.

use std::{
    fs, io,
    net::SocketAddr,
    os::unix::fs::{DirBuilderExt as _, PermissionsExt as _},
    path::Path,
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::{
    net::{TcpListener, TcpSocket},
    signal::unix::{SignalKind, signal},
    sync::{Semaphore, watch},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    AppError, DATABASE, VERSION,
    accept::{Port, agent_door},
    keys,
    reload::{Marks, ReloadTask, Source},
    say,
    tls::{self, SelfMade},
};
use crate::{
    access::{Access, Means, Settings, Sso, Token},
    audit::{Audit, Copier},
    config::{Config, Live, Reload},
    dist::{Dist, Served},
    fleet::{About, Fleet},
    http::{Http, Parts},
    store::Store,
    vault::Vault,
    world::World,
};

const STATEMENTS: &str = "coordinator.statements.json";
/// How long connections may take to end.
const DRAIN: Duration = Duration::from_secs(5);
/// Descriptors for everything that is not a connection.
const RESERVED_DESCRIPTORS: u64 = 128;
/// Connections that wait to be accepted; the kernel takes less where `net.core.somaxconn` says so.
const QUEUE: u32 = 16 * 1024;
const BLOCKING_THREADS: usize = 8;

pub fn serve(source: Source) -> Result<ExitCode, AppError> {
    let (config, seen) = source.load_marked()?;
    make_directory(&config.data)?;
    let _lock = keys::Lock::take(&config.data)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(BLOCKING_THREADS)
        .build()
        .map_err(|error| AppError::Path { path: config.data.clone(), error })?;
    runtime.block_on(run(source, config, seen))?;
    runtime.shutdown_timeout(DRAIN);
    Ok(ExitCode::SUCCESS)
}

async fn run(source: Source, config: Config, seen: Marks) -> Result<(), AppError> {
    let world = World::real();
    let keys = keys::load_or_make(&config.data, &world)?;
    let address = config.listen;
    let listen_error = |error| AppError::Listen { address, error };
    let listener = listen(address).map_err(listen_error)?;
    let bound = listener.local_addr().map_err(listen_error)?;
    let tls = tls::set_up(&config.tls, &config.data, &tls::names(config.public_url.as_deref(), bound.ip()))?;
    if let Some(warning) = config.exposure() {
        tracing::warn!("{warning}");
    }
    let scheme = if tls.is_some() { "https" } else { "http" };
    let public_url = config.public_url.clone().unwrap_or_else(|| format!("{scheme}://{bound}"));

    let (reload, live) = Reload::new(config.clone());
    let store = Store::open(&config.data.join(DATABASE))?;
    let about = About {
        keys: keys.clone(),
        name: config.name.clone(),
        public_url: public_url.clone(),
        version: VERSION.to_owned(),
        statements_file: Some(config.data.join(STATEMENTS)),
    };
    let fleet = Fleet::open(world.clone(), store.clone(), about).await?;
    let vault = Vault::new(&keys, world.clone());
    let means = Means { name: config.name.clone(), public_url: public_url.clone(), vault };
    let access = Access::open(store.clone(), world.clone(), settings(live.clone()), means).await?;
    let sso = Sso::new(access.clone(), live.clone(), &public_url);
    let audit = Audit::new(keys);
    let mut copier = Copier::new(audit.clone(), store.clone(), live.clone(), world.clone());
    copier.begin_now().await?;
    let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
    let connections = Arc::new(Semaphore::new(places()));
    let self_made = tls.as_ref().and_then(|tls| tls.self_made.clone());
    let served = Served {
        public_url: public_url.clone(),
        version: VERSION.to_owned(),
        binaries: config.agent_binaries.into_iter().collect(),
        own_certificate: self_made.as_ref().map(|own| own.key_sha256),
    };
    let http = Http::new(Parts {
        fleet: fleet.clone(),
        access: access.clone(),
        sso,
        audit: audit.clone(),
        dist: Dist::new(served),
        world: world.clone(),
        public_url: public_url.clone(),
        agent_door: agent_door(fleet.clone(), Arc::clone(&connections), tasks.clone()),
        live: live.clone(),
    });

    announce(&public_url, self_made.as_ref(), access.offer_setup().await?.as_ref());
    let (acceptor, shown) = tls.map(|tls| watch::channel(tls.acceptor)).unzip();
    let port = Port {
        listener,
        tls: shown,
        http: http.clone(),
        world: world.clone(),
        connections,
        tasks: tasks.clone(),
        stop: stop.clone(),
    };
    let accepting = tokio::spawn(port.serve());
    let sweeping = tokio::spawn({
        let fleet = fleet.clone();
        async move { fleet.sweep_forever().await }
    });
    let copying = tokio::spawn(copier.run());
    let trimming = tokio::spawn({
        let (live, world) = (live.clone(), world.clone());
        async move { audit.trim_forever(&store, &live, &world).await }
    });
    let reloading = ReloadTask { source, reload, live, seen, acceptor, world: world.clone() };
    let reloading = tokio::spawn(reloading.run());
    // Nobody may be there to be notified.
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
    told_to_stop().await;
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);

    // No newcomers; agents are told to come back; requests may end; what is left is named.
    tracing::info!("stops");
    stop.cancel();
    http.stop();
    sweeping.abort();
    reloading.abort();
    trimming.abort();
    drain(&world, &fleet, &tasks).await;
    accepting.abort();
    // What it did not get to is copied at the next start.
    copying.abort();
    Ok(())
}

/// What people and installers have to know, on standard output.
fn announce(public_url: &str, own: Option<&SelfMade>, setup: Option<&Token>) {
    say(&format!("panel: {public_url}"));
    if let Some(own) = own {
        say(&format!("certificate: SHA-256 {}", own.fingerprint));
    }
    if let Some(token) = setup {
        say(&format!("setup: {public_url}/setup#{}", token.expose()));
    }
}

async fn drain(world: &World, fleet: &Fleet, tasks: &TaskTracker) {
    fleet.close_all().await;
    tasks.close();
    if world.within(DRAIN, tasks.wait()).await.is_none() {
        tracing::warn!(connections = tasks.len(), "connections were still open and are cut");
    }
}

/// A whole fleet may knock in one instant: what does not fit into the queue comes back after seconds, by TCP's clock.
fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // As the standard library does: the port of a coordinator that just ended can be taken at once.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(QUEUE)
}

/// What the configuration decides about sign-ins, now and after each time that it was read again.
fn settings(mut live: Live) -> watch::Receiver<Arc<Settings>> {
    let (sender, receiver) = watch::channel(Arc::new(Settings::of(&live.now())));
    tokio::spawn(async move {
        while !sender.is_closed() {
            live.changed().await;
            sender.send_replace(Arc::new(Settings::of(&live.now())));
        }
    });
    receiver
}

async fn told_to_stop() {
    let (terminate, interrupt) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
    let (Ok(mut terminate), Ok(mut interrupt)) = (terminate, interrupt) else {
        tracing::error!("signals cannot be listened to: only a kill ends this process");
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

/// The directory holds secrets' boxes, sessions' hashes and the key file: it is nobody else's.
fn make_directory(data: &Path) -> Result<(), AppError> {
    let error = |error| AppError::Path { path: data.to_owned(), error };
    if !data.is_dir() {
        return fs::DirBuilder::new().recursive(true).mode(0o700).create(data).map_err(error);
    }
    let mode = fs::metadata(data).map_err(error)?.permissions().mode();
    if mode & 0o077 != 0 {
        tracing::warn!(data = %data.display(), "others can look into the data directory: chmod 700 it");
    }
    Ok(())
}

/// As many connections as there may be open files.
fn places() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let most = limit.maximum;
    let raised = setrlimit(Resource::Nofile, rustix::process::Rlimit { current: most, maximum: most });
    let descriptors = if raised.is_ok() { most } else { limit.current };
    let places = descriptors.unwrap_or(1 << 20).saturating_sub(RESERVED_DESCRIPTORS).max(16);
    usize::try_from(places).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS)
}
