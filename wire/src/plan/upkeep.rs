//! Who looks after a repository that several hosts use.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use super::Retention;
use crate::id::{AgentId, GroupName};

/// The one host that prunes and checks a shared repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Owner {
    pub agent: AgentId,
    /// As people call it, so that the others can say who owns.
    pub name: String,
}

/// A host whose snapshots a keeper forgets, with the policies of that host's own plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Ward {
    pub agent: AgentId,
    /// As restic names it in the host's snapshots.
    pub hostname: String,
    /// The revision of the host's plan that the policies were taken from.
    #[ts(type = "number")]
    pub revision: u64,
    /// By group, which is the tag.
    pub groups: BTreeMap<GroupName, Retention>,
}
