//! Somebody who is about to change something.

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use serde::Serialize;
use wire::{
    id::UnixMs,
    view::{Actor, AuditAction, AuditBody, Target, TargetKind},
};

use super::Audit;
use crate::store::{StoreError, Tx};

/// Who does something, from where and when. Cheap to clone; one for each request.
#[derive(Clone)]
pub struct Act {
    audit: Audit,
    actor: Actor,
    address: Option<IpAddr>,
    at: UnixMs,
    recorded: Arc<AtomicBool>,
}

/// What a record tells besides who and when. Nothing in it is secret.
#[derive(Clone, Debug)]
pub struct Entry {
    action: AuditAction,
    target: Option<Target>,
    before: Option<serde_json::Value>,
    after: Option<serde_json::Value>,
}

impl Entry {
    pub const fn new(action: AuditAction) -> Self {
        Self { action, target: None, before: None, after: None }
    }

    #[allow(
        clippy::needless_pass_by_value,
        reason = "ids are small, and a caller has nothing else to do with one"
    )]
    pub fn on(mut self, kind: TargetKind, id: impl ToString, name: impl Into<String>) -> Self {
        self.target = Some(Target { kind, id: id.to_string(), name: name.into() });
        self
    }

    pub fn before(mut self, value: impl Serialize) -> Self {
        self.before = serde_json::to_value(value).ok();
        self
    }

    pub fn after(mut self, value: impl Serialize) -> Self {
        self.after = serde_json::to_value(value).ok();
        self
    }
}

impl Act {
    pub fn new(audit: Audit, actor: Actor, address: Option<IpAddr>, at: UnixMs) -> Self {
        Self { audit, actor, address, at, recorded: Arc::default() }
    }

    /// The same request, once it is known whose it is.
    pub fn by(&self, actor: Actor) -> Self {
        Self { actor, ..self.clone() }
    }

    /// Writes a record in the transaction of the change that it tells of. Of refusals, only as many as nobody can fill a
    /// disk with; the next that is written says how many were left out.
    pub fn record(&self, tx: &Tx<'_>, entry: Entry) -> Result<(), StoreError> {
        let Entry { action, target, mut before, after } = entry;
        if matches!(action, AuditAction::Refused | AuditAction::SignInRefused) {
            let Some(left_out) = self.audit.0.bounds.take(self.actor.name(), self.at) else { return Ok(()) };
            if left_out > 0 {
                before = Some(serde_json::json!({ "left_out": left_out }));
            }
        }
        let (actor, address) = (self.actor.clone(), self.address.map(|address| address.to_string()));
        self.audit.append(tx, &AuditBody { at: self.at, actor, address, action, target, before, after })?;
        let recorded = Arc::clone(&self.recorded);
        tx.on_commit(move || recorded.store(true, Ordering::Release));
        Ok(())
    }

    #[cfg(test)]
    pub(super) const fn audit(&self) -> &Audit {
        &self.audit
    }

    /// Whether a record of this request stands in the database.
    pub fn is_recorded(&self) -> bool {
        self.recorded.load(Ordering::Acquire)
    }

    /// What people call who does it.
    pub fn person(&self) -> &str {
        self.actor.name()
    }

    pub const fn actor(&self) -> &Actor {
        &self.actor
    }

    pub const fn address(&self) -> Option<IpAddr> {
        self.address
    }

    pub const fn at(&self) -> UnixMs {
        self.at
    }
}
