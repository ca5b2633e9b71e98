//! When the repositories are looked after.

use serde::{Deserialize, Deserializer, Serialize, de};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::{cron::Crontab, job::JobKind};

/// The cadences, in the host's own zone. Each is a crontab; absent, or `never` (for TOML, which knows no null): not by
/// itself. A field that is left out has its default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Maintenance {
    /// Of every group, by its own policy.
    #[serde(deserialize_with = "cadence")]
    #[ts(type = "string | null")]
    #[schema(value_type = Option<String>, example = "0 3 * * *")]
    pub forget: Option<Crontab>,
    /// Of every repository that this host owns.
    #[serde(deserialize_with = "cadence")]
    #[ts(type = "string | null")]
    #[schema(value_type = Option<String>, example = "0 4 * * 0")]
    pub prune: Option<Crontab>,
    /// Of every repository that this host owns.
    #[serde(deserialize_with = "cadence")]
    #[ts(type = "string | null")]
    #[schema(value_type = Option<String>, example = "0 5 1 * *")]
    pub check: Option<Crontab>,
    /// How much of the data a check reads, 0 to 100; 0 looks at the structure alone.
    pub check_read_data_percent: u8,
    /// Of every group.
    #[serde(deserialize_with = "cadence")]
    #[ts(type = "string | null")]
    #[schema(value_type = Option<String>, example = "0 6 2 * *")]
    pub drill: Option<Crontab>,
    /// At most so many files are restored.
    pub drill_files: u32,
    /// At most so much is restored, in MiB.
    pub drill_mib: u32,
}

impl Default for Maintenance {
    fn default() -> Self {
        let cron = |text: &str| text.parse().ok();
        Self {
            forget: cron("0 3 * * *"),
            prune: cron("0 4 * * 0"),
            check: cron("0 5 1 * *"),
            check_read_data_percent: 5,
            drill: cron("0 6 2 * *"),
            drill_files: 20,
            drill_mib: 200,
        }
    }
}

/// What maintenance does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MaintenanceTask {
    Forget,
    Prune,
    Check,
    Drill,
}

impl MaintenanceTask {
    pub const ALL: [Self; 4] = [Self::Forget, Self::Prune, Self::Check, Self::Drill];

    pub const fn as_str(self) -> &'static str {
        self.kind().as_str()
    }

    pub const fn kind(self) -> JobKind {
        match self {
            Self::Forget => JobKind::Forget,
            Self::Prune => JobKind::Prune,
            Self::Check => JobKind::Check,
            Self::Drill => JobKind::Drill,
        }
    }

    /// Whether it is one job for each group, rather than one for each repository.
    pub const fn is_of_groups(self) -> bool {
        matches!(self, Self::Forget | Self::Drill)
    }

    pub const fn cadence(self, maintenance: &Maintenance) -> Option<&Crontab> {
        match self {
            Self::Forget => maintenance.forget.as_ref(),
            Self::Prune => maintenance.prune.as_ref(),
            Self::Check => maintenance.check.as_ref(),
            Self::Drill => maintenance.drill.as_ref(),
        }
    }
}

fn cadence<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Crontab>, D::Error> {
    match Option::<String>::deserialize(from)?.as_deref() {
        None | Some("never") => Ok(None),
        Some(text) => text.parse().map(Some).map_err(de::Error::custom),
    }
}
