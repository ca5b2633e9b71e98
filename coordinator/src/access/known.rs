//! Browsers where a person signed in before. One shows what it was given then, and its tries are counted by themselves:
//! a stranger who guesses at somebody's password from elsewhere does not keep them out.
//!
//! It lets nobody in and says nothing to whoever holds it.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use wire::id::{Hash32, UnixMs};

use crate::{
    store::people::PersonId,
    vault::{Place, Vault},
};

/// How long a browser is remembered; each sign-in begins it anew.
pub const LIFE_MS: i64 = 400 * 24 * 3_600_000;

/// What the browser keeps.
#[derive(Clone, PartialEq, Eq)]
pub struct KnownDevice(String);

impl KnownDevice {
    /// `device`: 32 random bytes, its name in the count of tries.
    pub(super) fn new(vault: &Vault, person: PersonId, device: [u8; 32], now: UnixMs) -> Self {
        let plain = [&person.0.to_be_bytes()[..], &device, &now.0.to_be_bytes()].concat();
        Self(URL_SAFE_NO_PAD.encode(vault.close(Place::KnownDevice, &plain)))
    }

    pub fn expose(&self) -> &str {
        &self.0
    }

    /// As a browser shows it; nothing is believed yet.
    pub fn shown(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// `None`: not ours, another person's, or too old.
    pub(super) fn of(&self, vault: &Vault, person: PersonId, now: UnixMs) -> Option<Hash32> {
        let plain = vault.open(Place::KnownDevice, &URL_SAFE_NO_PAD.decode(&self.0).ok()?).ok()?;
        let (whose, rest) = plain.split_first_chunk::<4>()?;
        let (device, at) = rest.split_first_chunk::<32>()?;
        let at = i64::from_be_bytes(at.try_into().ok()?);
        let counts = u32::from_be_bytes(*whose) == person.0 && now.0.saturating_sub(at) < LIFE_MS;
        counts.then_some(Hash32(*device))
    }
}

impl std::fmt::Debug for KnownDevice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KnownDevice(**redacted**)")
    }
}

#[cfg(test)]
mod tests {
    use wire::identity::CoordinatorKeys;

    use super::*;
    use crate::world::World;

    #[test]
    fn a_browser_is_known_for_its_own_person_and_a_year() {
        let (world, _) = World::fake(UnixMs(0), 1);
        let vault = Vault::new(&CoordinatorKeys::generate(&mut world.rng()), world.clone());
        let other = Vault::new(&CoordinatorKeys::generate(&mut world.rng()), world);
        let (alice, now) = (PersonId(1), UnixMs(1_000));
        let known = KnownDevice::new(&vault, alice, [7; 32], now);
        let read = |vault, text: &str, person, now| KnownDevice::shown(text).of(vault, person, now);
        assert_eq!(read(&vault, known.expose(), alice, now), Some(Hash32([7; 32])));
        assert_eq!(read(&vault, known.expose(), PersonId(2), now), None);
        assert_eq!(read(&other, known.expose(), alice, now), None);
        assert_eq!(read(&vault, known.expose(), alice, now.plus_ms(LIFE_MS)), None);
        for text in ["", "x", "ü", &known.expose()[1..]] {
            assert_eq!(read(&vault, text, alice, now), None, "{text}");
        }
    }
}
