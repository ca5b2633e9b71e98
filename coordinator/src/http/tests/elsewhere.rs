//! A panel that is served from elsewhere.

use super::*;

const SITE: &str = "https://backup.example.org";
const PANEL: &str = "https://panel.example.org";

/// A house that people reach by https, with these origins let in, and Alice in it.
async fn house(origins: &str) -> House {
    let (house, _) = House::settled().await;
    std::fs::write(
        house.directory.path().join("coordinator.toml"),
        format!("public_url = \"{SITE}\"\ncors_origins = [{origins}]"),
    )
    .unwrap();
    let config = Config::load(house.directory.path(), [], crate::config::Flags::default()).unwrap();
    house.told(config)
}

async fn open() -> House {
    house(&format!("\"{PANEL}\"")).await
}

impl House {
    fn preflight(&self, origin: &str) -> Call<'_> {
        Call::new(self, "OPTIONS", "/api/v1/session")
            .header("host", "backup.example.org")
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("sec-fetch-site", "same-site")
    }

    fn sign_in_from(&self, origin: &str) -> Call<'_> {
        let body = serde_json::json!({ "user": "alice", "password": PASSWORD });
        self.post("/api/v1/session", &body)
            .header("host", "backup.example.org")
            .header("origin", origin)
            .header("sec-fetch-site", "cross-site")
    }
}

#[tokio::test]
async fn a_named_panel_signs_in_and_reads() {
    let house = open().await;
    let asked = house.preflight(PANEL).send().await;
    assert_eq!(asked.status, 204);
    assert_eq!(asked.headers["access-control-allow-origin"], PANEL);
    assert_eq!(asked.headers["access-control-allow-credentials"], "true");
    assert!(asked.headers["access-control-allow-methods"].to_str().unwrap().contains("POST"));
    assert!(asked.headers["access-control-allow-headers"].to_str().unwrap().contains("content-type"));
    assert_eq!(asked.headers["vary"], "Origin");

    let signed_in = house.sign_in_from(PANEL).send().await;
    assert_eq!(signed_in.status, 201, "{:?}", signed_in.body);
    assert_eq!(signed_in.headers["access-control-allow-origin"], PANEL);
    let cookie = signed_in.headers["set-cookie"].to_str().unwrap();
    assert!(
        cookie.starts_with("__Host-rm_session=") && cookie.ends_with("; SameSite=None; Secure"),
        "{cookie}"
    );

    let read = house.get("/api/v1/session").header("origin", PANEL).cookie(&signed_in.cookie()).send().await;
    assert_eq!(
        (read.status, &read.headers["access-control-allow-origin"]),
        (StatusCode::OK, &PANEL.parse().unwrap())
    );
    // A problem can be read as well.
    let problem = house.get("/api/v1/nothing").header("origin", PANEL).send().await;
    assert_eq!(problem.headers["access-control-allow-origin"], PANEL);
}

#[tokio::test]
async fn nobody_else_is_let_in() {
    let house = open().await;
    for origin in [
        "https://evil.example",
        "https://panel.example.org.evil.example",
        "https://PANEL.example.org",
        "https://panel.example.org:443",
        "http://panel.example.org",
        "https://panel.example.org/",
        "null",
        "*",
        "",
    ] {
        let asked = house.preflight(origin).send().await;
        assert_eq!(asked.code(), ErrorCode::MethodNotAllowed, "{origin}");
        let sent = house.sign_in_from(origin).send().await;
        assert_eq!(sent.code(), ErrorCode::CrossOrigin, "{origin}");
        for answered in [asked, sent] {
            assert_eq!(answered.headers["vary"], "Origin");
            assert!(!answered.headers.contains_key("access-control-allow-origin"), "{origin}");
        }
    }
}

#[tokio::test]
async fn two_origins_in_one_request_are_none() {
    let house = open().await;
    let mut call = house.sign_in_from(PANEL);
    call.headers.push(("origin".into(), "https://evil.example".into()));
    let answered = call.send().await;
    assert!(!answered.headers.contains_key("access-control-allow-origin"));
    assert_eq!(answered.code(), ErrorCode::CrossOrigin);
}

#[tokio::test]
async fn without_one_named_nothing_is_different() {
    let house = house("").await;
    let asked = house.preflight(PANEL).send().await;
    assert_eq!(asked.code(), ErrorCode::MethodNotAllowed);
    let sent = house.sign_in_from(PANEL).send().await;
    assert_eq!(sent.code(), ErrorCode::CrossOrigin);
    let own = house.sign_in_from(SITE).header("sec-fetch-site", "same-origin").send().await;
    assert!(own.headers["set-cookie"].to_str().unwrap().contains("SameSite=Strict"));
    for answered in [asked, sent, own] {
        assert!(!answered.headers.contains_key("vary"));
        assert!(!answered.headers.contains_key("access-control-allow-origin"));
    }
}

#[tokio::test]
async fn pages_and_downloads_are_not_shared() {
    let house = open().await;
    for path in ["/", "/install.sh", "/healthz"] {
        let answered = house.get(path).header("origin", PANEL).send().await;
        assert!(!answered.headers.contains_key("access-control-allow-origin"), "{path}");
    }
}
