//! What the link shows of itself: to `status`, to `enrol`, to the log.

use serde::{Deserialize, Serialize};
use wire::{frame::RefusalCode, id::UnixMs};

/// Where the connection to the coordinator stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum LinkState {
    /// Nobody has told this agent of a coordinator: it backs up by the plan it has, alone.
    NotEnrolled,
    Connecting {
        address: String,
    },
    /// A person has to approve.
    Pending {
        address: String,
        coordinator: String,
        expires_at: UnixMs,
        collides_with: Option<String>,
    },
    Live {
        address: String,
        coordinator: String,
        /// What the fleet calls this host.
        name: String,
        /// Who approved it, as the fleet's statement names them.
        approved_by: Option<String>,
        since: UnixMs,
    },
    /// It tries again by itself.
    Waiting {
        address: String,
        problem: String,
        retry_at: UnixMs,
    },
    /// Somebody has to do something before it tries again.
    Stopped {
        problem: String,
        hint: String,
        code: Option<RefusalCode>,
    },
}

impl LinkState {
    /// One line for people.
    pub fn summary(&self) -> String {
        match self {
            Self::NotEnrolled => "not enrolled; backs up alone by the plan it has".to_owned(),
            Self::Connecting { address } => format!("connecting to {address}"),
            Self::Pending { address, collides_with: None, .. } => {
                format!("waiting to be approved at {address}")
            }
            Self::Pending { address, collides_with: Some(other), .. } => {
                format!("waiting to be approved at {address}; there is already a host named {other}")
            }
            Self::Live { address, coordinator, .. } => format!("connected to {coordinator} at {address}"),
            Self::Waiting { problem, .. } => format!("not connected: {problem}"),
            Self::Stopped { problem, hint, .. } => format!("not connected: {problem}. {hint}"),
        }
    }
}
