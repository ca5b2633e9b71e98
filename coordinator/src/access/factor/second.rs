//! The second step of signing in.

use webauthn_rs::prelude::{Passkey, PasskeyAuthentication, WebauthnError};
use wire::{
    seal::Secret,
    view::{Actor, AuditAction, Factor, TargetKind},
};

use super::{
    FactorError,
    passkey::{credential_of, key_of, text_of},
    recovery,
    ticket::Taken,
    totp::Generator,
};
use crate::{
    access::{Access, AccessError, Begun, SignedIn, Token, Visitor, session::key_of_text, throttle::Budget},
    audit::{Act, Entry},
    store::{
        StoreError, Tx, factors,
        passkeys::{self, PasskeyRow},
        people::{self, Person, PersonId},
        recovery_codes,
        sessions::ProviderSession,
        totp,
    },
    vault::Place,
};

/// What is asked of somebody whose first factor was right.
pub struct SecondFactor {
    pub ticket: Token,
    pub factors: Vec<Factor>,
    /// Whether a recovery code would do.
    pub recovery: bool,
    /// For the browser, where the person has a passkey.
    pub passkey: Option<serde_json::Value>,
}

/// What somebody shows.
#[derive(Clone)]
pub enum Proof {
    Code(Secret),
    Recovery(Secret),
    Passkey(serde_json::Value),
}

/// A sign-in that waits for its second factor.
pub(in crate::access) struct Waiting {
    person: PersonId,
    name: String,
    /// As it was when it was right: whoever changes it voids what waits.
    password: Option<String>,
    passkey: Option<PasskeyAuthentication>,
    provider: Option<ProviderSession>,
}

impl Access {
    /// Lets in whose first factor was right, or asks for the second: of whoever has one, unless the visitor has proved it
    /// elsewhere. Where a provider vouches, its own factors are enough, but for a role that takes one here.
    pub(in crate::access) fn let_in(
        &self,
        tx: &Tx<'_>,
        act: &Act,
        person: &Person,
        visitor: Visitor,
    ) -> Result<SignedIn, AccessError> {
        let has = self.usable_factors(tx, person)?;
        let asked = person.identity.is_none() || self.settings().requires_factor(person.role);
        let recovery = factors::recovery_codes(tx, person.id)? > 0;
        if visitor.proved || !asked || (has.is_empty() && factors::of_person(tx, person.id)?.is_empty()) {
            return Ok(SignedIn::Begun(Box::new(self.begin_in(tx, act, person, visitor)?)));
        }
        let (inner, now) = (&self.0, self.0.world.now());
        let ceremony = match &inner.factors.passkeys {
            Some(site) if has.contains(&Factor::Passkey) => {
                Some(site.begin_second(&passkeys::of_person(tx, person.id)?).map_err(refused)?)
            }
            _ => None,
        };
        let (options, state) = ceremony.unzip();
        let ticket = Token::new(inner.world.seed());
        let waiting = Waiting {
            person: person.id,
            name: person.name.clone(),
            password: people::password(tx, person.id)?,
            passkey: state,
            provider: visitor.provider,
        };
        inner.factors.waiting.put(ticket.key(), Some(person.id.0), waiting, now);
        Ok(SignedIn::Second(Box::new(SecondFactor { ticket, factors: has, recovery, passkey: options })))
    }

    /// Shows the second factor. The ticket counts once, and a few tries.
    pub async fn second_factor(
        &self,
        act: &Act,
        ticket: &str,
        proof: Proof,
        visitor: Visitor,
    ) -> Result<Begun, AccessError> {
        let inner = &self.0;
        let taken = key_of_text(ticket).and_then(|key| inner.factors.waiting.take(&key, inner.world.now()));
        let Some(taken) = taken else {
            inner.throttle.check(None, act.address())?;
            return Err(FactorError::TicketOver.into());
        };
        let Waiting { person, name, .. } = taken.what();
        let device = visitor.known.as_ref();
        let device = device.and_then(|known| known.of(&inner.vault, *person, act.at()));
        let budget = device.map_or_else(|| Budget::Factor(name.clone()), Budget::DeviceFactor);
        if let Err(wait) = inner.throttle.spend_from(&budget, act.address()) {
            inner.factors.waiting.put_back(taken);
            return Err(wait.into());
        }
        match self.show(act, taken.what(), proof, visitor).await {
            Ok(begun) => {
                inner.throttle.give_back(&budget);
                Ok(begun)
            }
            Err(refusal) => {
                self.refuse_second(act, taken, &budget, &refusal).await?;
                Err(refusal)
            }
        }
    }

    async fn refuse_second(
        &self,
        act: &Act,
        taken: Taken<Waiting>,
        budget: &Budget,
        refusal: &AccessError,
    ) -> Result<(), StoreError> {
        let name = taken.what().name.clone();
        match refusal {
            AccessError::Factor(_) => self.0.factors.waiting.failed(taken),
            // The database could not be asked: nothing was tried.
            AccessError::Store(_) => {
                self.0.throttle.give_back(budget);
                self.0.factors.waiting.put_back(taken);
                return Ok(());
            }
            // Disabled, or the password was changed: the ticket is void.
            _ => {}
        }
        self.refuse_sign_in(act, Some(&name), refusal, Some(budget)).await
    }

    /// Verifies and begins in one transaction: what was used up is used up exactly where somebody came in by it.
    async fn show(
        &self,
        act: &Act,
        waiting: &Waiting,
        proof: Proof,
        visitor: Visitor,
    ) -> Result<Begun, AccessError> {
        let shown = match proof {
            Proof::Code(code) => Shown::Code(code),
            Proof::Recovery(code) => Shown::Recovery(code),
            Proof::Passkey(credential) => Shown::Passkey(self.second_passkey(waiting, credential).await?),
        };
        let (access, act) = (self.clone(), act.clone());
        let (id, password) = (waiting.person, waiting.password.clone());
        let visitor = Visitor { proved: true, provider: waiting.provider.clone(), ..visitor };
        self.0
            .store
            .write(move |tx| {
                let person = people::by_id(tx, id)?.ok_or(FactorError::TicketOver)?;
                if people::password(tx, id)? != password {
                    return Err(FactorError::TicketOver.into());
                }
                access.use_up(tx, &act, &person, shown)?;
                if person.disabled_at.is_some() {
                    return Err(AccessError::Disabled { user: person.name });
                }
                access.begin_in(tx, &act, &person, visitor)
            })
            .await
    }

    /// Uses up what was shown, or says that it is nothing.
    pub(super) fn use_up(
        &self,
        tx: &Tx<'_>,
        act: &Act,
        person: &Person,
        shown: Shown,
    ) -> Result<(), AccessError> {
        let now = self.0.world.now();
        match shown {
            Shown::Code(code) => {
                let kept = totp::of_person(tx, person.id)?.ok_or(FactorError::WrongCode)?;
                let plain = self
                    .0
                    .vault
                    .open(Place::Totp(person.id.0), &kept.secret)
                    .map_err(|error| StoreError::unreadable("a code generator's secret", error))?;
                let generator = Generator::from_bytes(&plain)
                    .ok_or_else(|| StoreError::unreadable("a code generator's secret", "its length"))?;
                let step = code
                    .expose_text()
                    .and_then(|code| generator.step_of(code, now, kept.last_step))
                    .ok_or(FactorError::WrongCode)?;
                if !totp::take_step(tx, person.id, step)? {
                    return Err(FactorError::WrongCode.into());
                }
            }
            Shown::Recovery(code) => {
                let code = code.expose_text().ok_or(FactorError::WrongRecoveryCode)?;
                if !recovery_codes::take(tx, person.id, &recovery::hash(person.id.0, code))? {
                    return Err(FactorError::WrongRecoveryCode.into());
                }
                let left = factors::recovery_codes(tx, person.id)?;
                let act = act.by(Actor::Person { name: person.name.clone(), role: person.role });
                let entry = Entry::new(AuditAction::RecoveryCodeUse);
                let on = entry.on(TargetKind::Person, person.id.0, &*person.name);
                act.record(tx, on.after(serde_json::json!({ "left": left })))?;
            }
            Shown::Passkey(passkey) => {
                if passkey.row.person != person.id
                    || !passkeys::set_used(tx, &passkey.row, &passkey.credential, now)?
                {
                    return Err(FactorError::WrongPasskey.into());
                }
            }
        }
        Ok(())
    }

    async fn second_passkey(
        &self,
        waiting: &Waiting,
        credential: serde_json::Value,
    ) -> Result<ShownPasskey, AccessError> {
        let site = self.0.factors.passkeys()?;
        let state = waiting.passkey.as_ref().ok_or(FactorError::WrongPasskey)?;
        let credential = credential_of(credential).map_err(refused)?;
        let handle = credential.get_user_unique_id();
        if handle.is_some_and(|handle| handle != self.0.vault.handle(waiting.person.0)) {
            return Err(FactorError::WrongPasskey.into());
        }
        let result = site.finish_second(&credential, state).map_err(refused)?;
        let (row, mut key) = self.passkey(credential.get_credential_id()).await?;
        key.update_credential(&result);
        Ok(ShownPasskey { row, credential: text_of(&key)? })
    }

    pub(super) async fn passkey(&self, id: &[u8]) -> Result<(PasskeyRow, Passkey), AccessError> {
        let id = id.to_vec();
        let row = self.0.store.read(move |connection| passkeys::by_id(connection, &id)).await?;
        let row = row.ok_or(FactorError::WrongPasskey)?;
        let key = key_of(&row)?;
        Ok((row, key))
    }
}

/// A proof that was looked at as far as that goes without writing.
pub(super) enum Shown {
    Code(Secret),
    Recovery(Secret),
    Passkey(ShownPasskey),
}

/// A passkey whose signature holds.
pub(super) struct ShownPasskey {
    /// As it was read: when it changed meanwhile, it is not taken.
    pub row: PasskeyRow,
    /// What verifies it from now on.
    pub credential: String,
}

/// The library's words are for whoever reads the log.
#[allow(clippy::needless_pass_by_value, reason = "map_err hands it over")]
pub(super) fn refused(error: WebauthnError) -> AccessError {
    tracing::info!(%error, "a passkey was not taken");
    FactorError::WrongPasskey.into()
}
