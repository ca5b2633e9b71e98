//! What a bundle holds once it is open, and how it is shown. Pure; whatever holds a secret is wiped.
//!
//! Names, places and even what is sealed were made by hosts, of which one may be a stranger's by now: nothing of it becomes a
//! line of a shell's, or a variable that makes restic start a program.

use std::{collections::BTreeMap, fmt::Write as _};

use serde::{Deserialize, Serialize};
use wire::{
    id::{AgentId, FleetId, RepositoryName},
    plan::Backend,
    seal::{BoxContext, Secret, SecretSlot, open},
    trust::Kit,
    view::{EscrowBox, EscrowBundle, EscrowHost},
};
use zeroize::{Zeroize, Zeroizing};

/// One host.
pub struct Opened {
    pub agent: AgentId,
    pub name: String,
    /// The name that its snapshots bear.
    pub hostname: String,
    repositories: Vec<Repository>,
    /// Hooks, pings: no repository needs them.
    others: Vec<(SecretSlot, Secret)>,
    /// Which did not open, and why.
    pub closed: Vec<(String, String)>,
}

/// Where one is, and what restic has to be told.
struct Repository {
    name: RepositoryName,
    location: String,
    /// Whether everything is there that it needs.
    lacks: Option<&'static str>,
    environment: Vec<(String, Zeroizing<String>)>,
}

const UNREADABLE: &str = "it is open, and not what it should be";

#[derive(Deserialize)]
struct Login {
    user: String,
    password: String,
}

impl Drop for Login {
    fn drop(&mut self) {
        self.password.zeroize();
    }
}

pub fn all(kit: &Kit, bundle: &EscrowBundle) -> Vec<Opened> {
    bundle.hosts.iter().map(|host| one(kit, bundle.fleet, host)).collect()
}

fn one(kit: &Kit, fleet: FleetId, host: &EscrowHost) -> Opened {
    let (mut held, mut closed) = (BTreeMap::new(), Vec::new());
    for sealed in &host.boxes {
        match opened(kit, fleet, host.agent, sealed) {
            Ok(secret) => drop(held.insert(sealed.slot.clone(), secret)),
            Err(why) => closed.push((sealed.slot.to_string(), why)),
        }
    }
    let mut repositories = Vec::new();
    for (name, backend) in &host.repositories {
        repositories.push(repository(name, backend, &host.hostname, &mut held, &mut closed));
    }
    Opened {
        agent: host.agent,
        name: host.name.clone(),
        hostname: host.hostname.clone(),
        repositories,
        others: held.into_iter().collect(),
        closed,
    }
}

fn opened(kit: &Kit, fleet: FleetId, agent: AgentId, sealed: &EscrowBox) -> Result<Secret, String> {
    let recovery = kit.recovery();
    if recovery.public() != sealed.recovery {
        return Err("it was sealed to another recovery key than this kit's".to_owned());
    }
    let context = BoxContext::escrow(fleet, agent, sealed.recovery, &sealed.slot, sealed.revision);
    open(&context, &recovery, &sealed.sealed).map_err(|_| {
        "the box does not open: it was changed, or is not of this host, slot or revision".to_owned()
    })
}

fn repository(
    name: &RepositoryName,
    backend: &Backend,
    hostname: &str,
    held: &mut BTreeMap<SecretSlot, Secret>,
    closed: &mut Vec<(String, String)>,
) -> Repository {
    let plain = backend.location();
    let mut environment = Vec::new();
    let mut put = |name: &str, value: Zeroizing<String>| environment.push((name.to_owned(), value));
    let mut left_out = |slot: &SecretSlot, why: String| closed.push((slot.to_string(), why));
    let login = SecretSlot::RepositoryLogin(name.clone());
    let mut located = Zeroizing::new(plain.clone());
    if let Some(secret) = held.remove(&login) {
        match serde_json::from_slice::<Login>(secret.expose()) {
            Ok(login) => located = with_login(&plain, &login, hostname),
            Err(_) => left_out(&login, UNREADABLE.to_owned()),
        }
    }
    put("RESTIC_REPOSITORY", located);
    let password = SecretSlot::RepositoryPassword(name.clone());
    let found = held.remove(&password);
    let lacks = found.is_none().then_some("its password is not in the bundle");
    if let Some(secret) = found {
        match secret.expose_text() {
            Some(text) => put("RESTIC_PASSWORD", Zeroizing::new(text.to_owned())),
            None => left_out(&password, UNREADABLE.to_owned()),
        }
    }
    if let Backend::S3 { region: Some(region), .. } = backend {
        put("AWS_DEFAULT_REGION", Zeroizing::new(region.clone()));
    }
    let slot = SecretSlot::RepositoryEnvironment(name.clone());
    if let Some(secret) = held.remove(&slot) {
        match serde_json::from_slice::<BTreeMap<String, String>>(secret.expose()) {
            Ok(values) => {
                for (name, value) in values {
                    let value = Zeroizing::new(value);
                    if backend.kind().environment().contains(&name.as_str()) {
                        put(&name, value);
                    } else {
                        let name = shown(&name);
                        left_out(&slot, format!("it sets {name}, which no such repository needs: left out"));
                    }
                }
            }
            Err(_) => left_out(&slot, UNREADABLE.to_owned()),
        }
    }
    Repository { name: name.clone(), location: plain, lacks, environment }
}

/// `rest:https://user:password@host/…`, which every version of restic reads. A user of nothing is the host's name.
fn with_login(location: &str, login: &Login, hostname: &str) -> Zeroizing<String> {
    let user = if login.user.is_empty() { hostname } else { &login.user };
    let at = location.find("://").map_or(location.len(), |at| at + 3);
    let (scheme, rest) = location.split_at(at);
    let password = percent(&login.password);
    Zeroizing::new(format!("{scheme}{}:{}@{rest}", *percent(user), *password))
}

/// RFC 3986 §2.1: everything that is not unreserved.
fn percent(text: &str) -> Zeroizing<String> {
    let mut out = Zeroizing::new(String::with_capacity(3 * text.len()));
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing into a text cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// For a person, and for a shell that reads it.
pub fn text(all: &[Opened]) -> Zeroizing<String> {
    let mut out = Zeroizing::new(String::with_capacity(64 * 1024));
    for host in all {
        // Writing into a text cannot fail.
        let _ = writeln!(
            out,
            "# {}: its snapshots bear the name {}; agent {}",
            shown(&host.name),
            shown(&host.hostname),
            host.agent
        );
        for repository in &host.repositories {
            let _ = writeln!(out, "#\n# repository {}: {}", repository.name, shown(&repository.location));
            if let Some(lacks) = repository.lacks {
                let _ = writeln!(out, "# {lacks}: it cannot be opened by this");
            }
            for (name, value) in &repository.environment {
                out.push_str("export ");
                out.push_str(name);
                out.push('=');
                quote(value, &mut out);
                out.push('\n');
            }
        }
        for (slot, _) in &host.others {
            let _ = writeln!(out, "# {slot}: opens too; --json shows it");
        }
        out.push('\n');
    }
    out
}

/// On one line, and without what would steer a terminal.
pub fn shown(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// As a POSIX shell takes it for one word.
fn quote(value: &str, out: &mut String) {
    out.push('\'');
    for part in value.split_inclusive('\'') {
        match part.strip_suffix('\'') {
            Some(before) => {
                out.push_str(before);
                out.push_str("'\\''");
            }
            None => out.push_str(part),
        }
    }
    out.push('\'');
}

#[derive(Serialize)]
struct HostJson<'a> {
    agent: AgentId,
    name: &'a str,
    hostname: &'a str,
    repositories: Vec<RepositoryJson<'a>>,
    others: BTreeMap<String, &'a str>,
    closed: BTreeMap<&'a str, &'a str>,
}

#[derive(Serialize)]
struct RepositoryJson<'a> {
    name: &'a RepositoryName,
    location: &'a str,
    /// With the secrets: for restic's environment.
    environment: BTreeMap<&'a str, &'a str>,
}

/// The same for a program.
pub fn json(all: &[Opened]) -> Zeroizing<String> {
    let hosts: Vec<HostJson<'_>> = all
        .iter()
        .map(|host| HostJson {
            agent: host.agent,
            name: &host.name,
            hostname: &host.hostname,
            repositories: host.repositories.iter().map(RepositoryJson::of).collect(),
            others: host
                .others
                .iter()
                .map(|(slot, secret)| (slot.to_string(), secret.expose_text().unwrap_or_default()))
                .collect(),
            closed: host.closed.iter().map(|(slot, why)| (slot.as_str(), why.as_str())).collect(),
        })
        .collect();
    // Texts by texts: it always serialises.
    let mut out = Zeroizing::new(serde_json::to_string_pretty(&hosts).unwrap_or_default());
    out.push('\n');
    out
}

impl<'a> RepositoryJson<'a> {
    fn of(repository: &'a Repository) -> Self {
        let environment = repository.environment.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        Self { name: &repository.name, location: &repository.location, environment: environment.collect() }
    }
}

#[cfg(test)]
mod tests;
