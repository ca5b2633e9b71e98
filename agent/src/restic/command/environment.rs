//! The environment that restic gets: built from nothing, and the only place where secrets stand.

use std::collections::BTreeMap;

use wire::{plan::Backend, seal::Secret};

use super::{CallError, SEARCH_PATH, Value};
use crate::restic::feature::{Feature, Features};

/// Often enough for one progress event a second, whatever the beat of the two.
const PROGRESS_FPS: &str = "2";

/// A repository and what opens it.
#[derive(Clone, Debug, PartialEq)]
pub struct Access {
    pub backend: Backend,
    pub password: Secret,
    /// A REST server's.
    pub login: Option<Login>,
    /// Names that the backend's table allows.
    pub environment: BTreeMap<String, Secret>,
}

/// A blank user means the host's name.
#[derive(Clone, Debug, PartialEq)]
pub struct Login {
    pub user: String,
    pub password: Secret,
}

/// Where restic runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Surroundings {
    pub home: String,
    pub cache: String,
    /// From the host's environment, by the allow-list [`INHERITED`].
    pub inherited: Vec<(String, String)>,
}

/// What restic may see of the agent's own environment: where it goes out, whom it trusts, which zone it lives in.
pub const INHERITED: [&str; 11] = [
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NO_PROXY",
    // Where root's rclone has its remotes, when not in its home: only the service's own unit can say so.
    "RCLONE_CONFIG",
    "https_proxy",
    "http_proxy",
    "no_proxy",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "TMPDIR",
    "TZ",
];

/// With `from`, the repository that something is taken from besides.
pub(super) fn environment(
    access: &Access,
    from: Option<&Access>,
    surroundings: &Surroundings,
    features: &Features,
) -> Result<Vec<(String, Value)>, CallError> {
    let mut env: BTreeMap<String, Value> = BTreeMap::new();
    let mut put = |name: &str, value: Value| env.insert(name.to_owned(), value);
    for (name, value) in &surroundings.inherited {
        if INHERITED.contains(&name.as_str()) {
            put(name, Value::Plain(value.clone()));
        }
    }
    put("PATH", Value::Plain(SEARCH_PATH.to_owned()));
    put("HOME", Value::Plain(surroundings.home.clone()));
    put("RESTIC_CACHE_DIR", Value::Plain(surroundings.cache.clone()));
    put("RESTIC_PROGRESS_FPS", Value::Plain(PROGRESS_FPS.to_owned()));
    put("RESTIC_PASSWORD", Value::Secret(access.password.clone()));
    for (name, value) in own(access)? {
        put(&name, value);
    }
    let Some(from) = from else {
        let location = access.backend.location();
        match (&access.login, &access.backend) {
            (Some(login), Backend::Rest { .. }) if features.has(Feature::LoginInEnvironment) => {
                put("RESTIC_REST_USERNAME", Value::Plain(login.user.clone()));
                put("RESTIC_REST_PASSWORD", Value::Secret(login.password.clone()));
                put("RESTIC_REPOSITORY", Value::Plain(location));
            }
            _ => drop(put("RESTIC_REPOSITORY", located(access)?)),
        }
        return Ok(env.into_iter().collect());
    };
    // The login's own variables would go to both servers.
    put("RESTIC_REPOSITORY", located(access)?);
    put("RESTIC_FROM_REPOSITORY", located(from)?);
    put("RESTIC_FROM_PASSWORD", Value::Secret(from.password.clone()));
    let clashes = clashes(access, from)?;
    if !clashes.is_empty() {
        return Err(CallError::Clash(clashes));
    }
    for (name, value) in own(from)? {
        put(&name, value);
    }
    Ok(env.into_iter().collect())
}

/// The names that both repositories need with different values: restic has one environment for both.
pub fn clashes(one: &Access, other: &Access) -> Result<Vec<String>, CallError> {
    let (one, other) = (own(one)?, own(other)?);
    let bytes = |value: &Value| match value {
        Value::Plain(text) => text.as_bytes().to_vec(),
        Value::Secret(secret) => secret.expose().to_vec(),
    };
    let differs = |(name, value): &(&String, &Value)| {
        other.get(*name).is_some_and(|there| bytes(there) != bytes(value))
    };
    Ok(one.iter().filter(differs).map(|(name, _)| name.clone()).collect())
}

/// What a backend reads under names of its own.
fn own(access: &Access) -> Result<BTreeMap<String, Value>, CallError> {
    let allowed = access.backend.kind().environment();
    let mut own = BTreeMap::new();
    for (name, value) in &access.environment {
        if !allowed.contains(&name.as_str()) {
            return Err(CallError::Environment(name.clone()));
        }
        own.insert(name.clone(), Value::Secret(value.clone()));
    }
    if let Backend::S3 { region: Some(region), .. } = &access.backend {
        own.insert("AWS_DEFAULT_REGION".to_owned(), Value::Plain(region.clone()));
    }
    Ok(own)
}

/// The destination as restic spells it, with a REST server's login in it: every version reads it there.
fn located(access: &Access) -> Result<Value, CallError> {
    let location = access.backend.location();
    match (&access.login, &access.backend) {
        (Some(login), Backend::Rest { .. }) => Ok(Value::Secret(with_login(&location, login)?)),
        _ => Ok(Value::Plain(location)),
    }
}

/// `rest:https://user:password@host/…`
fn with_login(location: &str, login: &Login) -> Result<Secret, CallError> {
    let password = login.password.expose_text().ok_or(CallError::NotText("login's password"))?;
    let credentials = format!("{}:{}@", percent(&login.user), percent(password));
    let at = location.find("://").map_or(location.len(), |at| at + 3);
    let (scheme, rest) = location.split_at(at);
    Ok(Secret::new(format!("{scheme}{credentials}{rest}").into_bytes()))
}

/// RFC 3986 §2.1: everything that is not unreserved.
pub fn percent(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let digit = |n: u8| char::from_digit(u32::from(n), 16).unwrap_or('0').to_ascii_uppercase();
            out.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        }
        out
    })
}
