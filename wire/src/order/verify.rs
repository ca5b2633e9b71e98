//! The checks of an order, in the order of docs/PROTOCOL.md §6.

use crate::{
    action::{Action, ActionClass},
    id::{AgentId, CoordinatorId, Hash32, OperatorKey, OrderId, SignerKey, UnixMs},
    order::{Dispatch, Order, OrderRefusal},
    plan::{Plan, role_for},
    restore::RestoreTarget,
    trust::{Ledger, Role, Signed, Verified},
};

/// What the agent knows when a dispatch arrives.
#[derive(Clone, Copy, Debug)]
pub struct Receiver<'a> {
    pub agent: AgentId,
    /// Pins the fleet and knows the highest statement.
    pub ledger: &'a Ledger,
    /// The coordinator's time at the handshake plus the agent's monotonic clock since.
    pub now: UnixMs,
    /// The highest order number seen; 0 when there was none.
    pub last_number: u64,
    /// What a wanted plan is compared with.
    pub plan: Option<&'a Plan>,
}

/// Whose signature an action needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needed {
    /// A coordinator's is enough; any operator's does as well.
    Coordinator,
    /// An operator's key of at least this role.
    Operator(Role),
}

/// Who signed a verified order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signatory {
    Coordinator { id: CoordinatorId },
    Operator { key: OperatorKey, name: String, role: Role },
}

impl Signatory {
    pub fn key(&self) -> SignerKey {
        match self {
            Self::Coordinator { id } => (*id).into(),
            Self::Operator { key, .. } => (*key).into(),
        }
    }
}

/// An order that the agent may act on.
#[derive(Clone, Debug, PartialEq)]
pub struct VerifiedOrder {
    pub number: u64,
    pub order: Order,
    /// The hash of the order's exact bytes.
    pub hash: Hash32,
    pub signatory: Signatory,
}

/// What to do about a dispatch that holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict<R> {
    /// Act, and journal the receipt.
    Fresh(Box<VerifiedOrder>),
    /// It was executed before: answer with the first receipt, under the new number.
    Executed { number: u64, order: OrderId, receipt: R },
}

/// Whether the agent may act on a dispatch. `executed` gives the first receipt of an order that was executed before.
pub fn verify_dispatch<R>(
    signed: &Signed<Dispatch>,
    receiver: &Receiver<'_>,
    executed: impl FnOnce(OrderId) -> Option<R>,
) -> Result<Verdict<R>, OrderRefusal> {
    let dispatch = addressed(signed, receiver)?;
    let number = dispatch.number;
    let known = receiver.ledger.version();
    if dispatch.statement > known {
        return Err(OrderRefusal::UnknownStatement { number, needed: dispatch.statement, known });
    }
    if number <= receiver.last_number {
        return Err(OrderRefusal::Replayed { number, last: receiver.last_number });
    }
    let Verified { document: order, by, hash } =
        dispatch.order.verify().map_err(|problem| OrderRefusal::Order { number, problem })?;
    let id = order.id;
    if order.fleet != dispatch.fleet || order.agent != dispatch.agent {
        return Err(OrderRefusal::OrderMisaddressed { number, order: id, agent: order.agent });
    }
    let signatory = signatory(receiver, number, &order, by)?;
    if receiver.now >= order.expires_at {
        return Err(OrderRefusal::Expired { number, order: id, expired_at: order.expires_at });
    }
    if let Some(receipt) = executed(id) {
        return Ok(Verdict::Executed { number, order: id, receipt });
    }
    Ok(Verdict::Fresh(Box::new(VerifiedOrder { number, order, hash, signatory })))
}

/// The envelope's own signature, its signer and its address.
fn addressed(signed: &Signed<Dispatch>, receiver: &Receiver<'_>) -> Result<Dispatch, OrderRefusal> {
    let Verified { document: dispatch, by, .. } =
        signed.verify().map_err(|problem| OrderRefusal::Dispatch { problem })?;
    if receiver.ledger.statement().coordinator(by).is_none() {
        return Err(OrderRefusal::ForeignCoordinator { by });
    }
    if dispatch.fleet != receiver.ledger.fleet() {
        return Err(OrderRefusal::OtherFleet { fleet: dispatch.fleet });
    }
    if dispatch.agent != receiver.agent {
        return Err(OrderRefusal::OtherAgent { agent: dispatch.agent });
    }
    Ok(dispatch)
}

fn signatory(
    receiver: &Receiver<'_>,
    number: u64,
    order: &Order,
    by: SignerKey,
) -> Result<Signatory, OrderRefusal> {
    let statement = receiver.ledger.statement();
    let needed = needed(&order.action, receiver.plan);
    let refusal = |found| OrderRefusal::NotAuthorised {
        number,
        order: order.id,
        action: order.action.as_str(),
        needed,
        found,
        by,
    };
    if let Some(operator) = statement.operator(by) {
        let least = match needed {
            Needed::Coordinator => Role::Operator,
            Needed::Operator(role) => role,
        };
        if !operator.role.covers(least) {
            return Err(refusal(Some(operator.role)));
        }
        return Ok(Signatory::Operator {
            key: operator.key,
            name: operator.name.clone(),
            role: operator.role,
        });
    }
    match (statement.coordinator(by), needed) {
        (Some(coordinator), Needed::Coordinator) => Ok(Signatory::Coordinator { id: coordinator.id }),
        _ => Err(refusal(None)),
    }
}

/// Whose signature `action` needs at a host whose plan is `current`: the most that any part of it asks for.
pub fn needed(action: &Action, current: Option<&Plan>) -> Needed {
    if action.class() == ActionClass::Routine {
        return Needed::Coordinator;
    }
    Needed::Operator(match action {
        Action::SetPlan { plan, secrets, .. } => {
            let nothing = Plan::default();
            let edit = role_for(current.unwrap_or(&nothing), plan);
            secrets.iter().map(|secret| secret.slot.role()).fold(edit, Role::max)
        }
        Action::SetSecret { secret } => secret.slot.role(),
        Action::Restore { restore } => match restore.target {
            RestoreTarget::InPlace { .. } => Role::Admin,
            RestoreTarget::Fresh | RestoreTarget::Directory { .. } => Role::Operator,
        },
        Action::Adopt { .. }
        | Action::Lend { .. }
        | Action::Download { .. }
        | Action::Rename { .. }
        | Action::DryRun { .. }
        | Action::Unlock { .. }
        | Action::Copy { .. } => Role::Operator,
        // The routine ones were answered above.
        Action::Release { .. }
        | Action::Reinit { .. }
        | Action::Retire { .. }
        | Action::ConfirmPlan { .. }
        | Action::Run { .. }
        | Action::Cancel { .. }
        | Action::Probe { .. }
        | Action::Refresh { .. }
        | Action::PreviewRetention { .. }
        | Action::Maintain { .. }
        | Action::Claims { .. } => Role::Admin,
    })
}
