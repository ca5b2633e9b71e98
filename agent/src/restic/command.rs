//! From what is wanted to argv and environment. Pure.
//!
//! Secrets stand in the environment alone: argv can be read by everybody on the host. The environment is built from
//! nothing; what the host's own is allowed to add arrives as an argument.

mod environment;
mod query;
mod ssh;

use std::{
    ffi::{OsStr, OsString},
    fmt,
    os::unix::ffi::{OsStrExt as _, OsStringExt as _},
    path::{Path, PathBuf},
};

use wire::{
    id::GroupName,
    plan::{Group, IoPriority, Limits, Retention},
    restore::{Overwrite, Ownership},
    seal::Secret,
};

use environment::environment;
pub use environment::{Access, INHERITED, Login, Surroundings, clashes, percent};
pub use query::{Query, call_query};

use super::feature::{Feature, Features};

/// For ssh and rclone, which restic starts by name, and for what hooks call.
pub const SEARCH_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A file of this name and this beginning lies in the agent's own directory: no backup enters a directory that holds
/// one, by whatever path it comes there.
pub const OWN_MARK: (&str, &str) = (".restic-manager-private", "no backup includes this directory");

/// What restic is to do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verb<'a> {
    Init {
        /// Cuts files as that repository does, so that what is copied from there is not stored twice.
        like: Option<&'a Access>,
    },
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
    /// What a policy would keep and remove. Never with an empty one: [`CallError::EmptyPolicy`].
    ForgetPreview {
        tag: &'a GroupName,
        host: &'a str,
        keep: &'a Retention,
    },
    /// Removes these snapshots, whatever else lies in the repository by then.
    Forget {
        ids: &'a [String],
    },
    /// Everything in a snapshot, a line each.
    List {
        snapshot: &'a str,
    },
    /// These paths of a snapshot, as they stand in it, and everything below them, a line each. All of it when none.
    ListBelow {
        snapshot: &'a str,
        paths: &'a [OsString],
    },
    /// Writes the paths that match below `target`; everything when there is no pattern.
    Restore {
        snapshot: &'a str,
        /// A directory of the snapshot: what lies in it comes to lie in `target` itself, and patterns begin there.
        base: Option<&'a OsStr>,
        target: &'a Path,
        /// The last one that matches decides; one that begins with `!` leaves out. See [`literal`].
        patterns: &'a [OsString],
        manner: Manner,
    },
    Snapshots {
        id: Option<&'a str>,
    },
    Stats,
    /// What a backup would save. Writes nothing.
    DryRun {
        group: &'a Group,
        tag: &'a GroupName,
        host: &'a str,
        includes: &'a [String],
        own_files: &'a [PathBuf],
    },
    /// Gives back the space of what no snapshot needs. Prints text in every version.
    Prune,
    /// Prints text: with `--json` the versions that know it say nothing until the end.
    Check {
        /// 0 reads no data.
        read_data_percent: u8,
    },
    /// The ids of the locks, a line each.
    ListLocks,
    CatLock {
        id: &'a str,
    },
    Unlock {
        /// Also those that are alive; else only those whose process is gone.
        all: bool,
    },
    /// To the repository that the call is about. What is there already is left out. Prints text in every version.
    Copy {
        from: &'a Access,
        /// Always by name: what somebody puts there after the look must not come along. Without any, restic copies all.
        ids: &'a [String],
    },
}

/// How a restore goes about it. Whether this restic knows of it is asked before: [`Features::lacking`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Manner {
    pub overwrite: Overwrite,
    pub ownership: Ownership,
    /// Reads again what was written.
    pub verify: bool,
    pub dry_run: bool,
    /// Says of each file what became of it.
    pub tells: bool,
}

/// A command line, ready to be run.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// Paths are any bytes.
    pub args: Vec<OsString>,
    pub env: Vec<(String, Value)>,
    pub nice: Option<i8>,
    pub io: Option<IoPriority>,
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
    #[error(
        "both repositories need {} in restic's environment, with different values: give both one credential that may use either, or copy to another kind of destination",
        .0.join(", ")
    )]
    Clash(Vec<String>),
}

pub fn call(
    verb: Verb<'_>,
    access: &Access,
    surroundings: &Surroundings,
    limits: &Limits,
    features: &Features,
) -> Result<Call, CallError> {
    let from = match verb {
        Verb::Copy { from, .. } => Some(from),
        Verb::Init { like } => like,
        _ => None,
    };
    finish(arguments(verb, features)?, access, from, surroundings, limits, features)
}

/// With what every call has: how ssh is started, how fast it goes, and the environment.
fn finish(
    arguments: Vec<OsString>,
    access: &Access,
    from: Option<&Access>,
    surroundings: &Surroundings,
    limits: &Limits,
    features: &Features,
) -> Result<Call, CallError> {
    let options = ssh::options(&access.backend, from.map(|from| &from.backend), features);
    let mut args: Vec<OsString> = options.into_iter().map(OsString::from).chain(arguments).collect();
    // Before the paths of a backup, which stand behind `--`.
    let mut at = args.iter().position(|arg| arg == "--").unwrap_or(args.len());
    for (flag, limit) in
        [("--limit-upload", limits.upload_kib_s), ("--limit-download", limits.download_kib_s)]
    {
        if let Some(limit) = limit {
            args.insert(at, format!("{flag}={limit}").into());
            at += 1;
        }
    }
    Ok(Call {
        args,
        env: environment(access, from, surroundings, features)?,
        nice: limits.nice,
        io: limits.io,
    })
}

fn arguments(verb: Verb<'_>, features: &Features) -> Result<Vec<OsString>, CallError> {
    let words = |words: &[&str]| words.iter().map(OsString::from).collect::<Vec<_>>();
    Ok(match verb {
        Verb::Init { like: None } => words(&["init", "--json"]),
        Verb::Init { like: Some(_) } => words(&["init", "--json", "--copy-chunker-params"]),
        Verb::CatConfig => words(&["cat", "config", "--json", "--no-lock"]),
        Verb::Snapshots { id: None } => words(&["snapshots", "--json", "--no-lock"]),
        Verb::Snapshots { id: Some(id) } => words(&["snapshots", "--json", "--no-lock", "--", id]),
        Verb::Stats => words(&["stats", "--json", "--mode=raw-data"]),
        Verb::Prune => words(&["prune"]),
        Verb::Check { read_data_percent: 0 } => words(&["check"]),
        Verb::Check { read_data_percent } => {
            vec!["check".into(), format!("--read-data-subset={}%", read_data_percent.min(100)).into()]
        }
        Verb::ListLocks => words(&["list", "locks", "--no-lock"]),
        Verb::CatLock { id } => words(&["cat", "lock", "--json", "--no-lock", "--", id]),
        Verb::Unlock { all: false } => words(&["unlock"]),
        Verb::Unlock { all: true } => words(&["unlock", "--remove-all"]),
        Verb::Copy { ids, .. } => {
            let mut args = words(&["copy", "--"]);
            args.extend(ids.iter().map(OsString::from));
            args
        }
        Verb::Backup { group, tag, host, includes, own_files }
        | Verb::DryRun { group, tag, host, includes, own_files } => {
            let mut args = words(&["backup", "--json"]);
            if matches!(verb, Verb::DryRun { .. }) {
                args.extend(words(&["--dry-run", "--verbose=2"]));
            }
            args.extend([format!("--host={host}").into(), format!("--tag={tag}").into()]);
            if features.has(Feature::BackupGroupBy) {
                args.push("--group-by=host,tags".into());
            }
            if group.one_file_system {
                args.push("--one-file-system".into());
            }
            args.extend(group.excludes.iter().map(|pattern| format!("--exclude={pattern}").into()));
            args.extend(
                group.exclude_if_present.iter().map(|name| format!("--exclude-if-present={name}").into()),
            );
            // The last pattern that matches decides, and one of the group's may begin with `!`, which takes back in.
            args.extend(own_files.iter().map(|path| joined("--exclude=", &literal(path.as_os_str()))));
            args.push(format!("--exclude-if-present={}:{}", OWN_MARK.0, OWN_MARK.1).into());
            args.push("--".into());
            args.extend(includes.iter().map(OsString::from));
            args
        }
        Verb::Forget { ids } => {
            let mut args = words(&["forget", "--json", "--"]);
            args.extend(ids.iter().map(OsString::from));
            args
        }
        Verb::List { snapshot } => words(&["ls", "--json", "--no-lock", "--", snapshot]),
        Verb::ListBelow { snapshot, paths } => {
            let mut args = words(&["ls", "--json", "--no-lock", "--recursive", "--", snapshot]);
            args.extend(paths.iter().cloned());
            args
        }
        Verb::Restore { snapshot, base, target, patterns, manner } => {
            let mut args = words(&["restore", "--json"]);
            args.extend(manner.flags().map(OsString::from));
            args.push(joined("--target=", target.as_os_str()));
            args.extend(patterns.iter().map(|pattern| joined("--include=", pattern)));
            let what = match base {
                Some(base) => joined(&format!("{snapshot}:"), base),
                None => snapshot.into(),
            };
            args.extend(["--".into(), what]);
            args
        }
        Verb::ForgetPreview { tag, host, keep } => {
            let mut args = words(&["forget", "--json", "--dry-run", "--no-lock"]);
            // All snapshots of the group are one series, whatever paths it had when they were made.
            args.extend([format!("--host={host}").into(), format!("--tag={tag}").into()]);
            args.push("--group-by=host".into());
            let rules = keep_rules(keep);
            if rules.is_empty() {
                return Err(CallError::EmptyPolicy);
            }
            args.extend(rules.into_iter().map(OsString::from));
            args
        }
    })
}

impl Manner {
    fn flags(self) -> impl Iterator<Item = &'static str> {
        let Self { overwrite, ownership, verify, dry_run, tells } = self;
        let overwrite = match overwrite {
            // What every version does.
            Overwrite::Always => None,
            Overwrite::IfChanged => Some("--overwrite=if-changed"),
            Overwrite::IfNewer => Some("--overwrite=if-newer"),
            Overwrite::Never => Some("--overwrite=never"),
        };
        let ownership = match ownership {
            Ownership::Keep => None,
            Ownership::ByName => Some("--ownership-by-name"),
            Ownership::Drop => Some("--no-ownership"),
        };
        let verify = verify.then_some("--verify");
        let tells = tells.then_some("--verbose=2");
        [overwrite, ownership, verify, dry_run.then_some("--dry-run"), tells].into_iter().flatten()
    }
}

fn joined(flag: &str, value: &OsStr) -> OsString {
    let mut word = OsString::from(flag);
    word.push(value);
    word
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
    let mut rules: Vec<String> =
        counts.chain(within.map(|within| format!("--keep-within={within}"))).collect();
    // Tags pin; alone they would remove everything else.
    if !rules.is_empty() {
        rules.extend(keep.keep_tags.iter().map(|tag| format!("--keep-tag={tag}")));
    }
    rules
}

/// A path as a pattern that matches it alone (Go's `filepath.Match`), whatever bytes it is made of.
pub fn literal(path: &OsStr) -> OsString {
    let mut pattern = Vec::with_capacity(path.len());
    for byte in path.as_bytes() {
        if matches!(byte, b'*' | b'?' | b'[' | b'\\') {
            pattern.push(b'\\');
        }
        pattern.push(*byte);
    }
    OsString::from_vec(pattern)
}

#[cfg(test)]
mod tests;
