//! What an order asks for, whose word is enough for it, and what came of it.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::{
    id::{Base64Bytes, GroupName, JobId, OrderId, RepositoryName},
    plan::Plan,
    seal::SecretSlot,
};

/// One thing an operator wants of one agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, ToSchema)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Action {
    /// Back these groups up now: one job each.
    Run {
        groups: Vec<GroupName>,
        /// KiB/s for these runs alone.
        #[serde(default)]
        upload_kib_s: Option<u32>,
    },
    Cancel {
        job: JobId,
    },
    /// Look whether the repository can be used; makes it when it was never ready for this host.
    Probe {
        repository: RepositoryName,
    },
    /// Read the repository's snapshots and numbers again.
    Refresh {
        repository: RepositoryName,
    },
    /// Replace the plan, and give secrets in the same breath; refused when the host is not at `base_revision`.
    SetPlan {
        #[ts(type = "number")]
        base_revision: u64,
        plan: Plan,
        #[serde(default)]
        secrets: Vec<SealedSecret>,
    },
    SetSecret {
        secret: SealedSecret,
    },
    /// A person has looked after the agent found its own past missing: retention may go on.
    ConfirmPlan {
        #[ts(type = "number")]
        revision: u64,
    },
}

/// A secret on its way to one machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct SealedSecret {
    #[ts(type = "string")]
    #[schema(value_type = String, example = "repository/main/password")]
    pub slot: SecretSlot,
    #[ts(type = "number")]
    pub revision: u64,
    /// HPKE: `enc ‖ ciphertext`.
    #[serde(rename = "box")]
    pub sealed: Base64Bytes,
}

/// Whose signature an action needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActionClass {
    /// A coordinator's is enough.
    Routine,
    /// An operator's key, over the exact bytes.
    Grave,
}

impl Action {
    pub const fn class(&self) -> ActionClass {
        match self {
            Self::Run { .. } | Self::Cancel { .. } | Self::Probe { .. } | Self::Refresh { .. } => {
                ActionClass::Routine
            }
            Self::SetPlan { .. } | Self::SetSecret { .. } | Self::ConfirmPlan { .. } => ActionClass::Grave,
        }
    }

    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Run { .. } => "run",
            Self::Cancel { .. } => "cancel",
            Self::Probe { .. } => "probe",
            Self::Refresh { .. } => "refresh",
            Self::SetPlan { .. } => "set_plan",
            Self::SetSecret { .. } => "set_secret",
            Self::ConfirmPlan { .. } => "confirm_plan",
        }
    }
}

/// What an agent answered to an order. Journalled, then sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct Receipt {
    #[ts(type = "number")]
    pub number: u64,
    pub order: OrderId,
    pub outcome: Outcome,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, ToSchema)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// Done, or begun: the jobs that it started, if it starts any.
    Accepted {
        #[serde(default)]
        jobs: Vec<JobId>,
        /// The plan's revision afterwards, when the order changed it.
        #[serde(default)]
        #[ts(type = "number | null")]
        revision: Option<u64>,
    },
    Refused {
        code: OrderRefusalCode,
        message: String,
        hint: String,
    },
}

/// Why an agent does not do what an order says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderRefusalCode {
    /// A signature does not hold, or the signer is not of this fleet.
    BadSignature,
    /// Addressed to another agent or fleet.
    Misaddressed,
    /// Relies on a fleet statement that this agent has not seen.
    UnknownStatement,
    /// Its number is not above the last one seen: a replay, or an old copy.
    Replayed,
    /// A grave wish without an operator's signature, or with one of too low a role.
    NotAuthorised,
    Expired,
    /// The plan moved on: `base_revision` is not the current one.
    StaleRevision,
    InvalidPlan,
    /// The box does not open, or its revision is not the next one.
    BadSecret,
    /// The endpoint's own policy forbids it.
    Policy,
    /// Names a group, repository or job that is not there.
    NotFound,
    /// An action that this version of the agent does not know.
    Unsupported,
    /// The agent could not write it down (its disk is full); nothing was done.
    Unavailable,
}
