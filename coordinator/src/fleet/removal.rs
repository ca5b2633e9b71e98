//! Taking a host out of the fleet's replica. The host itself is not touched.

use wire::{
    frame::{Refusal, RefusalCode},
    id::{AgentId, UnixMs},
    view::{AuditAction, Event},
};

use super::{Fleet, FleetError};
use crate::{
    audit::Act,
    store::{hosts, summary},
};

impl Fleet {
    /// Removes the replica of a host that left, that never came, or that is not there: its row, its orders and its
    /// journal. A member that still lives comes back by its credential, with all of its journal.
    pub async fn remove_host(&self, act: &Act, agent: AgentId) -> Result<(), FleetError> {
        let host = self.host_id(agent)?;
        let (fleet, act) = (self.clone(), act.clone());
        self.inner
            .store
            .write(move |tx| {
                let retired = crate::store::standing::retired_at(tx, host)?.is_some();
                if !retired && fleet.inner.hub.seat(agent).is_some() {
                    return Err(FleetError::conflict(
                        "the host is connected and still a member of the fleet",
                        "Retire it first: a member that is removed comes back at once by its credential, with all of \
                         its journal.",
                    ));
                }
                // All that was counted of it: it is counted again if it comes back.
                let ended = summary::backups_by_minute(tx, Some(host), UnixMs(0))?;
                hosts::remove(tx, host)?;
                act.record(tx, fleet.of_host(AuditAction::HostRemove, agent))?;
                tx.on_commit(move || {
                    fleet.inner.hub.close(agent, &removed());
                    fleet.inner.claims.forget(host);
                    fleet.inner.trees.forget(agent);
                    fleet.shares_changed(fleet.inner.index.remove(agent, &ended));
                    fleet.tell(Event::Host { agent });
                });
                Ok(())
            })
            .await
    }
}

fn removed() -> Refusal {
    Refusal {
        code: RefusalCode::Unavailable,
        message: "An admin removed this host from the coordinator.".into(),
        hint: "Backups go on. A host that is still a member comes back by itself.".into(),
        supported: None,
    }
}
