//! One's own account: the password, and where one is signed in.

use wire::{
    id::Hash32,
    seal::Secret,
    view::{AccountView, AuditAction, MeView, SessionView, TargetKind},
};

use super::{
    Access, AccessError, PeopleError, Session, password,
    people::{Sessions, invalid, local, on},
    salt,
    throttle::Budget,
};
use crate::{
    audit::{Act, Entry},
    store::{
        StoreError, factors,
        people::{self, Person},
        sessions, setup_links,
    },
};

impl Access {
    /// What stands in somebody's account, who is `me`.
    pub async fn account(&self, session: &Session, me: MeView) -> Result<AccountView, AccessError> {
        let (id, settings) = (session.person, self.settings());
        let factor_required = settings.requires_factor(session.role);
        self.0
            .store
            .read(move |connection| {
                let person = people::by_id(connection, id)?.ok_or(PeopleError::SessionOver)?;
                Ok(AccountView {
                    me,
                    provider: person
                        .identity
                        .as_ref()
                        .map(|identity| settings.provider_name(&identity.issuer)),
                    email: person.email,
                    has_totp: factors::of_person(connection, id)?.contains(&wire::view::Factor::Totp),
                    passkeys: factors::passkeys(connection, id)?,
                    recovery_codes: factors::recovery_codes(connection, id)?,
                    factor_required,
                })
            })
            .await
    }

    /// Another password for whoever knows the current one. Every other session of theirs ends.
    pub async fn change_password(
        &self,
        act: &Act,
        session: &Session,
        current: Secret,
        new: Secret,
    ) -> Result<(), AccessError> {
        let inner = &self.0;
        let id = session.person;
        let (person, hash) = inner
            .store
            .read(move |connection| {
                let person = people::by_id(connection, id)?.ok_or(PeopleError::SessionOver)?;
                Ok::<_, AccessError>((person, people::password(connection, id)?))
            })
            .await?;
        local(&person)?;
        let problem = if current.expose() == new.expose() {
            Some("must be another one than the current".to_owned())
        } else {
            password::problem(&person.name, &new)
        };
        if let Some(message) = problem {
            return Err(invalid("new", message));
        }
        let budget = Budget::Confirm(person.name.clone());
        inner.throttle.spend(&budget)?;
        if !inner.passwords.verify(current, hash.clone()).await? {
            self.refuse_password(act, &person, budget).await?;
            return Err(PeopleError::WrongPassword.into());
        }
        inner.throttle.give_back(&budget);
        let next = inner.passwords.hash(new, salt(&inner.world)).await?;
        let (access, act, key) = (self.clone(), act.clone(), session.key);
        inner
            .store
            .write(move |tx| {
                // Checking took its time: the session may have been ended, or the password changed by another one.
                if sessions::find(tx, &key)?.is_none() {
                    return Err(PeopleError::SessionOver.into());
                }
                if people::password(tx, id)? != hash {
                    return Err(PeopleError::WrongPassword.into());
                }
                people::set_password(tx, id, &next)?;
                setup_links::remove(tx, id)?;
                let ended = sessions::remove_all(tx, id, Some(&key))?;
                access.sessions_changed(tx);
                Ok(act.record(
                    tx,
                    on(AuditAction::PasswordChange, &person).before(Sessions { sessions: ended }),
                )?)
            })
            .await
    }

    /// Somebody at a session that is open tried another's password: that is worth knowing.
    async fn refuse_password(&self, act: &Act, person: &Person, budget: Budget) -> Result<(), StoreError> {
        let (access, act) = (self.clone(), act.clone());
        let entry = on(AuditAction::Refused, person).after(PeopleError::WrongPassword.to_string());
        self.0
            .store
            .write(move |tx| {
                access.keep_tries(tx, &budget)?;
                act.record(tx, entry)
            })
            .await
    }

    /// Where one is signed in, the last used first.
    pub async fn own_sessions(&self, session: &Session) -> Result<Vec<SessionView>, StoreError> {
        let (id, current, settings, now) = (session.person, session.id, self.settings(), self.0.world.now());
        let held = self.0.store.read(move |connection| sessions::of_person(connection, id)).await?;
        Ok(held
            .into_iter()
            .map(|held| {
                let is_current = held.id == current;
                let used_at = if is_current { now } else { held.used_at };
                let expires_at =
                    held.created_at.plus_ms(settings.whole_ms).min(used_at.plus_ms(settings.idle_ms));
                SessionView {
                    id: held.id,
                    current: is_current,
                    created_at: held.created_at,
                    used_at,
                    expires_at,
                    address: held.address,
                    device: held.device,
                    provider: held.provider,
                }
            })
            .filter(|session| session.expires_at > now)
            .collect())
    }

    /// Ends one of one's own sessions. Another person's is none.
    pub async fn end_session(&self, act: &Act, session: &Session, id: Hash32) -> Result<(), AccessError> {
        let (access, act, person) = (self.clone(), act.clone(), session.person);
        self.0
            .store
            .write(move |tx| {
                if !sessions::remove_one(tx, person, &id)? {
                    return Err(PeopleError::NoSuchSession.into());
                }
                access.sessions_changed(tx);
                Ok(act.record(tx, Entry::new(AuditAction::SessionEnd).on(TargetKind::Session, id, ""))?)
            })
            .await
    }

    /// Ends all of one's own sessions but the one that asks.
    pub async fn end_other_sessions(&self, act: &Act, session: &Session) -> Result<(), AccessError> {
        let (access, act, session) = (self.clone(), act.clone(), session.clone());
        self.0
            .store
            .write(move |tx| {
                let person = people::by_id(tx, session.person)?.ok_or(PeopleError::SessionOver)?;
                let ended = sessions::remove_all(tx, session.person, Some(&session.key))?;
                access.sessions_changed(tx);
                Ok(act
                    .record(tx, on(AuditAction::SessionEnd, &person).before(Sessions { sessions: ended }))?)
            })
            .await
    }
}
