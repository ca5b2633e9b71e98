//! Who may be kept out or demoted, who must stay, and from when it counts.

use serde_json::json;
use wire::view::{AuditAction, Event};

use super::{documents::assert_valid_answer, *};

#[tokio::test]
async fn the_last_admin_who_can_sign_in_stays_one() {
    let (house, admin) = House::settled().await;
    let demoted = json!({ "role": "operator" });
    assert_eq!(house.to_person(&admin, "alice", "disable").await.code(), ErrorCode::LastAdmin);
    assert_eq!(house.edit(&admin, "alice", demoted.clone()).await.code(), ErrorCode::LastAdmin);
    // Neither somebody who has not chosen a password yet, nor one who is disabled, could help anybody.
    let bob = house.invite(&admin, "bob", Role::Admin).await;
    house.person("dora", Role::Admin).await;
    house.to_person(&admin, "dora", "disable").await;
    assert_eq!(house.edit(&admin, "alice", demoted.clone()).await.code(), ErrorCode::LastAdmin);
    assert_eq!(house.edit(&admin, "alice", json!({ "email": "a@example.org" })).await.status, 200);
    // The invitee is nobody's last hope, so they may be demoted and disabled.
    assert_eq!(house.edit(&admin, "bob", json!({ "role": "viewer" })).await.status, 200);
    assert_eq!(house.edit(&admin, "bob", json!({ "role": "admin" })).await.status, 200);

    let bob = house.accept(&bob, "bob's own long password").await.cookie();
    assert_eq!(house.edit(&admin, "alice", demoted).await.status, 200);
    assert_eq!(house.get("/api/v1/people").cookie(&admin).send().await.code(), ErrorCode::Forbidden);
    assert_eq!(house.to_person(&bob, "bob", "disable").await.code(), ErrorCode::LastAdmin);
    let records = house.records().await;
    assert!(!records.iter().any(|record| record.action == AuditAction::PersonDisable
        && record.target.as_ref().is_some_and(|target| target.name == "alice")));
}

#[tokio::test]
async fn of_two_admins_who_demote_each_other_at_once_one_wins() {
    for what in ["demote", "disable"] {
        let (house, alice) = House::settled().await;
        let dora = house.person("dora", Role::Admin).await;
        let people = house.people(&alice).await;
        let call = |cookie: &str, id: u32| match what {
            "demote" => {
                house.patch(&format!("/api/v1/people/{id}"), &json!({ "role": "viewer" })).cookie(cookie)
            }
            _ => house.post(&format!("/api/v1/people/{id}/disable"), &"").cookie(cookie),
        };
        let (one, other) = tokio::join!(call(&alice, people[1].id).send(), call(&dora, people[0].id).send());
        let (won, lost) = if one.status == 200 { (one, other) } else { (other, one) };
        assert_eq!(won.status, 200, "{what}: {:?}", won.body);
        // Whoever came second was the last one, or was not signed in any more when asked.
        let code = lost.code();
        assert!(
            matches!(code, ErrorCode::LastAdmin | ErrorCode::Forbidden | ErrorCode::NotSignedIn),
            "{code:?}"
        );
        let admins = house.store.read(|connection| rows::count_admins(connection, &[])).await.unwrap();
        assert_eq!(admins, 1, "{what}");
    }
}

#[tokio::test]
async fn disabling_counts_from_the_next_request_and_ends_what_is_open() {
    let (house, admin) = House::settled().await;
    let otto = house.person("otto", Role::Operator).await;
    let token = house.api_token(&otto, "ci", Role::Operator).await;
    let mut stream = house.listen(&otto).await;
    let answered = house.to_person(&admin, "otto", "disable").await;
    assert_valid_answer("POST /people/{person}/disable", &answered);
    assert_eq!(stream.event().await, Some(Event::SignedOut));
    assert_eq!(stream.event().await, None);
    assert_eq!(house.get("/api/v1/hosts").cookie(&otto).send().await.code(), ErrorCode::NotSignedIn);
    assert_eq!(house.by_token(&token.secret, "/api/v1/hosts").await.code(), ErrorCode::NotSignedIn);
    assert_eq!(house.sign_in("otto", PASSWORD).await.code(), ErrorCode::Forbidden);

    house.to_person(&admin, "otto", "enable").await;
    assert_eq!(
        house.get("/api/v1/hosts").cookie(&otto).send().await.status,
        401,
        "the old session stays over"
    );
    assert_eq!(house.sign_in("otto", PASSWORD).await.status, 201);
    assert_eq!(house.by_token(&token.secret, "/api/v1/hosts").await.status, 200);
}

#[tokio::test]
async fn a_role_counts_from_the_next_request_and_ends_what_was_open_under_another() {
    let (house, admin) = House::settled().await;
    let otto = house.person("otto", Role::Operator).await;
    let mut stream = house.listen(&otto).await;
    let mut other = house.listen(&admin).await;
    assert_eq!(house.edit(&admin, "otto", json!({ "role": "viewer" })).await.status, 200);
    assert_eq!(stream.event().await, None, "the page comes back by itself and asks who it is");
    assert_eq!(house.get("/api/v1/tokens").cookie(&otto).send().await.code(), ErrorCode::Forbidden);
    let me: MeView = house.get("/api/v1/session").cookie(&otto).send().await.json();
    assert_eq!(me.role, Role::Viewer);
    house.make_token(&admin, 1).await;
    assert_eq!(other.event().await, Some(Event::Tokens), "nobody else is cut off");
}

#[tokio::test]
async fn signing_somebody_out_ends_all_of_their_sessions_and_no_others() {
    let (house, admin) = House::settled().await;
    let otto = house.person("otto", Role::Operator).await;
    let second = house.sign_in("otto", PASSWORD).await.cookie();
    let mut stream = house.listen(&second).await;
    let id = house.person_called(&admin, "otto").await.id;
    let answered = house.delete(&format!("/api/v1/people/{id}/sessions")).cookie(&admin).send().await;
    assert_eq!(answered.status, 204);
    assert_eq!(stream.event().await, Some(Event::SignedOut));
    for cookie in [&otto, &second] {
        assert_eq!(house.get("/api/v1/hosts").cookie(cookie).send().await.status, 401);
    }
    assert_eq!(house.get("/api/v1/hosts").cookie(&admin).send().await.status, 200);
    let record = house.last_record().await;
    assert_eq!((record.action, record.before), (AuditAction::PersonSignOut, Some(json!({ "sessions": 2 }))));
}
