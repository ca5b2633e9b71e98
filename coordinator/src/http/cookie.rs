//! The session's cookie: its name and attributes, and finding it again. Pure.

use warp::http::{HeaderMap, HeaderValue, header};

use crate::access::{Token, WHOLE_MS};

/// A browser takes the prefix `__Host-` only with Secure, with path `/` and from this very host.
const SECURE: &str = "__Host-rm_session";
const PLAIN: &str = "rm_session";

const fn name(secure: bool) -> &'static str {
    if secure { SECURE } else { PLAIN }
}

/// Scripts never see it, other sites never send it.
pub(super) fn set(token: &Token, secure: bool) -> HeaderValue {
    let cookie = format!(
        "{}={}; Path=/; HttpOnly; SameSite=Strict; Max-Age={}{}",
        name(secure),
        token.expose(),
        WHOLE_MS / 1_000,
        if secure { "; Secure" } else { "" }
    );
    let mut value = HeaderValue::from_str(&cookie).expect("a token is base64url, the rest is a constant");
    value.set_sensitive(true);
    value
}

pub(super) fn clear(secure: bool) -> HeaderValue {
    HeaderValue::from_static(if secure {
        "__Host-rm_session=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0; Secure"
    } else {
        "rm_session=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0"
    })
}

pub(super) fn find(headers: &HeaderMap, secure: bool) -> Option<&str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(found, value)| (found == name(secure)).then_some(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_found_among_others_and_only_under_its_own_name() {
        let mut headers = HeaderMap::new();
        assert_eq!(find(&headers, false), None);
        headers.append("cookie", "a=1; rm_session=x=y ;b=2".parse().unwrap());
        headers.append("cookie", "__Host-rm_session=z".parse().unwrap());
        assert_eq!(find(&headers, false), Some("x=y"));
        assert_eq!(find(&headers, true), Some("z"));
    }

    proptest::proptest! {
        #[test]
        fn no_header_breaks_it(cookie in "[ -~]{0,80}") {
            let mut headers = HeaderMap::new();
            headers.insert("cookie", cookie.parse().unwrap());
            let _ = find(&headers, true);
        }
    }
}
