//! Why somebody is not let in, or may not do to people what they want.

use wire::plan::PlanProblem;

use super::{Busy, FactorError, PeopleError, SsoError, TooManyTries};
use crate::store::StoreError;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccessError {
    #[error("the user name or the password is wrong")]
    WrongCredentials,
    #[error("`{user}` is disabled")]
    Disabled { user: String },
    #[error(transparent)]
    TooManyTries(#[from] TooManyTries),
    #[error(transparent)]
    Busy(#[from] Busy),
    #[error("somebody set this coordinator up already")]
    SetupClosed,
    #[error("the setup link's token is not the current one")]
    BadBootstrapToken,
    /// Field by field.
    #[error("the name or the password will not do")]
    Invalid(Vec<PlanProblem>),
    #[error(transparent)]
    People(#[from] PeopleError),
    #[error(transparent)]
    Sso(#[from] SsoError),
    #[error(transparent)]
    Factor(#[from] FactorError),
    #[error(transparent)]
    Store(#[from] StoreError),
}
