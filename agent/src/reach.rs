//! Is there anybody at a repository's address? Our own short time-out instead of restic's quarter of an hour.
//!
//! Knows how to find host and port in a backend, and to knock, which sends nothing. `ping` calls the addresses that want
//! to hear of backups.

mod ping;

use std::{io, time::Duration};

use futures_util::future::{Either, select};
use tokio::{net::TcpStream, time::timeout};
use wire::plan::Backend;

pub use ping::{Caller, PingError, Sound};

/// For the name and the connection together.
pub const KNOCK_TIMEOUT: Duration = Duration::from_secs(8);

/// Nobody answers at the repository's address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{address} cannot be reached: {message}")]
pub struct Unreachable {
    pub address: String,
    pub message: String,
}

/// The ways out that this host's environment names, and that restic is given too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxies {
    pub http: Option<(String, u16)>,
    pub https: Option<(String, u16)>,
}

impl Proxies {
    pub fn of(environment: impl Fn(&str) -> Option<String>) -> Self {
        let named = |names: [&str; 2]| {
            let value = names.into_iter().filter_map(&environment).find(|value| !value.is_empty())?;
            of_url(&if value.contains("://") { value } else { format!("http://{value}") })
        };
        Self { http: named(["HTTP_PROXY", "http_proxy"]), https: named(["HTTPS_PROXY", "https_proxy"]) }
    }

    /// What a destination may be reached through.
    fn towards(&self, backend: &Backend) -> Option<(String, u16)> {
        let plain = |url: &str| url.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("http:"));
        match backend {
            Backend::Rest { url, .. } | Backend::S3 { endpoint: url, .. } if plain(url) => self.http.clone(),
            Backend::Rest { .. } | Backend::S3 { .. } | Backend::B2 { .. } | Backend::Gs { .. } => {
                self.https.clone()
            }
            Backend::Local { .. }
            | Backend::Sftp { .. }
            | Backend::Rclone { .. }
            | Backend::Swift { .. }
            | Backend::Azure { .. } => None,
        }
    }
}

/// Where a knock goes; `None` where there is no address of its own to knock at (a local path, rclone's remotes, Azure).
pub fn address(backend: &Backend) -> Option<(String, u16)> {
    match backend {
        // Azure's account is part of the host's name, and a secret. What an SFTP host's name stands for is ssh's to say:
        // its configuration may give it another address, or a host to jump over.
        Backend::Local { .. }
        | Backend::Rclone { .. }
        | Backend::Azure { .. }
        | Backend::Swift { .. }
        | Backend::Sftp { .. } => None,
        Backend::Rest { url, .. } | Backend::S3 { endpoint: url, .. } => of_url(url),
        Backend::B2 { .. } => Some(("api.backblazeb2.com".to_owned(), 443)),
        Backend::Gs { .. } => Some(("storage.googleapis.com".to_owned(), 443)),
    }
}

/// Connects and hangs up: at the destination itself, and at the proxy where there is one. Which way restic will take is
/// its own affair (NO_PROXY), so either answer is enough.
pub async fn knock(backend: &Backend, proxies: &Proxies) -> Result<(), Unreachable> {
    let Some(destination) = address(backend) else { return Ok(()) };
    let Some(proxy) = proxies.towards(backend) else { return knock_at(destination).await };
    let (direct, around) = (std::pin::pin!(knock_at(destination)), std::pin::pin!(knock_at(proxy)));
    match select(direct, around).await {
        Either::Left((Ok(()), _)) | Either::Right((Ok(()), _)) => Ok(()),
        Either::Left((Err(_), other)) => other.await,
        Either::Right((Err(silent), other)) => other.await.map_err(|_| silent),
    }
}

async fn knock_at((host, port): (String, u16)) -> Result<(), Unreachable> {
    let shown = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
    let problem = match timeout(KNOCK_TIMEOUT, TcpStream::connect((host.as_str(), port))).await {
        Ok(Ok(_)) => return Ok(()),
        Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => {
            "the connection is refused".to_owned()
        }
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("no answer within {} s", KNOCK_TIMEOUT.as_secs()),
    };
    Err(Unreachable { address: shown, message: problem })
}

fn of_url(url: &str) -> Option<(String, u16)> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split('/').next()?;
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let usual = if scheme.eq_ignore_ascii_case("http") { 80 } else { 443 };
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port.parse().ok()?),
        _ => (authority, usual),
    };
    Some((bare(host).to_owned(), port)).filter(|(host, _)| !host.is_empty())
}

/// An IPv6 address without its brackets.
fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_found_in_every_backend() {
        let rest = |url: &str| address(&Backend::Rest { url: url.to_owned(), path: String::new() });
        let at = |host: &str, port| Some((host.to_owned(), port));
        assert_eq!(rest("https://b.example.org"), at("b.example.org", 443));
        assert_eq!(rest("http://b.example.org:8000/x"), at("b.example.org", 8000));
        assert_eq!(rest("http://[::1]:8000/"), at("::1", 8000));
        assert_eq!(rest("http://[::1]/"), at("::1", 80));
        assert_eq!(rest("nonsense"), None);
        let sftp =
            Backend::Sftp { host: "h".to_owned(), port: None, user: "u".to_owned(), path: "p".to_owned() };
        assert_eq!(address(&sftp), None);
        assert_eq!(address(&Backend::Local { path: "/x".to_owned() }), None);
    }

    #[tokio::test]
    async fn a_knock_tells_a_listener_from_a_closed_port() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let backend = Backend::Rest { url: format!("http://127.0.0.1:{port}"), path: String::new() };
        let none = Proxies::default();
        assert_eq!(knock(&backend, &none).await, Ok(()));
        drop(listener);
        let said = knock(&backend, &none).await.unwrap_err();
        assert_eq!(said.message, "the connection is refused");
        assert_eq!(said.address, format!("127.0.0.1:{port}"));
        assert_eq!(knock(&Backend::Local { path: "/x".to_owned() }, &none).await, Ok(()));
    }

    #[tokio::test]
    async fn behind_a_proxy_its_answer_is_enough() {
        let proxy = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let value = format!("http://user:secret@{}/", proxy.local_addr().unwrap());
        let proxies = Proxies::of(|name| (name == "https_proxy").then(|| value.clone()));
        let rest = |scheme: &str| Backend::Rest { url: format!("{scheme}://{closed}"), path: String::new() };
        assert_eq!(knock(&rest("https"), &proxies).await, Ok(()));
        assert!(knock(&rest("http"), &proxies).await.is_err(), "that one is for https");
        drop(proxy);
        assert!(knock(&rest("https"), &proxies).await.is_err());
        let bare = Proxies::of(|name| (name == "HTTP_PROXY").then(|| "proxy.lan:3128".to_owned()));
        assert_eq!(bare.http, Some(("proxy.lan".to_owned(), 3128)));
    }
}
