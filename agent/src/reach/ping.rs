//! Calls an address that wants to hear of backups, healthchecks style: one request, one answer, HTTP/1.1 by hand.
//!
//! The address is a secret: what is told of a failure names its host alone. Must not know what a backup is.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, ServerName, pem::PemObject as _};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsConnector;
use wire::seal::Secret;

use super::{Proxies, bare};

/// For the name, the connection, TLS, question and answer together.
pub const PING_TIMEOUT: Duration = Duration::from_secs(5);
/// An answer's first line is short; what follows is not read.
const ANSWER_BYTES: u64 = 4 * 1024;
/// Where systems keep the authorities that they trust.
const BUNDLES: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// What an address is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sound {
    Start,
    Success,
    Failure,
}

impl Sound {
    /// Behind the address's own path.
    const fn suffix(self) -> &'static str {
        match self {
            Self::Start => "/start",
            Self::Success => "",
            Self::Failure => "/fail",
        }
    }
}

/// Why an address did not hear it. Never holds more of the address than its host.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{host}: {problem}")]
pub struct PingError {
    pub host: String,
    pub problem: String,
}

/// How this host calls out: through which proxies, trusting whom.
#[derive(Clone, Debug)]
pub struct Caller {
    limit: Duration,
    proxies: Proxies,
    /// PEM files; the first that is there counts. None is there: the authorities that browsers trust.
    bundles: Vec<PathBuf>,
}

/// An address, taken apart. Not printable.
struct Target {
    tls: bool,
    host: String,
    port: u16,
    /// Host and port as the address spells them.
    authority: String,
    path: String,
    query: String,
    /// `user:password`.
    login: Option<String>,
}

impl Caller {
    /// By the names of the host's environment that restic heeds too.
    pub fn of(proxies: Proxies, environment: impl Fn(&str) -> Option<String>) -> Self {
        let own = environment("SSL_CERT_FILE").filter(|path| !path.is_empty()).map(PathBuf::from);
        Self {
            limit: PING_TIMEOUT,
            proxies,
            bundles: own.into_iter().chain(BUNDLES.map(PathBuf::from)).collect(),
        }
    }

    /// One attempt. Where there is a proxy every second attempt goes around it: which way is right (NO_PROXY) shows.
    pub async fn call(
        &self,
        address: &Secret,
        sound: Sound,
        text: &str,
        attempt: u32,
    ) -> Result<(), PingError> {
        let Some(target) = address.expose_text().and_then(Target::parse) else {
            let problem = "the address is not one of http:// or https://: set it again".to_owned();
            return Err(PingError { host: "(no host)".to_owned(), problem });
        };
        let proxy = if target.tls { &self.proxies.https } else { &self.proxies.http };
        let proxy = proxy.as_ref().filter(|_| attempt % 2 == 1);
        let told = timeout(self.limit, async {
            match self.ask(&target, proxy, "POST", sound, text).await? {
                200..=299 => Ok(()),
                // It wants to be looked at, not written to.
                405 | 501 => match self.ask(&target, proxy, "GET", sound, "").await? {
                    200..=299 => Ok(()),
                    status => Err(refused(status)),
                },
                status => Err(refused(status)),
            }
        });
        let told = told.await.unwrap_or_else(|_| Err(format!("no answer within {:?}", self.limit)));
        told.map_err(|problem| PingError { host: target.host, problem })
    }

    /// The status of the answer.
    async fn ask(
        &self,
        target: &Target,
        proxy: Option<&(String, u16)>,
        method: &str,
        sound: Sound,
        text: &str,
    ) -> Result<u16, String> {
        let (host, port) = proxy.map_or((target.host.as_str(), target.port), |(host, port)| (host, *port));
        let tcp = TcpStream::connect((host, port)).await.map_err(|error| error.to_string())?;
        let request = target.request(method, sound, text, proxy.is_some() && !target.tls);
        if !target.tls {
            return exchange(tcp, &request).await;
        }
        let tcp = if proxy.is_some() { tunnel(tcp, target).await? } else { tcp };
        let name = ServerName::try_from(target.host.clone()).map_err(|error| error.to_string())?;
        let config = config(&self.bundles).map_err(|error| error.to_string())?;
        let stream = TlsConnector::from(Arc::new(config)).connect(name, tcp).await;
        exchange(stream.map_err(|error| error.to_string())?, &request).await
    }
}

impl Target {
    fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.trim().split_once("://")?;
        let tls = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let rest = rest.split('#').next().unwrap_or_default();
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at(end);
        let (login, authority) = match authority.rsplit_once('@') {
            Some((login, authority)) => (Some(login.to_owned()), authority),
            None => (None, authority),
        };
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, port.parse().ok()?),
            _ => (authority, if tls { 443 } else { 80 }),
        };
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let safe = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
        let host = bare(host).to_owned();
        (!host.is_empty() && safe(authority) && safe(rest)).then(|| Self {
            tls,
            host,
            port,
            authority: authority.to_owned(),
            path: path.trim_end_matches('/').to_owned(),
            query: query.to_owned(),
            login,
        })
    }

    /// In full where a proxy forwards it.
    fn request(&self, method: &str, sound: Sound, text: &str, in_full: bool) -> Vec<u8> {
        let path = format!("{}{}", self.path, sound.suffix());
        let path = if path.is_empty() { "/" } else { &path };
        let query = if self.query.is_empty() { String::new() } else { format!("?{}", self.query) };
        let origin = if in_full { format!("http://{}", self.authority) } else { String::new() };
        let login = self.login.as_deref().map_or_else(String::new, |login| {
            format!("Authorization: Basic {}\r\n", STANDARD.encode(unescaped(login)))
        });
        format!(
            "{method} {origin}{path}{query} HTTP/1.1\r\nHost: {}\r\nUser-Agent: restic-manager-agent/{}\r\n{login}\
             Content-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}",
            self.authority,
            env!("CARGO_PKG_VERSION"),
            text.len(),
        )
        .into_bytes()
    }
}

fn refused(status: u16) -> String {
    match status {
        300..=399 => format!("it answers {status}, a redirection: set the address that it leads to"),
        404 | 410 => format!("it answers {status}: the address is not known there"),
        _ => format!("it answers {status}"),
    }
}

/// `%40` is an `@`, as everywhere in addresses.
fn unescaped(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let escaped = after.get(..2).filter(|_| *first == b'%').and_then(|digits| hex::decode(digits).ok());
        if let Some(byte) = escaped {
            bytes.extend(byte);
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    bytes
}

/// Asks the proxy to let TLS through to the target.
async fn tunnel(mut tcp: TcpStream, target: &Target) -> Result<TcpStream, String> {
    let Target { host, port, .. } = target;
    let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
    let ask = format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n");
    tcp.write_all(ask.as_bytes()).await.map_err(|error| error.to_string())?;
    let mut head = Vec::new();
    // Byte by byte: what follows the head is TLS already.
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() as u64 >= ANSWER_BYTES {
            return Err("the proxy does not answer as one".to_owned());
        }
        head.push(tcp.read_u8().await.map_err(|error| format!("the proxy hung up: {error}"))?);
    }
    match status(&head) {
        Some(200..=299) => Ok(tcp),
        Some(other) => Err(format!("the proxy answers {other}")),
        None => Err("the proxy does not answer as one".to_owned()),
    }
}

async fn exchange(mut stream: impl AsyncRead + AsyncWrite + Unpin, request: &[u8]) -> Result<u16, String> {
    stream.write_all(request).await.map_err(|error| error.to_string())?;
    stream.flush().await.map_err(|error| error.to_string())?;
    let mut answer = Vec::new();
    let mut limited = stream.take(ANSWER_BYTES);
    while !answer.contains(&b'\n') {
        // One that hangs up without goodbye has said what it had to say.
        match limited.read_buf(&mut answer).await {
            Ok(0) => break,
            Ok(_) => {}
            Err(_) if !answer.is_empty() => break,
            Err(error) => return Err(error.to_string()),
        }
    }
    status(&answer).ok_or_else(|| "it does not answer in HTTP".to_owned())
}

/// `HTTP/1.1 200 OK`
fn status(answer: &[u8]) -> Option<u16> {
    let line = answer.split(|byte| *byte == b'\n').next()?;
    let mut words = std::str::from_utf8(line).ok()?.split_whitespace();
    words.next().filter(|word| word.starts_with("HTTP/"))?;
    words.next()?.parse().ok()
}

fn config(bundles: &[PathBuf]) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots(bundles))
        .with_no_client_auth();
    config.resumption = rustls::client::Resumption::disabled();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// Read for each call: they are large, and calls are few.
fn roots(bundles: &[PathBuf]) -> RootCertStore {
    let read = |path: &PathBuf| {
        let mut store = RootCertStore::empty();
        let certificates = CertificateDer::pem_file_iter(Path::new(path)).ok()?;
        store.add_parsable_certificates(certificates.filter_map(Result::ok));
        (!store.is_empty()).then_some(store)
    };
    bundles
        .iter()
        .find_map(read)
        .unwrap_or_else(|| RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() })
}

#[cfg(test)]
mod tests;
