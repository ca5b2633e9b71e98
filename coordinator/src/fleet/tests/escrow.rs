//! The escrow bundle: gathered from the views, opened by the kit and by nothing else.

use wire::{
    error::ErrorCode,
    id::AgentId,
    journal::Escrow,
    seal::{BoxContext, SecretSlot, open, seal},
    view::{EscrowBundle, EscrowRequest},
};

use super::stage::{Actor, Stage};
use crate::store::audit;

/// The agent tells of a secret, sealed to the fleet's recovery key.
fn told(stage: &Stage, actor: &mut Actor, slot: &str, revision: u64, value: &[u8]) {
    let (recovery, slot): (_, SecretSlot) = (stage.kit.recovery().public(), slot.parse().unwrap());
    let context = BoxContext::escrow(stage.kit.fleet(), actor.id(), recovery, &slot, revision);
    let sealed = seal(&context, value, &mut stage.world.rng()).unwrap();
    actor.append(&Escrow { slot, revision, recovery, sealed });
}

async fn host(stage: &Stage, name: &str) -> AgentId {
    let (mut actor, host) = stage.member(name).await;
    actor.append(&actor.facts());
    actor.plan(
        1,
        r#"{"repositories": {"main": {"backend": {"kind": "local", "path": "/b"}}}, "hostname": "old-name"}"#,
    );
    told(stage, &mut actor, "repository/main/password", 1, b"first");
    told(stage, &mut actor, "repository/main/password", 2, name.as_bytes());
    actor.sync(stage, &host).await;
    actor.id()
}

#[tokio::test]
async fn every_box_of_it_opens_with_the_kit_and_that_it_was_taken_is_told() {
    let stage = Stage::new().await;
    let (b, a) = (host(&stage, "web-b").await, host(&stage, "web-a").await);
    let bundle = stage.fleet.escrow(&stage.act("ada"), EscrowRequest::default()).await.unwrap();
    // It is kept for years, as text.
    let text = serde_json::to_string(&bundle).unwrap();
    let bundle: EscrowBundle = serde_json::from_str(&text).unwrap();
    assert_eq!((bundle.format.as_str(), bundle.version), ("restic-manager escrow", 1));
    assert_eq!(bundle.hosts.iter().map(|host| host.agent).collect::<Vec<_>>(), [a, b]);
    for host in &bundle.hosts {
        assert_eq!(host.hostname, "old-name");
        assert_eq!(host.repositories.values().next().unwrap().location(), "/b");
        let [password] = host.boxes.as_slice() else { panic!("{:?}", host.boxes) };
        let recovery = stage.kit.recovery();
        let context = BoxContext::escrow(bundle.fleet, host.agent, password.recovery, &password.slot, 2);
        assert_eq!(open(&context, &recovery, &password.sealed).unwrap().expose(), host.name.as_bytes());
    }
    let one = stage.fleet.escrow(&stage.act("ada"), EscrowRequest { hosts: vec![b] }).await.unwrap();
    assert_eq!(one.hosts.iter().map(|host| host.name.as_str()).collect::<Vec<_>>(), ["web-b"]);
    let records = stage.fleet.store().read(|connection| audit::from(connection, 1, 1_000)).await.unwrap();
    let records: Vec<String> = records.into_iter().map(|record| record.body).rev().take(2).collect();
    assert!(
        records.iter().all(|body| body.contains("escrow_take") && body.contains("\"ada\"")),
        "{records:?}"
    );
    assert!(records[0].contains("web-b") && records[1].contains("\"all\""), "{records:?}");
    let unknown = EscrowRequest { hosts: vec![AgentId([9; 32])] };
    let refused = stage.fleet.escrow(&stage.act("ada"), unknown).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::NotFound);
}
