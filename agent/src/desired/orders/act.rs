//! What each action means for the rows of this host. Called within the order's own transaction.

use wire::{
    action::{Action, OrderRefusalCode, Outcome, SealedSecret},
    id::{GroupName, JobId, RepositoryName},
    job::{JobKind, Origin},
    journal::PlanBy,
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
    store::{StoreError, Tx, holds, plan, repositories},
};

/// Why an action is not carried out. A `Store` error undoes everything; the others are said in a receipt.
pub(super) enum Refuse {
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

fn refuse(code: OrderRefusalCode, message: impl Into<String>, hint: impl Into<String>) -> Refuse {
    Refuse::With { code, message: message.into(), hint: hint.into() }
}

impl Desk {
    /// All checks come before the first row is written, so that a refusal leaves nothing behind.
    pub(super) fn act(
        &self,
        tx: &Tx<'_>,
        ledger: &Ledger,
        current: Option<&plan::LedgerPlan>,
        verified: &VerifiedOrder,
    ) -> Result<Outcome, Refuse> {
        let nothing = Plan::default();
        let now_plan = current.map_or(&nothing, |current| &current.plan);
        let order = &verified.order;
        self.0
            .policy
            .allows(&order.action, now_plan)
            .map_err(|refused| refuse(OrderRefusalCode::Policy, refused.message, refused.hint))?;
        let origin = Origin::Operator { person: order.person.clone(), order: order.id };
        match &order.action {
            Action::Run { groups, upload_kib_s } => self.run(tx, now_plan, groups, *upload_kib_s, &origin),
            Action::Cancel { job } => self.cancel(tx, *job, &order.person),
            Action::Probe { repository } => self.probe(tx, now_plan, repository, &origin),
            Action::Refresh { repository } => {
                in_plan(now_plan, repository)?;
                let kinds = [JobKind::Snapshots, JobKind::Stats];
                let wanted =
                    kinds.map(|kind| JobRequest::new(kind, repository.clone(), None, origin.clone()));
                self.submit(tx, &wanted)
            }
            Action::SetPlan { base_revision, plan, secrets } => {
                let by = PlanBy::Order {
                    order: order.id,
                    person: order.person.clone(),
                    signer: verified.signatory.key(),
                };
                self.set_plan(tx, ledger, *base_revision, plan, secrets, by)
            }
            Action::SetSecret { secret } => {
                let opened = self.unseal(tx, ledger, secret, now_plan)?;
                self.keep(tx, ledger, &[opened])?;
                Ok(Outcome::Accepted { jobs: Vec::new(), revision: None })
            }
            Action::ConfirmPlan { revision } => confirm(tx, *revision),
        }
    }

    fn engine_or_refuse(&self) -> Result<&Engine, Refuse> {
        self.engine().ok_or_else(|| {
            refuse(
                OrderRefusalCode::Unavailable,
                "the agent's service does not run yet",
                "Start the service at the host.",
            )
        })
    }

    fn submit(&self, tx: &Tx<'_>, wanted: &[JobRequest]) -> Result<Outcome, Refuse> {
        let engine = self.engine_or_refuse()?;
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
        upload_kib_s: Option<u32>,
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
            wanted.push(JobRequest { upload_kib_s, ..request });
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

    fn set_plan(
        &self,
        tx: &Tx<'_>,
        ledger: &Ledger,
        base: u64,
        wished: &Plan,
        sealed: &[SealedSecret],
        by: PlanBy,
    ) -> Result<Outcome, Refuse> {
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
        })?;
        let mut opened = Vec::with_capacity(sealed.len());
        for (n, secret) in sealed.iter().enumerate() {
            if sealed[..n].iter().any(|other| other.slot == secret.slot) {
                let twice = format!("{} is set twice in one order", secret.slot);
                return Err(refuse(OrderRefusalCode::BadSecret, twice, "Send each secret once."));
            }
            opened.push(self.unseal(tx, ledger, secret, wished)?);
        }
        let next =
            plan::LedgerPlan { revision: current + 1, plan: wished.clone(), by, at: self.0.world.now() };
        plan::put(tx, &next)?;
        self.keep(tx, ledger, &opened)?;
        Ok(Outcome::Accepted { jobs: Vec::new(), revision: Some(next.revision) })
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
        let Self(parts) = self;
        let (escrow, now) = (self.escrow_to(ledger), parts.world.now());
        opened.iter().try_for_each(|one| parts.secrets.keep(tx, one, escrow, now, &mut parts.world.rng()))
    }
}

/// A person has looked: whatever held retention back is lifted.
fn confirm(tx: &Tx<'_>, revision: u64) -> Result<Outcome, Refuse> {
    let current = plan::revision(tx)?;
    if revision != current {
        return Err(refuse(
            OrderRefusalCode::StaleRevision,
            format!("revision {revision} of the plan was confirmed, but revision {current} holds now"),
            "Look at the current plan and confirm that.",
        ));
    }
    holds::clear_all(tx)?;
    Ok(Outcome::Accepted { jobs: Vec::new(), revision: Some(current) })
}

fn in_plan(plan: &Plan, repository: &RepositoryName) -> Result<(), Refuse> {
    if plan.repositories.contains_key(repository) {
        return Ok(());
    }
    Err(not_found(format!("there is no repository `{repository}` in this host's plan")))
}

fn not_found(message: String) -> Refuse {
    refuse(OrderRefusalCode::NotFound, message, "Load the host's page again: it shows what is there now.")
}
