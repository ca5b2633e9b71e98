//! Tokens: admissions given in advance. Kept as signed; their uses counted, one per agent.

use serde_json::json;
use wire::{
    frame::{Credential, Hello, Refusal, RefusalCode},
    id::TokenKey,
    identity::KeyBinding,
    trust::{Ledger, Moment, Proof, Role, Signed, Token, TokenProof, admit},
    view::{AuditAction, Event, TargetKind, TokenView},
};

use super::{
    Fleet, FleetError,
    hosts::credential_refusal,
    told::{few, slot},
};
use crate::audit::{Act, Entry};
use crate::store::{
    Tx,
    hosts::{self, Host, Member},
    tokens::{self, HeldToken},
};

/// Stands for the maker of a token that an agent brought back to a coordinator that had lost it.
const FOUND_AGAIN: &str = "";

/// What came of showing a token.
#[derive(Clone, Debug)]
pub enum Redemption {
    Joined(Box<Host>),
    Refused(Refusal),
}

impl Fleet {
    /// The newest first, used up, expired and revoked ones too.
    pub async fn tokens(&self) -> Result<Vec<TokenView>, FleetError> {
        self.inner
            .store
            .read(|connection| {
                let all = tokens::all(connection)?;
                all.into_iter().map(|held| view(held, |key| Ok(tokens::uses(connection, key)?))).collect()
            })
            .await
    }

    /// Keeps a token's public half. `person` is who is signed in; the terms carry their key's signature.
    pub async fn make_token(&self, act: &Act, signed: Signed<Token>) -> Result<TokenView, FleetError> {
        let known = self.needed()?;
        let terms = signed.verify().map_err(FleetError::signature)?;
        if terms.fleet != known.ledger.fleet() {
            return Err(FleetError::conflict(
                "the token is for another fleet",
                "Reload the page and make it again.",
            ));
        }
        if !known.role(terms.by).is_some_and(|role| role.covers(Role::Operator)) {
            return Err(FleetError::Forbidden {
                detail: "the token is signed by a key that is no operator's of this fleet".into(),
                hint: "Let an admin add this browser's key to the fleet, then make the token again.".into(),
            });
        }
        let now = self.inner.world.now();
        check_terms(&terms.document, now)?;
        let held = HeldToken {
            token: terms.token,
            signed: signed.clone(),
            made_by: act.person().to_owned(),
            revoked_at: None,
        };
        let made_by = held.made_by.clone();
        let key = terms.token;
        let entry = Entry::new(AuditAction::TokenMake)
            .on(TargetKind::Token, key, terms.document.name_pattern.clone())
            .after(json!({
                "uses": terms.document.uses,
                "expires_at": terms.document.expires_at,
                "tags": few(terms.document.tags.iter()),
                "with_plan": terms.document.plan.is_some(),
                "secrets": few(terms.document.secrets.iter().map(slot)),
            }));
        let (fleet, act) = (self.clone(), act.clone());
        self.inner
            .store
            .write(move |tx| {
                fleet.signed_in(tx, &act, signed.by(), Role::Operator)?;
                if !tokens::insert(tx, key, &signed, &made_by, now)? {
                    return Err(FleetError::conflict("this token is known already", "Make a new one."));
                }
                act.record(tx, entry)?;
                tx.on_commit(move || fleet.tell(Event::Tokens));
                Ok(())
            })
            .await?;
        view(held, |_| Ok(Vec::new()))
    }

    /// From now on nobody joins by it; who did stays.
    pub async fn revoke_token(&self, act: &Act, token: TokenKey) -> Result<(), FleetError> {
        let now = self.inner.world.now();
        let (fleet, act) = (self.clone(), act.clone());
        self.inner
            .store
            .write(move |tx| {
                if !tokens::revoke(tx, token, now)? {
                    return Err(FleetError::not_found("token that could be revoked", token));
                }
                let held = tokens::one(tx, token)?.and_then(|held| held.signed.verify().ok());
                let pattern = held.map(|terms| terms.document.name_pattern).unwrap_or_default();
                act.record(tx, Entry::new(AuditAction::TokenRevoke).on(TargetKind::Token, token, pattern))?;
                tx.on_commit(move || fleet.tell(Event::Tokens));
                Ok(())
            })
            .await
    }

    /// Lets an agent in by a token, or says why not. The same agent twice is one use.
    pub(super) async fn redeem(
        &self,
        ledger: &Ledger,
        binding: &KeyBinding,
        hello: &Hello,
    ) -> Result<Redemption, FleetError> {
        let (shown, key, proof) = match &hello.credential {
            Credential::Token { token, proof } => match token.verify() {
                Ok(terms) => (Some(token.clone()), terms.token, *proof),
                Err(error) => return Ok(Redemption::Refused(credential_refusal(&error.into()))),
            },
            Credential::TokenKey { token, proof } => (None, *token, *proof),
            Credential::None | Credential::Admission { .. } => {
                return Err(FleetError::conflict("no token was shown", "Enrol again with a token."));
            }
        };
        let claim = Claim {
            ledger: ledger.clone(),
            binding: binding.clone(),
            hostname: hello.facts.hostname.clone(),
            // Whoever has a journal has been a member: its coordinator may have lost its tokens since.
            was_member: hello.head.is_some(),
            shown,
            key,
            proof,
        };
        let fleet = self.clone();
        self.inner.store.write(move |tx| fleet.redeem_in(tx, claim)).await
    }

    fn redeem_in(&self, tx: &Tx<'_>, claim: Claim) -> Result<Redemption, FleetError> {
        let now = self.inner.world.now();
        let agent = claim.binding.id;
        let held = tokens::one(tx, claim.key)?;
        let uses = tokens::uses(tx, claim.key)?;
        let used_before = uses.iter().any(|used| used.agent == agent);
        // Nobody made it here: an agent brought it along after the tokens were lost, and others may have joined by it too.
        let forgotten = claim.was_member && held.as_ref().is_none_or(|held| held.made_by == FOUND_AGAIN);
        let moment = if used_before || forgotten { Moment::Member } else { Moment::Joining { now } };
        let Some(token) = held.as_ref().map(|held| held.signed.clone()).or(claim.shown) else {
            return Ok(refused(
                "This token is not known here.",
                "Copy the install command from the panel again.",
            ));
        };
        let proof = Proof::Token { token: &token, proof: &claim.proof };
        let membership = match admit(&claim.ledger, &claim.binding, proof, &claim.hostname, moment) {
            Ok(membership) => membership,
            Err(error) => return Ok(Redemption::Refused(credential_refusal(&error))),
        };
        let terms = token.verify().map_err(FleetError::signature)?.document;
        if !used_before {
            if held.as_ref().is_some_and(|held| held.revoked_at.is_some()) {
                return Ok(refused("This token was revoked.", "Ask for a new one."));
            }
            if uses.len() >= terms.uses as usize {
                return Ok(refused(
                    "This token is used up.",
                    "Ask for a new one, or announce the host instead.",
                ));
            }
        }
        if held.is_none() {
            tokens::insert(tx, claim.key, &token, FOUND_AGAIN, now)?;
        }
        tokens::add_use(tx, claim.key, agent, &membership.name, now)?;
        let member = Member {
            agent,
            binding: claim.binding,
            name: self.name_for(agent, &membership.name),
            tags: membership.tags,
            credential: Credential::Token { token, proof: claim.proof },
            replaces: None,
        };
        let host = match hosts::by_agent(tx, agent)? {
            Some(host) if host.binding == member.binding => host,
            _ => self.join_in(tx, &member)?,
        };
        let fleet = self.clone();
        tx.on_commit(move || fleet.tell(Event::Tokens));
        Ok(Redemption::Joined(Box::new(host)))
    }

    /// A host that joins by a token is called as it calls itself, unless somebody else is.
    fn name_for(&self, agent: wire::id::AgentId, hostname: &str) -> String {
        let plain: String = hostname
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') { c } else { '-' })
            .take(55)
            .collect();
        let plain = plain.trim_start_matches(['.', '_', '-']);
        let plain = if plain.is_empty() { "host" } else { plain };
        match self.inner.index.collision(plain, agent) {
            Some(_) => format!("{plain}-{}", hex::encode(&agent.0[..4])),
            None => plain.to_owned(),
        }
    }
}

/// An agent's claim to come in by a token.
struct Claim {
    ledger: Ledger,
    binding: KeyBinding,
    hostname: String,
    was_member: bool,
    /// The terms as the agent showed them.
    shown: Option<Signed<Token>>,
    key: TokenKey,
    proof: TokenProof,
}

fn refused(message: &str, hint: &str) -> Redemption {
    Redemption::Refused(Refusal {
        code: RefusalCode::Credential,
        message: message.into(),
        hint: hint.into(),
        supported: None,
    })
}

fn check_terms(terms: &Token, now: wire::id::UnixMs) -> Result<(), FleetError> {
    let invalid = |detail: &str| FleetError::Invalid {
        detail: detail.into(),
        hint: "Nothing was kept. Make the token again.".into(),
        fields: Vec::new(),
    };
    if terms.uses == 0 {
        return Err(invalid("the token admits nobody: it needs at least one use"));
    }
    if terms.expires_at <= now {
        return Err(FleetError::Expired {
            detail: format!("the token expired at {}", terms.expires_at),
            hint: "Make it again; check this computer's clock.".into(),
        });
    }
    if let Some(plan) = &terms.plan
        && let Err(problems) = plan.validate()
    {
        return Err(FleetError::Invalid {
            detail: "the token's plan is not valid".into(),
            hint: "Nothing was kept. Mend the fields and make the token again.".into(),
            fields: problems.0,
        });
    }
    Ok(())
}

fn view(
    held: HeldToken,
    uses: impl FnOnce(TokenKey) -> Result<Vec<wire::view::TokenUse>, FleetError>,
) -> Result<TokenView, FleetError> {
    let terms = held.signed.verify().map_err(FleetError::signature)?.document;
    Ok(TokenView {
        token: held.token,
        name_pattern: terms.name_pattern,
        tags: terms.tags,
        uses: terms.uses,
        used_by: uses(held.token)?,
        issued_at: terms.issued_at,
        expires_at: terms.expires_at,
        made_by: held.made_by,
        revoked_at: held.revoked_at,
        with_plan: terms.plan.is_some(),
    })
}
