//! Opens the WebSocket to a coordinator's door: TCP, TLS where the address says so, the upgrade. Small buffers.
//!
//! What TLS proves here is only where the bytes went; who answers is proved by the channel inside (docs/PROTOCOL.md
//! §7). So a self-made certificate is taken, unless agent.toml asks for a public or a pinned one. Must not know frames.

use std::{io, sync::Arc, time::Duration};

use rustls::{
    ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature},
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{self, protocol::WebSocketConfig},
};

use crate::config::{Address, CertificateRule};

/// For the name, the connection, TLS and the upgrade together.
pub const DIAL_TIMEOUT: Duration = Duration::from_secs(20);
/// A Noise message is at most 65,535 bytes.
const MESSAGE_LIMIT_BYTES: usize = 64 * 1024;

/// Any byte stream: TCP, TLS over it, or a test's duplex.
pub trait Stream: AsyncRead + AsyncWrite + Send + Sync + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin> Stream for T {}

pub type Socket = WebSocketStream<Box<dyn Stream>>;

#[derive(Debug, thiserror::Error)]
pub enum DialError {
    #[error(
        "{address} cannot be reached ({problem}): see that the coordinator runs and that a firewall lets this host through"
    )]
    Connect { address: String, problem: String },
    #[error("the TLS connection to {address} failed ({problem}): {hint}")]
    Tls { address: String, problem: String, hint: &'static str },
    #[error(
        "{address} answers, but not as a coordinator ({problem}): check the address, and that a proxy in front passes WebSockets"
    )]
    Upgrade { address: String, problem: String },
    #[error("{address} did not answer within {} s: see that the coordinator runs and that a firewall lets this host through", DIAL_TIMEOUT.as_secs())]
    Timeout { address: String },
}

/// Dials; the caller bounds the time ([`DIAL_TIMEOUT`]).
pub async fn dial(address: &Address, certificate: CertificateRule) -> Result<Socket, DialError> {
    let tcp = TcpStream::connect((address.host.as_str(), address.port)).await;
    let tcp =
        tcp.map_err(|error| DialError::Connect { address: address.to_string(), problem: plain(&error) })?;
    // Frames are small and wanted at once.
    let _ = tcp.set_nodelay(true);
    let stream: Box<dyn Stream> =
        if address.tls { Box::new(tls(address, certificate, tcp).await?) } else { Box::new(tcp) };
    upgrade(&address.door(), stream)
        .await
        .map_err(|error| DialError::Upgrade { address: address.to_string(), problem: error.to_string() })
}

/// The WebSocket upgrade over a stream that is there already.
pub async fn upgrade(door: &str, stream: Box<dyn Stream>) -> Result<Socket, tungstenite::Error> {
    let (socket, _) = client_async_with_config(door, stream, Some(config())).await?;
    Ok(socket)
}

/// The stock buffers are 128 KiB each; an idle agent has 10 MiB in all.
pub fn config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(4096)
        .write_buffer_size(0)
        .max_message_size(Some(MESSAGE_LIMIT_BYTES))
        .max_frame_size(Some(MESSAGE_LIMIT_BYTES))
}

fn plain(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "the connection is refused".to_owned(),
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            "there is no way to it".to_owned()
        }
        _ => error.to_string(),
    }
}

async fn tls(
    address: &Address,
    certificate: CertificateRule,
    tcp: TcpStream,
) -> Result<tokio_rustls::client::TlsStream<TcpStream>, DialError> {
    let failed =
        |problem: String| DialError::Tls { address: address.to_string(), problem, hint: hint(certificate) };
    let name = ServerName::try_from(address.host.clone()).map_err(|error| failed(error.to_string()))?;
    let config = client_config(certificate).map_err(|error| failed(error.to_string()))?;
    TlsConnector::from(Arc::new(config)).connect(name, tcp).await.map_err(|error| failed(error.to_string()))
}

const fn hint(certificate: CertificateRule) -> &'static str {
    match certificate {
        CertificateRule::Any => "see that the port is the coordinator's https port, and not a plain http one",
        CertificateRule::Public => {
            "agent.toml asks for a certificate that a public authority vouches for; pin the coordinator's own instead, or leave `certificate` out"
        }
        CertificateRule::Pinned(_) => {
            "agent.toml pins another certificate; compare the fingerprint that the coordinator prints at its start"
        }
    }
}

fn client_config(certificate: CertificateRule) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ClientConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions()?;
    let mut config = match certificate {
        CertificateRule::Public => {
            let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
            let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
                .build()
                .map_err(|error| rustls::Error::General(error.to_string()))?;
            builder.with_webpki_verifier(verifier)
        }
        CertificateRule::Any => {
            builder.dangerous().with_custom_certificate_verifier(Arc::new(Holder { provider, pin: None }))
        }
        CertificateRule::Pinned(pin) => builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Holder { provider, pin: Some(pin) })),
    }
    .with_no_client_auth();
    // One connection at a time, for weeks: resumption would only hold memory.
    config.resumption = rustls::client::Resumption::disabled();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// Checks that the other end holds the certificate's key, and that it is the pinned one where one is pinned.
#[derive(Debug)]
struct Holder {
    provider: Arc<CryptoProvider>,
    pin: Option<[u8; 32]>,
}

impl ServerCertVerifier for Holder {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        match self.pin {
            Some(pin) if wire::domain::sha256(end_entity).0 != pin => {
                Err(rustls::Error::General("the certificate is not the pinned one".to_owned()))
            }
            _ => Ok(ServerCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests;
