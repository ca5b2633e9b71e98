//! What each action means for the rows of this host. Called within the order's own transaction.

use wire::{
    action::{Action, JobOptions, OrderRefusalCode, Outcome, SealedSecret},
    id::{GroupName, JobId, RepositoryName, UnixMs},
    job::{JobKind, Origin},
    journal::{Local, PlanBy},
    order::VerifiedOrder,
    plan::Plan,
    seal::BoxContext,
    trust::Ledger,
};

use crate::{
    desired::{
        Desk,
        secrets::{Opened, SecretRefusal},
    },
    run::{CancelOutcome, Engine, JobRequest, SubmitError},
    store::{StoreError, Tx, holds, jobs, journal, plan, repositories},
};

/// Why an action is not carried out. A `Store` error undoes everything; the others are said in a receipt.
pub(in crate::desired) enum Refuse {
    Store(StoreError),
    With { code: OrderRefusalCode, message: String, hint: String },
}

impl From<StoreError> for Refuse {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<SecretRefusal> for Refuse {
    fn from(refusal: SecretRefusal) -> Self {
        match refusal {
            SecretRefusal::Store(error) => Self::Store(error),
            other => refuse(other.code(), other.to_string(), other.hint()),
        }
    }
}

pub(in crate::desired) fn refuse(
    code: OrderRefusalCode,
    message: impl Into<String>,
    hint: impl Into<String>,
) -> Refuse {
    Refuse::With { code, message: message.into(), hint: hint.into() }
}

/// Characters of a plan's note.
const LONGEST_NOTE: usize = 500;

/// Jobs that operators asked for and that are not over, per repository.
const MOST_ASKED: usize = 50;

/// A new plan, as somebody wishes it.
struct Edit<'a> {
    base: u64,
    plan: &'a Plan,
    secrets: &'a [SealedSecret],
    note: Option<&'a str>,
    by: PlanBy,
}

impl Desk {
    /// All checks come before the first row is written, so that a refusal leaves nothing behind.
    pub(super) fn act(
        &self,
        tx: &Tx<'_>,
        ledger: &Ledger,
        current: Option<&plan::LedgerPlan>,
        verified: &VerifiedOrder,
        now: UnixMs,
    ) -> Result<Outcome, Refuse> {
        let nothing = Plan::default();
        let now_plan = current.map_or(&nothing, |current| &current.plan);
        let order = &verified.order;
        self.0
            .policy
            .allows(&order.action, now_plan)
            .map_err(|refused| refuse(OrderRefusalCode::Policy, refused.message, refused.hint))?;
        match &order.action {
            Action::SetPlan { base_revision, plan, secrets, note } => {
                let by = PlanBy::Order {
                    order: order.id,
                    person: order.person.clone(),
                    signer: verified.signatory.key(),
                };
                self.set_plan(
                    tx,
                    ledger,
                    &Edit { base: *base_revision, plan, secrets, note: note.as_deref(), by },
                )
            }
            Action::SetSecret { secret } => {
                let opened = self.unseal(tx, ledger, secret, now_plan)?;
                self.keep(tx, ledger, &[opened])?;
                Ok(Outcome::Accepted { jobs: Vec::new(), revision: None })
            }
            Action::ConfirmPlan { revision } => confirm(tx, *revision, self.0.world.now()),
            Action::Rename { name, tags } => self.rename(tx, name, tags),
            Action::Retire { agent } => self.retire(tx, *agent),
            Action::Release { repository, secret } => {
                self.release(tx, ledger, now_plan, (order, now), (repository, secret))
            }
            Action::Restore { restore } if let Some(lent) = &restore.lent => {
                self.restore_lent(tx, ledger, (order, now), (restore, lent))
            }
            Action::Lend { .. } | Action::Download { .. } => self.answered(tx, now_plan, order, now),
            Action::Claims { repository, claimants } => self.claims(tx, now_plan, repository, claimants),
            Action::Run { .. }
            | Action::Cancel { .. }
            | Action::Probe { .. }
            | Action::Refresh { .. }
            | Action::DryRun { .. }
            | Action::PreviewRetention { .. }
            | Action::Maintain { .. }
            | Action::Unlock { .. }
            | Action::Copy { .. }
            | Action::Reinit { .. }
            | Action::Adopt { .. }
            | Action::Restore { .. } => {
                let origin = Origin::Operator { person: order.person.clone(), order: order.id };
                self.work(tx, now_plan, &order.action, &order.person, &origin)
            }
        }
    }

    /// What a person may want done, from afar or at the endpoint's own terminal: it needs no signature of its own.
    pub(in crate::desired) fn work(
        &self,
        tx: &Tx<'_>,
        now_plan: &Plan,
        action: &Action,
        person: &str,
        origin: &Origin,
    ) -> Result<Outcome, Refuse> {
        match action {
            Action::Run { groups, upload_kib_s, download_kib_s } => {
                if [upload_kib_s, download_kib_s].contains(&&Some(0)) {
                    return Err(refuse(
                        OrderRefusalCode::InvalidPlan,
                        "a limit of 0 KiB/s would be no limit at all",
                        "Leave the limit out to run as the plan says, or name at least 1 KiB/s.",
                    ));
                }
                let options = JobOptions {
                    upload_kib_s: *upload_kib_s,
                    download_kib_s: *download_kib_s,
                    ..JobOptions::default()
                };
                self.run(tx, now_plan, groups, &options, origin)
            }
            Action::Cancel { job } => self.cancel(tx, *job, person),
            Action::Probe { repository } => self.probe(tx, now_plan, repository, origin),
            Action::Refresh { repository } => {
                in_plan(now_plan, repository)?;
                let kinds = [JobKind::Snapshots, JobKind::Stats];
                let wanted =
                    kinds.map(|kind| JobRequest::new(kind, repository.clone(), None, origin.clone()));
                self.submit(tx, &wanted)
            }
            Action::PreviewRetention { group, retention } => {
                self.preview_retention(tx, now_plan, (group, retention), origin)
            }
            Action::Adopt { repository, snapshots } => self.adopt(tx, now_plan, repository, snapshots),
            Action::Restore { restore } => self.restore(tx, now_plan, restore, person, origin),
            Action::DryRun { .. }
            | Action::Maintain { .. }
            | Action::Unlock { .. }
            | Action::Copy { .. }
            | Action::Reinit { .. } => self.look_after(tx, now_plan, action, origin),
            Action::SetPlan { .. }
            | Action::SetSecret { .. }
            | Action::ConfirmPlan { .. }
            | Action::Release { .. }
            | Action::Claims { .. }
            | Action::Lend { .. }
            | Action::Download { .. }
            | Action::Rename { .. }
            | Action::Retire { .. } => Err(refuse(
                OrderRefusalCode::NotAuthorised,
                format!("{} is an order, signed by the fleet", action.as_str()),
                "Give it in the panel.",
            )),
        }
    }

    pub(super) fn engine_or_refuse(&self) -> Result<&Engine, Refuse> {
        self.engine().ok_or_else(|| {
            refuse(
                OrderRefusalCode::Unavailable,
                "the agent's service does not run yet",
                "Start the service at the host.",
            )
        })
    }

    pub(super) fn submit(&self, tx: &Tx<'_>, wanted: &[JobRequest]) -> Result<Outcome, Refuse> {
        let engine = self.engine_or_refuse()?;
        has_room(tx, wanted)?;
        let mut jobs = Vec::with_capacity(wanted.len());
        for request in wanted {
            match engine.submit_in(tx, request) {
                // The same work waits or runs already: that job is the answer to this wish as well.
                Ok(job) | Err(SubmitError::AlreadyWaiting(job)) => jobs.push(job),
                Err(SubmitError::Store(error)) => return Err(error.into()),
                // Undoes what was queued for the groups before: the coordinator asks again when the agent is back.
                Err(SubmitError::Draining) => return Err(Refuse::Store(StoreError::Closed)),
            }
        }
        Ok(Outcome::Accepted { jobs, revision: None })
    }

    fn run(
        &self,
        tx: &Tx<'_>,
        plan: &Plan,
        groups: &[GroupName],
        options: &JobOptions,
        origin: &Origin,
    ) -> Result<Outcome, Refuse> {
        let mut wanted = Vec::with_capacity(groups.len());
        for name in groups {
            let Some(group) = plan.groups.get(name) else {
                return Err(not_found(format!("there is no group `{name}` in this host's plan")));
            };
            let request = JobRequest::new(
                JobKind::Backup,
                group.repository.clone(),
                Some(name.clone()),
                origin.clone(),
            );
            wanted.push(JobRequest { options: options.clone(), ..request });
        }
        if wanted.is_empty() {
            return Err(not_found("the order names no group".to_owned()));
        }
        self.submit(tx, &wanted)
    }

    fn cancel(&self, tx: &Tx<'_>, job: JobId, person: &str) -> Result<Outcome, Refuse> {
        match self.engine_or_refuse()?.cancel_in(tx, job, person)? {
            CancelOutcome::Cancelled => Ok(Outcome::Accepted { jobs: vec![job], revision: None }),
            CancelOutcome::Over => Err(not_found(format!("job {job} is over already"))),
            CancelOutcome::NotFound => Err(not_found(format!("there is no job {job} at this host"))),
        }
    }

    fn probe(
        &self,
        tx: &Tx<'_>,
        plan: &Plan,
        repository: &RepositoryName,
        origin: &Origin,
    ) -> Result<Outcome, Refuse> {
        in_plan(plan, repository)?;
        let location =
            plan.repositories.get(repository).map(|found| found.backend.location()).unwrap_or_default();
        let kind = if repositories::was_ready(tx, &location)? { JobKind::Probe } else { JobKind::Init };
        self.submit(tx, &[JobRequest::new(kind, repository.clone(), None, origin.clone())])
    }

    fn set_plan(&self, tx: &Tx<'_>, ledger: &Ledger, edit: &Edit<'_>) -> Result<Outcome, Refuse> {
        let Edit { base, plan: wished, secrets: sealed, note, by } = edit;
        self.may_edit(tx, *base, wished)?;
        let mut opened = Vec::with_capacity(sealed.len());
        for (n, secret) in sealed.iter().enumerate() {
            if sealed[..n].iter().any(|other| other.slot == secret.slot) {
                let twice = format!("{} is set twice in one order", secret.slot);
                return Err(refuse(OrderRefusalCode::BadSecret, twice, "Send each secret once."));
            }
            opened.push(self.unseal(tx, ledger, secret, wished)?);
        }
        let outcome = self.put_edit(tx, *base, wished, by.clone(), *note)?;
        self.keep(tx, ledger, &opened)?;
        Ok(outcome)
    }

    /// Whether this plan may follow revision `base`, by another hand than the endpoint's own file.
    pub(in crate::desired) fn may_edit(&self, tx: &Tx<'_>, base: u64, wished: &Plan) -> Result<(), Refuse> {
        if self.file_governs(tx)? {
            return Err(refuse(
                OrderRefusalCode::Policy,
                format!("this host's plan is governed by its own file, {}", self.0.plan_file.display()),
                "Edit that file at the host, or give the plan back to the panel with `restic-manager-agent plan adopt` there.",
            ));
        }
        let current = plan::revision(tx)?;
        if base != current {
            return Err(refuse(
                OrderRefusalCode::StaleRevision,
                format!("the edit was made on revision {base} of the plan, but revision {current} holds now"),
                "Look at the difference and make the edit again on the current plan.",
            ));
        }
        wished.validate().map_err(|problem| {
            refuse(OrderRefusalCode::InvalidPlan, problem.to_string(), "Correct these fields and save again.")
        })
    }

    /// Writes what [`Desk::may_edit`] allowed.
    pub(in crate::desired) fn put_edit(
        &self,
        tx: &Tx<'_>,
        base: u64,
        wished: &Plan,
        by: PlanBy,
        note: Option<&str>,
    ) -> Result<Outcome, StoreError> {
        let note = note.map(|note| note.chars().take(LONGEST_NOTE).collect());
        self.put(tx, base + 1, wished.clone(), by, note)?;
        Ok(Outcome::Accepted { jobs: Vec::new(), revision: Some(base + 1) })
    }

    fn unseal(
        &self,
        tx: &Tx<'_>,
        ledger: &Ledger,
        sealed: &SealedSecret,
        plan: &Plan,
    ) -> Result<Opened, Refuse> {
        let keys = self.keys();
        let context =
            BoxContext::to_agent(ledger.fleet(), keys.id(), keys.seal_key(), &sealed.slot, sealed.revision);
        Ok(self.0.secrets.unseal(tx, sealed, &context, &keys.seal, plan)?)
    }

    fn keep(&self, tx: &Tx<'_>, ledger: &Ledger, opened: &[Opened]) -> Result<(), StoreError> {
        let Self(parts, _) = self;
        let (escrow, now) = (self.escrow_to(ledger), parts.world.now());
        for one in opened {
            if !parts.secrets.keep(tx, one, escrow, now, &mut parts.world.rng())? {
                // Whoever gives the next one has to know of this one, also where it is never used.
                let Opened { slot, revision, .. } = one;
                let set = Local::SecretSet { slot: slot.clone(), revision: *revision };
                journal::append_body(tx, &set, now)?;
            }
        }
        Ok(())
    }
}

/// Whether the queue takes this order's jobs: without an end to it a coordinator could keep a repository busy with asking.
/// Looked at before the first of them is queued.
fn has_room(tx: &Tx<'_>, wanted: &[JobRequest]) -> Result<(), Refuse> {
    let open = jobs::open(tx)?;
    for JobRequest { subject, origin, options } in wanted {
        let is_there = || open.iter().any(|job| job.subject == *subject && job.options.is_same_work(options));
        let asked = |job: &&jobs::Job| {
            job.subject.repository == subject.repository && matches!(job.origin, Origin::Operator { .. })
        };
        let is_full = open.iter().filter(asked).count() >= MOST_ASKED;
        if matches!(origin, Origin::Operator { .. }) && is_full && !is_there() {
            return Err(refuse(
                OrderRefusalCode::Unavailable,
                format!(
                    "{MOST_ASKED} jobs that were asked for wait at the repository `{}` already",
                    subject.repository
                ),
                "Wait until some are over, or cancel what is not wanted any more.",
            ));
        }
    }
    Ok(())
}

/// A person has looked: whatever held retention back is lifted.
fn confirm(tx: &Tx<'_>, revision: u64, now: UnixMs) -> Result<Outcome, Refuse> {
    let current = plan::revision(tx)?;
    if revision != current {
        return Err(refuse(
            OrderRefusalCode::StaleRevision,
            format!("revision {revision} of the plan was confirmed, but revision {current} holds now"),
            "Look at the current plan and confirm that.",
        ));
    }
    holds::clear_all(tx, now)?;
    Ok(Outcome::Accepted { jobs: Vec::new(), revision: Some(current) })
}

pub(super) fn in_plan(plan: &Plan, repository: &RepositoryName) -> Result<(), Refuse> {
    if plan.repositories.contains_key(repository) {
        return Ok(());
    }
    Err(not_found(format!("there is no repository `{repository}` in this host's plan")))
}

pub(super) fn not_found(message: String) -> Refuse {
    refuse(OrderRefusalCode::NotFound, message, "Load the host's page again: it shows what is there now.")
}
