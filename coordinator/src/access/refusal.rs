//! Why something about people, their links, sessions or tokens is not done: the words, the code, and what to do next.

use wire::{error::ErrorCode, trust::Role};

use crate::store::people::PersonId;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PeopleError {
    #[error("there is no such person")]
    NoSuchPerson,
    #[error("a person called `{name}` exists")]
    NameTaken { name: String },
    #[error("a disabled person is called `{name}`")]
    NameOfDisabled { name: String, person: PersonId },
    #[error("`{name}` is the last admin who can sign in")]
    LastAdmin { name: String },
    #[error("an identity provider vouches for `{name}`, so nothing of this is kept here")]
    ProviderManaged { name: String },
    #[error("`{name}` is disabled")]
    IsDisabled { name: String },
    #[error("`{name}` has a second factor, which a setup link would go around")]
    HasFactors { name: String },
    #[error("your own second factors are not reset here")]
    OwnFactors,
    #[error("your own password is not given up to a link")]
    OwnPassword,
    #[error("nobody has set this coordinator up yet")]
    SetUpFirst,
    #[error("the setup link is over, or was used, or a newer one took its place")]
    BadSetupLink,
    #[error("the current password is wrong")]
    WrongPassword,
    #[error("your session ended meanwhile")]
    SessionOver,
    #[error("you have no such session")]
    NoSuchSession,
    #[error("there is no such token")]
    NoSuchApiToken,
    #[error("a token does no more than its maker may, and you are {}", own.as_str())]
    BeyondMaker { own: Role },
    #[error("a token does not revoke another one that may do more")]
    BeyondToken,
    #[error("you have {most} tokens that work, which is the most")]
    TooManyTokens { most: u32 },
}

impl PeopleError {
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::NoSuchPerson | Self::NoSuchSession | Self::NoSuchApiToken => ErrorCode::NotFound,
            Self::NameTaken { .. } => ErrorCode::NameTaken,
            Self::NameOfDisabled { .. } => ErrorCode::NameOfDisabled,
            Self::LastAdmin { .. } => ErrorCode::LastAdmin,
            Self::ProviderManaged { .. } => ErrorCode::ProviderManaged,
            Self::IsDisabled { .. }
            | Self::HasFactors { .. }
            | Self::OwnFactors
            | Self::OwnPassword
            | Self::TooManyTokens { .. } => ErrorCode::Conflict,
            Self::SetUpFirst => ErrorCode::SetupNeeded,
            Self::BadSetupLink => ErrorCode::BadSetupLink,
            Self::WrongPassword => ErrorCode::WrongCredentials,
            Self::SessionOver => ErrorCode::NotSignedIn,
            Self::BeyondMaker { .. } | Self::BeyondToken => ErrorCode::Forbidden,
        }
    }

    /// What to do next, as a sentence.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::NoSuchPerson => "Look at the list of people: somebody may have a number that you mistyped.",
            Self::NameTaken { .. } => "Choose another name: capital and small letters count as the same.",
            Self::NameOfDisabled { .. } => "Enable that person again, or choose another name.",
            Self::LastAdmin { .. } => "Make somebody else an admin first, who has chosen a password.",
            Self::ProviderManaged { .. } => {
                "Change it at the provider; it counts from the person's next sign-in on."
            }
            Self::IsDisabled { .. } => "Enable the person first.",
            Self::HasFactors { .. } => "Reset the person's second factors first, if they lost those too.",
            Self::OwnFactors => "Remove them in your account, where your password is asked.",
            Self::OwnPassword => "Change it in your account, where the current one is asked.",
            Self::SetUpFirst => "Open the setup link that the coordinator prints when it starts.",
            Self::BadSetupLink => "Ask an admin for a new one: each is good for an hour, and once.",
            Self::WrongPassword => "Type it again. If you lost it, ask an admin for a setup link.",
            Self::SessionOver => "Sign in and try again.",
            Self::NoSuchSession => "It may have ended already: read the list again.",
            Self::NoSuchApiToken => "Read the list again.",
            Self::BeyondMaker { .. } => "Choose your own role, or less.",
            Self::BeyondToken => "Sign in to the panel and revoke it there.",
            Self::TooManyTokens { .. } => "Revoke those that no program uses.",
        }
    }
}
