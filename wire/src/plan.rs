//! A host's plan: what to back up, where to, when, and how long to keep it.
//!
//! TOML at the endpoint and JSON on the wire are these same types with the same validation. Knows no secret:
//! secrets have slots, and travel apart. Knows nothing of revisions, which are the agent's ledger's.

mod backend;
mod change;
mod jitter;
mod validate;

pub use backend::{Backend, BackendKind};
pub use change::{PlanChange, changes, role_for};
pub use jitter::delay_s;
pub use validate::{PlanError, PlanProblem, PlanWarning, warnings};

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::{
    cron::Crontab,
    id::{GroupName, RepositoryName, ScheduleName},
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
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Repository {
    pub backend: Backend,
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
    };

    /// True when no rule keeps anything: `forget` must not run with it. A time of nothing, such as `0d`, is no rule.
    pub fn is_empty(&self) -> bool {
        let counts = Self { keep_within: None, ..self.clone() };
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
}

const fn yes() -> bool {
    true
}

/// When the repositories are looked after. Absent cadence: never by itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Maintenance {
    #[ts(type = "string | null")]
    #[schema(value_type = Option<String>, example = "0 3 * * *")]
    pub forget: Option<Crontab>,
}

impl Default for Maintenance {
    fn default() -> Self {
        Self { forget: "0 3 * * *".parse().ok() }
    }
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
