//! The first start: the link that lets the first person in, and the fleet that they found.

use std::sync::{Arc, atomic::Ordering};

use subtle::ConstantTimeEq;
use wire::{
    id::Hash32,
    plan::PlanProblem,
    seal::Secret,
    trust::Role,
    view::{Actor, AuditAction, TargetKind},
};

use super::{Access, AccessError, Begun, Token, Visitor, password, salt, session::key_of_text};
use crate::{
    audit::{Act, Entry},
    store::{
        StoreError, Tx,
        people::{self, NewPerson},
    },
};

/// The first person, as they would like to be.
#[derive(Debug)]
pub struct FirstPerson {
    pub token: Secret,
    pub user: String,
    pub password: Secret,
}

impl Access {
    /// While nobody exists: a fresh token for the setup link, which voids the one before.
    pub async fn offer_setup(&self) -> Result<Option<Token>, StoreError> {
        let token = Token::new(self.0.world.seed());
        let key = token.key();
        let offered = self
            .0
            .store
            .write(move |tx| {
                if people::exist(tx)? {
                    return Ok(false);
                }
                people::set_bootstrap(tx, &key).map(|()| true)
            })
            .await?;
        Ok(offered.then_some(token))
    }

    /// Whether this first person would do. Nothing is written, but that a wrong link was tried.
    pub async fn check_setup(&self, act: &Act, first: &FirstPerson) -> Result<(), AccessError> {
        let checked = self.would_do(act, first).await;
        if let Err(refusal @ AccessError::BadBootstrapToken) = &checked {
            self.refuse_sign_in(act, None, refusal, None).await?;
        }
        checked
    }

    async fn would_do(&self, act: &Act, first: &FirstPerson) -> Result<(), AccessError> {
        self.0.throttle.check(None, act.address())?;
        if !self.setup_needed() {
            return Err(AccessError::SetupClosed);
        }
        let offered = self.0.store.read(people::bootstrap).await?;
        compare(&first.token, offered)?;
        let problems = problems(&first.user, &first.password);
        if problems.is_empty() { Ok(()) } else { Err(AccessError::Invalid(problems)) }
    }

    /// The first person becomes admin and is signed in, and `found` founds the fleet: all of it or nothing.
    pub async fn set_up<E>(
        &self,
        act: &Act,
        first: FirstPerson,
        visitor: Visitor,
        found: impl FnOnce(&Tx<'_>) -> Result<(), E> + Send + 'static,
    ) -> Result<Begun, E>
    where
        E: From<AccessError> + From<StoreError> + Send + 'static,
    {
        self.check_setup(act, &first).await?;
        let FirstPerson { token, user, password } = first;
        let inner = &self.0;
        let hash = inner.passwords.hash(password, salt(&inner.world)).await.map_err(AccessError::from)?;
        let now = inner.world.now();
        let access = self.clone();
        let act = act.by(Actor::Person { name: user.clone(), role: Role::Admin });
        inner
            .store
            .write(move |tx| {
                if people::exist(tx)? {
                    return Err(AccessError::SetupClosed.into());
                }
                // Once more, inside: a restart may have offered another link meanwhile.
                compare(&token, people::bootstrap(tx)?)?;
                let new = NewPerson {
                    name: &user,
                    email: None,
                    role: Role::Admin,
                    password: Some(&hash),
                    identity: None,
                };
                let id = people::add(tx, &new, now)?.ok_or(AccessError::SetupClosed)?;
                let person = people::by_id(tx, id)?.ok_or(AccessError::SetupClosed)?;
                found(tx)?;
                people::forget_bootstrap(tx)?;
                act.record(tx, Entry::new(AuditAction::SetUp).on(TargetKind::Person, id.0, &*user))?;
                let begun = access.begin_in(tx, &act, &person, visitor)?;
                let settled = Arc::clone(&access.0);
                tx.on_commit(move || settled.settled.store(true, Ordering::Release));
                Ok::<_, E>(begun)
            })
            .await
    }
}

/// In constant time. An absent offer is like a wrong token: after a wipe of the database the old link is void.
fn compare(given: &Secret, offered: Option<Hash32>) -> Result<(), AccessError> {
    let given = given.expose_text().and_then(key_of_text).ok_or(AccessError::BadBootstrapToken)?;
    let offered = offered.ok_or(AccessError::BadBootstrapToken)?;
    if bool::from(given.0.ct_eq(&offered.0)) { Ok(()) } else { Err(AccessError::BadBootstrapToken) }
}

/// Why a new person's name and password will not do, by field.
pub(super) fn problems(user: &str, password: &Secret) -> Vec<PlanProblem> {
    let field = |field: &str, message| PlanProblem { field: field.to_owned(), message };
    name_problem(user)
        .map(|message| field("user", message))
        .into_iter()
        .chain(password::problem(user, password).map(|message| field("password", message)))
        .collect()
}

pub(super) fn name_problem(name: &str) -> Option<String> {
    let fits = (1..=64).contains(&name.len())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '@' | '+'));
    (!fits).then(|| "use 1 to 64 of the characters a–z A–Z 0–9 . _ - @ +".to_owned())
}
