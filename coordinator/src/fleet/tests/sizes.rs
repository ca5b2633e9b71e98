//! What is added up of a host: each thing once, and of the repositories that its plan names.

use wire::{
    journal::{RepositoryState, Snapshots},
    snapshot::{RepositoryReadiness, Snapshot},
    view::HostRow,
};

use super::stage::{Actor, START, Stage};
use crate::fleet::HostQuery;

const BOTH: &str = r#"{
    "repositories": {"main": {"backend": {"kind": "local", "path": "/srv/a"}},
                     "usb": {"backend": {"kind": "local", "path": "/mnt/usb"}}},
    "groups": {"default": {"includes": ["/etc"], "copy_to": "usb"}, "db": {"includes": ["/db"], "repository": "usb"}}
}"#;
const MAIN: &str = r#"{
    "repositories": {"main": {"backend": {"kind": "local", "path": "/srv/a"}}},
    "groups": {"default": {"includes": ["/etc"]}}
}"#;

/// Snapshots of a group, each with how many minutes old it is and what restoring it would write.
fn saved(actor: &mut Actor, repository: &str, group: &str, all: &[(i64, u64)]) {
    let snapshot = |(n, (minutes, size)): (usize, &(i64, u64))| Snapshot {
        id: format!("{repository:.>20}{group:.>20}{n:.>24}"),
        time: START.plus_ms(-minutes * 60_000),
        hostname: "web-1".into(),
        paths: Vec::new(),
        tags: vec![group.to_owned()],
        group: Some(group.parse().unwrap()),
        size_bytes: Some(*size),
        files: None,
        added_bytes: None,
        doubt: None,
    };
    let added = all.iter().enumerate().map(snapshot).collect();
    actor.append(&Snapshots {
        repository: repository.parse().unwrap(),
        whole: false,
        added,
        removed: Vec::new(),
    });
}

fn row(stage: &Stage) -> HostRow {
    stage.fleet.hosts(&HostQuery::default()).unwrap().items.remove(0)
}

#[tokio::test]
async fn a_copy_is_counted_once_and_what_was_taken_out_of_the_plan_not_at_all() {
    let mut stage = Stage::new().await;
    let (mut actor, mut host) = stage.member("web-1").await;
    actor.plan(1, BOTH);
    saved(&mut actor, "main", "default", &[(10, 500), (70, 400)]);
    // The copy of the newest is still missing.
    saved(&mut actor, "usb", "default", &[(70, 400)]);
    saved(&mut actor, "usb", "db", &[(30, 7)]);
    actor.numbers("main", 50);
    actor.numbers("usb", 1_000);
    actor.opened("main", 1);
    actor.append(&RepositoryState {
        repository: "usb".parse().unwrap(),
        readiness: RepositoryReadiness::Unusable,
        reason: None,
        restic_id: None,
    });
    host.head = Some(actor.sync(&stage, &host).await.head);
    stage.fleet.settled().await;
    let both = row(&stage);
    assert_eq!(
        (both.size_bytes, both.snapshots, both.repository),
        (Some(507), 3, RepositoryReadiness::Unusable)
    );
    let tiles = stage.fleet.tiles(stage.world.now());
    assert_eq!((tiles.protected_bytes, tiles.snapshots), (507, 3));
    // The list of a host shows them all.
    let list = stage.fleet.snapshots(actor.id(), None, 10).await.unwrap();
    assert_eq!((list.items.len(), list.total), (4, Some(4)));

    actor.plan(2, MAIN);
    actor.sync(&stage, &host).await;
    stage.fleet.settled().await;
    let main = row(&stage);
    assert_eq!(
        (main.size_bytes, main.snapshots, main.repository),
        (Some(500), 2, RepositoryReadiness::Ready)
    );
    stage.restart().await;
    assert_eq!(row(&stage), main);
}
