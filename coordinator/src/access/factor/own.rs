//! Adding and removing one's own factors, by a session and the current password once more.

use rand_core::Rng as _;
use wire::{
    id::{Base64Bytes, Hash32},
    seal::Secret,
    view::{AuditAction, TargetKind},
};

use super::{Adding, FactorError, passkey, passkey::text_of, recovery, second::refused, totp::Generator};
use crate::{
    access::{Access, AccessError, Session, Token, session::key_of_text, throttle::Budget},
    audit::{Act, Entry},
    store::{
        StoreError, Tx, factors,
        passkeys::{self, PasskeyRow},
        people::{self, Person},
        recovery_codes, sessions, totp,
    },
    vault::Place,
};

/// A passkey's name may be this long.
const NAME_CHARS: usize = 64;

/// Who has no password here signed in with a provider: that must be no longer ago, for there is nothing else to ask for.
const YOUNG_MS: i64 = 15 * 60_000;

/// What a code generator is told.
pub struct NewTotp {
    /// Base32.
    pub secret: Secret,
    pub uri: Secret,
}

/// A session that was shown a factor.
pub struct Raised {
    /// Shown this once. Empty where the codes of before still count.
    pub codes: Vec<String>,
    /// What its cookie holds from now on, where it may do more than before.
    pub token: Option<Token>,
}

impl Access {
    /// Begins with a code generator. It counts once it showed a code; one from before counts until then.
    pub async fn begin_totp(
        &self,
        act: &Act,
        session: &Session,
        password: Option<Secret>,
    ) -> Result<NewTotp, AccessError> {
        self.confirm(act, session, password).await?;
        let inner = &self.0;
        let mut random = [0; 20];
        inner.world.rng().fill_bytes(&mut random);
        let generator = Generator::new(random);
        let (secret, uri) = (generator.base32(), generator.uri(&inner.factors.issuer, &session.user));
        inner.factors.generators.put(session.key, Some(session.person.0), generator, inner.world.now());
        Ok(NewTotp { secret: Secret::new(secret), uri: Secret::new(uri) })
    }

    pub async fn confirm_totp(
        &self,
        act: &Act,
        session: &Session,
        code: Secret,
    ) -> Result<Raised, AccessError> {
        let inner = &self.0;
        let now = inner.world.now();
        let taken = inner.factors.generators.take(&session.key, now).ok_or(FactorError::NothingToConfirm)?;
        let generator = taken.what().clone();
        let step = code.expose_text().and_then(|code| generator.step_of(code, now, None));
        let Some(step) = step else {
            inner.factors.generators.failed(taken);
            return Err(FactorError::WrongCode.into());
        };
        let (access, act, session) = (self.clone(), act.clone(), session.clone());
        inner
            .store
            .write(move |tx| {
                let person = access.still_there(tx, &session)?;
                let sealed = access.0.vault.close(Place::Totp(person.id.0), generator.secret());
                totp::set(tx, person.id, &sealed, step, now)?;
                act.record(tx, on(AuditAction::TotpAdd, &person))?;
                access.raise(tx, &act, &person, &session)
            })
            .await
    }

    pub async fn remove_totp(
        &self,
        act: &Act,
        session: &Session,
        password: Option<Secret>,
    ) -> Result<(), AccessError> {
        self.confirm(act, session, password).await?;
        let (access, act, session) = (self.clone(), act.clone(), session.clone());
        self.0
            .store
            .write(move |tx| {
                let person = access.still_there(tx, &session)?;
                if !totp::remove(tx, person.id)? {
                    return Err(FactorError::NoGenerator.into());
                }
                access.keeps_one(tx, &person)?;
                Ok(act.record(tx, on(AuditAction::TotpRemove, &person))?)
            })
            .await
    }

    /// A ticket, and what the browser is told to make a passkey.
    pub async fn begin_passkey(
        &self,
        act: &Act,
        session: &Session,
        password: Option<Secret>,
    ) -> Result<(Token, serde_json::Value), AccessError> {
        let inner = &self.0;
        let site = inner.factors.passkeys()?;
        self.confirm(act, session, password).await?;
        let id = session.person;
        let (person, has) = inner
            .store
            .read(move |connection| {
                let person = people::by_id(connection, id)?.ok_or(FactorError::SessionOver)?;
                Ok::<_, AccessError>((person, passkeys::of_person(connection, id)?))
            })
            .await?;
        room_for_one(&has)?;
        let (options, state) = site.begin_adding(&person, inner.vault.handle(id.0), &has).map_err(refused)?;
        let ticket = Token::new(inner.world.seed());
        let adding = Adding { session: session.key, state };
        inner.factors.adding.put(ticket.key(), Some(id.0), adding, inner.world.now());
        Ok((ticket, options))
    }

    pub async fn add_passkey(
        &self,
        act: &Act,
        session: &Session,
        ticket: &str,
        name: &str,
        credential: serde_json::Value,
    ) -> Result<Raised, AccessError> {
        let inner = &self.0;
        let name = name.trim().to_owned();
        if name.is_empty() || name.chars().count() > NAME_CHARS || name.chars().any(char::is_control) {
            let message = format!("use 1 to {NAME_CHARS} characters that can be printed");
            return Err(AccessError::Invalid(vec![wire::plan::PlanProblem {
                field: "name".into(),
                message,
            }]));
        }
        let now = inner.world.now();
        let adding = key_of_text(ticket)
            .and_then(|key| inner.factors.adding.take(&key, now))
            .map(super::ticket::Taken::into_what)
            // Another session's ticket is none.
            .filter(|adding| adding.session == session.key)
            .ok_or(FactorError::TicketOver)?;
        let key = inner.factors.passkeys()?.finish_adding(credential, &adding.state).map_err(refused)?;
        let row = PasskeyRow {
            id: key.cred_id().clone(),
            person: session.person,
            name,
            credential: text_of(&key)?,
        };
        let (access, act, session) = (self.clone(), act.clone(), session.clone());
        inner
            .store
            .write(move |tx| {
                let person = access.still_there(tx, &session)?;
                room_for_one(&passkeys::of_person(tx, person.id)?)?;
                if !passkeys::add(tx, &row, now)? {
                    return Err(FactorError::PasskeyKnown.into());
                }
                act.record(tx, on(AuditAction::PasskeyAdd, &person).after(named(&row.name)))?;
                access.raise(tx, &act, &person, &session)
            })
            .await
    }

    pub async fn remove_passkey(
        &self,
        act: &Act,
        session: &Session,
        passkey: Base64Bytes,
        password: Option<Secret>,
    ) -> Result<(), AccessError> {
        self.confirm(act, session, password).await?;
        let (access, act, session) = (self.clone(), act.clone(), session.clone());
        self.0
            .store
            .write(move |tx| {
                let person = access.still_there(tx, &session)?;
                let name = passkeys::remove(tx, person.id, &passkey.0)?.ok_or(FactorError::NoSuchPasskey)?;
                access.keeps_one(tx, &person)?;
                Ok(act.record(tx, on(AuditAction::PasskeyRemove, &person).before(named(&name)))?)
            })
            .await
    }

    /// Ten new recovery codes; those of before count no more.
    pub async fn make_recovery_codes(
        &self,
        act: &Act,
        session: &Session,
        password: Option<Secret>,
    ) -> Result<Vec<String>, AccessError> {
        self.confirm(act, session, password).await?;
        let (access, act, session) = (self.clone(), act.clone(), session.clone());
        self.0
            .store
            .write(move |tx| {
                let person = access.still_there(tx, &session)?;
                if factors::of_person(tx, person.id)?.is_empty() {
                    return Err(FactorError::NoFactor.into());
                }
                access.new_codes(tx, &act, &person)
            })
            .await
    }

    /// The current password once more; of who has none here, that the provider vouched for them just now. A session that
    /// lacks a factor may add the first, and not go around one that there is.
    async fn confirm(
        &self,
        act: &Act,
        session: &Session,
        password: Option<Secret>,
    ) -> Result<(), AccessError> {
        let inner = &self.0;
        let (id, key) = (session.person, session.key);
        let (hash, has, row) = inner
            .store
            .read(move |connection| {
                let hash = people::password(connection, id)?;
                let (has, row) = (factors::of_person(connection, id)?, sessions::find(connection, &key)?);
                Ok::<_, StoreError>((hash, has, row))
            })
            .await?;
        if session.lacks_factor && !has.is_empty() {
            return Err(FactorError::ProveFirst.into());
        }
        if hash.is_none() {
            let begun = row.ok_or(FactorError::SessionOver)?.held.created_at;
            let young = inner.world.now().since(begun) < YOUNG_MS;
            return if young { Ok(()) } else { Err(FactorError::SignInAgain.into()) };
        }
        let budget = Budget::Confirm(session.user.clone());
        inner.throttle.spend(&budget)?;
        if inner.passwords.verify(password.unwrap_or_else(|| Secret::new("")), hash).await? {
            inner.throttle.give_back(&budget);
            return Ok(());
        }
        let (access, act) = (self.clone(), act.clone());
        inner
            .store
            .write(move |tx| {
                access.keep_tries(tx, &budget)?;
                act.record(tx, Entry::new(AuditAction::Refused).after(FactorError::WrongPassword.to_string()))
            })
            .await?;
        Err(FactorError::WrongPassword.into())
    }

    /// Checking took its time: the session may have ended meanwhile.
    fn still_there(&self, tx: &Tx<'_>, session: &Session) -> Result<Person, AccessError> {
        let row = sessions::find(tx, &session.key)?.ok_or(FactorError::SessionOver)?;
        let live = Session::of(session.key, row.clone(), &self.settings(), self.0.world.now());
        if live.is_none() {
            return Err(FactorError::SessionOver.into());
        }
        Ok(row.person)
    }

    /// A factor was added and shown: this session counts as proved, and others that began without one end. Where it may do
    /// more than before, its cookie changes: whoever saw the old one gains nothing.
    fn raise(
        &self,
        tx: &Tx<'_>,
        act: &Act,
        person: &Person,
        session: &Session,
    ) -> Result<Raised, AccessError> {
        sessions::set_proved(tx, &session.key)?;
        sessions::remove_unproved(tx, person.id, &session.key)?;
        let token = if session.lacks_factor {
            let token = Token::new(self.0.world.seed());
            sessions::set_key(tx, &session.key, &token.key())?;
            Some(token)
        } else {
            None
        };
        let codes = if factors::recovery_codes(tx, person.id)? == 0 {
            self.new_codes(tx, act, person)?
        } else {
            Vec::new()
        };
        self.sessions_changed(tx);
        Ok(Raised { codes, token })
    }

    fn new_codes(&self, tx: &Tx<'_>, act: &Act, person: &Person) -> Result<Vec<String>, AccessError> {
        let codes: Vec<String> = (0..recovery::COUNT)
            .map(|_| {
                let mut random = [0; 10];
                self.0.world.rng().fill_bytes(&mut random);
                recovery::code(random)
            })
            .collect();
        let hashes: Vec<Hash32> = codes.iter().map(|code| recovery::hash(person.id.0, code)).collect();
        recovery_codes::replace(tx, person.id, &hashes)?;
        act.record(tx, on(AuditAction::RecoveryCodesMake, person))?;
        Ok(codes)
    }
}

fn room_for_one(has: &[PasskeyRow]) -> Result<(), FactorError> {
    if has.len() < passkey::MOST { Ok(()) } else { Err(FactorError::TooManyPasskeys { most: passkey::MOST }) }
}

fn on(action: AuditAction, person: &Person) -> Entry {
    Entry::new(action).on(TargetKind::Person, person.id.0, &*person.name)
}

fn named(name: &str) -> serde_json::Value {
    serde_json::json!({ "name": name })
}
