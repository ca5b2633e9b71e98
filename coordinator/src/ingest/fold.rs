//! What one record does to the views. Applying a record again changes nothing.
//!
//! A body that this version cannot read is kept raw, reported and skipped: the chain goes on, and `rebuild` folds it
//! once a newer version can.

use wire::{
    action::Outcome,
    frame::HostFacts,
    id::{JobId, UnixMs},
    job::{JobKind, JobState},
    journal::{
        BodyError, Escrow, JobFinished, JobQueued, JobStarted, Kind, LogChunk, Numbers, OrderReceipt,
        PlanRevision, Record, RecordBody, RepositoryState, Snapshots,
    },
};

use crate::store::{
    StoreError, Tx,
    hosts::HostId,
    jobs::{self, FinishedRow, QueuedRow},
    logs, orders, plans,
    records::Place,
    repositories,
    snapshots::{self, DeltaRows},
};

/// A record's body, read, and where it is frequent already in the form of its row: the writer thread only writes.
#[derive(Debug)]
pub(super) enum Fact {
    Facts(Box<HostFacts>),
    Plan(Box<PlanRevision>),
    Queued(Box<QueuedRow>),
    Started(JobStarted),
    Finished(Box<FinishedRow>),
    /// Of this job; the chunk's number.
    Log {
        job: JobId,
        index: u32,
    },
    Snapshots(Box<DeltaRows>),
    Numbers(Box<Numbers>),
    Repository(Box<RepositoryState>),
    Receipt(Box<OrderReceipt>),
    Escrow(Box<Escrow>),
    /// Kept raw, folded into nothing: a kind without a view, a newer kind, or a body that was dropped.
    Nothing,
}

/// Why a record is kept but not folded.
#[derive(Debug, thiserror::Error)]
enum Unfoldable {
    #[error(transparent)]
    Body(#[from] BodyError),
    #[error(transparent)]
    Row(#[from] StoreError),
}

/// Which parts of a host were touched, so that only those are read again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Touched {
    pub facts: bool,
    pub plan: bool,
    pub jobs: bool,
    pub repositories: bool,
    pub orders: bool,
}

impl Touched {
    pub const ALL: Self = Self { facts: true, plan: true, jobs: true, repositories: true, orders: true };
    pub const ORDERS: Self =
        Self { facts: false, plan: false, jobs: false, repositories: false, orders: true };
}

/// A backup that came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    pub at: UnixMs,
    pub state: JobState,
}

/// What some records did to the views, for whoever tells others about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effects {
    pub touched: Touched,
    /// Jobs whose state or log changed, each once, in the order of their records.
    pub jobs: Vec<JobId>,
    pub ended: Vec<Ended>,
    /// The agent did as a person said after its disk had been set back.
    pub plan_confirmed: bool,
}

impl Fact {
    pub fn of(record: &Record<'_>) -> Self {
        let (Some(kind), Some(bytes)) = (record.kind(), record.body.bytes()) else { return Self::Nothing };
        Self::read(kind, bytes).unwrap_or_else(|error| {
            tracing::warn!(%error, at = %record.at, "a record is kept but not folded");
            Self::Nothing
        })
    }

    fn read(kind: Kind, bytes: &[u8]) -> Result<Self, Unfoldable> {
        Ok(match kind {
            Kind::HostFacts => Self::Facts(Box::new(HostFacts::from_bytes(bytes)?)),
            Kind::Plan => Self::Plan(Box::new(PlanRevision::from_bytes(bytes)?)),
            Kind::JobQueued => Self::Queued(Box::new(QueuedRow::new(JobQueued::from_bytes(bytes)?)?)),
            Kind::JobStarted => Self::Started(JobStarted::from_bytes(bytes)?),
            Kind::JobFinished => {
                Self::Finished(Box::new(FinishedRow::new(&JobFinished::from_bytes(bytes)?)?))
            }
            Kind::LogChunk => {
                let chunk = LogChunk::from_bytes(bytes)?;
                Self::Log { job: chunk.job, index: chunk.index }
            }
            Kind::Snapshots => Self::Snapshots(Box::new(DeltaRows::new(Snapshots::from_bytes(bytes)?)?)),
            Kind::Numbers => Self::Numbers(Box::new(Numbers::from_bytes(bytes)?)),
            Kind::Repository => Self::Repository(Box::new(RepositoryState::from_bytes(bytes)?)),
            Kind::Order => Self::Receipt(Box::new(OrderReceipt::from_bytes(bytes)?)),
            Kind::Escrow => Self::Escrow(Box::new(Escrow::from_bytes(bytes)?)),
            // Membership is what the agent shows at the door; what happened at the endpoint has no view yet.
            Kind::Membership | Kind::Local => Self::Nothing,
        })
    }

    /// Writes the views. `at` is the record's own time, `place` where it stands.
    pub fn fold(
        &self,
        tx: &Tx<'_>,
        host: HostId,
        at: UnixMs,
        place: Place,
        effects: &mut Effects,
    ) -> Result<(), StoreError> {
        let touched = &mut effects.touched;
        match self {
            Self::Facts(facts) => {
                touched.facts = true;
                plans::put_facts(tx, host, facts, at)?;
            }
            Self::Plan(plan) => {
                touched.plan = true;
                plans::put(tx, host, plan, at)?;
            }
            Self::Queued(job) => {
                touched.jobs = true;
                effects.job(job.job());
                jobs::queued(tx, host, job, at)?;
            }
            Self::Started(job) => {
                touched.jobs = true;
                effects.job(job.job);
                jobs::started(tx, host, job, at)?;
            }
            Self::Finished(job) => {
                touched.jobs = true;
                effects.job(job.job());
                if jobs::finished(tx, host, job, at)? == Some(JobKind::Backup) {
                    effects.ended.push(Ended { at, state: job.state });
                }
            }
            Self::Log { job, index } => {
                effects.job(*job);
                logs::put(tx, host, *job, *index, place)?;
            }
            Self::Snapshots(delta) => {
                touched.repositories = true;
                snapshots::apply(tx, host, delta)?;
            }
            Self::Numbers(numbers) => {
                touched.repositories = true;
                repositories::put_numbers(tx, host, numbers, at)?;
            }
            Self::Repository(state) => {
                touched.repositories = true;
                repositories::put_state(tx, host, state, at)?;
            }
            Self::Receipt(receipt) => {
                touched.orders = true;
                let accepted = matches!(receipt.receipt.outcome, Outcome::Accepted { .. });
                effects.plan_confirmed |= accepted && receipt.action.as_deref() == Some("confirm_plan");
                orders::put_receipt(tx, host, receipt, at)?;
            }
            Self::Escrow(escrow) => {
                touched.plan = true;
                plans::put_secret(tx, host, escrow, at)?;
            }
            Self::Nothing => {}
        }
        Ok(())
    }
}

impl Effects {
    fn job(&mut self, job: JobId) {
        // The records of one job mostly follow each other.
        if self.jobs.last() != Some(&job) && !self.jobs.contains(&job) {
            self.jobs.push(job);
        }
    }
}
