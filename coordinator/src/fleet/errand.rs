//! Errands: grave orders that are answered with more than a receipt. What one host lends another, and downloads.
//!
//! Handed over and answered in memory alone. The audit knows that there was one: whose, of what, and to whom.

use wire::{
    action::Action,
    id::{AgentId, Base64Bytes},
    identity::KeyBinding,
    order::Order,
    question::Part,
    trust::Signed,
    view::LentView,
};

use super::{Asking, Came, Fleet, FleetError, orders};
use crate::{audit::Act, store::hosts};

impl Fleet {
    /// Lets a host seal its repository's credential to another one, for one restore there.
    pub async fn lend(
        &self,
        act: &Act,
        agent: AgentId,
        grave: Signed<Order>,
    ) -> Result<LentView, FleetError> {
        let (order, grave) = orders::signed_by(act.person(), grave)?;
        let Action::Lend { to, .. } = &order.action else { return Err(other_action("lend", &order)) };
        self.check_borrower(agent, to).await?;
        let mut asking = self.errand(act, agent, order, grave, false).await?;
        let mut lent: Option<Base64Bytes> = None;
        while let Some(came) = asking.next().await? {
            if let Came::Part(Part::Lent { sealed }) = came {
                lent = Some(sealed);
            }
        }
        lent.map(|sealed| LentView { sealed }).ok_or_else(|| FleetError::HostRefused {
            code: wire::action::OrderRefusalCode::Unsupported,
            detail: format!("{} took the order and lent nothing", self.called(agent)),
            hint: "Update the older one of its agent and this coordinator, then try again.".into(),
        })
    }

    /// The sealed bytes of one file or directory, as the host sends them. The first are waited for by whoever reads them.
    pub async fn download(
        &self,
        act: &Act,
        agent: AgentId,
        grave: Signed<Order>,
    ) -> Result<Asking, FleetError> {
        let (order, grave) = orders::signed_by(act.person(), grave)?;
        let Action::Download { repository, snapshot, path, .. } = &order.action else {
            return Err(other_action("download", &order));
        };
        if !path.is_plain_absolute() {
            return Err(FleetError::field(
                "path",
                "give the path as it stands in the snapshot, from / on, without `..`",
            ));
        }
        self.known_snapshots(agent, repository, vec![snapshot.clone()]).await?;
        self.errand(act, agent, order, grave, true).await
    }

    /// Begins to listen, then hands the order over: nothing of its answer is missed.
    async fn errand(
        &self,
        act: &Act,
        agent: AgentId,
        order: Order,
        grave: Signed<Order>,
        streams: bool,
    ) -> Result<Asking, FleetError> {
        let host = self.host_id(agent)?;
        self.takes_orders(agent)?;
        let known = self.needed()?;
        if order.agent != agent {
            // Who is asked for it must be who it is addressed to, before anybody listens for an answer.
            return Err(FleetError::conflict(
                "the order is addressed to another host",
                "Nothing was done. Reload the page and do it again.",
            ));
        }
        let seat = self.present(agent)?;
        let asking = self.expect(&seat, order.id, streams)?;
        self.hand_over(act, (host, seat), known, order, grave).await?;
        Ok(asking)
    }

    /// Whoever signs has checked whose keys these are; this spares the wait for keys that nobody here has.
    async fn check_borrower(&self, lender: AgentId, to: &KeyBinding) -> Result<(), FleetError> {
        let borrower = to.id;
        if borrower == lender {
            return Err(FleetError::conflict(
                "a host needs nothing lent for its own repository",
                "Nothing was done. Restore on that host as ever.",
            ));
        }
        let found = self.inner.store.read(move |connection| hosts::by_agent(connection, borrower)).await?;
        let found = found.ok_or_else(|| FleetError::not_found("host", borrower))?;
        if found.binding.fingerprint() != to.fingerprint() {
            return Err(FleetError::conflict(
                format!("{} has other keys than the order names", found.name),
                "Nothing was done. Reload the page, compare the host's fingerprint, and do it again.",
            ));
        }
        self.takes_orders(borrower)
    }
}

fn other_action(wanted: &str, order: &Order) -> FleetError {
    let found = order.action.as_str();
    FleetError::field("grave", format!("this takes a `{wanted}` order, and was given `{found}`"))
}
