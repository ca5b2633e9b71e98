//! Operator keys: whose they are, what they may sign, and everything that somebody with a stolen one might try.

use serde_json::json;
use wire::{
    action::Action,
    id::{OperatorKey, OrderId},
    identity::{SigningKey, announce},
    order::Order,
    trust::{Operator, Role, Signed, Statement},
    view::{AuditAction, DeviceKeyView, OrderRequest},
};

use super::{
    stage::{START, Stage},
    statements::second,
};
use crate::{
    fleet::{FleetError, Whose},
    store::audit,
};

fn key(n: u8) -> SigningKey {
    SigningKey::from_seed(&[n; 32])
}

impl Stage {
    async fn view(&self, key: &SigningKey) -> DeviceKeyView {
        let all = self.fleet.device_keys().await.unwrap();
        all.into_iter().find(|view| view.key == OperatorKey::from(key.public())).expect("it is listed")
    }

    fn naming(&self, key: &SigningKey, name: &str, role: Role) -> Statement {
        second(self, |statement| {
            let key: OperatorKey = key.public().into();
            statement.operators.retain(|operator| operator.key != key);
            statement.operators.push(Operator { key, name: name.into(), role });
        })
    }

    async fn publish(&self, statement: &Statement, by: &SigningKey) -> Result<(), FleetError> {
        self.fleet.publish(&self.act("ada"), Signed::sign(statement, by).unwrap()).await
    }

    fn retire(&self, agent: wire::id::AgentId, person: &str, key: &SigningKey) -> OrderRequest {
        let now = self.world.now();
        let order = Order {
            fleet: self.kit.fleet(),
            agent,
            id: OrderId(self.world.uuid()),
            issued_at: now,
            expires_at: now.plus_ms(3_600_000),
            person: person.into(),
            action: Action::Retire { agent },
        };
        OrderRequest::Grave { grave: Signed::sign(&order, key).unwrap() }
    }

    async fn actions(&self) -> Vec<AuditAction> {
        let rows = self.fleet.store().read(|connection| audit::from(connection, 1, 1_000)).await.unwrap();
        rows.iter().map(|row| crate::audit::body(row).unwrap().action).collect()
    }
}

#[tokio::test]
async fn a_key_is_announced_once_approved_by_a_statement_and_revoked_by_another() {
    let stage = Stage::new().await;
    let nia = stage.person("nia", Role::Operator).await;
    let laptop = key(61);
    let view = stage.announced("nia", &laptop).await;
    assert_eq!((view.person.as_deref(), view.role, view.used_at), (Some("nia"), None, None));
    assert_eq!(view.words.len(), 6);
    assert_eq!(stage.announced("nia", &laptop).await, view, "once more is no change");
    let announced =
        stage.actions().await.iter().filter(|action| **action == AuditAction::KeyAnnounce).count();
    assert_eq!(announced, 1);
    assert_eq!(stage.fleet.device_keys().await.unwrap()[0].key, view.key, "what waits comes first");

    let with = stage.naming(&laptop, "nia", Role::Operator);
    stage.publish(&with, &stage.admin).await.unwrap();
    assert_eq!(stage.view(&laptop).await.role, Some(Role::Operator));
    let act = stage.act("nia");
    let kept = stage.fleet.forget_key(&act, view.key, Whose::Own(nia)).await;
    assert!(matches!(kept, Err(FleetError::Conflict { .. })), "{kept:?}");

    let without = second(&stage, |statement| statement.operators.retain(|operator| operator.key != view.key));
    stage.publish(&without, &stage.admin).await.unwrap();
    let other = stage.person("oskar", Role::Operator).await;
    let others = stage.fleet.forget_key(&act, view.key, Whose::Own(other)).await;
    assert!(matches!(others, Err(FleetError::NotFound { .. })), "{others:?}");
    stage.fleet.forget_key(&act, view.key, Whose::Own(nia)).await.unwrap();
    assert!(stage.fleet.keys_of(nia).await.unwrap().is_empty());
    assert_eq!(stage.actions().await.last(), Some(&AuditAction::KeyForget));
}

#[tokio::test]
async fn an_announcement_counts_for_its_key_fleet_and_person_alone() {
    let stage = Stage::new().await;
    let nia = stage.person("nia", Role::Operator).await;
    let oskar = stage.person("oskar", Role::Operator).await;
    let vera = stage.person("vera", Role::Viewer).await;
    let laptop = key(61);
    let right = stage.announcement("nia", &laptop);
    let act = stage.act("nia");
    // Stolen on its way, and announced by somebody else.
    let stolen = stage.fleet.announce_key(&stage.act("oskar"), oskar, right.clone()).await;
    assert!(matches!(stolen, Err(FleetError::BadSignature { .. })), "{stolen:?}");
    // Made for another fleet.
    let mut foreign = right.clone();
    let mut other_fleet = stage.kit.fleet();
    other_fleet.0[0] ^= 1;
    foreign.proof = announce(&laptop, &other_fleet, "nia").unwrap();
    // Somebody else's key, without its secret half.
    let mut borrowed = right.clone();
    borrowed.key = key(62).public().into();
    for bad in [foreign, borrowed] {
        let refused = stage.fleet.announce_key(&act, nia, bad).await;
        assert!(matches!(refused, Err(FleetError::BadSignature { .. })), "{refused:?}");
    }
    let viewer =
        stage.fleet.announce_key(&stage.act("vera"), vera, stage.announcement("vera", &key(63))).await;
    assert!(matches!(viewer, Err(FleetError::Forbidden { .. })), "{viewer:?}");

    stage.fleet.announce_key(&act, nia, right).await.unwrap();
    // Both hold the secret half: the first one keeps it.
    let second = stage.announcement("oskar", &laptop);
    let taken = stage.fleet.announce_key(&stage.act("oskar"), oskar, second).await;
    assert!(matches!(taken, Err(FleetError::Conflict { .. })), "{taken:?}");
    // What the statement calls another's, the fleet's own keys, and more than anybody has.
    for owned in [stage.admin.clone(), stage.kit.root(), stage.keys.identity.clone()] {
        let refused = stage.fleet.announce_key(&act, nia, stage.announcement("nia", &owned)).await;
        assert!(matches!(refused, Err(FleetError::Conflict { .. })), "{refused:?}");
    }
    for n in 100..131 {
        stage.announced("nia", &key(n)).await;
    }
    let many = stage.fleet.announce_key(&act, nia, stage.announcement("nia", &key(131))).await;
    assert!(matches!(many, Err(FleetError::Conflict { .. })), "{many:?}");
    let mut nameless = stage.announcement("nia", &laptop);
    nameless.name = "\u{7}".into();
    let refused = stage.fleet.announce_key(&act, nia, nameless).await;
    assert!(matches!(refused, Err(FleetError::Invalid { .. })), "{refused:?}");
}

#[tokio::test]
async fn a_statement_may_newly_name_only_what_its_person_announced_and_may_sign() {
    let stage = Stage::new().await;
    stage.person("nia", Role::Operator).await;
    let laptop = key(61);
    let unannounced = stage.publish(&stage.naming(&laptop, "nia", Role::Operator), &stage.admin).await;
    assert!(matches!(unannounced, Err(FleetError::Forbidden { .. })), "{unannounced:?}");
    stage.announced("nia", &laptop).await;
    for (name, role) in [("oskar", Role::Operator), ("nia", Role::Admin)] {
        let refused = stage.publish(&stage.naming(&laptop, name, role), &stage.admin).await;
        assert!(matches!(refused, Err(FleetError::Forbidden { .. })), "{name} {role:?}: {refused:?}");
    }
    stage.sql("UPDATE people SET disabled_at = 1 WHERE name = 'nia'").await;
    let good = stage.naming(&laptop, "nia", Role::Operator);
    let disabled = stage.publish(&good, &stage.admin).await;
    assert!(matches!(disabled, Err(FleetError::Forbidden { .. })), "{disabled:?}");
    stage.sql("UPDATE people SET disabled_at = NULL WHERE name = 'nia'").await;
    stage.publish(&good, &stage.admin).await.unwrap();
    // A name or a role that is given to a known key is as new.
    let raised = stage.publish(&stage.naming(&laptop, "nia", Role::Admin), &stage.admin).await;
    assert!(matches!(raised, Err(FleetError::Forbidden { .. })), "{raised:?}");
    // Whoever has the kit has the fleet.
    stage.publish(&stage.naming(&key(62), "zoe", Role::Admin), &stage.kit.root()).await.unwrap();
    let view = stage.view(&key(62)).await;
    assert_eq!((view.person, view.role, view.name.as_str()), (None, Some(Role::Admin), "zoe"));
}

#[tokio::test]
async fn who_was_demoted_or_disabled_signs_nothing_here_although_the_statement_still_names_the_key() {
    let stage = Stage::new().await;
    let (host, _) = stage.member("web-1").await;
    stage.person("ada", Role::Admin).await;
    stage.announced("ada", &stage.admin).await;
    let agent = host.id();
    let ada = stage.act("ada");
    stage.fleet.order(&ada, agent, stage.retire(agent, "ada", &stage.admin)).await.unwrap();
    assert_eq!(stage.view(&stage.admin).await.used_at, Some(START));

    stage.sql("UPDATE people SET role = 'operator' WHERE name = 'ada'").await;
    let view = stage.view(&stage.admin).await;
    assert_eq!((view.person_role, view.role), (Some(Role::Operator), Some(Role::Admin)));
    let demoted = stage.fleet.order(&ada, agent, stage.retire(agent, "ada", &stage.admin)).await;
    assert!(matches!(demoted, Err(FleetError::Forbidden { .. })), "{demoted:?}");
    let next = second(&stage, |statement| statement.operators.retain(|operator| operator.name == "ada"));
    let publishes = stage.publish(&next, &stage.admin).await;
    assert!(matches!(publishes, Err(FleetError::Forbidden { .. })), "{publishes:?}");

    stage.sql("UPDATE people SET role = 'admin', disabled_at = 1 WHERE name = 'ada'").await;
    assert!(stage.view(&stage.admin).await.person_disabled);
    let disabled = stage.fleet.order(&ada, agent, stage.retire(agent, "ada", &stage.admin)).await;
    assert!(matches!(disabled, Err(FleetError::Forbidden { .. })), "{disabled:?}");
}

#[tokio::test]
async fn an_order_that_anothers_key_signed_is_refused_and_so_is_a_role_that_is_too_low() {
    let stage = Stage::new().await;
    let (host, _) = stage.member("web-1").await;
    let agent = host.id();
    stage.person("ada", Role::Admin).await;
    stage.person("zoe", Role::Admin).await;
    stage.announced("ada", &stage.admin).await;
    // Zoe is an admin, and holds a copy of Ada's key.
    let stolen = stage.retire(agent, "zoe", &stage.admin);
    let refused = stage.fleet.order(&stage.act("zoe"), agent, stolen).await;
    assert!(matches!(refused, Err(FleetError::Forbidden { .. })), "{refused:?}");
    // A token that may less than its maker does not borrow the maker's key.
    let low = stage.act_as("ada", Role::Operator);
    let refused = stage.fleet.order(&low, agent, stage.retire(agent, "ada", &stage.admin)).await;
    assert!(matches!(refused, Err(FleetError::Forbidden { .. })), "{refused:?}");
    stage.fleet.order(&stage.act("ada"), agent, stage.retire(agent, "ada", &stage.admin)).await.unwrap();
}

#[tokio::test]
async fn keys_are_announced_again_after_the_database_was_lost() {
    let mut stage = Stage::new().await;
    stage.person("ada", Role::Admin).await;
    stage.announced("ada", &stage.admin).await;
    stage.lose_database().await;
    let view = stage.view(&stage.admin).await;
    assert_eq!((view.person.as_deref(), view.role), (None, Some(Role::Admin)));
    stage.person("ada", Role::Admin).await;
    assert_eq!(stage.announced("ada", &stage.admin).await.role, Some(Role::Admin));
}

#[tokio::test]
async fn the_audit_tells_what_an_order_changes_and_no_secret() {
    let stage = Stage::new().await;
    let (host, _) = stage.member("web-1").await;
    let agent = host.id();
    let plan: wire::plan::Plan = serde_json::from_value(json!({
        "repositories": { "main": { "backend": { "kind": "local", "path": "/srv/marker-path" } } },
        "groups": { "default": { "includes": ["/etc/marker-include"] } },
    }))
    .unwrap();
    let secret = wire::action::SealedSecret {
        slot: "repository/main/password".parse().unwrap(),
        revision: 1,
        sealed: wire::id::Base64Bytes(b"marker-box".to_vec()),
    };
    let action = Action::SetPlan {
        base_revision: 0,
        plan,
        secrets: vec![secret],
        note: Some("for the new disk".into()),
    };
    let grave = OrderRequest::Grave { grave: stage.grave(agent, &stage.admin, action) };
    stage.fleet.order(&stage.act("ada"), agent, grave).await.unwrap();
    let rename = Action::Rename { name: "web-2".into(), tags: vec!["prod".into()] };
    let grave = OrderRequest::Grave { grave: stage.grave(agent, &stage.admin, rename) };
    stage.fleet.order(&stage.act("ada"), agent, grave).await.unwrap();
    let rows = stage.fleet.store().read(|connection| audit::from(connection, 1, 100)).await.unwrap();
    let [.., plan, rename] = rows.as_slice() else { panic!("both are recorded") };
    for marker in ["marker", &hex::encode("marker-box"), "bWFya2VyLWJveA"] {
        assert!(!plan.body.contains(marker), "{}", plan.body);
    }
    let plan = crate::audit::body(plan).unwrap();
    assert_eq!(plan.before, Some(json!({ "revision": 0 })));
    let after = plan.after.unwrap();
    assert_eq!(
        after["changes"],
        json!([
            { "what": "repository_added", "repository": "main" },
            { "what": "group_added", "group": "default" },
        ])
    );
    assert_eq!(after["secrets"], json!([{ "slot": "repository/main/password", "revision": 1 }]));
    assert_eq!(after["note"], "for the new disk");
    let rename = crate::audit::body(rename).unwrap();
    assert_eq!(rename.before, Some(json!({ "name": "web-1", "tags": ["test"] })));
    assert_eq!(rename.after.unwrap()["name"], "web-2");
}

impl Stage {
    async fn sql(&self, sql: &'static str) {
        let changed =
            self.fleet.store().write(move |tx| tx.execute_batch(sql).map_err(crate::store::StoreError::from));
        changed.await.unwrap();
    }
}
