//! Orders: signed wishes from a person or a coordinator to one agent, and whether the agent may act on them.
//!
//! Pure: what was executed before and what time it is arrive as arguments. Acting is the agent's.

mod refusal;
mod verify;

pub use refusal::OrderRefusal;
pub use verify::{Needed, Receiver, Signatory, Verdict, VerifiedOrder, needed, verify_dispatch};

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::{
    action::Action,
    domain::{self, Domain},
    id::{AgentId, FleetId, OrderId, UnixMs},
    trust::{Document, Signed},
};

/// One wish, addressed to one agent, executed at most once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct Order {
    pub fleet: FleetId,
    pub agent: AgentId,
    pub id: OrderId,
    pub issued_at: UnixMs,
    pub expires_at: UnixMs,
    /// Who wanted it, as people call them.
    pub person: String,
    pub action: Action,
}

impl Document for Order {
    const DOMAIN: Domain = domain::ORDER;
    const NAME: &'static str = "order";
}

/// An order's envelope: the coordinator numbers what it sends to each agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispatch {
    pub fleet: FleetId,
    pub agent: AgentId,
    /// Rises strictly per agent.
    pub number: u64,
    /// The lowest statement version that the sender relied on.
    pub statement: u64,
    pub order: Signed<Order>,
}

impl Document for Dispatch {
    const DOMAIN: Domain = domain::DISPATCH;
    const NAME: &'static str = "dispatch";
}
