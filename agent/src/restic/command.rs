//! From what is wanted to argv and environment. Pure.
//!
//! Secrets stand in the environment alone: argv can be read by everybody on the host. The environment is built from
//! nothing; what the host's own is allowed to add arrives as an argument.

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
};

use wire::{
    id::GroupName,
    plan::{Backend, Group, Limits, Retention},
    seal::Secret,
};

use super::feature::Features;

/// Often enough for one progress event a second, whatever the beat of the two.
const PROGRESS_FPS: &str = "2";
/// For ssh and rclone, which restic starts by name.
const SEARCH_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A file of this name and this beginning lies in the agent's own directory: no backup enters a directory that holds
/// one, by whatever path it comes there.
pub const OWN_MARK: (&str, &str) = (".restic-manager-private", "no backup includes this directory");

/// What restic is to do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verb<'a> {
    Init,
    /// Opens the repository and prints its config: the cheapest proof that the password is right.
    CatConfig,
    Backup {
        group: &'a Group,
        tag: &'a GroupName,
        host: &'a str,
        /// Those of the group's that are to be backed up.
        includes: &'a [String],
        /// Directories of the agent itself, in every spelling.
        own_files: &'a [PathBuf],
    },
    /// Never with an empty policy: [`CallError::EmptyPolicy`].
    Forget {
        tag: &'a GroupName,
        host: &'a str,
        keep: &'a Retention,
    },
    Snapshots {
        id: Option<&'a str>,
    },
    Stats,
    /// Removes locks whose process is gone; never one that is alive.
    Unlock,
}

/// A repository and what opens it.
#[derive(Clone, Debug)]
pub struct Access {
    pub backend: Backend,
    pub password: Secret,
    /// A REST server's.
    pub login: Option<Login>,
    /// Names that the backend's table allows.
    pub environment: BTreeMap<String, Secret>,
}

/// A blank user means the host's name.
#[derive(Clone, Debug)]
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
pub const INHERITED: [&str; 10] = [
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NO_PROXY",
    "https_proxy",
    "http_proxy",
    "no_proxy",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "TMPDIR",
    "TZ",
];

/// A command line, ready to be run.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    pub args: Vec<String>,
    pub env: Vec<(String, Value)>,
    pub nice: Option<i8>,
}

/// The value of an environment name. A secret one prints `**redacted**`.
#[derive(Clone, PartialEq)]
pub enum Value {
    Plain(String),
    Secret(Secret),
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(text) => fmt::Debug::fmt(text, f),
            Self::Secret(secret) => fmt::Debug::fmt(secret, f),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    #[error(
        "a policy that keeps nothing would remove every snapshot of the group: set at least one keep rule"
    )]
    EmptyPolicy,
    #[error(
        "the environment name {0} is not allowed for this kind of destination: set the secret again without it"
    )]
    Environment(String),
    #[error("the {0} is not text: set the secret again")]
    NotText(&'static str),
}

pub fn call(
    verb: Verb<'_>,
    access: &Access,
    surroundings: &Surroundings,
    limits: &Limits,
    features: &Features,
) -> Result<Call, CallError> {
    let mut args = arguments(verb, features)?;
    // Before the paths of a backup, which stand behind `--`.
    let mut at = args.iter().position(|arg| arg == "--").unwrap_or(args.len());
    for (flag, limit) in
        [("--limit-upload", limits.upload_kib_s), ("--limit-download", limits.download_kib_s)]
    {
        if let Some(limit) = limit {
            args.insert(at, format!("{flag}={limit}"));
            at += 1;
        }
    }
    Ok(Call { args, env: environment(access, surroundings, features)?, nice: limits.nice })
}

fn arguments(verb: Verb<'_>, features: &Features) -> Result<Vec<String>, CallError> {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    Ok(match verb {
        Verb::Init => words(&["init", "--json"]),
        Verb::CatConfig => words(&["cat", "config", "--json", "--no-lock"]),
        Verb::Snapshots { id: None } => words(&["snapshots", "--json", "--no-lock"]),
        Verb::Snapshots { id: Some(id) } => words(&["snapshots", "--json", "--no-lock", "--", id]),
        Verb::Stats => words(&["stats", "--json", "--mode=raw-data"]),
        Verb::Unlock => words(&["unlock"]),
        Verb::Backup { group, tag, host, includes, own_files } => {
            let mut args = words(&["backup", "--json"]);
            args.extend([format!("--host={host}"), format!("--tag={tag}")]);
            if features.backup_group_by {
                args.push("--group-by=host,tags".to_owned());
            }
            if group.one_file_system {
                args.push("--one-file-system".to_owned());
            }
            args.extend(group.excludes.iter().map(|pattern| format!("--exclude={pattern}")));
            args.extend(group.exclude_if_present.iter().map(|name| format!("--exclude-if-present={name}")));
            // The last pattern that matches decides, and one of the group's may begin with `!`, which takes back in.
            args.extend(own_files.iter().map(|path| format!("--exclude={}", literal(path))));
            args.push(format!("--exclude-if-present={}:{}", OWN_MARK.0, OWN_MARK.1));
            args.push("--".to_owned());
            args.extend(includes.iter().cloned());
            args
        }
        Verb::Forget { tag, host, keep } => {
            let mut args = words(&["forget", "--json"]);
            // All snapshots of the group are one series, whatever paths it had when they were made.
            args.extend([format!("--host={host}"), format!("--tag={tag}"), "--group-by=host".to_owned()]);
            let rules = keep_rules(keep);
            if rules.is_empty() {
                return Err(CallError::EmptyPolicy);
            }
            args.extend(rules);
            args
        }
    })
}

fn keep_rules(keep: &Retention) -> Vec<String> {
    let counts = [
        ("last", keep.keep_last),
        ("hourly", keep.keep_hourly),
        ("daily", keep.keep_daily),
        ("weekly", keep.keep_weekly),
        ("monthly", keep.keep_monthly),
        ("yearly", keep.keep_yearly),
    ];
    let counts = counts.into_iter().filter(|(_, n)| *n > 0).map(|(rule, n)| format!("--keep-{rule}={n}"));
    let within = keep.keep_within.as_deref().filter(|within| within.contains(|c| matches!(c, '1'..='9')));
    counts.chain(within.map(|within| format!("--keep-within={within}"))).collect()
}

/// A path as an exclude pattern that matches it alone (Go's `filepath.Match`).
fn literal(path: &Path) -> String {
    let path = path.to_string_lossy();
    let mut pattern = String::with_capacity(path.len());
    for c in path.chars() {
        if matches!(c, '*' | '?' | '[' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern
}

fn environment(
    access: &Access,
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
    let allowed = access.backend.kind().environment();
    for (name, value) in &access.environment {
        if !allowed.contains(&name.as_str()) {
            return Err(CallError::Environment(name.clone()));
        }
        put(name, Value::Secret(value.clone()));
    }
    if let Backend::S3 { region: Some(region), .. } = &access.backend {
        put("AWS_DEFAULT_REGION", Value::Plain(region.clone()));
    }
    let location = access.backend.location();
    match (&access.login, &access.backend) {
        (Some(login), Backend::Rest { .. }) if features.login_in_environment() => {
            put("RESTIC_REST_USERNAME", Value::Plain(login.user.clone()));
            put("RESTIC_REST_PASSWORD", Value::Secret(login.password.clone()));
            put("RESTIC_REPOSITORY", Value::Plain(location));
        }
        (Some(login), Backend::Rest { .. }) => {
            put("RESTIC_REPOSITORY", Value::Secret(with_login(&location, login)?));
        }
        _ => {
            put("RESTIC_REPOSITORY", Value::Plain(location));
        }
    }
    Ok(env.into_iter().collect())
}

/// `rest:https://user:password@host/…` for versions that know no other way.
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

#[cfg(test)]
mod tests;
