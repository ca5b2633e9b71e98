//! Restores: what of a snapshot comes back, where to, and by whose credential.
//!
//! Pure words and the rules that make them valid; which options a restic has is the agent's to know.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;
use zeroize::Zeroize as _;

use crate::{
    id::{AgentId, Base64Bytes, JobId, RepositoryName},
    path::RawPath,
    plan::Backend,
};

/// So many picks an order may have: whoever wants more wants the directory that holds them.
pub const MOST_PICKS: usize = 5_000;
/// And so many bytes of paths together: they become arguments of one program.
pub const MOST_PICK_BYTES: usize = 512 * 1024;

/// Bring files of one snapshot back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Restore {
    pub repository: RepositoryName,
    /// 64 hex digits.
    pub snapshot: String,
    /// What comes back, directories before what lies in them: of the picks that a path lies in, the last one decides.
    /// Empty: everything.
    #[serde(default)]
    pub picks: Vec<Pick>,
    pub target: RestoreTarget,
    #[serde(default)]
    pub overwrite: Overwrite,
    #[serde(default)]
    pub ownership: Ownership,
    /// Read what was written again, and compare.
    #[serde(default)]
    pub verify: bool,
    /// Say what would be written, and write nothing.
    #[serde(default)]
    pub dry_run: bool,
    /// What becomes of the job that runs on that repository now.
    #[serde(default)]
    pub meanwhile: Meanwhile,
    /// The repository is another host's, whose credential is lent for this one job. The order is then held in memory
    /// alone, wherever it passes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub lent: Option<Lent>,
}

/// A tick, or one taken away again below a ticked directory.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS, ToSchema)]
pub struct Pick {
    /// Absolute, as it stands in the snapshot.
    pub path: RawPath,
    pub take: bool,
}

/// Where files come back to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS, ToSchema)]
#[serde(tag = "to", rename_all = "snake_case")]
pub enum RestoreTarget {
    /// `$HOME/rm-restore/<job>/` of the account that the agent runs as.
    Fresh,
    /// A directory that does not exist yet, or is empty. Absolute, or beginning with `~/`, `$HOME/` or `${HOME}/`, which
    /// the endpoint expands.
    Directory {
        path: String,
        /// What lies in this directory of the snapshot comes to lie in the target itself, instead of below its whole path.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        base: Option<RawPath>,
    },
    /// Where the files were when they were saved.
    InPlace {
        /// The host's name as somebody typed it: nobody does this by a slip.
        host: String,
    },
}

/// What happens to a file that is there already. In restic's words; all but `always` need restic 0.17.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Overwrite {
    #[default]
    Always,
    IfChanged,
    IfNewer,
    Never,
}

/// Whose the files are afterwards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ownership {
    /// Of the saved numbers of user and group.
    #[default]
    Keep,
    /// Of whoever has the saved names here; restic 0.19.
    ByName,
    /// Of the account that the agent runs as.
    Drop,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Meanwhile {
    /// The restore waits for it.
    #[default]
    Wait,
    /// It is cancelled.
    Cancel,
}

/// The credential of another host's repository, sealed to the host that restores, for one job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Lent {
    /// The host that the repository is of, dead or alive.
    pub source: AgentId,
    pub source_name: String,
    /// The job's id is given with the order: the credential is good for that one alone.
    pub job: JobId,
    /// HPKE: `enc ‖ ciphertext` of a [`LentCredential`], docs/PROTOCOL.md §4.
    #[serde(rename = "box")]
    pub sealed: Base64Bytes,
}

/// What is in the box: everything that opens the repository. Wiped when dropped, never printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LentCredential {
    pub job: JobId,
    pub source: AgentId,
    pub repository: RepositoryName,
    pub backend: Backend,
    pub password: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login: Option<LentLogin>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub environment: BTreeMap<String, String>,
}

/// Of a REST server.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LentLogin {
    pub user: String,
    pub password: String,
}

impl Drop for LentCredential {
    fn drop(&mut self) {
        self.password.zeroize();
        self.environment.values_mut().for_each(String::zeroize);
    }
}

impl Drop for LentLogin {
    fn drop(&mut self) {
        self.password.zeroize();
    }
}

impl std::fmt::Debug for LentCredential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LentCredential({} of {} for {}, **redacted**)", self.repository, self.source, self.job)
    }
}

impl std::fmt::Debug for LentLogin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LentLogin(**redacted**)")
    }
}

/// Why a restore cannot be asked for like this.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RestoreError {
    #[error("`{0}` is not the whole id of a snapshot: give all 64 digits")]
    Snapshot(String),
    #[error("`{0}` is not an absolute path without `..`: give it as it stands in the snapshot")]
    Path(RawPath),
    #[error("{picks} paths are too many to name one by one: take the directories that hold them")]
    TooMany { picks: usize },
    #[error("nothing is taken: tick at least one file or directory")]
    Nothing,
    #[error("`{0}` cannot be a target: name an absolute directory, or one that begins with ~/ or ${{HOME}}/")]
    Target(String),
}

impl Restore {
    /// What can be said without the host.
    pub fn validate(&self) -> Result<(), RestoreError> {
        if self.snapshot.len() != 64 || !self.snapshot.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(RestoreError::Snapshot(self.snapshot.chars().take(80).collect()));
        }
        let picks = self.picks.len();
        let bytes: usize = self.picks.iter().map(|pick| pick.path.as_str().len()).sum();
        if picks > MOST_PICKS || bytes > MOST_PICK_BYTES {
            return Err(RestoreError::TooMany { picks });
        }
        if let Some(pick) = self.picks.iter().find(|pick| !pick.path.is_plain_absolute()) {
            return Err(RestoreError::Path(pick.path.clone()));
        }
        if picks > 0 && self.picks.iter().all(|pick| !pick.take) {
            return Err(RestoreError::Nothing);
        }
        if let RestoreTarget::Directory { path, base } = &self.target {
            let rest = ["~/", "$HOME/", "${HOME}/"].iter().find_map(|home| path.strip_prefix(home));
            let below = rest.or_else(|| path.strip_prefix('/')).unwrap_or_default();
            let plain = !below.contains(['\0', '$', '\n'])
                && !below.split('/').any(|part| matches!(part, "." | ".."));
            if below.is_empty() || !plain || path.len() > 4_096 {
                return Err(RestoreError::Target(path.chars().take(200).collect()));
            }
            if let Some(base) = base.as_ref().filter(|base| !base.is_plain_absolute()) {
                return Err(RestoreError::Path(base.clone()));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn restore(picks: &[(&str, bool)], target: RestoreTarget) -> Restore {
        Restore {
            repository: "main".parse().unwrap(),
            snapshot: "ab".repeat(32),
            picks: picks
                .iter()
                .map(|(path, take)| Pick { path: path.parse().unwrap(), take: *take })
                .collect(),
            target,
            overwrite: Overwrite::default(),
            ownership: Ownership::default(),
            verify: false,
            dry_run: false,
            meanwhile: Meanwhile::default(),
            lent: None,
        }
    }

    fn to(path: &str) -> RestoreTarget {
        RestoreTarget::Directory { path: path.to_owned(), base: None }
    }

    #[test]
    fn what_can_be_asked_for() {
        for good in [
            restore(&[], RestoreTarget::Fresh),
            restore(&[("/a", true), ("/a/b", false), ("/a/b/c", true)], to("/srv/back")),
            restore(&[("/", true)], to("~/back")),
            restore(&[("/a", true)], to("${HOME}/x y")),
            restore(&[("/a", true)], to("$HOME/x")),
        ] {
            assert_eq!(good.validate(), Ok(()), "{good:?}");
        }
        assert_eq!(restore(&[("/a", false)], RestoreTarget::Fresh).validate(), Err(RestoreError::Nothing));
        for path in ["a", "/a/../b", "/a/", "//"] {
            let asked = restore(&[(path, true)], RestoreTarget::Fresh);
            assert!(matches!(asked.validate(), Err(RestoreError::Path(_))), "{path}");
        }
        for path in
            ["", "/", "~", "~/", "a/b", "~ada/x", "/srv/../etc", "/x/$HOME", "$HOMEx/a", "/a\nb", "${PWD}/a"]
        {
            assert!(matches!(restore(&[], to(path)).validate(), Err(RestoreError::Target(_))), "{path}");
        }
        let short = Restore { snapshot: "abcd".into(), ..restore(&[], RestoreTarget::Fresh) };
        assert!(matches!(short.validate(), Err(RestoreError::Snapshot(_))));
        let many: Vec<_> = (0..=MOST_PICKS).map(|n| (format!("/{n}"), true)).collect();
        let many: Vec<_> = many.iter().map(|(path, take)| (path.as_str(), *take)).collect();
        assert!(matches!(restore(&many, RestoreTarget::Fresh).validate(), Err(RestoreError::TooMany { .. })));
    }

    #[test]
    fn a_lent_credential_prints_nothing() {
        let lent = LentCredential {
            job: JobId(uuid::Uuid::nil()),
            source: AgentId([1; 32]),
            repository: "main".parse().unwrap(),
            backend: serde_json::from_value(serde_json::json!({ "kind": "local", "path": "/r" })).unwrap(),
            password: "hunter2".into(),
            login: Some(LentLogin { user: "u".into(), password: "hunter2".into() }),
            environment: BTreeMap::from([("AWS_SECRET_ACCESS_KEY".into(), "hunter2".into())]),
        };
        assert!(!format!("{lent:?} {:?}", lent.login).contains("hunter2"));
    }
}
