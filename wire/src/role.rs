//! What a person, or their key, may do.
//!
//! A floor: slots and changes of a plan say which role they take, and trust says who has it.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

/// What a person or their key may do; each includes the one below.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads. Has no operator key, so it never stands in a statement.
    Viewer,
    /// Runs, edits groups, schedules and limits, makes tokens.
    Operator,
    /// Everything: approves hosts, sets destinations, hooks and secrets, manages people.
    Admin,
}

impl Role {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }

    /// Whether this role is enough where `needed` is asked for.
    pub fn covers(self, needed: Self) -> bool {
        self >= needed
    }
}
