//! Orders that must not be written down: what they carry is held in memory alone, here and at the host.
//!
//! They go down the socket of a host that is connected, or nowhere: the database knows that there was one, who gave it,
//! when and about what, and never its body.

use std::sync::Arc;

use wire::{order::Order, trust::Signed, view::OrderView};

use super::{Fleet, FleetError, Known, Seat, orders};
use crate::{
    audit::Act,
    store::{
        hosts::{self, HostId},
        orders::{self as rows, NewOrder},
        plans,
    },
};

/// Nobody who copied such an order on its way has longer to try it.
const LIFE_MS: i64 = 15 * 60_000;

impl Fleet {
    /// The connection that an order goes down which must not wait.
    pub(super) fn seat_for(&self, order: &Order) -> Result<Arc<Seat>, FleetError> {
        self.inner.hub.seat(order.agent).ok_or_else(|| FleetError::HostAbsent {
            detail: format!(
                "the host {} is not connected, and `{}` waits for nobody",
                self.called(order.agent),
                order.action.as_str()
            ),
            hint:
                "It is never written down, so it has to be given while the host is online. Wait until it is."
                    .into(),
        })
    }

    /// Hands an order to a live host, and keeps what everybody may know of it.
    pub(super) async fn hand_over(
        &self,
        act: &Act,
        (host, seat): (HostId, Arc<Seat>),
        known: Arc<Known>,
        order: Order,
        signed: Signed<Order>,
    ) -> Result<OrderView, FleetError> {
        let now = self.inner.world.now();
        if order.expires_at.since(now) > LIFE_MS {
            return Err(FleetError::conflict(
                format!("`{}` is good for 15 minutes at most", order.action.as_str()),
                "Nothing was done. Reload the page and do it again; check this computer's clock.",
            ));
        }
        let agent = seat.agent;
        let (fleet, act) = (self.clone(), act.clone());
        self.inner
            .store
            .write(move |tx| {
                let held = plans::held(tx, host)?;
                let revision = held.as_ref().map_or(0, |held| held.revision);
                let plan = held.map(|held| held.plan);
                orders::check(&known, agent, &order, &signed, plan.as_ref(), now)?;
                fleet.signer_may(tx, &act, &order, &signed, plan.as_ref())?;
                let id = order.id;
                act.record(tx, fleet.given(tx, (agent, host), &order, revision, plan.as_ref())?)?;
                if !rows::insert(tx, &NewOrder { host, order, signed: None, made_at: now })? {
                    return Err(orders::known_already(id));
                }
                let number = hosts::next_number(tx, host)?;
                rows::set_sent(tx, id, number, now)?;
                let outgoing = fleet.dispatch(&known, agent, id, signed, number)?;
                // Before its connection is woken; and any later number is given after this commit.
                tx.on_commit(move || seat.hand(outgoing));
                fleet.orders_changed_in(tx, agent, host)?;
                rows::one(tx, host, agent, id, now)?.ok_or_else(|| FleetError::not_found("order", id))
            })
            .await
    }
}
