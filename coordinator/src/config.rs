//! What the coordinator is told when it starts: `coordinator.toml` in its data directory, and flags, which win.
//!
//! Knows names, defaults and what makes them valid. Must not know what is done with them.

use std::{
    collections::BTreeMap,
    fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use serde::Deserialize;

const FILE: &str = "coordinator.toml";
const DEFAULT_LISTEN: &str = "127.0.0.1:7700";
const DEFAULT_NAME: &str = "coordinator";

/// The keys of `coordinator.toml`, all optional. Flags have the same names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Given {
    pub listen: Option<SocketAddr>,
    /// What people and agents reach it by; feeds links, cookies and install commands.
    pub public_url: Option<String>,
    pub name: Option<String>,
    pub tls: Option<Tls>,
    /// A PEM file with the certificate chain.
    pub certificate: Option<PathBuf>,
    /// A PEM file with its private key.
    pub private_key: Option<PathBuf>,
    /// Where the agent's binary for an architecture (`uname -m`) lies.
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
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TlsWanted {
    Plain,
    SelfMade,
    Files { certificate: PathBuf, private_key: PathBuf },
}

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("{path} cannot be read: {error}", path = .path.display())]
    Unreadable { path: PathBuf, error: io::Error },
    #[error("{path} is not valid: {error}", path = .path.display())]
    Invalid { path: PathBuf, error: Box<toml::de::Error> },
    #[error(
        "`{0}` is not a public URL: write http:// or https://, a host, and a port where it is not the usual one"
    )]
    PublicUrl(String),
    #[error("`{0}` is not a name: use 1 to 200 printable characters")]
    Name(String),
    #[error("a certificate and its private key belong together: give both or none")]
    HalfCertificate,
}

impl Config {
    /// Reads the file in `data`, if there is one, and lays the flags over it.
    pub fn load(data: &Path, flags: Given) -> Result<Self, ConfigError> {
        Self::decide(data, read(&data.join(FILE))?, flags)
    }

    fn decide(data: &Path, file: Given, flags: Given) -> Result<Self, ConfigError> {
        let listen = match flags.listen.or(file.listen) {
            Some(listen) => listen,
            None => DEFAULT_LISTEN.parse().expect("the default address is one"),
        };
        let public_url = flags.public_url.or(file.public_url).map(|url| public_url(&url)).transpose()?;
        let name = flags.name.or(file.name).unwrap_or_else(|| DEFAULT_NAME.to_owned());
        if name.trim().is_empty() || name.chars().count() > 200 || name.chars().any(char::is_control) {
            return Err(ConfigError::Name(name));
        }
        let mut agent_binaries = file.agent_binaries;
        agent_binaries.extend(flags.agent_binaries);
        let files = (flags.certificate.or(file.certificate), flags.private_key.or(file.private_key));
        let tls = match (files, flags.tls.or(file.tls).unwrap_or_default()) {
            ((Some(certificate), Some(private_key)), _) => TlsWanted::Files { certificate, private_key },
            ((None, None), Tls::Auto) if !listen.ip().is_loopback() => TlsWanted::SelfMade,
            ((None, None), Tls::Auto | Tls::Off) => TlsWanted::Plain,
            _ => return Err(ConfigError::HalfCertificate),
        };
        Ok(Self { data: data.to_owned(), listen, public_url, name, tls, agent_binaries })
    }
}

fn read(path: &Path) -> Result<Given, ConfigError> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Given::default()),
        Err(error) => return Err(ConfigError::Unreadable { path: path.to_owned(), error }),
    };
    toml::from_str(&text)
        .map_err(|error| ConfigError::Invalid { path: path.to_owned(), error: Box::new(error) })
}

fn public_url(text: &str) -> Result<String, ConfigError> {
    let url = text.trim().trim_end_matches('/');
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let proper = rest.is_some_and(|rest| {
        !rest.is_empty()
            && !rest.starts_with(['/', ':'])
            && rest.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '@' | '?' | '#' | '"' | '\'' | '\\'))
    });
    if proper { Ok(url.to_owned()) } else { Err(ConfigError::PublicUrl(text.to_owned())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decide(file: &str, flags: Given) -> Result<Config, ConfigError> {
        Config::decide(Path::new("/data"), toml::from_str(file).unwrap(), flags)
    }

    #[test]
    fn flags_win_over_the_file_and_defaults_fill_the_rest() {
        let file =
            "name = \"office\"\npublic_url = \"https://b.example/\"\n[agent_binaries]\nx86_64 = \"/a\"";
        let mut flags = Given { name: Some("home".into()), ..Given::default() };
        flags.agent_binaries.insert("aarch64".into(), "/b".into());
        let config = decide(file, flags).unwrap();
        assert_eq!((config.name.as_str(), config.public_url.as_deref()), ("home", Some("https://b.example")));
        assert_eq!(config.listen.to_string(), "127.0.0.1:7700");
        assert_eq!(config.tls, TlsWanted::Plain);
        assert_eq!(config.agent_binaries.len(), 2);
    }

    #[test]
    fn beyond_loopback_it_speaks_tls_unless_told_otherwise() {
        assert_eq!(decide("listen = \"0.0.0.0:443\"", Given::default()).unwrap().tls, TlsWanted::SelfMade);
        let off = decide("listen = \"0.0.0.0:80\"\ntls = \"off\"", Given::default()).unwrap();
        assert_eq!(off.tls, TlsWanted::Plain);
        let half = decide("certificate = \"/c.pem\"", Given::default());
        assert!(matches!(half, Err(ConfigError::HalfCertificate)));
    }

    #[test]
    fn what_is_no_url_or_key_of_the_file_is_refused() {
        for bad in ["b.example", "ftp://b.example", "https://", "https://a@b", "https://b/?x", "http://:80"] {
            let flags = Given { public_url: Some(bad.into()), ..Given::default() };
            assert!(matches!(decide("", flags), Err(ConfigError::PublicUrl(_))), "{bad}");
        }
        assert!(toml::from_str::<Given>("publik_url = \"x\"").is_err());
    }
}
