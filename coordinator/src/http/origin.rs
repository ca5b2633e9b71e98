//! Whether a request that changes something comes from our own pages. Pure.
//!
//! A browser says where a request comes from (`Origin`, `Sec-Fetch-Site`), and which name it was sent to (`Host`). A page
//! of another site fails the first; a name that somebody else's DNS points at us fails the second. Programs that are no
//! browsers send neither, and have no cookie that they were tricked into sending.

use std::net::IpAddr;

use warp::http::{HeaderMap, HeaderName, header};
use wire::error::ErrorCode;

use super::problem::Refused;

/// The public URL, in the parts that matter here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicOrigin {
    /// `https`, also behind a proxy that speaks http to us.
    pub secure: bool,
    /// Lower case, without the scheme's own port.
    authority: String,
}

impl PublicOrigin {
    /// Of an address such as `https://backup.example.org`; anything after the authority is left out.
    pub fn of(url: &str) -> Self {
        let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
        let secure = scheme.eq_ignore_ascii_case("https");
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        Self { secure, authority: normal(authority, secure) }
    }

    /// Refuses what another site's page sends.
    pub fn check(&self, headers: &HeaderMap) -> Result<(), Refused> {
        if let Some(site) = text(headers, &HeaderName::from_static("sec-fetch-site"))
            && !matches!(site, "same-origin" | "none")
        {
            return Err(self.cross_origin("another site's page sent it"));
        }
        let host = text(headers, &header::HOST);
        let Some(origin) = text(headers, &header::ORIGIN) else {
            return host.map_or(Ok(()), |host| self.check_host(host));
        };
        let (scheme, authority) = origin.split_once("://").unwrap_or_default();
        let authority = normal(authority, scheme.eq_ignore_ascii_case("https"));
        if scheme.eq_ignore_ascii_case("https") == self.secure
            && authority == self.authority
            && !authority.is_empty()
        {
            return Ok(());
        }
        let secure = scheme.eq_ignore_ascii_case("https");
        match host {
            Some(host) if !authority.is_empty() && normal(host, secure) == authority => self.check_host(host),
            _ => Err(self.cross_origin(&format!("it comes from {}", shortened(origin)))),
        }
    }

    /// Our own name, or one that no foreign DNS can lend: an address, or this very machine.
    fn check_host(&self, host: &str) -> Result<(), Refused> {
        let name = name_of(host);
        let ours = name.eq_ignore_ascii_case(name_of(&self.authority))
            || name.trim_matches(['[', ']']).parse::<IpAddr>().is_ok()
            || name.eq_ignore_ascii_case("localhost")
            || name.to_ascii_lowercase().ends_with(".localhost");
        if ours { Ok(()) } else { Err(self.cross_origin(&format!("it was sent to {}", shortened(host)))) }
    }

    fn cross_origin(&self, detail: &str) -> Refused {
        let scheme = if self.secure { "https" } else { "http" };
        Refused::new(
            ErrorCode::CrossOrigin,
            format!("The request was refused: {detail}."),
            format!(
                "Open the panel at {scheme}://{} and try again there. If it has another address now, start the \
                 coordinator with --public-url.",
                self.authority
            ),
        )
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    // What is not text is nobody's origin.
    headers.get(name).map(|value| value.to_str().unwrap_or("(unreadable)"))
}

fn normal(authority: &str, secure: bool) -> String {
    let port = if secure { ":443" } else { ":80" };
    let authority = authority.to_ascii_lowercase();
    authority.strip_suffix(port).map_or_else(|| authority.clone(), str::to_owned)
}

/// The host without its port.
fn name_of(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        // The colons inside an IPv6 address belong to it.
        Some((name, port)) if !port.ends_with(']') && port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => authority,
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(120).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(public: &str, headers: &[(&'static str, &str)]) -> bool {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        PublicOrigin::of(public).check(&map).is_ok()
    }

    const PUBLIC: &str = "https://backup.example.org";

    #[test]
    fn our_own_pages_pass_under_every_address_that_is_ours() {
        for headers in [
            &[("origin", "https://backup.example.org"), ("host", "backup.example.org")][..],
            &[("origin", "https://BACKUP.example.org:443"), ("host", "backup.example.org")],
            // A proxy that rewrites Host.
            &[("origin", "https://backup.example.org"), ("host", "upstream")],
            &[
                ("origin", "http://127.0.0.1:7700"),
                ("host", "127.0.0.1:7700"),
                ("sec-fetch-site", "same-origin"),
            ],
            &[("origin", "http://[::1]:7700"), ("host", "[::1]:7700")],
            &[("origin", "http://localhost:7700"), ("host", "localhost:7700")],
            // curl.
            &[("host", "127.0.0.1:7700")],
            &[("host", "backup.example.org")],
            &[],
        ] {
            assert!(check(PUBLIC, headers), "{headers:?}");
        }
    }

    #[test]
    fn other_sites_and_lent_names_do_not() {
        for headers in [
            &[("origin", "https://evil.example"), ("host", "backup.example.org")][..],
            &[("origin", "null"), ("host", "backup.example.org")],
            &[("origin", ""), ("host", "backup.example.org")],
            &[("origin", "https://backup.example.org.evil.example"), ("host", "backup.example.org")],
            &[("origin", "http://backup.example.org:7700"), ("host", "backup.example.org")],
            // DNS rebinding: the page and the request agree, but the name is not ours.
            &[("origin", "http://evil.example:7700"), ("host", "evil.example:7700")],
            &[("host", "evil.example:7700")],
            &[("origin", "http://127.0.0.1:9999"), ("host", "127.0.0.1:7700")],
            &[("host", "backup.example.org"), ("sec-fetch-site", "cross-site")],
            &[("origin", "https://backup.example.org"), ("sec-fetch-site", "same-site")],
        ] {
            assert!(!check(PUBLIC, headers), "{headers:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn nothing_that_a_header_can_hold_breaks_it(origin in "[ -~]{0,40}", host in "[ -~]{0,40}") {
            let _ = check(PUBLIC, &[("origin", &origin), ("host", &host)]);
        }
    }
}
