//! People at the console, and the guard of the last admin.

use wire::view::{ApiTokenRequest, AuditAction, AuditBody, InviteRequest, PersonEdit, PersonState};

use super::*;
use crate::{
    access::people::PersonChange,
    store::{
        audit, factors,
        people::{self, Identity, NewPerson, PersonId},
    },
};

const ALICE: PersonId = PersonId(1);

fn refusal<T>(result: Result<T, AccessError>) -> PeopleError {
    match result {
        Err(AccessError::People(refusal)) => refusal,
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("it was done"),
    }
}

fn invitation(name: &str, role: Role) -> InviteRequest {
    InviteRequest { name: name.into(), email: None, role }
}

const ISSUER: &str = "https://id.example.org";

fn with_provider() -> Settings {
    let providers = [(ISSUER.to_owned(), "Office".to_owned())].into();
    Settings { providers, ..Settings::default() }
}

impl House {
    fn console(&self) -> Act {
        self.act.by(Actor::Console)
    }

    async fn add_from_provider(&self, name: &'static str, role: Role) -> PersonId {
        let identity = Identity { issuer: ISSUER.into(), subject: name.into() };
        let added = self.store.write(move |tx| {
            let new = NewPerson { name, email: None, role, password: None, identity: Some(&identity) };
            people::add(tx, &new, UnixMs(0))
        });
        added.await.unwrap().unwrap()
    }
}

#[tokio::test]
async fn nobody_is_invited_before_somebody_founded_the_fleet() {
    let house = house().await;
    let early = house.access.invite(&house.console(), invitation("bob", Role::Admin)).await;
    assert_eq!(refusal(early), PeopleError::SetUpFirst);
    house.set_up().await;
    house.access.invite(&house.console(), invitation("bob", Role::Admin)).await.unwrap();
}

#[tokio::test]
async fn the_last_admin_is_reset_too_and_comes_back_by_the_link() {
    let house = house().await;
    let begun = house.set_up().await;
    let sql = "INSERT INTO totp (person, secret, confirmed_at) VALUES (1, x'00', 1);
               INSERT INTO recovery_codes (person, code) VALUES (1, x'01')";
    house.store.write(|tx| tx.execute_batch(sql).map_err(StoreError::from)).await.unwrap();
    let mut changes = house.access.changes();
    let invited = house.access.reset_person(&house.console(), ALICE).await.unwrap();
    assert!(changes.has_changed().unwrap());
    changes.mark_unchanged();
    assert_eq!((invited.person.state, invited.person.sessions), (PersonState::SetupPending, 0));
    assert_eq!(house.by_cookie(begun.token.expose()).await.unwrap(), None);
    assert_eq!(house.store.read(|c| factors::recovery_codes(c, ALICE)).await.unwrap(), 0);
    let rows = house.store.read(|connection| audit::from(connection, 1, 100)).await.unwrap();
    let last: AuditBody = serde_json::from_str(&rows.last().unwrap().body).unwrap();
    assert_eq!((last.action, last.actor), (AuditAction::SetupLinkMake, Actor::Console));
    let lost = serde_json::json!({ "password": true, "factors": ["totp"], "sessions": 1 });
    assert_eq!(last.before, Some(lost));

    let next = "another long password";
    let refused = house.access.sign_in(&house.act, "alice", secret(PASSWORD), Visitor::default()).await;
    assert_eq!(refused.err(), Some(AccessError::WrongCredentials));
    let token = secret(invited.token.expose());
    let begun =
        house.access.accept_invitation(&house.act, token, secret(next), Visitor::default()).await.unwrap();
    assert_eq!((begun.session.user.as_str(), begun.session.role), ("alice", Role::Admin));
}

#[tokio::test]
async fn whoever_a_provider_vouches_for_counts_as_an_admin_who_can_sign_in() {
    let house = house_with(with_provider()).await;
    house.set_up().await;
    let demote = |id| {
        let (access, act) = (house.access.clone(), house.console());
        let edit = PersonEdit { email: None, role: Some(Role::Viewer) };
        async move { access.change_person(&act, id, edit).await }
    };
    assert_eq!(refusal(demote(ALICE).await), PeopleError::LastAdmin { name: "alice".into() });
    let sso = house.add_from_provider("sso", Role::Admin).await;
    assert_eq!(demote(ALICE).await.unwrap().role, Role::Viewer);
    assert_eq!(refusal(demote(sso).await), PeopleError::ProviderManaged { name: "sso".into() });
    let disabled = house.access.disable_person(&house.console(), sso).await;
    assert_eq!(refusal(disabled), PeopleError::LastAdmin { name: "sso".into() });
    // What a provider's next sign-in brings is held against the same guard.
    let access = house.access.clone();
    let held = house
        .store
        .write(move |tx| {
            let person = people::by_id(tx, sso)?.ok_or(PeopleError::NoSuchPerson)?;
            access.guard_last_admin(tx, &person, PersonChange::Role(Role::Admin))?;
            access.guard_last_admin(tx, &person, PersonChange::Role(Role::Operator))
        })
        .await;
    assert_eq!(refusal(held), PeopleError::LastAdmin { name: "sso".into() });
}

#[tokio::test]
async fn whoever_comes_by_a_provider_that_is_gone_counts_as_nobody() {
    let house = house_with(with_provider()).await;
    house.set_up().await;
    let sso = house.add_from_provider("sso", Role::Admin).await;
    house.settings.send_replace(Arc::default());
    let console = house.console();
    let alone = PeopleError::LastAdmin { name: "alice".into() };
    assert_eq!(refusal(house.access.disable_person(&console, ALICE).await), alone);
    // Nobody loses anything by it who cannot come in.
    house.access.disable_person(&console, sso).await.unwrap();
    house.settings.send_replace(Arc::new(with_provider()));
    assert_eq!(refusal(house.access.disable_person(&console, ALICE).await), alone);
    house.access.enable_person(&console, sso).await.unwrap();
    house.access.disable_person(&console, ALICE).await.unwrap();
}

#[tokio::test]
async fn an_ended_session_changes_no_password_though_it_began_to() {
    let house = house().await;
    let begun = house.set_up().await;
    let change = house.access.change_password(
        &house.act,
        &begun.session,
        secret(PASSWORD),
        secret("another long password"),
    );
    let console = house.console();
    let end = house.access.sign_out_person(&console, ALICE);
    let (changed, ended) = tokio::join!(change, end);
    ended.unwrap();
    assert_eq!(refusal(changed), PeopleError::SessionOver);
    house.access.sign_in(&house.act, "alice", secret(PASSWORD), Visitor::default()).await.unwrap();
}

#[tokio::test]
async fn an_ended_session_makes_no_token_though_it_was_there_when_asked() {
    let house = house().await;
    let begun = house.set_up().await;
    let alice = house.access.by_cookie(begun.token.expose()).await.unwrap().unwrap();
    house.access.sign_out_person(&house.console(), ALICE).await.unwrap();
    let request = ApiTokenRequest { name: "ci".into(), role: Role::Viewer, days: None };
    let refused = house.access.make_api_token(&house.act, &alice, request).await;
    assert_eq!(refusal(refused), PeopleError::SessionOver);
    assert!(house.access.api_tokens(&alice).await.unwrap().is_empty());
}

#[tokio::test]
async fn whom_a_provider_vouches_for_loses_the_factors_at_the_console() {
    let house = house_with(with_provider()).await;
    house.set_up().await;
    let ann = house.add_from_provider("ann", Role::Admin).await;
    house
        .store
        .write(move |tx| crate::store::recovery_codes::replace(tx, ann, &[wire::id::Hash32([7; 32])]))
        .await
        .unwrap();
    let after = house.access.lose_factors(&house.console(), ann).await.unwrap();
    assert!(after.factors.is_empty());
    let left = house.store.read(move |c| factors::recovery_codes(c, ann)).await.unwrap();
    assert_eq!(left, 0);
}
