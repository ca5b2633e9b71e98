//! Whom a provider's person becomes here.

use wire::view::{ApiTokenRequest, Factor};

use super::*;
use crate::store::totp;

#[tokio::test]
async fn who_comes_for_the_first_time_is_made_with_the_role_that_the_provider_gives() {
    let house = House::new().await;
    house.office.manner().id_token = json!({ "groups": ["staff", "ops"], "amr": ["pwd", "mfa"] });
    let finished = house.sign_in("ann").await.unwrap();
    assert_eq!(finished.return_to, "/hosts");
    let session = house.session(&let_in(finished)).await.unwrap();
    assert_eq!((session.user.as_str(), session.role), ("ann", Role::Operator));
    let [ann] = house.people().await.try_into().unwrap();
    assert_eq!(ann.email.as_deref(), Some("ann@example.org"));
    let identity = ann.identity.unwrap();
    assert_eq!((identity.issuer, identity.subject.as_str()), (house.office.issuer.clone(), "ann"));
    assert!(!ann.has_password);
    assert_eq!(house.audit().await, ["person_join", "sign_in"]);
    assert!(house.sso.0.access.0.store.read(move |c| rows::password(c, ann.id)).await.unwrap().is_none());
}

#[tokio::test]
async fn the_name_stays_whatever_the_provider_calls_them_later_and_the_rest_follows() {
    let house = House::new().await;
    let first = let_in(house.sign_in("ann").await.unwrap());
    house.office.manner().id_token =
        json!({ "preferred_username": "ann.married", "groups": "ops, admins", "email": "new@example.org" });
    house.sign_in("ann").await.unwrap();
    let [ann] = house.people().await.try_into().unwrap();
    assert_eq!((ann.name.as_str(), ann.role), ("ann", Role::Admin));
    assert_eq!(ann.email.as_deref(), Some("new@example.org"));
    assert_eq!(house.session(&first).await.unwrap().role, Role::Admin, "an open session follows");
    assert_eq!(house.audit().await, ["person_join", "sign_in", "person_change", "sign_in"]);
    // Nothing new is no change.
    house.sign_in("ann").await.unwrap();
    assert_eq!(house.audit().await.len(), 5);
}

#[tokio::test]
async fn userinfo_adds_what_the_id_token_does_not_say_and_never_more() {
    let house = House::new().await;
    let endpoint = format!("{}/userinfo", house.office.issuer);
    house.office.manner().description = json!({ "userinfo_endpoint": endpoint });
    house.office.manner().id_token = json!({ "groups": null });
    house.office.manner().user_info = json!({ "sub": "ann", "groups": ["ops"], "email": "other@example.org", "preferred_username": "king" });
    house.sign_in("ann").await.unwrap();
    let [ann] = house.people().await.try_into().unwrap();
    assert_eq!((ann.name.as_str(), ann.role), ("ann", Role::Operator));
    assert_eq!(ann.email.as_deref(), Some("ann@example.org"), "the ID token wins");
}

#[tokio::test]
async fn userinfo_about_somebody_else_lets_nobody_in() {
    let house = House::new().await;
    let endpoint = format!("{}/userinfo", house.office.issuer);
    house.office.manner().description = json!({ "userinfo_endpoint": endpoint });
    for user_info in [json!({ "sub": "bob", "groups": ["admins"] }), json!({ "groups": ["admins"] })] {
        house.office.manner().user_info = user_info;
        assert_eq!(house.refusal("ann").await, Refusal::OtherSubject { provider: "The office".into() });
    }
    assert!(house.people().await.is_empty());
}

#[tokio::test]
async fn without_a_role_nobody_is_made_and_they_are_told_what_the_provider_says() {
    let house = House::new().await;
    house.office.manner().id_token = json!({ "groups": ["canteen", "STAFF"] });
    let refused = house.refusal("ann").await;
    assert!(refused.to_string().contains("`groups` has one: canteen, STAFF"), "{refused}");
    house.office.manner().id_token = json!({ "groups": null });
    let refused = house.refusal("ann").await;
    assert!(refused.to_string().contains("says nothing in the claim `groups`"), "{refused}");
    assert!(house.people().await.is_empty());
    assert_eq!(house.audit().await, ["sign_in_refused", "sign_in_refused"]);
}

#[tokio::test]
async fn who_has_lost_every_role_stays_out_and_their_open_sessions_end() {
    let house = House::new().await;
    let open = let_in(house.sign_in("ann").await.unwrap());
    let mut changes = house.sso.0.access.changes();
    changes.mark_unchanged();
    house.office.manner().id_token = json!({ "groups": [] });
    assert!(matches!(house.refusal("ann").await, Refusal::NoRole { .. }));
    assert_eq!(house.session(&open).await, None);
    assert!(changes.has_changed().unwrap(), "whoever holds a session open is woken");
    let [ann] = house.people().await.try_into().unwrap();
    assert_eq!(ann.role, Role::Viewer, "the person stays as they were");
    let audit = house.audit().await;
    assert_eq!(audit[2..], ["person_sign_out", "sign_in_refused"]);
}

#[tokio::test]
async fn who_has_lost_every_role_has_no_token_either() {
    let house = House::new().await;
    let access = &house.sso.0.access;
    let open = let_in(house.sign_in("ann").await.unwrap());
    let ann = access.by_cookie(open.token.expose()).await.unwrap().unwrap();
    let make = async |name: &str| {
        let request = ApiTokenRequest { name: name.into(), role: Role::Viewer, days: None };
        access.make_api_token(&house.act, &ann, request).await.unwrap()
    };
    let (gone, kept) = (make("old").await, make("ci").await);
    access.revoke_api_token(&house.act, &ann, gone.token.id).await.unwrap();
    assert!(access.by_token(&kept.secret).await.unwrap().is_some());
    house.office.manner().id_token = json!({ "groups": [] });
    assert!(matches!(house.refusal("ann").await, Refusal::NoRole { .. }));
    assert_eq!(access.by_token(&kept.secret).await.unwrap(), None);
    let audit = house.audit().await;
    assert_eq!(audit[5..], ["person_sign_out", "api_token_revoke", "sign_in_refused"]);
    // Who comes back with a role makes new ones.
    house.office.manner().id_token = json!({});
    house.sign_in("ann").await.unwrap();
    assert_eq!(access.by_token(&kept.secret).await.unwrap(), None);
}

impl House {
    async fn add(&self, name: &'static str, role: Role) {
        let add = move |tx: &crate::store::Tx<'_>| {
            let new =
                rows::NewPerson { name, email: None, role, password: Some("$argon2id$"), identity: None };
            rows::add(tx, &new, UnixMs(1))
        };
        self.store.write(add).await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_name_that_somebody_has_is_not_given_twice() {
    let house = House::new().await;
    house.add("Ann", Role::Viewer).await;
    let taken = Refusal::NameTaken { provider: "The office".into(), name: "ann".into() };
    assert_eq!(house.refusal("ann").await, taken);
    let other = Fake::start(&house.time, 2).await;
    house.reload.take(&config(vec![set_up("office", &house.office), set_up("other", &other)]));
    house.sign_in("bob").await.unwrap();
    // Another provider's Bob is another person, whatever both are called.
    assert!(matches!(refusal(house.sign_in_at("other", &other, "bob").await), Refusal::NameTaken { .. }));
    let names: Vec<String> = house.people().await.into_iter().map(|person| person.name).collect();
    assert_eq!(names, ["Ann", "bob"]);
}

#[tokio::test]
async fn a_name_that_cannot_be_one_is_explained() {
    let house = House::new().await;
    for (name, said) in [
        (json!("Ann Onymous"), "`preferred_username` is `Ann Onymous`, but names use 1 to 64"),
        (json!(""), "is missing or no text"),
        (json!("a".repeat(65)), "but names use 1 to 64"),
    ] {
        house.office.manner().id_token = json!({ "preferred_username": name });
        let refused = house.refusal("ann").await;
        assert!(refused.to_string().contains(said), "{refused}");
    }
    assert!(house.people().await.is_empty());
}

#[tokio::test]
async fn a_disabled_person_stays_out_and_unchanged() {
    let house = House::new().await;
    house.sign_in("ann").await.unwrap();
    let id = house.people().await[0].id;
    house.store.write(move |tx| rows::set_disabled(tx, id, Some(UnixMs(5)))).await.unwrap();
    house.office.manner().id_token = json!({ "groups": ["admins"] });
    assert_eq!(house.refusal("ann").await, Refusal::Disabled { user: "ann".into() });
    assert_eq!(house.people().await[0].role, Role::Viewer);
}

#[tokio::test]
async fn a_provider_cannot_take_the_last_admin_away() {
    let house = House::new().await;
    house.office.manner().id_token = json!({ "groups": ["admins"] });
    house.sign_in("ann").await.unwrap();
    house.office.manner().id_token = json!({ "groups": ["staff"] });
    let last = Refusal::LastAdmin { provider: "The office".into(), role: "viewer" };
    assert_eq!(house.refusal("ann").await, last);
    assert_eq!(house.people().await[0].role, Role::Admin);
    house.add("local", Role::Admin).await;
    house.sign_in("ann").await.unwrap();
    assert_eq!(house.people().await[0].role, Role::Viewer);
}

#[tokio::test]
async fn a_role_that_takes_a_second_factor_believes_the_provider_who_says_that_one_was_shown() {
    let house = House::with(Settings { factor_required: vec![Role::Viewer], ..Settings::default() }).await;
    for (amr, lacks) in [(json!(["pwd"]), true), (json!(["pwd", "mfa"]), false)] {
        house.office.manner().id_token = json!({ "amr": amr });
        let begun = let_in(house.sign_in("ann").await.unwrap());
        assert_eq!(house.session(&begun).await.unwrap().lacks_factor, lacks, "{amr}");
    }
    // Who has one here shows it, unless the provider asked for more than a password already.
    let ann = house.people().await[0].id;
    house.store.write(move |tx| totp::set(tx, ann, b"sealed", 0, UnixMs(1))).await.unwrap();
    let_in(house.sign_in("ann").await.unwrap());
    house.office.manner().id_token = json!({ "amr": ["pwd"] });
    let SignedIn::Second(second) = house.sign_in("ann").await.unwrap().signed_in else {
        panic!("nothing more is asked for")
    };
    assert_eq!(second.factors, [Factor::Totp]);
}
