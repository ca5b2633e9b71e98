//! What the engine needs from others: secrets, reachability, settings.

use std::{path::PathBuf, pin::Pin, time::Duration};

use wire::{
    id::UnixMs,
    job::Reason,
    plan::Backend,
    seal::{Secret, SecretSlot},
};

use crate::{
    reach::{PingError, Sound, Unreachable},
    restic::process::Launcher,
    store::{StoreError, Tx},
    world::WorldRng,
};

/// Where secrets come from. Asked anew for every job, so that a revision that came into use counts from the next one on.
pub trait SecretSource: Send + Sync + 'static {
    /// The one that is in use; `None` when the slot was never filled.
    fn secret(&self, slot: &SecretSlot) -> Result<Option<Secret>, SecretError>;

    /// The newest revision of the slot; a change makes the engine look at the repository again.
    fn revision(&self, slot: &SecretSlot) -> Result<Option<u64>, SecretError>;

    /// The revision that [`SecretSource::secret`] gives. A source that knows no candidates uses the newest.
    fn in_use(&self, slot: &SecretSlot) -> Result<Option<u64>, SecretError> {
        self.revision(slot)
    }

    /// A newer one than the one in use, which nobody knows to work: to be tried before anything relies on it.
    fn candidate(&self, _slot: &SecretSlot) -> Result<Option<Candidate>, SecretError> {
        Ok(None)
    }

    /// These revisions opened the repository: they are in use there from now on.
    fn worked(&self, _tx: &Tx<'_>, _used: &Used<'_>, _rng: WorldRng) -> Result<(), StoreError> {
        Ok(())
    }

    /// These were tried and did not open it; what was in use stays so.
    fn refused(&self, _tx: &Tx<'_>, _used: &Used<'_>, _reason: &Reason) -> Result<(), StoreError> {
        Ok(())
    }
}

/// A revision that waits to be tried.
#[derive(Clone, Debug)]
pub struct Candidate {
    pub revision: u64,
    pub secret: Secret,
    /// It was tried before, and why it is not in use.
    pub refused: Option<Reason>,
}

/// What was used where.
#[derive(Clone, Copy, Debug)]
pub struct Used<'a> {
    pub revisions: &'a [(SecretSlot, u64)],
    /// restic's spelling of the destination, without credentials.
    pub location: &'a str,
    pub at: UnixMs,
}

/// A secret that is there but cannot be had: the key file is gone, the database cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SecretError(pub String);

/// Whether a destination answers, asked with a short time-out before a long job starts.
pub trait Reach: Send + Sync + 'static {
    fn reach<'a>(&'a self, backend: &'a Backend) -> Reached<'a>;

    /// One attempt to tell an address of a backup. Without a way out nobody hears it.
    fn ping<'a>(&'a self, _address: &'a Secret, _sound: Sound, _text: &'a str, _attempt: u32) -> Pinged<'a> {
        let problem = "nothing here calls out".to_owned();
        Box::pin(std::future::ready(Err(PingError { host: "(nowhere)".to_owned(), problem })))
    }
}

pub type Reached<'a> = Pin<Box<dyn Future<Output = Result<(), Unreachable>> + Send + 'a>>;
pub type Pinged<'a> = Pin<Box<dyn Future<Output = Result<(), PingError>> + Send + 'a>>;

/// What the endpoint and the composition root settle.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What restic calls this host in its snapshots.
    pub hostname: String,
    /// The restic binary of agent.toml; absent: the one in PATH or the usual places.
    pub restic: Option<PathBuf>,
    /// The agent's own files: no backup includes them.
    pub data: PathBuf,
    /// restic's caches.
    pub cache: PathBuf,
    /// The agent's own elsewhere, such as agent.toml: no restore writes over them.
    pub own_files: Vec<PathBuf>,
    /// Restores that are ordered from afar go below one of these; anywhere when there is none.
    pub restore_below: Vec<PathBuf>,
    pub launcher: Launcher,
    pub patience: Patience,
}

/// How long the engine waits for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// From SIGTERM to SIGKILL.
    pub term_to_kill: Duration,
    /// A post-hook has so long when the agent stops: it, and restic before it, end within the drain.
    pub last_hook: Duration,
    /// A backup that prints nothing for so long hangs.
    pub silence: Duration,
    /// One that prints no more than that it is where it was hangs after so long, at the least.
    pub still: Duration,
    /// A forget ends within this.
    pub forget: Duration,
    /// Everything that is neither a backup nor a forget ends within this.
    pub short_job: Duration,
    /// For another host's lock.
    pub foreign_lock: Duration,
    /// A living restic makes its lock anew every five minutes. One of this host's name that is older than this, and whose
    /// process is not here, is dead, whoever started it.
    pub unrefreshed: Duration,
    /// Between two looks at a foreign lock.
    pub lock_poll: Duration,
    /// Between two attempts to write what must be written.
    pub disk_retry: Duration,
    /// However long nothing is to be done, the store is looked at so often: clocks jump.
    pub look_again: Duration,
    /// Snapshots and numbers are read again after a backup when they are older than this.
    pub refresh: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            term_to_kill: Duration::from_secs(5),
            last_hook: Duration::from_secs(8),
            silence: Duration::from_mins(30),
            still: Duration::from_hours(6),
            forget: Duration::from_hours(6),
            short_job: Duration::from_mins(15),
            foreign_lock: Duration::from_mins(5),
            unrefreshed: Duration::from_mins(10),
            lock_poll: Duration::from_secs(10),
            disk_retry: Duration::from_secs(5),
            look_again: Duration::from_mins(1),
            refresh: Duration::from_hours(1),
        }
    }
}
