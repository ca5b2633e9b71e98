//! What an order asks for, whose word is enough for it, and what came of it.

mod options;

pub use options::JobOptions;

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::{
    id::{AgentId, Base64Bytes, GroupName, JobId, OrderId, RepositoryName, SealKey},
    identity::KeyBinding,
    path::RawPath,
    plan::{Group, MaintenanceTask, Owner, Plan, Retention},
    restore::{Restore, RestoreTarget},
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
        /// KiB/s for these runs alone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        download_kib_s: Option<u32>,
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
        /// Why, in the person's words; 500 characters at most.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        note: Option<String>,
    },
    SetSecret {
        secret: SealedSecret,
    },
    /// A person has looked after the agent found its own past missing: retention may go on.
    ConfirmPlan {
        #[ts(type = "number")]
        revision: u64,
    },
    /// What would this group back up? As the plan has it, or as somebody is about to save it: these settings name any
    /// path of the host, so that they want an operator's signature.
    DryRun {
        group: GroupName,
        #[serde(default)]
        settings: Option<Group>,
    },
    /// What would this policy remove from the group?
    PreviewRetention {
        group: GroupName,
        retention: Retention,
    },
    /// Maintenance now, instead of at its cadence. Of the groups that are named, or of all, where it is of groups.
    Maintain {
        repository: RepositoryName,
        task: MaintenanceTask,
        #[serde(default)]
        groups: Vec<GroupName>,
        /// Of a check, instead of the plan's.
        #[serde(default)]
        read_data_percent: Option<u8>,
    },
    /// Remove the locks of dead processes, or those that are named, whoever holds them: that wants an operator's
    /// signature.
    Unlock {
        repository: RepositoryName,
        /// As the person saw them; none: the dead ones alone. When others are there by then, nothing is removed.
        #[serde(default)]
        locks: Vec<String>,
    },
    /// Copy a group's snapshots to another repository of the plan; these, or all that are not there yet.
    Copy {
        group: GroupName,
        to: RepositoryName,
        #[serde(default)]
        snapshots: Vec<String>,
    },
    /// Make the repository anew at its place, where one that was ready is there no more. What still stands there is never
    /// touched: it is cleared at the storage first.
    Reinit {
        repository: RepositoryName,
    },
    /// These snapshots are this host's own, although no job of its made them.
    Adopt {
        repository: RepositoryName,
        snapshots: Vec<String>,
    },
    /// The admin credential of an append-only repository, for one forget and prune, held in memory alone.
    Release {
        repository: RepositoryName,
        /// Of the slot `repository/NAME/admin`.
        secret: SealedSecret,
    },
    /// Who claims to look after a repository that several hosts use, as the coordinator sees it in their plans. Others
    /// than this host: it neither prunes nor checks until they agree. None: nothing is in the way.
    Claims {
        repository: RepositoryName,
        claimants: Vec<Owner>,
    },
    /// Bring files back. Into the directory that the agent makes for it by itself, a coordinator's word is enough.
    Restore {
        #[serde(flatten)]
        restore: Box<Restore>,
    },
    /// Seal what opens this repository to another host of the fleet, for one restore there. The answer is
    /// [`crate::question::Part::Lent`], under this order's id.
    Lend {
        repository: RepositoryName,
        /// Whose keys these are was checked by whoever signs.
        to: KeyBinding,
        to_name: String,
        /// The restore's.
        job: JobId,
    },
    /// Send one file, or a directory as an archive, to a browser: a sealed stream under this order's id.
    Download {
        repository: RepositoryName,
        /// 64 hex digits.
        snapshot: String,
        path: RawPath,
        /// Absent: the bytes of one file.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        archive: Option<ArchiveFormat>,
        /// Made for this download alone, by whoever signs.
        to: SealKey,
    },
    /// What the host is called in the fleet.
    Rename {
        name: String,
        tags: Vec<String>,
    },
    /// Take no more orders from this fleet. Backups go on, and everything the host has stays.
    Retire {
        /// This agent's own id once more: nobody retires by a slip.
        agent: AgentId,
    },
}

/// How a directory is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ArchiveFormat {
    Tar,
    Zip,
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
    /// Every name that [`Action::as_str`] gives.
    pub const NAMES: [&'static str; 21] = [
        "run",
        "cancel",
        "probe",
        "refresh",
        "set_plan",
        "set_secret",
        "confirm_plan",
        "dry_run",
        "preview_retention",
        "maintain",
        "unlock",
        "copy",
        "reinit",
        "adopt",
        "release",
        "claims",
        "restore",
        "lend",
        "download",
        "rename",
        "retire",
    ];

    pub const fn class(&self) -> ActionClass {
        match self {
            Self::Run { .. }
            | Self::Cancel { .. }
            | Self::Probe { .. }
            | Self::Refresh { .. }
            | Self::DryRun { settings: None, .. }
            | Self::PreviewRetention { .. }
            | Self::Maintain { .. }
            | Self::Claims { .. } => ActionClass::Routine,
            Self::Unlock { locks, .. } if locks.is_empty() => ActionClass::Routine,
            Self::Restore { restore }
                if restore.lent.is_none() && matches!(restore.target, RestoreTarget::Fresh) =>
            {
                ActionClass::Routine
            }
            // Lists any directory; takes a lock from a process that lives; decides where data goes; begins with nothing; writes where somebody
            // else's programs read; gives a credential or the files themselves away.
            Self::DryRun { settings: Some(_), .. }
            | Self::Unlock { .. }
            | Self::Copy { .. }
            | Self::Reinit { .. }
            | Self::SetPlan { .. }
            | Self::SetSecret { .. }
            | Self::ConfirmPlan { .. }
            | Self::Adopt { .. }
            | Self::Release { .. }
            | Self::Restore { .. }
            | Self::Lend { .. }
            | Self::Download { .. }
            | Self::Rename { .. }
            | Self::Retire { .. } => ActionClass::Grave,
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
            Self::DryRun { .. } => "dry_run",
            Self::PreviewRetention { .. } => "preview_retention",
            Self::Maintain { .. } => "maintain",
            Self::Unlock { .. } => "unlock",
            Self::Copy { .. } => "copy",
            Self::Reinit { .. } => "reinit",
            Self::Adopt { .. } => "adopt",
            Self::Release { .. } => "release",
            Self::Claims { .. } => "claims",
            Self::Restore { .. } => "restore",
            Self::Lend { .. } => "lend",
            Self::Download { .. } => "download",
            Self::Rename { .. } => "rename",
            Self::Retire { .. } => "retire",
        }
    }

    /// Whether the order must never be written down where it passes: it carries what is held in memory alone. It goes
    /// to a host that is connected, or not at all.
    pub const fn is_ephemeral(&self) -> bool {
        match self {
            Self::Release { .. } | Self::Lend { .. } | Self::Download { .. } => true,
            Self::Restore { restore } => restore.lent.is_some(),
            _ => false,
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
