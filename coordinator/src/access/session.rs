//! Sessions: what the cookie holds, what is kept of it, and when it ends. Pure.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use wire::{
    domain::sha256,
    id::{Hash32, UnixMs},
    trust::Role,
};
use zeroize::Zeroizing;

use super::Settings;
use crate::store::{people::PersonId, sessions::SessionRow};

/// Use is written down this coarsely, so that reading a page does not write the database.
pub const TOUCH_MS: i64 = 15 * 60_000;

/// What the tokens of programs begin with.
const PROGRAM: &str = "rmt_";

/// Who is signed in, as the database has them at this moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub key: Hash32,
    /// Names it among its person's sessions.
    pub id: Hash32,
    pub person: PersonId,
    pub user: String,
    pub role: Role,
    pub expires_at: UnixMs,
    /// The role takes a second factor, and none was shown.
    pub lacks_factor: bool,
}

impl Session {
    /// `None` when it is over, or its person may not sign in any more.
    pub(super) fn of(key: Hash32, row: SessionRow, settings: &Settings, now: UnixMs) -> Option<Self> {
        let SessionRow { person, held } = row;
        let whole = held.created_at.plus_ms(settings.whole_ms);
        let idle = held.used_at.plus_ms(settings.idle_ms);
        let live = person.disabled_at.is_none() && now < whole && now < idle;
        live.then(|| Self {
            key,
            id: held.id,
            person: person.id,
            user: person.name,
            role: person.role,
            // Asking was a use.
            expires_at: whole.min(now.plus_ms(settings.idle_ms)),
            lacks_factor: !held.proved && settings.requires_factor(person.role),
        })
    }
}

/// 32 random bytes as base64url: what a cookie, a setup link or a program holds. Whoever has it is let in.
pub struct Token(Zeroizing<String>);

impl Token {
    pub(super) fn new(random: [u8; 32]) -> Self {
        let random = Zeroizing::new(random);
        Self(Zeroizing::new(URL_SAFE_NO_PAD.encode(*random)))
    }

    /// For a program: the same after a word by which people, and tools that look for leaked secrets, know it.
    pub(super) fn for_program(random: [u8; 32]) -> Self {
        Self(Zeroizing::new(format!("{PROGRAM}{}", Self::new(random).expose())))
    }

    /// One that was given out before.
    pub(super) fn of_text(text: &str) -> Option<Self> {
        key_of_text(text).map(|_| Self(Zeroizing::new(text.to_owned())))
    }

    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The link that hands it over, at the coordinator's public URL. It stands behind the `#`: no server and no log on the
    /// way sees it.
    pub fn welcome_link(&self, public_url: &str) -> String {
        format!("{}/welcome#{}", public_url.trim_end_matches('/'), self.expose())
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

/// The same for what a program shows.
pub(super) fn key_of_program(text: &str) -> Option<Hash32> {
    text.strip_prefix(PROGRAM).and_then(key_of_text).map(|_| key_of(text))
}

fn key_of(text: &str) -> Hash32 {
    sha256(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{people::Person, sessions::HeldSession};

    fn row(created: i64, used: i64, disabled_at: Option<UnixMs>) -> SessionRow {
        let person = Person {
            id: PersonId(1),
            name: "alice".into(),
            email: None,
            role: Role::Admin,
            identity: None,
            has_password: true,
            disabled_at,
            created_at: UnixMs(0),
            signed_in_at: None,
        };
        let held = HeldSession {
            id: Hash32::ZERO,
            created_at: UnixMs(created),
            used_at: UnixMs(used),
            address: None,
            device: None,
            proved: false,
            provider: None,
        };
        SessionRow { person, held }
    }

    fn alive(created: i64, used: i64, now: i64) -> Option<UnixMs> {
        let settings = Settings::default();
        Session::of(Hash32::ZERO, row(created, used, None), &settings, UnixMs(now))
            .map(|session| session.expires_at)
    }

    #[test]
    fn a_session_ends_a_day_after_its_last_use_and_a_week_after_its_start() {
        let Settings { idle_ms, whole_ms, .. } = Settings::default();
        assert_eq!(alive(0, 0, 1), Some(UnixMs(1 + idle_ms)));
        assert!(alive(0, 0, idle_ms - 1).is_some());
        assert_eq!(alive(0, 0, idle_ms), None);
        let late = whole_ms - 1;
        assert_eq!(alive(0, late - 10, late), Some(UnixMs(whole_ms)));
        assert_eq!(alive(0, late, whole_ms), None);
    }

    #[test]
    fn a_disabled_person_has_no_session() {
        let of = |row| Session::of(Hash32::ZERO, row, &Settings::default(), UnixMs(2));
        assert_eq!(of(row(0, 0, Some(UnixMs(1)))), None);
    }

    #[test]
    fn where_the_role_takes_a_second_factor_a_session_without_one_says_so() {
        let settings = Settings { factor_required: vec![Role::Admin], ..Settings::default() };
        let lacks = |proved| {
            let mut row = row(0, 0, None);
            row.held.proved = proved;
            Session::of(Hash32::ZERO, row, &settings, UnixMs(2)).unwrap().lacks_factor
        };
        assert!(lacks(false) && !lacks(true));
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
        let program = Token::for_program([7; 32]);
        assert_eq!(key_of_program(program.expose()), Some(program.key()));
        assert_ne!(program.key(), token.key());
        for text in ["rmt_", token.expose(), &program.expose().to_uppercase(), &program.expose()[..46]] {
            assert_eq!(key_of_program(text), None, "{text}");
        }
        assert_eq!(key_of_text(program.expose()), None, "no cookie and no link");
    }
}
