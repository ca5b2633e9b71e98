//! Hooks: what runs before and after a backup. The plan says which; the bodies are secrets.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

/// The longest time limit of a hook.
pub const LONGEST_HOOK_S: u32 = 86_400;
const USUAL_LIMIT_S: u32 = 300;

/// Which hook runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Hook {
    /// A group: the host's default. The host: none.
    #[default]
    Inherit,
    /// None, whatever the host's default is.
    None,
    /// The body that is kept as the secret `hook/GROUP/pre` (of the host: `hook/*/pre`), or `…/post`.
    Secret,
    /// A file of the endpoint, by its absolute path. Only the endpoint's own plan.toml may name one.
    File(String),
}

/// Before and after a backup: of a host, its defaults; of a group, its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Hooks {
    /// Fails: the backup does not begin.
    pub pre: Hook,
    /// Always runs; its failure changes nothing.
    pub post: Hook,
    /// Each of them is ended after this; absent: the host's, and 300 seconds where that says nothing either.
    pub timeout_s: Option<u32>,
}

impl Hooks {
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// How long a hook may take: the group's word, else the host's, else 300 seconds.
    pub fn timeout_s(&self, host: &Self) -> u32 {
        self.timeout_s.or(host.timeout_s).unwrap_or(USUAL_LIMIT_S)
    }

    /// The files it names.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        [&self.pre, &self.post].into_iter().filter_map(|hook| match hook {
            Hook::File(path) => Some(path.as_str()),
            Hook::Inherit | Hook::None | Hook::Secret => None,
        })
    }
}
