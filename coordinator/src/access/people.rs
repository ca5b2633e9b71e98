//! People, as admins see them and change them.
//!
//! Knows the one rule that keeps everybody from being locked out. Must not know how anybody signs in.

use rusqlite::Connection;
use serde::Serialize;
use wire::{
    plan::PlanProblem,
    trust::Role,
    view::{AuditAction, PersonEdit, PersonState, PersonView, TargetKind},
};

use super::{Access, AccessError, PeopleError, Settings};
use crate::{
    audit::{Act, Entry},
    store::{
        StoreError, Tx, factors,
        people::{self, Person, PersonId},
        sessions, setup_links,
    },
};

/// An address of the mail protocol has no more.
const EMAIL_MOST: usize = 254;

/// What is about to be done to somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PersonChange {
    Role(Role),
    Disable,
}

/// Whether there is something to sign in with. Somebody invited has nothing yet.
const fn can_prove(person: &Person) -> bool {
    person.has_password || person.identity.is_some()
}

const fn state(person: &Person) -> PersonState {
    if person.disabled_at.is_some() {
        PersonState::Disabled
    } else if can_prove(person) {
        PersonState::Active
    } else {
        PersonState::SetupPending
    }
}

/// What an edit changes, as the audit shows it before and after.
#[derive(Serialize)]
struct Edited<'a> {
    email: Option<&'a str>,
    role: Role,
}

impl Access {
    /// Refuses what would leave nobody who can sign in as an admin. To be asked in the transaction of the change, whoever
    /// makes it: two changes at once then see each other. Nobody comes by a provider that is not set up any more.
    pub(super) fn guard_last_admin(
        &self,
        tx: &Tx<'_>,
        person: &Person,
        change: PersonChange,
    ) -> Result<(), AccessError> {
        let settings = self.settings();
        let comes = match &person.identity {
            Some(identity) => settings.providers.contains_key(&identity.issuer),
            None => person.has_password,
        };
        let counts = person.role == Role::Admin && person.disabled_at.is_none() && comes;
        let stays = matches!(change, PersonChange::Role(Role::Admin));
        let issuers: Vec<&String> = settings.providers.keys().collect();
        if counts && !stays && people::count_admins(tx, &issuers)? < 2 {
            return Err(PeopleError::LastAdmin { name: person.name.clone() }.into());
        }
        Ok(())
    }

    /// By name; those that are disabled only where they are asked for.
    pub async fn people(&self, disabled: bool) -> Result<Vec<PersonView>, StoreError> {
        let access = self.clone();
        self.0
            .store
            .read(move |connection| {
                let people = people::all(connection)?;
                let mut factors = factors::all(connection)?;
                let settings = access.settings();
                let sessions = access.count_sessions(connection)?;
                let shown = people.into_iter().filter(|person| disabled || person.disabled_at.is_none());
                Ok(shown
                    .map(|person| {
                        let factors = factors.remove(&person.id).unwrap_or_default();
                        let sessions = sessions.get(&person.id).copied().unwrap_or_default();
                        PersonView { factors, sessions, ..bare(person, &settings) }
                    })
                    .collect())
            })
            .await
    }

    pub async fn person(&self, id: PersonId) -> Result<PersonView, AccessError> {
        let access = self.clone();
        self.0.store.read(move |connection| access.person_in(connection, id)).await
    }

    /// Whoever has this name, whatever its case.
    pub async fn person_called(&self, name: &str) -> Result<Option<PersonId>, StoreError> {
        let name = name.to_owned();
        let found = self.0.store.read(move |connection| people::by_name(connection, &name)).await?;
        Ok(found.map(|person| person.id))
    }

    /// Changes e-mail and role of somebody whom no provider vouches for. It counts from their next request on.
    pub async fn change_person(
        &self,
        act: &Act,
        id: PersonId,
        edit: PersonEdit,
    ) -> Result<PersonView, AccessError> {
        let email =
            edit.email.as_deref().map(email).transpose().map_err(|message| invalid("email", message))?;
        let access = self.clone();
        self.on_person(act, id, move |tx, act, person| {
            local(person)?;
            let role = edit.role.unwrap_or(person.role);
            access.guard_last_admin(tx, person, PersonChange::Role(role))?;
            let email = email.unwrap_or_else(|| person.email.clone());
            people::set_email(tx, person.id, email.as_deref())?;
            people::set_role(tx, person.id, role)?;
            let entry = on(AuditAction::PersonChange, person)
                .before(Edited { email: person.email.as_deref(), role: person.role })
                .after(Edited { email: email.as_deref(), role });
            Ok(act.record(tx, entry)?)
        })
        .await
    }

    /// Nobody signs in as the person any more: their sessions and their setup link end, their tokens are dead.
    pub async fn disable_person(&self, act: &Act, id: PersonId) -> Result<PersonView, AccessError> {
        let access = self.clone();
        self.on_person(act, id, move |tx, act, person| {
            access.guard_last_admin(tx, person, PersonChange::Disable)?;
            people::set_disabled(tx, person.id, person.disabled_at.or(Some(act.at())))?;
            setup_links::remove(tx, person.id)?;
            sessions::remove_all(tx, person.id, None)?;
            let entry = on(AuditAction::PersonDisable, person).before(state(person));
            Ok(act.record(tx, entry.after(PersonState::Disabled))?)
        })
        .await
    }

    pub async fn enable_person(&self, act: &Act, id: PersonId) -> Result<PersonView, AccessError> {
        self.on_person(act, id, |tx, act, person| {
            people::set_disabled(tx, person.id, None)?;
            let after = state(&Person { disabled_at: None, ..person.clone() });
            Ok(act.record(tx, on(AuditAction::PersonEnable, person).before(state(person)).after(after))?)
        })
        .await
    }

    /// Ends every session of the person, wherever it is.
    pub async fn sign_out_person(&self, act: &Act, id: PersonId) -> Result<(), AccessError> {
        self.on_person(act, id, |tx, act, person| {
            let ended = sessions::remove_all(tx, person.id, None)?;
            Ok(act.record(tx, on(AuditAction::PersonSignOut, person).before(Sessions { sessions: ended }))?)
        })
        .await
        .map(drop)
    }

    /// The person lost what proves them besides their password. Their sessions end: one of them may be a thief's. Nobody
    /// does it to themselves, because their password is not asked here.
    pub async fn reset_factors(&self, act: &Act, by: PersonId, id: PersonId) -> Result<(), AccessError> {
        if by == id {
            return Err(PeopleError::OwnFactors.into());
        }
        self.lose_factors(act, id).await.map(drop)
    }

    /// The same for whoever is at the coordinator's own machine: also the last admin comes back so, when a provider vouches
    /// for them and there is no password to reset.
    pub async fn lose_factors(&self, act: &Act, id: PersonId) -> Result<PersonView, AccessError> {
        self.on_person(act, id, |tx, act, person| {
            let before = factors::of_person(tx, person.id)?;
            factors::remove_all(tx, person.id)?;
            sessions::remove_all(tx, person.id, None)?;
            Ok(act.record(tx, on(AuditAction::FactorsReset, person).before(before))?)
        })
        .await
    }

    /// One change of one person in one transaction, and the person as they are then. Whoever holds a session open looks
    /// at it again.
    pub(super) async fn on_person(
        &self,
        act: &Act,
        id: PersonId,
        change: impl FnOnce(&Tx<'_>, &Act, &Person) -> Result<(), AccessError> + Send + 'static,
    ) -> Result<PersonView, AccessError> {
        let (access, act) = (self.clone(), act.clone());
        self.0
            .store
            .write(move |tx| {
                let person = people::by_id(tx, id)?.ok_or(PeopleError::NoSuchPerson)?;
                change(tx, &act, &person)?;
                access.sessions_changed(tx);
                access.person_in(tx, id)
            })
            .await
    }

    /// Once this is committed, whoever holds a session open looks at it again.
    pub(super) fn sessions_changed(&self, tx: &Tx<'_>) {
        let access = self.clone();
        tx.on_commit(move || {
            access.0.changed.send_replace(());
        });
    }

    pub(super) fn person_in(&self, connection: &Connection, id: PersonId) -> Result<PersonView, AccessError> {
        let person = people::by_id(connection, id)?.ok_or(PeopleError::NoSuchPerson)?;
        let (factors, settings) = (factors::of_person(connection, id)?, self.settings());
        let sessions = self.count_sessions(connection)?.get(&id).copied().unwrap_or_default();
        Ok(PersonView { factors, sessions, ..bare(person, &settings) })
    }

    fn count_sessions(
        &self,
        connection: &Connection,
    ) -> Result<std::collections::HashMap<PersonId, u32>, StoreError> {
        let (now, settings) = (self.0.world.now(), self.settings());
        sessions::count(connection, now.plus_ms(-settings.whole_ms), now.plus_ms(-settings.idle_ms))
    }
}

#[derive(Serialize)]
pub(super) struct Sessions {
    pub sessions: usize,
}

/// The person without what stands in other tables.
fn bare(person: Person, settings: &Settings) -> PersonView {
    PersonView {
        id: person.id.0,
        state: state(&person),
        provider: person.identity.as_ref().map(|identity| settings.provider_name(&identity.issuer)),
        name: person.name,
        email: person.email,
        role: person.role,
        created_at: person.created_at,
        signed_in_at: person.signed_in_at,
        factors: Vec::new(),
        sessions: 0,
    }
}

/// Refuses where a provider says name, e-mail and role, and there is no password.
pub(super) fn local(person: &Person) -> Result<(), PeopleError> {
    match &person.identity {
        Some(_) => Err(PeopleError::ProviderManaged { name: person.name.clone() }),
        None => Ok(()),
    }
}

pub(super) fn on(action: AuditAction, person: &Person) -> Entry {
    Entry::new(action).on(TargetKind::Person, person.id.0, &*person.name)
}

pub(super) fn invalid(field: &str, message: String) -> AccessError {
    AccessError::Invalid(vec![PlanProblem { field: field.to_owned(), message }])
}

/// An e-mail address as people type it; an empty one is none. Whether it arrives anywhere is not asked.
pub(super) fn email(text: &str) -> Result<Option<String>, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let whole = text.split_once('@').is_some_and(|(person, host)| {
        !person.is_empty() && !host.is_empty() && !host.contains('@') && !host.starts_with('.')
    });
    if !whole || text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err("must be one address, such as ada@example.org".to_owned());
    }
    if text.len() > EMAIL_MOST {
        return Err(format!("must have at most {EMAIL_MOST} bytes"));
    }
    Ok(Some(text.to_owned()))
}
