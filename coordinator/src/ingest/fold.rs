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
        BodyError, Escrow, Holds, JobFinished, JobQueued, JobStarted, Kind, Local, Locks, LogChunk,
        Membership, Numbers, OrderReceipt, PlanFile, PlanRevision, Record, RecordBody, RepositoryState,
        Snapshots,
    },
    seal::SecretSlot,
};

use crate::store::{
    StoreError, Tx,
    hosts::{self, HostId},
    jobs::{self, FinishedRow, QueuedRow},
    locks::{self, LocksRow},
    logs, numbers, orders, plan_files, plans,
    records::Place,
    repositories,
    snapshots::{self, DeltaRows},
    standing::{self, HoldsRow},
};

/// A record's body, read, and where it is frequent already in the form of its row: the writer thread only writes.
#[derive(Debug)]
pub(super) enum Fact {
    Facts(Box<HostFacts>),
    Plan(Box<PlanRevision>),
    /// Why the endpoint's own file is not taken.
    PlanFile(Box<PlanFile>),
    Queued(Box<QueuedRow>),
    Started(JobId),
    Finished(Box<FinishedRow>),
    /// Of a job, and written with an earlier record of the batch.
    Told(JobId),
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
    /// A newer revision than the one in escrow.
    SecretSet {
        slot: SecretSlot,
        revision: u64,
    },
    Locks(Box<LocksRow>),
    Holds(Box<HoldsRow>),
    /// It joined, or is called something else from now on.
    Membership(Box<Membership>),
    /// It left the fleet.
    Retired,
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
    /// Name and tags.
    pub name: bool,
    /// What holds it back, and whether it left.
    pub standing: bool,
}

impl Touched {
    pub const NOTHING: Self = Self {
        facts: false,
        plan: false,
        jobs: false,
        repositories: false,
        orders: false,
        name: false,
        standing: false,
    };
    pub const ALL: Self = Self {
        facts: true,
        plan: true,
        jobs: true,
        repositories: true,
        orders: true,
        name: true,
        standing: true,
    };
    pub const ORDERS: Self = Self { orders: true, ..Self::NOTHING };
    pub const REPOSITORIES: Self = Self { repositories: true, ..Self::NOTHING };
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
    /// It answered who claims a repository, whatever it answered.
    pub claims_answered: bool,
}

/// An epoch begins: `at` is its first record's time. To be called before any of its records is folded; a host's first
/// epoch has nothing before it.
pub(super) fn begin(tx: &Tx<'_>, host: HostId, at: UnixMs, effects: &mut Effects) -> Result<(), StoreError> {
    for job in jobs::presume_ended(tx, host, at)? {
        effects.job(job);
    }
    plans::lose_secrets(tx, host)
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
            Kind::PlanFile => Self::PlanFile(Box::new(PlanFile::from_bytes(bytes)?)),
            Kind::JobQueued => Self::Queued(Box::new(QueuedRow::new(JobQueued::from_bytes(bytes)?)?)),
            Kind::JobStarted => Self::Started(JobStarted::from_bytes(bytes)?.job),
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
            Kind::Locks => Self::Locks(Box::new(LocksRow::new(Locks::from_bytes(bytes)?)?)),
            Kind::Holds => Self::Holds(Box::new(HoldsRow::new(Holds::from_bytes(bytes)?)?)),
            Kind::Membership => Self::Membership(Box::new(Membership::from_bytes(bytes)?)),
            Kind::Local => match Local::from_bytes(bytes)? {
                Local::Retired => Self::Retired,
                Local::SecretSet { slot, revision } => Self::SecretSet { slot, revision },
                // What else happened at the endpoint has no view.
                Local::Started { .. } | Local::Stopped | Local::EpochBegun { .. } | Local::Lent { .. } => {
                    Self::Nothing
                }
            },
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
        match self {
            Self::Queued(job) => {
                effects.job(job.job());
                let kind = jobs::queued(tx, host, job, at)?;
                effects.end(kind, job.end());
                Ok(())
            }
            Self::Started(job) => {
                effects.job(*job);
                jobs::started(tx, host, *job, at)
            }
            Self::Finished(job) => {
                effects.job(job.job());
                let kind = jobs::finished(tx, host, job, at)?;
                effects.end(kind, Some((job.state, at)));
                Ok(())
            }
            Self::Told(job) => {
                effects.job(*job);
                Ok(())
            }
            Self::Log { job, index } => {
                effects.log(*job);
                logs::put(tx, host, *job, *index, place)
            }
            Self::Snapshots(_) | Self::Numbers(_) | Self::Repository(_) | Self::Locks(_) => {
                self.fold_repository(tx, host, at, effects)
            }
            Self::Facts(_)
            | Self::Plan(_)
            | Self::PlanFile(_)
            | Self::Escrow(_)
            | Self::SecretSet { .. }
            | Self::Receipt(_)
            | Self::Holds(_)
            | Self::Membership(_)
            | Self::Retired => self.fold_host(tx, host, at, place, effects),
            Self::Nothing => Ok(()),
        }
    }

    fn fold_repository(
        &self,
        tx: &Tx<'_>,
        host: HostId,
        at: UnixMs,
        effects: &mut Effects,
    ) -> Result<(), StoreError> {
        // Locks are read when somebody looks; nothing is added up from them.
        effects.touched.repositories |= !matches!(self, Self::Locks(_));
        match self {
            Self::Snapshots(delta) => snapshots::apply(tx, host, delta),
            Self::Numbers(found) => numbers::put(tx, host, found, at),
            Self::Repository(state) => repositories::put_state(tx, host, state, at),
            Self::Locks(found) => locks::put(tx, host, found, at),
            _ => Ok(()),
        }
    }

    fn fold_host(
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
                plans::put_facts(tx, host, facts, at)
            }
            Self::Plan(plan) => {
                touched.plan = true;
                plans::put(tx, host, plan, at, place)
            }
            Self::PlanFile(file) => {
                touched.plan = true;
                plan_files::put(tx, host, file)
            }
            Self::Escrow(escrow) => {
                touched.plan = true;
                plans::put_secret(tx, host, escrow, at)
            }
            Self::SecretSet { slot, revision } => {
                touched.plan = true;
                plans::secret_set(tx, host, slot, *revision)
            }
            Self::Receipt(receipt) => {
                touched.orders = true;
                effects.claims_answered |= receipt.action.as_deref() == Some("claims");
                if matches!(receipt.receipt.outcome, Outcome::Accepted { .. }) {
                    match receipt.action.as_deref() {
                        Some("confirm_plan") => effects.plan_confirmed = true,
                        Some("retire") => {
                            touched.standing = true;
                            standing::retire(tx, host, at)?;
                        }
                        _ => {}
                    }
                }
                orders::put_receipt(tx, host, receipt, at)
            }
            Self::Holds(holds) => {
                touched.standing = true;
                standing::put_holds(tx, host, holds, at)
            }
            Self::Membership(membership) => {
                (touched.name, touched.standing) = (true, true);
                hosts::rename(tx, host, &membership.name, &membership.tags)?;
                standing::rejoin(tx, host)
            }
            Self::Retired => {
                touched.standing = true;
                standing::retire(tx, host, at)
            }
            _ => Ok(()),
        }
    }
}

impl Effects {
    fn job(&mut self, job: JobId) {
        self.touched.jobs = true;
        self.log(job);
    }

    /// A job of this kind ended; none where that is no news.
    fn end(&mut self, kind: Option<JobKind>, end: Option<(JobState, UnixMs)>) {
        if let (Some(JobKind::Backup), Some((state, at))) = (kind, end) {
            self.ended.push(Ended { at, state });
        }
    }

    fn log(&mut self, job: JobId) {
        // The records of one job mostly follow each other.
        if self.jobs.last() != Some(&job) && !self.jobs.contains(&job) {
            self.jobs.push(job);
        }
    }
}
