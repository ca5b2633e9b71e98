//! The settings that other rooms take as they are: sessions, second factor, audit, proxies, foreign panels.

use std::{net::IpAddr, path::PathBuf};

use ipnet::IpNet;
use wire::trust::Role;

const HOUR_MS: i64 = 3_600_000;
pub(super) const DEFAULT_IDLE_HOURS: u32 = 24;
pub(super) const DEFAULT_WHOLE_HOURS: u32 = 7 * 24;
pub(super) const DEFAULT_KEEP_DAYS: u32 = 400;
pub(super) const DEFAULT_MIB_PER_S: u32 = 20;
pub(super) const DEFAULT_AT_ONCE: u32 = 4;
/// Whoever looks a month later must still find it.
pub(super) const LEAST_KEEP_DAYS: u32 = 31;

/// When a session ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionTimes {
    /// Not used for this long.
    pub idle_ms: i64,
    /// However much it is used. Never shorter than `idle_ms`.
    pub whole_ms: i64,
}

impl SessionTimes {
    pub(super) fn of_hours(idle: u32, whole: u32) -> Self {
        Self { idle_ms: i64::from(idle) * HOUR_MS, whole_ms: i64::from(whole) * HOUR_MS }
    }
}

impl Default for SessionTimes {
    fn default() -> Self {
        Self::of_hours(DEFAULT_IDLE_HOURS, DEFAULT_WHOLE_HOURS)
    }
}

/// What becomes of the audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditSettings {
    /// Entries older than this are removed. At least 31.
    pub keep_days: u32,
    /// Where each entry is written besides, for those who keep it elsewhere.
    pub copy: Option<AuditCopy>,
}

impl Default for AuditSettings {
    fn default() -> Self {
        Self { keep_days: DEFAULT_KEEP_DAYS, copy: None }
    }
}

/// What passes through on its way from a host to a browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DownloadSettings {
    /// Of each; `None`: as fast as both ends are.
    pub mib_per_s: Option<u32>,
    pub at_once: u32,
}

impl Default for DownloadSettings {
    fn default() -> Self {
        Self { mib_per_s: Some(DEFAULT_MIB_PER_S), at_once: DEFAULT_AT_ONCE }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuditCopy {
    /// The machine's own log service.
    Syslog,
    /// Appended to, one JSON object in each line.
    File(PathBuf),
}

/// Where a panel is served from that is hosted elsewhere, exactly as a browser writes it into `Origin`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WebOrigin(String);

impl WebOrigin {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

pub(super) fn web_origin(text: &str) -> Result<WebOrigin, String> {
    let problem = || {
        format!(
            "`{text}` is not the origin of a site: write https:// and a host, with a port where it is not 443, nothing after it"
        )
    };
    if text == "*" {
        return Err(
            "every site at once is not to be had: name each panel's own, such as https://panel.example.org"
                .to_owned(),
        );
    }
    let lower = text.to_ascii_lowercase();
    let (scheme, authority) = lower.split_once("://").ok_or_else(problem)?;
    let usual_port = match scheme {
        "https" => ":443",
        "http" => ":80",
        _ => return Err(problem()),
    };
    let authority = authority.strip_suffix(usual_port).unwrap_or(authority);
    if !is_authority(authority) {
        return Err(problem());
    }
    let local = ["localhost", "127.0.0.1", "[::1]"].iter().any(|host| {
        authority.strip_prefix(host).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
    });
    if scheme == "http" && !local {
        return Err(format!(
            "`{text}` is not served over TLS: whoever is on the way could take the panel over; write https://"
        ));
    }
    Ok(WebOrigin(format!("{scheme}://{authority}")))
}

/// A host, and a port where there is one: no path, no user.
fn is_authority(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[') {
        Some(v6) => match v6.split_once(']') {
            Some((v6, rest)) if v6.parse::<std::net::Ipv6Addr>().is_ok() => {
                ("v6", rest.strip_prefix(':').or((rest.is_empty()).then_some("0")))
            }
            _ => return false,
        },
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, Some("0")),
        },
    };
    let host_fits = !host.is_empty()
        && !host.starts_with(['.', '-'])
        && host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'));
    host_fits && port.is_some_and(|port| !port.starts_with('+') && port.parse::<u16>().is_ok())
}

/// Panel, API and the agents' door stand at the root of their site.
pub(super) fn public_url(text: &str) -> Result<String, String> {
    let url = address(text)?;
    if url.split_once("://").is_some_and(|(_, rest)| rest.contains('/')) {
        return Err(format!(
            "`{text}` has a path, and the coordinator has a site of its own: give it a name, such as https://backup.example.org"
        ));
    }
    Ok(url)
}

/// An http address, without the slash at its end.
pub(super) fn address(text: &str) -> Result<String, String> {
    let url = text.trim().trim_end_matches('/');
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let proper = rest.is_some_and(|rest| {
        !rest.is_empty()
            && !rest.starts_with(['/', ':'])
            && rest.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '@' | '?' | '#' | '"' | '\'' | '\\'))
    });
    if proper {
        return Ok(url.to_owned());
    }
    Err(format!(
        "`{text}` is not an address: write http:// or https://, a host, and a port where it is not the usual one"
    ))
}

pub(super) fn name(text: &str) -> Result<String, String> {
    if text.trim().is_empty() || text.chars().count() > 200 || text.chars().any(char::is_control) {
        return Err(format!("`{text}` is not a name: use 1 to 200 printable characters"));
    }
    Ok(text.to_owned())
}

/// A network, or one address.
pub(super) fn network(text: &str) -> Result<IpNet, String> {
    let net = text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
    net.map(|net| net.trunc()).ok_or_else(|| {
        format!("`{text}` is not a network: write an address, or one with a prefix such as 10.0.0.0/8")
    })
}

pub(super) fn role(text: &str) -> Result<Role, String> {
    [Role::Viewer, Role::Operator, Role::Admin]
        .into_iter()
        .find(|role| role.as_str() == text)
        .ok_or_else(|| format!("there is no role `{text}`: use viewer, operator or admin"))
}

pub(super) fn audit_copy(text: &str) -> Result<AuditCopy, String> {
    match text {
        "syslog" => Ok(AuditCopy::Syslog),
        path if path.starts_with('/') => Ok(AuditCopy::File(path.into())),
        other => {
            Err(format!("`{other}` is no place for a copy: write \"syslog\", or a file's path from / on"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_kept_as_browsers_write_it() {
        for (text, kept) in [
            ("https://panel.example.org", "https://panel.example.org"),
            ("https://Panel.Example.org:443", "https://panel.example.org"),
            ("https://panel.example.org:8443", "https://panel.example.org:8443"),
            ("http://localhost:5173", "http://localhost:5173"),
            ("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"),
        ] {
            assert_eq!(web_origin(text).unwrap().as_str(), kept);
        }
        for bad in [
            "",
            "*",
            "null",
            "panel.example.org",
            "https://",
            "https://a/",
            "https://a/b",
            "https://u@a",
            "https://a:99999",
            "https://a?x",
            "ftp://a",
            "http://panel.example.org",
            "http://localhost.evil.example",
            "https://[::1",
            "https://[x]",
        ] {
            assert!(web_origin(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn networks_are_addresses_with_or_without_a_prefix() {
        assert_eq!(network("10.1.2.3/8").unwrap().to_string(), "10.0.0.0/8");
        assert_eq!(network("192.0.2.7").unwrap().to_string(), "192.0.2.7/32");
        assert_eq!(network("2001:db8::/32").unwrap().to_string(), "2001:db8::/32");
        for bad in ["", "10.0.0.0/33", "ten", "10.0.0", "proxy.example.org"] {
            assert!(network(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_no_url_is_refused() {
        assert_eq!(public_url("https://b.example/").unwrap(), "https://b.example");
        for bad in ["b.example", "ftp://b.example", "https://", "https://a@b", "https://b/?x", "http://:80"] {
            assert!(public_url(bad).is_err() && address(bad).is_err(), "{bad}");
        }
        assert!(public_url("https://b.example/backup").unwrap_err().contains("has a path"));
        assert_eq!(address("https://b.example/realms/office").unwrap(), "https://b.example/realms/office");
    }

    proptest::proptest! {
        #[test]
        fn nothing_breaks_them(text in ".{0,60}") {
            let _ = (web_origin(&text), network(&text), public_url(&text), audit_copy(&text));
        }
    }
}
