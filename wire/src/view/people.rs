//! People, as admins see them, and the tokens of their programs.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::{
    id::{OperatorKey, UnixMs},
    trust::Role,
};

/// One person, by the number that stays theirs whatever they are called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct PersonView {
    pub id: u32,
    pub name: String,
    pub email: Option<String>,
    pub role: Role,
    pub state: PersonState,
    /// The name of the identity provider that vouches for the person: then it says name, e-mail and role, and nobody
    /// changes them here.
    pub provider: Option<String>,
    pub created_at: UnixMs,
    pub signed_in_at: Option<UnixMs>,
    pub factors: Vec<Factor>,
    /// Sessions that are alive.
    pub sessions: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PersonState {
    Active,
    /// Invited; nobody chose a password yet.
    SetupPending,
    Disabled,
}

/// What proves a person besides their password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Factor {
    Totp,
    Passkey,
}

/// `POST /people`. Answers with [`SetupLinkView`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[ts(optional_fields)]
pub struct InviteRequest {
    pub name: String,
    pub email: Option<String>,
    pub role: Role,
}

/// The link by which an invited person chooses a password. Shown this once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct SetupLinkView {
    pub person: PersonView,
    pub link: String,
    pub expires_at: UnixMs,
}

/// `PATCH /people/{person}`: what is left out stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[ts(optional_fields)]
pub struct PersonEdit {
    /// An empty text removes it.
    pub email: Option<String>,
    pub role: Option<Role>,
}

/// A program's key to the API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct ApiTokenView {
    pub id: u32,
    pub name: String,
    /// At most this; never more than its maker may at that moment.
    pub role: Role,
    /// Who made it.
    pub person: String,
    pub created_at: UnixMs,
    pub expires_at: Option<UnixMs>,
    pub used_at: Option<UnixMs>,
    pub revoked_at: Option<UnixMs>,
    /// Nobody gets in by it: expired, revoked, or its maker is disabled.
    pub dead: bool,
}

/// `POST /api-tokens`. Answers with [`ApiTokenMade`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[ts(optional_fields)]
pub struct ApiTokenRequest {
    pub name: String,
    pub role: Role,
    /// Whole days from now, 1 to 3,660; left out: it does not expire.
    pub days: Option<u32>,
}

/// The token itself is shown this once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct ApiTokenMade {
    pub token: ApiTokenView,
    /// For `Authorization: Bearer`.
    pub secret: String,
}

/// An operator key that a browser or a terminal told of, or that the fleet's statement names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct DeviceKeyView {
    pub key: OperatorKey,
    /// What people compare before they approve it.
    pub fingerprint: String,
    pub words: Vec<String>,
    /// Whose it is; absent where the statement names a key that nobody announced here.
    pub person: Option<String>,
    pub person_id: Option<u32>,
    /// What the person is now: a key should not sign for more. Where `role` is higher, or the person is disabled, an
    /// admin should publish a statement that says so.
    pub person_role: Option<Role>,
    /// Whether its person is disabled.
    pub person_disabled: bool,
    /// The browser or computer, as its owner called it.
    pub name: String,
    /// What it may sign, by the fleet's statement. Absent: it waits for an admin.
    pub role: Option<Role>,
    pub announced_at: Option<UnixMs>,
    pub used_at: Option<UnixMs>,
}

/// `POST /account/keys`: this browser's key is mine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct AnnounceKeyRequest {
    pub key: OperatorKey,
    /// The browser or computer.
    pub name: String,
    /// By the key, over the domain `restic-manager/v1/key-announcement`, the fleet's id and the person's name
    /// (docs/PROTOCOL.md): who announces a key has it.
    pub proof: crate::id::Signature64,
}
