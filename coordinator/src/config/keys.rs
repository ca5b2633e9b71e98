//! Every key there is: its name, its shape, its default, and whether a change is taken while the coordinator runs.
//!
//! The one table that the parser, the environment, `check-config` and the operator's book are held against.

/// What the names of environment variables begin with.
pub const ENVIRONMENT: &str = "RM_COORDINATOR_";
/// Variables that begin so and are no keys: the command line reads them.
pub(super) const NO_KEYS: [&str; 1] = ["RM_COORDINATOR_DATA"];

/// How a value is written, where it does not stand in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Text,
    Number,
    /// Texts, in the environment with commas between them.
    List,
    /// Names and texts, in the environment as TOML.
    Table,
}

#[derive(Clone, Copy, Debug)]
pub struct Key {
    pub path: &'static str,
    pub(super) shape: Shape,
    /// As `check-config` shows it; `-` where nothing is assumed.
    pub default: &'static str,
    /// A change in the file is taken at once; others wait for a restart.
    pub live: bool,
}

const fn key(path: &'static str, shape: Shape, default: &'static str, live: bool) -> Key {
    Key { path, shape, default, live }
}

const AT_RESTART: bool = false;
const LIVE: bool = true;

pub const KEYS: &[Key] = &[
    key("listen", Shape::Text, "\"127.0.0.1:7700\"", AT_RESTART),
    key("public_url", Shape::Text, "-", AT_RESTART),
    key("name", Shape::Text, "\"coordinator\"", AT_RESTART),
    key("tls", Shape::Text, "\"auto\"", AT_RESTART),
    key("certificate", Shape::Text, "-", LIVE),
    key("private_key", Shape::Text, "-", LIVE),
    key("agent_binaries", Shape::Table, "{}", AT_RESTART),
    key("trusted_proxies", Shape::List, "[]", LIVE),
    key("cors_origins", Shape::List, "[]", LIVE),
    key("sessions.idle_hours", Shape::Number, "24", LIVE),
    key("sessions.whole_hours", Shape::Number, "168", LIVE),
    key("second_factor.required", Shape::List, "[]", LIVE),
    key("audit.keep_days", Shape::Number, "400", LIVE),
    key("audit.copy", Shape::Text, "-", LIVE),
    key("downloads.mib_per_s", Shape::Number, "20", LIVE),
    key("downloads.at_once", Shape::Number, "4", LIVE),
];

/// The name of the list of providers; each `[[sso]]` in the file is one.
pub(super) const SSO: &str = "sso";

/// The keys of one provider.
pub const SSO_KEYS: &[Key] = &[
    key("sso.id", Shape::Text, "-", LIVE),
    key("sso.name", Shape::Text, "-", LIVE),
    key("sso.issuer", Shape::Text, "-", LIVE),
    key("sso.client_id", Shape::Text, "-", LIVE),
    key("sso.client_secret_file", Shape::Text, "-", LIVE),
    key("sso.scopes", Shape::List, "[\"openid\", \"profile\", \"email\", \"groups\"]", LIVE),
    key("sso.role_claim", Shape::Text, "\"groups\"", LIVE),
    key("sso.user_claim", Shape::Text, "\"preferred_username\"", LIVE),
    key("sso.roles.admin", Shape::List, "[]", LIVE),
    key("sso.roles.operator", Shape::List, "[]", LIVE),
    key("sso.roles.viewer", Shape::List, "[]", LIVE),
];

impl Key {
    /// Of a key of the top or of a section. Providers have none: the whole list has one.
    pub fn variable(&self) -> String {
        variable(self.path)
    }
}

pub(super) fn variable(path: &str) -> String {
    format!("{ENVIRONMENT}{}", path.to_ascii_uppercase().replace('.', "__"))
}

/// What a name in the file is.
pub(super) enum Known {
    Key,
    /// Keys stand below it.
    Section,
    Providers,
}

pub(super) fn known(path: &str) -> Option<Known> {
    if path == SSO {
        return Some(Known::Providers);
    }
    let all = || KEYS.iter().chain(SSO_KEYS);
    if all().any(|key| key.path == path) {
        return Some(Known::Key);
    }
    let below = |key: &Key| key.path.strip_prefix(path).is_some_and(|rest| rest.starts_with('.'));
    all().any(below).then_some(Known::Section)
}

/// The key or section that somebody most likely meant by a name that is none.
pub(super) fn nearest(path: &str) -> Option<String> {
    let last = |path: &str| path.rsplit('.').next().unwrap_or_default().to_owned();
    let section = |path: &str| path.rsplit_once('.').map(|(section, _)| section.to_owned());
    let keys = || KEYS.iter().chain(SSO_KEYS).map(|key| key.path.to_owned());
    let mut candidates: Vec<String> = keys().chain(keys().filter_map(|path| section(&path))).collect();
    candidates.push(SSO.to_owned());
    let distance = |candidate: &str| {
        let whole = strsim::damerau_levenshtein(path, candidate);
        // The right name in the wrong section.
        let (name, right) = (last(path), last(candidate));
        let moved = 1 + strsim::damerau_levenshtein(&name, &right);
        let begun = if name.len() >= 3 && right.starts_with(&name) { 2 } else { usize::MAX };
        whole.min(moved).min(begun)
    };
    let (best, candidate) = candidates.into_iter().map(|one| (distance(&one), one)).min()?;
    (best <= (last(path).chars().count() / 3).max(2)).then_some(candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_nearly_right_finds_the_right_one() {
        for (wrong, right) in [
            ("publik_url", "public_url"),
            ("trusted_proxy", "trusted_proxies"),
            ("session.idle_hours", "sessions.idle_hours"),
            ("sessions.idel_hours", "sessions.idle_hours"),
            ("idle_hours", "sessions.idle_hours"),
            ("sesions", "sessions"),
            ("audit.keepdays", "audit.keep_days"),
            ("sso.isuer", "sso.issuer"),
            ("sso.roles.admins", "sso.roles.admin"),
            ("ss0", "sso"),
            ("sessions.whole", "sessions.whole_hours"),
        ] {
            assert_eq!(nearest(wrong).as_deref(), Some(right), "{wrong}");
        }
        assert_eq!(nearest("favourite_colour"), None);
    }

    #[test]
    fn a_variable_is_named_after_its_key() {
        assert_eq!(variable("sessions.idle_hours"), "RM_COORDINATOR_SESSIONS__IDLE_HOURS");
    }
}
