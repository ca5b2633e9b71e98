//! What a restic can do: its version, and flags found in its own help where a number would not tell.

use std::{fmt, str::FromStr};

/// Older ones print too little to be believed.
pub const OLDEST: Version = Version { major: 0, minor: 14, patch: 0 };
/// From here on a REST server's login is read from the environment; before, it stands in the repository's URL.
const LOGIN_IN_ENVIRONMENT: Version = Version { major: 0, minor: 17, patch: 0 };

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    pub major: u32,
    pub minor: u32,
    pub patch: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not what `restic version` prints")]
pub struct VersionError(String);

impl FromStr for Version {
    type Err = VersionError;

    /// `restic 0.19.1 compiled with go1.26.4 on linux/amd64`; a development build's suffix is ignored.
    fn from_str(text: &str) -> Result<Self, VersionError> {
        let error = || VersionError(text.chars().take(80).collect());
        let number = text.lines().next().and_then(|line| line.strip_prefix("restic ")).ok_or_else(error)?;
        let number = number.split(|c: char| c != '.' && !c.is_ascii_digit()).next().unwrap_or_default();
        let mut parts = number.split('.').map(str::parse);
        match (parts.next(), parts.next(), parts.next()) {
            (Some(Ok(major)), Some(Ok(minor)), Some(Ok(patch))) => Ok(Self { major, minor, patch }),
            _ => Err(error()),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Features {
    pub version: Version,
    /// `backup --group-by`: the parent is found also after the paths changed.
    pub backup_group_by: bool,
}

impl Features {
    /// From `restic version` and `restic backup --help`.
    pub fn probe(version: Version, backup_help: &str) -> Self {
        let has = |flag: &str| backup_help.split_whitespace().any(|word| word == flag);
        Self { version, backup_group_by: has("--group-by") }
    }

    pub fn login_in_environment(&self) -> bool {
        self.version >= LOGIN_IN_ENVIRONMENT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_what_restic_prints() {
        let version = |text: &str| text.parse::<Version>();
        assert_eq!(
            version("restic 0.14.0 compiled with go1.19.8 on linux/amd64\n").unwrap().to_string(),
            "0.14.0"
        );
        assert_eq!(version("restic 0.19.1-dev (v0.19.0-3-gabc) compiled").unwrap().to_string(), "0.19.1");
        assert!(version("restic 0.9.6 x").unwrap() < OLDEST);
        for bad in ["", "rustic 0.19.1", "restic", "restic 0.19", "bash: restic: command not found"] {
            assert!(version(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn flags_are_found_as_whole_words() {
        let version = OLDEST;
        let help = "  -g, --group-by group       group snapshots by host, paths and/or tags";
        assert!(Features::probe(version, help).backup_group_by);
        assert!(!Features::probe(version, "  --group-bytes").backup_group_by);
    }
}
