//! What one run was asked to do differently from the plan. Journalled with the job, so that "run again" means the same.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::{
    id::RepositoryName,
    plan::{Group, Retention},
    restore::Restore,
};

/// All absent: as the plan says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS, ToSchema)]
#[serde(default)]
#[ts(optional_fields)]
pub struct JobOptions {
    /// KiB/s for this run alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upload_kib_s: Option<u32>,
    /// KiB/s for this run alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub download_kib_s: Option<u32>,
    /// Of a check: how much of the data it reads, 0 to 100; 0 reads none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_data_percent: Option<u8>,
    /// Of a dry run: the group as somebody is about to save it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<Group>,
    /// Of a retention preview: the policy as somebody is about to save it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retention: Option<Retention>,
    /// Of a copy: the destination.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<RepositoryName>,
    /// Of a copy: these snapshots; all of the group's when empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[ts(as = "Option<Vec<String>>", optional)]
    pub snapshots: Vec<String>,
    /// Of an init: one that was ready is there no more, and may be made again.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[ts(as = "Option<bool>", optional)]
    pub anew: bool,
    /// Of an unlock: the locks that the person saw and wants gone, alive or not; only dead ones when empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[ts(as = "Option<Vec<String>>", optional)]
    pub locks: Vec<String>,
    /// Of a keeper's forget: the host whose snapshots it is about, as restic names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ward: Option<String>,
    /// Of a restore: what comes back, and where to. What was lent for it is named here without its box.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restore: Option<Box<Restore>>,
    /// Of a forget or prune: uses the credential that was released to this host's memory.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[ts(as = "Option<bool>", optional)]
    pub released: bool,
}

impl JobOptions {
    /// Whether two runs of one subject are the same work: everything but how fast they may go.
    pub fn is_same_work(&self, other: &Self) -> bool {
        let work = |of: &Self| Self { upload_kib_s: None, download_kib_s: None, ..of.clone() };
        work(self) == work(other)
    }
}
