//! The desk: where documents from the fleet are put, each checked and written down in one transaction.
//!
//! Cheap to clone. Holds what deciding takes: this agent's keys, its secrets, the endpoint's policy, and the engine
//! where there is one.

use std::{path::PathBuf, sync::Arc};

use rusqlite::Connection;
use wire::{
    id::{AgentId, FleetId},
    identity::{AgentKeys, KeyBinding},
    trust::{Ledger, TrustError},
};

use super::secrets::{EscrowTo, Secrets};
use crate::{
    answer::Answerer,
    config::Policy,
    run::Engine,
    store::{Store, StoreError, trust},
    world::World,
};

/// What a desk is made of.
pub struct Parts {
    pub world: World,
    pub store: Store,
    pub keys: AgentKeys,
    pub secrets: Arc<Secrets>,
    pub policy: Policy,
    /// The endpoint's own plan: where it exists, it governs.
    pub plan_file: PathBuf,
    /// Absent while `enrol` runs without the daemon: then orders are not taken.
    pub engine: Option<Engine>,
}

#[derive(Clone)]
pub struct Desk(pub(super) Arc<Parts>, pub(super) Option<Answerer>);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeskError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Trust(#[from] TrustError),
}

impl Desk {
    pub fn new(parts: Parts) -> Self {
        let answers = parts.engine.clone().map(Answerer::new);
        Self(Arc::new(parts), answers)
    }

    pub fn agent(&self) -> AgentId {
        self.0.keys.id()
    }

    pub fn keys(&self) -> &AgentKeys {
        &self.0.keys
    }

    pub fn binding(&self) -> KeyBinding {
        self.0.keys.binding()
    }

    pub fn store(&self) -> &Store {
        &self.0.store
    }

    pub fn world(&self) -> &World {
        &self.0.world
    }

    pub fn engine(&self) -> Option<&Engine> {
        self.0.engine.as_ref()
    }

    /// Who answers questions; there where there is an engine.
    pub fn answers(&self) -> Option<&Answerer> {
        self.1.as_ref()
    }

    /// The statements that were accepted before; `None` while there are none of the pinned fleet.
    pub async fn ledger(&self, pinned: FleetId) -> Result<Option<Ledger>, DeskError> {
        self.0.store.read(move |connection| ledger(connection, pinned)).await
    }

    pub(super) fn escrow_to(&self, ledger: &Ledger) -> EscrowTo {
        let recovery = ledger.statement().recovery;
        EscrowTo { fleet: ledger.fleet(), agent: self.agent(), recovery }
    }
}

/// Replays what was stored, so that a row which somebody changed does not count.
pub(super) fn ledger(connection: &Connection, pinned: FleetId) -> Result<Option<Ledger>, DeskError> {
    let all = trust::statements(connection)?;
    if all.is_empty() {
        return Ok(None);
    }
    Ok(Some(Ledger::replay(pinned, &all)?))
}
