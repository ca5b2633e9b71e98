//! The link against a coordinator in the same process, over links that are cut, repeat themselves or fall silent.

mod peer;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio_util::sync::CancellationToken;
use wire::{
    action::{Action, OrderRefusalCode, Outcome, Receipt},
    frame::{Ack, Credential, FrameType, Hello, Refusal, RefusalCode, Welcome},
    id::{Base64Bytes, Hash32},
    identity::CoordinatorKeys,
    journal::{Head, Local},
    trust::{Kit, Signed},
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
    desired::rehearsal::{Fleet, Host, START, plan},
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
    let told = Arc::new(Mutex::new(Vec::new()));
    let telling = told.clone();
    let tell = move |state: LinkState| telling.lock().unwrap().push(state);
    let run = async {
        let socket = connect(stream).await.map_err(|error| DialError::Upgrade {
            address: "http://coordinator".to_owned(),
            problem: error.to_string(),
        })?;
        let open = open::open(socket, &host.desk, fleet.kit.fleet()).await?;
        let purpose = Purpose {
            address: "http://coordinator".to_owned(),
            token: None,
            stop,
            until_member: false,
            observes: false,
            tell: &tell,
        };
        Session::run(&host.desk, open, &purpose).await
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
    let action = Action::Run { groups: vec!["default".parse().unwrap()], upload_kib_s: None };
    fleet.order(host.desk.agent(), action)
}

async fn give_plan(fleet: &Fleet, host: &Host) {
    let set = Action::SetPlan { base_revision: 0, plan: plan(), secrets: Vec::new() };
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
async fn a_head_that_this_host_never_signed_and_a_forked_one_end_the_connection() {
    let fleet = Fleet::found();
    let host = Host::member(&fleet, Policy::default()).await;
    write(&host, 5).await;
    let here = head(&host).await;
    let higher = Head { seq: here.seq + 10, hash: Hash32([5; 32]), ..here };
    let lie = higher.sign(&fleet.admin);
    let forked = Head { hash: Hash32([6; 32]), ..here }.sign(&host.desk.keys().identity);
    for (held, fork) in [(lie, false), (forked, true)] {
        let mut coordinator = Coordinator::new(host.desk.agent());
        coordinator.held = Some(held);
        let (near, far) = tokio::io::duplex(4096);
        let other = coordinator.until_over(far, &fleet);
        let ((ended, _), goodbye) =
            tokio::join!(session(&host, &fleet, near, CancellationToken::new()), other);
        let problem = ended.unwrap_err();
        assert_eq!(matches!(problem, Problem::Fork { .. }), fork, "{problem:?}");
        assert_eq!(problem.retry(true), if fork { Retry::Never } else { Retry::Late });
        let code = if fork { RefusalCode::Fork } else { RefusalCode::Journal };
        assert_eq!(goodbye.map(|refusal| refusal.code), Some(code));
        assert!(coordinator.hashes.is_empty(), "nothing was sent");
        assert_eq!(head(&host).await, here, "nothing was written");
    }
}

#[tokio::test]
async fn only_a_coordinator_of_the_pinned_fleet_is_talked_to() {
    let fleet = Fleet::found();
    let host = Host::new(7, Policy::default());
    host.meet(&fleet).await;
    let mut rng = fleet.world.rng();
    let other = Fleet { kit: Kit::generate(&mut rng), statements: Vec::new(), ..Fleet::found() };
    let foreign = vec![Signed::sign(&other.statement(), &other.kit.root()).unwrap()];
    let impostor = CoordinatorKeys::generate(&mut rng);
    // Its own key under the real one's name: the channel's key is not the one that the statement names.
    let half = CoordinatorKeys {
        identity: fleet.coordinator.identity.clone(),
        ..CoordinatorKeys::generate(&mut rng)
    };
    let mut broken = fleet.statements[0].parts().clone();
    broken.doc = Base64Bytes([broken.doc.0.as_slice(), b" "].concat());
    let table = [
        (&fleet.coordinator, foreign),
        (&impostor, fleet.statements.clone()),
        (&half, fleet.statements.clone()),
        (&fleet.coordinator, Vec::new()),
        (&fleet.coordinator, vec![Signed::from_parts(broken)]),
    ];
    for (keys, statements) in table {
        let (near, far) = tokio::io::duplex(4096);
        let coordinator = async {
            let mut peer = Peer::accept(far, keys).await.unwrap();
            peer.send_json(FrameType::Statements, &statements).await.unwrap();
            peer.receive().await.map(|frame| frame.kind())
        };
        let ((ended, _), next) =
            tokio::join!(session(&host, &fleet, near, CancellationToken::new()), coordinator);
        let problem = ended.unwrap_err();
        assert!(matches!(problem, Problem::Trust(_) | Problem::NotOfTheFleet), "{problem:?}");
        assert_eq!(problem.retry(false), Retry::Never);
        assert_eq!(next.ok(), Some(FrameType::Bye as u8), "it never said hello");
    }
}

#[tokio::test]
async fn a_refusal_ends_it_with_its_reason_however_it_is_said() {
    let fleet = Fleet::found();
    let host = Host::new(7, Policy::default());
    host.meet(&fleet).await;
    let refusal = Refusal {
        code: RefusalCode::Rejected,
        message: "Ada turned this host away".to_owned(),
        hint: "ask Ada".to_owned(),
        supported: None,
    };
    for way in 0..3 {
        let (near, far) = tokio::io::duplex(4096);
        let coordinator = async {
            let mut peer = Peer::accept(far, &fleet.coordinator).await.unwrap();
            peer.send_json(FrameType::Statements, &fleet.statements).await.unwrap();
            let _: Hello = peer.expect(FrameType::Hello).await.unwrap();
            match way {
                0 => peer.send_json(FrameType::Bye, &refusal).await.unwrap(),
                1 => peer
                    .send_json(FrameType::Welcome, &Welcome::Refused { refused: refusal.clone() })
                    .await
                    .unwrap(),
                _ => peer.close(RefusalCode::Rejected).await,
            }
        };
        let ((ended, _), ()) =
            tokio::join!(session(&host, &fleet, near, CancellationToken::new()), coordinator);
        let problem = ended.unwrap_err();
        assert_eq!((problem.code(), problem.retry(false)), (Some(RefusalCode::Rejected), Retry::Never));
        assert!(problem.lasting(false).is_some());
    }
}

/// What must not come, or not yet: each is answered with a typed goodbye, and nothing of it counts.
#[tokio::test]
async fn nonsense_is_refused_in_words() {
    let fleet = Fleet::found();
    let host = Host::member(&fleet, Policy::default()).await;
    give_plan(&fleet, &host).await;
    let before = head(&host).await;
    let unknown = Ack { epoch: 1, seq: 9_999, hash: Hash32::ZERO };
    let dispatch = fleet.dispatch(&order_run(&fleet, &host), &fleet.admin, 2);
    let json = |value: &dyn erased::Json| value.bytes();
    let table: [(FrameType, Vec<u8>, bool); 6] = [
        (FrameType::Welcome, b"{\"welcome\":\"to the club\"}".to_vec(), false),
        (FrameType::Statements, b"[]".to_vec(), false),
        (FrameType::Hello, b"{}".to_vec(), false),
        (FrameType::Ack, json(&unknown), false),
        (FrameType::Dispatch, json(&dispatch), false),
        (FrameType::Ack, json(&unknown), true),
    ];
    for (kind, payload, welcomed) in table {
        let (near, far) = tokio::io::duplex(64 * 1024);
        let coordinator = Coordinator::new(host.desk.agent());
        let other = async {
            let mut peer = Peer::accept(far, &fleet.coordinator).await.unwrap();
            peer.send_json(FrameType::Statements, &fleet.statements).await.unwrap();
            let _: Hello = peer.expect(FrameType::Hello).await.unwrap();
            if welcomed {
                coordinator.welcome(&mut peer).await.unwrap();
            }
            peer.send(kind, &payload).await.unwrap();
            peer.goodbye().await
        };
        let ((ended, _), goodbye) =
            tokio::join!(session(&host, &fleet, near, CancellationToken::new()), other);
        assert!(ended.is_err(), "{kind:?}");
        assert!(goodbye.is_some(), "{kind:?}");
        assert_eq!(head(&host).await, before, "{kind:?}");
    }
}

mod erased {
    //! JSON of anything, for a table of different things.
    pub trait Json {
        fn bytes(&self) -> Vec<u8>;
    }
    impl<T: serde::Serialize> Json for T {
        fn bytes(&self) -> Vec<u8> {
            serde_json::to_vec(self).unwrap()
        }
    }
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
