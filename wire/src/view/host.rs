//! One host: header, plan, schedules, repositories, snapshots, jobs.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::{
    action::JobOptions,
    host::HostFacts,
    id::{AgentId, GroupName, JobId, RepositoryName, ScheduleName, SealKey, UnixMs},
    identity::KeyBinding,
    job::{JobKind, JobNumbers, JobResult, JobState, Lack, LogLine, Origin, Progress, Reason},
    plan::{MaintenanceTask, Owner, Plan, PlanChange, PlanFileProblem, PlanProblem, PlanWarning},
    snapshot::{Hold, Lock, RepositoryNumbers, RepositoryReadiness, Snapshot},
    trust::Credential,
    view::{HostRow, LastBackup},
};

/// `GET /hosts/{agent}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct HostView {
    pub row: HostRow,
    pub facts: HostFacts,
    pub binding: KeyBinding,
    pub fingerprint: String,
    pub words: Vec<String>,
    /// What made it a member: whoever seals a secret to it checks that up to the root, instead of believing the
    /// coordinator.
    pub credential: Credential,
    pub journal: JournalView,
    #[ts(type = "number")]
    pub plan_revision: u64,
    /// A plan edit waits for the host.
    pub plan_waiting: bool,
    pub repositories: Vec<RepositoryView>,
    pub trouble: Option<TroubleView>,
    /// What holds retention or upkeep back.
    pub holds: Vec<Hold>,
    /// It left the fleet: takes no more orders, and backs up on its own.
    pub retired_at: Option<UnixMs>,
    /// The host whose place it took: its earlier jobs and snapshots stand there.
    pub replaces: Option<ReplacedView>,
    /// The host that took its place: this one may come back no more.
    pub replaced_by: Option<ReplacedView>,
}

/// The other one of two hosts, of which one took the other's place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct ReplacedView {
    pub agent: AgentId,
    pub name: String,
}

/// Something that only a person can resolve.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct TroubleView {
    pub kind: TroubleKind,
    /// What happened, and what to do next.
    pub message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TroubleKind {
    /// Its disk was set back: it removes no snapshots until somebody confirms the plan.
    SetBack,
    /// Two machines write its journal, and nothing more is taken from either.
    Fork,
    /// A second machine connects with its identity.
    Doubled,
    /// Another host is called like it.
    Namesake,
}

/// How much of the host's journal is here, and that it verifies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct JournalView {
    #[ts(type = "number")]
    pub epoch: u64,
    #[ts(type = "number")]
    pub seq: u64,
    pub verified_at: Option<UnixMs>,
}

/// `GET /hosts/{agent}/plan`; its `ETag` is the revision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct PlanView {
    #[ts(type = "number")]
    pub revision: u64,
    pub plan: Plan,
    pub changed_by: Option<String>,
    pub changed_at: Option<UnixMs>,
    /// Secrets are sealed to this key.
    pub seal: SealKey,
    /// The secrets the agent holds: slot and revision, never the value.
    pub secrets: Vec<SecretView>,
    pub warnings: Vec<PlanWarning>,
    /// Set while the endpoint's own file governs the plan.
    pub read_only: Option<String>,
    /// Why the endpoint's own file is not taken as it stands: the plan shown here stays in force.
    #[serde(default)]
    pub file_problems: Vec<PlanFileProblem>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct SecretView {
    pub slot: String,
    /// The one in use.
    #[ts(type = "number")]
    pub revision: u64,
    pub at: UnixMs,
    /// The highest that the host was given; above `revision` while that one waits to be tried, or was refused. The next
    /// to give is one more.
    #[ts(type = "number")]
    pub newest: u64,
}

/// `POST /plan/check`: would this plan do?
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct PlanCheckRequest {
    /// Checked as it is: a plan that does not even parse is a problem with a field, not an error.
    #[ts(type = "Plan")]
    #[schema(value_type = serde_json::Value)]
    pub plan: serde_json::Value,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct PlanCheckView {
    pub problems: Vec<PlanProblem>,
    pub warnings: Vec<PlanWarning>,
}

/// `GET /cron?expression=&zone=&n=`: what a crontab means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct CronView {
    pub next: Vec<UnixMs>,
    /// Why it is not a crontab.
    pub problem: Option<String>,
}

/// One row of `GET /hosts/{agent}/plan/history`, newest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct PlanRevisionView {
    /// Where its record stands, opaque: a disk that was set back may use a number twice.
    pub place: String,
    #[ts(type = "number")]
    pub revision: u64,
    pub at: UnixMs,
    /// A person's name, `a token`, `plan.toml` or `the endpoint's terminal`.
    pub by: String,
    pub note: Option<String>,
    /// Against the revision before.
    pub changes: Vec<PlanChange>,
}

/// A plan that is kept to be given to hosts: `GET /templates`, `PUT /templates/{name}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct TemplateView {
    /// Unique whatever its case.
    pub name: String,
    /// Of its repositories only the names count, for its groups: a host keeps its own destinations.
    pub plan: Plan,
    pub made_by: String,
    pub changed_at: UnixMs,
}

/// `PUT /templates/{name}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct TemplateRequest {
    pub plan: Plan,
}

/// One row of `GET /hosts/{agent}/schedules`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct ScheduleView {
    pub name: ScheduleName,
    pub cron: String,
    /// The zone it is read in, the host's own when the plan names none.
    pub zone: String,
    pub enabled: bool,
    pub groups: Vec<GroupName>,
    pub jitter_s: u32,
    /// The next five, jitter included, as the agent computes them.
    pub next: Vec<UnixMs>,
    pub last: Option<LastBackup>,
}

/// One row of `GET /hosts/{agent}/maintenance`: a task of a repository.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct MaintenanceView {
    pub repository: RepositoryName,
    pub task: MaintenanceTask,
    /// Absent: not by itself.
    pub cron: Option<String>,
    pub zone: String,
    pub last: Option<LastBackup>,
    pub next: Option<UnixMs>,
    /// Why it does not run here, in plain words: held back, another owner, only a keeper may.
    pub held: Option<String>,
}

/// One repository of a host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct RepositoryView {
    pub name: RepositoryName,
    /// restic's spelling of the destination, without credentials.
    pub location: String,
    pub readiness: RepositoryReadiness,
    pub reason: Option<Reason>,
    /// restic's own id of the repository.
    pub restic_id: Option<String>,
    pub checked_at: Option<UnixMs>,
    pub numbers: Option<RepositoryNumbers>,
    #[ts(type = "number")]
    pub snapshots: u64,
    pub history: Vec<NumbersAt>,
    /// The reason in plain words, and what to do next.
    pub explanation: Option<Explanation>,
    /// As they were last seen.
    pub locks: Vec<Lock>,
    pub locks_at: Option<UnixMs>,
    /// Snapshots that retention does not trust.
    #[ts(type = "number")]
    pub doubtful: u64,
    /// Other hosts of the fleet that use the same repository, by restic's id: the first hundred by their names.
    pub sharing: Vec<SharingView>,
    /// How many there are.
    #[ts(type = "number")]
    pub sharing_total: u64,
    /// The plan names an owner who is not, or no longer, in the fleet: nobody prunes and checks it.
    pub owner_gone: bool,
}

/// Another host that uses the same repository: also one row of `GET /hosts/{agent}/repositories/{repository}/sharing`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct SharingView {
    pub agent: AgentId,
    pub name: String,
    /// What it is called in that host's plan.
    pub repository: RepositoryName,
    /// Whom that host's plan names as the one who prunes and checks.
    pub owner: Option<Owner>,
}

/// `GET /hosts/{agent}/repositories/{repository}/history?days=`: a point per day at most, oldest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct RepositoryHistoryView {
    pub days: u32,
    pub points: Vec<NumbersAt>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct NumbersAt {
    pub at: UnixMs,
    #[ts(type = "number")]
    pub stored_bytes: u64,
    #[ts(type = "number")]
    pub snapshots: u64,
}

/// One row of `GET /hosts/{agent}/snapshots`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct SnapshotRow {
    pub repository: RepositoryName,
    pub snapshot: Snapshot,
}

/// One row of `GET /hosts/{agent}/jobs`, and the whole of `GET /hosts/{agent}/jobs/{job}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct JobView {
    pub agent: AgentId,
    pub host: String,
    pub job: JobId,
    pub kind: JobKind,
    pub repository: RepositoryName,
    pub group: Option<GroupName>,
    pub origin: Origin,
    pub state: JobState,
    pub reason: Option<Reason>,
    /// The reason in plain words, and what to do next.
    pub explanation: Option<Explanation>,
    pub numbers: JobNumbers,
    pub options: JobOptions,
    /// Told of one job alone: a list leaves it out.
    pub result: Option<JobResult>,
    /// What this host's version of restic does not say or do.
    pub lacks: Vec<Lack>,
    pub queued_at: UnixMs,
    pub started_at: Option<UnixMs>,
    pub finished_at: Option<UnixMs>,
    /// The last known, while it runs and somebody watches.
    pub progress: Option<Progress>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Explanation {
    pub message: String,
    pub hint: String,
}

/// `GET /hosts/{agent}/jobs/{job}/log?after=`: lines from `after` on, at most 2,000.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct LogView {
    pub lines: Vec<LogLine>,
    /// Ask again with this; absent when the job is over and all lines are here.
    #[ts(type = "number | null")]
    pub next: Option<u64>,
    /// Lines that are journalled, not only live.
    pub complete: bool,
}
