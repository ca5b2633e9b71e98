//! Why something was not done: one closed type, which HTTP turns into problems in one place.

use wire::{action::OrderRefusalCode, error::ErrorCode, plan::PlanProblem};

use crate::store::StoreError;

/// `Display` says what happened, to what; [`FleetError::hint`] what to do next.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum FleetError {
    #[error("there is no {what} {id}")]
    NotFound { what: &'static str, id: String },
    /// It does not fit what is there.
    #[error("{detail}")]
    Conflict { detail: String, hint: String },
    /// It was made for an older state.
    #[error("{detail}")]
    Stale { detail: String, hint: String },
    #[error("{detail}")]
    BadSignature { detail: String, hint: String },
    /// Properly signed, but by somebody who may not.
    #[error("{detail}")]
    Forbidden { detail: String, hint: String },
    #[error("{detail}")]
    Invalid { detail: String, hint: String, fields: Vec<PlanProblem> },
    #[error("{detail}")]
    Expired { detail: String, hint: String },
    /// What is asked needs the host itself, and it is not connected.
    #[error("{detail}")]
    HostAbsent { detail: String, hint: String },
    /// It is connected, and does not answer.
    #[error("{detail}")]
    HostSilent { detail: String, hint: String },
    /// It could not, or would not.
    #[error("{detail}")]
    HostRefused { code: OrderRefusalCode, detail: String, hint: String },
    /// Too much at once.
    #[error("{detail}")]
    Busy { detail: String, hint: String },
    #[error("the cursor does not belong to this list")]
    Cursor,
    #[error("this coordinator has no fleet yet")]
    NotSetUp,
    #[error(transparent)]
    Storage(#[from] StoreError),
}

impl FleetError {
    pub fn not_found(what: &'static str, id: impl std::fmt::Display) -> Self {
        Self::NotFound { what, id: id.to_string() }
    }

    /// One field of what was asked is not as it must be.
    pub(super) fn field(field: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self::Invalid {
            detail: message.clone(),
            hint: "Nothing was done. Correct it and send it again.".into(),
            fields: vec![PlanProblem { field: field.into(), message }],
        }
    }

    pub(super) fn conflict(detail: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Conflict { detail: detail.into(), hint: hint.into() }
    }

    pub(super) fn signature(detail: impl std::fmt::Display) -> Self {
        Self::BadSignature {
            detail: detail.to_string(),
            hint: "Nothing was done. Reload the page and sign it again in this browser.".into(),
        }
    }

    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::NotFound { .. } => ErrorCode::NotFound,
            Self::Conflict { .. } => ErrorCode::Conflict,
            Self::Stale { .. } => ErrorCode::Stale,
            Self::BadSignature { .. } => ErrorCode::BadSignature,
            Self::Forbidden { .. } => ErrorCode::Forbidden,
            Self::Invalid { .. } => ErrorCode::InvalidField,
            Self::Expired { .. } => ErrorCode::Expired,
            Self::HostAbsent { .. } => ErrorCode::HostAbsent,
            Self::HostSilent { .. } => ErrorCode::HostSilent,
            Self::HostRefused { .. } => ErrorCode::HostRefused,
            Self::Busy { .. } => ErrorCode::TooManyRequests,
            Self::Cursor => ErrorCode::InvalidCursor,
            Self::NotSetUp => ErrorCode::SetupNeeded,
            Self::Storage(StoreError::Unavailable(_) | StoreError::Closed) => ErrorCode::StorageUnavailable,
            Self::Storage(StoreError::Damaged(_) | StoreError::Newer { .. } | StoreError::Refused(_)) => {
                ErrorCode::Internal
            }
        }
    }

    /// What to do next.
    pub fn hint(&self) -> &str {
        match self {
            Self::Conflict { hint, .. }
            | Self::Stale { hint, .. }
            | Self::BadSignature { hint, .. }
            | Self::Forbidden { hint, .. }
            | Self::Invalid { hint, .. }
            | Self::Expired { hint, .. }
            | Self::HostAbsent { hint, .. }
            | Self::HostSilent { hint, .. }
            | Self::HostRefused { hint, .. }
            | Self::Busy { hint, .. } => hint,
            Self::NotFound { .. } => "It may have been removed meanwhile: go back to the list.",
            Self::Cursor => "Begin again from the first page.",
            Self::NotSetUp => "Open the setup link that the coordinator printed when it started.",
            Self::Storage(StoreError::Unavailable(_)) => {
                "Free some space on the coordinator's disk; it goes on by itself."
            }
            Self::Storage(StoreError::Closed) => "The coordinator is stopping: try again in a moment.",
            Self::Storage(_) => "Look into the coordinator's log.",
        }
    }

    pub fn fields(&self) -> &[PlanProblem] {
        match self {
            Self::Invalid { fields, .. } => fields,
            _ => &[],
        }
    }
}
