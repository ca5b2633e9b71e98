//! What a running job shows while somebody watches: progress at most once a second, lines as they come.
//!
//! Ephemeral: a slow listener loses lines alone, and reads the job's log from the store afterwards.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use tokio::sync::broadcast;
use wire::{frame::Live, id::JobId};

/// What a listener may be behind before it loses the oldest.
pub const LIVE_BUFFER: usize = 64;

#[derive(Debug)]
pub struct LiveHub {
    /// How many watch each job: a coordinator, and people at this host's terminal.
    watched: Mutex<HashMap<JobId, usize>>,
    sender: broadcast::Sender<Live>,
}

impl LiveHub {
    pub fn new() -> Self {
        Self { watched: Mutex::default(), sender: broadcast::channel(LIVE_BUFFER).0 }
    }

    pub fn subscribe(&self) -> broadcast::Receiver<Live> {
        self.sender.subscribe()
    }

    pub fn watch(&self, job: JobId, on: bool) {
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        if on {
            *watched.entry(job).or_default() += 1;
        } else if let Some(count) = watched.get_mut(&job) {
            *count -= 1;
            if *count == 0 {
                watched.remove(&job);
            }
        }
    }

    pub fn is_watched(&self, job: JobId) -> bool {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&job)
    }

    /// Nobody listening is no error.
    pub fn send(&self, live: Live) {
        let _ = self.sender.send(live);
    }

    /// The job is over: whoever watched it reads its row.
    pub fn forget(&self, job: JobId) {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner).remove(&job);
    }
}
