//! The one place that speaks to `snow`: the pattern, the prologue, and entropy that is injected.

use rand_core::CryptoRng;
use snow::{
    Builder, HandshakeState,
    params::{CipherChoice, DHChoice, HashChoice},
    resolvers::{CryptoResolver, DefaultResolver},
    types::{Cipher, Dh, Hash, Random},
};
use zeroize::Zeroizing;

use crate::{channel::ChannelError, domain, identity::ChannelSecret};

const PATTERN: &str = "Noise_XX_25519_ChaChaPoly_SHA256";

/// The 32 bytes of the one ephemeral key that each side of XX draws.
#[derive(Clone)]
struct Ephemeral(Zeroizing<[u8; 32]>);

/// Gives those bytes once. A second draw would repeat a key, so it fails.
struct Once(Option<Ephemeral>);

impl Random for Once {
    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), snow::Error> {
        let bytes = self.0.take().ok_or(snow::Error::Rng)?;
        if out.len() != bytes.0.len() {
            return Err(snow::Error::Rng);
        }
        out.copy_from_slice(&*bytes.0);
        Ok(())
    }
}

struct Resolver(Ephemeral);

impl CryptoResolver for Resolver {
    fn resolve_rng(&self) -> Option<Box<dyn Random>> {
        Some(Box::new(Once(Some(self.0.clone()))))
    }
    fn resolve_dh(&self, choice: &DHChoice) -> Option<Box<dyn Dh>> {
        DefaultResolver.resolve_dh(choice)
    }
    fn resolve_hash(&self, choice: &HashChoice) -> Option<Box<dyn Hash>> {
        DefaultResolver.resolve_hash(choice)
    }
    fn resolve_cipher(&self, choice: &CipherChoice) -> Option<Box<dyn Cipher>> {
        DefaultResolver.resolve_cipher(choice)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Initiator,
    Responder,
}

pub(super) fn begin(
    side: Side,
    secret: &ChannelSecret,
    rng: &mut impl CryptoRng,
) -> Result<Box<HandshakeState>, ChannelError> {
    let mut ephemeral = Zeroizing::new([0; 32]);
    rng.fill_bytes(&mut *ephemeral);
    let build = || {
        let builder = Builder::with_resolver(PATTERN.parse()?, Box::new(Resolver(Ephemeral(ephemeral))))
            .prologue(domain::NOISE.as_bytes())?
            .local_private_key(secret.expose())?;
        match side {
            Side::Initiator => builder.build_initiator(),
            Side::Responder => builder.build_responder(),
        }
    };
    build().map(Box::new).map_err(|_| ChannelError::Spent)
}
