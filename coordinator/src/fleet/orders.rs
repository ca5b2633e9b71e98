//! Orders: checked, signed or passed on, kept until the host is there, numbered when they are sent.
//!
//! The agent decides. What is checked here spares a person the wait for an answer that is certain to be no.

mod check;

pub(super) use check::{check, named};

use std::time::Duration;

use serde_json::json;
use wire::{
    action::Action,
    id::{AgentId, OrderId, UnixMs},
    order::{Dispatch, Needed, Order, needed},
    plan::Plan,
    trust::{Role, Signed, Verified},
    view::{AuditAction, Event, OrderRequest, OrderView, TargetKind},
};

use super::{Fleet, FleetError, Known, Wish, outline::Patch};
use crate::{
    audit::{Act, Entry},
    ingest::Touched,
    store::{
        Tx,
        hosts::{self, HostId},
        orders::{self, NewOrder},
        plans,
    },
};

/// A run-now that nobody could start within an hour is not wanted any more.
const ROUTINE_LIFE: Duration = Duration::from_hours(1);
/// Orders of one host that a list shows.
const LISTED: u32 = 200;

/// Orders on their way to a live agent.
#[derive(Clone, Debug, PartialEq)]
pub struct Outgoing {
    pub dispatch: Signed<Dispatch>,
    pub number: u64,
    pub order: OrderId,
}

impl Fleet {
    /// Takes a wish for a host: a routine one is signed here, a grave one comes signed by an operator's key.
    pub async fn order(
        &self,
        act: &Act,
        agent: AgentId,
        request: OrderRequest,
    ) -> Result<OrderView, FleetError> {
        let person = act.person();
        let host = self.host_id(agent)?;
        let known = self.needed()?;
        let now = self.inner.world.now();
        let (order, signed) = match request {
            OrderRequest::Routine { routine } => self.routine(&known, agent, person, routine, now)?,
            OrderRequest::Grave { grave } => signed_by(person, grave)?,
        };
        self.takes_orders(agent)?;
        if matches!(order.action, Action::Lend { .. } | Action::Download { .. }) {
            let action = order.action.as_str();
            return Err(FleetError::conflict(
                format!("`{action}` is answered with more than a receipt, and nobody would hear it here"),
                format!("Nothing was done. Give it to /hosts/{{agent}}/{action}."),
            ));
        }
        if order.action.is_ephemeral() {
            let seat = self.seat_for(&order)?;
            return self.hand_over(act, (host, seat), known, order, signed).await;
        }
        let (fleet, act) = (self.clone(), act.clone());
        self.inner
            .store
            .write(move |tx| {
                let plan = plans::held(tx, host)?;
                let revision = plan.as_ref().map_or(0, |plan| plan.revision);
                let plan = plan.as_ref().map(|held| &held.plan);
                check(&known, agent, &order, &signed, plan, now)?;
                check::check_base(tx, host, &order, revision, now)?;
                check::check_rename(tx, host, &order, now)?;
                fleet.signer_may(tx, &act, &order, &signed, plan)?;
                let id = order.id;
                act.record(tx, fleet.given(tx, (agent, host), &order, revision, plan)?)?;
                if !orders::insert(tx, &NewOrder { host, order, signed: Some(signed), made_at: now })? {
                    return Err(known_already(id));
                }
                fleet.orders_changed_in(tx, agent, host)?;
                orders::one(tx, host, agent, id, now)?.ok_or_else(|| FleetError::not_found("order", id))
            })
            .await
    }

    /// Who left the fleet, or whose place another host took, is asked for nothing any more.
    pub(super) fn takes_orders(&self, agent: AgentId) -> Result<(), FleetError> {
        if self.inner.index.look(agent, |outline| outline.standing.retired) == Some(true) {
            return Err(FleetError::conflict(
                "the host left the fleet and takes no more orders",
                "Its backups go on by its own plan. Enrol it again to look after it from here.",
            ));
        }
        if let Some(by) = self.inner.index.look(agent, |outline| outline.replaced_by).flatten() {
            return Err(FleetError::conflict(
                format!("{} took the place of this host, which takes no more orders", self.called(by)),
                "Give the order to the host that is there now.",
            ));
        }
        Ok(())
    }

    /// An order that somebody's key signed must be that somebody's, who may give it here at this moment.
    pub(super) fn signer_may(
        &self,
        tx: &Tx<'_>,
        act: &Act,
        order: &Order,
        signed: &Signed<Order>,
        plan: Option<&Plan>,
    ) -> Result<(), FleetError> {
        if signed.by() == self.keys().identity.public() {
            return Ok(());
        }
        let role = match needed(&order.action, plan) {
            Needed::Operator(role) => role,
            Needed::Coordinator => Role::Operator,
        };
        self.signed_in(tx, act, signed.by(), role)
    }

    fn routine(
        &self,
        known: &Known,
        agent: AgentId,
        person: &str,
        action: Action,
        now: UnixMs,
    ) -> Result<(Order, Signed<Order>), FleetError> {
        if needed(&action, None) != Needed::Coordinator {
            return Err(FleetError::Forbidden {
                detail: format!("`{}` needs the signature of an operator's key", action.as_str()),
                hint: "Do it in the panel of a browser whose key stands in the fleet statement.".into(),
            });
        }
        if matches!(action, Action::Claims { .. }) {
            return Err(FleetError::Forbidden {
                detail: "who claims a repository is what the plans say, and not a person's wish".into(),
                hint: "Name its owner in the plan of each host that uses it.".into(),
            });
        }
        let life = i64::try_from(ROUTINE_LIFE.as_millis()).unwrap_or(i64::MAX);
        self.signed_here(known, agent, person, action, now, life)
    }

    /// An order with this coordinator's own signature.
    pub(super) fn signed_here(
        &self,
        known: &Known,
        agent: AgentId,
        person: &str,
        action: Action,
        now: UnixMs,
        life_ms: i64,
    ) -> Result<(Order, Signed<Order>), FleetError> {
        let order = Order {
            fleet: known.ledger.fleet(),
            agent,
            id: OrderId(self.inner.world.uuid()),
            issued_at: now,
            expires_at: now.plus_ms(life_ms),
            person: person.to_owned(),
            action,
        };
        let signed = Signed::sign(&order, &self.keys().identity).map_err(FleetError::signature)?;
        Ok((order, signed))
    }

    pub async fn orders(&self, agent: AgentId) -> Result<Vec<OrderView>, FleetError> {
        let host = self.host_id(agent)?;
        let now = self.inner.world.now();
        Ok(self
            .inner
            .store
            .read(move |connection| orders::views(connection, host, agent, now, LISTED))
            .await?)
    }

    /// Takes an order back that was not sent yet.
    pub async fn withdraw(&self, act: &Act, agent: AgentId, order: OrderId) -> Result<(), FleetError> {
        let host = self.host_id(agent)?;
        let now = self.inner.world.now();
        let (fleet, act) = (self.clone(), act.clone());
        self.inner
            .store
            .write(move |tx| {
                let found = orders::one(tx, host, agent, order, now)?;
                // It is not given twice: without it the host would prune what another one prunes.
                if found.as_ref().is_some_and(|found| found.action == "claims") {
                    return Err(FleetError::conflict(
                        "the host has to hear who claims its repository",
                        "It is taken back by itself once the plans name one owner.",
                    ));
                }
                if orders::withdraw(tx, host, order, now)? {
                    let what = found.map(|found| found.action);
                    let entry = fleet.of_host(AuditAction::OrderWithdraw, agent);
                    act.record(tx, entry.before(json!({ "order": order, "action": what })))?;
                    return fleet.orders_changed_in(tx, agent, host);
                }
                match orders::one(tx, host, agent, order, now)? {
                    None => Err(FleetError::not_found("order", order)),
                    Some(_) => Err(FleetError::conflict(
                        "the order is on its way or over and cannot be withdrawn",
                        "Look at its outcome; what it started can be cancelled as a job.",
                    )),
                }
            })
            .await
    }

    /// Numbers and signs what waits for an agent that is live. What is answered here is committed. `through` is the
    /// highest number that the agent has seen or that this connection has sent: what was numbered above went to a
    /// connection that this one replaced, and is sent again.
    pub async fn outgoing(&self, agent: AgentId, through: u64) -> Result<Vec<Outgoing>, FleetError> {
        let host = self.host_id(agent)?;
        // The index knows of an order before its agent's connection is woken.
        let waits = self.inner.index.look(agent, |outline| outline.waiting_orders) != Some(0);
        let store = &self.inner.store;
        if !waits && !store.read(move |connection| orders::has_unseen(connection, host, through)).await? {
            return Ok(Vec::new());
        }
        let known = self.needed()?;
        let now = self.inner.world.now();
        let fleet = self.clone();
        self.inner
            .store
            .write(move |tx| {
                let mut all = Vec::new();
                orders::take_back_unseen(tx, host, through)?;
                for (order, signed) in orders::waiting(tx, host, now)? {
                    let number = hosts::next_number(tx, host)?;
                    orders::set_sent(tx, order, number, now)?;
                    all.push(fleet.dispatch(&known, agent, order, signed, number)?);
                }
                fleet.orders_changed_in(tx, agent, host)?;
                Ok(all)
            })
            .await
    }

    pub(super) fn dispatch(
        &self,
        known: &Known,
        agent: AgentId,
        order: OrderId,
        signed: Signed<Order>,
        number: u64,
    ) -> Result<Outgoing, FleetError> {
        let dispatch = Dispatch {
            fleet: known.ledger.fleet(),
            agent,
            number,
            statement: known.ledger.version(),
            order: signed,
        };
        let dispatch = Signed::sign(&dispatch, &self.keys().identity).map_err(FleetError::signature)?;
        Ok(Outgoing { dispatch, number, order })
    }

    /// An entry about a host, by the name that it has now.
    pub(super) fn of_host(&self, action: AuditAction, agent: AgentId) -> Entry {
        let name = self.inner.index.look(agent, |outline| outline.name.to_string());
        Entry::new(action).on(TargetKind::Host, agent, name.unwrap_or_default())
    }

    /// To be called in the transaction that changed a host's orders: after it the index, the listeners and the agent's
    /// own connection know.
    pub(super) fn orders_changed_in(
        &self,
        tx: &Tx<'_>,
        agent: AgentId,
        host: HostId,
    ) -> Result<(), FleetError> {
        let now = self.inner.world.now();
        let patch = Patch::read(tx, host, Touched::ORDERS, now)?;
        let fleet = self.clone();
        tx.on_commit(move || {
            fleet.patch(agent, patch, &[], now);
            fleet.inner.hub.wish(agent, Wish::Orders);
            fleet.tell(Event::Order { agent });
            fleet.tell(Event::Host { agent });
        });
        Ok(())
    }
}

/// A grave order of this person.
pub(super) fn signed_by(person: &str, grave: Signed<Order>) -> Result<(Order, Signed<Order>), FleetError> {
    let Verified { document, .. } = grave.verify().map_err(FleetError::signature)?;
    if document.person != person {
        return Err(another_person(&document.person, person));
    }
    Ok((document, grave))
}

/// What an order says of whose wish it is, jobs and the plan's history repeat.
fn another_person(named: &str, giving: &str) -> FleetError {
    let named: String = named.chars().take(100).collect();
    FleetError::Forbidden {
        detail: format!("the order says that it is the wish of `{named}`, but `{giving}` gives it"),
        hint: "Nothing was done. Sign in again as the person whose wish it is, and give it once more.".into(),
    }
}

pub(super) fn known_already(id: OrderId) -> FleetError {
    FleetError::conflict(
        format!("the order {id} is known already"),
        "Nothing was changed. Give the order again.",
    )
}
