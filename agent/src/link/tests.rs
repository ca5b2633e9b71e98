//! The link against a coordinator in the same process, over links that are cut, repeat themselves or fall silent.

mod asking;
mod leaving;
mod peer;
mod refusing;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio_util::sync::CancellationToken;
use wire::{
    action::{Action, OrderRefusalCode, Outcome, Receipt},
    frame::{Credential, FrameType, Hello, Welcome},
    id::Hash32,
    journal::{Head, Local},
};

use self::peer::{Coordinator, Peer, connect};
use super::{
    dial::DialError,
    open,
    problem::{Problem, Retry},
    session::{End, Purpose, Session},
    state::LinkState,
};
use crate::{
    config::Policy,
    desired::{
        Desk,
        rehearsal::{Fleet, Host, START, plan},
    },
    store::{StoreError, holds, jobs, journal, orders, outbox, plan as ledger, trust},
};

/// Against a test that hangs: nothing here takes real time.
const PATIENCE: Duration = Duration::from_secs(30);

/// One connection of `host` to whoever is at the other end of the stream; the states that it told.
async fn session(
    host: &Host,
    fleet: &Fleet,
    stream: tokio::io::DuplexStream,
    stop: CancellationToken,
) -> (Result<End, Problem>, Vec<LinkState>) {
    connection(&host.desk, fleet, stream, stop).await
}

async fn connection(
    desk: &Desk,
    fleet: &Fleet,
    stream: tokio::io::DuplexStream,
    stop: CancellationToken,
) -> (Result<End, Problem>, Vec<LinkState>) {
    let told = Arc::new(Mutex::new(Vec::new()));
    let telling = told.clone();
    let tell = move |state: LinkState| telling.lock().unwrap().push(state);
    let run = async {
        let socket = connect(stream).await.map_err(|error| DialError::Upgrade {
            address: "http://coordinator".to_owned(),
            problem: error.to_string(),
        })?;
        let open = open::open(socket, desk, fleet.kit.fleet()).await?;
        let purpose = Purpose {
            address: "http://coordinator".to_owned(),
            token: &Mutex::default(),
            stop,
            until_member: false,
            observes: false,
            tell: &tell,
        };
        Session::run(desk, open, &purpose).await
    };
    let ended = tokio::time::timeout(PATIENCE, run).await.expect("the session ends");
    let told = told.lock().unwrap().clone();
    (ended, told)
}

async fn write(host: &Host, records: usize) {
    for _ in 0..records {
        host.desk.store().write(|tx| journal::append_body(tx, &Local::Stopped, START)).await.unwrap();
    }
}

async fn head(host: &Host) -> Head {
    host.read(journal::head).await
}

fn order_run(fleet: &Fleet, host: &Host) -> wire::order::Order {
    let action =
        Action::Run { groups: vec!["default".parse().unwrap()], upload_kib_s: None, download_kib_s: None };
    fleet.order(host.desk.agent(), action)
}

async fn give_plan(fleet: &Fleet, host: &Host) {
    let set = Action::SetPlan { base_revision: 0, plan: plan(), secrets: Vec::new(), note: None };
    let order = fleet.order(host.desk.agent(), set);
    host.desk.order(&fleet.ledger(), fleet.dispatch(&order, &fleet.admin, 1), START).await;
}

#[tokio::test]
async fn a_newcomer_waits_is_admitted_and_brings_its_whole_journal() {
    let fleet = Fleet::found();
    let host = Host::new(7, Policy::default());
    host.meet(&fleet).await;
    write(&host, 3).await;
    let stop = CancellationToken::new();
    let (near, far) = tokio::io::duplex(4096);
    let coordinator = async {
        let mut peer = Peer::accept(far, &fleet.coordinator).await.unwrap();
        peer.send_json(FrameType::Statements, &fleet.statements).await.unwrap();
        let hello: Hello = peer.expect(FrameType::Hello).await.unwrap();
        assert_eq!((hello.credential, hello.facts.hostname.as_str()), (Credential::None, "web-1"));
        let pending = Welcome::Pending { expires_at: START, collides_with: Some("web-1".to_owned()) };
        peer.send_json(FrameType::Welcome, &pending).await.unwrap();
        let admission = fleet.admission(&peer.intro.binding);
        peer.send_json(FrameType::Admit, &admission).await.unwrap();
        let hello: Hello = peer.expect(FrameType::Hello).await.unwrap();
        assert_eq!(hello.credential, Credential::Admission { admission });
        let mut coordinator = Coordinator::new(host.desk.agent());
        coordinator.welcome(&mut peer).await.unwrap();
        while coordinator.held.map(|held| held.head) != Some(head(&host).await) {
            coordinator.take(&mut peer).await.unwrap();
        }
        stop.cancel();
        while peer.receive().await.is_ok() {}
    };
    let ((ended, told), ()) = tokio::join!(session(&host, &fleet, near, stop.clone()), coordinator);
    assert!(matches!(ended, Ok(End::Stopped)), "{ended:?}");
    assert!(matches!(&told[0], LinkState::Pending { collides_with: Some(name), .. } if name == "web-1"));
    let LinkState::Live { name, approved_by, coordinator, .. } = &told[1] else { panic!("{told:?}") };
    assert_eq!(
        (name.as_str(), approved_by.as_deref(), coordinator.as_str()),
        ("web-1", Some("Ada"), "backup")
    );
    let id = fleet.coordinator.id();
    let acked = host.read(move |connection| outbox::acknowledged(connection, id)).await.unwrap();
    assert_eq!(acked.seq, head(&host).await.seq);
}

/// However early or late the link is cut, and whichever way, what is written arrives once and an order runs once.
#[tokio::test]
async fn a_link_that_is_cut_in_every_state_loses_nothing_and_doubles_nothing() {
    let fleet = Fleet::found();
    let host = Host::member(&fleet, Policy::default()).await;
    give_plan(&fleet, &host).await;
    let mut coordinator = Coordinator::new(host.desk.agent());
    let order = order_run(&fleet, &host);
    let mut receipts: Vec<Receipt> = Vec::new();
    let mut number = 1;
    for cut_after in 0..24 {
        write(&host, 5).await;
        number += 1;
        let dispatch = fleet.dispatch(&order, &fleet.coordinator.identity, number);
        let (near, far) = tokio::io::duplex(if cut_after % 2 == 0 { 512 } else { 64 * 1024 });
        let other = coordinator.until_cut(far, &fleet, &dispatch, cut_after, &mut receipts);
        let ((ended, _), ()) = tokio::join!(session(&host, &fleet, near, CancellationToken::new()), other);
        let problem = ended.expect_err("a connection that was cut did not end in order");
        assert_eq!(problem.retry(true), Retry::Soon, "{problem:?}");
    }
    // The link holds: everything comes over.
    let stop = CancellationToken::new();
    let (near, far) = tokio::io::duplex(4096);
    let rest = coordinator.until_level(far, &fleet, &host, stop.clone());
    let ((ended, _), ()) = tokio::join!(session(&host, &fleet, near, stop.clone()), rest);
    assert!(ended.is_ok(), "{ended:?}");
    let own = host.read(|connection| journal::after(connection, 1, 0, 10_000)).await;
    assert_eq!(coordinator.hashes, own.iter().map(|row| row.hash).collect::<Vec<_>>());
    assert_eq!(host.read(jobs::open).await.len(), 1, "the order ran once");
    assert!(receipts.len() > 1);
    assert!(
        receipts.iter().all(|receipt| receipt.outcome == receipts[0].outcome),
        "every answer is the first one"
    );
}

#[tokio::test]
async fn a_repeated_message_ends_the_connection_and_changes_nothing() {
    let fleet = Fleet::found();
    let host = Host::member(&fleet, Policy::default()).await;
    give_plan(&fleet, &host).await;
    let (near, far) = tokio::io::duplex(64 * 1024);
    let coordinator = async {
        let mut peer = Peer::accept(far, &fleet.coordinator).await.unwrap();
        peer.send_json(FrameType::Statements, &fleet.statements).await.unwrap();
        let _: Hello = peer.expect(FrameType::Hello).await.unwrap();
        let coordinator = Coordinator::new(host.desk.agent());
        coordinator.welcome(&mut peer).await.unwrap();
        let dispatch = fleet.dispatch(&order_run(&fleet, &host), &fleet.admin, 2);
        peer.send_twice(FrameType::Dispatch, &dispatch).await.unwrap();
        while peer.receive().await.is_ok() {}
    };
    let ((ended, _), ()) = tokio::join!(session(&host, &fleet, near, CancellationToken::new()), coordinator);
    assert!(matches!(ended, Err(Problem::Pipe(_))), "{ended:?}");
    assert_eq!(host.read(jobs::open).await.len(), 1);
    assert_eq!(host.read(orders::last_number).await, 2);
}

#[tokio::test]
async fn a_coordinator_that_falls_silent_is_given_up_after_ninety_seconds() {
    let fleet = Fleet::found();
    let host = Host::member(&fleet, Policy::default()).await;
    let (near, far) = tokio::io::duplex(64 * 1024);
    let coordinator = async {
        let mut peer = Peer::accept(far, &fleet.coordinator).await.unwrap();
        peer.send_json(FrameType::Statements, &fleet.statements).await.unwrap();
        let _: Hello = peer.expect(FrameType::Hello).await.unwrap();
        let mut coordinator = Coordinator::new(host.desk.agent());
        coordinator.welcome(&mut peer).await.unwrap();
        coordinator.take(&mut peer).await.unwrap();
        // A pong counts as a word, and the time begins anew.
        let mut pings = 0;
        host.time.advance(Duration::from_secs(30));
        while let Ok(frame) = peer.receive().await {
            if frame.kind() == FrameType::Ping as u8 {
                pings += 1;
                if pings == 1 {
                    peer.send(FrameType::Pong, frame.payload()).await.unwrap();
                    // Its being heard is seen by the next ping's coming only after thirty seconds more.
                    tokio::task::yield_now().await;
                }
                host.time.advance(Duration::from_secs(30));
            }
        }
        pings
    };
    let ((ended, _), pings) =
        tokio::join!(session(&host, &fleet, near, CancellationToken::new()), coordinator);
    assert!(matches!(ended, Err(Problem::Silent)), "{ended:?}");
    assert!((3..=4).contains(&pings), "{pings} pings");
}

/// Clocks that part, and agree again, while a connection holds.
#[tokio::test]
async fn retention_waits_while_the_clocks_disagree_and_no_longer() {
    let fleet = Fleet::found();
    let host = Host::member(&fleet, Policy::default()).await;
    let (near, far) = tokio::io::duplex(64 * 1024);
    let stop = CancellationToken::new();
    let coordinator = async {
        let mut peer = Peer::accept(far, &fleet.coordinator).await.unwrap();
        peer.send_json(FrameType::Statements, &fleet.statements).await.unwrap();
        let _: Hello = peer.expect(FrameType::Hello).await.unwrap();
        let mut coordinator = Coordinator::new(host.desk.agent());
        coordinator.welcome(&mut peer).await.unwrap();
        coordinator.take(&mut peer).await.unwrap();
        for (hours, held) in [(0, 0), (7, 1), (-7, 0)] {
            host.time.set_wall(host.desk.world().now().plus_ms(hours * 3_600_000));
            // What follows a ping is done before the next frame is answered.
            host.time.advance(Duration::from_secs(30));
            coordinator.until(&mut peer, FrameType::Ping).await.unwrap();
            peer.send(FrameType::Ping, &[7; 8]).await.unwrap();
            coordinator.until(&mut peer, FrameType::Pong).await.unwrap();
            assert_eq!(host.read(holds::all).await.len(), held, "{hours}");
        }
        stop.cancel();
        while coordinator.take(&mut peer).await.is_ok() {}
    };
    let ((ended, _), ()) = tokio::join!(session(&host, &fleet, near, stop.clone()), coordinator);
    assert!(ended.is_ok(), "{ended:?}");
}

#[tokio::test]
async fn a_wiped_coordinator_learns_everything_again() {
    let fleet = Fleet::found();
    let host = Host::member(&fleet, Policy::default()).await;
    write(&host, 40).await;
    for _ in 0..2 {
        let mut coordinator = Coordinator::new(host.desk.agent());
        let stop = CancellationToken::new();
        let (near, far) = tokio::io::duplex(4096);
        let other = coordinator.until_level(far, &fleet, &host, stop.clone());
        let ((ended, _), ()) = tokio::join!(session(&host, &fleet, near, stop.clone()), other);
        assert!(ended.is_ok(), "{ended:?}");
        let own = host.read(|connection| journal::after(connection, 1, 0, 10_000)).await;
        assert_eq!(coordinator.hashes, own.iter().map(|row| row.hash).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn a_disk_that_was_set_back_goes_on_in_a_new_epoch_and_holds_retention() {
    let fleet = Fleet::found();
    let host = Host::member(&fleet, Policy::default()).await;
    write(&host, 2).await;
    let here = head(&host).await;
    // What this host signed before its disk was set back.
    let lost = Head { seq: here.seq + 10, hash: Hash32([5; 32]), ..here };
    let mut coordinator = Coordinator::new(host.desk.agent());
    coordinator.held = Some(lost.sign(&host.desk.keys().identity));
    let stop = CancellationToken::new();
    let (near, far) = tokio::io::duplex(4096);
    let other = coordinator.until_level(far, &fleet, &host, stop.clone());
    let ((ended, _), ()) = tokio::join!(session(&host, &fleet, near, stop.clone()), other);
    assert!(ended.is_ok(), "{ended:?}");
    let now = head(&host).await;
    assert_eq!((now.epoch, coordinator.held.unwrap().head), (2, now));
    assert!(coordinator.followed, "the new epoch names what was held as its predecessor");
    let held = host.read(holds::all).await;
    insta::assert_snapshot!(held[0].message);
    let rows = host.read(|connection| journal::after(connection, 2, 0, 100)).await;
    assert_eq!(rows[0].kind, "local");
    assert!(rows.iter().any(|row| row.kind == "membership"), "what nobody acknowledged came along");
    assert!(
        host.read(|connection| journal::verify(connection).map_err(|e| StoreError::Damaged(e.to_string())))
            .await
            == now
    );
}

#[tokio::test]
async fn an_expired_order_is_judged_by_the_coordinators_clock_not_by_ours() {
    let fleet = Fleet::found();
    let host = Host::member(&fleet, Policy::default()).await;
    give_plan(&fleet, &host).await;
    // Somebody set our clock back by a year; by the coordinator's the order is over after twenty seconds.
    host.time.set_wall(START.plus_ms(-365 * 86_400_000));
    let (near, far) = tokio::io::duplex(64 * 1024);
    let coordinator = async {
        let mut peer = Peer::accept(far, &fleet.coordinator).await.unwrap();
        peer.send_json(FrameType::Statements, &fleet.statements).await.unwrap();
        let _: Hello = peer.expect(FrameType::Hello).await.unwrap();
        Coordinator::new(host.desk.agent()).welcome(&mut peer).await.unwrap();
        host.time.advance(Duration::from_secs(20));
        let order = wire::order::Order { expires_at: START.plus_ms(20_000), ..order_run(&fleet, &host) };
        peer.send_json(FrameType::Dispatch, &fleet.dispatch(&order, &fleet.admin, 2)).await.unwrap();
        let receipt: Receipt = peer.expect(FrameType::Receipt).await.unwrap();
        receipt
    };
    let ((_, _), receipt) = tokio::join!(session(&host, &fleet, near, CancellationToken::new()), coordinator);
    assert!(
        matches!(receipt.outcome, Outcome::Refused { code: OrderRefusalCode::Expired, .. }),
        "{receipt:?}"
    );
    let held = host.read(holds::all).await;
    assert_eq!(held.len(), 1, "and retention waits until the clocks agree");
    assert_eq!(host.read(ledger::revision).await, 1);
    assert!(host.read(trust::pin).await.is_some());
}
