//! Orders that are never written down: handed to who is there, and nowhere to be found afterwards.

use std::time::Duration;

use wire::{
    action::{Action, Outcome, SealedSecret},
    error::ErrorCode,
    frame::{Ack, FrameType},
    id::{Base64Bytes, OrderId},
    order::{Dispatch, Order},
    trust::Signed,
    view::{OrderRequest, OrderState},
};

use super::agent::{Said, Wire};
use crate::{
    fleet::tests::stage::{Actor, Stage},
    store::tests::bytes_on_disk,
};

/// What nobody finds by chance.
const BOX: &[u8; 48] = b"the box of the admin credential, sealed 4711-815";

fn release(stage: &Stage, actor: &Actor, life_ms: i64) -> OrderRequest {
    let now = stage.world.now();
    let secret = SealedSecret {
        slot: "repository/main/admin".parse().unwrap(),
        revision: 1,
        sealed: Base64Bytes(BOX.to_vec()),
    };
    let order = Order {
        fleet: stage.kit.fleet(),
        agent: actor.id(),
        id: OrderId(stage.world.uuid()),
        issued_at: now,
        expires_at: now.plus_ms(life_ms),
        person: "ada".into(),
        action: Action::Release { repository: "main".parse().unwrap(), secret },
    };
    OrderRequest::Grave { grave: Signed::sign(&order, &stage.admin).unwrap() }
}

const MINUTE_MS: i64 = 60_000;

fn probe() -> OrderRequest {
    OrderRequest::Routine { routine: Action::Probe { repository: "main".parse().unwrap() } }
}

#[tokio::test]
async fn it_reaches_a_live_host_in_its_turn_and_is_nowhere_on_the_disk() {
    let stage = Stage::new().await;
    let (mut actor, _) = stage.member("web-1").await;
    let mut wire = Wire::live(&stage, &actor).await;
    let request = release(&stage, &actor, 10 * MINUTE_MS);
    let given = stage.fleet.order(&stage.act("ada"), actor.id(), request.clone()).await.unwrap();
    assert_eq!((given.state, given.action.as_str()), (OrderState::Sent, "release"));
    stage.fleet.order(&stage.act("ada"), actor.id(), probe()).await.unwrap();
    let mut numbers = Vec::new();
    for action in ["release", "probe"] {
        let dispatch: Signed<Dispatch> = wire.expect(FrameType::Dispatch).await;
        let dispatch = dispatch.verify().unwrap().document;
        let order = dispatch.order.verify().unwrap().document;
        assert_eq!(order.action.as_str(), action);
        if let Action::Release { secret, .. } = order.action {
            assert_eq!(secret.sealed.0, BOX);
        }
        numbers.push(dispatch.number);
    }
    assert_eq!(numbers, [1, 2]);
    let encoded = serde_json::to_string(&Base64Bytes(BOX.to_vec())).unwrap();
    let disk = bytes_on_disk(stage.directory.path());
    let found = |needle: &[u8]| disk.windows(needle.len()).any(|window| window == needle);
    assert!(found(b"web-1") && found(b"release"), "nothing can be found at all");
    assert!(!found(BOX) && !found(encoded.trim_matches('"').as_bytes()));
    // Nor the signed document around it, in which it is encoded once more.
    let OrderRequest::Grave { grave } = request else { panic!() };
    let document = serde_json::to_value(&grave).unwrap();
    let document = document["doc"].as_str().unwrap().as_bytes();
    // What it begins with stands in other orders too; it ends with the box.
    assert!(document[document.len() - 80..].chunks(40).all(|part| !found(part)));

    actor.receipt(1, given.order, "release", Outcome::Accepted { jobs: vec![], revision: None });
    let (batch, _) = actor.batch(0, 1);
    wire.send(FrameType::Batch, &batch).await;
    let _: Ack = wire.expect(FrameType::Ack).await;
    let orders = stage.fleet.orders(actor.id()).await.unwrap();
    assert_eq!(orders.iter().find(|order| order.order == given.order).unwrap().state, OrderState::Answered);
}

#[tokio::test]
async fn one_that_was_lost_on_its_way_is_over_after_a_minute_and_never_sent_again() {
    let mut stage = Stage::new().await;
    let (actor, _) = stage.member("web-1").await;
    let mut wire = Wire::live(&stage, &actor).await;
    let given = stage
        .fleet
        .order(&stage.act("ada"), actor.id(), release(&stage, &actor, 10 * MINUTE_MS))
        .await
        .unwrap();
    let _: Signed<Dispatch> = wire.expect(FrameType::Dispatch).await;
    wire.close().await;
    stage.restart().await;
    // It comes back and has seen no order: what else was sent would come again.
    let mut wire = Wire::live(&stage, &actor).await;
    stage.fleet.order(&stage.act("ada"), actor.id(), probe()).await.unwrap();
    let Said::Frame(_, dispatch) = wire.next().await else { panic!() };
    let dispatch: Signed<Dispatch> = serde_json::from_slice(&dispatch).unwrap();
    let order = dispatch.verify().unwrap().document.order.verify().unwrap().document;
    assert_eq!(order.action.as_str(), "probe");
    let state = async |stage: &Stage| {
        let orders = stage.fleet.orders(actor.id()).await.unwrap();
        orders.iter().find(|order| order.order == given.order).unwrap().state
    };
    assert_eq!(state(&stage).await, OrderState::Sent);
    stage.time.advance(Duration::from_mins(1));
    assert_eq!(state(&stage).await, OrderState::Expired);
    let withdrawn = stage.fleet.withdraw(&stage.act("ada"), actor.id(), given.order).await.unwrap_err();
    assert_eq!(withdrawn.code(), ErrorCode::Conflict);
}

#[tokio::test]
async fn it_waits_for_nobody_and_is_not_good_for_long() {
    let stage = Stage::new().await;
    let (actor, _) = stage.member("web-1").await;
    let absent = stage
        .fleet
        .order(&stage.act("ada"), actor.id(), release(&stage, &actor, MINUTE_MS))
        .await
        .unwrap_err();
    assert_eq!(absent.code(), ErrorCode::HostAbsent);
    assert!(absent.hint().contains("online"), "{}", absent.hint());
    let _wire = Wire::live(&stage, &actor).await;
    for life in [16 * MINUTE_MS, 0] {
        let refused = stage
            .fleet
            .order(&stage.act("ada"), actor.id(), release(&stage, &actor, life))
            .await
            .unwrap_err();
        assert!(matches!(refused.code(), ErrorCode::Conflict | ErrorCode::Expired), "{refused:?}");
    }
    // An operator's key is not enough.
    let OrderRequest::Grave { grave } = release(&stage, &actor, MINUTE_MS) else { panic!() };
    let order = grave.verify().unwrap().document;
    let grave = Signed::sign(&order, &stage.operator).unwrap();
    let refused =
        stage.fleet.order(&stage.act("ada"), actor.id(), OrderRequest::Grave { grave }).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Forbidden);
    assert!(stage.fleet.orders(actor.id()).await.unwrap().is_empty());
}
