//! A host that is removed leaves nothing behind, and a member that lives comes back.

use wire::{
    error::ErrorCode,
    job::JobState,
    journal::{Holds, Local, Locks},
    snapshot::HoldCause,
};

use super::{
    journals::printed,
    records::{hold, lock},
    stage::{Stage, peer},
};
use crate::{
    fleet::{Arrival, HostQuery, JobQuery},
    ingest, store,
};

#[tokio::test]
async fn nothing_of_it_is_kept_and_the_others_are_as_they_were() {
    let mut stage = Stage::new().await;
    let (mut other, other_host) = stage.member("web-2").await;
    other.append(&other.facts());
    other.backup(JobState::Succeeded, 4);
    other.sync(&stage, &other_host).await;
    let before = (printed(&stage).await, store::tests::rows_of_hosts(stage.fleet.store()).await);

    let (mut actor, host) = stage.member("web-1").await;
    actor.append(&actor.facts());
    actor.plan(1, r#"{"repositories": {"main": {"backend": {"kind": "local", "path": "/b"}}}}"#);
    actor.backup(JobState::Failed, 9);
    actor.checked(1);
    actor.numbers("main", 3);
    actor.opened("main", 1);
    actor.append(&Holds { holds: vec![hold(HoldCause::Claims)] });
    actor.append(&Locks { repository: "main".parse().unwrap(), locks: vec![lock(1)] });
    actor.append(&Local::Retired);
    actor.sync(&stage, &host).await;
    stage.fleet.settled().await;
    stage.fleet.remove_host(&stage.act("ada"), actor.id()).await.unwrap();
    stage.fleet.settled().await;
    let after = (printed(&stage).await, store::tests::rows_of_hosts(stage.fleet.store()).await);
    assert_eq!(after, before);
    assert_eq!(stage.fleet.host(actor.id()).await.unwrap_err().code(), ErrorCode::NotFound);
    assert_eq!(
        stage.fleet.remove_host(&stage.act("ada"), actor.id()).await.unwrap_err().code(),
        ErrorCode::NotFound
    );
    let names = |stage: &Stage| -> Vec<String> {
        let rows = stage.fleet.hosts(&HostQuery::default()).unwrap().items;
        rows.into_iter().map(|row| row.name).collect()
    };
    assert_eq!(names(&stage), ["web-2"]);
    assert_eq!(stage.fleet.jobs(other.id(), JobQuery::default()).await.unwrap().items.len(), 1);
    assert_eq!(stage.fleet.store().read(ingest::check).await.unwrap().bad, []);

    // A batch that was on its way meets nobody, also when the row's number is another's by now.
    let (newcomer, newcomer_host) = stage.member("web-3").await;
    assert_eq!(newcomer_host.host, host.host, "SQLite gives the last number again");
    let (bytes, _) = actor.batch(0, actor.records.len());
    assert!(stage.fleet.take_batch(host.host, actor.id(), None, bytes).await.is_err());
    assert!(stage.fleet.jobs(newcomer.id(), JobQuery::default()).await.unwrap().items.is_empty());
    stage.restart().await;
    assert_eq!(names(&stage), ["web-2", "web-3"]);
}

#[tokio::test]
async fn a_member_that_is_connected_is_not_removed_and_one_that_was_away_comes_back_whole() {
    let stage = Stage::new().await;
    let (mut actor, host) = stage.member("web-1").await;
    let job = actor.backup(JobState::Succeeded, 2);
    actor.sync(&stage, &host).await;
    let counted = |stage: &Stage| stage.fleet.tiles(stage.world.now()).last_day.succeeded;
    assert_eq!(counted(&stage), 1);
    let seat = stage.fleet.take_seat(actor.id(), peer(1)).await.unwrap();
    let refused = stage.fleet.remove_host(&stage.act("ada"), actor.id()).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Conflict);
    assert!(refused.hint().contains("credential"), "{}", refused.hint());
    stage.fleet.leave_seat(&seat).await;

    stage.fleet.remove_host(&stage.act("ada"), actor.id()).await.unwrap();
    assert_eq!((stage.fleet.tiles(stage.world.now()).hosts, counted(&stage)), (0, 0));
    let Arrival::Member(again) = stage.arrive(&actor, peer(1)).await else { panic!("not let in again") };
    assert_eq!(again.head, None);
    actor.sync(&stage, &again).await;
    assert_eq!(stage.fleet.job(actor.id(), job).await.unwrap().state, JobState::Succeeded);
    assert_eq!(counted(&stage), 1, "not twice");
}
