//! Slots: the closed list of secrets a host can hold, and whose signature each wants.
//!
//! A plan and a journal carry slot names; the values travel in boxes.

use std::{borrow::Cow, fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use ts_rs::TS;
use utoipa::{PartialSchema, ToSchema};

use crate::{
    id::{GroupName, PingName, RepositoryName},
    role::Role,
};

/// Which secret. Written as in docs/PROTOCOL.md §4, for example `repository/main/password`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, TS)]
#[ts(type = "string")]
pub enum SecretSlot {
    /// Text: what restic opens the repository with.
    RepositoryPassword(RepositoryName),
    /// JSON `{ "user", "password" }`: the login of a REST server.
    RepositoryLogin(RepositoryName),
    /// JSON `{ "user", "password" }`: a login that may delete, released for one run. Never kept.
    RepositoryAdmin(RepositoryName),
    /// What opens another host's repository, for one restore. Never kept, and given with that order alone.
    RepositoryLent(RepositoryName),
    /// JSON object of environment names that the backend's table allows.
    RepositoryEnvironment(RepositoryName),
    /// Text: the body of a hook that runs before.
    HookPre(HookScope),
    /// Text: the body of a hook that runs after.
    HookPost(HookScope),
    /// Text: an address that is called on success or failure.
    Ping(PingName),
}

/// Whose hook: the host's default (`*`), or one group's, which overrides it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HookScope {
    Default,
    Group(GroupName),
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is not a secret's slot: use repository/NAME/password, repository/NAME/login, repository/NAME/environment, repository/NAME/admin, hook/GROUP/pre, hook/GROUP/post (`*` for all groups) or ping/NAME"
)]
pub struct SlotError {
    pub text: String,
}

impl SecretSlot {
    /// The least role whose operator key may set this secret: what decides where data goes, or runs as root, is an
    /// admin's.
    pub const fn role(&self) -> Role {
        match self {
            Self::RepositoryPassword(_)
            | Self::RepositoryLogin(_)
            | Self::RepositoryEnvironment(_)
            | Self::RepositoryAdmin(_)
            | Self::RepositoryLent(_)
            | Self::HookPre(_)
            | Self::HookPost(_) => Role::Admin,
            Self::Ping(_) => Role::Operator,
        }
    }

    /// Whether it is run, with all power over the host.
    pub const fn is_hook(&self) -> bool {
        matches!(self, Self::HookPre(_) | Self::HookPost(_))
    }

    /// The repository that the secret belongs to, if it belongs to one.
    pub const fn repository(&self) -> Option<&RepositoryName> {
        match self {
            Self::RepositoryPassword(name)
            | Self::RepositoryLogin(name)
            | Self::RepositoryEnvironment(name)
            | Self::RepositoryAdmin(name)
            | Self::RepositoryLent(name) => Some(name),
            Self::HookPre(_) | Self::HookPost(_) | Self::Ping(_) => None,
        }
    }
}

impl fmt::Display for HookScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("*"),
            Self::Group(name) => name.fmt(f),
        }
    }
}

impl fmt::Display for SecretSlot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RepositoryPassword(name) => write!(f, "repository/{name}/password"),
            Self::RepositoryLogin(name) => write!(f, "repository/{name}/login"),
            Self::RepositoryEnvironment(name) => write!(f, "repository/{name}/environment"),
            Self::RepositoryAdmin(name) => write!(f, "repository/{name}/admin"),
            Self::RepositoryLent(name) => write!(f, "repository/{name}/lent"),
            Self::HookPre(scope) => write!(f, "hook/{scope}/pre"),
            Self::HookPost(scope) => write!(f, "hook/{scope}/post"),
            Self::Ping(name) => write!(f, "ping/{name}"),
        }
    }
}

impl FromStr for SecretSlot {
    type Err = SlotError;

    fn from_str(text: &str) -> Result<Self, SlotError> {
        let error = || SlotError { text: text.chars().take(80).collect() };
        let parts: Vec<&str> = text.splitn(4, '/').collect();
        match parts[..] {
            ["repository", name, what] => {
                let name = name.parse().map_err(|_| error())?;
                match what {
                    "password" => Ok(Self::RepositoryPassword(name)),
                    "login" => Ok(Self::RepositoryLogin(name)),
                    "admin" => Ok(Self::RepositoryAdmin(name)),
                    "lent" => Ok(Self::RepositoryLent(name)),
                    "environment" => Ok(Self::RepositoryEnvironment(name)),
                    _ => Err(error()),
                }
            }
            ["hook", scope, when] => {
                let scope = match scope {
                    "*" => HookScope::Default,
                    group => HookScope::Group(group.parse().map_err(|_| error())?),
                };
                match when {
                    "pre" => Ok(Self::HookPre(scope)),
                    "post" => Ok(Self::HookPost(scope)),
                    _ => Err(error()),
                }
            }
            ["ping", name] => name.parse().map(Self::Ping).map_err(|_| error()),
            _ => Err(error()),
        }
    }
}

impl Serialize for SecretSlot {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SecretSlot {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(from)?.parse().map_err(de::Error::custom)
    }
}

impl PartialSchema for SecretSlot {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        String::schema()
    }
}
impl ToSchema for SecretSlot {}
