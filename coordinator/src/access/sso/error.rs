//! Why a sign-in by way of a provider did not come to be.

use wire::error::ErrorCode;

/// `provider` is its name as people are shown it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SsoError {
    #[error("there is no identity provider `{0}` here")]
    NoSuchProvider(String),
    /// The first person is whoever holds the setup link, and founds the fleet; a provider's people come afterwards.
    #[error("nobody has set this coordinator up yet")]
    TooEarly,
    #[error("{provider} does not answer as it should: {what}")]
    Unavailable { provider: String, what: String },
    #[error("{0}")]
    Refused(Refusal),
    /// In the terms of the specification; nothing of the token itself.
    #[error("the logout token will not do: {0}")]
    LogoutToken(String),
}

/// Why somebody is not let in who came back from a provider.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("this sign-in was not begun here, is older than five minutes, or was used before")]
    State,
    #[error("this sign-in was begun in another browser")]
    Browser,
    #[error("the answer comes from another provider than the one that was asked, {provider}")]
    MixedUp { provider: String },
    #[error("{provider} does not take the code that it gave: {what}")]
    Code { provider: String, what: String },
    #[error("what {provider} signed will not do: {what}")]
    Token { provider: String, what: String },
    #[error("{provider} tells about another person than the one who signed in")]
    OtherSubject { provider: String },
    #[error("{provider} gives you no role here: {what}")]
    NoRole { provider: String, what: String },
    #[error("{provider} says no user name that can be used here: {what}")]
    NoName { provider: String, what: String },
    #[error("the name `{name}` is somebody else's here, whom {provider} does not know")]
    NameTaken { provider: String, name: String },
    #[error("`{user}` is disabled here")]
    Disabled { user: String },
    #[error("{provider} makes you {role} now, and you are the last admin here")]
    LastAdmin { provider: String, role: &'static str },
}

impl SsoError {
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::NoSuchProvider(_) => ErrorCode::NotFound,
            Self::TooEarly => ErrorCode::SetupNeeded,
            Self::Unavailable { .. } => ErrorCode::SsoUnavailable,
            Self::Refused(Refusal::LastAdmin { .. }) => ErrorCode::LastAdmin,
            Self::Refused(_) => ErrorCode::SsoRefused,
            Self::LogoutToken(_) => ErrorCode::BadRequest,
        }
    }

    /// What to do next.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::NoSuchProvider(_) => "Go back to the sign-in page and choose one of those that it shows.",
            Self::TooEarly => {
                "Open the setup link that the coordinator printed when it started; then sign in here."
            }
            Self::Unavailable { .. } => {
                "Try again in a minute. If it stays so, an admin finds the provider's address and what it answered in \
                 the coordinator's log; who has a password here can sign in with it meanwhile."
            }
            Self::Refused(refusal) => refusal.hint(),
            Self::LogoutToken(_) => {
                "Compare the provider's issuer and client id with the coordinator's configuration, and both clocks."
            }
        }
    }
}

impl Refusal {
    const fn hint(&self) -> &'static str {
        match self {
            Self::State | Self::Browser => {
                "Start again from the sign-in page, and finish in the same browser within five minutes."
            }
            Self::MixedUp { .. } | Self::OtherSubject { .. } => {
                "Start again from the sign-in page. If it happens again, tell an admin: somebody may be interfering."
            }
            Self::Code { .. } => {
                "Start again from the sign-in page. If it stays so, an admin has to compare client id, client secret and \
                 redirect address with what the provider has registered."
            }
            Self::Token { .. } => {
                "Start again from the sign-in page. If it stays so, an admin has to compare issuer and client id with \
                 the provider's, and both clocks."
            }
            Self::NoRole { .. } => {
                "Ask an admin of this coordinator to give one of these a role in the configuration, or whoever runs the \
                 provider to add you to a group that has one. Then sign in again."
            }
            Self::NoName { .. } => {
                "Ask an admin of this coordinator to set `user_claim` to a claim that holds a plain name or an e-mail \
                 address."
            }
            Self::NameTaken { .. } => {
                "Ask an admin of this coordinator: the person of that name has to get another one, or you at the provider."
            }
            Self::Disabled { .. } => "Ask an admin of this coordinator to enable you again.",
            Self::LastAdmin { .. } => {
                "Nothing was changed. Have somebody else become admin first, by the provider or with \
                 `restic-manager-coordinator user` on the coordinator's machine."
            }
        }
    }
}
