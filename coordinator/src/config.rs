//! What the coordinator is told: `coordinator.toml` in its data directory, the environment, and flags, in rising order.
//!
//! Knows names, defaults and what makes them valid. Must not know what is done with them.

mod decide;
mod given;
mod keys;
mod live;
mod settings;
mod shown;
mod sso;

pub use given::{Origin, Problem};
pub use keys::{ENVIRONMENT, KEYS, Key, SSO_KEYS};
pub use live::{Live, Reload};
pub use settings::{AuditCopy, AuditSettings, DownloadSettings, SessionTimes, WebOrigin};
pub use shown::{NOTHING, Shown};
pub use sso::SsoProvider;

use std::{
    collections::BTreeMap,
    fmt, fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use ipnet::IpNet;
use serde::Deserialize;
use wire::trust::Role;

use given::Given;

pub const FILE: &str = "coordinator.toml";

/// What the command line says; it wins over everything else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    pub listen: Option<SocketAddr>,
    /// What people and agents reach it by; feeds links, cookies and install commands.
    pub public_url: Option<String>,
    pub name: Option<String>,
    pub tls: Option<Tls>,
    /// A PEM file with the certificate chain.
    pub certificate: Option<PathBuf>,
    /// A PEM file with its private key.
    pub private_key: Option<PathBuf>,
    /// Where the agent's binary for an architecture (`uname -m`) lies; added to those of the file.
    pub agent_binaries: BTreeMap<String, PathBuf>,
}

/// Whether the port speaks TLS when no certificate is given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Tls {
    /// Beyond loopback: with a certificate that it makes itself.
    #[default]
    Auto,
    /// Never: a proxy in front of it does.
    Off,
}

/// Everything decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    pub data: PathBuf,
    pub listen: SocketAddr,
    /// Without a trailing slash; `None` means that it follows from the address that was bound.
    pub public_url: Option<String>,
    pub name: String,
    pub tls: TlsWanted,
    pub agent_binaries: BTreeMap<String, PathBuf>,
    /// Whose `X-Forwarded-*` headers count.
    pub trusted_proxies: Vec<IpNet>,
    /// Panels that are served from elsewhere. Not empty only where the public URL is https.
    pub cors_origins: Vec<WebOrigin>,
    pub sessions: SessionTimes,
    /// Roles that sign in with a second factor or not at all.
    pub second_factor: Vec<Role>,
    pub sso: Vec<SsoProvider>,
    pub audit: AuditSettings,
    pub downloads: DownloadSettings,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TlsWanted {
    Plain,
    SelfMade,
    Files { certificate: PathBuf, private_key: PathBuf },
}

#[derive(Debug)]
pub enum ConfigError {
    Unreadable {
        path: PathBuf,
        error: io::Error,
    },
    /// At least one, in the order of the file.
    Invalid(Vec<Problem>),
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { path, error } => write!(f, "{} cannot be read: {error}", path.display()),
            Self::Invalid(problems) => {
                f.write_str("the configuration is not valid")?;
                problems.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
            }
        }
    }
}

impl std::error::Error for ConfigError {}

impl Config {
    /// Reads the file in `data`, if there is one, and lays those of `environment` that are ours and the flags over it.
    pub fn load(
        data: &Path,
        environment: impl IntoIterator<Item = (String, String)>,
        flags: Flags,
    ) -> Result<Self, ConfigError> {
        let text = read(&data.join(FILE))?;
        let mut given = Given::default();
        given.lay_file(&text);
        given.lay_environment(environment);
        given.lay_flags(&flags);
        decide::decide(data, given, flags.agent_binaries).map_err(ConfigError::Invalid)
    }

    /// What holds when nothing is said.
    pub fn defaults(data: &Path) -> Self {
        decide::decide(data, Given::default(), BTreeMap::new()).expect("the defaults are valid")
    }

    /// What is dangerous about where it listens, and what to do about it.
    pub fn exposure(&self) -> Option<String> {
        (self.tls == TlsWanted::Plain && !self.listen.ip().is_loopback()).then(|| {
            format!(
                "DANGER: {} is reachable from other machines and speaks plain HTTP. Whoever is on the way reads passwords and \
                 sessions and can change every page. Listen on 127.0.0.1 behind a proxy that speaks TLS; or set `certificate` \
                 and `private_key`; or leave `tls = \"off\"` out, and it makes a certificate itself",
                self.listen
            )
        })
    }

    /// Whether people reach it by https, as far as is said.
    pub fn is_secure(&self) -> bool {
        self.public_url.as_deref().is_some_and(|url| url.starts_with("https://"))
    }
}

/// The environment of this process, without what is not text: no name of ours is.
pub fn environment() -> Vec<(String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

fn read(path: &Path) -> Result<String, ConfigError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(ConfigError::Unreadable { path: path.to_owned(), error }),
    }
}

#[cfg(test)]
mod tests;
