//! The endpoint's own file, agent.toml: where things lie, whom to talk to, and what is refused from afar.
//!
//! Knows the file's words and their validation. Never writes the file: it belongs to the endpoint, what `enrol` learns
//! is kept in the database. Must not know the plan, which is the fleet's to wish and the ledger's to keep.

mod address;
mod paths;
mod policy;

use std::path::{Path, PathBuf};

use serde::Deserialize;
use wire::identity::Fingerprint;

pub use address::{Address, AddressError};
pub use paths::{DEFAULT_DATA, Paths};
pub use policy::{Policy, Refused};

/// What agent.toml says; every part may be left out.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The restic binary; absent: the one found in PATH or the usual places.
    pub restic: Option<PathBuf>,
    /// Where database, keys and caches lie.
    pub data: Option<PathBuf>,
    /// How long the machine is left alone after a start or a wake before missed runs are caught up; absent: 30.
    pub settle_s: Option<u32>,
    /// Overrides what `enrol` wrote into the database.
    pub coordinator: Vec<CoordinatorEntry>,
    pub policy: Policy,
}

/// One `[[coordinator]]`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CoordinatorEntry {
    /// `https://…`, `http://…`, `wss://…` or `ws://…`; the path of the door is appended.
    pub url: String,
    /// The fleet that it must belong to; must agree with what the agent pinned when it joined.
    #[serde(default)]
    pub fleet: Option<Fingerprint>,
    #[serde(default)]
    pub certificate: CertificateRule,
    #[serde(default)]
    pub role: CoordinatorRole,
}

/// What the TLS certificate of a coordinator must be. Trust does not rest on it: the channel inside proves the
/// coordinator by the fleet's statement. So any certificate will do unless the endpoint says otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CertificateRule {
    #[default]
    Any,
    /// One that a public authority vouches for, for this very name.
    Public,
    /// Exactly the one with this SHA-256 of its DER form.
    Pinned([u8; 32]),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CoordinatorRole {
    #[default]
    Control,
    /// It gets the journal; its orders are refused.
    Observe,
}

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("{path} cannot be read ({problem}): mend its permissions, or name another file with --config")]
    Unreadable { path: PathBuf, problem: String },
    #[error("{path} is not valid: {problem}")]
    Invalid { path: PathBuf, problem: String },
    #[error("{path} does not exist: name the file that you mean with --config")]
    Missing { path: PathBuf },
}

impl Config {
    /// Reads the file; one that is not there says nothing, unless it was asked for by name.
    pub fn load(path: &Path, asked_for: bool) -> Result<Self, ConfigError> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !asked_for => {
                return Ok(Self::default());
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(ConfigError::Missing { path: path.to_owned() });
            }
            Err(error) => {
                return Err(ConfigError::Unreadable { path: path.to_owned(), problem: error.to_string() });
            }
        };
        Self::parse(&text).map_err(|problem| ConfigError::Invalid { path: path.to_owned(), problem })
    }

    /// The error is one line for a person, naming what is wrong and what would do.
    pub fn parse(text: &str) -> Result<Self, String> {
        let config: Self = toml::from_str(text).map_err(|error| one_line(text, &error))?;
        config.validate()?;
        Ok(config)
    }

    fn validate(&self) -> Result<(), String> {
        if self.coordinator.len() > 1 {
            return Err(format!(
                "coordinator: {} are named, but this version of the agent talks to one: keep one [[coordinator]]",
                self.coordinator.len()
            ));
        }
        for entry in &self.coordinator {
            Address::parse(&entry.url).map_err(|error| format!("coordinator.url: {error}"))?;
        }
        for (field, path) in [("restic", &self.restic), ("data", &self.data)] {
            if path.as_ref().is_some_and(|path| !path.is_absolute()) {
                return Err(format!("{field}: must be an absolute path, such as /usr/bin/restic"));
            }
        }
        self.policy.validate()
    }
}

/// Line, field and problem; toml's own message spreads over five lines.
fn one_line(text: &str, error: &toml::de::Error) -> String {
    let line = error.span().map_or(0, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
    let message = error.message().trim().replace('\n', ", ");
    if line == 0 { message } else { format!("line {line}: {message}") }
}

impl<'de> Deserialize<'de> for CertificateRule {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        match text.as_str() {
            "any" => Ok(Self::Any),
            "public" => Ok(Self::Public),
            other => other.parse::<Fingerprint>().map(|pin| Self::Pinned(pin.0)).map_err(|_| {
                serde::de::Error::custom(
                    "certificate must be \"any\", \"public\" or the certificate's SHA-256 as 64 hex digits",
                )
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_file_says_nothing() {
        assert_eq!(Config::parse("").unwrap(), Config::default());
    }

    #[test]
    fn everything_can_be_said() {
        let config = Config::parse(
            r#"
            restic = "/opt/restic"
            data = "/srv/agent"
            [[coordinator]]
            url = "https://backup.example.org"
            fleet = "SHA256:0000-0000-0000-0000-0000-0000-0000-0000-0000-0000-0000-0000-0000-0000-0000-0001"
            certificate = "sha256:AA:00000000000000000000000000000000000000000000000000000000000000"
            role = "observe"
            [policy]
            refuse_destination_changes = true
            [policy.keep_at_least]
            keep_daily = 7
            "#,
        )
        .unwrap();
        let entry = &config.coordinator[0];
        assert!(matches!(entry.certificate, CertificateRule::Pinned(pin) if pin[0] == 0xaa));
        assert_eq!(entry.role, CoordinatorRole::Observe);
        assert_eq!(config.restic.as_deref(), Some(Path::new("/opt/restic")));
    }

    #[test]
    fn what_is_wrong_is_said_in_one_line() {
        let problem = |text: &str| Config::parse(text).unwrap_err();
        insta::assert_snapshot!(
            [
                problem("resitc = \"/usr/bin/restic\""),
                problem("restic = \"restic\""),
                problem("\n[[coordinator]]\nurl = \"ftp://x\""),
                problem("[[coordinator]]\nurl = \"https://x\"\ncertificate = \"self\""),
                problem("[[coordinator]]\nurl = \"https://x\"\n[[coordinator]]\nurl = \"https://y\""),
                problem("[policy]\nrefuse_orders = [\"fly\"]"),
                problem("restic = "),
            ]
            .join("\n")
        );
    }

    #[test]
    fn the_manuals_example_is_valid_and_says_everything() {
        let manual = include_str!("../../docs/AGENT.md");
        let example = manual.split("```toml").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
        let config = Config::parse(&example.replace("SHA256:…", &"0".repeat(64))).unwrap();
        assert!(config.restic.is_some() && config.data.is_some() && config.settle_s.is_some());
        assert!(config.coordinator[0].fleet.is_some() && config.policy.keep_at_least.is_some());
    }

    #[test]
    fn a_missing_file_is_nothing_unless_it_was_asked_for() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("agent.toml");
        assert_eq!(Config::load(&path, false).unwrap(), Config::default());
        assert!(matches!(Config::load(&path, true), Err(ConfigError::Missing { .. })));
        std::fs::write(&path, "data = 3").unwrap();
        assert!(matches!(Config::load(&path, false), Err(ConfigError::Invalid { .. })));
    }
}
