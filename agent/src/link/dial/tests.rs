//! Real sockets on loopback: which certificates are taken, and what a person reads when none is.

use rustls::ServerConfig;
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::accept_async;

use super::*;

/// A door with a certificate of its own making, for one caller. Returns its port and the certificate's SHA-256.
async fn door() -> (u16, [u8; 32]) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let certificate = made.cert.der().clone();
    let pin = wire::domain::sha256(&certificate).0;
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        if let Ok(stream) = TlsAcceptor::from(Arc::new(config)).accept(stream).await {
            let _ = accept_async(stream).await;
        }
    });
    (port, pin)
}

async fn dial_with(rule: impl Fn([u8; 32]) -> CertificateRule) -> Result<Socket, DialError> {
    let (port, pin) = door().await;
    dial(&Address::parse(&format!("https://localhost:{port}")).unwrap(), rule(pin)).await
}

#[tokio::test]
async fn a_certificate_of_its_own_making_is_taken_unless_the_endpoint_asks_for_more() {
    assert!(dial_with(|_| CertificateRule::Any).await.is_ok());
    assert!(dial_with(CertificateRule::Pinned).await.is_ok());
    let other = dial_with(|_| CertificateRule::Pinned([1; 32])).await.err().unwrap();
    let public = dial_with(|_| CertificateRule::Public).await.err().unwrap();
    for (error, word) in [(other, "pins another certificate"), (public, "public authority")] {
        assert!(matches!(error, DialError::Tls { .. }) && error.to_string().contains(word), "{error}");
    }
}

#[tokio::test]
async fn what_is_no_door_is_told_apart() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let plain = |scheme: &str| Address::parse(&format!("{scheme}://127.0.0.1:{port}")).unwrap();
    let answer = tokio::spawn(async move {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        for _ in 0..2 {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut [0; 2048]).await;
            let _ = stream.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n").await;
        }
    });
    let not_there = dial(&plain("http"), CertificateRule::Any).await.err().unwrap();
    assert!(matches!(not_there, DialError::Upgrade { .. }), "{not_there}");
    let not_tls = dial(&plain("https"), CertificateRule::Any).await.err().unwrap();
    assert!(matches!(not_tls, DialError::Tls { .. }), "{not_tls}");
    answer.await.unwrap();
    let refused = dial(&plain("http"), CertificateRule::Any).await.err().unwrap();
    assert!(matches!(&refused, DialError::Connect { problem, .. } if problem == "the connection is refused"));
}
