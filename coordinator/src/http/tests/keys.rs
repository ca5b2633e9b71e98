//! Operator keys through the API: announced by their owners, seen by admins, forgotten.

use serde_json::{Value, json};
use wire::{
    identity::announce,
    view::{AuditAction, DeviceKeyView},
};

use super::*;

impl House {
    fn announcement(&self, person: &str, key: &SigningKey) -> Value {
        let fleet = self.fleet.fleet_view().unwrap().fleet;
        json!({ "key": OperatorKey::from(key.public()), "name": "laptop", "proof": announce(key, &fleet, person) })
    }

    async fn announce(&self, cookie: &str, person: &str, key: &SigningKey) -> Answered {
        self.post("/api/v1/account/keys", &self.announcement(person, key)).cookie(cookie).send().await
    }

    fn naming(&self, key: &SigningKey, name: &str, role: Role) -> Signed<Statement> {
        let known = self.fleet.known().unwrap();
        let mut next = known.ledger.statement().clone();
        (next.version, next.previous) = (next.version + 1, known.ledger.hash());
        next.operators.push(Operator { key: key.public().into(), name: name.into(), role });
        Signed::sign(&next, &self.operator).unwrap()
    }
}

#[tokio::test]
async fn the_founders_key_is_known_to_be_the_founders() {
    let (house, cookie) = House::settled().await;
    let keys: Vec<DeviceKeyView> = house.get("/api/v1/keys").cookie(&cookie).send().await.json();
    assert_eq!(keys.len(), 1);
    let [key] = &keys[..] else { panic!() };
    assert_eq!(
        (key.person.as_deref(), key.person_role, key.role),
        (Some("alice"), Some(Role::Admin), Some(Role::Admin))
    );
    // Its browser calls it by a better name.
    let named: DeviceKeyView = house.announce(&cookie, "alice", &house.operator).await.json();
    assert_eq!(named.name, "laptop");
}

#[tokio::test]
async fn a_key_is_announced_approved_and_forgotten() {
    let (house, cookie) = House::settled().await;
    let otto = house.person("otto", Role::Operator).await;
    let vera = house.person("vera", Role::Viewer).await;
    let laptop = SigningKey::from_seed(&[61; 32]);
    let refused = house.announce(&vera, "vera", &laptop).await.problem();
    assert_eq!(refused.code, ErrorCode::Forbidden);
    assert!(refused.detail.contains("viewer"), "{refused:?}");
    assert_eq!(house.announce(&otto, "alice", &laptop).await.code(), ErrorCode::BadSignature);
    assert_eq!(house.announce("", "otto", &laptop).await.code(), ErrorCode::NotSignedIn);

    let statement = house.naming(&laptop, "otto", Role::Operator);
    let publish = || house.post("/api/v1/fleet/statements", &statement).cookie(&cookie);
    let early = publish().send().await.problem();
    assert_eq!(early.code, ErrorCode::Forbidden);
    assert!(early.hint.contains("recovery kit"), "{early:?}");
    let announced = house.announce(&otto, "otto", &laptop).await;
    assert_eq!(announced.status, 201, "{:?}", announced.body);
    assert_eq!(house.announce(&otto, "otto", &laptop).await.status, 201);
    assert_eq!(publish().send().await.status, 204);

    let own: Vec<DeviceKeyView> = house.get("/api/v1/account/keys").cookie(&otto).send().await.json();
    assert_eq!((own.len(), own[0].role, own[0].name.as_str()), (1, Some(Role::Operator), "laptop"));
    assert_eq!(house.get("/api/v1/keys").cookie(&otto).send().await.code(), ErrorCode::Forbidden);

    let path = format!("/api/v1/keys/{}", own[0].key);
    assert_eq!(house.delete(&path).cookie(&vera).send().await.code(), ErrorCode::NotFound, "another's");
    assert_eq!(house.delete(&path).cookie(&otto).send().await.code(), ErrorCode::Conflict, "it still signs");
    let spare = SigningKey::from_seed(&[62; 32]);
    let spare_path = format!("/api/v1/keys/{}", OperatorKey::from(spare.public()));
    for forgetting in [&otto, &cookie] {
        assert_eq!(house.announce(&otto, "otto", &spare).await.status, 201);
        assert_eq!(house.delete(&spare_path).cookie(forgetting).send().await.status, 204);
    }
    let page = house.audit(&cookie, "target_kind=key&order=asc").await;
    let actions: Vec<AuditAction> = page.items.iter().map(|view| view.body.action).collect();
    let (announce, forget) = (AuditAction::KeyAnnounce, AuditAction::KeyForget);
    assert_eq!(actions, [announce, announce, forget, announce, forget]);
    // Of whoever tried what their key does not allow, or a signature that is not theirs.
    let refused = house.audit(&cookie, "action=refused&order=asc").await;
    let routes: Vec<&str> =
        refused.items.iter().map(|view| view.body.target.as_ref().unwrap().name.as_str()).collect();
    assert_eq!(routes, ["POST /account/keys", "POST /account/keys", "POST /fleet/statements"]);
}

#[tokio::test]
async fn a_token_that_another_persons_key_signed_is_refused() {
    let (house, cookie) = House::settled().await;
    let zoe = house.person("zoe", Role::Admin).await;
    assert_eq!(house.make_token(&zoe, 1).await.code(), ErrorCode::Forbidden);
    assert_eq!(house.make_token(&cookie, 1).await.status, 201);
}
