//! A journal that two machines write, and one whose disk was set back: told apart, and never mixed.

use wire::{
    action::Outcome,
    frame::RefusalCode,
    job::JobState,
    journal::{Local, Previous},
};

use super::{
    journals::printed,
    stage::{Stage, admitted, peer, refused},
};
use crate::{fleet::JobQuery, ingest, store};

#[tokio::test]
async fn the_same_number_with_another_record_is_a_fork_and_nothing_more_is_applied() {
    let stage = Stage::new().await;
    let (mut actor, host) = stage.member("web-1").await;
    actor.backup(JobState::Succeeded, 0);
    let mut copy = actor.clone();
    actor.backup(JobState::Succeeded, 0);
    copy.backup(JobState::Failed, 0);
    let taken = actor.sync(&stage, &host).await;
    let before = printed(&stage).await;

    let (bytes, _) = copy.batch(3, 6);
    let refusal =
        stage.fleet.take_batch(host.host, copy.id(), Some(taken.head.head), bytes).await.unwrap_err().0;
    assert_eq!(refusal.code, RefusalCode::Fork);
    assert_eq!(printed(&stage).await, before);
    assert!(stage.fleet.host(actor.id()).await.unwrap().trouble.unwrap().contains("Two machines"));
    // Neither gets in until a person decides.
    assert_eq!(refused(stage.arrive(&actor, peer(1)).await).code, RefusalCode::Fork);
}

#[tokio::test]
async fn a_copy_at_the_same_number_is_a_fork_at_the_door() {
    let stage = Stage::new().await;
    let (mut actor, host) = stage.member("web-1").await;
    let mut copy = actor.clone();
    actor.backup(JobState::Succeeded, 0);
    copy.backup(JobState::Failed, 0);
    actor.sync(&stage, &host).await;
    assert_eq!(refused(stage.arrive(&copy, peer(2)).await).code, RefusalCode::Fork);
}

#[tokio::test]
async fn a_disk_that_was_set_back_goes_on_in_a_new_epoch_until_the_plan_is_confirmed() {
    let stage = Stage::new().await;
    let (mut actor, host) = stage.member("web-1").await;
    actor.backup(JobState::Succeeded, 0);
    actor.backup(JobState::Succeeded, 0);
    let held = actor.sync(&stage, &host).await.head.head;

    // The disk is set back to the first backup; the welcome shows the agent's own signature for what came after.
    actor.records.truncate(3);
    let welcome = admitted(stage.arrive(&actor, peer(1)).await);
    assert_eq!(welcome.head.unwrap().head, held);
    (actor.epoch, actor.previous) = (2, Some(Previous { epoch: 1, hash: held.hash }));
    actor.records.clear();
    actor.append(&Local::EpochBegun { previous: 1 });
    actor.backup(JobState::Failed, 0);
    let (bytes, _) = actor.batch(0, actor.records.len());
    let taken = stage.fleet.take_batch(host.host, actor.id(), Some(held), bytes).await.unwrap();
    let view = stage.fleet.host(actor.id()).await.unwrap();
    assert_eq!((view.journal.epoch, view.journal.seq), (2, 4));
    assert!(view.trouble.unwrap().contains("set back"));
    assert_eq!(stage.fleet.jobs(actor.id(), JobQuery::default()).await.unwrap().items.len(), 3);

    let outcome = Outcome::Accepted { jobs: vec![], revision: None };
    actor.receipt(1, wire::id::OrderId(stage.world.uuid()), "confirm_plan", outcome);
    let (bytes, _) = actor.batch(4, 5);
    stage.fleet.take_batch(host.host, actor.id(), Some(taken.head.head), bytes).await.unwrap();
    assert_eq!(stage.fleet.host(actor.id()).await.unwrap().trouble, None);
    let checked = stage.fleet.store().read(ingest::check).await.unwrap();
    assert_eq!((checked.bad, checked.records), (vec![], 11));

    // A machine that still writes the first epoch is an old copy.
    let mut old = actor.clone();
    (old.epoch, old.previous) = (1, None);
    let (bytes, _) = old.batch(0, 1);
    let head = stage.fleet.store().read({
        let (id, agent) = (host.host, actor.id());
        move |connection| store::chains::latest(connection, id, agent)
    });
    let held = head.await.unwrap().unwrap().head.head;
    let refusal = stage.fleet.take_batch(host.host, actor.id(), Some(held), bytes).await.unwrap_err().0;
    assert_eq!(refusal.code, RefusalCode::Journal);
}
