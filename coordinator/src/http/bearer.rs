//! The token that a program shows: `Authorization: Bearer …`. Pure.

use warp::http::{HeaderMap, header};

/// What stands in the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bearer<'a> {
    /// Nothing, or what is meant for a proxy in front of us, such as `Basic`.
    Absent,
    /// Whoever sends it means a token, and it can be none. A cookie beside it does not count then.
    Malformed,
    Token(&'a str),
}

impl Bearer<'_> {
    pub const fn is_absent(self) -> bool {
        matches!(self, Self::Absent)
    }
}

pub(super) fn find(headers: &HeaderMap) -> Bearer<'_> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let (first, more) = (all.next(), all.next().is_some());
    if !headers.get_all(header::AUTHORIZATION).iter().any(|value| is_bearer(value.as_bytes())) {
        return Bearer::Absent;
    }
    let token = first
        .filter(|_| !more)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .map(|(_, token)| token.trim());
    match token {
        Some(token) if !token.is_empty() => Bearer::Token(token),
        _ => Bearer::Malformed,
    }
}

fn is_bearer(value: &[u8]) -> bool {
    let scheme = value.split(|byte| *byte == b' ').next().unwrap_or_default();
    scheme.eq_ignore_ascii_case(b"bearer")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(values: &[&[u8]]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("authorization", warp::http::HeaderValue::from_bytes(value).unwrap());
        }
        headers
    }

    #[test]
    fn only_what_is_meant_for_us_is_taken_for_a_token() {
        assert_eq!(find(&headers(&[b"Bearer rmt_x"])), Bearer::Token("rmt_x"));
        assert_eq!(find(&headers(&[b"bEARER   rmt_x "])), Bearer::Token("rmt_x"));
        for other in [&[][..], &[b"Basic YTpi".as_slice()], &[b""], &[b"Bearerx y"], &[b"rmt_x"]] {
            assert_eq!(find(&headers(other)), Bearer::Absent, "{other:?}");
        }
        for broken in [
            &[b"Bearer".as_slice()][..],
            &[b"Bearer "],
            &[b"Bearer \xff"],
            &[b"Bearer a", b"Bearer a"],
            &[b"Basic YTpi", b"Bearer a"],
        ] {
            assert_eq!(find(&headers(broken)), Bearer::Malformed, "{broken:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_header_breaks_it(value in "[ -~]{0,80}") {
            let _ = find(&headers(&[value.as_bytes()]));
        }
    }
}
