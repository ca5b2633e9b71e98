//! Where a repository lives, and what each kind of place needs. One table of per-kind knowledge.
//!
//! Passwords and keys are not here: they are the slots `login` and `environment` of the repository.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

/// A repository's destination. Fields are what a person types; [`Backend::location`] is restic's spelling.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Backend {
    /// An absolute path of the endpoint.
    Local {
        path: String,
    },
    Sftp {
        host: String,
        #[serde(default)]
        port: Option<u16>,
        user: String,
        path: String,
    },
    /// A REST server; `path` below it may be empty. The login is a secret of its own.
    Rest {
        /// `http://` or `https://`, without user and password.
        url: String,
        #[serde(default)]
        path: String,
    },
    S3 {
        /// `https://host[:port]`; Amazon's is `https://s3.amazonaws.com`.
        endpoint: String,
        bucket: String,
        #[serde(default)]
        prefix: String,
        #[serde(default)]
        region: Option<String>,
    },
    B2 {
        bucket: String,
        #[serde(default)]
        prefix: String,
    },
    Azure {
        container: String,
        #[serde(default)]
        prefix: String,
    },
    Gs {
        bucket: String,
        #[serde(default)]
        prefix: String,
    },
    /// OpenStack's object store; where it is and who asks is in the `environment` secret.
    Swift {
        container: String,
        #[serde(default)]
        prefix: String,
    },
    Rclone {
        remote: String,
        path: String,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BackendKind {
    Local,
    Sftp,
    Rest,
    S3,
    B2,
    Azure,
    Gs,
    Swift,
    Rclone,
}

impl Backend {
    pub const fn kind(&self) -> BackendKind {
        match self {
            Self::Local { .. } => BackendKind::Local,
            Self::Sftp { .. } => BackendKind::Sftp,
            Self::Rest { .. } => BackendKind::Rest,
            Self::S3 { .. } => BackendKind::S3,
            Self::B2 { .. } => BackendKind::B2,
            Self::Azure { .. } => BackendKind::Azure,
            Self::Gs { .. } => BackendKind::Gs,
            Self::Swift { .. } => BackendKind::Swift,
            Self::Rclone { .. } => BackendKind::Rclone,
        }
    }

    /// restic's `RESTIC_REPOSITORY`, without any credential.
    pub fn location(&self) -> String {
        match self {
            Self::Local { path } => shortest(path),
            Self::Sftp { host, port, user, path } => {
                let port = port.map_or_else(String::new, |port| format!(":{port}"));
                format!("sftp://{user}@{host}{port}/{path}")
            }
            Self::Rest { url, path } => {
                format!("rest:{}/{}", url.trim_end_matches('/'), trailing_slash(path))
            }
            Self::S3 { endpoint, bucket, prefix, .. } => {
                format!("s3:{}/{bucket}/{}", endpoint.trim_end_matches('/'), prefix.trim_start_matches('/'))
            }
            Self::B2 { bucket, prefix } => format!("b2:{bucket}:{}", prefix.trim_start_matches('/')),
            Self::Azure { container, prefix } => {
                format!("azure:{container}:/{}", prefix.trim_start_matches('/'))
            }
            Self::Gs { bucket, prefix } => format!("gs:{bucket}:/{}", prefix.trim_start_matches('/')),
            Self::Swift { container, prefix } => {
                format!("swift:{container}:/{}", prefix.trim_start_matches('/'))
            }
            Self::Rclone { remote, path } => format!("rclone:{remote}:{path}"),
        }
    }

    /// Whether the destination is reached over a network, and must answer before a long job starts.
    pub const fn is_remote(&self) -> bool {
        !matches!(self, Self::Local { .. })
    }
}

/// An absolute Unix path without what means nothing in it, so that one place has one name; any other as it is. `..` may
/// lead elsewhere than it seems, where there are links.
fn shortest(path: &str) -> String {
    if !path.starts_with('/') {
        return path.to_owned();
    }
    let parts: Vec<&str> = path.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    format!("/{}", parts.join("/"))
}

fn trailing_slash(path: &str) -> String {
    let path = path.trim_matches('/');
    if path.is_empty() { String::new() } else { format!("{path}/") }
}

impl BackendKind {
    /// The environment names that the `environment` secret of such a repository may set.
    pub const fn environment(self) -> &'static [&'static str] {
        match self {
            Self::Local | Self::Sftp | Self::Rest | Self::Rclone => &[],
            Self::S3 => {
                &["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_DEFAULT_REGION"]
            }
            Self::B2 => &["B2_ACCOUNT_ID", "B2_ACCOUNT_KEY"],
            Self::Azure => {
                &["AZURE_ACCOUNT_NAME", "AZURE_ACCOUNT_KEY", "AZURE_ACCOUNT_SAS", "AZURE_ENDPOINT_SUFFIX"]
            }
            Self::Gs => &["GOOGLE_PROJECT_ID", "GOOGLE_ACCESS_TOKEN"],
            Self::Swift => &[
                "OS_AUTH_URL",
                "OS_REGION_NAME",
                "OS_USERNAME",
                "OS_USER_ID",
                "OS_PASSWORD",
                "OS_USER_DOMAIN_NAME",
                "OS_USER_DOMAIN_ID",
                "OS_PROJECT_NAME",
                "OS_PROJECT_DOMAIN_NAME",
                "OS_PROJECT_DOMAIN_ID",
                "OS_TENANT_ID",
                "OS_TENANT_NAME",
                "OS_APPLICATION_CREDENTIAL_ID",
                "OS_APPLICATION_CREDENTIAL_NAME",
                "OS_APPLICATION_CREDENTIAL_SECRET",
                "OS_STORAGE_URL",
                "OS_AUTH_TOKEN",
                "ST_AUTH",
                "ST_USER",
                "ST_KEY",
            ],
        }
    }
}
