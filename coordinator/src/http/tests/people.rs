//! The first start, signing in and out, cookies, tries, other sites.

use wire::view::{SetupCheckView, SetupView, SignedOutView};

use super::*;

#[tokio::test]
async fn the_first_start_makes_an_admin_and_a_fleet_and_closes_for_good() {
    let house = House::new().await;
    let view: SetupView = house.get("/api/v1/setup").send().await.json();
    assert!(view.needed);
    assert_eq!((view.password_min, view.version.as_str()), (12, "1.2.3"));
    assert_eq!(view.coordinator.id, house.keys.id());
    assert_eq!(house.get("/api/v1/hosts").send().await.code(), ErrorCode::SetupNeeded);

    let token = house.access.offer_setup().await.unwrap().unwrap();
    let request = house.setup_request(token.expose());
    let check =
        serde_json::json!({ "token": request.token, "user": request.user, "password": request.password });
    let would: SetupCheckView = house.post("/api/v1/setup/check", &check).send().await.json();
    assert!(would.statements.is_empty(), "no fleet is served yet");
    assert!(house.get("/api/v1/setup").send().await.json::<SetupView>().needed, "a check writes nothing");

    let answered = house.post("/api/v1/setup", &request).send().await;
    assert_eq!(answered.status, 201);
    let me: MeView = answered.json();
    assert_eq!((me.user.as_str(), me.role), ("alice", Role::Admin));
    assert!(house.fleet.fleet_view().is_some(), "the fleet is founded");
    let cookie = answered.cookie();
    assert_eq!(house.get("/api/v1/fleet").cookie(&cookie).send().await.status, 200);

    for path in ["/api/v1/setup", "/api/v1/setup/check"] {
        assert_eq!(house.post(path, &request).send().await.code(), ErrorCode::SetupClosed);
    }
    assert!(!house.get("/api/v1/setup").send().await.json::<SetupView>().needed);
    assert_eq!(house.get("/api/v1/hosts").send().await.code(), ErrorCode::NotSignedIn);
}

#[tokio::test]
async fn a_fleet_that_outlived_its_database_is_gone_on_with_and_no_other_founded() {
    let (house, _) = House::settled().await;
    // The people are gone; the statements are kept beside the database too.
    house.sql("delete from people").await;
    let access = open_access(&house.store, &house.fleet, usual(), PUBLIC_URL).await;
    let token = access.offer_setup().await.unwrap().unwrap();
    let house = house.with(access);
    let request = house.setup_request(token.expose());
    let check =
        serde_json::json!({ "token": request.token, "user": request.user, "password": request.password });
    let would: SetupCheckView = house.post("/api/v1/setup/check", &check).send().await.json();
    assert_eq!(would.statements, [house.first_statement()]);

    let kit = Kit::from_seed(&[8; 32]);
    let other = Statement {
        fleet: kit.fleet(),
        root: RootKey::from(kit.root().public()),
        recovery: kit.recovery().public(),
        ..house.first_statement().verify().unwrap().document
    };
    let other = SetupRequest { statement: Signed::sign(&other, &kit.root()).unwrap(), ..request.clone() };
    assert_eq!(house.post("/api/v1/setup", &other).send().await.code(), ErrorCode::Conflict);
    assert_eq!(house.post("/api/v1/setup", &request).send().await.status, 201);
}

#[tokio::test]
async fn a_wrong_token_a_weak_password_and_a_foreign_statement_found_nothing() {
    let house = House::new().await;
    let token = house.access.offer_setup().await.unwrap().unwrap();
    let good = house.setup_request(token.expose());

    let wrong = SetupRequest { token: "x".repeat(43), ..good.clone() };
    assert_eq!(house.post("/api/v1/setup", &wrong).send().await.code(), ErrorCode::BadBootstrapToken);

    let weak = SetupRequest { password: "short".into(), ..good.clone() };
    let problem = house.post("/api/v1/setup", &weak).send().await.problem();
    assert_eq!((problem.code, problem.fields[0].field.as_str()), (ErrorCode::InvalidField, "password"));

    let other = House::at("http://127.0.0.1:7701").await;
    let foreign = SetupRequest {
        // Another coordinator's keys stand in it.
        statement: Signed::sign(
            &Statement {
                coordinators: vec![Coordinator {
                    id: wire::id::CoordinatorId([1; 32]),
                    channel: wire::id::ChannelKey([2; 32]),
                    name: "elsewhere".into(),
                }],
                ..other.first_statement().verify().unwrap().document
            },
            &Kit::from_seed(&[7; 32]).root(),
        )
        .unwrap(),
        ..good.clone()
    };
    assert_eq!(house.post("/api/v1/setup", &foreign).send().await.code(), ErrorCode::InvalidField);

    assert!(house.fleet.fleet_view().is_none() && house.access.setup_needed());
    assert_eq!(house.post("/api/v1/setup", &good).send().await.status, 201);
}

#[tokio::test]
async fn the_cookie_is_out_of_reach_for_scripts_and_other_sites() {
    let (house, _) = House::settled().await;
    let answered = house.sign_in("alice", PASSWORD).await;
    let cookie = answered.headers["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.starts_with("rm_session="), "{cookie}");
    for attribute in ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=604800"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    assert!(!cookie.contains("Secure"), "over plain http the browser would not keep it: {cookie}");
    assert_eq!(answered.headers["cache-control"], "no-store");

    let house = House::at("https://backup.example.org").await;
    let token = house.access.offer_setup().await.unwrap().unwrap();
    let call = house
        .post("/api/v1/setup", &house.setup_request(token.expose()))
        .header("host", "backup.example.org")
        .header("origin", "https://backup.example.org");
    let cookie = call.send().await.headers["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.starts_with("__Host-rm_session=") && cookie.ends_with("; Secure"), "{cookie}");
}

#[tokio::test]
async fn signing_out_ends_the_session_and_takes_the_cookie_back() {
    let (house, cookie) = House::settled().await;
    assert_eq!(house.get("/api/v1/session").cookie(&cookie).send().await.json::<MeView>().user, "alice");
    let answered = house.delete("/api/v1/session").cookie(&cookie).send().await;
    assert_eq!(answered.json::<SignedOutView>().provider_url, None, "no provider began it");
    assert!(answered.headers["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
    assert_eq!(house.get("/api/v1/session").cookie(&cookie).send().await.code(), ErrorCode::NotSignedIn);
    assert_eq!(house.delete("/api/v1/session").send().await.status, 200, "nobody is signed out already");
}

#[tokio::test]
async fn signing_in_again_ends_the_session_that_it_replaces() {
    let (house, before) = House::settled().await;
    let body = serde_json::json!({ "user": "alice", "password": PASSWORD });
    let after = house.post("/api/v1/session", &body).cookie(&before).send().await.cookie();
    assert_ne!(before, after);
    assert_eq!(house.get("/api/v1/session").cookie(&before).send().await.status, 401);
    assert_eq!(house.get("/api/v1/session").cookie(&after).send().await.status, 200);
}

#[tokio::test]
async fn a_session_that_nobody_uses_is_over_after_a_day() {
    let (house, cookie) = House::settled().await;
    house.time.advance(Duration::from_secs(24 * 3_600 - 1));
    assert_eq!(house.get("/api/v1/session").cookie(&cookie).send().await.status, 200);
    house.time.advance(Duration::from_hours(7 * 24));
    assert_eq!(house.get("/api/v1/session").cookie(&cookie).send().await.code(), ErrorCode::NotSignedIn);
}

#[tokio::test]
async fn tries_run_out_and_the_answer_says_how_long_to_wait() {
    let (house, _) = House::settled().await;
    for _ in 0..10 {
        assert_eq!(house.sign_in("alice", "wrong").await.code(), ErrorCode::WrongCredentials);
    }
    // An unknown name is told the same, word by word.
    assert_eq!(house.sign_in("mallory", "wrong").await.code(), ErrorCode::WrongCredentials);
    let answered = house.sign_in("alice", PASSWORD).await;
    assert_eq!(answered.status, 429);
    assert_eq!(answered.headers["retry-after"], "10");
    assert_eq!(answered.problem().retry_after_s, Some(10));
    house.time.advance(Duration::from_secs(10));
    assert_eq!(house.sign_in("alice", PASSWORD).await.status, 201);
}

#[tokio::test]
async fn a_page_of_another_site_changes_nothing() {
    let (house, cookie) = House::settled().await;
    for (header, value) in
        [("origin", "https://evil.example"), ("origin", "null"), ("sec-fetch-site", "cross-site")]
    {
        let call = house.delete("/api/v1/session").cookie(&cookie).header(header, value);
        assert_eq!(call.send().await.code(), ErrorCode::CrossOrigin, "{header}: {value}");
    }
    // A name that somebody else's DNS points here.
    let rebound = house
        .delete("/api/v1/session")
        .header("host", "evil.example")
        .header("origin", "http://evil.example");
    assert_eq!(rebound.cookie(&cookie).send().await.code(), ErrorCode::CrossOrigin);
    // A form cannot say that it is JSON.
    let form = house.post("/api/v1/session", &"").header("content-type", "text/plain");
    assert_eq!(form.send().await.code(), ErrorCode::UnsupportedMedia);
    assert_eq!(house.get("/api/v1/session").cookie(&cookie).send().await.status, 200);
}
