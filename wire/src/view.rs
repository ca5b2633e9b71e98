//! The JSON that the panel reads and writes: shapes of `/api/v1`.
//!
//! TypeScript types and the OpenAPI schemas are generated from these. They are views: folds of journals and of the
//! coordinator's own rows, never what is signed. Times are milliseconds since the Unix epoch.

mod access;
mod account;
mod audit;
mod fleet;
mod host;
mod live;
mod order;
mod people;
mod recovery;

pub use access::*;
pub use account::*;
pub use audit::*;
pub use fleet::*;
pub use host::*;
pub use live::*;
pub use order::*;
pub use people::*;
pub use recovery::*;

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

/// What carries a password, a token or a code prints nothing of it.
macro_rules! opaque {
    ($($name:ident),* $(,)?) => {$(
        impl std::fmt::Debug for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    )*};
}

opaque!(
    ApiTokenMade,
    ConfirmRequest,
    InvitationCheck,
    InvitationRequest,
    PasskeyChallengeView,
    PasskeyRequest,
    PasskeySignInRequest,
    PasswordRequest,
    RecoveryCodesView,
    SecondFactorRequest,
    SecondFactorView,
    SetupCheck,
    SetupLinkView,
    SetupRequest,
    SignInRequest,
    SsoFinishRequest,
    TotpConfirmRequest,
    TotpView,
);

/// One page of a list. `next` is an opaque cursor for the page after; absent on the last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    pub next: Option<String>,
    /// How many there are in all, where that is known without counting.
    #[ts(type = "number | null")]
    pub total: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_carries_a_secret_prints_nothing_of_it() {
        let request = SignInRequest { user: "ada".into(), password: "correct horse".into() };
        assert_eq!(format!("{request:?}"), "SignInRequest { .. }");
        let codes = RecoveryCodesView { codes: vec!["abcd-efgh".into()] };
        assert_eq!(format!("{codes:?}"), "RecoveryCodesView { .. }");
    }
}
