//! Our cookies, the session's and that of a sign-in at a provider: names and attributes, and finding them again. Pure.

use warp::http::{HeaderMap, HeaderValue, header};

use crate::access::{KNOWN_LIFE_MS, KnownDevice, Token};

/// A browser takes the prefix `__Host-` only with Secure, with path `/` and from this very host.
const SECURE: &str = "__Host-rm_session";
const PLAIN: &str = "rm_session";

/// As long as somebody may stay at a provider.
const SSO_S: i64 = 5 * 60;
const SSO_SECURE: &str = "__Host-rm_sso";
const SSO_PLAIN: &str = "rm_sso";

/// What a browser is known by that was signed in before. It lets nobody in.
const KNOWN_SECURE: &str = "__Host-rm_known";
const KNOWN_PLAIN: &str = "rm_known";

/// How the cookie travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Secure {
    /// Over plain http, where that is what people reach it by.
    No,
    Yes,
    /// Also with requests of a panel that is served from elsewhere: which ones are let in is decided by their origin.
    FromElsewhereToo,
}

impl Secure {
    const fn session(self) -> &'static str {
        match self {
            Self::No => PLAIN,
            Self::Yes | Self::FromElsewhereToo => SECURE,
        }
    }

    const fn sso(self) -> &'static str {
        match self {
            Self::No => SSO_PLAIN,
            Self::Yes | Self::FromElsewhereToo => SSO_SECURE,
        }
    }

    const fn known(self) -> &'static str {
        match self {
            Self::No => KNOWN_PLAIN,
            Self::Yes | Self::FromElsewhereToo => KNOWN_SECURE,
        }
    }

    const fn attributes(self) -> &'static str {
        match self {
            Self::No => "SameSite=Strict",
            Self::Yes => "SameSite=Strict; Secure",
            Self::FromElsewhereToo => "SameSite=None; Secure",
        }
    }
}

/// Scripts never see it; other sites never send it, but for panels that are named. `whole_ms`: after which the session is
/// over in any case.
pub(super) fn set(token: &Token, secure: Secure, whole_ms: i64) -> HeaderValue {
    held(secure.session(), token.expose(), whole_ms / 1_000, secure)
}

/// What the way back from a provider is known by. Strict: the panel's own page brings the code, no other site does.
pub(super) fn set_sso(token: &Token, secure: Secure) -> HeaderValue {
    held(secure.sso(), token.expose(), SSO_S, secure)
}

/// It outlives the session, and signing out.
pub(super) fn set_known(known: &KnownDevice, secure: Secure) -> HeaderValue {
    held(secure.known(), known.expose(), KNOWN_LIFE_MS / 1_000, secure)
}

fn held(name: &str, value: &str, max_age_s: i64, secure: Secure) -> HeaderValue {
    let mut value = written(name, value, max_age_s, secure);
    value.set_sensitive(true);
    value
}

pub(super) fn clear(secure: Secure) -> HeaderValue {
    written(secure.session(), "", 0, secure)
}

pub(super) fn clear_sso(secure: Secure) -> HeaderValue {
    written(secure.sso(), "", 0, secure)
}

fn written(name: &str, value: &str, max_age_s: i64, secure: Secure) -> HeaderValue {
    let cookie = format!("{name}={value}; Path=/; HttpOnly; Max-Age={max_age_s}; {}", secure.attributes());
    HeaderValue::from_str(&cookie).expect("the value is base64url, the rest is a constant")
}

pub(super) fn find(headers: &HeaderMap, secure: Secure) -> Option<&str> {
    named(headers, secure.session())
}

pub(super) fn find_sso(headers: &HeaderMap, secure: Secure) -> Option<&str> {
    named(headers, secure.sso())
}

/// By either name: it is verified, and no more than an own count of tries.
pub(super) fn find_known(headers: &HeaderMap) -> Option<&str> {
    named(headers, KNOWN_SECURE).or_else(|| named(headers, KNOWN_PLAIN))
}

fn named<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(found, value)| (found == name).then_some(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_found_among_others_and_only_under_its_own_name() {
        let mut headers = HeaderMap::new();
        assert_eq!(find(&headers, Secure::No), None);
        headers.append("cookie", "a=1; rm_session=x=y ;b=2".parse().unwrap());
        headers.append("cookie", "__Host-rm_session=z".parse().unwrap());
        assert_eq!(find(&headers, Secure::No), Some("x=y"));
        assert_eq!(find(&headers, Secure::Yes), Some("z"));
    }

    proptest::proptest! {
        #[test]
        fn no_header_breaks_it(cookie in "[ -~]{0,80}") {
            let mut headers = HeaderMap::new();
            headers.insert("cookie", cookie.parse().unwrap());
            let _ = find(&headers, Secure::Yes);
        }
    }
}
