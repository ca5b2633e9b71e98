//! Snapshots and repository numbers, as restic reports them and as the journal carries them.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::id::{GroupName, UnixMs};

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
