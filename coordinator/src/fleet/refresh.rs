//! What follows a commit but would hold the writer up: sizes and counts of snapshots, and who claims a repository.
//!
//! Adding them up takes longer than writing one batch, so the writer only says whose are stale. Each host is read once
//! however many of its batches came meanwhile, and by one task alone, so that no older sum follows a newer one.

use std::{
    collections::{BTreeMap, BTreeSet},
    mem,
    sync::{Mutex, PoisonError},
};

use tokio::runtime::Handle;
use wire::{
    id::{AgentId, Hash32, UnixMs},
    view::Event,
};

use super::{Fleet, outline::Patch};
use crate::ingest::{Ended, Touched};

pub(super) struct Stale {
    state: Mutex<State>,
    runtime: Handle,
}

#[derive(Default)]
struct State {
    agents: BTreeSet<AgentId>,
    /// Repositories, by restic's own id, whose hosts may have to be told who claims them.
    shared: BTreeSet<Hash32>,
    /// Those that are to be looked at again then, as hosts could not be told or may have forgotten.
    untold: BTreeMap<Hash32, UnixMs>,
    /// A task is reading them.
    running: bool,
}

impl Stale {
    /// Its task runs where the fleet was opened.
    pub fn new() -> Self {
        Self { state: Mutex::default(), runtime: Handle::current() }
    }
}

impl Fleet {
    /// Takes into the index what was read again. To be called after the commit, from any thread.
    pub(super) fn patch(&self, agent: AgentId, patch: Patch, ended: &[Ended], now: UnixMs) {
        let shared = self.inner.index.patch(agent, patch, ended, now);
        self.shares_changed(shared);
    }

    /// To be called after the commit, from any thread.
    pub(super) fn sizes_changed(&self, agent: AgentId) {
        self.mark(|state| {
            state.agents.insert(agent);
        });
    }

    /// Somebody else uses these repositories than before, or claims to look after them.
    pub(super) fn shares_changed(&self, shared: Vec<Hash32>) {
        if !shared.is_empty() {
            self.mark(|state| state.shared.extend(shared));
        }
    }

    pub(super) fn tell_claims_later(&self, id: Hash32, at: UnixMs) {
        let mut state = self.inner.stale.state.lock().unwrap_or_else(PoisonError::into_inner);
        let due = state.untold.entry(id).or_insert(at);
        *due = at.min(*due);
    }

    /// Tries again what did not work before.
    pub(super) fn tell_untold(&self, now: UnixMs) {
        let mut state = self.inner.stale.state.lock().unwrap_or_else(PoisonError::into_inner);
        let due = state.untold.extract_if(.., |_, at| *at <= now).map(|(id, _)| id).collect();
        drop(state);
        self.shares_changed(due);
    }

    fn mark(&self, stale: impl FnOnce(&mut State)) {
        let mut state = self.inner.stale.state.lock().unwrap_or_else(PoisonError::into_inner);
        stale(&mut state);
        if !mem::replace(&mut state.running, true) {
            let fleet = self.clone();
            self.inner.stale.runtime.spawn(async move { fleet.refresh().await });
        }
    }

    async fn refresh(&self) {
        loop {
            let (agents, shared) = {
                let mut state = self.inner.stale.state.lock().unwrap_or_else(PoisonError::into_inner);
                let stale = (mem::take(&mut state.agents), mem::take(&mut state.shared));
                state.running = !(stale.0.is_empty() && stale.1.is_empty());
                stale
            };
            if agents.is_empty() && shared.is_empty() {
                return;
            }
            for agent in agents {
                self.refresh_sizes_of(agent).await;
            }
            for id in shared {
                self.tell_claims(id).await;
            }
        }
    }

    /// Waits until every size that is known to be stale was read again.
    #[cfg(test)]
    pub(crate) async fn settled(&self) {
        while self.inner.stale.state.lock().unwrap_or_else(PoisonError::into_inner).running {
            crate::world::World::real().sleep(std::time::Duration::from_millis(1)).await;
        }
    }

    async fn refresh_sizes_of(&self, agent: AgentId) {
        let Some(host) = self.inner.index.host_id(agent) else { return };
        let now = self.inner.world.now();
        match self
            .inner
            .store
            .read(move |connection| Patch::read(connection, host, Touched::REPOSITORIES, now))
            .await
        {
            Ok(patch) => {
                self.patch(agent, patch, &[], now);
                self.tell(Event::Host { agent });
            }
            Err(error) => tracing::warn!(%agent, %error, "a host's size could not be added up"),
        }
    }
}
