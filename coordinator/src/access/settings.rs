//! What the configuration decides about sessions and second factors.

use std::collections::BTreeMap;

use wire::trust::Role;

use crate::config::Config;

const HOUR_MS: i64 = 3_600_000;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Not used for this long, a session is over.
    pub idle_ms: i64,
    /// However much it is used, a session is over after this.
    pub whole_ms: i64,
    /// The roles that a password alone is not enough for.
    pub factor_required: Vec<Role>,
    /// What people call each identity provider, by its issuer.
    pub providers: BTreeMap<String, String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            idle_ms: 24 * HOUR_MS,
            whole_ms: 7 * 24 * HOUR_MS,
            factor_required: Vec::new(),
            providers: BTreeMap::new(),
        }
    }
}

impl Settings {
    pub fn of(config: &Config) -> Self {
        Self {
            idle_ms: config.sessions.idle_ms,
            whole_ms: config.sessions.whole_ms,
            factor_required: config.second_factor.clone(),
            providers: config
                .sso
                .iter()
                .map(|provider| (provider.issuer.clone(), provider.name.clone()))
                .collect(),
        }
    }

    /// One that the configuration does not name any more goes by its issuer.
    pub fn provider_name(&self, issuer: &str) -> String {
        self.providers.get(issuer).map_or_else(|| issuer.to_owned(), String::clone)
    }

    pub fn requires_factor(&self, role: Role) -> bool {
        self.factor_required.contains(&role)
    }
}
