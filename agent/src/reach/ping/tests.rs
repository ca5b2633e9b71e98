//! What goes over the wire to an address that wants to hear of backups, and what is said of one that does not.

use std::sync::Mutex;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::ServerConfig;
use rustls_pki_types::PrivateKeyDer;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;

const SECRET: &str = "5f2a-secret-uuid";

/// Answers each request with the next of these statuses, and keeps what was asked.
async fn listen(
    tls: Option<TlsAcceptor>,
    answers: &'static [&'static str],
) -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked = Arc::<Mutex<Vec<String>>>::default();
    let heard = asked.clone();
    tokio::spawn(async move {
        for answer in answers {
            let (tcp, _) = listener.accept().await.unwrap();
            let text = match &tls {
                None => serve(tcp, answer).await,
                Some(tls) => match tls.accept(tcp).await {
                    Ok(stream) => serve(stream, answer).await,
                    Err(error) => format!("TLS: {error}"),
                },
            };
            heard.lock().unwrap().push(text);
        }
    });
    (port, asked)
}

async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, answer: &str) -> String {
    let mut text = String::new();
    let mut buffer = [0; 4096];
    loop {
        let count = stream.read(&mut buffer).await.unwrap();
        text.push_str(&String::from_utf8_lossy(&buffer[..count]));
        let whole = text.split_once("\r\n\r\n").is_some_and(|(head, body)| {
            let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
            length.is_none_or(|length| body.len() >= length.parse::<usize>().unwrap())
        });
        if whole || count == 0 {
            break;
        }
    }
    stream.write_all(answer.as_bytes()).await.unwrap();
    let _ = stream.shutdown().await;
    text
}

/// No proxy, and no bundle of this system's.
fn plain() -> Caller {
    Caller { limit: PING_TIMEOUT, proxies: Proxies::default(), bundles: Vec::new() }
}

async fn call(caller: &Caller, address: &str, sound: Sound) -> Result<(), PingError> {
    caller.call(&Secret::new(address), sound, "went well", 1).await
}

#[tokio::test]
async fn start_success_and_failure_are_told_at_the_address_of_each() {
    let (port, asked) = listen(None, &["HTTP/1.1 200 OK\r\n\r\nOK"; 4]).await;
    let address = format!("http://ada:p%40ss@127.0.0.1:{port}/{SECRET}/?create=1#here");
    for sound in [Sound::Start, Sound::Success, Sound::Failure] {
        call(&plain(), &address, sound).await.unwrap();
    }
    call(&plain(), &format!("http://127.0.0.1:{port}"), Sound::Success).await.unwrap();
    let asked = asked.lock().unwrap();
    let first: Vec<&str> = asked.iter().map(|text| text.lines().next().unwrap()).collect();
    assert_eq!(
        first,
        [
            &format!("POST /{SECRET}/start?create=1 HTTP/1.1"),
            &format!("POST /{SECRET}?create=1 HTTP/1.1"),
            &format!("POST /{SECRET}/fail?create=1 HTTP/1.1"),
            "POST / HTTP/1.1",
        ]
    );
    // `ada:p@ss`
    assert!(asked[0].contains("\r\nAuthorization: Basic YWRhOnBAc3M=\r\n"), "{}", asked[0]);
    assert!(asked[0].contains(&format!("\r\nHost: 127.0.0.1:{port}\r\n")), "{}", asked[0]);
    assert!(asked[0].ends_with("\r\n\r\nwent well"), "{}", asked[0]);
}

#[tokio::test]
async fn one_that_takes_no_post_is_asked_and_a_refusal_names_the_host_alone() {
    let (port, asked) = listen(
        None,
        &[
            "HTTP/1.1 405 Method Not Allowed\r\n\r\n",
            "HTTP/1.0 204 No Content\r\n\r\n",
            "HTTP/1.1 404 x\r\n\r\n",
            "hello\r\n",
        ],
    )
    .await;
    let address = format!("http://127.0.0.1:{port}/{SECRET}");
    call(&plain(), &address, Sound::Success).await.unwrap();
    assert!(asked.lock().unwrap()[1].starts_with(&format!("GET /{SECRET} ")));
    let mut said = Vec::new();
    for _ in 0..2 {
        said.push(call(&plain(), &address, Sound::Success).await.unwrap_err().to_string());
    }
    assert_eq!(
        said,
        [
            "127.0.0.1: it answers 404: the address is not known there",
            "127.0.0.1: it does not answer in HTTP"
        ]
    );
    for wrong in ["ftp://x/y", "https://", "http://a b/", "nonsense", "http://h/a\r\nX: y"] {
        assert!(call(&plain(), wrong, Sound::Start).await.is_err(), "{wrong}");
    }
}

#[tokio::test]
async fn its_certificate_must_be_one_that_this_host_trusts() {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let bundle = dir.path().join("ca.pem");
    std::fs::write(&bundle, cert.pem()).unwrap();
    let key = PrivateKeyDer::Pkcs8(signing_key.serialize_der().into());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let (port, asked) = listen(Some(acceptor), &["HTTP/1.1 200 OK\r\n\r\n"; 2]).await;
    let address = format!("https://localhost:{port}/{SECRET}");
    let said = call(&plain(), &address, Sound::Success).await.unwrap_err();
    assert!(said.problem.contains("certificate"), "{said}");
    assert!(!said.to_string().contains(SECRET));
    let text = bundle.display().to_string();
    let trusting = Caller::of(Proxies::default(), |name| (name == "SSL_CERT_FILE").then(|| text.clone()));
    call(&trusting, &address, Sound::Failure).await.unwrap();
    assert!(asked.lock().unwrap()[1].starts_with(&format!("POST /{SECRET}/fail ")));
}

#[tokio::test]
async fn a_proxy_is_gone_through_and_around() {
    let (proxy, asked) = listen(None, &["HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 403 Forbidden\r\n\r\n"]).await;
    let (port, direct) = listen(None, &["HTTP/1.1 200 OK\r\n\r\n"]).await;
    let proxies = Proxies::of(|name| name.ends_with("PROXY").then(|| format!("http://127.0.0.1:{proxy}")));
    let caller = Caller::of(proxies, |_| None);
    let address = format!("http://127.0.0.1:{port}/{SECRET}");
    call(&caller, &address, Sound::Start).await.unwrap();
    assert!(asked.lock().unwrap()[0].starts_with(&format!("POST http://127.0.0.1:{port}/{SECRET}/start ")));
    caller.call(&Secret::new(address.as_bytes()), Sound::Success, "", 2).await.unwrap();
    assert!(direct.lock().unwrap()[0].starts_with(&format!("POST /{SECRET} ")));
    let secure = format!("https://127.0.0.1:{port}/{SECRET}");
    let said = call(&caller, &secure, Sound::Start).await.unwrap_err();
    assert_eq!(said.problem, "the proxy answers 403");
    assert!(asked.lock().unwrap()[1].starts_with(&format!("CONNECT 127.0.0.1:{port} ")));
}

#[tokio::test]
async fn one_that_never_answers_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let caller = Caller { limit: Duration::from_millis(200), ..plain() };
    let address = format!("http://{}/{SECRET}", listener.local_addr().unwrap());
    let said = call(&caller, &address, Sound::Start).await.unwrap_err();
    assert_eq!(said.to_string(), "127.0.0.1: no answer within 200ms");
}
