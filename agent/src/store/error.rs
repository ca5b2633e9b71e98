//! What can go wrong with the database, told apart where somebody acts differently.

/// Cheap to clone: one failed commit answers everybody who shared it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    #[error(
        "the agent's database cannot grow, its disk is full: free space there; nothing that was acknowledged is lost, and the agent tries again by itself"
    )]
    Full,
    #[error(
        "the agent's database cannot be written ({0}): check the disk and the mount; the agent tries again by itself"
    )]
    Unavailable(String),
    #[error(
        "the agent's database is damaged ({0}): move it away and start the agent; it begins a new journal and reads its repositories again"
    )]
    Damaged(String),
    #[error(
        "the agent's database has version {found}, this agent knows {known}: install the newer agent again"
    )]
    Newer { found: i64, known: i64 },
    #[error(
        "the database belongs to agent {found}, but the key file is that of {expected}: give each agent a directory of its own"
    )]
    OtherAgent { expected: String, found: String },
    #[error("the agent's database is in use by another process ({0}): stop the other agent")]
    Busy(String),
    #[error("the agent's database is closed: the agent is stopping")]
    Closed,
    #[error("a statement failed ({0}): this is a fault of the agent, please report it")]
    Statement(String),
}

impl StoreError {
    /// Whether the same write can succeed later without anybody changing it.
    pub const fn may_pass(&self) -> bool {
        matches!(self, Self::Full | Self::Unavailable(_) | Self::Busy(_))
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Code;
        let text = error.to_string();
        match error.sqlite_error_code() {
            Some(Code::DiskFull) => Self::Full,
            Some(Code::SystemIoFailure | Code::CannotOpen | Code::ReadOnly | Code::PermissionDenied) => {
                Self::Unavailable(text)
            }
            Some(Code::DatabaseCorrupt | Code::NotADatabase) => Self::Damaged(text),
            Some(Code::DatabaseBusy | Code::DatabaseLocked) => Self::Busy(text),
            Some(_) => Self::Statement(text),
            None => match error {
                rusqlite::Error::FromSqlConversionFailure(..)
                | rusqlite::Error::IntegralValueOutOfRange(..) => Self::Damaged(text),
                _ => Self::Statement(text),
            },
        }
    }
}
