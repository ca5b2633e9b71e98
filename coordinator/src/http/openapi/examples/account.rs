//! One's own account, and the ways to sign in.

use serde_json::{Value, json};
use wire::{
    id::Base64Bytes,
    view::{
        AccountView, ConfirmRequest, Factor, InvitationCheck, InvitationRequest, InvitationView,
        PasskeyChallengeView, PasskeyRequest, PasskeySignInRequest, PasskeyView, PasswordRequest,
        ProviderView, RecoveryCodesView, SecondFactorRequest, SecondFactorView, SessionView, SignInWaysView,
        SignedOutView, SsoFinishRequest, SsoFinishView, SsoStartRequest, SsoStartView, TotpConfirmRequest,
        TotpView,
    },
};

use super::{
    access::{PASSWORD, SETUP_TOKEN, me},
    cast::{HOUR_MS, NOW, PERSON},
    of,
};
use crate::access::PASSWORD_MIN_CHARS;

/// Names a sign-in that is not finished.
const TICKET: &str = "dGlja2V0LW9mLWEtc2lnbi1pbg";
const PROVIDER: &str = "https://id.example.org";

pub(super) fn all() -> Vec<(String, Value)> {
    let mut all = sign_in();
    all.extend(account());
    all
}

fn sign_in() -> Vec<(String, Value)> {
    vec![
        of(&SignInWaysView {
            providers: vec![ProviderView { id: "company".into(), name: "Example Company".into() }],
            passkeys: true,
        }),
        of(&SecondFactorView {
            ticket: TICKET.into(),
            factors: vec![Factor::Totp],
            recovery: true,
            passkey: None,
        }),
        of(&SecondFactorRequest {
            ticket: TICKET.into(),
            code: Some("492039".into()),
            recovery_code: None,
            passkey: None,
        }),
        of(&PasskeyChallengeView {
            ticket: TICKET.into(),
            options: json!({ "publicKey": { "challenge": "Y2hhbGxlbmdl", "rpId": "backup.example.org" } }),
        }),
        of(&PasskeySignInRequest { ticket: TICKET.into(), credential: credential() }),
        of(&SsoStartRequest { return_to: Some("/hosts".into()) }),
        of(&SsoStartView {
            url: format!("{PROVIDER}/authorize?response_type=code&client_id=restic-manager"),
        }),
        of(&SsoFinishRequest {
            code: "c29tZS1jb2Rl".into(),
            state: "c29tZS1zdGF0ZQ".into(),
            iss: Some("https://login.example.org".into()),
        }),
        of(&SsoFinishView { me: me(), return_to: "/hosts".into() }),
        of(&SignedOutView { provider_url: Some(format!("{PROVIDER}/logout")) }),
        of(&InvitationCheck { token: SETUP_TOKEN.into() }),
        of(&InvitationView {
            user: PERSON.into(),
            expires_at: NOW.plus_ms(HOUR_MS),
            password_min: PASSWORD_MIN_CHARS,
        }),
        of(&InvitationRequest { token: SETUP_TOKEN.into(), password: PASSWORD.into() }),
    ]
}

fn account() -> Vec<(String, Value)> {
    vec![
        of(&AccountView {
            me: me(),
            email: Some("alice@example.org".into()),
            provider: None,
            has_totp: true,
            passkeys: vec![PasskeyView {
                id: Base64Bytes(b"a credential".to_vec()),
                name: "phone".into(),
                created_at: NOW,
                used_at: None,
            }],
            recovery_codes: 10,
            factor_required: true,
        }),
        of(&PasswordRequest { current: PASSWORD.into(), new: "another horse, another battery".into() }),
        of(&ConfirmRequest { password: Some(PASSWORD.into()) }),
        of(&TotpView {
            secret: "JBSWY3DPEHPK3PXP".into(),
            uri: "otpauth://totp/backup.example.org:alice?secret=JBSWY3DPEHPK3PXP&issuer=backup.example.org"
                .into(),
        }),
        of(&TotpConfirmRequest { code: "492039".into() }),
        of(&RecoveryCodesView { codes: vec!["k7qm-2xfd-9hrt".into()] }),
        of(&PasskeyRequest { ticket: TICKET.into(), name: "phone".into(), credential: credential() }),
        of(&SessionView {
            id: wire::domain::sha256(b"a session"),
            current: true,
            created_at: NOW,
            used_at: NOW,
            expires_at: NOW.plus_ms(7 * 24 * HOUR_MS),
            address: Some("192.0.2.7".into()),
            device: Some("Firefox on Linux".into()),
            provider: None,
        }),
    ]
}

/// What a browser hands over, cut down to what every such object has.
fn credential() -> Value {
    json!({ "id": "YSBjcmVkZW50aWFs", "rawId": "YSBjcmVkZW50aWFs", "type": "public-key", "response": {} })
}
