//! What a host says of itself.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::plan::Retention;

/// What a host is. Also the body of the journal's `host.facts`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(default)]
pub struct HostFacts {
    pub hostname: String,
    /// Such as `linux`.
    pub os: String,
    /// Such as `Debian GNU/Linux 12`.
    pub os_version: String,
    /// Such as `x86_64`.
    pub arch: String,
    pub agent_version: String,
    /// Absent: no restic was found.
    pub restic_version: Option<String>,
    /// What its restic can do of what not every one can, by the names of the agent's table of features.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[ts(as = "Option<Vec<String>>", optional)]
    pub restic_can: Vec<String>,
    /// IANA name of the host's zone.
    pub zone: String,
    /// What the endpoint refuses from afar.
    #[serde(skip_serializing_if = "PolicyFacts::is_default")]
    #[ts(as = "Option<PolicyFacts>", optional)]
    pub policy: PolicyFacts,
}

/// The endpoint's policy, as its agent.toml has it: read, never written, from afar.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(default)]
pub struct PolicyFacts {
    pub refuse_destination_changes: bool,
    pub refuse_hooks: bool,
    /// Actions by name.
    pub refuse_orders: Vec<String>,
    /// No restore where the files were.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[ts(as = "Option<bool>", optional)]
    pub refuse_in_place: bool,
    /// Restores go below these directories alone; none: there is no such limit.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[ts(as = "Option<Vec<String>>", optional)]
    pub restore_below: Vec<String>,
    /// The retention floor.
    pub keep_at_least: Option<Retention>,
}

impl PolicyFacts {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}
