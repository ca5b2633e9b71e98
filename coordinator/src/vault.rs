//! The coordinator's own secrets at rest: XChaCha20-Poly1305 under a key derived from its key file.
//!
//! Knows bytes and the place that each belongs to. Must not know what they mean, nor where they are kept. Who has the
//! database and not the key file reads none of them; with another key file none of them opens.

use std::{fmt, sync::Arc};

use chacha20poly1305::{
    KeyInit as _, XChaCha20Poly1305, XNonce,
    aead::{Aead as _, Payload},
};
use hkdf::Hkdf;
use rand_core::Rng as _;
use sha2::Sha256;
use wire::{
    domain::{self, label},
    id::Hash32,
    identity::CoordinatorKeys,
};
use zeroize::Zeroizing;

use crate::world::World;

const NONCE_BYTES: usize = 24;

/// Closes secrets and opens them again. Cheap to clone.
#[derive(Clone)]
pub struct Vault {
    key: Arc<Zeroizing<[u8; 32]>>,
    world: World,
}

/// Whose secret it is: bytes that were moved to another row do not open there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// What a person's code generator knows, by the person's number.
    Totp(u32),
    /// The ID token that ends a session at its provider, by its person's number.
    IdToken(u32),
    /// What a sign-in at a provider needs to be finished, by the hash of its state.
    SsoState(Hash32),
    /// What a browser shows to say that its person signed in there before. It says itself whose it is.
    KnownDevice,
}

/// Changed, moved, or closed under another key file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a secret in the database does not open: it was changed, or coordinator.key is not the one that closed it. Restore both from the same backup"
)]
pub struct Sealed;

impl Vault {
    pub fn new(keys: &CoordinatorKeys, world: World) -> Self {
        let mut key = Zeroizing::new([0; 32]);
        Hkdf::<Sha256>::new(None, &*keys.identity.seed())
            .expand(label::COORDINATOR_AT_REST, &mut *key)
            .expect("HKDF-SHA256 gives up to 8160 bytes and 32 are asked for");
        Self { key: Arc::new(key), world }
    }

    /// `nonce(24) ‖ ciphertext`.
    pub fn close(&self, place: Place, secret: &[u8]) -> Vec<u8> {
        let mut nonce = [0; NONCE_BYTES];
        self.world.rng().fill_bytes(&mut nonce);
        let sealed = self
            .cipher()
            .encrypt(&XNonce::from(nonce), Payload { msg: secret, aad: &place.associated() })
            .expect("XChaCha20-Poly1305 takes up to 256 GiB and no secret here is near that");
        [nonce.as_slice(), &sealed].concat()
    }

    pub fn open(&self, place: Place, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Sealed> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or(Sealed)?;
        self.cipher()
            .decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: &place.associated() })
            .map(Zeroizing::new)
            .map_err(|_| Sealed)
    }

    /// What authenticators know a person by, here and nowhere else: it tells nobody who that is.
    pub fn handle(&self, person: u32) -> [u8; 16] {
        let mut handle = [0; 16];
        let info = [label::USER_HANDLE, &person.to_be_bytes()].concat();
        Hkdf::<Sha256>::from_prk(&**self.key)
            .and_then(|key| key.expand(&info, &mut handle).map_err(|_| hkdf::InvalidPrkLength))
            .expect("a key of 32 bytes gives 16 more");
        handle
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&**self.key).into())
    }
}

impl Place {
    /// Domain ‖ a byte for the kind ‖ what it belongs to.
    fn associated(self) -> Vec<u8> {
        let (kind, of): (u8, &[u8]) = match &self {
            Self::Totp(person) => (1, &person.to_be_bytes()),
            Self::IdToken(person) => (2, &person.to_be_bytes()),
            Self::SsoState(state) => (3, &state.0),
            Self::KnownDevice => (4, &[]),
        };
        [domain::COORDINATOR_AT_REST.as_bytes(), &[kind], of].concat()
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault(**redacted**)")
    }
}

#[cfg(test)]
mod tests {
    use wire::id::UnixMs;

    use super::*;

    const SECRET: &[u8] = b"correct horse battery staple";

    fn vault(world: &World) -> (Vault, CoordinatorKeys) {
        let keys = CoordinatorKeys::generate(&mut world.rng());
        (Vault::new(&keys, world.clone()), keys)
    }

    #[test]
    fn a_secret_comes_back_after_a_restart_and_its_bytes_do_not_show() {
        let (world, _) = World::fake(UnixMs(0), 1);
        let (vault, keys) = vault(&world);
        let (once, again) = (vault.close(Place::Totp(7), SECRET), vault.close(Place::Totp(7), SECRET));
        assert_ne!(once, again, "no nonce twice");
        assert!(!once.windows(7).any(|bytes| bytes == b"correct"));
        let restarted = Vault::new(&keys, world);
        for sealed in [once, again] {
            assert_eq!(restarted.open(Place::Totp(7), &sealed).unwrap().as_slice(), SECRET);
        }
    }

    #[test]
    fn what_was_changed_moved_or_closed_by_another_does_not_open() {
        let (world, _) = World::fake(UnixMs(0), 1);
        let (ours, _) = vault(&world);
        let (other, _) = vault(&world);
        let state = Hash32([3; 32]);
        let sealed = ours.close(Place::SsoState(state), SECRET);
        for place in [Place::IdToken(3), Place::SsoState(Hash32([4; 32])), Place::Totp(3)] {
            assert_eq!(ours.open(place, &sealed), Err(Sealed), "{place:?}");
        }
        assert_eq!(other.open(Place::SsoState(state), &sealed), Err(Sealed));
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(ours.open(Place::SsoState(state), &changed), Err(Sealed), "byte {at}");
            assert_eq!(ours.open(Place::SsoState(state), &sealed[..at]), Err(Sealed), "cut at {at}");
        }
        assert!(ours.open(Place::SsoState(state), &sealed).is_ok());
    }
}
