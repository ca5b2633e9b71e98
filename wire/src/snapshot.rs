//! Snapshots and repository numbers, as restic reports them and as the journal carries them.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::id::{GroupName, RepositoryName, UnixMs};

/// One snapshot of a repository.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct Snapshot {
    /// 64 hex digits.
    pub id: String,
    pub time: UnixMs,
    pub hostname: String,
    pub paths: Vec<String>,
    #[serde(default)]
    pub tags: Vec<String>,
    /// The tag that is one of the plan's groups, if any.
    #[serde(default)]
    pub group: Option<GroupName>,
    /// Bytes and files of the whole snapshot; restic ≥ 0.17.
    #[serde(default)]
    #[ts(type = "number | null")]
    pub size_bytes: Option<u64>,
    #[serde(default)]
    #[ts(type = "number | null")]
    pub files: Option<u64>,
    /// Bytes this snapshot added to the repository; restic ≥ 0.17.
    #[serde(default)]
    #[ts(type = "number | null")]
    pub added_bytes: Option<u64>,
    /// Why retention does not trust it, if it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubt: Option<SnapshotDoubt>,
}

/// What is wrong with a snapshot. Until somebody looks, nothing of its group is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SnapshotDoubt {
    /// It bears this host's name, but no job of this host made it.
    Unknown,
    /// It claims a time that is still to come.
    Future,
}

/// Somebody's lock on a repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Lock {
    /// 64 hex digits.
    pub id: String,
    /// The host whose process made it.
    pub hostname: String,
    pub username: String,
    pub pid: u32,
    pub since: UnixMs,
    pub exclusive: bool,
    /// It is this host's own, and its process is gone.
    #[serde(default)]
    pub dead: bool,
    /// It is there and could not be read, torn perhaps: only its id is known, the rest is empty.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(as = "Option<bool>", optional)]
    pub unread: bool,
}

impl Lock {
    /// One of which nothing but the id is known.
    pub fn unread(id: String) -> Self {
        let (hostname, username) = (String::new(), String::new());
        Self { id, hostname, username, pid: 0, since: UnixMs(0), exclusive: false, dead: false, unread: true }
    }
}

/// The size of a repository at one time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct RepositoryNumbers {
    /// Bytes stored, all packs.
    #[ts(type = "number")]
    pub stored_bytes: u64,
    /// Bytes before compression; absent where the version does not say.
    #[ts(type = "number | null")]
    pub uncompressed_bytes: Option<u64>,
    /// Bytes that a restore of all snapshots would write; absent when not asked for.
    #[ts(type = "number | null")]
    pub restore_bytes: Option<u64>,
    #[ts(type = "number")]
    pub snapshots: u64,
    #[ts(type = "number | null")]
    pub blobs: Option<u64>,
}

/// Whether a repository can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RepositoryReadiness {
    /// Nobody has looked yet.
    Unknown,
    /// Waits for a secret.
    NeedsSecret,
    Ready,
    /// The last attempt did not open it; the reason says why.
    Unusable,
}

/// Why old snapshots are kept for the time being. Backups are never held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Hold {
    pub cause: HoldCause,
    /// Absent: it concerns all of the host's repositories.
    #[serde(default)]
    pub repository: Option<RepositoryName>,
    /// What happened, and what a person can do.
    pub message: String,
    pub at: UnixMs,
}

/// What holds retention back; [`HoldCause::Claims`] holds prune and check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HoldCause {
    /// The wall clock was set while the agent ran.
    ClockJumped,
    /// The wall clock is more than five minutes off a coordinator's.
    ClockDisagrees,
    /// The journal was found set back, and goes on in a new epoch.
    EpochBegun,
    /// A snapshot claims a time that is still to come.
    FutureSnapshot,
    /// A snapshot bears this host's name, but no job of this host made it.
    UnknownSnapshot,
    /// Several hosts claim to look after the repository.
    Claims,
}

impl HoldCause {
    pub const ALL: [Self; 6] = [
        Self::ClockJumped,
        Self::ClockDisagrees,
        Self::EpochBegun,
        Self::FutureSnapshot,
        Self::UnknownSnapshot,
        Self::Claims,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ClockJumped => "clock_jumped",
            Self::ClockDisagrees => "clock_disagrees",
            Self::EpochBegun => "epoch_begun",
            Self::FutureSnapshot => "future_snapshot",
            Self::UnknownSnapshot => "unknown_snapshot",
            Self::Claims => "claims",
        }
    }
}
