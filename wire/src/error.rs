//! The API's problems: RFC 9457 bodies with a stable `code` and a `hint` that says what to do next.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::plan::PlanProblem;

/// `application/problem+json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[ts(optional_fields)]
pub struct Problem {
    /// `about:blank#<code>`; the code is what programs compare.
    #[serde(rename = "type")]
    pub kind: String,
    pub code: ErrorCode,
    pub title: String,
    pub status: u16,
    /// What happened, to what.
    pub detail: String,
    /// What to do next.
    pub hint: String,
    /// The fields that are wrong, when the request had fields.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(as = "Option<Vec<PlanProblem>>")]
    pub fields: Vec<PlanProblem>,
    /// Who or what is in the way, by its id: with `name_of_disabled` the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Seconds until it is worth trying again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    BadRequest,
    InvalidField,
    InvalidCursor,
    NotSignedIn,
    WrongCredentials,
    /// The code, the passkey or the recovery code does not fit, or its ticket is over.
    WrongFactor,
    /// The person's role takes a second factor, and they have not added one yet.
    FactorNeeded,
    /// A setup link that is over, used, or never was.
    BadSetupLink,
    /// An identity provider's person is not let in, or its answer does not hold.
    SsoRefused,
    /// The identity provider does not answer.
    SsoUnavailable,
    Forbidden,
    /// There would be no admin left who can sign in.
    LastAdmin,
    /// A person of this name exists.
    NameTaken,
    /// A person of this name exists and is disabled: enable them again instead.
    NameOfDisabled,
    /// An identity provider says it, so it is not changed here.
    ProviderManaged,
    NotFound,
    MethodNotAllowed,
    Conflict,
    /// `If-Match` or a base revision is not the current one.
    Stale,
    Expired,
    BadSignature,
    TooLarge,
    UnsupportedMedia,
    TooManyRequests,
    SetupNeeded,
    SetupClosed,
    BadBootstrapToken,
    CrossOrigin,
    /// The host is not connected, and what is asked needs it now.
    HostAbsent,
    /// The host is connected and does not answer in time.
    HostSilent,
    /// The host could not do it, or would not.
    HostRefused,
    /// The disk is full or the database cannot be written.
    StorageUnavailable,
    Internal,
}

impl ErrorCode {
    /// Every code, as the document of the API lists them.
    pub const ALL: [Self; 33] = [
        Self::BadRequest,
        Self::InvalidField,
        Self::InvalidCursor,
        Self::NotSignedIn,
        Self::WrongCredentials,
        Self::WrongFactor,
        Self::FactorNeeded,
        Self::BadSetupLink,
        Self::SsoRefused,
        Self::SsoUnavailable,
        Self::LastAdmin,
        Self::NameTaken,
        Self::NameOfDisabled,
        Self::ProviderManaged,
        Self::Forbidden,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::Conflict,
        Self::Stale,
        Self::Expired,
        Self::BadSignature,
        Self::TooLarge,
        Self::UnsupportedMedia,
        Self::TooManyRequests,
        Self::SetupNeeded,
        Self::SetupClosed,
        Self::BadBootstrapToken,
        Self::CrossOrigin,
        Self::HostAbsent,
        Self::HostSilent,
        Self::HostRefused,
        Self::StorageUnavailable,
        Self::Internal,
    ];

    pub const fn status(self) -> u16 {
        match self {
            Self::BadRequest | Self::InvalidCursor | Self::BadSignature => 400,
            Self::InvalidField => 422,
            Self::NotSignedIn | Self::WrongCredentials | Self::WrongFactor | Self::BadBootstrapToken => 401,
            Self::Forbidden | Self::FactorNeeded | Self::SsoRefused | Self::CrossOrigin => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::Conflict
            | Self::SetupNeeded
            | Self::SetupClosed
            | Self::LastAdmin
            | Self::HostAbsent
            | Self::HostRefused
            | Self::NameTaken
            | Self::NameOfDisabled
            | Self::ProviderManaged => 409,
            Self::Expired | Self::BadSetupLink => 410,
            Self::Stale => 412,
            Self::TooLarge => 413,
            Self::UnsupportedMedia => 415,
            Self::TooManyRequests => 429,
            Self::Internal => 500,
            Self::HostSilent => 504,
            Self::StorageUnavailable | Self::SsoUnavailable => 503,
        }
    }

    pub const fn title(self) -> &'static str {
        match self {
            Self::BadRequest => "The request cannot be understood",
            Self::InvalidField => "Some fields are not valid",
            Self::InvalidCursor => "The page cursor is not valid",
            Self::NotSignedIn => "Not signed in",
            Self::WrongCredentials => "Wrong user name or password",
            Self::WrongFactor => "The second factor does not fit",
            Self::FactorNeeded => "A second factor is needed",
            Self::BadSetupLink => "The setup link is not valid any more",
            Self::SsoRefused => "The identity provider's sign-in was refused",
            Self::SsoUnavailable => "The identity provider does not answer",
            Self::LastAdmin => "The last admin stays one",
            Self::NameTaken => "The name is taken",
            Self::NameOfDisabled => "A disabled person has this name",
            Self::ProviderManaged => "The identity provider says it",
            Self::Forbidden => "Not allowed",
            Self::NotFound => "Not found",
            Self::MethodNotAllowed => "Method not allowed",
            Self::Conflict => "It conflicts with what is there",
            Self::Stale => "Somebody changed it meanwhile",
            Self::Expired => "It has expired",
            Self::BadSignature => "A signature does not hold",
            Self::TooLarge => "Too large",
            Self::UnsupportedMedia => "Unsupported media type",
            Self::TooManyRequests => "Too many requests",
            Self::SetupNeeded => "Nobody has set this coordinator up yet",
            Self::SetupClosed => "Setup is closed",
            Self::BadBootstrapToken => "The setup link is not valid",
            Self::CrossOrigin => "The request comes from another site",
            Self::HostAbsent => "The host is not connected",
            Self::HostSilent => "The host does not answer",
            Self::HostRefused => "The host could not do it",
            Self::StorageUnavailable => "The coordinator cannot write its database",
            Self::Internal => "The coordinator failed",
        }
    }
}

impl Problem {
    pub fn new(code: ErrorCode, detail: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            kind: format!(
                "about:blank#{}",
                serde_json::to_value(code)
                    .ok()
                    .and_then(|v| v.as_str().map(str::to_owned))
                    .unwrap_or_default()
            ),
            code,
            title: code.title().to_owned(),
            status: code.status(),
            detail: detail.into(),
            hint: hint.into(),
            fields: Vec::new(),
            subject: None,
            retry_after_s: None,
        }
    }
}
