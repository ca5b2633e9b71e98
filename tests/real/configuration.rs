//! The configuration of a real coordinator: checked before, changed while it runs.

use std::{fs, net::TcpStream, path::Path, sync::Arc};

use rustls::{ClientConfig, ClientConnection, RootCertStore, pki_types::ServerName};
use tests::{
    place::Place,
    programs::{Coordinator, Program, free_port},
    wait::until,
};

fn check(data: &Path) -> std::process::Output {
    Coordinator::ask(&["check-config", "--data", data.to_str().expect("a path of text")])
}

fn write(place: &Place, text: &str) {
    fs::create_dir_all(place.coordinator()).expect("the data directory");
    fs::write(place.coordinator().join("coordinator.toml"), text).expect("coordinator.toml");
}

async fn logged(program: &Program, wanted: &str) {
    until(
        &format!("the log to say: {wanted}"),
        async || program.log(),
        |log| log.contains(wanted).then_some(()),
    )
    .await;
}

#[test]
fn it_is_checked_without_starting() {
    let place = Place::temporary();
    write(
        &place,
        "name = \"attic\"\n[[sso]]\nid = \"office\"\nname = \"Office\"\nissuer = \"https://id.example.org\"\nclient_id = \"rm\"\nclient_secret_file = \"secret\"\n[sso.roles]\nadmin = [\"admins\"]\n",
    );
    fs::write(place.coordinator().join("secret"), "hush-hush\n").expect("the secret");
    let good = check(&place.coordinator());
    let text = String::from_utf8_lossy(&good.stdout).into_owned();
    assert!(good.status.success(), "{}", String::from_utf8_lossy(&good.stderr));
    assert!(text.contains("name = \"attic\"") && text.contains("sessions.idle_hours = 24"), "{text}");
    assert!(text.contains("sso.office.client_secret_file = ") && !text.contains("hush-hush"), "{text}");

    write(&place, "nmae = \"attic\"\n[sessions]\nidle_hours = 0\n");
    let bad = check(&place.coordinator());
    let text = String::from_utf8_lossy(&bad.stderr).into_owned();
    assert!(!bad.status.success() && bad.stdout.is_empty());
    assert!(text.contains("line 1: there is no key `nmae`; did you mean `name`?"), "{text}");
    assert!(text.contains("line 3: `sessions.idle_hours`"), "{text}");
    // It does not start with that either.
    let data = place.coordinator();
    let served = Coordinator::ask(&["serve", "--data", data.to_str().expect("a path of text")]);
    assert!(!served.status.success() && !data.join("coordinator.db").exists());
}

#[tokio::test]
async fn a_change_that_is_safe_is_taken_while_it_runs() {
    let place = Place::temporary();
    write(&place, "name = \"attic\"\n");
    let coordinator = Coordinator::start(&place, free_port()).await;
    let url = &coordinator.url;
    // Tries from many addresses, if one believes what is written.
    let tries = async || {
        let http = tests::http::client();
        for n in 1..=60 {
            let body = serde_json::json!({ "token": "none", "user": "ada", "password": "not that long" });
            let sent = http
                .post(format!("{url}/api/v1/setup/check"))
                .header("x-forwarded-for", format!("203.0.113.{n}"))
                .json(&body)
                .send();
            if sent.await.expect("an answer").status() == 429 {
                return Some(n);
            }
        }
        None
    };
    assert!(tries().await.is_some(), "nobody is believed, so there is one address");
    let program = &coordinator.program;

    write(&place, "name = \"attic\"\ntrusted_proxies = [\"127.0.0.1\"\n");
    logged(program, "what held before goes on").await;
    assert!(tries().await.is_some());
    write(&place, "name = \"cellar\"\ntrusted_proxies = [\"127.0.0.1\"]\n[audit]\nkeep_days = 31\n");
    logged(program, "the configuration changed keys=\"trusted_proxies, audit.keep_days\"").await;
    logged(program, "needs a restart: what held before goes on keys=\"name\"").await;
    assert_eq!(tries().await, None, "the proxy is believed now");
}

/// A certificate for localhost and its key, in PEM.
struct Pair {
    certificate: rcgen::Certificate,
    key: String,
}

impl Pair {
    fn new() -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        Self { certificate: made.cert, key: made.signing_key.serialize_pem() }
    }

    /// Whether the port shows this certificate.
    fn is_shown(&self, port: u16) -> Result<(), String> {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.der().clone()).expect("a root");
        let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from("localhost").expect("a name");
        let mut tls = ClientConnection::new(Arc::new(config), name).expect("a client");
        let mut stream = TcpStream::connect(("127.0.0.1", port)).map_err(|error| error.to_string())?;
        while tls.is_handshaking() {
            tls.complete_io(&mut stream).map_err(|error| error.to_string())?;
        }
        Ok(())
    }
}

#[tokio::test]
async fn a_certificate_is_taken_when_it_changes_and_kept_when_the_new_one_is_no_good() {
    let place = Place::temporary();
    let (port, files) = (free_port(), place.root().join("tls"));
    fs::create_dir(&files).expect("a directory");
    let (certificate, key) = (files.join("chain.pem"), files.join("key.pem"));
    let (first, second) = (Pair::new(), Pair::new());
    fs::write(&certificate, first.certificate.pem()).expect("the certificate");
    fs::write(&key, &first.key).expect("the key");
    write(
        &place,
        &format!("listen = \"127.0.0.1:{port}\"\ncertificate = {certificate:?}\nprivate_key = {key:?}\n"),
    );
    let data = place.coordinator();
    let mut program =
        Coordinator::begin(&place, &["serve", "--data", data.to_str().expect("a path of text")]);
    let shown = async |pair: &Pair| {
        until(
            "the port to show the certificate",
            async || pair.is_shown(port),
            |seen| seen.is_ok().then_some(()),
        )
        .await;
    };
    shown(&first).await;
    assert!(second.is_shown(port).is_err());

    // Its key has not come yet.
    fs::write(&certificate, second.certificate.pem()).expect("the certificate");
    logged(&program, "the certificate that was there before goes on").await;
    shown(&first).await;
    // As a renewal does: the new file takes the old one's name.
    fs::write(files.join("key.new"), &second.key).expect("the key");
    fs::rename(files.join("key.new"), &key).expect("the key takes its place");
    shown(&second).await;
    assert!(first.is_shown(port).is_err());
    program.assert_alive();
    assert!(program.stop().success());
}

#[tokio::test]
async fn plain_http_beyond_this_machine_is_warned_of() {
    let place = Place::temporary();
    let listen = format!("0.0.0.0:{}", free_port());
    let data = place.coordinator();
    let data = data.to_str().expect("a path of text");
    let program = Coordinator::begin(&place, &["serve", "--data", data, "--listen", &listen, "--tls", "off"]);
    logged(&program, "DANGER: 0.0.0.0").await;
    logged(&program, "panel: http://0.0.0.0").await;
}
