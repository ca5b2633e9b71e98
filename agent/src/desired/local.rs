//! What a person wants at this host's own terminal: the same work as by order, without a signature. Whoever may open the
//! control socket may read the keys as well.

use wire::{
    action::{Action, Outcome},
    job::Origin,
    journal::{Local, PlanBy},
    plan::Plan,
    seal::{Secret, SecretSlot},
};

use super::{Desk, desk::ledger, file::refused, orders::act::Refuse};
use crate::store::{StoreError, Tx, journal, plan, trust};

/// Who cancelled it, where the person is not known by name.
pub const SOMEBODY_HERE: &str = "a person at this host's terminal";

impl Desk {
    /// Work, at once: run, cancel, maintain, unlock and the like.
    pub async fn work_here(&self, action: Action) -> Result<Outcome, StoreError> {
        self.decide(move |desk, tx| {
            let now_plan = plan::current(tx)?.map(|current| current.plan).unwrap_or_default();
            desk.work(tx, &now_plan, &action, SOMEBODY_HERE, &Origin::Local)
        })
        .await
    }

    /// A plan that was edited at the terminal.
    pub async fn set_plan_here(
        &self,
        base: u64,
        wished: Plan,
        note: Option<String>,
    ) -> Result<Outcome, StoreError> {
        self.decide(move |desk, tx| {
            desk.may_edit(tx, base, &wished)?;
            Ok(desk.put_edit(tx, base, &wished, PlanBy::Local, note.as_deref())?)
        })
        .await
    }

    /// A secret that was typed at the terminal. The outcome's revision is the secret's.
    pub async fn set_secret_here(&self, slot: SecretSlot, secret: Secret) -> Result<Outcome, StoreError> {
        self.decide(move |desk, tx| desk.set_secret_in(tx, slot, secret)).await
    }

    fn set_secret_in(&self, tx: &Tx<'_>, slot: SecretSlot, secret: Secret) -> Result<Outcome, Refuse> {
        let now_plan = plan::current(tx)?.map(|current| current.plan).unwrap_or_default();
        let parts = &self.0;
        let opened = parts.secrets.typed(tx, slot.clone(), secret, &now_plan)?;
        let escrow = match trust::pin(tx)? {
            Some(pin) => ledger(tx, pin.fleet)
                .map_err(|error| StoreError::Statement(error.to_string()))?
                .map(|ledger| self.escrow_to(&ledger)),
            None => None,
        };
        let now = parts.world.now();
        let revision = parts.secrets.keep_typed(tx, &opened, escrow, now, &mut parts.world.rng())?;
        journal::append_body(tx, &Local::SecretSet { slot, revision }, now)?;
        Ok(Outcome::Accepted { jobs: Vec::new(), revision: Some(revision) })
    }

    async fn decide(
        &self,
        decide: impl FnOnce(&Self, &Tx<'_>) -> Result<Outcome, Refuse> + Send + 'static,
    ) -> Result<Outcome, StoreError> {
        let desk = self.clone();
        let decided = self.0.store.write(move |tx| decide(&desk, tx)).await;
        self.wake_if(decided.is_ok());
        match decided {
            Ok(outcome) => Ok(outcome),
            Err(Refuse::Store(error)) => Err(error),
            Err(refusal) => Ok(refused(&refusal)),
        }
    }
}
