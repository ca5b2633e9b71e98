//! Setup links: how somebody who was invited, or who lost their password, chooses one.
//!
//! A link is good for an hour and once; a newer one takes its place. It goes around no second factor.

use rusqlite::Connection;
use serde::Serialize;
use wire::{
    id::UnixMs,
    plan::PlanProblem,
    seal::Secret,
    trust::Role,
    view::{Actor, AuditAction, Factor, InvitationView, InviteRequest, PersonView},
};

use super::{
    Access, AccessError, Begun, PeopleError, Token, Visitor, password,
    people::{email, invalid, local, on},
    salt,
    session::key_of_text,
    setup::name_problem,
};
use crate::{
    audit::{Act, Entry},
    store::{
        Tx, factors,
        people::{self, NewPerson, Person, PersonId},
        sessions, setup_links,
    },
};

const LINK_MS: i64 = 3_600_000;

/// Somebody with a fresh setup link.
pub struct Invited {
    pub person: PersonView,
    pub token: Token,
    pub expires_at: UnixMs,
}

/// What the audit shows of an invitation.
#[derive(Serialize)]
struct Shown<'a> {
    email: Option<&'a str>,
    role: Role,
    link_expires_at: UnixMs,
}

/// What a reset takes away.
#[derive(Serialize)]
struct Lost {
    password: bool,
    factors: Vec<Factor>,
    sessions: usize,
}

impl Access {
    /// Somebody new, who chooses a password by the link.
    pub async fn invite(&self, act: &Act, request: InviteRequest) -> Result<Invited, AccessError> {
        let name = request.name.trim().to_owned();
        let email = email(request.email.as_deref().unwrap_or_default());
        let problem =
            |field: &str, message: &String| PlanProblem { field: field.to_owned(), message: message.clone() };
        let problems: Vec<PlanProblem> = name_problem(&name)
            .map(|message| problem("name", &message))
            .into_iter()
            .chain(email.as_ref().err().map(|message| problem("email", message)))
            .collect();
        let Ok(email) = email else { return Err(AccessError::Invalid(problems)) };
        if !problems.is_empty() {
            return Err(AccessError::Invalid(problems));
        }
        let (access, act, role) = (self.clone(), act.clone(), request.role);
        self.0
            .store
            .write(move |tx| {
                if !people::exist(tx)? {
                    return Err(PeopleError::SetUpFirst.into());
                }
                let new =
                    NewPerson { name: &name, email: email.as_deref(), role, password: None, identity: None };
                let Some(id) = people::add(tx, &new, act.at())? else { return Err(taken(tx, name)?) };
                let (token, expires_at) = access.link_in(tx, &act, id)?;
                let person = people::by_id(tx, id)?.ok_or(PeopleError::NoSuchPerson)?;
                let shown = Shown { email: email.as_deref(), role, link_expires_at: expires_at };
                act.record(tx, on(AuditAction::PersonInvite, &person).after(shown))?;
                Ok(Invited { person: access.person_in(tx, id)?, token, expires_at })
            })
            .await
    }

    /// Another link for somebody: the one before opens nothing any more. A password that was chosen counts until the link
    /// is used. Nobody makes one for themselves, because their password is not asked here.
    pub async fn renew_link(&self, act: &Act, by: PersonId, id: PersonId) -> Result<Invited, AccessError> {
        if by == id {
            return Err(PeopleError::OwnPassword.into());
        }
        self.linked(act, id, |tx, person| {
            if factors::of_person(tx, person.id)?.is_empty() {
                Ok(on(AuditAction::SetupLinkMake, person))
            } else {
                Err(PeopleError::HasFactors { name: person.name.clone() }.into())
            }
        })
        .await
    }

    /// The way back for somebody who lost everything, for whoever is at the coordinator's own machine: password, second
    /// factors and sessions are gone, and a link lets the person choose anew. The last admin is reset too.
    pub async fn reset_person(&self, act: &Act, id: PersonId) -> Result<Invited, AccessError> {
        let access = self.clone();
        self.linked(act, id, move |tx, person| {
            let lost = Lost {
                password: person.has_password,
                factors: factors::of_person(tx, person.id)?,
                sessions: sessions::remove_all(tx, person.id, None)?,
            };
            people::remove_password(tx, person.id)?;
            factors::remove_all(tx, person.id)?;
            access.sessions_changed(tx);
            Ok(on(AuditAction::SetupLinkMake, person).before(lost))
        })
        .await
    }

    /// Whose link this is. Nothing is written.
    pub async fn check_invitation(&self, act: &Act, token: &Secret) -> Result<InvitationView, AccessError> {
        self.0.throttle.check(None, act.address())?;
        let (person, expires_at) = self.opened(act, token).await?;
        Ok(InvitationView { user: person.name, expires_at, password_min: password::MIN_CHARS })
    }

    /// Chooses the password and signs in. Sessions that the person had end.
    pub async fn accept_invitation(
        &self,
        act: &Act,
        token: Secret,
        password: Secret,
        visitor: Visitor,
    ) -> Result<Begun, AccessError> {
        self.0.throttle.check(None, act.address())?;
        let (person, _) = self.opened(act, &token).await?;
        if let Some(message) = password::problem(&person.name, &password) {
            return Err(invalid("password", message));
        }
        let hash = self.0.passwords.hash(password, salt(&self.0.world)).await?;
        let (access, act) = (self.clone(), act.clone());
        self.0
            .store
            .write(move |tx| {
                // Once more, inside: of two at the same time one comes too late.
                let (person, _) = open(tx, &token, access.0.world.now())?;
                setup_links::remove(tx, person.id)?;
                people::set_password(tx, person.id, &hash)?;
                sessions::remove_all(tx, person.id, None)?;
                access.sessions_changed(tx);
                let act = act.by(Actor::Person { name: person.name.clone(), role: person.role });
                act.record(tx, on(AuditAction::SetupLinkUse, &person))?;
                access.begin_in(tx, &act, &person, visitor)
            })
            .await
    }

    async fn opened(&self, act: &Act, token: &Secret) -> Result<(Person, UnixMs), AccessError> {
        let (token, now) = (token.clone(), act.at());
        self.0.store.read(move |connection| open(connection, &token, now)).await
    }

    /// A fresh link for somebody who has or may choose a password here, after what `before` does and says.
    async fn linked(
        &self,
        act: &Act,
        id: PersonId,
        before: impl FnOnce(&Tx<'_>, &Person) -> Result<Entry, AccessError> + Send + 'static,
    ) -> Result<Invited, AccessError> {
        let (access, act) = (self.clone(), act.clone());
        self.0
            .store
            .write(move |tx| {
                let person = people::by_id(tx, id)?.ok_or(PeopleError::NoSuchPerson)?;
                local(&person)?;
                if person.disabled_at.is_some() {
                    return Err(PeopleError::IsDisabled { name: person.name }.into());
                }
                let entry = before(tx, &person)?;
                let (token, expires_at) = access.link_in(tx, &act, id)?;
                let shown =
                    Shown { email: person.email.as_deref(), role: person.role, link_expires_at: expires_at };
                act.record(tx, entry.after(shown))?;
                Ok(Invited { person: access.person_in(tx, id)?, token, expires_at })
            })
            .await
    }

    fn link_in(&self, tx: &Tx<'_>, act: &Act, id: PersonId) -> Result<(Token, UnixMs), AccessError> {
        let token = Token::new(self.0.world.seed());
        let expires_at = act.at().plus_ms(LINK_MS);
        setup_links::put(tx, id, &token.key(), expires_at)?;
        Ok((token, expires_at))
    }
}

/// Whose link it is, if it opens anything now. It is found by its hash, so how long that takes says nothing of it.
fn open(connection: &Connection, token: &Secret, now: UnixMs) -> Result<(Person, UnixMs), AccessError> {
    let key = token.expose_text().and_then(key_of_text).ok_or(PeopleError::BadSetupLink)?;
    let link = setup_links::find(connection, &key)?.ok_or(PeopleError::BadSetupLink)?;
    let person = people::by_id(connection, link.person)?.ok_or(PeopleError::BadSetupLink)?;
    let good = now < link.expires_at
        && person.disabled_at.is_none()
        && person.identity.is_none()
        && factors::of_person(connection, person.id)?.is_empty();
    if good { Ok((person, link.expires_at)) } else { Err(PeopleError::BadSetupLink.into()) }
}

/// Who has the name already.
fn taken(tx: &Tx<'_>, name: String) -> Result<AccessError, AccessError> {
    let other = people::by_name(tx, &name)?;
    Ok(match other {
        Some(person) if person.disabled_at.is_some() => {
            PeopleError::NameOfDisabled { name: person.name, person: person.id }
        }
        other => PeopleError::NameTaken { name: other.map_or(name, |person| person.name) },
    }
    .into())
}
