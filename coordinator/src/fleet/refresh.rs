//! Sizes and counts of snapshots, brought into the index after the commit that changed them.
//!
//! Adding them up takes longer than writing one batch, so the writer only says whose are stale. Each host is read once
//! however many of its batches came meanwhile, and by one task alone, so that no older sum follows a newer one.

use std::{
    collections::BTreeSet,
    mem,
    sync::{Mutex, PoisonError},
};

use tokio::runtime::Handle;
use wire::{id::AgentId, view::Event};

use super::{Fleet, outline::Patch};
use crate::ingest::Touched;

const SIZES: Touched = Touched { facts: false, plan: false, jobs: false, repositories: true, orders: false };

pub(super) struct Stale {
    state: Mutex<State>,
    runtime: Handle,
}

#[derive(Default)]
struct State {
    agents: BTreeSet<AgentId>,
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
    /// To be called after the commit, from any thread.
    pub(super) fn sizes_changed(&self, agent: AgentId) {
        let mut state = self.inner.stale.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.agents.insert(agent);
        if !mem::replace(&mut state.running, true) {
            let fleet = self.clone();
            self.inner.stale.runtime.spawn(async move { fleet.refresh_sizes().await });
        }
    }

    async fn refresh_sizes(&self) {
        loop {
            let agents = {
                let mut state = self.inner.stale.state.lock().unwrap_or_else(PoisonError::into_inner);
                let agents = mem::take(&mut state.agents);
                state.running = !agents.is_empty();
                agents
            };
            if agents.is_empty() {
                return;
            }
            for agent in agents {
                self.refresh_sizes_of(agent).await;
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
        match self.inner.store.read(move |connection| Patch::read(connection, host, SIZES, now)).await {
            Ok(patch) => {
                self.inner.index.patch(agent, patch, &[], now);
                self.tell(Event::Host { agent });
            }
            Err(error) => tracing::warn!(%agent, %error, "a host's size could not be added up"),
        }
    }
}
