//! One's own account: how one signs in, and where one is signed in.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use super::{Factor, MeView};
use crate::id::{Base64Bytes, Hash32, UnixMs};

/// `GET /session/ways`, for everybody: how one may sign in here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct SignInWaysView {
    pub providers: Vec<ProviderView>,
    /// Whether a passkey may be used: browsers take one for a name over https, or on this very machine.
    pub passkeys: bool,
}

/// An identity provider that people may come by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct ProviderView {
    pub id: String,
    pub name: String,
}

/// The answer to a password that was right and is not enough: `POST /session/second-factor` with this ticket.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS, ToSchema)]
#[ts(optional_fields)]
pub struct SecondFactorView {
    /// Good for five minutes and a few tries.
    pub ticket: String,
    pub factors: Vec<Factor>,
    /// Whether one of the person's recovery codes would do.
    pub recovery: bool,
    /// For `navigator.credentials.get`, where the person has a passkey.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(type = "unknown")]
    #[schema(value_type = Option<Object>)]
    pub passkey: Option<serde_json::Value>,
}

/// `POST /session/second-factor`: one of the three. Answers with [`MeView`].
#[derive(Clone, PartialEq, Serialize, Deserialize, TS, ToSchema)]
#[ts(optional_fields)]
pub struct SecondFactorRequest {
    pub ticket: String,
    /// Six digits of the code generator.
    pub code: Option<String>,
    pub recovery_code: Option<String>,
    /// What `navigator.credentials.get` gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(type = "unknown")]
    #[schema(value_type = Option<Object>)]
    pub passkey: Option<serde_json::Value>,
}

/// `POST /session/passkey/begin`: a challenge for a passkey that knows its person. No body is needed.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct PasskeyChallengeView {
    pub ticket: String,
    /// For `navigator.credentials.get` or `create`.
    #[ts(type = "unknown")]
    #[schema(value_type = Object)]
    pub options: serde_json::Value,
}

/// `POST /session/passkey`. Answers with [`MeView`].
#[derive(Clone, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct PasskeySignInRequest {
    pub ticket: String,
    #[ts(type = "unknown")]
    #[schema(value_type = Object)]
    pub credential: serde_json::Value,
}

/// `POST /sso/{provider}/start`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[ts(optional_fields)]
pub struct SsoStartRequest {
    /// A path of the panel to go to afterwards; anything else is `/`.
    pub return_to: Option<String>,
}

/// Where the browser goes to sign in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct SsoStartView {
    pub url: String,
}

/// `POST /sso/finish`: what the provider gave the browser. Sets the session's cookie.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[ts(optional_fields)]
pub struct SsoFinishRequest {
    pub code: String,
    pub state: String,
    /// Who says so (RFC 9207): the parameter of the same name, where the provider gave one.
    pub iss: Option<String>,
}

/// The answer to [`SsoFinishRequest`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct SsoFinishView {
    pub me: MeView,
    /// A path of the panel.
    pub return_to: String,
}

/// The answer to `DELETE /session`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct SignedOutView {
    /// Where the browser ends the provider's session too, when a provider began this one.
    pub provider_url: Option<String>,
}

/// `POST /invitation/check`: is this setup link good, and whose is it? Nothing is written.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct InvitationCheck {
    pub token: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct InvitationView {
    pub user: String,
    pub expires_at: UnixMs,
    /// The least length of a password.
    pub password_min: u32,
}

/// `POST /invitation`: chooses the password and signs in. Answers with [`MeView`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct InvitationRequest {
    pub token: String,
    pub password: String,
}

/// `GET /account`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct AccountView {
    pub me: MeView,
    pub email: Option<String>,
    /// The name of the provider that vouches for the person: then there is no password here.
    pub provider: Option<String>,
    pub has_totp: bool,
    pub passkeys: Vec<PasskeyView>,
    /// Recovery codes that were not used.
    pub recovery_codes: u32,
    /// Whether the person's role takes a second factor.
    pub factor_required: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct PasskeyView {
    /// The credential's id.
    pub id: Base64Bytes,
    pub name: String,
    pub created_at: UnixMs,
    pub used_at: Option<UnixMs>,
}

/// `POST /account/password`. Every other session of the person ends.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct PasswordRequest {
    pub current: String,
    pub new: String,
}

/// One's current password once more, before something that a borrowed session should not do.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[ts(optional_fields)]
pub struct ConfirmRequest {
    /// Not asked of whom a provider vouches for.
    pub password: Option<String>,
}

/// `POST /account/totp`: what the code generator is told. It counts once a code was shown.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct TotpView {
    /// Base32.
    pub secret: String,
    /// `otpauth://`, for a QR code.
    pub uri: String,
}

/// `POST /account/totp/confirm`. Answers with [`RecoveryCodesView`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct TotpConfirmRequest {
    pub code: String,
}

/// Shown this once. Empty where the codes of before still count.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct RecoveryCodesView {
    pub codes: Vec<String>,
}

/// `POST /account/passkeys`: what `navigator.credentials.create` gave. Answers with [`RecoveryCodesView`].
#[derive(Clone, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct PasskeyRequest {
    pub ticket: String,
    pub name: String,
    #[ts(type = "unknown")]
    #[schema(value_type = Object)]
    pub credential: serde_json::Value,
}

/// One of one's own sessions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct SessionView {
    /// Names it; opens nothing.
    pub id: Hash32,
    pub current: bool,
    pub created_at: UnixMs,
    pub used_at: UnixMs,
    pub expires_at: UnixMs,
    pub address: Option<String>,
    /// As the browser called itself.
    pub device: Option<String>,
    pub provider: Option<String>,
}
