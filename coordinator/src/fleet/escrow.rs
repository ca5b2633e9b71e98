//! The escrow bundle: for whoever has the recovery kit, and lost everything else.

use std::collections::BTreeSet;

use serde_json::json;
use wire::{
    id::AgentId,
    view::{AuditAction, EscrowBundle, EscrowRequest, TargetKind},
};

use super::{Fleet, FleetError, told::few};
use crate::{
    audit::{Act, Entry},
    store::escrow,
};

/// Hosts that one request names.
const MOST: usize = 10_000;

impl Fleet {
    /// Of these hosts, or of all. It opens with the kit alone; that it was taken stands in the audit.
    pub async fn escrow(&self, act: &Act, request: EscrowRequest) -> Result<EscrowBundle, FleetError> {
        if request.hosts.len() > MOST {
            return Err(FleetError::field(
                "hosts",
                format!("name {MOST} hosts at most, or none for all of them"),
            ));
        }
        let wanted: BTreeSet<AgentId> = request.hosts.into_iter().collect();
        for agent in &wanted {
            self.host_id(*agent)?;
        }
        let fleet = self.needed()?.ledger.fleet();
        let (act, now) = (act.clone(), self.inner.world.now());
        let all = wanted.is_empty();
        // Beside the writer, who has journals to write meanwhile; nobody is handed it before it stands in the audit.
        let bundle =
            self.inner.store.read(move |connection| escrow::bundle(connection, fleet, &wanted, now)).await?;
        self.inner
            .store
            .write(move |tx| {
                act.record(tx, taken(&bundle, all, "panel"))?;
                Ok(bundle)
            })
            .await
    }
}

/// Who took what is known by these, and never what is in it.
pub fn taken(bundle: &EscrowBundle, all: bool, by: &str) -> Entry {
    let hosts = bundle.hosts.len();
    let which = if all { json!("all") } else { few(bundle.hosts.iter().map(|host| &host.name)) };
    let boxes: usize = bundle.hosts.iter().map(|host| host.boxes.len()).sum();
    Entry::new(AuditAction::EscrowTake)
        .on(TargetKind::Fleet, bundle.fleet, "")
        .after(json!({ "by": by, "hosts": which, "count": hosts, "boxes": boxes }))
}
