//! Server-sent events: one connection per tab, `GET /events?watch={agent}/{job}`.
//!
//! Events only wake: whoever hears one reads the resource again. Progress and log lines carry themselves, because
//! nothing keeps them.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::{
    frame::Live,
    id::{AgentId, JobId},
};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, ToSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// Something shown of this host changed: row, plan, snapshots, repository, presence.
    Host { agent: AgentId },
    /// A job was queued, started or finished.
    Job { agent: AgentId, job: JobId },
    /// The list of waiting hosts changed.
    Pending,
    /// Tokens changed.
    Tokens,
    /// An order of this host changed its state.
    Order { agent: AgentId },
    /// Of the watched job.
    Live { agent: AgentId, live: Live },
    /// The listener was too slow and lost events: read everything again.
    Lagged,
    /// The session ended.
    SignedOut,
}
