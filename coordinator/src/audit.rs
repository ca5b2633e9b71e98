//! Who did what: records that are chained, signed by this coordinator, and written with the change that they tell of.
//!
//! Knows actors, actions, the chain, how long records are kept and where they are copied to. Must not know what any action
//! means, nor HTTP. An [`Act`] is what every operation that a person may cause takes as its argument: who, from where,
//! when; it is the only way to write a record.

mod act;
mod bounds;
mod chain;
mod check;
mod copy;
mod export;
mod log;
mod trim;

pub use act::{Act, Entry};
pub use chain::{ChainError, genesis, verify_link};
pub use check::{Checked, check};
pub use copy::Copier;
pub use export::{csv_header, csv_line, ndjson};
pub use log::{AuditError, AuditLog, AuditQuery, body};

use std::sync::Arc;

use tokio::sync::watch;
use wire::{
    domain,
    id::{CoordinatorId, UnixMs},
    identity::CoordinatorKeys,
    view::{Actor, AuditBody},
};

use crate::store::{
    StoreError, Tx,
    audit::{self, AuditRow, Link},
};
use bounds::Bounds;

/// Writes records. Cheap to clone.
#[derive(Clone)]
pub struct Audit(Arc<Inner>);

struct Inner {
    keys: CoordinatorKeys,
    bounds: Bounds,
    /// Carries no data: whoever copies records looks for new ones.
    written: watch::Sender<()>,
}

impl Audit {
    pub fn new(keys: CoordinatorKeys) -> Self {
        Self(Arc::new(Inner { keys, bounds: Bounds::default(), written: watch::Sender::new(()) }))
    }

    /// What the coordinator does by itself.
    pub fn own(&self, now: UnixMs) -> Act {
        Act::new(self.clone(), Actor::Coordinator, None, now)
    }

    pub fn coordinator(&self) -> CoordinatorId {
        self.0.keys.id()
    }

    /// Wakes when records were committed.
    fn written(&self) -> watch::Receiver<()> {
        self.0.written.subscribe()
    }

    fn append(&self, tx: &Tx<'_>, body: &AuditBody) -> Result<Link, StoreError> {
        let id = self.coordinator();
        let before = audit::last(tx)?.unwrap_or_else(|| chain::genesis(id));
        let text = serde_json::to_string(body).map_err(|error| StoreError::Refused(error.to_string()))?;
        let link = chain::next(before, &text);
        let signature = self.0.keys.identity.sign(domain::AUDIT_HEAD, &chain::signed(id, link));
        audit::insert(tx, &AuditRow { link, signature, body: text }, &chain::searched(body))?;
        let inner = Arc::clone(&self.0);
        tx.on_commit(move || {
            inner.written.send_replace(());
        });
        Ok(link)
    }
}

#[cfg(test)]
mod tests;
