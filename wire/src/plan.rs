//! A host's plan: what to back up, where to, when, and how long to keep it.
//!
//! TOML at the endpoint and JSON on the wire are these same types with the same validation. Knows no secret:
//! secrets have slots, and travel apart. Knows nothing of revisions, which are the agent's ledger's.

mod backend;
mod change;
mod file;
mod hooks;
mod jitter;
mod maintenance;
mod pattern;
mod upkeep;
mod validate;

pub use backend::{Backend, BackendKind};
pub use change::{PlanChange, changes, role_for};
pub use file::PlanFileProblem;
pub use hooks::{Hook, Hooks, LONGEST_HOOK_S};
pub use jitter::delay_s;
pub use maintenance::{Maintenance, MaintenanceTask};
pub use upkeep::{Owner, Ward};
pub use validate::{PlanError, PlanProblem, PlanWarning, warnings};

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::{
    cron::Crontab,
    id::{GroupName, PingName, RepositoryName, ScheduleName},
};

/// Everything a host does by itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Plan {
    pub repositories: BTreeMap<RepositoryName, Repository>,
    pub groups: BTreeMap<GroupName, Group>,
    pub schedules: BTreeMap<ScheduleName, Schedule>,
    pub maintenance: Maintenance,
    pub limits: Limits,
    pub presence: Presence,
    /// The host's default hooks, for every group that does not say otherwise.
    #[serde(skip_serializing_if = "Hooks::is_default")]
    #[ts(as = "Option<Hooks>", optional)]
    pub hooks: Hooks,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[ts(as = "Option<BTreeMap<PingName, Ping>>", optional)]
    pub pings: BTreeMap<PingName, Ping>,
    /// The name that this host's snapshots bear, when it is another than the machine's own: of a host that took the place
    /// of one that is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub hostname: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Repository {
    pub backend: Backend,
    /// The everyday credential can only add: forget and prune need the admin credential.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(as = "Option<bool>", optional)]
    pub append_only: bool,
    /// Who prunes and checks it, where several hosts share it; absent: this host, as long as it is alone there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub owner: Option<Owner>,
    /// On a keeper: the hosts whose snapshots it forgets, with the policies of their own plans.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(as = "Option<Vec<Ward>>", optional)]
    pub wards: Vec<Ward>,
}

impl Repository {
    /// A repository of this host alone, with a credential that may do everything.
    pub const fn new(backend: Backend) -> Self {
        Self { backend, append_only: false, owner: None, wards: Vec::new() }
    }
}

/// What is backed up together, under one tag.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Group {
    #[serde(default = "main_repository")]
    pub repository: RepositoryName,
    /// Absolute paths.
    pub includes: Vec<String>,
    /// restic exclude patterns.
    #[serde(default)]
    pub excludes: Vec<String>,
    /// A directory that holds a file of one of these names is left out.
    #[serde(default)]
    pub exclude_if_present: Vec<String>,
    #[serde(default)]
    pub one_file_system: bool,
    #[serde(default)]
    pub retention: Retention,
    #[serde(default)]
    pub retry: Retry,
    #[serde(default, skip_serializing_if = "Hooks::is_default")]
    #[ts(as = "Option<Hooks>", optional)]
    pub hooks: Hooks,
    /// Each new snapshot is copied to this repository of the plan as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub copy_to: Option<RepositoryName>,
}

fn main_repository() -> RepositoryName {
    match "main".parse() {
        Ok(name) => name,
        Err(_) => unreachable!("`main` is a valid name"),
    }
}

/// What `forget` keeps, in restic's terms. All absent: everything is kept and forget never runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Retention {
    pub keep_last: u32,
    pub keep_hourly: u32,
    pub keep_daily: u32,
    pub keep_weekly: u32,
    pub keep_monthly: u32,
    pub keep_yearly: u32,
    /// restic's duration, such as `14d` or `2y5m7d3h`.
    pub keep_within: Option<String>,
    /// Snapshots with one of these tags are pinned: no rule removes them. Not a rule of its own.
    #[serde(skip_serializing_if = "is_pinned_alone")]
    #[ts(as = "Option<Vec<String>>", optional)]
    pub keep_tags: Vec<String>,
}

/// The tag that pins a snapshot, unless the plan names others.
pub const PINNED: &str = "pinned";

fn pinned() -> Vec<String> {
    vec![PINNED.to_owned()]
}

fn is_pinned_alone(tags: &[String]) -> bool {
    matches!(tags, [tag] if tag == PINNED)
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            keep_last: 0,
            keep_hourly: 0,
            keep_daily: 7,
            keep_weekly: 4,
            keep_monthly: 12,
            keep_yearly: 0,
            keep_within: None,
            keep_tags: pinned(),
        }
    }
}

impl Retention {
    pub const KEEP_EVERYTHING: Self = Self {
        keep_last: 0,
        keep_hourly: 0,
        keep_daily: 0,
        keep_weekly: 0,
        keep_monthly: 0,
        keep_yearly: 0,
        keep_within: None,
        keep_tags: Vec::new(),
    };

    /// True when no rule keeps anything: `forget` must not run with it. A time of nothing, such as `0d`, is no rule.
    pub fn is_empty(&self) -> bool {
        let counts = Self { keep_within: None, keep_tags: Vec::new(), ..self.clone() };
        let within = self.keep_within.as_deref().unwrap_or_default();
        counts == Self::KEEP_EVERYTHING && !within.contains(|digit: char| matches!(digit, '1'..='9'))
    }
}

/// How often a failed backup is tried again, waiting twice as long each time, 30 minutes at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Retry {
    pub max: u32,
    pub backoff_s: u32,
}

impl Default for Retry {
    fn default() -> Self {
        Self { max: 3, backoff_s: 60 }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// Five fields or `@daily` and friends, as Vixie cron means them.
    #[ts(type = "string")]
    #[schema(value_type = String, example = "0 2 * * *")]
    pub cron: Crontab,
    /// IANA name; absent means the host's own zone.
    #[serde(default)]
    pub zone: Option<String>,
    #[serde(default = "yes")]
    pub enabled: bool,
    pub groups: Vec<GroupName>,
    /// Runs start up to this much later, always the same for one host and schedule.
    #[serde(default)]
    pub jitter_s: u32,
    /// A run that is due waits until they hold, and then runs once.
    #[serde(default, skip_serializing_if = "Conditions::is_default")]
    #[ts(as = "Option<Conditions>", optional)]
    pub conditions: Conditions,
}

/// What a schedule wants of the machine before it runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Conditions {
    /// Not on battery. A machine without a battery is always on mains power.
    pub mains_power: bool,
    /// The way out is not a metered connection. Where nothing says, it is not.
    pub unmetered: bool,
    /// The repository answers.
    pub reachable: bool,
}

impl Conditions {
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

const fn yes() -> bool {
    true
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// KiB/s; absent means unlimited.
    pub upload_kib_s: Option<u32>,
    /// KiB/s; absent means unlimited.
    pub download_kib_s: Option<u32>,
    /// -20 to 19, as nice(1).
    pub nice: Option<i8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub io: Option<IoPriority>,
}

/// Whose turn it is at the disk, as ionice(1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum IoPriority {
    /// Only when nobody else wants the disk.
    Idle,
    /// The lowest of the ordinary ones.
    Low,
}

/// An address, kept as the secret `ping/NAME`, that is called when backups begin and end, healthchecks style: the
/// address itself on success, `/start` and `/fail` appended for the others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Ping {
    pub start: bool,
    pub success: bool,
    pub failure: bool,
    /// Of these groups; of all when empty.
    pub groups: Vec<GroupName>,
}

impl Default for Ping {
    fn default() -> Self {
        Self { start: true, success: true, failure: true, groups: Vec::new() }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// A server: being offline is worth an alert.
    #[default]
    AlwaysOn,
    /// A laptop: it comes and goes.
    Intermittent,
}
