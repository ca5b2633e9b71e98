//! Signing in with a name and a password, and out again.

use wire::{
    id::{Hash32, UnixMs},
    seal::Secret,
    view::{Actor, AuditAction, TargetKind},
};

use super::{
    Access, AccessError, KnownDevice, SecondFactor, Session, Token, password, salt, throttle::Budget,
};
use crate::{
    audit::{Act, Entry},
    store::{
        StoreError, Tx,
        people::{self, Person, PersonId},
        sessions::{self, NewSession, ProviderSession},
        tries,
    },
};

/// A browser may call itself what it likes; this much of it is kept.
const DEVICE_CHARS: usize = 200;

/// A session that just began, with what its cookie holds.
pub struct Begun {
    pub session: Session,
    pub token: Token,
    /// By which this browser is known from now on.
    pub known: KnownDevice,
}

/// Where a session begins, and how much its person has proved.
#[derive(Clone, Debug, Default)]
pub struct Visitor {
    /// As the browser calls itself.
    pub device: Option<String>,
    /// Whether a second factor was shown, here or to the provider.
    pub proved: bool,
    pub provider: Option<ProviderSession>,
    /// What the browser kept of an earlier sign-in.
    pub known: Option<KnownDevice>,
}

/// What came of a password that was right.
pub enum SignedIn {
    Begun(Box<Begun>),
    /// Nobody is in yet.
    Second(Box<SecondFactor>),
}

/// What came of it meanwhile.
enum Entered {
    In(SignedIn),
    /// The hash is another one, which the password was not held against.
    Changed(Option<String>),
}

impl Access {
    pub async fn sign_in(
        &self,
        act: &Act,
        user: &str,
        password: Secret,
        visitor: Visitor,
    ) -> Result<SignedIn, AccessError> {
        let inner = &self.0;
        let name = user.to_owned();
        let known = inner
            .store
            .read(move |connection| {
                let Some(person) = people::by_name(connection, &name)? else { return Ok(None) };
                let hash = people::password(connection, person.id)?;
                Ok::<_, StoreError>(Some((person, hash)))
            })
            .await?;
        let (person, hash) = known.unzip();
        let hash = hash.flatten();
        let budget = self.budget(user, person.as_ref(), &visitor, act.at());
        inner.throttle.spend_from(&budget, act.address())?;
        let right = inner.passwords.verify(password.clone(), hash.clone()).await?;
        let name = person.as_ref().map(|person| person.name.clone());
        let refusal = match person {
            Some(person) if right && person.disabled_at.is_none() => {
                return self.password_was_right(act, person.id, hash, password, visitor).await;
            }
            Some(person) if right => AccessError::Disabled { user: person.name },
            _ => AccessError::WrongCredentials,
        };
        self.refuse_sign_in(act, name.as_deref(), &refusal, Some(&budget)).await?;
        Err(refusal)
    }

    /// Whose tries these are: a browser where this very person signed in before has its own.
    fn budget(&self, user: &str, person: Option<&Person>, visitor: &Visitor, now: UnixMs) -> Budget {
        let device = person
            .zip(visitor.known.as_ref())
            .and_then(|(person, known)| known.of(&self.0.vault, person.id, now));
        device.map_or_else(|| Budget::Account(user.to_owned()), Budget::Device)
    }

    /// Lets in, or asks for more. Of two sign-ins at once one may make the hash anew: the password is held against that one
    /// too, for it may as well have become another password.
    pub(super) async fn password_was_right(
        &self,
        act: &Act,
        person: PersonId,
        mut hash: Option<String>,
        password: Secret,
        visitor: Visitor,
    ) -> Result<SignedIn, AccessError> {
        for _ in 0..2 {
            match self.enter(act, person, hash, password.clone(), visitor.clone()).await? {
                Entered::In(signed_in) => return Ok(signed_in),
                Entered::Changed(now) => hash = now,
            }
            if !self.0.passwords.verify(password.clone(), hash.clone()).await? {
                break;
            }
        }
        Err(AccessError::WrongCredentials)
    }

    /// As long as the hash is the one that the password was held against. One that was made with less work than today's is
    /// made anew: only now is the password at hand.
    async fn enter(
        &self,
        act: &Act,
        id: PersonId,
        hash: Option<String>,
        password: Secret,
        visitor: Visitor,
    ) -> Result<Entered, AccessError> {
        let inner = &self.0;
        let anew = match &hash {
            Some(hash) if password::is_weaker(hash) => {
                Some(inner.passwords.hash(password, salt(&inner.world)).await?)
            }
            _ => None,
        };
        let (access, act) = (self.clone(), act.clone());
        inner
            .store
            .write(move |tx| {
                // Checking took its time.
                let person = people::by_id(tx, id)?.ok_or(AccessError::WrongCredentials)?;
                if person.disabled_at.is_some() {
                    return Err(AccessError::Disabled { user: person.name });
                }
                let now = people::password(tx, id)?;
                if now != hash {
                    return Ok(Entered::Changed(now));
                }
                if let Some(anew) = &anew {
                    people::set_password(tx, id, anew)?;
                }
                access.let_in(tx, &act, &person, visitor).map(Entered::In)
            })
            .await
    }

    /// Writes down that somebody was not let in, and how often that account was tried. A name that nobody has is not kept:
    /// people type passwords there.
    pub(super) async fn refuse_sign_in(
        &self,
        act: &Act,
        known: Option<&str>,
        refusal: &AccessError,
        budget: Option<&Budget>,
    ) -> Result<(), StoreError> {
        let act = act.by(Actor::Nobody { name: known.unwrap_or_default().to_owned() });
        let why = refusal.to_string();
        let entry = Entry::new(AuditAction::SignInRefused).after(why);
        let (access, budget) = (self.clone(), budget.filter(|_| known.is_some()).cloned());
        self.0
            .store
            .write(move |tx| {
                if let Some(budget) = budget {
                    access.keep_tries(tx, &budget)?;
                }
                act.record(tx, entry)
            })
            .await
    }

    /// So that a restart does not give a guesser new tries.
    pub(super) fn keep_tries(&self, tx: &Tx<'_>, budget: &Budget) -> Result<(), StoreError> {
        tries::set(tx, &budget.key(), self.0.throttle.until(budget), self.0.world.now())
    }

    /// Begins a session in the transaction that found its person to be let in.
    pub(super) fn begin_in(
        &self,
        tx: &Tx<'_>,
        act: &Act,
        person: &Person,
        visitor: Visitor,
    ) -> Result<Begun, AccessError> {
        let (world, settings) = (&self.0.world, self.settings());
        let now = world.now();
        let token = Token::new(world.seed());
        let key = token.key();
        sessions::sweep(tx, now.plus_ms(-settings.whole_ms), now.plus_ms(-settings.idle_ms))?;
        let new = NewSession {
            key,
            id: Hash32(world.seed()),
            person: person.id,
            address: act.address().map(|address| address.to_string()),
            device: visitor.device.map(|device| device.chars().take(DEVICE_CHARS).collect()),
            proved: visitor.proved,
            provider: visitor.provider,
        };
        sessions::add(tx, &new, now)?;
        people::set_signed_in(tx, person.id, now)?;
        let session = sessions::find(tx, &key)?
            .and_then(|row| Session::of(key, row, &settings, now))
            .ok_or_else(|| StoreError::unreadable("a session", "it was over as soon as it began"))?;
        let act = act.by(Actor::Person { name: person.name.clone(), role: person.role });
        act.record(tx, Entry::new(AuditAction::SignIn).on(TargetKind::Session, new.id, ""))?;
        let known = KnownDevice::new(&self.0.vault, person.id, world.seed(), now);
        Ok(Begun { session, token, known })
    }

    pub async fn sign_out(&self, act: &Act, session: &Session) -> Result<(), StoreError> {
        let (key, id) = (session.key, session.id);
        let act = act.clone();
        self.0
            .store
            .write(move |tx| {
                if sessions::remove(tx, &key)? {
                    act.record(tx, Entry::new(AuditAction::SignOut).on(TargetKind::Session, id, ""))?;
                }
                Ok::<_, StoreError>(())
            })
            .await?;
        self.0.changed.send_replace(());
        Ok(())
    }
}
