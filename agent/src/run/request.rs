//! What may be asked of the engine, and what it answers.

use wire::{
    action::JobOptions,
    id::{GroupName, JobId, RepositoryName, ScheduleName},
    job::{JobKind, JobSubject, Origin},
};

use crate::store::StoreError;

/// A job that somebody wants.
#[derive(Clone, Debug, PartialEq)]
pub struct JobRequest {
    pub subject: JobSubject,
    pub origin: Origin,
    /// What this run does differently from the plan.
    pub options: JobOptions,
}

impl JobRequest {
    pub fn new(kind: JobKind, repository: RepositoryName, group: Option<GroupName>, origin: Origin) -> Self {
        Self { subject: JobSubject { kind, repository, group }, origin, options: JobOptions::default() }
    }

    /// Whether a person asks for it, here or through a coordinator.
    pub const fn is_wanted_now(&self) -> bool {
        matches!(self.origin, Origin::Operator { .. } | Origin::Local)
    }

    /// The id that a restore from another host's repository has been given.
    pub fn lent_job(&self) -> Option<JobId> {
        Some(self.options.restore.as_ref()?.lent.as_ref()?.job)
    }

    /// The schedule at the root of the origin.
    pub fn schedule(&self) -> Option<ScheduleName> {
        match &self.origin {
            Origin::Schedule { schedule, .. } | Origin::CatchUp { schedule, .. } => Some(schedule.clone()),
            Origin::Retry { .. }
            | Origin::Operator { .. }
            | Origin::Local
            | Origin::Maintenance { .. }
            | Origin::Follow { .. } => None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubmitError {
    /// The same work is queued or running: nothing was added.
    #[error("the same work is already queued or running as job {0}: wait for it, or cancel it first")]
    AlreadyWaiting(JobId),
    #[error("the agent is stopping: try again when it runs")]
    Draining,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What became of the wish to cancel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CancelOutcome {
    /// It was queued and is over now, or it runs and is being stopped.
    Cancelled,
    /// It was over already.
    Over,
    NotFound,
}
