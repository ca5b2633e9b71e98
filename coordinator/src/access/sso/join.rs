//! From a person's claims to the person here: made when they come for the first time, refreshed each time, or turned away.
//!
//! Known by issuer and subject for ever: the provider may rename them, the name here stays.

use serde_json::json;
use wire::{
    trust::Role,
    view::{Actor, AuditAction, TargetKind},
};
use zeroize::Zeroizing;

use super::{claims::Claims, error::Refusal};
use crate::{
    access::{
        Access, AccessError, PeopleError, SignedIn, Visitor, api_tokens, people::PersonChange,
        setup::name_problem,
    },
    audit::{Act, Entry},
    config::SsoProvider,
    store::{
        StoreError, Tx,
        people::{self, Identity, NewPerson, Person},
        sessions::{self, ProviderSession},
    },
    vault::Place,
};

/// An ID token that is longer fits into no address.
const MOST_HINT_BYTES: usize = 4 * 1024;
/// What is kept of a provider's name for a session.
const MOST_SID_BYTES: usize = 255;
/// Of a long list of groups, so many are named to the person.
const GROUPS_SHOWN: usize = 10;

/// What came of it. Both are kept: a refusal stands in the audit, and may have ended sessions.
pub(super) enum Joined {
    In(SignedIn),
    Out(Refusal),
}

/// Somebody whom a provider vouches for.
pub(super) struct Comer {
    pub identity: Identity,
    pub claims: Claims,
    /// What ends the provider's session later on.
    pub id_token: Zeroizing<String>,
    pub visitor: Visitor,
}

/// Lets them in, or writes down why not.
pub(super) fn join(
    access: &Access,
    tx: &Tx<'_>,
    act: &Act,
    provider: &SsoProvider,
    comer: Comer,
) -> Result<Joined, AccessError> {
    let known = people::by_identity(tx, &comer.identity)?;
    let name = known.as_ref().map(|person| person.name.clone());
    match person(access, tx, act, provider, &comer, known)? {
        Ok(person) => {
            let visitor = vouched_for(access, provider, &person, comer);
            Ok(Joined::In(access.let_in(tx, act, &person, visitor)?))
        }
        Err(refusal) => {
            let act = act.by(Actor::Nobody { name: name.unwrap_or_default() });
            act.record(tx, Entry::new(AuditAction::SignInRefused).after(refusal.to_string()))?;
            Ok(Joined::Out(refusal))
        }
    }
}

/// With what ties their session to the one at the provider.
fn vouched_for(access: &Access, provider: &SsoProvider, person: &Person, comer: Comer) -> Visitor {
    let Comer { claims, id_token, visitor, .. } = comer;
    let sid = claims.text("sid").filter(|sid| sid.len() <= MOST_SID_BYTES).map(str::to_owned);
    let hint = (id_token.len() <= MOST_HINT_BYTES)
        .then(|| access.0.vault.close(Place::IdToken(person.id.0), id_token.as_bytes()));
    let session = ProviderSession { provider: provider.id.clone(), sid, id_token: hint };
    Visitor { proved: claims.proves_second_factor(), provider: Some(session), ..visitor }
}

/// The person as they are from now on.
fn person(
    access: &Access,
    tx: &Tx<'_>,
    act: &Act,
    provider: &SsoProvider,
    comer: &Comer,
    known: Option<Person>,
) -> Result<Result<Person, Refusal>, AccessError> {
    let role = comer.claims.role(&provider.role_claim, &provider.roles);
    match (known, role) {
        (Some(person), _) if person.disabled_at.is_some() => Ok(Err(Refusal::Disabled { user: person.name })),
        (Some(person), Some(role)) => refresh(access, tx, act, provider, comer, person, role),
        (Some(person), None) => {
            take_back(access, tx, act, &person)?;
            Ok(Err(no_role(provider, &comer.claims)))
        }
        (None, Some(role)) => make(tx, act, provider, comer, role),
        (None, None) => Ok(Err(no_role(provider, &comer.claims))),
    }
}

/// What the provider gave before, it has taken back: that holds for open sessions, and for what programs have, too.
fn take_back(access: &Access, tx: &Tx<'_>, act: &Act, person: &Person) -> Result<(), StoreError> {
    let act = act.by(Actor::Coordinator);
    let ended = sessions::remove_all(tx, person.id, None)? > 0;
    if ended {
        let entry = Entry::new(AuditAction::PersonSignOut);
        act.record(tx, entry.on(TargetKind::Person, person.id.0, &*person.name))?;
    }
    if api_tokens::revoke_all(tx, &act, person.id)? || ended {
        access.sessions_changed(tx);
    }
    Ok(())
}

fn make(
    tx: &Tx<'_>,
    act: &Act,
    provider: &SsoProvider,
    comer: &Comer,
    role: Role,
) -> Result<Result<Person, Refusal>, AccessError> {
    let no_name = |what: String| Refusal::NoName { provider: provider.name.clone(), what };
    let Some(name) = comer.claims.text(&provider.user_claim) else {
        return Ok(Err(no_name(format!("the claim `{}` is missing or no text", provider.user_claim))));
    };
    if let Some(problem) = name_problem(name) {
        let shown: String = name.chars().take(64).collect();
        return Ok(Err(no_name(format!("`{}` is `{shown}`, but names {problem}", provider.user_claim))));
    }
    let email = comer.claims.email();
    let new = NewPerson { name, email, role, password: None, identity: Some(&comer.identity) };
    let Some(id) = people::add(tx, &new, act.at())? else {
        let (provider, name) = (provider.name.clone(), name.to_owned());
        return Ok(Err(Refusal::NameTaken { provider, name }));
    };
    let person = people::by_id(tx, id)?
        .ok_or_else(|| StoreError::unreadable("a person", "they were gone as soon as they were made"))?;
    let after = json!({ "provider": provider.id, "role": role, "email": email });
    act.by(Actor::Person { name: person.name.clone(), role }).record(
        tx,
        Entry::new(AuditAction::PersonJoin).on(TargetKind::Person, id.0, &*person.name).after(after),
    )?;
    Ok(Ok(person))
}

fn refresh(
    access: &Access,
    tx: &Tx<'_>,
    act: &Act,
    provider: &SsoProvider,
    comer: &Comer,
    mut person: Person,
    role: Role,
) -> Result<Result<Person, Refusal>, AccessError> {
    // A provider that says no address leaves the one that it said before.
    let email = comer.claims.email().map(str::to_owned).or_else(|| person.email.clone());
    if (person.role, &person.email) == (role, &email) {
        return Ok(Ok(person));
    }
    match access.guard_last_admin(tx, &person, PersonChange::Role(role)) {
        Err(AccessError::People(PeopleError::LastAdmin { .. })) => {
            let role = role.as_str();
            return Ok(Err(Refusal::LastAdmin { provider: provider.name.clone(), role }));
        }
        guarded => guarded?,
    }
    people::set_role(tx, person.id, role)?;
    people::set_email(tx, person.id, email.as_deref())?;
    let said = |role: Role, email: &Option<String>| json!({ "role": role, "email": email });
    let entry = Entry::new(AuditAction::PersonChange)
        .on(TargetKind::Person, person.id.0, &*person.name)
        .before(said(person.role, &person.email))
        .after(said(role, &email));
    act.by(Actor::Person { name: person.name.clone(), role }).record(tx, entry)?;
    if person.role != role {
        access.sessions_changed(tx);
    }
    person.role = role;
    person.email = email;
    Ok(Ok(person))
}

fn no_role(provider: &SsoProvider, claims: &Claims) -> Refusal {
    let claim = &provider.role_claim;
    let said = claims.values(claim);
    let what = if said.is_empty() {
        format!("it says nothing in the claim `{claim}`")
    } else {
        let shown: Vec<String> = said
            .iter()
            .take(GROUPS_SHOWN)
            .map(|value| value.chars().filter(|c| !c.is_control()).take(100).collect())
            .collect();
        let more = if said.len() > shown.len() { ", …" } else { "" };
        format!("none of what it says in the claim `{claim}` has one: {}{more}", shown.join(", "))
    };
    Refusal::NoRole { provider: provider.name.clone(), what }
}
