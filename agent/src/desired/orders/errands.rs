//! Orders that are answered by more than a receipt: a credential that is lent, a file that is downloaded. What is allowed
//! is decided and journalled here; the answer itself is `answer`'s.

use wire::{
    action::{Action, OrderRefusalCode, Outcome},
    id::{AgentId, JobId, RepositoryName, UnixMs},
    identity::KeyBinding,
    journal::Local,
    order::Order,
    path::RawPath,
    plan::Plan,
    seal::SecretSlot,
    trust::Ledger,
};

use super::{
    Answer,
    act::{Refuse, in_plan, not_found, refuse},
};
use crate::{
    answer::Errand,
    desired::Desk,
    run::SecretSource as _,
    store::{Tx, journal},
};

/// What opens a repository, or its files, must not be asked for by an order that waited somewhere.
const LONGEST_WAY_MS: i64 = 15 * 60 * 1000;

impl Desk {
    /// Whether it is to be answered; what is lent is journalled at once.
    pub(super) fn answered(
        &self,
        tx: &Tx<'_>,
        plan: &Plan,
        order: &Order,
        now: UnixMs,
    ) -> Result<Outcome, Refuse> {
        self.engine_or_refuse()?;
        if order.expires_at.since(now) > LONGEST_WAY_MS {
            return Err(refuse(
                OrderRefusalCode::Expired,
                "the order would be good for too long",
                "Ask again: such an order must be over within 15 minutes.",
            ));
        }
        match &order.action {
            Action::Lend { repository, to, job, .. } => {
                in_plan(plan, repository)?;
                self.lent(tx, repository, to, *job)?;
            }
            Action::Download { repository, snapshot, path, .. } => {
                in_plan(plan, repository)?;
                is_there(snapshot, path)?;
            }
            other => {
                return Err(not_found(format!("{} is answered by its receipt alone", other.as_str())));
            }
        }
        Ok(Outcome::Accepted { jobs: Vec::new(), revision: None })
    }

    fn lent(
        &self,
        tx: &Tx<'_>,
        repository: &RepositoryName,
        to: &KeyBinding,
        job: JobId,
    ) -> Result<(), Refuse> {
        let bad = |message: &str| {
            let hint = "Look at both hosts' pages, then begin the restore again.";
            refuse(OrderRefusalCode::BadSecret, message, hint)
        };
        to.verify().map_err(|_| bad("the other host's keys are not signed by itself"))?;
        if to.id == self.agent() {
            return Err(bad("a host lends nothing to itself: restore there without"));
        }
        let slot = SecretSlot::RepositoryPassword(repository.clone());
        if !matches!(self.0.secrets.secret(&slot), Ok(Some(_))) {
            return Err(bad("this host has no password of the repository that it could lend"));
        }
        let lent = Local::Lent { repository: repository.clone(), to: to.id, job };
        journal::append_body(tx, &lent, self.0.world.now())?;
        Ok(())
    }

    /// The errand of an order that was accepted just now, if it has one.
    pub(super) fn with_errand(&self, answer: Answer, ledger: &Ledger, order: Order) -> Answer {
        match answer {
            Answer::Receipt(receipt) if matches!(receipt.outcome, Outcome::Accepted { .. }) => {
                match errand(self.agent(), ledger, order) {
                    Some(errand) => Answer::Errand { receipt, errand: Box::new(errand) },
                    None => Answer::Receipt(receipt),
                }
            }
            other => other,
        }
    }
}

fn errand(agent: AgentId, ledger: &Ledger, order: Order) -> Option<Errand> {
    let fleet = ledger.fleet();
    match order.action {
        Action::Lend { repository, to, job, .. } => Some(Errand::Lend { fleet, agent, repository, job, to }),
        Action::Download { repository, snapshot, path, archive, to } => {
            Some(Errand::Download { fleet, agent, order: order.id, repository, snapshot, path, archive, to })
        }
        _ => None,
    }
}

fn is_there(snapshot: &str, path: &RawPath) -> Result<(), Refuse> {
    if snapshot.len() != 64 || !snapshot.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(not_found("a snapshot is named by all 64 digits of its id".to_owned()));
    }
    if !path.is_plain_absolute() {
        return Err(not_found(format!("`{path}` is not an absolute path without `..`")));
    }
    Ok(())
}
