//! What a host says of itself.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

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
    /// IANA name of the host's zone.
    pub zone: String,
}
