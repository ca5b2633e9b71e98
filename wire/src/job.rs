//! Jobs: what an agent does, why it did it, how it went. Pure words; the engine is the agent's.

mod explain;
mod reason;
mod result;

pub use explain::Explained;
pub use reason::Reason;
pub use result::{
    CheckResult, DrillMismatch, DrillResult, DryRunItem, DryRunResult, ItemChange, JobResult, KeptSnapshot,
    Lack, RestoreItem, RestoreResult, RetentionResult, UnlockResult,
};

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::id::{GroupName, JobId, OrderId, RepositoryName, ScheduleName, UnixMs};

/// What a job does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobKind {
    /// Make the repository, once in its life for this host.
    Init,
    /// Is the repository there, and does the password open it?
    Probe,
    Backup,
    /// Apply a group's retention: removes snapshots, frees no space.
    Forget,
    /// Read the list of snapshots again.
    Snapshots,
    /// Read the repository's numbers: size, files, compression.
    Stats,
    /// Say what a group would back up now. Writes nothing.
    DryRun,
    /// Say what a policy would remove from a group. Writes nothing.
    RetentionPreview,
    /// Give back the space of what no snapshot needs.
    Prune,
    /// Is everything in the repository that should be there?
    Check,
    /// Remove locks: those of dead processes, or the ones that a person named.
    Unlock,
    /// Copy a group's snapshots to a second repository.
    Copy,
    /// Restore a random sample into a private directory, compare it, and remove it.
    Drill,
    /// Bring files back, for a person.
    Restore,
}

impl JobKind {
    pub const ALL: [Self; 14] = [
        Self::Init,
        Self::Probe,
        Self::Backup,
        Self::Forget,
        Self::Snapshots,
        Self::Stats,
        Self::DryRun,
        Self::RetentionPreview,
        Self::Prune,
        Self::Check,
        Self::Unlock,
        Self::Copy,
        Self::Drill,
        Self::Restore,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Init => "init",
            Self::Probe => "probe",
            Self::Backup => "backup",
            Self::Forget => "forget",
            Self::Snapshots => "snapshots",
            Self::Stats => "stats",
            Self::DryRun => "dry_run",
            Self::RetentionPreview => "retention_preview",
            Self::Prune => "prune",
            Self::Check => "check",
            Self::Unlock => "unlock",
            Self::Copy => "copy",
            Self::Drill => "drill",
            Self::Restore => "restore",
        }
    }
}

/// Where a job stands. `queued → running →` one of the others; those never change again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    Queued,
    Running,
    Succeeded,
    /// A snapshot was made, but some files could not be read.
    Incomplete,
    Failed,
    Cancelled,
    /// The agent or the machine stopped in the middle.
    Interrupted,
    /// It was due, but there was a reason not to run it.
    Skipped,
}

impl JobState {
    pub const fn is_over(self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Incomplete => "incomplete",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Interrupted => "interrupted",
            Self::Skipped => "skipped",
        }
    }
}

/// Who or what wanted the job.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS, ToSchema)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Origin {
    /// A schedule, at the instant it was due.
    Schedule { schedule: ScheduleName, due_at: UnixMs },
    /// A schedule whose instant passed while the agent or machine was off.
    CatchUp { schedule: ScheduleName, due_at: UnixMs },
    /// Again, after `job` did not succeed; `attempt` counts from 2.
    Retry {
        job: JobId,
        attempt: u32,
        /// How many attempts there are, the first included, as the plan stood when this one began to wait. Absent: an
        /// older agent did not say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        of: Option<u32>,
    },
    /// A person, through a coordinator.
    Operator { person: String, order: OrderId },
    /// A person at the endpoint's terminal.
    Local,
    /// The plan's maintenance, at the instant it was due.
    Maintenance { due_at: UnixMs },
    /// The agent itself, as a consequence of another job or of a plan edit.
    Follow { job: Option<JobId> },
}

/// What a job added up to. Fields that do not apply to a kind are absent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS, ToSchema)]
#[serde(default)]
#[ts(optional_fields)]
pub struct JobNumbers {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files_new: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files_changed: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files_unmodified: Option<u64>,
    /// Files looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files_total: Option<u64>,
    /// Bytes looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_total: Option<u64>,
    /// Bytes that were new, before compression.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_added: Option<u64>,
    /// Bytes that were new, as stored; absent before restic 0.17.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_stored: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snapshots_removed: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snapshots_kept: Option<u64>,
    /// Snapshots that a copy brought over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snapshots_copied: Option<u64>,
    /// Bytes that a prune gave back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_freed: Option<u64>,
    /// Things that a check or drill found wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problems: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locks_removed: Option<u64>,
}

/// The live state of a running job, at most once a second. Ephemeral: never journalled.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS, ToSchema)]
#[serde(default)]
pub struct Progress {
    /// 0 to 1; restic's own estimate.
    pub fraction: f64,
    #[ts(type = "number")]
    pub files_done: u64,
    #[ts(type = "number")]
    pub files_total: u64,
    #[ts(type = "number")]
    pub bytes_done: u64,
    #[ts(type = "number")]
    pub bytes_total: u64,
    /// Over the last seconds.
    #[ts(type = "number")]
    pub bytes_per_s: u64,
    #[ts(type = "number | null")]
    pub remaining_s: Option<u64>,
    pub current: Vec<String>,
    #[ts(type = "number")]
    pub errors: u64,
}

/// One line of a job's log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct LogLine {
    /// Counts from 0 within the job.
    #[ts(type = "number")]
    pub n: u64,
    pub at: UnixMs,
    pub stream: LogStream,
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogStream {
    /// What the agent itself says.
    Agent,
    Stdout,
    Stderr,
}

/// What a job is about: its kind and on what.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS, ToSchema)]
pub struct JobSubject {
    pub kind: JobKind,
    pub repository: RepositoryName,
    pub group: Option<GroupName>,
}
