//! Whether a logout token is what it must be (OpenID Connect Back-Channel Logout 1.0, section 2.6). Pure.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use openidconnect::{
    JsonWebKey, JsonWebKeyAlgorithm,
    core::{CoreJsonWebKey, CoreJsonWebKeyType, CoreJwsSigningAlgorithm},
};
use serde::Deserialize;
use serde_json::{Map, Value};
use wire::{
    domain::sha256,
    id::{Hash32, UnixMs},
};

use super::{
    provider::Provider,
    token::{LEEWAY_MS, TokenProblem, UNKNOWN_ALGORITHM, UNKNOWN_KEY, payload},
};

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// One that is older was held back by somebody.
const MOST_AGE_MS: i64 = 5 * 60_000;

/// Whom a provider signed out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SignedOut {
    pub whom: Whom,
    /// What names the token, so that it counts once.
    pub name: Hash32,
    /// From when on its age refuses it.
    pub stale_at: UnixMs,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Whom {
    /// One session, and whose it is where that is said too.
    Session { sid: String, subject: Option<String> },
    /// All of a person's.
    Person { subject: String },
}

#[derive(Deserialize)]
struct Header {
    alg: CoreJwsSigningAlgorithm,
    kid: Option<String>,
    typ: Option<String>,
    crit: Option<Value>,
}

#[derive(Deserialize)]
struct Said {
    iss: String,
    aud: Audience,
    iat: i64,
    exp: Option<i64>,
    jti: String,
    sub: Option<String>,
    sid: Option<String>,
    events: Map<String, Value>,
    nonce: Option<Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

pub(super) fn verify(provider: &Provider, token: &str, now: UnixMs) -> Result<SignedOut, TokenProblem> {
    let other = |what: &str| TokenProblem::Other(what.to_owned());
    check_signature(provider, token)?;
    let claims = payload(token).ok_or_else(|| other("it cannot be read"))?;
    let said: Said = serde_json::from_value(Value::Object(claims))
        .map_err(|error| TokenProblem::Other(format!("its claims: {error}")))?;
    if said.iss != provider.set_up.issuer {
        return Err(other("it has another issuer"));
    }
    let ours = match &said.aud {
        Audience::One(audience) => *audience == provider.set_up.client_id,
        Audience::Several(audiences) => audiences.contains(&provider.set_up.client_id),
    };
    if !ours {
        return Err(other("it is for another client"));
    }
    let issued = UnixMs(said.iat.saturating_mul(1_000));
    let stale_at = issued.plus_ms(MOST_AGE_MS + LEEWAY_MS);
    if issued > now.plus_ms(LEEWAY_MS) {
        return Err(other("it was issued in the future"));
    }
    let expired = said.exp.is_some_and(|exp| UnixMs(exp.saturating_mul(1_000)) <= now.plus_ms(-LEEWAY_MS));
    if expired || stale_at <= now {
        return Err(other("it is too old"));
    }
    if !said.events.get(EVENT).is_some_and(Value::is_object) {
        return Err(other("it tells of no logout"));
    }
    if said.nonce.is_some() {
        return Err(other("it has a nonce, as only ID tokens may"));
    }
    if said.jti.is_empty() {
        return Err(other("it has no name (jti)"));
    }
    let whom = match (said.sid, said.sub) {
        (Some(sid), subject) => Whom::Session { sid, subject },
        (None, Some(subject)) => Whom::Person { subject },
        (None, None) => return Err(other("it does not say whom it is about")),
    };
    let name = sha256(format!("{}\0{}", provider.set_up.id, said.jti).as_bytes());
    Ok(SignedOut { whom, name, stale_at })
}

fn check_signature(provider: &Provider, token: &str) -> Result<(), TokenProblem> {
    let other = |what: &str| TokenProblem::Other(what.to_owned());
    let (signed, signature) = token.rsplit_once('.').ok_or_else(|| other("it is no token"))?;
    let (header, _) = signed.split_once('.').ok_or_else(|| other("it is no token"))?;
    let header = URL_SAFE_NO_PAD.decode(header).map_err(|_| other("it is no token"))?;
    let header: Header = serde_json::from_slice(&header)
        .map_err(|error| TokenProblem::Other(format!("its header: {error}")))?;
    let typ = header.typ.as_deref().map(str::to_ascii_lowercase);
    let typ = typ.as_deref().map(|typ| typ.strip_prefix("application/").unwrap_or(typ));
    if !matches!(typ, None | Some("jwt" | "logout+jwt")) {
        return Err(other("it is a token for something else"));
    }
    if header.crit.is_some() {
        return Err(other("it wants to be understood in ways that are not known here"));
    }
    if !provider.algorithms().contains(&header.alg) {
        return Err(UNKNOWN_ALGORITHM);
    }
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| other("it is no token"))?;
    let fits = |key: &&CoreJsonWebKey| {
        let named = header.kid.as_deref().is_none_or(|kid| key.key_id().is_some_and(|id| id.as_str() == kid));
        named && may_sign(key, &header.alg)
    };
    let mut keys = provider.keys().keys().iter().filter(fits).peekable();
    if keys.peek().is_none() {
        return Err(UNKNOWN_KEY);
    }
    if keys.any(|key| key.verify_signature(&header.alg, signed.as_bytes(), &signature).is_ok()) {
        Ok(())
    } else {
        Err(other("its signature does not hold"))
    }
}

/// Whether the key is of the algorithm's kind, and its owner means it for signatures in this way.
fn may_sign(key: &CoreJsonWebKey, algorithm: &CoreJwsSigningAlgorithm) -> bool {
    use openidconnect::{JwsSigningAlgorithm as _, core::CoreJsonWebKeyUse};
    let kind = algorithm.key_type().is_some_and(|kind: CoreJsonWebKeyType| kind == *key.key_type());
    let meant = key.key_use().is_none_or(|meant| *meant == CoreJsonWebKeyUse::Signature);
    let this_way = match key.signing_alg() {
        JsonWebKeyAlgorithm::Algorithm(only) => only == algorithm,
        JsonWebKeyAlgorithm::Unspecified => true,
        JsonWebKeyAlgorithm::Unsupported => false,
    };
    kind && meant && this_way
}
