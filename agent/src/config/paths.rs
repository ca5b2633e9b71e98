//! Where the agent's files lie, from the two options of the command line and agent.toml.

use std::path::{Path, PathBuf};

use super::{Config, ConfigError};

pub const DEFAULT_DATA: &str = "/var/lib/restic-manager-agent";
const DEFAULT_CONFIG: &str = "/etc/restic-manager/agent.toml";

/// The data directory and what lies in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    pub config: PathBuf,
    pub data: PathBuf,
}

impl Paths {
    /// Reads agent.toml and settles where everything lies. `--config` names the file; else a data directory that is
    /// not the usual one has its own agent.toml, so that agents side by side do not share one. `--data` beats the file.
    pub fn settle(config: Option<&Path>, data: Option<&Path>) -> Result<(Self, Config), ConfigError> {
        let usual = data.is_none_or(|data| data == Path::new(DEFAULT_DATA));
        let path = match (config, data) {
            (Some(path), _) => path.to_owned(),
            (None, Some(data)) if !usual => data.join("agent.toml"),
            (None, _) => DEFAULT_CONFIG.into(),
        };
        let read = Config::load(&path, config.is_some())?;
        let data =
            data.map(Path::to_owned).or_else(|| read.data.clone()).unwrap_or_else(|| DEFAULT_DATA.into());
        Ok((Self { config: path, data }, read))
    }

    pub fn database(&self) -> PathBuf {
        self.data.join("agent.db")
    }

    /// The endpoint's own plan, beside agent.toml. Where it exists, it governs.
    pub fn plan_file(&self) -> PathBuf {
        self.config.with_file_name("plan.toml")
    }

    pub fn identity_key(&self) -> PathBuf {
        self.data.join("identity.key")
    }

    pub fn vault_key(&self) -> PathBuf {
        self.data.join("vault.key")
    }

    pub fn cache(&self) -> PathBuf {
        self.data.join("cache")
    }

    /// The daemon's control socket; the directory's mode is its lock.
    pub fn control_socket(&self) -> PathBuf {
        self.data.join("agent.sock")
    }

    /// Held locked by the one process that may write here.
    pub fn lock(&self) -> PathBuf {
        self.data.join("agent.lock")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_beat_the_file_and_the_file_beats_the_usual_places() {
        let dir = tempfile::tempdir().unwrap();
        let (paths, _) = Paths::settle(None, Some(dir.path())).unwrap();
        assert_eq!(paths.config, dir.path().join("agent.toml"));
        assert_eq!(paths.database(), dir.path().join("agent.db"));

        let named = dir.path().join("named.toml");
        std::fs::write(&named, "data = \"/srv/other\"\n").unwrap();
        let (paths, _) = Paths::settle(Some(&named), None).unwrap();
        assert_eq!(paths.data, Path::new("/srv/other"));
        let (paths, _) = Paths::settle(Some(&named), Some(dir.path())).unwrap();
        assert_eq!((paths.data.as_path(), paths.config.as_path()), (dir.path(), named.as_path()));

        let (paths, _) = Paths::settle(None, Some(Path::new(DEFAULT_DATA))).unwrap();
        assert_eq!(paths.config, Path::new(DEFAULT_CONFIG));
    }
}
