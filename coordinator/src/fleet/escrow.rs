//! The escrow bundle: for whoever has the recovery kit, and lost everything else.

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
        for agent in &request.hosts {
            self.host_id(*agent)?;
        }
        let fleet = self.needed()?.ledger.fleet();
        let (act, now) = (act.clone(), self.inner.world.now());
        self.inner
            .store
            .write(move |tx| {
                let bundle = escrow::bundle(tx, fleet, &request.hosts, now)?;
                act.record(tx, taken(&bundle, &request.hosts, "panel"))?;
                Ok(bundle)
            })
            .await
    }
}

/// Who took what is known by these, and never what is in it.
pub fn taken(bundle: &EscrowBundle, named: &[AgentId], by: &str) -> Entry {
    let hosts = bundle.hosts.len();
    let which = if named.is_empty() { json!("all") } else { few(bundle.hosts.iter().map(|host| &host.name)) };
    let boxes: usize = bundle.hosts.iter().map(|host| host.boxes.len()).sum();
    Entry::new(AuditAction::EscrowTake)
        .on(TargetKind::Fleet, bundle.fleet, "")
        .after(json!({ "by": by, "hosts": which, "count": hosts, "boxes": boxes }))
}
