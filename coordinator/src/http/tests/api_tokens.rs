//! Tokens of programs: what they may, what they may not, and when they die.

use serde_json::{Value, json};
use wire::view::{Actor, ApiTokenMade, ApiTokenView, AuditAction, Event};

use super::{
    documents::{assert_valid, assert_valid_answer, document},
    listening::Stream,
    *,
};

impl House {
    async fn ask_for_token(&self, cookie: &str, body: Value) -> Answered {
        self.post("/api/v1/api-tokens", &body).cookie(cookie).send().await
    }

    pub(super) async fn api_token(&self, cookie: &str, name: &str, role: Role) -> ApiTokenMade {
        let answered = self.ask_for_token(cookie, json!({ "name": name, "role": role })).await;
        assert_eq!(answered.status, 201, "{:?}", answered.body);
        answered.json()
    }

    pub(super) async fn by_token(&self, secret: &str, path: &str) -> Answered {
        self.get(path).header("authorization", &format!("Bearer {secret}")).send().await
    }

    async fn api_tokens(&self, cookie: &str) -> Vec<ApiTokenView> {
        let answered = self.get("/api/v1/api-tokens").cookie(cookie).send().await;
        assert_valid_answer("GET /api-tokens", &answered);
        answered.json()
    }

    async fn revoke(&self, cookie: &str, id: u32) -> Answered {
        self.delete(&format!("/api/v1/api-tokens/{id}")).cookie(cookie).send().await
    }
}

#[tokio::test]
async fn a_program_comes_by_a_token_that_is_shown_once() {
    let (house, admin) = House::settled().await;
    let answered =
        house.ask_for_token(&admin, json!({ "name": " ci ", "role": "operator", "days": 30 })).await;
    assert_valid(&document(), "POST /api-tokens", "201", &answered.json());
    let made: ApiTokenMade = answered.json();
    assert!(made.secret.starts_with("rmt_") && made.secret.len() == 47, "{} characters", made.secret.len());
    assert_eq!((made.token.name.as_str(), made.token.person.as_str()), ("ci", "alice"));
    assert_eq!(made.token.expires_at, Some(NOW.plus_ms(30 * 24 * 3_600_000)));
    assert_eq!((made.token.used_at, made.token.dead), (None, false));
    let record = house.last_record().await;
    assert_eq!(record.action, AuditAction::ApiTokenMake);
    let expires_at = NOW.plus_ms(30 * 24 * 3_600_000).0;
    assert_eq!(record.after, Some(json!({ "role": "operator", "expires_at": expires_at })));

    assert_eq!(house.by_token(&made.secret, "/api/v1/tokens").await.status, 200);
    let refused = house.by_token(&made.secret, "/api/v1/people").await;
    assert_eq!(refused.code(), ErrorCode::Forbidden, "its maker is admin, but it is not");
    house.assert_kept_nowhere(&[&made.secret, &made.secret["rmt_".len()..]]);
    let listed = serde_json::to_string(&house.api_tokens(&admin).await).unwrap();
    assert!(!listed.contains(&made.secret));
}

#[tokio::test]
async fn what_a_program_changes_needs_no_origin_and_is_the_tokens_in_the_audit() {
    let (house, admin) = House::settled().await;
    let made = house.api_token(&admin, "ci", Role::Admin).await;
    let bearer = format!("Bearer {}", made.secret);
    for (origin, host) in [("https://elsewhere.example", "127.0.0.1:7700"), ("null", "inner.name:80")] {
        let body = json!({ "name": format!("by-{}", origin.len()), "role": "viewer" });
        let call = house.post("/api/v1/people", &body).header("authorization", &bearer);
        let answered = call.header("origin", origin).header("host", host).send().await;
        assert_eq!(answered.status, 201, "{:?}", answered.body);
        let record = house.last_record().await;
        let actor = Actor::Token { token: "ci".into(), name: "alice".into(), role: Role::Admin };
        assert_eq!((record.action, record.actor), (AuditAction::PersonInvite, actor));
    }
}

#[tokio::test]
async fn where_a_token_is_shown_a_cookie_does_not_count() {
    let (house, admin) = House::settled().await;
    let made = house.api_token(&admin, "ci", Role::Viewer).await;
    let unknown = format!("Bearer rmt_{}", "a".repeat(43));
    let upper = format!("Bearer {}", made.secret.to_uppercase());
    let bare = format!("Bearer {}", &made.secret["rmt_".len()..]);
    let session = format!("Bearer {}", admin.split_once('=').unwrap().1);
    for value in ["Bearer", "Bearer ", "bearer x", "Bearer \u{fc}", &unknown, &upper, &bare, &session] {
        let call = house.get("/api/v1/hosts").cookie(&admin).header("authorization", value);
        let answered = call.send().await;
        assert_eq!(answered.code(), ErrorCode::NotSignedIn, "{value}");
        assert!(answered.headers["www-authenticate"].to_str().unwrap().starts_with("Bearer"), "{value}");
        // Another site's page that could add the header gains nothing by the cookie that the browser adds.
        let call = house.post("/api/v1/people", &json!({ "name": "eve", "role": "admin" })).cookie(&admin);
        let forged =
            call.header("authorization", value).header("origin", "https://evil.example").send().await;
        assert_eq!(forged.status, 401, "{value}");
    }
    // The role is the token's, though the cookie beside it is an admin's.
    let call = house.get("/api/v1/people").cookie(&admin);
    let answered = call.header("authorization", &format!("Bearer {}", made.secret)).send().await;
    assert_eq!(answered.code(), ErrorCode::Forbidden);
    // What is meant for a proxy in front of us is nothing to us.
    let call = house.get("/api/v1/people").cookie(&admin).header("authorization", "Basic YTpi");
    assert_eq!(call.send().await.status, 200);
    let call = house.post("/api/v1/people", &json!({ "name": "eve", "role": "admin" })).cookie(&admin);
    let forged =
        call.header("authorization", "Basic YTpi").header("origin", "https://evil.example").send().await;
    assert_eq!(forged.code(), ErrorCode::CrossOrigin);
}

#[tokio::test]
async fn a_token_opens_no_door_for_another_sites_page() {
    let (house, admin) = House::settled().await;
    let made = house.api_token(&admin, "ci", Role::Admin).await;
    let body = json!({ "user": "alice", "password": PASSWORD });
    for path in ["/api/v1/session", "/api/v1/invitation", "/api/v1/setup"] {
        let call = house.post(path, &body).header("authorization", &format!("Bearer {}", made.secret));
        let forged = call.header("origin", "https://evil.example").send().await;
        assert_eq!(forged.code(), ErrorCode::CrossOrigin, "{path}");
    }
    let call = house.delete("/api/v1/session").cookie(&admin).header("authorization", "Bearer x");
    assert_eq!(call.send().await.status, 200);
    assert_eq!(
        house.get("/api/v1/hosts").cookie(&admin).send().await.status,
        200,
        "the session was not meant"
    );
}

#[tokio::test]
async fn a_token_has_no_account_and_makes_no_tokens() {
    let (house, admin) = House::settled().await;
    let made = house.api_token(&admin, "ci", Role::Admin).await;
    for route in crate::http::table::api().into_iter().filter(|route| route.session_only) {
        let path = route.path.replace("{session}", &"ab".repeat(32));
        let call = Call::new(&house, route.method.as_str(), &format!("/api/v1{path}"));
        let answered = call.header("authorization", &format!("Bearer {}", made.secret)).send().await;
        assert_eq!(answered.code(), ErrorCode::Forbidden, "{} {path}", route.method);
    }
}

#[tokio::test]
async fn a_token_does_no_more_than_its_maker_may_then() {
    let (house, admin) = House::settled().await;
    let viewer = house.person("vera", Role::Viewer).await;
    house.api_token(&viewer, "reads", Role::Viewer).await;
    for role in ["operator", "admin"] {
        let refused = house.ask_for_token(&viewer, json!({ "name": "more", "role": role })).await;
        assert_eq!(refused.code(), ErrorCode::Forbidden, "{role}");
    }
    let dora = house.person("dora", Role::Admin).await;
    let made = house.api_token(&dora, "deploys", Role::Admin).await;
    assert_eq!(house.by_token(&made.secret, "/api/v1/people").await.status, 200);
    house.edit(&admin, "dora", json!({ "role": "operator" })).await;
    assert_eq!(house.by_token(&made.secret, "/api/v1/people").await.code(), ErrorCode::Forbidden);
    assert_eq!(house.by_token(&made.secret, "/api/v1/tokens").await.status, 200);
    house.edit(&admin, "dora", json!({ "role": "admin" })).await;
    assert_eq!(house.by_token(&made.secret, "/api/v1/people").await.status, 200);
}

#[tokio::test]
async fn a_token_dies_by_its_time_or_by_being_revoked() {
    let (house, admin) = House::settled().await;
    let short: ApiTokenMade =
        house.ask_for_token(&admin, json!({ "name": "short", "role": "viewer", "days": 1 })).await.json();
    let long = house.api_token(&admin, "long", Role::Viewer).await;
    let bearer = format!("Bearer {}", long.secret);
    let mut stream = Stream::of(house.get("/api/v1/events").header("authorization", &bearer).start().await);
    assert_eq!(house.revoke(&admin, long.token.id).await.status, 204);
    assert_eq!(stream.event().await, Some(Event::SignedOut));
    assert_eq!(stream.event().await, None);
    assert_eq!(house.by_token(&long.secret, "/api/v1/hosts").await.status, 401);
    let record = house.last_record().await;
    assert_eq!((record.action, record.target.unwrap().name.as_str()), (AuditAction::ApiTokenRevoke, "long"));

    house.time.advance(Duration::from_hours(24) - Duration::from_millis(1));
    assert_eq!(house.by_token(&short.secret, "/api/v1/hosts").await.status, 200);
    house.time.advance(Duration::from_millis(1));
    assert_eq!(house.by_token(&short.secret, "/api/v1/hosts").await.status, 401);
    let admin = house.sign_in("alice", PASSWORD).await.cookie();
    let tokens = house.api_tokens(&admin).await;
    assert!(tokens.iter().all(|token| token.dead), "{tokens:#?}");
    assert_eq!(tokens.iter().filter(|token| token.revoked_at == Some(NOW)).count(), 1);
}

#[tokio::test]
async fn ones_own_tokens_are_ones_own_and_an_admin_sees_all() {
    let (house, admin) = House::settled().await;
    let otto = house.person("otto", Role::Operator).await;
    let vera = house.person("vera", Role::Viewer).await;
    let ottos = house.api_token(&otto, "otto's", Role::Operator).await;
    let veras = house.api_token(&vera, "vera's", Role::Viewer).await;
    house.api_token(&admin, "alice's", Role::Admin).await;
    let names = |tokens: Vec<ApiTokenView>| tokens.into_iter().map(|token| token.name).collect::<Vec<_>>();
    assert_eq!(names(house.api_tokens(&otto).await), ["otto's"]);
    assert_eq!(names(house.api_tokens(&admin).await), ["alice's", "vera's", "otto's"]);

    assert_eq!(house.revoke(&vera, ottos.token.id).await.code(), ErrorCode::NotFound, "it is none of hers");
    assert_eq!(house.revoke(&otto, 999_999).await.code(), ErrorCode::NotFound);
    assert_eq!(house.delete("/api/v1/api-tokens/x").cookie(&otto).send().await.code(), ErrorCode::BadRequest);
    assert_eq!(house.by_token(&ottos.secret, "/api/v1/hosts").await.status, 200);
    assert_eq!(house.revoke(&otto, ottos.token.id).await.status, 204);
    assert_eq!(house.revoke(&admin, veras.token.id).await.status, 204);
    for secret in [&ottos.secret, &veras.secret] {
        assert_eq!(house.by_token(secret, "/api/v1/hosts").await.status, 401);
    }
}

#[tokio::test]
async fn a_token_revokes_itself_and_none_that_may_do_more() {
    let (house, admin) = House::settled().await;
    let strong = house.api_token(&admin, "strong", Role::Operator).await;
    let weak = house.api_token(&admin, "weak", Role::Viewer).await;
    let revoke = |id: u32| {
        let call = house.delete(&format!("/api/v1/api-tokens/{id}"));
        call.header("authorization", &format!("Bearer {}", weak.secret)).send()
    };
    assert_eq!(revoke(strong.token.id).await.code(), ErrorCode::Forbidden);
    assert_eq!(revoke(weak.token.id).await.status, 204);
    assert_eq!(revoke(weak.token.id).await.code(), ErrorCode::NotSignedIn);
    assert_eq!(house.by_token(&strong.secret, "/api/v1/hosts").await.status, 200);
}

#[tokio::test]
async fn the_last_use_is_written_down_coarsely() {
    let (house, admin) = House::settled().await;
    let made = house.api_token(&admin, "ci", Role::Viewer).await;
    for minutes in [0, 20, 40] {
        let now = NOW.plus_ms(minutes * 60_000);
        assert_eq!(house.by_token(&made.secret, "/api/v1/hosts").await.status, 200);
        // Written behind the answer's back.
        while house.api_tokens(&admin).await[0].used_at != Some(now) {
            tokio::task::yield_now().await;
        }
        house.time.advance(Duration::from_mins(10));
        assert_eq!(house.by_token(&made.secret, "/api/v1/hosts").await.status, 200);
        house.time.advance(Duration::from_mins(10));
    }
    assert_eq!(
        house.api_tokens(&admin).await[0].used_at,
        Some(NOW.plus_ms(40 * 60_000)),
        "ten minutes are nothing"
    );
}

#[tokio::test]
async fn terms_that_will_not_do_are_told_by_field_and_too_many_are_refused() {
    let (house, admin) = House::settled().await;
    let long = "x".repeat(101);
    for (body, field) in [
        (json!({ "name": "", "role": "viewer" }), "name"),
        (json!({ "name": " \t ", "role": "viewer" }), "name"),
        (json!({ "name": "a\nb", "role": "viewer" }), "name"),
        (json!({ "name": long, "role": "viewer" }), "name"),
        (json!({ "name": "ci", "role": "root" }), "role"),
        (json!({ "name": "ci", "role": "viewer", "days": 0 }), "days"),
        (json!({ "name": "ci", "role": "viewer", "days": 3_661 }), "days"),
        (json!({ "name": "ci", "role": "viewer", "days": -1 }), "days"),
        (json!({ "name": "ci", "role": "viewer", "days": "7" }), "days"),
    ] {
        let problem = house.ask_for_token(&admin, body.clone()).await.problem();
        assert_eq!(
            (problem.code, problem.fields[0].field.as_str()),
            (ErrorCode::InvalidField, field),
            "{body}"
        );
    }
    assert!(house.api_tokens(&admin).await.is_empty());
    for n in 0..100 {
        house.api_token(&admin, &format!("n° {n}"), Role::Viewer).await;
    }
    let refused = house.ask_for_token(&admin, json!({ "name": "more", "role": "viewer" })).await;
    assert_eq!(refused.code(), ErrorCode::Conflict);
    let oldest = house.api_tokens(&admin).await.pop().unwrap();
    house.revoke(&admin, oldest.id).await;
    house.api_token(&admin, "more", Role::Viewer).await;
}
