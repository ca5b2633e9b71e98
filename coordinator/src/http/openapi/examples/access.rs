//! People, sessions, the first start.

use serde_json::Value;
use wire::{
    trust::Role,
    view::{MeView, SetupCheck, SetupCheckView, SetupRequest, SetupView, SignInRequest},
};

use super::{
    cast::{HOUR_MS, NOW, PERSON, VERSION, coordinator, statement},
    of,
};
use crate::access::PASSWORD_MIN_CHARS;

/// What a person would type; long enough.
pub(super) const PASSWORD: &str = "correct horse battery staple";
/// Of a setup link.
pub(super) const SETUP_TOKEN: &str = "NS0kP2V3cUl4d1J6YmFzZTY0dXJsLWV4YW1wbGU";

pub(super) fn all() -> Vec<(String, Value)> {
    vec![
        of(&SetupView {
            needed: true,
            coordinator: coordinator(),
            password_min: PASSWORD_MIN_CHARS,
            version: VERSION.into(),
        }),
        of(&SetupCheck { token: SETUP_TOKEN.into(), user: PERSON.into(), password: PASSWORD.into() }),
        of(&SetupCheckView { statements: Vec::new() }),
        of(&SetupRequest {
            token: SETUP_TOKEN.into(),
            user: PERSON.into(),
            password: PASSWORD.into(),
            statement: statement(),
        }),
        of(&SignInRequest { user: PERSON.into(), password: PASSWORD.into() }),
        of(&me()),
    ]
}

pub(super) fn me() -> MeView {
    MeView {
        user: PERSON.into(),
        role: Role::Admin,
        session_expires_at: Some(NOW.plus_ms(7 * 24 * HOUR_MS)),
        must_add_factor: false,
    }
}
