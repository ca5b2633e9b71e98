//! Setup links: good for an hour, once, and only the newest.

use serde_json::json;
use wire::view::{Actor, AuditAction, InvitationView, SetupLinkView};

use super::{
    documents::{assert_valid, assert_valid_answer, document},
    team::token_of,
    *,
};

const CHOSEN: &str = "bob's own long password";

impl House {
    pub(super) async fn accept(&self, link: &SetupLinkView, password: &str) -> Answered {
        let body = json!({ "token": token_of(link), "password": password });
        self.post("/api/v1/invitation", &body).send().await
    }

    async fn check(&self, link: &SetupLinkView) -> Answered {
        self.post("/api/v1/invitation/check", &json!({ "token": token_of(link) })).send().await
    }
}

#[tokio::test]
async fn somebody_chooses_a_password_by_the_link_and_is_signed_in() {
    let (house, admin) = House::settled().await;
    let link = house.invite(&admin, "Bob", Role::Operator).await;
    assert_valid(&document(), "POST /people", "201", &serde_json::to_value(&link).unwrap());
    assert!(link.link.starts_with("http://127.0.0.1:7700/welcome#"), "{}", link.link);
    assert_eq!(link.expires_at, NOW.plus_ms(3_600_000));
    assert_eq!(
        house.sign_in("bob", CHOSEN).await.code(),
        ErrorCode::WrongCredentials,
        "nothing was chosen yet"
    );

    let checked = house.check(&link).await;
    assert_valid_answer("POST /invitation/check", &checked);
    let checked: InvitationView = checked.json();
    assert_eq!(
        (checked.user.as_str(), checked.expires_at, checked.password_min),
        ("Bob", link.expires_at, 12)
    );
    let weak = house.accept(&link, "short").await.problem();
    assert_eq!((weak.code, weak.fields[0].field.as_str()), (ErrorCode::InvalidField, "password"));
    assert_eq!(house.accept(&link, "BOB").await.problem().fields[0].field, "password");

    let answered = house.accept(&link, CHOSEN).await;
    assert_valid(&document(), "POST /invitation", "201", &answered.json());
    let me: MeView = answered.json();
    assert_eq!((me.user.as_str(), me.role, me.must_add_factor), ("Bob", Role::Operator, false));
    let cookie = answered.cookie();
    assert_eq!(house.get("/api/v1/tokens").cookie(&cookie).send().await.status, 200);
    assert_eq!(house.accept(&link, "another long password").await.code(), ErrorCode::BadSetupLink);
    assert_eq!(house.check(&link).await.code(), ErrorCode::BadSetupLink);
    assert_eq!(house.sign_in("bob", CHOSEN).await.status, 201);

    let records = house.records().await;
    let used = records.iter().find(|record| record.action == AuditAction::SetupLinkUse).unwrap();
    assert_eq!(used.actor, Actor::Person { name: "Bob".into(), role: Role::Operator });
    assert_eq!((&used.before, &used.after), (&None, &None));
    house.assert_kept_nowhere(&[token_of(&link), CHOSEN]);
}

#[tokio::test]
async fn a_link_is_over_after_an_hour_and_a_newer_one_takes_its_place() {
    let (house, admin) = House::settled().await;
    let old = house.invite(&admin, "bob", Role::Viewer).await;
    let new: SetupLinkView = house.to_person(&admin, "bob", "setup-link").await.json();
    assert_ne!(token_of(&old), token_of(&new));
    assert_eq!(house.accept(&old, CHOSEN).await.code(), ErrorCode::BadSetupLink);
    house.time.advance(Duration::from_hours(1) - Duration::from_millis(1));
    assert_eq!(house.check(&new).await.status, 200);
    house.time.advance(Duration::from_millis(1));
    for answered in [house.check(&new).await, house.accept(&new, CHOSEN).await] {
        let problem = answered.problem();
        assert_eq!((problem.code, problem.status), (ErrorCode::BadSetupLink, 410));
    }
}

#[tokio::test]
async fn of_two_who_use_a_link_at_once_one_is_in() {
    let (house, admin) = House::settled().await;
    let link = house.invite(&admin, "bob", Role::Viewer).await;
    let (one, other) =
        tokio::join!(house.accept(&link, CHOSEN), house.accept(&link, "a thief's long password"));
    let (won, lost, password) =
        if one.status == 201 { (one, other, CHOSEN) } else { (other, one, "a thief's long password") };
    assert_eq!((won.status.as_u16(), lost.code()), (201, ErrorCode::BadSetupLink));
    assert_eq!(house.sign_in("bob", password).await.status, 201, "the password of whoever was let in");
}

#[tokio::test]
async fn nothing_else_opens_anything() {
    let (house, admin) = House::settled().await;
    let link = house.invite(&admin, "bob", Role::Viewer).await;
    let session = admin.split_once('=').unwrap().1.to_owned();
    for token in ["", "nonsense", &"a".repeat(43), &session, &token_of(&link).to_lowercase(), "%", "ü"] {
        for path in ["/api/v1/invitation/check", "/api/v1/invitation"] {
            let body = json!({ "token": token, "password": CHOSEN });
            assert_eq!(house.post(path, &body).send().await.code(), ErrorCode::BadSetupLink, "{token}");
        }
    }
    for body in [json!({}), json!({ "token": 7, "password": CHOSEN }), json!([]), json!({ "token": null })] {
        let refused = house.post("/api/v1/invitation", &body).send().await;
        assert_eq!(refused.code(), ErrorCode::InvalidField, "{body}");
    }
    let elsewhere =
        house.post("/api/v1/invitation", &json!({ "token": token_of(&link), "password": CHOSEN }));
    assert_eq!(
        elsewhere.header("origin", "https://evil.example").send().await.code(),
        ErrorCode::CrossOrigin
    );

    house.to_person(&admin, "bob", "disable").await;
    assert_eq!(house.check(&link).await.code(), ErrorCode::BadSetupLink);
    assert_eq!(house.to_person(&admin, "bob", "setup-link").await.code(), ErrorCode::Conflict);
    house.to_person(&admin, "bob", "enable").await;
    assert_eq!(house.check(&link).await.code(), ErrorCode::BadSetupLink, "a link does not come back");
}

#[tokio::test]
async fn links_cannot_be_guessed_fast() {
    let (house, _) = House::settled().await;
    let body = json!({ "token": "a".repeat(43), "password": CHOSEN });
    for _ in 0..39 {
        let refused = house.post("/api/v1/invitation/check", &body).send().await;
        assert_eq!(refused.code(), ErrorCode::BadSetupLink);
    }
    let answered = house.post("/api/v1/invitation", &body).send().await;
    assert_eq!(answered.code(), ErrorCode::TooManyRequests);
    assert!(answered.headers.contains_key("retry-after"));
}

#[tokio::test]
async fn whoever_forgot_the_password_chooses_another_and_is_signed_out_elsewhere() {
    let (house, admin) = House::settled().await;
    let otto = house.person("otto", Role::Operator).await;
    let link: SetupLinkView = house.to_person(&admin, "otto", "setup-link").await.json();
    assert_eq!(house.sign_in("otto", PASSWORD).await.status, 201, "the old password counts until then");
    let body = json!({ "token": token_of(&link), "password": CHOSEN });
    // In a browser where somebody else is signed in: that session ends, because its cookie is replaced.
    let answered = house.post("/api/v1/invitation", &body).cookie(&admin).send().await;
    assert_eq!(answered.json::<MeView>().user, "otto");
    for cookie in [&otto, &admin] {
        assert_eq!(house.get("/api/v1/hosts").cookie(cookie).send().await.code(), ErrorCode::NotSignedIn);
    }
    assert_eq!(house.sign_in("otto", PASSWORD).await.code(), ErrorCode::WrongCredentials);
    assert_eq!(house.get("/api/v1/hosts").cookie(&answered.cookie()).send().await.status, 200);
}

#[tokio::test]
async fn a_borrowed_session_makes_no_link_for_its_own_person() {
    let (house, admin) = House::settled().await;
    let refused = house.to_person(&admin, "alice", "setup-link").await.problem();
    assert_eq!(refused.code, ErrorCode::Conflict);
    assert!(refused.hint.contains("your account"), "{}", refused.hint);
}

#[tokio::test]
async fn a_link_goes_around_no_second_factor() {
    let (house, admin) = House::settled().await;
    house.person("otto", Role::Operator).await;
    let link: SetupLinkView = house.to_person(&admin, "otto", "setup-link").await.json();
    house
        .sql("INSERT INTO totp (person, secret, confirmed_at) SELECT id, x'00', 1 FROM people WHERE name = 'otto'")
        .await;
    assert_eq!(house.accept(&link, CHOSEN).await.code(), ErrorCode::BadSetupLink);
    let refused = house.to_person(&admin, "otto", "setup-link").await.problem();
    assert_eq!(refused.code, ErrorCode::Conflict);
    assert!(refused.hint.contains("second factors"), "{}", refused.hint);
}
