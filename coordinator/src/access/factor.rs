//! What proves people besides their passwords: code generators, passkeys and recovery codes.
//!
//! Knows who has what, what may still be tried, and which role takes one. Must not know HTTP.

mod alone;
#[cfg(test)]
pub(crate) mod authenticator;
mod error;
mod own;
mod passkey;
mod recovery;
mod second;
mod ticket;
mod totp;

pub use error::FactorError;
pub use own::{NewTotp, Raised};
pub use second::{Proof, SecondFactor};

use webauthn_rs::prelude::{DiscoverableAuthentication, PasskeyRegistration};
use wire::{id::Hash32, view::Factor};

use super::{Access, AccessError};
use crate::store::{StoreError, Tx, factors, people::Person, recovery_codes};
use passkey::Passkeys;
use second::Waiting;
use ticket::Tickets;
use totp::Generator;

/// How many sign-ins may wait for a second factor. A right password stands before each.
const MOST_WAITING: usize = 4_096;
/// How many challenges may wait for a passkey that nobody is known for: everybody may ask.
const MOST_CHALLENGES: usize = 4_096;

/// What is in the making. Nothing of it outlives a restart.
pub(super) struct Factors {
    /// How people's generators call this coordinator.
    issuer: String,
    passkeys: Option<Passkeys>,
    waiting: Tickets<Waiting>,
    challenges: Tickets<DiscoverableAuthentication>,
    /// By session: a generator that has to show its first code.
    generators: Tickets<Generator>,
    adding: Tickets<Adding>,
}

/// A passkey that is being made.
struct Adding {
    /// Whose session asked for it.
    session: Hash32,
    state: PasskeyRegistration,
}

impl Factors {
    pub(super) fn new(issuer: &str, public_url: &str) -> Self {
        Self {
            issuer: issuer.to_owned(),
            passkeys: Passkeys::at(public_url, issuer),
            waiting: Tickets::new(MOST_WAITING),
            challenges: Tickets::new(MOST_CHALLENGES),
            generators: Tickets::new(MOST_WAITING),
            adding: Tickets::new(MOST_WAITING),
        }
    }

    fn passkeys(&self) -> Result<&Passkeys, FactorError> {
        self.passkeys.as_ref().ok_or(FactorError::NoPasskeysHere)
    }
}

impl Access {
    /// Whether browsers take passkeys for the public URL.
    pub fn takes_passkeys(&self) -> bool {
        self.0.factors.passkeys.is_some()
    }

    /// What the person has, as far as it works here: a passkey that was made under another public URL does not.
    fn usable_factors(&self, tx: &Tx<'_>, person: &Person) -> Result<Vec<Factor>, StoreError> {
        let mut has = factors::of_person(tx, person.id)?;
        if !self.takes_passkeys() {
            has.retain(|factor| *factor != Factor::Passkey);
        }
        Ok(has)
    }

    /// Refuses to leave somebody without a factor whose role takes one.
    fn keeps_one(&self, tx: &Tx<'_>, person: &Person) -> Result<(), AccessError> {
        if self.usable_factors(tx, person)?.is_empty() && self.settings().requires_factor(person.role) {
            return Err(FactorError::LastFactor { role: person.role }.into());
        }
        if factors::of_person(tx, person.id)?.is_empty() {
            // Nothing is left that they would stand in for.
            recovery_codes::remove_all(tx, person.id)?;
        }
        Ok(())
    }
}
