//! What a restic can do: one table of what is not in every version, by number, or by its own help where a number would
//! not tell. Who uses a thing asks here, and what a result lacks is said from here.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    str::FromStr,
};

use wire::job::{JobKind, Lack, Reason};

/// Older ones print too little to be believed.
pub const OLDEST: Version = Version { major: 0, minor: 14, patch: 0 };

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

/// A flag, field or habit that not every version has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Feature {
    /// `backup --group-by`: the parent is found also after the paths changed.
    BackupGroupBy,
    /// A REST server's login is read from the environment; before, it stands in the repository's URL.
    LoginInEnvironment,
    /// The summary of a backup says how much it stored.
    BytesStored,
    /// A snapshot says how large it is, and how much it added.
    SnapshotSizes,
    /// The statistics say how large the data was before compression.
    UncompressedSize,
    /// `copy --from-repo`: the source has variables of its own.
    CopyFrom,
    /// `-o sftp.args`: ssh gets more arguments; before, only a whole command can be given.
    SftpArgs,
    /// `restore --overwrite`: a rule for what is there already; before, it is always written over.
    RestoreOverwrite,
    /// `restore --dry-run`.
    RestoreDryRun,
    /// `restore --ownership-by-name`.
    RestoreOwnershipByName,
    /// `restore --no-ownership`.
    RestoreNoOwnership,
    /// `snapshot:directory` restores what lies in that directory into the target itself.
    RestoreSubfolder,
    /// A restore says how far it is, and what it wrote.
    RestoreProgress,
}

/// One row of the table.
struct Row {
    feature: Feature,
    /// As the fleet is told of it.
    name: &'static str,
    /// The first version that has it; none of those that there are yet.
    since: Option<(u32, u32)>,
    /// Where the help of a command shows it; else the version's number tells.
    flag: Option<(&'static str, &'static str)>,
    /// What is missing from the results of which kinds.
    lacks: &'static [(JobKind, &'static str)],
    /// What cannot be done at all without it.
    needed_by: &'static [JobKind],
}

const TABLE: [Row; 13] = [
    Row {
        feature: Feature::BackupGroupBy,
        name: "backup_group_by",
        since: Some((0, 16)),
        flag: Some(("backup", "--group-by")),
        lacks: &[(JobKind::Backup, "backup_group_by"), (JobKind::DryRun, "backup_group_by")],
        needed_by: &[],
    },
    Row {
        feature: Feature::LoginInEnvironment,
        name: "login_in_environment",
        since: Some((0, 17)),
        flag: None,
        lacks: &[],
        needed_by: &[],
    },
    Row {
        feature: Feature::BytesStored,
        name: "bytes_stored",
        since: Some((0, 17)),
        flag: None,
        lacks: &[(JobKind::Backup, "bytes_stored"), (JobKind::DryRun, "bytes_stored")],
        needed_by: &[],
    },
    Row {
        feature: Feature::SnapshotSizes,
        name: "snapshot_sizes",
        since: Some((0, 17)),
        flag: None,
        lacks: &[
            (JobKind::Snapshots, "size_bytes"),
            (JobKind::Snapshots, "files"),
            (JobKind::Snapshots, "added_bytes"),
        ],
        needed_by: &[],
    },
    Row {
        feature: Feature::UncompressedSize,
        name: "uncompressed_size",
        since: Some((0, 15)),
        flag: None,
        lacks: &[(JobKind::Stats, "uncompressed_bytes")],
        needed_by: &[],
    },
    Row {
        feature: Feature::CopyFrom,
        name: "copy_from",
        since: Some((0, 14)),
        flag: Some(("copy", "--from-repo")),
        lacks: &[],
        needed_by: &[JobKind::Copy],
    },
    Row {
        feature: Feature::SftpArgs,
        name: "sftp_args",
        since: Some((0, 17)),
        flag: None,
        lacks: &[],
        needed_by: &[],
    },
    Row {
        feature: Feature::RestoreOverwrite,
        name: "restore_overwrite",
        since: Some((0, 17)),
        flag: Some(("restore", "--overwrite")),
        lacks: &[],
        needed_by: &[],
    },
    Row {
        feature: Feature::RestoreDryRun,
        name: "restore_dry_run",
        since: Some((0, 17)),
        flag: Some(("restore", "--dry-run")),
        lacks: &[],
        needed_by: &[],
    },
    Row {
        feature: Feature::RestoreOwnershipByName,
        name: "restore_ownership_by_name",
        since: Some((0, 19)),
        flag: Some(("restore", "--ownership-by-name")),
        lacks: &[],
        needed_by: &[],
    },
    Row {
        feature: Feature::RestoreNoOwnership,
        name: "restore_no_ownership",
        since: None,
        flag: Some(("restore", "--no-ownership")),
        lacks: &[],
        needed_by: &[],
    },
    Row {
        feature: Feature::RestoreSubfolder,
        name: "restore_subfolder",
        since: Some((0, 16)),
        flag: None,
        lacks: &[],
        needed_by: &[],
    },
    Row {
        feature: Feature::RestoreProgress,
        name: "restore_progress",
        since: Some((0, 17)),
        flag: None,
        lacks: &[(JobKind::Restore, "progress"), (JobKind::Restore, "counts")],
        needed_by: &[],
    },
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Features {
    pub version: Version,
    /// In the table's order.
    has: [bool; TABLE.len()],
}

impl Features {
    /// The commands whose help tells: each is asked for once per binary.
    pub fn commands() -> Vec<&'static str> {
        let all: BTreeSet<&str> = TABLE.iter().filter_map(|row| Some(row.flag?.0)).collect();
        all.into_iter().collect()
    }

    /// From `restic version` and `restic <command> --help`; a command that is not there has no help.
    pub fn probe(version: Version, help: &BTreeMap<&str, String>) -> Self {
        let has = |row: &Row| match row.flag {
            Some((command, flag)) => {
                help.get(command).is_some_and(|help| help.split_whitespace().any(|word| word == flag))
            }
            None => row.since.is_some_and(|since| (version.major, version.minor) >= since),
        };
        Self { version, has: std::array::from_fn(|n| TABLE.get(n).is_some_and(has)) }
    }

    pub fn has(&self, feature: Feature) -> bool {
        TABLE.iter().zip(self.has).any(|(row, has)| row.feature == feature && has)
    }

    /// What the results of this kind lack with this restic.
    pub fn lacks(&self, kind: JobKind) -> Vec<Lack> {
        self.missing()
            .flat_map(|row| row.lacks.iter().map(move |(of, what)| (row, *of, *what)))
            .filter(|(_, of, _)| *of == kind)
            .map(|(row, _, what)| Lack { what: what.to_owned(), needed: needed(row) })
            .collect()
    }

    /// Why this restic cannot do this kind of work at all, if it cannot.
    pub fn refuses(&self, kind: JobKind) -> Option<Reason> {
        let row = self.missing().find(|row| row.needed_by.contains(&kind))?;
        Some(self.too_old(row))
    }

    /// Why what was asked for cannot be done, if it needs this and it is not there.
    pub fn lacking(&self, feature: Feature) -> Option<Reason> {
        self.missing().find(|row| row.feature == feature).map(|row| self.too_old(row))
    }

    fn too_old(&self, row: &Row) -> Reason {
        Reason::ResticTooOld { needed: needed(row), found: self.version.to_string() }
    }

    /// What it can do of what not every restic can, by name.
    pub fn names(&self) -> Vec<String> {
        let has = TABLE.iter().zip(self.has).filter(|(_, has)| *has);
        has.map(|(row, _)| row.name.to_owned()).collect()
    }

    fn missing(&self) -> impl Iterator<Item = &'static Row> {
        TABLE.iter().zip(self.has).filter(|(_, has)| !has).map(|(row, _)| row)
    }
}

fn needed(row: &Row) -> String {
    match row.since {
        Some((major, minor)) => format!("{major}.{minor}"),
        None => format!("one with {}", row.flag.map_or(row.name, |(_, flag)| flag)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn help() -> BTreeMap<&'static str, String> {
        BTreeMap::from([
            ("backup", "  -g, --group-by group       group snapshots by host, paths and/or tags".to_owned()),
            ("copy", "      --from-repo repository   source repository".to_owned()),
            ("restore", "  --overwrite behavior --dry-run  write nothing --ownership-by-name".to_owned()),
        ])
    }

    fn of(minor: u32, help: &BTreeMap<&str, String>) -> Features {
        Features::probe(Version { major: 0, minor, patch: 0 }, help)
    }

    fn lacks(features: Features, kind: JobKind) -> Vec<String> {
        features.lacks(kind).into_iter().map(|lack| format!("{} {}", lack.what, lack.needed)).collect()
    }

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
    fn flags_are_found_as_whole_words_whatever_the_number_says() {
        assert!(of(14, &help()).has(Feature::BackupGroupBy));
        let other = BTreeMap::from([("backup", "  --group-bytes".to_owned())]);
        assert!(!of(19, &other).has(Feature::BackupGroupBy));
        assert_eq!(Features::commands(), ["backup", "copy", "restore"]);
    }

    #[test]
    fn what_a_version_does_not_say_is_named_with_the_one_that_does() {
        let (old, new) = (of(14, &BTreeMap::new()), of(19, &help()));
        assert_eq!(lacks(old, JobKind::Backup), ["backup_group_by 0.16", "bytes_stored 0.17"]);
        assert_eq!(lacks(old, JobKind::Stats), ["uncompressed_bytes 0.15"]);
        assert_eq!(lacks(of(15, &help()), JobKind::Stats), Vec::<String>::new());
        for kind in JobKind::ALL {
            assert!(lacks(new, kind).is_empty(), "{kind:?}");
            assert_eq!(new.refuses(kind), None);
        }
        let reason = Reason::ResticTooOld { needed: "0.14".to_owned(), found: "0.14.0".to_owned() };
        assert_eq!(old.refuses(JobKind::Copy), Some(reason));
        assert_eq!(lacks(old, JobKind::Restore), ["progress 0.17", "counts 0.17"]);
        let needed = |features: Features, feature| match features.lacking(feature) {
            Some(Reason::ResticTooOld { needed, .. }) => needed,
            other => format!("{other:?}"),
        };
        assert_eq!(needed(old, Feature::RestoreOverwrite), "0.17");
        assert_eq!(needed(old, Feature::RestoreSubfolder), "0.16");
        assert_eq!(needed(new, Feature::RestoreOwnershipByName), "None");
        assert_eq!(needed(new, Feature::RestoreNoOwnership), "one with --no-ownership");
    }

    #[test]
    fn each_feature_has_one_row() {
        for (n, row) in TABLE.iter().enumerate() {
            assert_eq!(row.feature as usize, n, "{:?}", row.feature);
        }
    }
}
