//! A coordinator's address as people write it, and what is dialled.
//!
//! `https://host[:port][/path]`, `http://`, `wss://`, `ws://`, or a bare `host[:port]` (https); a fingerprint may follow
//! after `#`. The path of the door is appended, so that a coordinator may live below a proxy's path.

use std::fmt;

use wire::identity::{Fingerprint, FingerprintError};

const DOOR: &str = "/agent/v1/socket";

/// Where a coordinator answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    pub tls: bool,
    /// A name or an address, without brackets.
    pub host: String,
    pub port: u16,
    /// Begins with `/`, or empty.
    prefix: String,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    #[error(
        "`{scheme}://` is not a way to a coordinator: begin with https:// (or http:// on a network you trust)"
    )]
    Scheme { scheme: String },
    #[error("`{text}` names no host: write it as https://backup.example.org or https://10.0.0.2:7700")]
    Host { text: String },
    #[error("`{text}` has no proper port: use a number from 1 to 65535")]
    Port { text: String },
    #[error("an address must not hold a user or password")]
    Login,
    #[error("what follows # is not a fleet's fingerprint: {0}")]
    Fingerprint(#[from] FingerprintError),
}

impl Address {
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let text = text.trim();
        let (scheme, rest) = text.split_once("://").unwrap_or(("https", text));
        let tls = match scheme.to_ascii_lowercase().as_str() {
            "https" | "wss" => true,
            "http" | "ws" => false,
            _ => return Err(AddressError::Scheme { scheme: scheme.chars().take(20).collect() }),
        };
        let (authority, prefix) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
        if authority.contains('@') {
            return Err(AddressError::Login);
        }
        let (host, port) = split_port(authority, tls)?;
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':');
        let path = |c: char| c.is_ascii_graphic() && !matches!(c, '?' | '#' | '\\' | '"');
        if host.is_empty() || !host.chars().all(plain) || !prefix.chars().all(path) {
            return Err(AddressError::Host { text: text.chars().take(80).collect() });
        }
        let prefix = prefix.trim_end_matches('/');
        let prefix = prefix.strip_suffix(DOOR).unwrap_or(prefix).to_owned();
        Ok(Self { tls, host: host.to_owned(), port, prefix })
    }

    /// `URL#fingerprint`, as the panel shows it.
    pub fn parse_with_fleet(text: &str) -> Result<(Self, Option<Fingerprint>), AddressError> {
        match text.split_once('#') {
            None => Ok((Self::parse(text)?, None)),
            Some((url, fingerprint)) => Ok((Self::parse(url)?, Some(fingerprint.parse()?))),
        }
    }

    /// The WebSocket's URL.
    pub fn door(&self) -> String {
        let scheme = if self.tls { "wss" } else { "ws" };
        format!("{scheme}://{}{}{DOOR}", self.authority(), self.prefix)
    }

    fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        if self.port == default_port(self.tls) { host } else { format!("{host}:{}", self.port) }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.authority(), self.prefix)
    }
}

const fn default_port(tls: bool) -> u16 {
    if tls { 443 } else { 80 }
}

fn split_port(authority: &str, tls: bool) -> Result<(&str, u16), AddressError> {
    let wrong = || AddressError::Port { text: authority.chars().take(80).collect() };
    let (host, port) = if let Some(rest) = authority.strip_prefix('[') {
        let no_end = || AddressError::Host { text: authority.chars().take(80).collect() };
        let (host, port) = rest.split_once(']').ok_or_else(no_end)?;
        (host, port.strip_prefix(':').or((port.is_empty()).then_some("")).ok_or_else(wrong)?)
    } else {
        authority.split_once(':').unwrap_or((authority, ""))
    };
    if port.is_empty() {
        return Ok((host, default_port(tls)));
    }
    port.parse().ok().filter(|port| *port != 0).map(|port| (host, port)).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_as_people_write_it() {
        let table = [
            (
                "https://backup.example.org",
                "https://backup.example.org",
                "wss://backup.example.org/agent/v1/socket",
            ),
            (
                "backup.example.org:8443/",
                "https://backup.example.org:8443",
                "wss://backup.example.org:8443/agent/v1/socket",
            ),
            ("http://127.0.0.1:7700", "http://127.0.0.1:7700", "ws://127.0.0.1:7700/agent/v1/socket"),
            ("ws://h/agent/v1/socket", "http://h", "ws://h/agent/v1/socket"),
            (
                "HTTPS://[fd00::1]:7700/rm/",
                "https://[fd00::1]:7700/rm",
                "wss://[fd00::1]:7700/rm/agent/v1/socket",
            ),
            ("https://h:443", "https://h", "wss://h/agent/v1/socket"),
        ];
        for (text, shown, door) in table {
            let address = Address::parse(text).unwrap();
            assert_eq!((address.to_string().as_str(), address.door().as_str()), (shown, door), "{text}");
            assert_eq!(Address::parse(&address.to_string()).unwrap(), address);
        }
    }

    #[test]
    fn what_is_not_an_address_says_why() {
        let texts =
            ["ftp://h", "https://", "https://a b", "h:0", "h:99999", "[::1", "https://u:p@h", "https://h?x"];
        let said: Vec<_> = texts.iter().map(|text| Address::parse(text).unwrap_err().to_string()).collect();
        insta::assert_snapshot!(said.join("\n"));
        let cut = Address::parse_with_fleet("https://h#SHA256:abcd").unwrap_err();
        assert!(matches!(cut, AddressError::Fingerprint(FingerprintError::Length { found: 4 })), "{cut}");
    }
}
