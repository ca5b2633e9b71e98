//! Why jobs fail, or succeed in part: typed, so that terminal, panel and retry rules decide alike.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::id::UnixMs;

/// Why a job is not a plain success. One closed list, so that every surface explains it the same way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Reason {
    /// restic exited 3: these items could not be read (at most 100 are named; `more` counts the rest).
    UnreadableItems {
        items: Vec<String>,
        more: u64,
    },
    /// Some of the wanted paths do not exist; the others were backed up.
    MissingPaths {
        paths: Vec<String>,
    },
    /// None of the wanted paths exists.
    NothingToBackUp {
        paths: Vec<String>,
    },
    RepositoryMissing,
    /// There is something at the destination that is not an empty place and not our repository.
    RepositoryNotOurs {
        message: String,
    },
    WrongPassword,
    /// Newer credentials were tried and are not used; those before them open the repository, and jobs go on with them.
    CredentialRefused {
        /// Such as `repository/main/password`.
        slots: Vec<String>,
        message: String,
    },
    /// Another process holds the lock.
    Locked {
        owner: Option<String>,
        pid: Option<u32>,
        since: Option<UnixMs>,
    },
    Unreachable {
        address: String,
        message: String,
    },
    NoSpace {
        message: String,
    },
    /// The credentials do not allow the operation.
    Forbidden {
        message: String,
    },
    ResticMissing,
    ResticTooOld {
        needed: String,
        found: String,
    },
    /// A secret that the repository needs has not been given yet.
    SecretMissing {
        slot: String,
    },
    /// The plan has no such thing any more.
    NotInPlan {
        what: String,
    },
    /// A policy that keeps nothing would remove everything: never run.
    EmptyPolicy,
    /// Retention is held back until a person looks.
    RetentionHeld {
        message: String,
    },
    /// The plan names another host that prunes and checks this repository.
    NotOwner {
        owner: String,
    },
    /// Several hosts use the repository, and none or more than one of them claims to prune and check it.
    OwnerUnclear {
        hosts: Vec<String>,
    },
    /// The everyday credential of an append-only repository cannot delete: a keeper or a released credential has to.
    AppendOnly,
    /// The backup did not begin: its pre-hook failed. `exit` is absent when it ran out of time or could not be started.
    HookFailed {
        exit: Option<i32>,
        message: String,
    },
    /// `check` found damage.
    Damaged {
        problems: u64,
        first: String,
    },
    /// What a drill restored is not what was backed up.
    DrillFailed {
        problems: u64,
        first: String,
    },
    /// A drill may restore none of the snapshot's files, so it proved nothing.
    NothingRestored {
        /// Files that alone are more than a drill may restore.
        #[ts(type = "number")]
        too_large: u64,
        /// Files whose names are no text.
        #[ts(type = "number")]
        unnamed: u64,
    },
    /// The file system of these paths does not answer, so they were not backed up.
    PathsSilent {
        paths: Vec<String>,
        message: String,
    },
    /// The server's certificate is not trusted or has expired.
    Certificate {
        message: String,
    },
    /// The locks are not the ones that the person saw.
    LocksChanged,
    /// A person named these for a copy, by their first eight digits; they are in doubt, or not of this host and group.
    NotCopied {
        snapshots: Vec<String>,
    },
    /// The schedule or group was removed or paused, or the attempts are used up: nothing tries it again.
    Abandoned {
        why: String,
    },
    /// The previous run of the same work is still queued or running.
    AlreadyWaiting,
    CancelledBy {
        person: String,
    },
    /// The agent was stopped and drained its work.
    AgentStopped,
    /// The agent or machine went away without a word.
    AgentDied,
    /// restic said something else; `exit` is its exit code, or none when a signal ended it.
    Restic {
        exit: Option<i32>,
        message: String,
    },
    /// restic claimed success, but its exit code, summary and errors do not agree.
    Contradiction {
        message: String,
    },
    /// Of a restore: the directory is there and is not empty, or is no directory.
    TargetTaken {
        target: String,
    },
    /// Of a restore: the agent may not write there. `message` says who forbids it, and how to lift that.
    TargetForbidden {
        target: String,
        message: String,
    },
    /// Of a restore: the target's disk has too little room; nothing was written.
    TargetFull {
        target: String,
        #[ts(type = "number")]
        needed_bytes: u64,
        #[ts(type = "number")]
        free_bytes: u64,
    },
    /// Of a restore: these came back incompletely or not at all (at most 100 are named; `more` counts the rest).
    NotRestored {
        items: Vec<String>,
        #[ts(type = "number")]
        more: u64,
        first: String,
    },
    /// Of a restore: nothing in the snapshot is called like this.
    NotInSnapshot {
        what: String,
    },
    /// Of a restore with another host's credential: it was held in memory alone, and is gone.
    LentGone {
        source: String,
    },
    /// The agent itself could not go on (its disk, its database).
    Internal {
        message: String,
    },
}
