//! What the engine needs from others: secrets, reachability, settings.

use std::{path::PathBuf, pin::Pin, time::Duration};

use wire::{
    plan::Backend,
    seal::{Secret, SecretSlot},
};

use crate::{reach::Unreachable, restic::process::Launcher};

/// Where secrets come from. Asked anew for every job, so that a new revision counts from the next one on.
pub trait SecretSource: Send + Sync + 'static {
    /// `None` when the slot was never filled.
    fn secret(&self, slot: &SecretSlot) -> Result<Option<Secret>, SecretError>;

    /// Which revision of the slot is held; a change makes the engine look at the repository again.
    fn revision(&self, slot: &SecretSlot) -> Result<Option<u64>, SecretError>;
}

/// A secret that is there but cannot be had: the key file is gone, the database cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SecretError(pub String);

/// Whether a destination answers, asked with a short time-out before a long job starts.
pub trait Reach: Send + Sync + 'static {
    fn reach<'a>(&'a self, backend: &'a Backend) -> Reached<'a>;
}

pub type Reached<'a> = Pin<Box<dyn Future<Output = Result<(), Unreachable>> + Send + 'a>>;

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
    pub launcher: Launcher,
    pub patience: Patience,
}

/// How long the engine waits for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// From SIGTERM to SIGKILL.
    pub term_to_kill: Duration,
    /// A backup that prints nothing for so long hangs.
    pub silence: Duration,
    /// A forget ends within this.
    pub forget: Duration,
    /// Everything that is neither a backup nor a forget ends within this.
    pub short_job: Duration,
    /// For another host's lock.
    pub foreign_lock: Duration,
    /// Between two looks at a foreign lock.
    pub lock_poll: Duration,
    /// Between two attempts to write what must be written.
    pub disk_retry: Duration,
    /// Snapshots and numbers are read again after a backup when they are older than this.
    pub refresh: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            term_to_kill: Duration::from_secs(5),
            silence: Duration::from_mins(30),
            forget: Duration::from_hours(6),
            short_job: Duration::from_mins(15),
            foreign_lock: Duration::from_mins(5),
            lock_poll: Duration::from_secs(10),
            disk_retry: Duration::from_secs(5),
            refresh: Duration::from_hours(1),
        }
    }
}
