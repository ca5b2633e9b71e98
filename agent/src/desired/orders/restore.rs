//! Orders to bring files back: from a repository of the plan, or from another host's whose credential was lent for it.

use wire::{
    action::{JobOptions, OrderRefusalCode, Outcome},
    id::{JobId, UnixMs},
    job::{JobKind, JobState, Origin},
    order::Order,
    plan::{Plan, Repository},
    restore::{Lent, LentCredential, Meanwhile, Restore, RestoreTarget},
    seal::{BoxContext, SealedBox, SecretSlot, open},
    trust::Ledger,
};

use super::act::{Refuse, in_plan, refuse};
use crate::{
    desired::Desk,
    run::JobRequest,
    store::{StoreError, Tx, jobs, snapshots, trust},
};

/// A credential on its way to memory must not wait anywhere.
const LONGEST_WAY_MS: i64 = 15 * 60 * 1000;

impl Desk {
    /// From a repository of this host's plan.
    pub(super) fn restore(
        &self,
        tx: &Tx<'_>,
        plan: &Plan,
        restore: &Restore,
        person: &str,
        origin: &Origin,
    ) -> Result<Outcome, Refuse> {
        if restore.lent.is_some() {
            return Err(refuse(
                OrderRefusalCode::NotAuthorised,
                "what another host lends comes in an order, signed by the fleet",
                "Give it in the panel.",
            ));
        }
        self.may_restore(tx, restore, origin)?;
        in_plan(plan, &restore.repository)?;
        if !snapshots::all(tx, &restore.repository)?.iter().any(|it| it.id == restore.snapshot) {
            let short = restore.snapshot.get(..8).unwrap_or_default();
            let message = format!("this host knows no snapshot {short} in `{}`", restore.repository);
            let hint = "Read the repository's snapshots again, and choose one of those that are there now.";
            return Err(refuse(OrderRefusalCode::NotFound, message, hint));
        }
        self.begin_restore(tx, restore, person, origin)
    }

    /// From another host's repository. What opens it is held in memory; the job's record names whose it is.
    pub(super) fn restore_lent(
        &self,
        tx: &Tx<'_>,
        ledger: &Ledger,
        (order, now): (&Order, UnixMs),
        (restore, lent): (&Restore, &Lent),
    ) -> Result<Outcome, Refuse> {
        let origin = Origin::Operator { person: order.person.clone(), order: order.id };
        self.may_restore(tx, restore, &origin)?;
        let bad = |message: String, hint: &str| refuse(OrderRefusalCode::BadSecret, message, hint);
        if order.expires_at.since(now) > LONGEST_WAY_MS {
            let hint = "Lend it again: the order must be over within 15 minutes.";
            return Err(bad(
                "the order with the lent credential would be good for too long".to_owned(),
                hint,
            ));
        }
        if jobs::get(tx, lent.job)?.is_some() {
            let hint = "Lend it again: a credential is good for one restore.";
            return Err(bad(format!("the job {} has been here already", lent.job), hint));
        }
        let credential = self.open_lent(ledger, restore, lent)?;
        let engine = self.engine_or_refuse()?;
        // Held before its job is there, so that nothing looks for it in vain.
        engine.lend(credential);
        let mut noted = restore.clone();
        if let Some(lent) = &mut noted.lent {
            lent.sealed.0.clear();
        }
        let begun = self.begin_restore(tx, &noted, &order.person, &origin);
        if begun.is_err() {
            engine.take_back_lent(lent.job);
        }
        begun
    }

    fn open_lent(&self, ledger: &Ledger, restore: &Restore, lent: &Lent) -> Result<LentCredential, Refuse> {
        let keys = self.keys();
        let slot = SecretSlot::RepositoryLent(restore.repository.clone());
        let context = BoxContext::lend(ledger.fleet(), keys.id(), keys.seal_key(), &slot);
        let opened = SealedBox::try_from(&lent.sealed).and_then(|sealed| open(&context, &keys.seal, &sealed));
        let again = "Lend it again from the host whose repository it is.";
        let problem = match opened.map(|opened| serde_json::from_slice::<LentCredential>(opened.expose())) {
            Err(problem) => problem.to_string(),
            Ok(Err(_)) => "what is in the box is no credential".to_owned(),
            Ok(Ok(credential)) => match mismatch(&credential, restore, lent) {
                None => return Ok(credential),
                Some(problem) => problem.to_owned(),
            },
        };
        let message = format!("the lent credential of {}: {problem}", lent.source_name);
        Err(refuse(OrderRefusalCode::BadSecret, message, again))
    }

    /// What can be said against it before it is looked where it would go.
    fn may_restore(&self, tx: &Tx<'_>, restore: &Restore, origin: &Origin) -> Result<(), Refuse> {
        restore.validate().map_err(|problem| {
            refuse(OrderRefusalCode::InvalidPlan, problem.to_string(), "Correct it and give it again.")
        })?;
        let RestoreTarget::InPlace { host } = &restore.target else { return Ok(()) };
        let member = trust::pin(tx)?.and_then(|pin| pin.member);
        let machine = self.0.world.hostname();
        let is_here = *origin == Origin::Local && *host == machine;
        let name = member.map_or(machine, |member| member.name);
        if *host == name || is_here {
            return Ok(());
        }
        Err(refuse(
            OrderRefusalCode::InvalidPlan,
            format!("this host is called `{name}`, not `{host}`: nothing is restored in place"),
            "Look which host you meant, and type that one's name.",
        ))
    }

    fn begin_restore(
        &self,
        tx: &Tx<'_>,
        restore: &Restore,
        person: &str,
        origin: &Origin,
    ) -> Result<Outcome, Refuse> {
        let options = JobOptions { restore: Some(Box::new(restore.clone())), ..JobOptions::default() };
        let request = JobRequest::new(JobKind::Restore, restore.repository.clone(), None, origin.clone());
        let outcome = self.submit(tx, &[JobRequest { options, ..request }])?;
        if restore.meanwhile == Meanwhile::Cancel
            && let Outcome::Accepted { jobs, .. } = &outcome
        {
            self.make_way(tx, restore, jobs, person)?;
        }
        Ok(outcome)
    }

    /// Cancels what runs on the repository now; what is queued there stays.
    fn make_way(
        &self,
        tx: &Tx<'_>,
        restore: &Restore,
        own: &[JobId],
        person: &str,
    ) -> Result<(), StoreError> {
        let source = restore.lent.as_ref().map(|lent| lent.source);
        let Some(engine) = self.engine() else { return Ok(()) };
        for job in jobs::open(tx)? {
            let is_there = job.subject.repository == restore.repository
                || job.options.to.as_ref() == Some(&restore.repository);
            let is_same = is_there && job.lent().map(|lent| lent.source) == source;
            if is_same && job.state == JobState::Running && !own.contains(&job.id) {
                engine.cancel_in(tx, job.id, person)?;
            }
        }
        Ok(())
    }
}

/// In what the credential is not the one that the order is about.
fn mismatch(credential: &LentCredential, restore: &Restore, lent: &Lent) -> Option<&'static str> {
    if credential.job != lent.job {
        return Some("it was lent for another job");
    }
    if credential.source != lent.source {
        return Some("it is another host's than the order says");
    }
    if credential.repository != restore.repository {
        return Some("it is of another repository than the order says");
    }
    if credential.password.is_empty() {
        return Some("it holds no password");
    }
    let allowed = credential.backend.kind().environment();
    if !credential.environment.keys().all(|name| allowed.contains(&name.as_str())) {
        return Some("it sets an environment name that this kind of repository does not take");
    }
    // Held to what a plan may say: it reaches restic.
    let repository = Repository::new(credential.backend.clone());
    let plan = Plan { repositories: [(credential.repository.clone(), repository)].into(), ..Plan::default() };
    plan.validate().err().map(|_| "its destination is not one that a plan could name")
}
