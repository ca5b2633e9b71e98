//! Tokens: an admission given in advance, redeemed by whoever holds the seed.
//!
//! The seed travels in the install command; coordinator and document hold public halves alone.

use std::{fmt, str::FromStr};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use crate::{
    action::SealedSecret,
    domain::{self, Domain, label},
    id::{FleetId, SealKey, Signature64, TokenKey, UnixMs},
    identity::{KeyBinding, SigningKey, verify},
    plan::Plan,
    seal::SealSecret,
    trust::{Document, kit::derive},
};

const PREFIX: &str = "rmt_";

/// A token's terms, signed by an operator or admin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct Token {
    pub fleet: FleetId,
    pub token: TokenKey,
    /// What the secrets below are sealed to.
    pub seal: SealKey,
    /// `*` stands for anything, so `web-*` admits `web-7`.
    pub name_pattern: String,
    #[serde(default)]
    pub tags: Vec<String>,
    /// How many agents it admits.
    pub uses: u32,
    pub issued_at: UnixMs,
    pub expires_at: UnixMs,
    /// The first plan of whoever redeems it.
    #[serde(default)]
    pub plan: Option<Plan>,
    #[serde(default)]
    pub secrets: Vec<SealedSecret>,
}

impl Document for Token {
    const DOMAIN: Domain = domain::TOKEN;
    const NAME: &'static str = "token";
}

/// The token key's signature over the redeeming agent's binding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS, ToSchema)]
#[serde(transparent)]
#[ts(type = "string")]
pub struct TokenProof(pub Signature64);

impl TokenProof {
    #[must_use]
    pub fn verify(&self, token: &TokenKey, binding: &KeyBinding) -> bool {
        verify(&token.0, domain::TOKEN_PROOF, &binding.to_bytes(), &self.0)
    }
}

/// What the install command carries: `rmt_` and 32 bytes in base64url.
#[derive(Clone)]
pub struct TokenSeed(Zeroizing<[u8; 32]>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "that is not a token: it begins with `rmt_` and has 47 characters; copy the whole of it from the panel"
)]
pub struct TokenSeedError;

/// The two key pairs that a seed stands for.
#[derive(Clone, Debug)]
pub struct TokenKeys {
    pub sign: SigningKey,
    pub seal: SealSecret,
}

impl TokenSeed {
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut seed = Zeroizing::new([0; 32]);
        rng.fill_bytes(&mut *seed);
        Self(seed)
    }

    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(Zeroizing::new(*bytes))
    }

    /// The text for the install command: a secret, so there is no `Display`.
    pub fn expose_text(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("{PREFIX}{}", *Zeroizing::new(URL_SAFE_NO_PAD.encode(*self.0))))
    }

    pub fn keys(&self) -> TokenKeys {
        TokenKeys {
            sign: SigningKey::from_seed(&derive(&self.0, label::TOKEN_SIGN)),
            seal: SealSecret::from_bytes(&derive(&self.0, label::TOKEN_SEAL)),
        }
    }
}

impl TokenKeys {
    pub fn token(&self) -> TokenKey {
        self.sign.public().into()
    }

    /// Proves to whoever knows the token's key that this agent holds its seed.
    pub fn prove(&self, binding: &KeyBinding) -> TokenProof {
        TokenProof(self.sign.sign(domain::TOKEN_PROOF, &binding.to_bytes()))
    }
}

impl FromStr for TokenSeed {
    type Err = TokenSeedError;
    fn from_str(text: &str) -> Result<Self, TokenSeedError> {
        let encoded = text.trim().strip_prefix(PREFIX).ok_or(TokenSeedError)?;
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(encoded).map_err(|_| TokenSeedError)?);
        bytes.as_slice().try_into().map(|seed| Self(Zeroizing::new(seed))).map_err(|_| TokenSeedError)
    }
}

impl fmt::Debug for TokenSeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenSeed(**redacted**)")
    }
}
