//! Why a factor is not taken, added or removed: the words, the code, and what to do next.

use wire::{error::ErrorCode, trust::Role};

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FactorError {
    #[error("this sign-in is over: it took longer than five minutes, or too many tries")]
    TicketOver,
    #[error("that is not a code that counts now, or it was used already")]
    WrongCode,
    #[error("that is none of the recovery codes that are left")]
    WrongRecoveryCode,
    #[error("the passkey was not taken")]
    WrongPasskey,
    #[error("a code, a recovery code or a passkey is needed, and one of them alone")]
    OneProof,
    #[error("the current password is wrong")]
    WrongPassword,
    #[error("passkeys work for a name over https alone, and the public URL of this coordinator is none")]
    NoPasskeysHere,
    #[error("no code generator waits for its first code")]
    NothingToConfirm,
    #[error("that passkey is known here already")]
    PasskeyKnown,
    #[error("you have {most} passkeys, which is the most")]
    TooManyPasskeys { most: usize },
    #[error("you have no code generator")]
    NoGenerator,
    #[error("you have no such passkey")]
    NoSuchPasskey,
    #[error("you have no second factor yet, so recovery codes would stand for nothing")]
    NoFactor,
    #[error("the role {} takes a second factor, and this is your last", role.as_str())]
    LastFactor { role: Role },
    #[error("you have a second factor, and this session has not shown it")]
    ProveFirst,
    #[error("your session ended meanwhile")]
    SessionOver,
    #[error("you signed in too long ago to change what proves you")]
    SignInAgain,
    #[error("an identity provider vouches for you, so a passkey alone does not let you in")]
    Vouched,
}

impl FactorError {
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::TicketOver | Self::WrongCode | Self::WrongRecoveryCode | Self::WrongPasskey => {
                ErrorCode::WrongFactor
            }
            Self::OneProof => ErrorCode::BadRequest,
            Self::WrongPassword => ErrorCode::WrongCredentials,
            Self::NoPasskeysHere
            | Self::NothingToConfirm
            | Self::PasskeyKnown
            | Self::TooManyPasskeys { .. }
            | Self::NoFactor
            | Self::LastFactor { .. }
            | Self::SignInAgain => ErrorCode::Conflict,
            Self::NoGenerator | Self::NoSuchPasskey => ErrorCode::NotFound,
            Self::ProveFirst => ErrorCode::FactorNeeded,
            Self::SessionOver => ErrorCode::NotSignedIn,
            Self::Vouched => ErrorCode::Forbidden,
        }
    }

    /// What to do next, as a sentence.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::TicketOver => "Sign in again from the start.",
            Self::WrongCode => {
                "Type the six digits that the generator shows now. If they stay wrong, set the clock of the device."
            }
            Self::WrongRecoveryCode => "Try another one: each is good once.",
            Self::WrongPasskey => "Try again, or use another way to sign in.",
            Self::OneProof => "Send one of `code`, `recovery_code` and `passkey`.",
            Self::WrongPassword => "Type your current password once more.",
            Self::NoPasskeysHere => {
                "Start the coordinator with --public-url https://NAME, or use a code generator."
            }
            Self::NothingToConfirm => "Begin again: a code generator waits five minutes for its first code.",
            Self::PasskeyKnown => "Use another device, or remove the passkey first.",
            Self::TooManyPasskeys { .. } => "Remove one that you do not use any more.",
            Self::NoGenerator | Self::NoSuchPasskey => "Look at your account: it may be removed already.",
            Self::NoFactor => "Add a code generator or a passkey first: recovery codes come with it.",
            Self::LastFactor { .. } => "Add another one first, then remove this.",
            Self::ProveFirst => {
                "Sign out, sign in again and show it. If you lost it, ask an admin to reset your factors."
            }
            Self::SessionOver => "Sign in again.",
            Self::SignInAgain => {
                "Sign out, sign in with your provider again, and do it within a quarter of an hour."
            }
            Self::Vouched => {
                "Sign in with your provider. Where your role takes a second factor, the passkey is it."
            }
        }
    }
}
