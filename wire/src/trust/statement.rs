//! The fleet statement: the fleet's root, recovery key, coordinators and operators, version by version.
//!
//! Knows what a statement must hold to make sense. Which of two statements counts is the ledger's.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::{
    domain::{self, Domain},
    id::{ChannelKey, CoordinatorId, FleetId, Hash32, OperatorKey, RootKey, SealKey, SignerKey, UnixMs},
    role::Role,
    trust::Document,
};

/// A coordinator that agents may talk to and take routine orders from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Coordinator {
    pub id: CoordinatorId,
    pub channel: ChannelKey,
    pub name: String,
}

/// A person's device key and what it may sign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Operator {
    pub key: OperatorKey,
    pub name: String,
    pub role: Role,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Statement {
    pub fleet: FleetId,
    /// Counts from 1.
    #[ts(type = "number")]
    pub version: u64,
    /// The hash of the version before; zeros for version 1.
    pub previous: Hash32,
    pub issued_at: UnixMs,
    pub root: RootKey,
    pub recovery: SealKey,
    pub coordinators: Vec<Coordinator>,
    pub operators: Vec<Operator>,
}

impl Document for Statement {
    const DOMAIN: Domain = domain::STATEMENT;
    const NAME: &'static str = "fleet statement";
}

/// What is wrong with a statement by itself, whoever signed it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    #[error("a fleet statement counts from version 1")]
    VersionZero,
    #[error("a fleet statement must name at least one coordinator")]
    NoCoordinator,
    #[error("a fleet statement must name at least one admin, or nobody could change the fleet any more")]
    NoAdmin,
    #[error("the key {key} stands twice in the fleet statement: each person and coordinator has its own")]
    KeyTwice { key: String },
    #[error(
        "`{name}` has the role viewer, and viewers have no operator key: leave it out of the fleet statement"
    )]
    ViewerKey { name: String },
    #[error("`{name}` is not a name: use 1 to 200 printable characters")]
    Name { name: String },
}

impl Statement {
    pub fn validate(&self) -> Result<(), StatementError> {
        if self.version == 0 {
            return Err(StatementError::VersionZero);
        }
        if self.coordinators.is_empty() {
            return Err(StatementError::NoCoordinator);
        }
        if !self.operators.iter().any(|operator| operator.role == Role::Admin) {
            return Err(StatementError::NoAdmin);
        }
        if let Some(viewer) = self.operators.iter().find(|operator| operator.role == Role::Viewer) {
            return Err(StatementError::ViewerKey { name: viewer.name.clone() });
        }
        let names = self.coordinators.iter().map(|c| &c.name).chain(self.operators.iter().map(|o| &o.name));
        for name in names {
            let length = name.chars().count();
            if name.trim().is_empty() || length > 200 || name.chars().any(char::is_control) {
                return Err(StatementError::Name { name: name.chars().take(80).collect() });
            }
        }
        self.keys_are_unique()
    }

    /// One key, one use: the root, each operator and each coordinator id among the signing keys, and the recovery
    /// key and each channel key among the X25519 keys.
    fn keys_are_unique(&self) -> Result<(), StatementError> {
        let mut seen = BTreeSet::new();
        let signing = std::iter::once(self.root.0)
            .chain(self.operators.iter().map(|operator| operator.key.0))
            .chain(self.coordinators.iter().map(|coordinator| coordinator.id.0));
        let exchange = std::iter::once(self.recovery.0).chain(self.coordinators.iter().map(|c| c.channel.0));
        for key in signing.chain(exchange) {
            if !seen.insert(key) {
                return Err(StatementError::KeyTwice { key: Hash32(key).to_string() });
            }
        }
        Ok(())
    }

    pub fn operator(&self, key: SignerKey) -> Option<&Operator> {
        self.operators.iter().find(|operator| key == operator.key)
    }

    /// The role that this key has in this statement.
    pub fn role(&self, key: SignerKey) -> Option<Role> {
        self.operator(key).map(|operator| operator.role)
    }

    pub fn coordinator(&self, id: SignerKey) -> Option<&Coordinator> {
        self.coordinators.iter().find(|coordinator| id == coordinator.id)
    }

    /// Whether the other end of a channel is this coordinator of the fleet: both of its keys must match.
    pub fn names_coordinator(&self, id: CoordinatorId, channel: ChannelKey) -> bool {
        self.coordinator(id.into()).is_some_and(|coordinator| coordinator.channel == channel)
    }
}
