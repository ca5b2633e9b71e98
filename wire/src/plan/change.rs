//! What an edit of a plan changes, in words, and whose signature it needs.
//!
//! A destination decides where a host's data goes, and a hook runs with all power: they want an admin. Groups, schedules
//! and limits are daily work.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use super::{Hooks, Plan};
use crate::{
    id::{GroupName, RepositoryName, ScheduleName},
    role::Role,
};

/// One difference between two plans.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum PlanChange {
    RepositoryAdded {
        repository: RepositoryName,
    },
    RepositoryChanged {
        repository: RepositoryName,
    },
    RepositoryRemoved {
        repository: RepositoryName,
    },
    GroupAdded {
        group: GroupName,
    },
    GroupChanged {
        group: GroupName,
    },
    GroupRemoved {
        group: GroupName,
    },
    ScheduleAdded {
        schedule: ScheduleName,
    },
    ScheduleChanged {
        schedule: ScheduleName,
    },
    ScheduleRemoved {
        schedule: ScheduleName,
    },
    MaintenanceChanged,
    LimitsChanged,
    PresenceChanged,
    /// Absent group: the host's defaults. Of a group that comes, goes or is renamed with hooks of its own as well.
    HooksChanged {
        #[serde(default)]
        group: Option<GroupName>,
    },
    PingsChanged,
    /// What its snapshots are called after: retention is about the snapshots of that name.
    HostnameChanged,
}

impl PlanChange {
    /// The least role whose operator key may sign this change.
    pub const fn role(&self) -> Role {
        match self {
            Self::RepositoryAdded { .. }
            | Self::RepositoryChanged { .. }
            | Self::RepositoryRemoved { .. }
            | Self::HooksChanged { .. }
            | Self::HostnameChanged => Role::Admin,
            Self::GroupAdded { .. }
            | Self::GroupChanged { .. }
            | Self::GroupRemoved { .. }
            | Self::ScheduleAdded { .. }
            | Self::ScheduleChanged { .. }
            | Self::ScheduleRemoved { .. }
            | Self::MaintenanceChanged
            | Self::LimitsChanged
            | Self::PresenceChanged
            | Self::PingsChanged => Role::Operator,
        }
    }
}

/// Every difference from `old` to `new`, repositories first; empty when they are equal.
pub fn changes(old: &Plan, new: &Plan) -> Vec<PlanChange> {
    let mut all = Vec::new();
    maps(
        &old.repositories,
        &new.repositories,
        &mut all,
        |repository| PlanChange::RepositoryAdded { repository },
        |repository| PlanChange::RepositoryChanged { repository },
        |repository| PlanChange::RepositoryRemoved { repository },
    );
    maps(
        &old.groups,
        &new.groups,
        &mut all,
        |group| PlanChange::GroupAdded { group },
        |group| PlanChange::GroupChanged { group },
        |group| PlanChange::GroupRemoved { group },
    );
    maps(
        &old.schedules,
        &new.schedules,
        &mut all,
        |schedule| PlanChange::ScheduleAdded { schedule },
        |schedule| PlanChange::ScheduleChanged { schedule },
        |schedule| PlanChange::ScheduleRemoved { schedule },
    );
    if old.maintenance != new.maintenance {
        all.push(PlanChange::MaintenanceChanged);
    }
    if old.limits != new.limits {
        all.push(PlanChange::LimitsChanged);
    }
    if old.presence != new.presence {
        all.push(PlanChange::PresenceChanged);
    }
    if old.hooks != new.hooks {
        all.push(PlanChange::HooksChanged { group: None });
    }
    // Also of a group that goes: without it, or under another name, its hooks do not run.
    let names: BTreeSet<&GroupName> = old.groups.keys().chain(new.groups.keys()).collect();
    let none = Hooks::default();
    for name in names {
        let [before, after] =
            [old, new].map(|plan| plan.groups.get(name).map_or(&none, |group| &group.hooks));
        if before != after {
            all.push(PlanChange::HooksChanged { group: Some(name.clone()) });
        }
    }
    if old.pings != new.pings {
        all.push(PlanChange::PingsChanged);
    }
    if old.hostname != new.hostname {
        all.push(PlanChange::HostnameChanged);
    }
    all
}

/// The least role that may sign the edit from `old` to `new`.
pub fn role_for(old: &Plan, new: &Plan) -> Role {
    if changes(old, new).iter().any(|change| change.role() == Role::Admin) {
        Role::Admin
    } else {
        Role::Operator
    }
}

fn maps<K: Ord + Clone, V: PartialEq>(
    old: &BTreeMap<K, V>,
    new: &BTreeMap<K, V>,
    into: &mut Vec<PlanChange>,
    added: impl Fn(K) -> PlanChange,
    changed: impl Fn(K) -> PlanChange,
    removed: impl Fn(K) -> PlanChange,
) {
    for (name, wanted) in new {
        match old.get(name) {
            None => into.push(added(name.clone())),
            Some(present) if present != wanted => into.push(changed(name.clone())),
            Some(_) => {}
        }
    }
    into.extend(old.keys().filter(|name| !new.contains_key(*name)).map(|name| removed(name.clone())));
}
