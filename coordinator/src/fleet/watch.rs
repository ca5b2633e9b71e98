//! Who looks at which running job, and the live frames on their way to them. Nothing here is kept.
//!
//! Each viewer has a bounded buffer of its own: a slow one loses frames alone.

use std::{
    collections::HashMap,
    pin::Pin,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use tokio::sync::mpsc;
use tokio_stream::Stream;
use wire::{
    frame::Live,
    id::{AgentId, JobId},
    job::Progress,
    view::Event,
};

use super::{Fleet, Wish};

/// Frames that wait for a viewer.
const BUFFER: usize = 64;

#[derive(Default)]
pub(super) struct Watches(Mutex<HashMap<AgentId, HashMap<JobId, Watched>>>);

#[derive(Default)]
struct Watched {
    viewers: Vec<(u64, mpsc::Sender<Live>)>,
    next_viewer: u64,
    progress: Option<Progress>,
}

impl Watches {
    fn all(&self) -> MutexGuard<'_, HashMap<AgentId, HashMap<JobId, Watched>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn join(&self, agent: AgentId, job: JobId) -> (u64, mpsc::Receiver<Live>) {
        let (sender, receiver) = mpsc::channel(BUFFER);
        let mut all = self.all();
        let watched = all.entry(agent).or_default().entry(job).or_default();
        let viewer = watched.next_viewer;
        watched.next_viewer += 1;
        watched.viewers.push((viewer, sender));
        (viewer, receiver)
    }

    fn leave(&self, agent: AgentId, job: JobId, viewer: u64) {
        let mut all = self.all();
        let Some(jobs) = all.get_mut(&agent) else { return };
        if let Some(watched) = jobs.get_mut(&job) {
            watched.viewers.retain(|(other, _)| *other != viewer);
            if watched.viewers.is_empty() {
                jobs.remove(&job);
            }
        }
        if jobs.is_empty() {
            all.remove(&agent);
        }
    }

    /// The jobs of this agent that somebody looks at.
    pub fn wanted(&self, agent: AgentId) -> Vec<JobId> {
        self.all().get(&agent).map(|jobs| jobs.keys().copied().collect()).unwrap_or_default()
    }

    pub fn progress(&self, agent: AgentId, job: JobId) -> Option<Progress> {
        self.all().get(&agent)?.get(&job)?.progress.clone()
    }

    /// Hands a live frame to whoever looks at its job.
    pub fn relay(&self, agent: AgentId, live: &Live) {
        let (Live::Progress { job, .. } | Live::Log { job, .. }) = live;
        let mut all = self.all();
        let Some(watched) = all.get_mut(&agent).and_then(|jobs| jobs.get_mut(job)) else { return };
        if let Live::Progress { progress, .. } = live {
            watched.progress = Some(progress.clone());
        }
        for (_, viewer) in &watched.viewers {
            // A full buffer is the viewer's loss: it reads the log again from where it was.
            let _ = viewer.try_send(live.clone());
        }
    }
}

/// Somebody looks at a job until this is dropped. A stream of [`Event::Live`].
pub struct WatchGuard {
    fleet: Fleet,
    agent: AgentId,
    job: JobId,
    viewer: u64,
    frames: mpsc::Receiver<Live>,
}

impl WatchGuard {
    pub async fn next(&mut self) -> Option<Event> {
        let live = self.frames.recv().await?;
        Some(Event::Live { agent: self.agent, live })
    }
}

impl Stream for WatchGuard {
    type Item = Event;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Event>> {
        let this = self.get_mut();
        let agent = this.agent;
        this.frames.poll_recv(context).map(|live| live.map(|live| Event::Live { agent, live }))
    }
}

impl Drop for WatchGuard {
    fn drop(&mut self) {
        self.fleet.inner.watches.leave(self.agent, self.job, self.viewer);
        self.fleet.inner.hub.wish(self.agent, Wish::Watches);
    }
}

impl Fleet {
    /// Looks at a job: from now on its agent sends progress and log lines, if it is there and the job runs. Look first,
    /// read the job afterwards, and nothing is missed.
    pub fn watch(&self, agent: AgentId, job: JobId) -> WatchGuard {
        let (viewer, frames) = self.inner.watches.join(agent, job);
        self.inner.hub.wish(agent, Wish::Watches);
        WatchGuard { fleet: self.clone(), agent, job, viewer, frames }
    }

    /// The jobs of this agent that somebody looks at.
    pub fn watched(&self, agent: AgentId) -> Vec<JobId> {
        self.inner.watches.wanted(agent)
    }

    pub fn relay(&self, agent: AgentId, live: &Live) {
        self.inner.watches.relay(agent, live);
    }
}
