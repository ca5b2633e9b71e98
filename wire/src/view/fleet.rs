//! The fleet page, hosts that wait to be approved, tokens, and how to install an agent.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::{
    id::{AgentId, Hash32, TokenKey, UnixMs},
    identity::KeyBinding,
    job::JobState,
    snapshot::RepositoryReadiness,
    trust::{Admission, Signed, Token},
};

/// The dot in front of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PresenceView {
    Online,
    Offline,
    /// Intermittent and away: it will catch up.
    Asleep,
    /// Approved, but has never been connected since.
    NeverSeen,
}

/// `GET /fleet/tiles`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct TilesView {
    #[ts(type = "number")]
    pub hosts: u64,
    #[ts(type = "number")]
    pub online: u64,
    /// Backups that ended in the last 24 hours, by outcome.
    pub last_day: OutcomeCounts,
    #[ts(type = "number")]
    pub protected_bytes: u64,
    #[ts(type = "number")]
    pub snapshots: u64,
    /// Hosts whose agent is older than the coordinator.
    #[ts(type = "number")]
    pub behind: u64,
    #[ts(type = "number")]
    pub pending: u64,
    /// Hosts where something holds retention or upkeep back.
    #[serde(default)]
    #[ts(as = "Option<u32>", optional)]
    pub held: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct OutcomeCounts {
    #[ts(type = "number")]
    pub succeeded: u64,
    #[ts(type = "number")]
    pub incomplete: u64,
    #[ts(type = "number")]
    pub failed: u64,
    /// Cancelled, interrupted and skipped.
    #[ts(type = "number")]
    pub other: u64,
}

/// One row of `GET /hosts`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct HostRow {
    pub agent: AgentId,
    pub name: String,
    pub tags: Vec<String>,
    pub presence: PresenceView,
    pub last_seen: Option<UnixMs>,
    pub os: String,
    pub arch: String,
    pub agent_version: String,
    pub behind: bool,
    pub last_backup: Option<LastBackup>,
    pub next_run: Option<UnixMs>,
    /// Bytes that a restore of the newest snapshots would write, or the stored bytes where that is not known.
    #[ts(type = "number | null")]
    pub size_bytes: Option<u64>,
    #[ts(type = "number")]
    pub snapshots: u64,
    pub repository: RepositoryReadiness,
    /// Jobs queued or running.
    #[ts(type = "number")]
    pub active_jobs: u64,
    /// Orders that wait for the host.
    #[ts(type = "number")]
    pub waiting_orders: u64,
    /// When exactly one enabled schedule covers every group: the groups that "run now" starts.
    pub run_now: Vec<String>,
    /// The stored size on each of the last 30 days, oldest first, as a share of the largest: 0 to 100. Empty while
    /// nothing is known; a day without a measure has the one before.
    pub trend: Vec<u8>,
    /// Something holds retention or upkeep back.
    pub held: bool,
    /// It left the fleet, and counts for nothing here any more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(as = "Option<bool>", optional)]
    pub retired: bool,
    /// Another host took its place, and it counts for nothing here any more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(as = "Option<bool>", optional)]
    pub replaced: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct LastBackup {
    pub job: crate::id::JobId,
    pub state: JobState,
    pub at: UnixMs,
}

/// A host at the door: `GET /pending`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct PendingView {
    pub agent: AgentId,
    pub binding: KeyBinding,
    /// 64 hex digits: what the admission names.
    pub agent_fingerprint: Hash32,
    /// As people compare it.
    pub fingerprint: String,
    pub words: Vec<String>,
    pub hostname: String,
    pub os: String,
    pub arch: String,
    pub agent_version: String,
    pub restic_version: Option<String>,
    /// Where the connection came from.
    pub address: String,
    pub since: UnixMs,
    pub expires_at: UnixMs,
    pub connected: bool,
    /// The name of a host that already has this host name.
    pub collides_with: Option<String>,
}

/// `POST /pending/{agent}/approve`: 409 when the fingerprint is not the waiting host's any more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct ApproveRequest {
    #[schema(value_type = crate::trust::SignedDocument)]
    pub admission: Signed<Admission>,
}

/// `POST /tokens`: public halves only; the seed stays in the maker's browser.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct TokenRequest {
    #[schema(value_type = crate::trust::SignedDocument)]
    pub token: Signed<Token>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct TokenView {
    pub token: TokenKey,
    pub name_pattern: String,
    pub tags: Vec<String>,
    pub uses: u32,
    pub used_by: Vec<TokenUse>,
    pub issued_at: UnixMs,
    pub expires_at: UnixMs,
    pub made_by: String,
    pub revoked_at: Option<UnixMs>,
    /// Whether the token brings a plan with it.
    pub with_plan: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct TokenUse {
    pub agent: AgentId,
    pub name: String,
    pub at: UnixMs,
}

/// `GET /fleet/install`: what a person pastes on a new host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct InstallView {
    /// Downloads, verifies, installs and announces. A token goes in front as `RM_TOKEN=… `.
    pub linux: String,
    /// Where the agent is installed already.
    pub enrol: String,
    pub agents: Vec<AgentBinaryView>,
    /// Why there is no install command, when no agent binary is served.
    pub unavailable: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct AgentBinaryView {
    pub arch: String,
    pub version: String,
    pub sha256: Hash32,
    #[ts(type = "number")]
    pub size_bytes: u64,
}
