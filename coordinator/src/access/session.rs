//! Sessions: what the cookie holds, what is kept of it, and when it ends. Pure.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use wire::{
    domain::sha256,
    id::{Hash32, UnixMs},
    trust::Role,
};
use zeroize::Zeroizing;

use crate::store::sessions::SessionRow;

const HOUR_MS: i64 = 3_600_000;
/// Not used for this long, a session is over.
pub const IDLE_MS: i64 = 24 * HOUR_MS;
/// However much it is used, a session is over after this.
pub const WHOLE_MS: i64 = 7 * 24 * HOUR_MS;
/// Use is written down this coarsely, so that reading a page does not write the database.
pub const TOUCH_MS: i64 = HOUR_MS / 4;

/// Who is signed in, as the database has them at this moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub key: Hash32,
    pub user: String,
    pub role: Role,
    pub expires_at: UnixMs,
}

impl Session {
    /// `None` when it is over, or its person may not sign in any more.
    pub(super) fn of(key: Hash32, row: SessionRow, now: UnixMs) -> Option<Self> {
        let whole = row.created_at.plus_ms(WHOLE_MS);
        let live = row.person.disabled_at.is_none() && now < whole && now < row.used_at.plus_ms(IDLE_MS);
        live.then(|| Self {
            key,
            user: row.person.name,
            role: row.person.role,
            // Asking was a use.
            expires_at: whole.min(now.plus_ms(IDLE_MS)),
        })
    }
}

/// 32 random bytes as base64url: what a cookie or a setup link holds. Whoever has it is let in.
pub struct Token(Zeroizing<String>);

impl Token {
    pub(super) fn new(random: [u8; 32]) -> Self {
        let random = Zeroizing::new(random);
        Self(Zeroizing::new(URL_SAFE_NO_PAD.encode(*random)))
    }

    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is kept: a thief of the database signs in nowhere. A plain hash is enough for 256 random bits.
    pub(super) fn key(&self) -> Hash32 {
        key_of(&self.0)
    }
}

/// `None`: no token of ours looks like that.
pub(super) fn key_of_text(text: &str) -> Option<Hash32> {
    let plausible =
        text.len() == 43 && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    plausible.then(|| key_of(text))
}

fn key_of(text: &str) -> Hash32 {
    sha256(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::people::{Person, PersonId};

    fn row(created: i64, used: i64, disabled_at: Option<UnixMs>) -> SessionRow {
        let person = Person { id: PersonId(1), name: "alice".into(), role: Role::Admin, disabled_at };
        SessionRow { person, created_at: UnixMs(created), used_at: UnixMs(used) }
    }

    fn alive(created: i64, used: i64, now: i64) -> Option<UnixMs> {
        Session::of(Hash32::ZERO, row(created, used, None), UnixMs(now)).map(|session| session.expires_at)
    }

    #[test]
    fn a_session_ends_a_day_after_its_last_use_and_a_week_after_its_start() {
        assert_eq!(alive(0, 0, 1), Some(UnixMs(1 + IDLE_MS)));
        assert!(alive(0, 0, IDLE_MS - 1).is_some());
        assert_eq!(alive(0, 0, IDLE_MS), None);
        let late = WHOLE_MS - 1;
        assert_eq!(alive(0, late - 10, late), Some(UnixMs(WHOLE_MS)));
        assert_eq!(alive(0, late, WHOLE_MS), None);
    }

    #[test]
    fn a_disabled_person_has_no_session() {
        assert_eq!(Session::of(Hash32::ZERO, row(0, 0, Some(UnixMs(1))), UnixMs(2)), None);
    }

    #[test]
    fn only_what_looks_like_a_token_is_looked_up() {
        let token = Token::new([7; 32]);
        assert_eq!(key_of_text(token.expose()), Some(token.key()));
        for text in
            ["", "x", &"a".repeat(42), &"a".repeat(44), &format!("{}=", "a".repeat(42)), &"ü".repeat(21)]
        {
            assert_eq!(key_of_text(text), None, "{text}");
        }
    }
}
