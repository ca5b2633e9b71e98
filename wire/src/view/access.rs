//! People, sessions and the first start.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::{
    id::{ChannelKey, CoordinatorId, FleetId, OperatorKey, UnixMs},
    trust::{Role, Signed, Statement},
};

/// `GET /setup`, for everybody: is there somebody already, and whose coordinator is this?
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct SetupView {
    pub needed: bool,
    pub coordinator: CoordinatorView,
    /// The least length of a password.
    pub password_min: u32,
    pub version: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct CoordinatorView {
    pub id: CoordinatorId,
    pub channel: ChannelKey,
    pub name: String,
    pub public_url: String,
}

/// `POST /setup/check`: would this start work? Nothing is written.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct SetupCheck {
    pub token: String,
    pub user: String,
    pub password: String,
}

/// The answer to [`SetupCheck`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct SetupCheckView {
    /// The statements of the fleet that this coordinator serves already, from version 1: its people were lost with its
    /// database. Setting up then sends one of them again, or the next. Empty on a true first start.
    #[schema(value_type = Vec<crate::trust::SignedDocument>)]
    pub statements: Vec<Signed<Statement>>,
}

/// `POST /setup`: the first admin and the fleet's first statement, in one step. Answers with [`MeView`].
#[derive(Clone, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct SetupRequest {
    pub token: String,
    pub user: String,
    pub password: String,
    /// Version 1, signed by the root; its one operator is this browser's key. Where the fleet is known already: its
    /// highest statement once more, or the one after it.
    #[schema(value_type = crate::trust::SignedDocument)]
    pub statement: Signed<Statement>,
}

/// `POST /session`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct SignInRequest {
    pub user: String,
    pub password: String,
}

/// `GET /session`: who am I?
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct MeView {
    pub user: String,
    pub role: Role,
    /// Absent for a token that does not expire.
    pub session_expires_at: Option<UnixMs>,
    /// The person's role takes a second factor, and they have none: until they add one in their account, nothing else is
    /// answered.
    pub must_add_factor: bool,
}

/// `GET /fleet`: the trust everything rests on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct FleetView {
    pub fleet: FleetId,
    /// `SHA256:` and hex in groups.
    pub fingerprint: String,
    pub words: Vec<String>,
    pub coordinator: CoordinatorView,
    /// From version 1 to the current one, each with its exact bytes.
    #[schema(value_type = Vec<crate::trust::SignedDocument>)]
    pub statements: Vec<Signed<Statement>>,
    pub operators: Vec<OperatorView>,
    pub version: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct OperatorView {
    pub key: OperatorKey,
    pub name: String,
    pub role: Role,
    pub fingerprint: String,
}
