//! Who may come in: people and their passwords, sessions, programs' tokens, and the first start.
//!
//! Knows what a password must be, how long a session lasts and how often somebody may try. Must not know HTTP, cookies,
//! nor what a role allows.

mod account;
mod api_tokens;
mod bounded;
mod error;
mod factor;
mod identity;
mod invitation;
mod known;
mod password;
mod people;
mod refusal;
mod session;
mod settings;
mod setup;
mod sign_in;
mod sso;
mod throttle;

pub use bounded::Busy;
pub use error::AccessError;
#[cfg(test)]
pub(crate) use factor::authenticator;
pub use factor::{FactorError, NewTotp, Proof, Raised, SecondFactor};
pub use identity::{By, Identity};
pub use invitation::Invited;
pub use known::{KnownDevice, LIFE_MS as KNOWN_LIFE_MS};
pub use password::MIN_CHARS as PASSWORD_MIN_CHARS;
pub use refusal::PeopleError;
pub use session::{Session, Token};
pub use settings::Settings;
pub use setup::FirstPerson;
pub use sign_in::{Begun, SignedIn, Visitor};
#[cfg(test)]
pub(crate) use sso::tests as sso_tests;
pub use sso::{Back, Finished, Refusal, Sso, SsoError, Started};
pub use throttle::{TooManyTries, source};

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use rand_core::Rng;
use tokio::sync::watch;

use crate::{
    store::{Store, StoreError, people as rows, tries},
    vault::Vault,
    world::World,
};
use factor::Factors;
use password::Passwords;
use throttle::Throttle;

/// Cheap to clone.
#[derive(Clone)]
pub struct Access(Arc<Inner>);

struct Inner {
    store: Store,
    world: World,
    settings: watch::Receiver<Arc<Settings>>,
    passwords: Passwords,
    throttle: Throttle,
    vault: Vault,
    factors: Factors,
    /// Somebody exists: setup is closed for good.
    settled: AtomicBool,
    /// Carries no data: whoever holds a session open looks at it again.
    changed: watch::Sender<()>,
}

/// What the site is called, and what keeps its secrets.
pub struct Means {
    /// The coordinator's name, as people's devices show it.
    pub name: String,
    /// What people type into their browser; decides whether passkeys work.
    pub public_url: String,
    pub vault: Vault,
}

impl Access {
    pub async fn open(
        store: Store,
        world: World,
        settings: watch::Receiver<Arc<Settings>>,
        means: Means,
    ) -> Result<Self, StoreError> {
        let now = world.now();
        let (somebody, kept) = store
            .read(move |connection| {
                Ok::<_, StoreError>((rows::exist(connection)?, tries::counting(connection, now)?))
            })
            .await?;
        let passwords = Passwords::new(world.seed(), salt(&world));
        Ok(Self(Arc::new(Inner {
            passwords,
            throttle: Throttle::restored(world.clone(), &kept),
            factors: Factors::new(&means.name, &means.public_url),
            vault: means.vault,
            settled: AtomicBool::new(somebody),
            changed: watch::Sender::new(()),
            settings,
            store,
            world,
        })))
    }

    /// As they are now: the configuration may have been read again.
    pub fn settings(&self) -> Arc<Settings> {
        self.0.settings.borrow().clone()
    }

    pub fn setup_needed(&self) -> bool {
        !self.0.settled.load(Ordering::Acquire)
    }

    /// Whether the database answers.
    pub async fn alive(&self) -> Result<(), StoreError> {
        self.0.store.read(crate::store::people::exist).await.map(|_| ())
    }

    /// Wakes when some session may have ended or changed its role.
    pub fn changes(&self) -> watch::Receiver<()> {
        self.0.changed.subscribe()
    }
}

fn salt(world: &World) -> [u8; 16] {
    let mut salt = [0; 16];
    world.rng().fill_bytes(&mut salt);
    salt
}

#[cfg(test)]
mod tests;
