//! Tokens of programs: made by a person, never able to do more than that person at that moment.

use serde::Serialize;
use wire::{
    id::{Hash32, UnixMs},
    plan::PlanProblem,
    trust::Role,
    view::{ApiTokenMade, ApiTokenRequest, ApiTokenView, AuditAction, TargetKind},
};

use super::{
    Access, AccessError, By, Identity, PeopleError, Token,
    session::{TOUCH_MS, key_of_program},
};
use crate::{
    audit::{Act, Entry},
    store::{
        StoreError, Tx,
        api_tokens::{self, ApiTokenRow, HeldApiToken, NewApiToken},
        people::PersonId,
        sessions,
    },
};

const DAY_MS: i64 = 24 * 3_600_000;
/// Ten years.
const DAYS_MOST: u32 = 3_660;
const NAME_CHARS: usize = 100;
/// That work, of one person.
const TOKENS_MOST: u32 = 100;

/// What the audit shows of a token.
#[derive(Serialize)]
struct Shown {
    role: Role,
    expires_at: Option<UnixMs>,
}

impl Access {
    /// One's own tokens, or everybody's for an admin; the newest first.
    pub async fn api_tokens(&self, identity: &Identity) -> Result<Vec<ApiTokenView>, StoreError> {
        let of = (identity.role != Role::Admin).then_some(identity.person);
        let now = self.0.world.now();
        let rows = self.0.store.read(move |connection| api_tokens::all(connection, of)).await?;
        Ok(rows.into_iter().map(|row| view(row, now)).collect())
    }

    pub async fn make_api_token(
        &self,
        act: &Act,
        identity: &Identity,
        request: ApiTokenRequest,
    ) -> Result<ApiTokenMade, AccessError> {
        let name = request.name.trim().to_owned();
        let problems = problems(&name, request.days);
        if !problems.is_empty() {
            return Err(AccessError::Invalid(problems));
        }
        let token = Token::for_program(self.0.world.seed());
        let new = NewApiToken {
            key: token.key(),
            maker: identity.person,
            name,
            role: request.role,
            expires_at: request.days.map(|days| act.at().plus_ms(i64::from(days) * DAY_MS)),
        };
        let (act, session) = (act.clone(), identity.session().map(|session| session.key));
        let made = self.0.store.write(move |tx| {
            // It outlives the session, so that must not have ended meanwhile; whoever is disabled has none.
            let begun = session.map(|key| sessions::find(tx, &key)).transpose()?.flatten();
            let maker = begun.ok_or(PeopleError::SessionOver)?.person;
            if !maker.role.covers(new.role) {
                return Err(PeopleError::BeyondMaker { own: maker.role }.into());
            }
            if api_tokens::count_living(tx, maker.id, act.at())? >= TOKENS_MOST {
                return Err(PeopleError::TooManyTokens { most: TOKENS_MOST }.into());
            }
            let id = api_tokens::add(tx, &new, act.at())?;
            let shown = Shown { role: new.role, expires_at: new.expires_at };
            let entry = Entry::new(AuditAction::ApiTokenMake).on(TargetKind::ApiToken, id, &*new.name);
            act.record(tx, entry.after(shown))?;
            let row = api_tokens::by_id(tx, id)?.ok_or(PeopleError::NoSuchApiToken)?;
            Ok::<_, AccessError>(view(row, act.at()))
        });
        Ok(ApiTokenMade { token: made.await?, secret: token.expose().to_owned() })
    }

    /// Nobody gets in by it any more. One's own, or any for an admin; a token revokes none that may do more than it.
    pub async fn revoke_api_token(&self, act: &Act, identity: &Identity, id: u32) -> Result<(), AccessError> {
        let (access, act, identity) = (self.clone(), act.clone(), identity.clone());
        self.0
            .store
            .write(move |tx| {
                let row = api_tokens::by_id(tx, id)?
                    .filter(|row| identity.role == Role::Admin || row.maker.id == identity.person)
                    .ok_or(PeopleError::NoSuchApiToken)?;
                if identity.session().is_none() && !identity.role.covers(row.held.role) {
                    return Err(PeopleError::BeyondToken.into());
                }
                access.sessions_changed(tx);
                Ok(revoke_in(tx, &act, row.held)?)
            })
            .await
    }

    /// Whose token this is, with no more than its maker may at this moment.
    pub async fn by_token(&self, text: &str) -> Result<Option<Identity>, StoreError> {
        match key_of_program(text) {
            Some(key) => self.token_by_key(key, true).await,
            None => Ok(None),
        }
    }

    pub(super) async fn token_by_key(&self, key: Hash32, used: bool) -> Result<Option<Identity>, StoreError> {
        let now = self.0.world.now();
        let found = self.0.store.read(move |connection| api_tokens::find(connection, &key)).await?;
        let Some(ApiTokenRow { maker, held }) = found.filter(|row| !is_dead(row, now)) else {
            return Ok(None);
        };
        if used && held.used_at.is_none_or(|at| now.since(at) >= TOUCH_MS) {
            let (store, id) = (self.0.store.clone(), held.id);
            // Nobody waits for it, and a full disk must not keep programs out.
            tokio::spawn(async move { store.write(move |tx| api_tokens::touch(tx, id, now)).await });
        }
        let HeldApiToken { id, name, role, expires_at, .. } = held;
        Ok(Some(Identity {
            person: maker.id,
            user: maker.name,
            role: role.min(maker.role),
            by: By::Token { id, key, name, expires_at },
        }))
    }
}

/// None of a person's tokens works any more: what they had their role by is gone. Whether there was one.
pub(super) fn revoke_all(tx: &Tx<'_>, act: &Act, maker: PersonId) -> Result<bool, StoreError> {
    let mut any = false;
    for row in api_tokens::all(tx, Some(maker))? {
        if !is_dead(&row, act.at()) {
            revoke_in(tx, act, row.held)?;
            any = true;
        }
    }
    Ok(any)
}

fn revoke_in(tx: &Tx<'_>, act: &Act, held: HeldApiToken) -> Result<(), StoreError> {
    let HeldApiToken { id, name, role, expires_at, .. } = held;
    api_tokens::revoke(tx, id, act.at())?;
    let entry = Entry::new(AuditAction::ApiTokenRevoke).on(TargetKind::ApiToken, id, name);
    act.record(tx, entry.before(Shown { role, expires_at }))
}

fn is_dead(row: &ApiTokenRow, now: UnixMs) -> bool {
    row.held.revoked_at.is_some()
        || row.held.expires_at.is_some_and(|at| at <= now)
        || row.maker.disabled_at.is_some()
}

fn view(row: ApiTokenRow, now: UnixMs) -> ApiTokenView {
    let dead = is_dead(&row, now);
    let ApiTokenRow { maker, held } = row;
    ApiTokenView {
        id: held.id,
        name: held.name,
        role: held.role,
        person: maker.name,
        created_at: held.created_at,
        expires_at: held.expires_at,
        used_at: held.used_at,
        revoked_at: held.revoked_at,
        dead,
    }
}

fn problems(name: &str, days: Option<u32>) -> Vec<PlanProblem> {
    let field = |field: &str, message: String| PlanProblem { field: field.to_owned(), message };
    let named = (1..=NAME_CHARS).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    let name = (!named).then(|| field("name", format!("use 1 to {NAME_CHARS} printable characters")));
    let days = days.filter(|days| !(1..=DAYS_MOST).contains(days));
    let days = days.map(|_| field("days", format!("must be 1 to {DAYS_MOST}, or left out")));
    name.into_iter().chain(days).collect()
}
