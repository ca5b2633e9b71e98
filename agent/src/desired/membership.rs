//! Belonging to the fleet: its statements, and the admission or token that makes this agent a member.
//!
//! Knows that the highest statement seen counts and what a valid proof is (`wire::trust` decides). What a token brings
//! along, a plan and secrets, is taken in the same transaction.

use wire::{
    action::Action,
    frame::Credential,
    id::{FleetId, UnixMs},
    journal::{self, PlanBy},
    plan::Plan,
    seal::BoxContext,
    trust::{
        AdmissionError, Ledger, Membership, Moment, Proof, Role, Signed, Statement, Token, TokenKeys, admit,
    },
};

use super::{
    Desk, DeskError,
    desk::ledger,
    secrets::{Opened, SecretRefusal},
};
use crate::store::{StoreError, Tx, journal as records, plan, secrets, trust};

/// What came of joining.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joined {
    pub name: String,
    /// A plan came with the token and holds now.
    pub with_plan: bool,
    /// What the token brought but could not be taken.
    pub left_out: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JoinError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Admission(#[from] AdmissionError),
    #[error("the coordinator says that this host is approved, but shows no admission for it")]
    NoProof,
}

impl Desk {
    /// Takes the statements that a coordinator sent: all of them, from version 1. On an error nothing is kept.
    pub async fn statements(
        &self,
        pinned: FleetId,
        all: Vec<Signed<Statement>>,
    ) -> Result<Ledger, DeskError> {
        let known = self.ledger(pinned).await?;
        // The usual case, at every connection: nothing new, and nothing to write.
        if let Some(mut known) = known
            && known.accept_all(&all)?.is_empty()
        {
            return Ok(known);
        }
        let desk = self.clone();
        self.0.store.write(move |tx| desk.statements_in(tx, pinned, &all)).await
    }

    fn statements_in(
        &self,
        tx: &Tx<'_>,
        pinned: FleetId,
        all: &[Signed<Statement>],
    ) -> Result<Ledger, DeskError> {
        let known = ledger(tx, pinned)?;
        let before = known.as_ref().map(|ledger| ledger.statement().recovery);
        let (ledger, new) = match known {
            None => (Ledger::replay(pinned, all)?, all.iter().collect()),
            Some(mut ledger) => {
                let new = ledger.accept_all(all)?;
                (ledger, new)
            }
        };
        let first = ledger.version() + 1 - new.len() as u64;
        for (version, signed) in (first..).zip(new) {
            trust::add_statement(tx, version, signed)?;
        }
        // Also the first one: what was set at this host's terminal before has no escrow yet.
        if before != Some(ledger.statement().recovery) {
            let Self(parts, _) = self;
            let now = parts.world.now();
            let left =
                parts.secrets.escrow_again(tx, self.escrow_to(&ledger), now, &mut parts.world.rng())?;
            for problem in left {
                tracing::error!(problem, "a secret could not be escrowed to the fleet's new recovery key");
            }
        }
        Ok(ledger)
    }

    /// Becomes a member by what `credential` proves. `now` is the coordinator's time. Joining twice is joining once.
    pub async fn join(
        &self,
        ledger: &Ledger,
        credential: Credential,
        token: Option<TokenKeys>,
        hostname: &str,
        now: UnixMs,
    ) -> Result<Joined, JoinError> {
        let (desk, ledger, hostname) = (self.clone(), ledger.clone(), hostname.to_owned());
        let joined = self
            .0
            .store
            .write(move |tx| desk.join_in(tx, &ledger, &credential, token.as_ref(), &hostname, now))
            .await?;
        if let Some(engine) = self.engine() {
            engine.wake();
        }
        Ok(joined)
    }

    fn join_in(
        &self,
        tx: &Tx<'_>,
        ledger: &Ledger,
        credential: &Credential,
        token: Option<&TokenKeys>,
        hostname: &str,
        now: UnixMs,
    ) -> Result<Joined, JoinError> {
        let binding = self.binding();
        if let Some(member) = trust::pin(tx)?.and_then(|pin| pin.member)
            && member.credential == *credential
        {
            return Ok(Joined { name: member.name, with_plan: false, left_out: Vec::new() });
        }
        let proof = match credential {
            Credential::Admission { admission } => Proof::Admission(admission),
            Credential::Token { token, proof } => Proof::Token { token, proof },
            Credential::None | Credential::TokenKey { .. } => return Err(JoinError::NoProof),
        };
        let membership = admit(ledger, &binding, proof, hostname, Moment::Joining { now })?;
        let at = self.0.world.now();
        let Membership { name, tags, .. } = membership.clone();
        let member = trust::Member {
            name: name.clone(),
            tags: tags.clone(),
            credential: credential.clone(),
            joined_at: at,
        };
        trust::set_member(tx, &member)?;
        let record = journal::Membership { credential: credential.clone(), name: name.clone(), tags };
        records::append_body(tx, &record, at)?;
        let mut joined = Joined { name, with_plan: false, left_out: Vec::new() };
        if let (Some(terms), Some(token)) = (&membership.token, token) {
            self.unpack(tx, ledger, &membership, terms, token, at, &mut joined)?;
        }
        Ok(joined)
    }

    /// Plan and secrets of a token, for a host that has no plan, or one of its own. What cannot be taken is named; the host is a member
    /// either way.
    #[allow(clippy::too_many_arguments)]
    fn unpack(
        &self,
        tx: &Tx<'_>,
        ledger: &Ledger,
        membership: &Membership,
        terms: &Token,
        token: &TokenKeys,
        at: UnixMs,
        joined: &mut Joined,
    ) -> Result<(), StoreError> {
        let Self(parts, _) = self;
        // Where plan.toml governs, only the secrets are of use.
        let governed = self.file_governs(tx)?;
        let current = plan::current(tx)?.map(|current| current.plan);
        if current.is_some() && !governed {
            return Ok(());
        }
        let brought = terms.plan.clone().filter(|_| !governed);
        if terms.plan.is_some() && governed {
            joined.left_out.push("the plan: this host's plan.toml governs".to_owned());
        }
        let wished = brought.clone().or(current).unwrap_or_default();
        let as_order = Action::SetPlan {
            base_revision: 0,
            plan: wished.clone(),
            secrets: terms.secrets.clone(),
            note: None,
        };
        if let Err(refused) = parts.policy.allows(&as_order, &Plan::default()) {
            joined.left_out.push(refused.message);
            return Ok(());
        }
        if brought.is_some() {
            if let Err(problem) = wished.validate() {
                joined.left_out.push(problem.to_string());
                return Ok(());
            }
            let by = PlanBy::Token { document: membership.document, signer: membership.by };
            plan::put(tx, &plan::LedgerPlan { revision: 1, plan: wished.clone(), by, at, note: None })?;
            joined.with_plan = true;
        }
        for sealed in &terms.secrets {
            if secrets::revision(tx, &sealed.slot)? > 0 {
                continue;
            }
            if sealed.slot.is_hook() && ledger.statement().role(membership.by) != Some(Role::Admin) {
                joined.left_out.push(format!("{}: a hook needs an admin's signature", sealed.slot));
                continue;
            }
            let context =
                BoxContext::to_token(ledger.fleet(), token.token(), token.seal.public(), &sealed.slot);
            let opened: Result<Opened, SecretRefusal> =
                parts.secrets.unseal(tx, sealed, &context, &token.seal, &wished);
            match opened {
                Ok(opened) => {
                    parts.secrets.keep(tx, &opened, self.escrow_to(ledger), at, &mut parts.world.rng())?;
                }
                Err(SecretRefusal::Store(error)) => return Err(error),
                Err(refusal @ SecretRefusal::NeverKept { .. }) => {
                    joined.left_out.push(format!("{refusal}. {}", refusal.hint()));
                }
                Err(refusal) => joined.left_out.push(refusal.to_string()),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
