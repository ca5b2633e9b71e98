//! One's own account: the password, and where one is signed in.

use serde_json::json;
use wire::view::{AccountView, AuditAction, Event, SessionView};

use super::{
    documents::{assert_valid, assert_valid_answer, document},
    *,
};
use crate::access::Settings;

const NEXT: &str = "another long password";

impl House {
    async fn change_password(&self, cookie: &str, current: &str, new: &str) -> Answered {
        let body = json!({ "current": current, "new": new });
        self.post("/api/v1/account/password", &body).cookie(cookie).send().await
    }

    /// The same house, with other settings.
    async fn reopened(self, settings: Settings) -> Self {
        let settings = tokio::sync::watch::channel(Arc::new(settings)).1;
        let access = open_access(&self.store, &self.fleet, settings, PUBLIC_URL).await;
        self.with(access)
    }

    async fn own_sessions(&self, cookie: &str) -> Vec<SessionView> {
        let answered = self.get("/api/v1/account/sessions").cookie(cookie).send().await;
        assert_valid_answer("GET /account/sessions", &answered);
        answered.json()
    }
}

#[tokio::test]
async fn an_account_says_how_one_signs_in() {
    let (house, admin) = House::settled().await;
    let answered = house.get("/api/v1/account").cookie(&admin).send().await;
    assert_valid_answer("GET /account", &answered);
    let account: AccountView = answered.json();
    assert_eq!((account.me.user.as_str(), account.provider, account.has_totp), ("alice", None, false));
    house
        .sql(
            "UPDATE people SET email = 'alice@example.org';
             INSERT INTO totp (person, secret, confirmed_at) VALUES (1, x'00', 1);
             INSERT INTO passkeys (id, person, name, credential, created_at) VALUES (x'0102', 1, 'key', '{}', 5);
             INSERT INTO recovery_codes (person, code) VALUES (1, x'02'), (1, x'03')",
        )
        .await;
    let answered = house.get("/api/v1/account").cookie(&admin).send().await;
    assert_valid_answer("GET /account", &answered);
    let account: AccountView = answered.json();
    assert_eq!((account.has_totp, account.recovery_codes, account.factor_required), (true, 2, false));
    assert_eq!((account.passkeys[0].name.as_str(), account.passkeys[0].created_at), ("key", UnixMs(5)));
    assert_eq!(account.email.as_deref(), Some("alice@example.org"));
}

#[tokio::test]
async fn a_new_password_takes_the_current_one_and_ends_every_other_session() {
    let (house, here) = House::settled().await;
    let there = house.sign_in("alice", PASSWORD).await.cookie();
    let otto = house.person("otto", Role::Viewer).await;
    let mut stream = house.listen(&there).await;
    let wrong = house.change_password(&here, "wrong", NEXT).await.problem();
    assert_eq!(wrong.code, ErrorCode::WrongCredentials);
    assert!(wrong.detail.contains("current password"), "{}", wrong.detail);
    let record = house.last_record().await;
    assert_eq!((record.action, record.actor.name()), (AuditAction::Refused, "alice"));
    for new in ["short", "alice", PASSWORD] {
        let problem = house.change_password(&here, PASSWORD, new).await.problem();
        assert_eq!((problem.code, problem.fields[0].field.as_str()), (ErrorCode::InvalidField, "new"));
    }
    assert_eq!(house.get("/api/v1/hosts").cookie(&there).send().await.status, 200, "nothing happened yet");

    assert_eq!(house.change_password(&here, PASSWORD, NEXT).await.status, 204);
    assert_eq!(stream.event().await, Some(Event::SignedOut));
    assert_eq!(house.get("/api/v1/hosts").cookie(&there).send().await.status, 401);
    for cookie in [&here, &otto] {
        assert_eq!(house.get("/api/v1/hosts").cookie(cookie).send().await.status, 200);
    }
    let record = house.last_record().await;
    assert_eq!((record.action, record.before), (AuditAction::PasswordChange, Some(json!({ "sessions": 1 }))));
    assert_eq!(record.target.unwrap().name, "alice");
    assert_eq!(house.sign_in("alice", PASSWORD).await.code(), ErrorCode::WrongCredentials);
    assert_eq!(house.sign_in("alice", NEXT).await.status, 201);
    house.assert_kept_nowhere(&[PASSWORD, NEXT]);
}

#[tokio::test]
async fn a_borrowed_session_does_not_guess_the_password() {
    let (house, admin) = House::settled().await;
    for _ in 0..10 {
        let refused = house.change_password(&admin, "wrong", NEXT).await;
        assert_eq!(refused.code(), ErrorCode::WrongCredentials);
    }
    let refused = house.change_password(&admin, PASSWORD, NEXT).await;
    assert_eq!(
        (refused.code(), &refused.headers["retry-after"]),
        (ErrorCode::TooManyRequests, &"10".parse().unwrap())
    );
    let elsewhere = house.sign_in("alice", PASSWORD).await;
    assert_eq!(elsewhere.status, 201, "who guesses here keeps nobody out there");
    let house = house.reopened(Settings::default()).await;
    let refused = house.change_password(&admin, PASSWORD, NEXT).await;
    assert_eq!(refused.code(), ErrorCode::TooManyRequests, "a restart gives no new tries");
}

#[tokio::test]
async fn of_two_new_passwords_at_once_one_counts() {
    let (house, here) = House::settled().await;
    let there = house.sign_in("alice", PASSWORD).await.cookie();
    let (one, other) = tokio::join!(
        house.change_password(&here, PASSWORD, NEXT),
        house.change_password(&there, PASSWORD, "a third long password"),
    );
    let (won, lost, password) =
        if one.status == 204 { (one, other, NEXT) } else { (other, one, "a third long password") };
    assert_eq!(won.status, 204);
    let code = lost.code();
    assert!(matches!(code, ErrorCode::NotSignedIn | ErrorCode::WrongCredentials), "{code:?}");
    assert_eq!(house.sign_in("alice", password).await.status, 201);
}

#[tokio::test]
async fn whom_a_provider_vouches_for_has_no_password_here() {
    let (house, _) = House::settled().await;
    let otto = house.person("otto", Role::Viewer).await;
    house
        .sql("UPDATE people SET password = NULL, issuer = 'https://id', subject = '7' WHERE name = 'otto'")
        .await;
    assert_eq!(house.change_password(&otto, PASSWORD, NEXT).await.code(), ErrorCode::ProviderManaged);
    let account: AccountView = house.get("/api/v1/account").cookie(&otto).send().await.json();
    assert_eq!(account.provider.as_deref(), Some("https://id"));
    assert_eq!(house.sign_in("otto", PASSWORD).await.code(), ErrorCode::WrongCredentials);

    // It goes by the name that the configuration gives it, where it is named there.
    let providers = [("https://id".to_owned(), "Company".to_owned())].into();
    let house = house.reopened(Settings { providers, ..Settings::default() }).await;
    let account: AccountView = house.get("/api/v1/account").cookie(&otto).send().await.json();
    assert_eq!(account.provider.as_deref(), Some("Company"));
}

#[tokio::test]
async fn sessions_are_shown_with_where_they_are_and_end_one_by_one() {
    let (house, here) = House::settled().await;
    let body = json!({ "user": "alice", "password": PASSWORD });
    house.time.advance(Duration::from_mins(1));
    let call = house.post("/api/v1/session", &body).header("user-agent", "Browser/7");
    let there = Call { peer: SocketAddr::from(([192, 0, 2, 7], 1)), ..call }.send().await.cookie();
    let otto = house.person("otto", Role::Operator).await;

    let sessions = house.own_sessions(&here).await;
    assert_eq!(sessions.iter().map(|session| session.current).collect::<Vec<_>>(), [false, true]);
    let other = &sessions[0];
    assert_eq!((other.address.as_deref(), other.device.as_deref()), (Some("192.0.2.7"), Some("Browser/7")));
    assert_eq!(other.created_at, NOW.plus_ms(60_000));
    assert_eq!(other.expires_at, NOW.plus_ms(60_000 + 24 * 3_600_000));

    let end = |cookie: &str, id: &str| {
        house.delete(&format!("/api/v1/account/sessions/{id}")).cookie(cookie).send()
    };
    let id = other.id.to_string();
    assert_eq!(end(&otto, &id).await.code(), ErrorCode::NotFound, "another person's is none");
    assert_eq!(house.get("/api/v1/hosts").cookie(&there).send().await.status, 200);
    for (none, code) in [("ab".repeat(32), ErrorCode::NotFound), ("x".into(), ErrorCode::BadRequest)] {
        assert_eq!(end(&here, &none).await.code(), code);
    }
    let mut stream = house.listen(&there).await;
    let ended = end(&here, &id).await;
    assert_eq!((ended.status.as_u16(), ended.headers.contains_key("set-cookie")), (204, false));
    assert_eq!(stream.event().await, Some(Event::SignedOut));
    assert_eq!(house.get("/api/v1/hosts").cookie(&there).send().await.status, 401);
    let record = house.last_record().await;
    assert_eq!((record.action, record.target.unwrap().id), (AuditAction::SessionEnd, id.clone()));
    assert_eq!(end(&here, &id).await.code(), ErrorCode::NotFound, "it ends once");

    let own = house.own_sessions(&here).await[0].id.to_string();
    let ended = end(&here, &own).await;
    assert!(ended.headers["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
    assert_eq!(house.get("/api/v1/hosts").cookie(&here).send().await.status, 401);
}

#[tokio::test]
async fn all_other_sessions_end_at_once() {
    let (house, here) = House::settled().await;
    let there = house.sign_in("alice", PASSWORD).await.cookie();
    let otto = house.person("otto", Role::Operator).await;
    assert_eq!(house.delete("/api/v1/account/sessions").cookie(&here).send().await.status, 204);
    assert_eq!(house.get("/api/v1/hosts").cookie(&there).send().await.status, 401);
    for cookie in [&here, &otto] {
        assert_eq!(house.get("/api/v1/hosts").cookie(cookie).send().await.status, 200);
    }
    let record = house.last_record().await;
    assert_eq!((record.action, record.before), (AuditAction::SessionEnd, Some(json!({ "sessions": 1 }))));
    // What is over is not shown, though its row may still be there.
    let again = house.sign_in("alice", PASSWORD).await.cookie();
    house.time.advance(Duration::from_hours(23));
    assert_eq!(house.own_sessions(&again).await.len(), 2);
}

#[tokio::test]
async fn who_still_has_to_add_a_factor_gets_as_far_as_their_account() {
    let (house, admin) = House::settled().await;
    let house = house.reopened(Settings { factor_required: vec![Role::Admin], ..Settings::default() }).await;
    let account: AccountView = house.get("/api/v1/account").cookie(&admin).send().await.json();
    assert!(account.factor_required && account.me.must_add_factor);
    assert_eq!(house.own_sessions(&admin).await.len(), 1);
    for path in ["/api/v1/people", "/api/v1/hosts", "/api/v1/api-tokens"] {
        assert_eq!(house.get(path).cookie(&admin).send().await.code(), ErrorCode::FactorNeeded, "{path}");
    }
    let body = json!({ "name": "ci", "role": "viewer" });
    let refused = house.post("/api/v1/api-tokens", &body).cookie(&admin).send().await;
    assert_eq!(refused.code(), ErrorCode::FactorNeeded, "a token is no way around it");
    let value = serde_json::to_value(account).unwrap();
    assert_valid(&document(), "GET /account", "200", &value);
}
