//! What a job found, where numbers are not enough. Bounded lists: a result fits into one journal record.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::{id::UnixMs, snapshot::Lock};

/// One shape per kind that has one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, ToSchema)]
#[serde(tag = "of", rename_all = "snake_case")]
pub enum JobResult {
    DryRun(DryRunResult),
    Retention(RetentionResult),
    Check(CheckResult),
    Unlock(UnlockResult),
    Drill(DrillResult),
    Restore(RestoreResult),
}

/// What a group would back up now. Files and bytes in all are the job's numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(default)]
pub struct DryRunResult {
    /// Each include with what lies below it, in the group's order.
    pub includes: Vec<DryRunItem>,
    /// The largest files, at most 200.
    pub largest: Vec<DryRunItem>,
    /// Includes that do not exist.
    pub missing: Vec<String>,
    /// What cannot be read, at most 100.
    pub unreadable: Vec<String>,
}

/// A file or directory, as restic names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct DryRunItem {
    pub path: String,
    pub change: ItemChange,
    #[ts(type = "number")]
    pub files: u64,
    #[ts(type = "number")]
    pub bytes: u64,
}

/// Against the snapshot before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ItemChange {
    New,
    Changed,
    Unmodified,
}

/// What a policy would do to a group's snapshots. At most 1,000 of each; the job's numbers count them all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(default)]
pub struct RetentionResult {
    pub keep: Vec<KeptSnapshot>,
    pub remove: Vec<KeptSnapshot>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct KeptSnapshot {
    pub id: String,
    pub time: UnixMs,
    /// restic's words for the rules that keep it, such as `daily snapshot`; empty where it would go.
    #[serde(default)]
    pub rules: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(default)]
pub struct CheckResult {
    /// How much of the data was read; 0: none, only the structure was looked at.
    pub read_data_percent: u8,
    /// restic's words, at most 100.
    pub problems: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(default)]
pub struct UnlockResult {
    pub removed: Vec<Lock>,
    /// Still there: their processes live, or are another host's.
    pub left: Vec<Lock>,
}

/// What a restore brought back, also one that was cut short: what is there by then stays there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(default)]
#[ts(optional_fields)]
pub struct RestoreResult {
    pub snapshot: String,
    /// Where to, as the endpoint spells it; `/` when in place.
    pub target: String,
    /// Files and directories that were written, or would be.
    #[ts(type = "number")]
    pub restored: u64,
    #[ts(type = "number")]
    pub restored_bytes: u64,
    /// Left as they were: the overwrite rule said so.
    #[ts(type = "number")]
    pub skipped: u64,
    #[ts(type = "number")]
    pub skipped_bytes: u64,
    /// Came back incompletely or not at all, at most 100.
    pub failed: Vec<DrillMismatch>,
    #[ts(type = "number")]
    pub failed_total: u64,
    /// Whether what was written was read again and compared: files that were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verified: Option<u64>,
    /// Of a dry run: the first 200 items that would be written or left.
    pub would: Vec<RestoreItem>,
    /// What a person should know, such as owners that could not be kept.
    pub warnings: Vec<String>,
}

impl RestoreResult {
    /// The warning of one whose agent ended in the middle: its counts went with it, so they are not zero but unknown.
    pub const UNCOUNTED: &'static str =
        "The agent ended in the middle: what was written by then is there, and how much is not known.";

    pub fn is_counted(&self) -> bool {
        !self.warnings.iter().any(|warning| warning == Self::UNCOUNTED)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct RestoreItem {
    pub path: String,
    /// restic's word: `restored`, `updated`, `unchanged`, `deleted`.
    pub action: String,
    #[ts(type = "number")]
    pub bytes: u64,
}

/// What a drill tried. Files and bytes restored are the job's numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(default)]
pub struct DrillResult {
    pub snapshot: String,
    #[ts(type = "number")]
    pub files: u64,
    /// Of these, the source was unchanged since, and was compared byte by byte.
    #[ts(type = "number")]
    pub compared_with_source: u64,
    /// At most 100.
    pub mismatches: Vec<DrillMismatch>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct DrillMismatch {
    pub path: String,
    /// Such as `content differs`, `size is 3, not 5`.
    pub what: String,
}

/// Something that this version of restic does not say or do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Lack {
    /// The field or flag, such as `bytes_stored` or `skip_if_unchanged`.
    pub what: String,
    /// The first version that has it, such as `0.17`.
    pub needed: String,
}
