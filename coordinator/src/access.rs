//! Who may come in: people and their passwords, sessions, and the first start.
//!
//! Knows what a password must be, how long a session lasts and how often somebody may try. Must not know HTTP, cookies,
//! nor what a role allows.

mod bounded;
mod password;
mod session;
mod throttle;

pub use bounded::Busy;
pub use password::MIN_CHARS as PASSWORD_MIN_CHARS;
pub use session::{Session, Token, WHOLE_MS};
pub use throttle::{TooManyTries, source};

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use rand_core::Rng;
use subtle::ConstantTimeEq;
use tokio::sync::watch;
use wire::{id::Hash32, plan::PlanProblem, seal::Secret, trust::Role};

use crate::{
    store::{Store, StoreError, Tx, people, sessions},
    world::World,
};
use password::Passwords;
use session::{IDLE_MS, TOUCH_MS, key_of_text};
use throttle::Throttle;

/// Cheap to clone.
#[derive(Clone)]
pub struct Access(Arc<Inner>);

struct Inner {
    store: Store,
    world: World,
    passwords: Passwords,
    throttle: Throttle,
    /// Somebody exists: setup is closed for good.
    settled: AtomicBool,
    /// Carries no data: whoever holds a session open looks at it again.
    changed: watch::Sender<()>,
}

/// Why somebody is not let in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccessError {
    #[error("the user name or the password is wrong")]
    WrongCredentials,
    #[error("`{user}` is disabled")]
    Disabled { user: String },
    #[error(transparent)]
    TooManyTries(#[from] TooManyTries),
    #[error(transparent)]
    Busy(#[from] Busy),
    #[error("somebody set this coordinator up already")]
    SetupClosed,
    #[error("the setup link's token is not the current one")]
    BadBootstrapToken,
    /// Field by field.
    #[error("the name or the password will not do")]
    Invalid(Vec<PlanProblem>),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The first person, as they would like to be.
#[derive(Debug)]
pub struct FirstPerson {
    pub token: Secret,
    pub user: String,
    pub password: Secret,
}

/// A session that just began, with what its cookie holds.
pub struct Begun {
    pub session: Session,
    pub token: Token,
}

impl Access {
    pub async fn open(store: Store, world: World) -> Result<Self, StoreError> {
        let somebody = store.read(people::exist).await?;
        let passwords = Passwords::new(world.seed(), salt(&world));
        Ok(Self(Arc::new(Inner {
            passwords,
            throttle: Throttle::new(world.clone()),
            settled: AtomicBool::new(somebody),
            changed: watch::Sender::new(()),
            store,
            world,
        })))
    }

    pub fn setup_needed(&self) -> bool {
        !self.0.settled.load(Ordering::Acquire)
    }

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

    /// Whether this first person would do. Nothing is written.
    pub async fn check_setup(&self, first: &FirstPerson, address: IpAddr) -> Result<(), AccessError> {
        self.0.throttle.check(None, address)?;
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
        first: FirstPerson,
        address: IpAddr,
        found: impl FnOnce(&Tx<'_>) -> Result<(), E> + Send + 'static,
    ) -> Result<Begun, E>
    where
        E: From<AccessError> + From<StoreError> + Send + 'static,
    {
        self.check_setup(&first, address).await?;
        let FirstPerson { token, user, password } = first;
        let inner = &self.0;
        let hash = inner.passwords.hash(password, salt(&inner.world)).await.map_err(AccessError::from)?;
        let begun = Token::new(inner.world.seed());
        let key = begun.key();
        let now = inner.world.now();
        let settled = Arc::clone(inner);
        let row = inner
            .store
            .write(move |tx| {
                if people::exist(tx)? {
                    return Err(AccessError::SetupClosed.into());
                }
                // Once more, inside: a restart may have offered another link meanwhile.
                compare(&token, people::bootstrap(tx)?)?;
                let person =
                    people::add(tx, &user, &hash, Role::Admin, now)?.ok_or(AccessError::SetupClosed)?;
                found(tx)?;
                people::forget_bootstrap(tx)?;
                sessions::add(tx, &key, person, now)?;
                tx.on_commit(move || settled.settled.store(true, Ordering::Release));
                Ok::<_, E>(sessions::find(tx, &key)?)
            })
            .await?;
        Ok(self.begun(begun, row)?)
    }

    pub async fn sign_in(&self, user: &str, password: Secret, address: IpAddr) -> Result<Begun, AccessError> {
        let inner = &self.0;
        inner.throttle.check(Some(user), address)?;
        let name = user.to_owned();
        let known = inner.store.read(move |connection| people::by_name(connection, &name)).await?;
        let (person, hash) = known.unzip();
        if !inner.passwords.verify(password, hash).await? {
            return Err(AccessError::WrongCredentials);
        }
        let person = person.ok_or(AccessError::WrongCredentials)?;
        if person.disabled_at.is_some() {
            return Err(AccessError::Disabled { user: person.name });
        }
        let token = Token::new(inner.world.seed());
        let key = token.key();
        let now = inner.world.now();
        let row = inner
            .store
            .write(move |tx| {
                sessions::sweep(tx, now.plus_ms(-WHOLE_MS), now.plus_ms(-IDLE_MS))?;
                sessions::add(tx, &key, person.id, now)?;
                sessions::find(tx, &key)
            })
            .await?;
        Ok(self.begun(token, row)?)
    }

    fn begun(&self, token: Token, row: Option<sessions::SessionRow>) -> Result<Begun, StoreError> {
        let session = row
            .and_then(|row| Session::of(token.key(), row, self.0.world.now()))
            .ok_or_else(|| StoreError::unreadable("a session", "it was over as soon as it began"))?;
        Ok(Begun { session, token })
    }

    /// The session that this cookie's value stands for, with the role its person has now.
    pub async fn session(&self, cookie: &str) -> Result<Option<Session>, StoreError> {
        match key_of_text(cookie) {
            Some(key) => self.session_by_key(key, true).await,
            None => Ok(None),
        }
    }

    /// The same session once more, for whoever keeps it open. Looking is not using.
    pub async fn still(&self, session: &Session) -> Result<Option<Session>, StoreError> {
        self.session_by_key(session.key, false).await
    }

    async fn session_by_key(&self, key: Hash32, used: bool) -> Result<Option<Session>, StoreError> {
        let Some(row) = self.0.store.read(move |connection| sessions::find(connection, &key)).await? else {
            return Ok(None);
        };
        let now = self.0.world.now();
        let coarse = now.since(row.used_at) >= TOUCH_MS;
        let session = Session::of(key, row, now);
        if used && coarse && session.is_some() {
            let store = self.0.store.clone();
            // Nobody waits for it, and a full disk must not sign people out.
            tokio::spawn(async move { store.write(move |tx| sessions::touch(tx, &key, now)).await });
        }
        Ok(session)
    }

    pub async fn sign_out(&self, session: &Session) -> Result<(), StoreError> {
        let key = session.key;
        self.0.store.write(move |tx| sessions::remove(tx, &key)).await?;
        self.0.changed.send_replace(());
        Ok(())
    }

    /// Whether the database answers.
    pub async fn alive(&self) -> Result<(), StoreError> {
        self.0.store.read(people::exist).await.map(|_| ())
    }

    /// Wakes when some session may have ended or changed its role.
    pub fn changes(&self) -> watch::Receiver<()> {
        self.0.changed.subscribe()
    }
}

/// In constant time. An absent offer is like a wrong token: after a wipe of the database the old link is void.
fn compare(given: &Secret, offered: Option<Hash32>) -> Result<(), AccessError> {
    let given = given.expose_text().and_then(key_of_text).ok_or(AccessError::BadBootstrapToken)?;
    let offered = offered.ok_or(AccessError::BadBootstrapToken)?;
    if bool::from(given.0.ct_eq(&offered.0)) { Ok(()) } else { Err(AccessError::BadBootstrapToken) }
}

fn problems(user: &str, password: &Secret) -> Vec<PlanProblem> {
    let name_fits = (1..=64).contains(&user.len())
        && user.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '@' | '+'));
    let name = (!name_fits).then(|| "use 1 to 64 of the characters a–z A–Z 0–9 . _ - @ +".to_owned());
    let field = |field: &str, message| PlanProblem { field: field.to_owned(), message };
    name.map(|message| field("user", message))
        .into_iter()
        .chain(password::problem(user, password).map(|message| field("password", message)))
        .collect()
}

fn salt(world: &World) -> [u8; 16] {
    let mut salt = [0; 16];
    world.rng().fill_bytes(&mut salt);
    salt
}

#[cfg(test)]
mod tests;
