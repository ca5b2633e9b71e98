//! Whether an ID token is what it must be (OpenID Connect Core 1.0, section 3.1.3.7). Pure.
//!
//! Signature, issuer, audience, nonce and expiry are the library's; what it leaves to its user is here.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use openidconnect::{
    AccessToken, AccessTokenHash, ClaimsVerificationError, IdTokenVerifier, Nonce,
    SignatureVerificationError, core::CoreIdToken,
};
use serde_json::{Map, Value};
use wire::id::UnixMs;

use super::provider::Provider;

/// How far our clock and the provider's may be apart.
pub(super) const LEEWAY_MS: i64 = 60_000;

pub(super) const UNKNOWN_KEY: TokenProblem =
    TokenProblem::Unknown("it is signed with a key that the provider does not show");
pub(super) const UNKNOWN_ALGORITHM: TokenProblem =
    TokenProblem::Unknown("it is signed in a way that the provider does not announce for ID tokens");

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TokenProblem {
    /// The key, or the way to sign, may be newer than what is known of the provider.
    Unknown(&'static str),
    Other(String),
}

impl TokenProblem {
    pub fn into_words(self) -> String {
        match self {
            Self::Unknown(what) => what.to_owned(),
            Self::Other(what) => what,
        }
    }
}

/// A token that holds, with everything that it says.
#[derive(Clone, Debug)]
pub(super) struct Verified {
    pub subject: String,
    pub claims: Map<String, Value>,
}

/// `access` came with it.
pub(super) fn verify(
    provider: &Provider,
    token: &CoreIdToken,
    nonce: &Nonce,
    access: &AccessToken,
    now: UnixMs,
) -> Result<Verified, TokenProblem> {
    let other = |what: &str| TokenProblem::Other(what.to_owned());
    let latest = instant(now.plus_ms(LEEWAY_MS));
    // No secret is given to it: a signature by a shared secret is never one.
    let verifier = IdTokenVerifier::new_public_client(
        provider.client_id(),
        provider.issuer().clone(),
        provider.keys().clone(),
    )
    .set_allowed_algs(provider.algorithms())
    .set_time_fn(move || instant(now.plus_ms(-LEEWAY_MS)))
    .set_issue_time_verifier_fn(move |issued| {
        if issued > latest { Err("it was issued in the future".to_owned()) } else { Ok(()) }
    })
    // Whether others may be named beside us is decided below, by who it was issued to.
    .set_other_audience_verifier_fn(|_| true);
    let said = token.claims(&verifier, nonce).map_err(problem)?;
    let for_us = said.authorized_party().map(|party| party.as_str() == provider.set_up.client_id.as_str());
    match for_us {
        Some(false) => return Err(other("it was issued to another client")),
        None if said.audiences().len() > 1 => {
            return Err(other("it is for several audiences and does not say to which client it was issued"));
        }
        _ => {}
    }
    if let Some(hash) = said.access_token_hash() {
        let algorithm = token.signing_alg().map_err(|_| other("it is not signed"))?;
        let key = token.signing_key(&verifier).map_err(|_| UNKNOWN_KEY)?;
        let right = AccessTokenHash::from_token(access, algorithm, key);
        if right.ok().as_ref() != Some(hash) {
            return Err(other("it belongs to another access token"));
        }
    }
    let claims = payload(&token.to_string()).ok_or_else(|| other("it cannot be read"))?;
    if claims.get("nbf").and_then(Value::as_i64).is_some_and(|from| from > latest.timestamp()) {
        return Err(other("it is not valid yet"));
    }
    Ok(Verified { subject: said.subject().to_string(), claims })
}

/// The claims of a token whose signature holds.
pub(super) fn payload(token: &str) -> Option<Map<String, Value>> {
    let bytes = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    serde_json::from_slice(&bytes).ok()
}

fn instant(at: UnixMs) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(at.0).unwrap_or_default()
}

/// In words that name the part and, where that is no secret, what was found in it.
fn problem(error: ClaimsVerificationError) -> TokenProblem {
    match error {
        ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey) => {
            UNKNOWN_KEY
        }
        ClaimsVerificationError::SignatureVerification(SignatureVerificationError::DisallowedAlg(_)) => {
            UNKNOWN_ALGORITHM
        }
        ClaimsVerificationError::SignatureVerification(error) => {
            TokenProblem::Other(format!("its signature does not hold ({error})"))
        }
        ClaimsVerificationError::InvalidIssuer(what) => TokenProblem::Other(format!("its issuer: {what}")),
        ClaimsVerificationError::InvalidAudience(what) => {
            TokenProblem::Other(format!("its audience: {what}"))
        }
        ClaimsVerificationError::InvalidNonce(_) => {
            TokenProblem::Other("it does not belong to this sign-in (nonce)".to_owned())
        }
        ClaimsVerificationError::Expired(what) => TokenProblem::Other(format!("its time: {what}")),
        other => TokenProblem::Other(other.to_string()),
    }
}
