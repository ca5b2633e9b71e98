//! What every part stands on: the data directory and its lock, the keys, the database, the vault.

use std::{
    fs, io,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use rustix::fs::{FlockOperation, flock};
use wire::identity::AgentKeys;

use crate::{
    config::{Config, Paths},
    desired::{self, IdentityError, Machine, Secrets, Vault},
    restic::command::OWN_MARK,
    store::{self, Store, StoreError, secrets},
    world::World,
};

pub struct Ground {
    pub paths: Paths,
    pub config: Config,
    pub world: World,
    pub keys: AgentKeys,
    pub machine: Machine,
    pub store: Store,
    pub secrets: Arc<Secrets>,
    /// This very program, which becomes restic's parent.
    pub program: PathBuf,
    /// Locked for as long as it is open: one process at a time writes here.
    _lock: fs::File,
}

#[derive(Debug, thiserror::Error)]
pub enum GroundError {
    #[error(
        "{path} cannot be used as the agent's data directory ({problem}): run the agent as root, or name another one with --data"
    )]
    Directory { path: PathBuf, problem: io::Error },
    #[error("another agent uses {path}: stop it first (systemctl stop restic-manager-agent)")]
    InUse { path: PathBuf },
    #[error("the agent cannot find its own program ({0}): start it by its full path")]
    Program(io::Error),
    #[error(transparent)]
    Identity(#[from] IdentityError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// For what a killed agent was just starting to let go of the lock.
const HELD_FOR: Duration = Duration::from_secs(3);
const LOOK_EVERY: Duration = Duration::from_millis(100);

impl Ground {
    /// The same for the daemon. One that was killed while it started restic leaves a child that holds the lock until it
    /// becomes restic, which takes a moment.
    pub async fn take_over(paths: Paths, config: Config, world: World) -> Result<Self, GroundError> {
        let began = world.monotonic();
        loop {
            match Self::prepare(paths.clone(), config.clone(), world.clone()) {
                Err(GroundError::InUse { .. }) if world.monotonic().saturating_sub(began) < HELD_FOR => {
                    world.sleep(LOOK_EVERY).await;
                }
                other => return other,
            }
        }
    }

    /// Makes what is not there yet. A vault that cannot be used does not keep the agent from running.
    pub fn prepare(paths: Paths, config: Config, world: World) -> Result<Self, GroundError> {
        let program = std::env::current_exe().map_err(GroundError::Program)?;
        let lock = take(&paths)?;
        mark(&paths);
        let identity =
            desired::load_or_make(&paths.identity_key(), &desired::machine_id(), &mut world.rng())?;
        let agent = identity.keys.id();
        let store = Store::open(&paths.database(), agent)?;
        let reader = store::read_only(&paths.database())?;
        let kept = secrets::any(&reader)?;
        let vault = Vault::load_or_make(&paths.vault_key(), agent, kept, &mut world.rng());
        let vault = vault.map_err(|error| {
            tracing::error!(%error, "secrets cannot be used");
            error.to_string()
        });
        let secrets = Arc::new(Secrets::new(vault, reader));
        let (keys, machine) = (identity.keys, identity.machine);
        Ok(Self { paths, config, world, keys, machine, store, secrets, program, _lock: lock })
    }
}

/// The data directory, private, and its lock.
fn take(paths: &Paths) -> Result<fs::File, GroundError> {
    let failed = |problem| GroundError::Directory { path: paths.data.clone(), problem };
    private_directory(&paths.data).map_err(failed)?;
    let file = open_lock(&paths.lock()).map_err(failed)?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(rustix::io::Errno::WOULDBLOCK) => Err(GroundError::InUse { path: paths.data.clone() }),
        Err(error) => Err(failed(error.into())),
    }
}

fn private_directory(path: &Path) -> io::Result<()> {
    match fs::DirBuilder::new().recursive(true).mode(0o700).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let mode = fs::metadata(path)?.permissions().mode();
    // It holds keys: nobody else needs to look inside, whoever made it.
    if mode & 0o077 != 0 { fs::set_permissions(path, fs::Permissions::from_mode(0o700)) } else { Ok(()) }
}

/// Says to every restic that this directory is not for backups. Excludes by path keep it out as well, so a disk that
/// takes nothing holds nobody up.
fn mark(paths: &Paths) {
    let (path, text) = (paths.data.join(OWN_MARK.0), format!("{}\n", OWN_MARK.1));
    let there = fs::read_to_string(&path).is_ok_and(|there| there == text);
    if let Some(error) = (!there).then(|| fs::write(&path, text).err()).flatten() {
        tracing::error!(%error, path = %path.display(), "cannot be written");
    }
}

fn open_lock(path: &Path) -> io::Result<fs::File> {
    fs::OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::id::UnixMs;

    #[test]
    fn one_process_at_a_time_and_nobody_else_looks_inside() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("agent");
        fs::create_dir(&data).unwrap();
        fs::set_permissions(&data, fs::Permissions::from_mode(0o755)).unwrap();
        let settle = || Paths::settle(None, Some(&data)).unwrap();
        let world = || World::fake(UnixMs(0), 1).0;
        let (paths, config) = settle();
        let first = Ground::prepare(paths, config, world()).unwrap();
        assert_eq!(fs::metadata(&data).unwrap().permissions().mode() & 0o777, 0o700);
        let (paths, config) = settle();
        assert!(matches!(Ground::prepare(paths, config, world()), Err(GroundError::InUse { .. })));
        let id = first.keys.id();
        drop(first);
        let (paths, config) = settle();
        assert_eq!(Ground::prepare(paths, config, world()).unwrap().keys.id(), id);
    }

    #[tokio::test]
    async fn a_lock_that_is_held_a_moment_longer_is_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let (paths, config) = Paths::settle(None, Some(dir.path())).unwrap();
        let (world, time) = World::fake(UnixMs(0), 1);
        let held = take(&paths).unwrap();
        let taking = tokio::spawn(Ground::take_over(paths.clone(), config.clone(), world.clone()));
        tokio::task::yield_now().await;
        drop(held);
        time.advance(LOOK_EVERY);
        let ground = taking.await.unwrap().unwrap();
        let taking = tokio::spawn(Ground::take_over(paths, config, world));
        tokio::task::yield_now().await;
        time.advance(HELD_FOR);
        assert!(matches!(taking.await.unwrap(), Err(GroundError::InUse { .. })));
        drop(ground);
    }

    #[test]
    fn a_vault_that_cannot_be_used_is_said_and_the_agent_still_comes_up() {
        let dir = tempfile::tempdir().unwrap();
        let (paths, config) = Paths::settle(None, Some(dir.path())).unwrap();
        drop(Ground::prepare(paths.clone(), config.clone(), World::fake(UnixMs(0), 1).0).unwrap());
        fs::write(paths.vault_key(), "nonsense").unwrap();
        let ground = Ground::prepare(paths.clone(), config, World::fake(UnixMs(0), 1).0).unwrap();
        assert!(ground.secrets.problem().is_some());
        assert_eq!(fs::read(paths.vault_key()).unwrap(), b"nonsense");
    }
}
