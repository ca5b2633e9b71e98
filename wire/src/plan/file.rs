//! What is wrong with an endpoint's own `plan.toml`, as others than its own terminal may read it.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

/// One thing that keeps the file from being the plan. No value of the file stands in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct PlanFileProblem {
    /// Counts from 1; absent: it is nowhere in particular.
    #[serde(default)]
    pub line: Option<u32>,
    /// Such as `groups.default.includes[0]`; empty: it is no field's.
    #[serde(default)]
    pub field: String,
    pub message: String,
}

impl PlanFileProblem {
    /// So many are told of one file: whoever mends these sees the next ones.
    pub const MOST: usize = 20;
    /// Of a field and of a message each.
    pub const TEXT_BYTES: usize = 300;
}
