//! People as admins see, invite and change them.

use serde_json::{Value, json};
use wire::view::{
    Actor, AuditAction, AuditBody, Factor, InviteRequest, PersonState, PersonView, SetupLinkView,
};

use super::{
    documents::{assert_valid, assert_valid_answer, document},
    *,
};
use crate::store::{audit, people::Identity};

impl House {
    pub(super) async fn people(&self, cookie: &str) -> Vec<PersonView> {
        self.get("/api/v1/people?disabled=true").cookie(cookie).send().await.json()
    }

    pub(super) async fn person_called(&self, cookie: &str, name: &str) -> PersonView {
        self.people(cookie).await.into_iter().find(|person| person.name == name).unwrap()
    }

    pub(super) fn patch(&self, path: &str, body: &impl serde::Serialize) -> Call<'_> {
        Call { method: "PATCH".into(), ..self.post(path, body) }
    }

    pub(super) async fn invite(&self, cookie: &str, name: &str, role: Role) -> SetupLinkView {
        let request = InviteRequest { name: name.into(), email: None, role };
        let answered = self.post("/api/v1/people", &request).cookie(cookie).send().await;
        assert_eq!(answered.status, 201, "{:?}", answered.body);
        answered.json()
    }

    /// What is done to somebody, such as `disable`.
    pub(super) async fn to_person(&self, cookie: &str, name: &str, what: &str) -> Answered {
        let id = self.person_called(cookie, name).await.id;
        self.post(&format!("/api/v1/people/{id}/{what}"), &"").cookie(cookie).send().await
    }

    pub(super) async fn edit(&self, cookie: &str, name: &str, edit: Value) -> Answered {
        let id = self.person_called(cookie, name).await.id;
        self.patch(&format!("/api/v1/people/{id}"), &edit).cookie(cookie).send().await
    }

    /// The audit from its first record, as it was signed.
    pub(super) async fn records(&self) -> Vec<AuditBody> {
        let rows = self.store.read(|connection| audit::from(connection, 1, 10_000)).await.unwrap();
        rows.iter().map(|row| serde_json::from_str(&row.body).unwrap()).collect()
    }

    pub(super) async fn last_record(&self) -> AuditBody {
        self.records().await.pop().unwrap()
    }

    /// No file of the database, and no record, shows any of these.
    pub(super) fn assert_kept_nowhere(&self, secrets: &[&str]) {
        for file in std::fs::read_dir(self.directory.path()).unwrap() {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            for secret in secrets {
                let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
                assert!(!found, "{secret} can be read in the database");
            }
        }
    }

    /// Whom a provider vouches for, as if they had come by it.
    pub(super) async fn add_from_provider(&self, name: &'static str, role: Role) {
        let identity = Identity { issuer: "https://id.example.org".into(), subject: name.into() };
        let added = self.store.write(move |tx| {
            let new = rows::NewPerson {
                name,
                email: Some("s@example.org"),
                role,
                password: None,
                identity: Some(&identity),
            };
            rows::add(tx, &new, NOW)
        });
        added.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn people_are_listed_and_the_disabled_ones_where_they_are_asked_for() {
    let (house, admin) = House::settled().await;
    house.person("otto", Role::Operator).await;
    house.add_from_provider("sso", Role::Viewer).await;
    let invited = house.invite(&admin, "Bob", Role::Viewer).await;
    assert_eq!((invited.person.state, invited.person.sessions), (PersonState::SetupPending, 0));
    house.to_person(&admin, "otto", "disable").await;

    let shown = house.get("/api/v1/people").cookie(&admin).send().await;
    assert_valid_answer("GET /people", &shown);
    let names = |people: &[PersonView]| people.iter().map(|p| p.name.clone()).collect::<Vec<_>>();
    let shown: Vec<PersonView> = shown.json();
    assert_eq!(names(&shown), ["alice", "Bob", "sso"]);
    assert_eq!((shown[0].state, shown[0].sessions), (PersonState::Active, 1));
    assert_eq!(shown[0].signed_in_at, Some(NOW));
    assert_eq!(
        (shown[2].state, shown[2].provider.as_deref()),
        (PersonState::Active, Some("https://id.example.org"))
    );
    let all = house.people(&admin).await;
    assert_eq!(names(&all), ["alice", "Bob", "otto", "sso"]);
    assert_eq!((all[2].state, all[2].sessions), (PersonState::Disabled, 0));
    let one = house.get(&format!("/api/v1/people/{}", all[2].id)).cookie(&admin).send().await;
    assert_valid_answer("GET /people/{person}", &one);
    assert_eq!(one.json::<PersonView>(), all[2]);
    let refused = house.get("/api/v1/people?disabled=perhaps").cookie(&admin).send().await;
    assert_eq!(refused.problem().fields[0].field, "disabled");
}

#[tokio::test]
async fn names_are_unique_whatever_their_case_and_a_disabled_person_is_pointed_at() {
    let (house, admin) = House::settled().await;
    house.person("otto", Role::Operator).await;
    let invite = |name: &str| {
        let request = InviteRequest { name: name.into(), email: None, role: Role::Viewer };
        house.post("/api/v1/people", &request).cookie(&admin).send()
    };
    let taken = invite("  ALICE ").await.problem();
    assert_eq!((taken.code, taken.subject), (ErrorCode::NameTaken, None));
    assert!(taken.detail.contains("`alice`"), "as it is written there: {}", taken.detail);

    house.to_person(&admin, "otto", "disable").await;
    let disabled = invite("OTTO").await.problem();
    let otto = house.person_called(&admin, "otto").await;
    assert_eq!((disabled.code, disabled.subject), (ErrorCode::NameOfDisabled, Some(otto.id.to_string())));
    let enabled = house.post(&format!("/api/v1/people/{}/enable", otto.id), &"").cookie(&admin).send().await;
    assert_valid_answer("POST /people/{person}/enable", &enabled);
    assert_eq!(enabled.json::<PersonView>().state, PersonState::Active);
    assert_eq!(invite("Otto").await.code(), ErrorCode::NameTaken);
    assert_eq!(house.sign_in("oTTo", PASSWORD).await.json::<MeView>().user, "otto");
}

#[tokio::test]
async fn of_two_invitations_of_one_name_one_is_refused() {
    let (house, admin) = House::settled().await;
    let invite = |name: &str| {
        let request = InviteRequest { name: name.into(), email: None, role: Role::Viewer };
        house.post("/api/v1/people", &request).cookie(&admin).send()
    };
    let (one, other) = tokio::join!(invite("bob"), invite("BOB"));
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
}

#[tokio::test]
async fn names_and_addresses_that_will_not_do_are_told_by_field() {
    let (house, admin) = House::settled().await;
    let long = "a".repeat(65);
    let far = format!("{}@example.org", "a".repeat(250));
    for (body, fields) in [
        (json!({ "name": "a b", "role": "viewer" }), vec!["name"]),
        (json!({ "name": "", "role": "viewer", "email": "x" }), vec!["name", "email"]),
        (json!({ "name": "bjørn", "role": "viewer" }), vec!["name"]),
        // A Cyrillic letter that looks like one of alice's.
        (json!({ "name": "аlice", "role": "viewer" }), vec!["name"]),
        (json!({ "name": long, "role": "viewer" }), vec!["name"]),
        (json!({ "name": "a\u{0}b", "role": "viewer" }), vec!["name"]),
        (json!({ "name": "bob", "role": "king" }), vec!["role"]),
        (json!({ "name": 7, "role": "viewer" }), vec!["name"]),
        (json!({ "name": "bob" }), vec!["(body)"]),
        (json!({ "name": "bob", "role": "viewer", "email": "a@b@c" }), vec!["email"]),
        (json!({ "name": "bob", "role": "viewer", "email": "a b@example.org" }), vec!["email"]),
        (json!({ "name": "bob", "role": "viewer", "email": "a@example.org\nBcc: x@y" }), vec!["email"]),
        (json!({ "name": "bob", "role": "viewer", "email": far }), vec!["email"]),
    ] {
        let problem = house.post("/api/v1/people", &body).cookie(&admin).send().await.problem();
        let found: Vec<&str> = problem.fields.iter().map(|problem| problem.field.as_str()).collect();
        assert_eq!((problem.code, found), (ErrorCode::InvalidField, fields), "{body}");
    }
    assert_eq!(house.people(&admin).await.len(), 1, "nobody was added");
    let body = json!({ "name": "bob", "role": "viewer", "email": " bob@example.org " });
    let bob: SetupLinkView = house.post("/api/v1/people", &body).cookie(&admin).send().await.json();
    assert_eq!(bob.person.email.as_deref(), Some("bob@example.org"));
    assert_eq!(house.edit(&admin, "bob", json!({ "email": "x" })).await.problem().fields[0].field, "email");
    let removed = house.edit(&admin, "bob", json!({ "email": "" })).await;
    assert_valid_answer("PATCH /people/{person}", &removed);
    assert_eq!(removed.json::<PersonView>().email, None);
}

#[tokio::test]
async fn what_a_provider_says_of_somebody_is_not_changed_here() {
    let (house, admin) = House::settled().await;
    house.add_from_provider("sso", Role::Operator).await;
    for edit in [json!({ "role": "viewer" }), json!({ "email": "x@example.org" }), json!({})] {
        assert_eq!(house.edit(&admin, "sso", edit).await.code(), ErrorCode::ProviderManaged);
    }
    assert_eq!(house.to_person(&admin, "sso", "setup-link").await.code(), ErrorCode::ProviderManaged);
    let sso = house.person_called(&admin, "sso").await;
    assert_eq!((sso.role, sso.email.as_deref()), (Role::Operator, Some("s@example.org")));
    assert_eq!(house.to_person(&admin, "sso", "disable").await.status, 200, "keeping out is ours");
    assert_eq!(house.to_person(&admin, "sso", "enable").await.status, 200);
}

#[tokio::test]
async fn second_factors_are_reset_for_others_and_never_for_oneself() {
    let (house, admin) = House::settled().await;
    let otto = house.person("otto", Role::Operator).await;
    house
        .sql(
            "INSERT INTO totp (person, secret, confirmed_at) SELECT id, x'00', 1 FROM people WHERE name = 'otto';
             INSERT INTO totp (person, secret) SELECT id, x'00' FROM people WHERE name = 'alice';
             INSERT INTO passkeys (id, person, name, credential, created_at) SELECT x'01', id, 'a', '{}', 1 FROM people WHERE name = 'alice';
             INSERT INTO recovery_codes (person, code) SELECT id, x'02' FROM people",
        )
        .await;
    let factors = |name: &'static str| {
        let (house, admin) = (&house, &admin);
        async move { house.person_called(admin, name).await.factors }
    };
    assert_eq!(factors("otto").await, [Factor::Totp]);
    assert_eq!(factors("alice").await, [Factor::Passkey], "a generator that was never confirmed is none");
    let id = |name: &'static str| {
        let (house, admin) = (&house, &admin);
        async move { house.person_called(admin, name).await.id }
    };
    let reset = |id: u32| house.delete(&format!("/api/v1/people/{id}/factors")).cookie(&admin).send();
    assert_eq!(reset(id("alice").await).await.code(), ErrorCode::Conflict);
    assert_eq!(reset(id("otto").await).await.status, 204);
    assert_eq!(factors("otto").await, []);
    assert_eq!(house.get("/api/v1/hosts").cookie(&otto).send().await.status, 401, "the old session is over");
    let record = house.last_record().await;
    assert_eq!((record.action, record.before), (AuditAction::FactorsReset, Some(json!(["totp"]))));
}

#[tokio::test]
async fn what_is_done_to_people_stands_in_the_audit_with_before_and_after() {
    let (house, admin) = House::settled().await;
    let begun = house.records().await.len();
    let bob = house.invite(&admin, "bob", Role::Operator).await;
    let answered = house.to_person(&admin, "bob", "setup-link").await;
    assert_valid(&document(), "POST /people/{person}/setup-link", "201", &answered.json());
    let again: SetupLinkView = answered.json();
    house.edit(&admin, "bob", json!({ "role": "viewer", "email": "bob@example.org" })).await;
    house.to_person(&admin, "bob", "disable").await;
    house.to_person(&admin, "bob", "enable").await;
    let records = house.records().await.split_off(begun);
    let link = |email: Value, role: &str| json!({ "email": email, "role": role, "link_expires_at": NOW.plus_ms(3_600_000).0 });
    let wanted = [
        (AuditAction::PersonInvite, None, Some(link(Value::Null, "operator"))),
        (AuditAction::SetupLinkMake, None, Some(link(Value::Null, "operator"))),
        (
            AuditAction::PersonChange,
            Some(json!({ "email": null, "role": "operator" })),
            Some(json!({ "email": "bob@example.org", "role": "viewer" })),
        ),
        (AuditAction::PersonDisable, Some(json!("setup_pending")), Some(json!("disabled"))),
        (AuditAction::PersonEnable, Some(json!("disabled")), Some(json!("setup_pending"))),
    ];
    assert_eq!(records.len(), wanted.len());
    for (record, (action, before, after)) in records.into_iter().zip(wanted) {
        assert_eq!((record.action, record.before, record.after), (action, before, after));
        assert_eq!(record.actor, Actor::Person { name: "alice".into(), role: Role::Admin });
        assert_eq!((record.address.as_deref(), record.at), (Some("127.0.0.1"), NOW));
        let target = record.target.unwrap();
        assert_eq!((target.id, target.name.as_str()), (bob.person.id.to_string(), "bob"));
    }
    house.assert_kept_nowhere(&[token_of(&bob), token_of(&again)]);
}

/// What stands behind the `#` of a setup link.
pub(super) fn token_of(link: &SetupLinkView) -> &str {
    link.link.split_once("/welcome#").unwrap().1
}

#[tokio::test]
async fn nobody_is_found_under_a_number_that_is_nobodys() {
    let (house, admin) = House::settled().await;
    for (method, below) in [
        ("GET", ""),
        ("PATCH", ""),
        ("POST", "/setup-link"),
        ("POST", "/disable"),
        ("POST", "/enable"),
        ("DELETE", "/sessions"),
        ("DELETE", "/factors"),
    ] {
        for (id, code) in [
            ("999999", ErrorCode::NotFound),
            ("0", ErrorCode::NotFound),
            ("-1", ErrorCode::BadRequest),
            ("4294967296", ErrorCode::BadRequest),
            ("alice", ErrorCode::BadRequest),
            ("1%20or%201", ErrorCode::BadRequest),
        ] {
            let path = format!("/api/v1/people/{id}{below}");
            let call = house.post(&path, &json!({})).cookie(&admin);
            let answered = Call { method: method.into(), ..call }.send().await;
            assert_eq!(answered.code(), code, "{method} {path}");
        }
    }
}
