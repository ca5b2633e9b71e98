//! The secret keys: an Ed25519 signing key, X25519 secrets, and the sets of them that a program owns.
//!
//! Nothing here prints a secret: every `Debug` shows the public half.

use std::fmt;

use ed25519_dalek::{Signature, Signer as _, VerifyingKey};
use rand_core::CryptoRng;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

use crate::{
    domain::Domain,
    id::{
        AgentId, ChannelKey, CoordinatorId, OperatorKey, RootKey, SealKey, Signature64, SignerKey, TokenKey,
    },
    identity::KeyBinding,
    seal::SealSecret,
};

/// An Ed25519 key that signs domain-separated messages. Wiped when dropped.
#[derive(Clone)]
pub struct SigningKey(ed25519_dalek::SigningKey);

impl SigningKey {
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut seed = Zeroizing::new([0; 32]);
        rng.fill_bytes(&mut *seed);
        Self::from_seed(&seed)
    }

    /// From the 32-byte seed of RFC 8032 §5.1.5.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(seed))
    }

    pub fn seed(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes())
    }

    pub fn public(&self) -> SignerKey {
        SignerKey(self.0.verifying_key().to_bytes())
    }

    /// Signs `domain ‖ message`.
    pub fn sign(&self, domain: Domain, message: &[u8]) -> Signature64 {
        Signature64(self.0.sign(&domain.input(message)).to_bytes())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey(**redacted**, public {})", self.public())
    }
}

/// Strict Ed25519 verification over `domain ‖ message`: small-order keys and non-canonical encodings are refused.
#[must_use]
pub fn verify(key: &[u8; 32], domain: Domain, message: &[u8], signature: &Signature64) -> bool {
    VerifyingKey::from_bytes(key).is_ok_and(|key| {
        key.verify_strict(&domain.input(message), &Signature::from_bytes(&signature.0)).is_ok()
    })
}

macro_rules! named_signer {
    ($($name:ident),*) => {$(
        impl From<SignerKey> for $name {
            fn from(key: SignerKey) -> Self {
                Self(key.0)
            }
        }
        impl From<$name> for SignerKey {
            fn from(key: $name) -> Self {
                Self(key.0)
            }
        }
        impl PartialEq<$name> for SignerKey {
            fn eq(&self, other: &$name) -> bool {
                self.0 == other.0
            }
        }
    )*};
}
named_signer!(AgentId, CoordinatorId, OperatorKey, RootKey, TokenKey);

/// The X25519 secret of a Noise static key. Wiped when dropped.
#[derive(Clone)]
pub struct ChannelSecret(StaticSecret);

impl ChannelSecret {
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        Self(StaticSecret::random_from_rng(rng))
    }

    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(StaticSecret::from(*bytes))
    }

    pub fn public(&self) -> ChannelKey {
        ChannelKey(PublicKey::from(&self.0).to_bytes())
    }

    pub(crate) fn expose(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for ChannelSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChannelSecret(**redacted**, public {})", self.public())
    }
}

/// Everything an agent is: made once at its first start, kept in its key file.
#[derive(Clone, Debug)]
pub struct AgentKeys {
    pub identity: SigningKey,
    pub seal: SealSecret,
    pub channel: ChannelSecret,
    /// Counts from 1; a higher one replaces the sealing and channel keys under the same id.
    pub generation: u32,
}

impl AgentKeys {
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        Self {
            identity: SigningKey::generate(rng),
            seal: SealSecret::generate(rng),
            channel: ChannelSecret::generate(rng),
            generation: 1,
        }
    }

    pub fn id(&self) -> AgentId {
        self.identity.public().into()
    }

    pub fn seal_key(&self) -> SealKey {
        self.seal.public()
    }

    pub fn channel_key(&self) -> ChannelKey {
        self.channel.public()
    }

    pub fn binding(&self) -> KeyBinding {
        KeyBinding::sign(self)
    }
}

/// Everything a coordinator is: its id key signs dispatches and the audit chain, its channel key ends the Noise channel.
#[derive(Clone, Debug)]
pub struct CoordinatorKeys {
    pub identity: SigningKey,
    pub channel: ChannelSecret,
}

impl CoordinatorKeys {
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        Self { identity: SigningKey::generate(rng), channel: ChannelSecret::generate(rng) }
    }

    pub fn id(&self) -> CoordinatorId {
        self.identity.public().into()
    }

    pub fn channel_key(&self) -> ChannelKey {
        self.channel.public()
    }
}
