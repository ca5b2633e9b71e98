//! Why an agent does not act on an order: typed, with what happened and what to do next.

use crate::{
    action::OrderRefusalCode,
    id::{AgentId, FleetId, OrderId, SignerKey, UnixMs},
    order::Needed,
    trust::{Role, SignedError},
};

/// In the order of the checks. Those from `UnknownStatement` on passed the addressee checks and leave a receipt.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrderRefusal {
    #[error("the dispatch cannot be trusted: {problem}")]
    Dispatch { problem: SignedError },
    #[error("the dispatch is signed by {by}, which is no coordinator of this fleet")]
    ForeignCoordinator { by: SignerKey },
    #[error("the dispatch is for fleet {fleet}, not for this one")]
    OtherFleet { fleet: FleetId },
    #[error("the dispatch is for agent {agent}, not for this one")]
    OtherAgent { agent: AgentId },
    #[error(
        "order number {number} relies on fleet statement {needed}, but {known} is the highest one known here"
    )]
    UnknownStatement { number: u64, needed: u64, known: u64 },
    #[error("order number {number} is not above {last}, the last one seen here")]
    Replayed { number: u64, last: u64 },
    #[error("order number {number} cannot be trusted: {problem}")]
    Order { number: u64, problem: SignedError },
    #[error("order {order} is for agent {agent}, but was sent here under number {number}")]
    OrderMisaddressed { number: u64, order: OrderId, agent: AgentId },
    #[error("order {order} ({action}) needs the signature of {}, but {}", whose(*.needed), who(*.found, *.by))]
    NotAuthorised {
        number: u64,
        order: OrderId,
        action: &'static str,
        needed: Needed,
        /// The signer's role, if it is an operator of the fleet.
        found: Option<Role>,
        by: SignerKey,
    },
    #[error("order {order} expired at {expired_at}")]
    Expired { number: u64, order: OrderId, expired_at: UnixMs },
}

const fn whose(needed: Needed) -> &'static str {
    match needed {
        Needed::Coordinator => "a coordinator or operator of this fleet",
        Needed::Operator(Role::Admin) => "an admin",
        Needed::Operator(Role::Operator | Role::Viewer) => "an operator or admin",
    }
}

fn who(found: Option<Role>, by: SignerKey) -> String {
    match found {
        Some(role) => format!("it is signed by a key of the role {}", role.as_str()),
        None => format!("it is signed by {by}, which is no operator's key"),
    }
}

impl OrderRefusal {
    /// What is journalled and answered.
    pub const fn code(&self) -> OrderRefusalCode {
        match self {
            Self::Dispatch { problem: SignedError::Unreadable { .. } }
            | Self::Order { problem: SignedError::Unreadable { .. }, .. } => OrderRefusalCode::Unsupported,
            Self::Dispatch { .. } | Self::ForeignCoordinator { .. } | Self::Order { .. } => {
                OrderRefusalCode::BadSignature
            }
            Self::OtherFleet { .. } | Self::OtherAgent { .. } | Self::OrderMisaddressed { .. } => {
                OrderRefusalCode::Misaddressed
            }
            Self::UnknownStatement { .. } => OrderRefusalCode::UnknownStatement,
            Self::Replayed { .. } => OrderRefusalCode::Replayed,
            Self::NotAuthorised { .. } => OrderRefusalCode::NotAuthorised,
            Self::Expired { .. } => OrderRefusalCode::Expired,
        }
    }

    /// What to do next.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Dispatch { problem: SignedError::Unreadable { .. } }
            | Self::Order { problem: SignedError::Unreadable { .. }, .. } => {
                "Nothing was done. Update the agent and give the order again."
            }
            Self::Dispatch { .. } | Self::Order { .. } => {
                "Nothing was done. Somebody changed it on the way or in the coordinator's database: look there, and give the order again."
            }
            Self::ForeignCoordinator { .. } => {
                "Nothing was done. Name the coordinator in a new fleet statement if it is yours."
            }
            Self::OtherFleet { .. } | Self::OtherAgent { .. } | Self::OrderMisaddressed { .. } => {
                "Nothing was done. Send the order to the host that it names."
            }
            Self::UnknownStatement { .. } => {
                "Nothing was done. Give the order again: the coordinator sends its newer statement first."
            }
            Self::Replayed { .. } => {
                "Nothing was done. The order is numbered anew when it is sent again; an old copy never counts."
            }
            Self::NotAuthorised { .. } => {
                "Nothing was done. Let somebody whose key has that role in the fleet statement sign it."
            }
            Self::Expired { .. } => "Nothing was done. Give the order again.",
        }
    }

    /// The number of a dispatch that passed the addressee checks: such a refusal leaves a receipt.
    pub const fn number(&self) -> Option<u64> {
        match self {
            Self::Dispatch { .. }
            | Self::ForeignCoordinator { .. }
            | Self::OtherFleet { .. }
            | Self::OtherAgent { .. } => None,
            Self::UnknownStatement { number, .. }
            | Self::Replayed { number, .. }
            | Self::Order { number, .. }
            | Self::OrderMisaddressed { number, .. }
            | Self::NotAuthorised { number, .. }
            | Self::Expired { number, .. } => Some(*number),
        }
    }

    /// The order's id, where the order could be read and trusted.
    pub const fn order(&self) -> Option<OrderId> {
        match self {
            Self::OrderMisaddressed { order, .. }
            | Self::NotAuthorised { order, .. }
            | Self::Expired { order, .. } => Some(*order),
            Self::Dispatch { .. }
            | Self::ForeignCoordinator { .. }
            | Self::OtherFleet { .. }
            | Self::OtherAgent { .. }
            | Self::UnknownStatement { .. }
            | Self::Replayed { .. }
            | Self::Order { .. } => None,
        }
    }
}
