//! Connections as agents see them: an independent WebSocket client, wire's own channel, and links that break.

mod agent;
mod asking;
mod errands;
mod release;
mod storm;
mod trees;

use std::{sync::Arc, time::Duration};

use wire::{
    action::{Action, Outcome},
    channel::Initiator,
    frame::{Ack, Credential, FrameType, Live, ProtocolRange, Refusal, RefusalCode, Watch, Welcome},
    id::{FleetId, JobId},
    job::{JobState, Progress},
    order::{Receiver, Verdict, verify_dispatch},
    trust::{Admission, Ledger, Signed, Statement},
    view::{Event, OrderRequest, OrderState, PresenceView},
};

use crate::{
    fleet::{
        HostQuery,
        tests::stage::{Actor, Stage},
    },
    world::World,
};
use agent::{Said, Wire};

/// Waits for a value, and says what it was last when it never comes.
pub(super) async fn until<T: std::fmt::Debug>(
    what: &str,
    mut look: impl FnMut() -> T,
    good: impl Fn(&T) -> bool,
) -> T {
    for _ in 0..2_000 {
        let value = look();
        if good(&value) {
            return value;
        }
        World::real().sleep(Duration::from_millis(2)).await;
    }
    panic!("{what} never came; the last was {:?}", look());
}

#[tokio::test]
async fn from_the_door_to_a_journal_that_is_held_on_one_socket() {
    let stage = Stage::new().await;
    let mut actor = Actor::new(&stage.world, "web-1");
    let mut wire = Wire::connect(&stage, &actor, Some(stage.kit.fleet())).await.unwrap();
    wire.hello(&actor).await;
    let Welcome::Pending { expires_at, collides_with } = wire.expect(FrameType::Welcome).await else {
        panic!("not pending")
    };
    assert_eq!((expires_at, collides_with), (stage.world.now().plus_ms(3_600_000), None));
    let waiting = stage.fleet.pending();
    assert_eq!((waiting[0].hostname.as_str(), waiting[0].connected), ("web-1", true));

    let binding = actor.keys.binding();
    stage.fleet.approve(&stage.act("ada"), actor.id(), stage.admission(&binding, "web-1")).await.unwrap();
    let admission: Signed<Admission> = wire.expect(FrameType::Admit).await;
    actor.credential = Credential::Admission { admission };
    actor.append(&actor.facts());
    let job = actor.backup(JobState::Succeeded, 3);
    wire.hello(&actor).await;
    let Welcome::Approved { name, head, credential } = wire.expect(FrameType::Welcome).await else {
        panic!("not approved")
    };
    assert_eq!((name.as_str(), head, credential), ("web-1", None, None));
    let row = || stage.fleet.hosts(&HostQuery::default()).unwrap().items[0].clone();
    assert_eq!(row().presence, PresenceView::Online);

    let (batch, signed) = actor.batch(0, actor.records.len());
    wire.send(FrameType::Batch, &batch).await;
    let ack: Ack = wire.expect(FrameType::Ack).await;
    assert_eq!((ack.epoch, ack.seq, ack.hash), (1, signed.head.seq, signed.head.hash));
    assert_eq!(stage.fleet.job(actor.id(), job).await.unwrap().state, JobState::Succeeded);

    wire.send(FrameType::Ping, b"12345678").await;
    assert_eq!(wire.expect_bytes(FrameType::Pong).await, b"12345678");
    wire.close().await;
    until("offline", || row().presence, |presence| *presence == PresenceView::Offline).await;
}

#[tokio::test]
async fn an_order_reaches_the_agent_which_can_verify_it_and_its_receipt_comes_back() {
    let stage = Stage::new().await;
    let (mut actor, _) = stage.member("web-1").await;
    let mut wire = Wire::live(&stage, &actor).await;
    let groups = vec!["default".parse().unwrap()];
    let request =
        OrderRequest::Routine { routine: Action::Run { groups, upload_kib_s: None, download_kib_s: None } };
    let order = stage.fleet.order(&stage.act("otto"), actor.id(), request).await.unwrap();
    let dispatch = wire.expect(FrameType::Dispatch).await;
    let ledger = Ledger::replay(stage.kit.fleet(), &wire.statements).unwrap();
    let receiver =
        Receiver { agent: actor.id(), ledger: &ledger, now: stage.world.now(), last_number: 0, plan: None };
    let verdict = verify_dispatch(&dispatch, &receiver, |_| None::<()>).unwrap();
    let Verdict::Fresh(verified) = verdict else { panic!("{verdict:?}") };
    assert_eq!((verified.number, verified.order.id), (1, order.order));
    actor.receipt(1, order.order, "run", Outcome::Accepted { jobs: vec![], revision: None });
    let (batch, _) = actor.batch(0, 1);
    wire.send(FrameType::Batch, &batch).await;
    let _: Ack = wire.expect(FrameType::Ack).await;
    assert_eq!(stage.fleet.orders(actor.id()).await.unwrap()[0].state, OrderState::Answered);
}

#[tokio::test]
async fn a_watched_job_is_relayed_while_somebody_watches_and_a_slow_viewer_loses_alone() {
    let stage = Stage::new().await;
    let (actor, _) = stage.member("web-1").await;
    let mut wire = Wire::live(&stage, &actor).await;
    let (agent, job) = (actor.id(), JobId(stage.world.uuid()));
    let mut quick = stage.fleet.watch(agent, job);
    let on: Watch = wire.expect(FrameType::Watch).await;
    assert_eq!((on.job, on.on), (job, true));
    let mut slow = stage.fleet.watch(agent, job);
    for n in 0..100u64 {
        let progress = Progress { files_done: n, ..Progress::default() };
        wire.send_json(FrameType::Live, &Live::Progress { job, progress }).await;
        let Some(Event::Live { live: Live::Progress { progress, .. }, .. }) = quick.next().await else {
            panic!("no progress")
        };
        assert_eq!(progress.files_done, n);
    }
    drop(quick);
    let mut seen = Vec::new();
    while let Some(Some(Event::Live { live: Live::Progress { progress, .. }, .. })) =
        futures_util::FutureExt::now_or_never(slow.next())
    {
        seen.push(progress.files_done);
    }
    assert_eq!(seen, (0..64).collect::<Vec<_>>());
    drop(slow);
    let off: Watch = wire.expect(FrameType::Watch).await;
    assert_eq!((off.job, off.on), (job, false));
}

#[tokio::test]
async fn a_new_statement_reaches_live_and_waiting_agents() {
    let stage = Stage::new().await;
    let (actor, _) = stage.member("web-1").await;
    let mut wire = Wire::live(&stage, &actor).await;
    let known = stage.fleet.known().unwrap();
    let mut next = known.ledger.statement().clone();
    (next.version, next.previous) = (2, known.ledger.hash());
    stage.fleet.publish(&stage.act("ada"), Signed::sign(&next, &stage.kit.root()).unwrap()).await.unwrap();
    let all: Vec<Signed<Statement>> = wire.expect(FrameType::Statements).await;
    assert_eq!(Ledger::replay(stage.kit.fleet(), &all).unwrap().version(), 2);
}

#[tokio::test]
async fn whoever_pinned_another_fleet_or_comes_before_there_is_one_is_refused_typed() {
    let stage = Stage::new().await;
    let actor = Actor::new(&stage.world, "web-1");
    let refusal = Wire::connect(&stage, &actor, Some(FleetId([8; 32]))).await.unwrap_err();
    assert_eq!(refusal.code, RefusalCode::Fleet);
    let empty = Stage::empty().await;
    assert_eq!(Wire::connect(&empty, &actor, None).await.unwrap_err().code, RefusalCode::Fleet);
    let future = ProtocolRange { min: 7, max: 9 };
    let refusal = Wire::connect_with(&stage, &actor, None, future).await.unwrap_err();
    assert_eq!((refusal.code, refusal.supported), (RefusalCode::Protocol, Some(ProtocolRange::OURS)));
}

#[tokio::test]
async fn a_rejected_agent_hears_so_and_its_socket_closes_with_4001() {
    let stage = Stage::new().await;
    let actor = Actor::new(&stage.world, "web-1");
    let mut wire = Wire::connect(&stage, &actor, None).await.unwrap();
    wire.hello(&actor).await;
    let _: Welcome = wire.expect(FrameType::Welcome).await;
    stage.fleet.reject(&stage.act("ada"), actor.id()).await.unwrap();
    let refusal: Refusal = wire.expect(FrameType::Bye).await;
    assert_eq!(refusal.code, RefusalCode::Rejected);
    assert_eq!(wire.next().await, Said::Closed(Some(4001)));
}

#[tokio::test]
async fn frames_that_make_no_sense_end_the_connection_typed_and_change_nothing() {
    let stage = Stage::new().await;
    let (actor, _) = stage.member("web-1").await;
    for (kind, payload) in [
        (FrameType::Welcome, &b"{}"[..]),
        (FrameType::Hello, b"{}"),
        (FrameType::Live, b"not json"),
        (FrameType::Batch, b"short"),
        (FrameType::Bye, b"[]"),
    ] {
        let mut wire = Wire::live(&stage, &actor).await;
        wire.send(kind, payload).await;
        let refusal: Refusal = wire.expect(FrameType::Bye).await;
        assert_eq!(refusal.code, RefusalCode::Frame, "{kind:?}");
        assert!(matches!(wire.next().await, Said::Closed(Some(4011))), "{kind:?}");
        let offline = || stage.fleet.hosts(&HostQuery::default()).unwrap().items[0].presence;
        until("offline", offline, |presence| *presence == PresenceView::Offline).await;
    }
    // A frame of a newer protocol is none of our business.
    let mut wire = Wire::live(&stage, &actor).await;
    wire.send_unknown(200, b"?").await;
    wire.send(FrameType::Ping, b"still on").await;
    assert_eq!(wire.expect_bytes(FrameType::Pong).await, b"still on");
}

#[tokio::test]
async fn who_waits_says_hello_again_only_once_it_is_admitted() {
    let stage = Stage::new().await;
    let actor = Actor::new(&stage.world, "web-1");
    let mut wire = Wire::connect(&stage, &actor, None).await.unwrap();
    wire.hello(&actor).await;
    let _: Welcome = wire.expect(FrameType::Welcome).await;
    wire.hello(&actor).await;
    let refusal: Refusal = wire.expect(FrameType::Bye).await;
    assert_eq!(refusal.code, RefusalCode::Frame);
}

#[tokio::test]
async fn a_live_frame_that_is_too_long_is_nobodys_and_harms_nothing() {
    let stage = Stage::new().await;
    let (actor, _) = stage.member("web-1").await;
    let mut wire = Wire::live(&stage, &actor).await;
    wire.send(FrameType::Live, &vec![b' '; 1 << 20]).await;
    wire.send(FrameType::Ping, b"still on").await;
    assert_eq!(wire.expect_bytes(FrameType::Pong).await, b"still on");
}

#[tokio::test]
async fn a_handshake_that_takes_too_long_is_cut() {
    let stage = Stage::new().await;
    let actor = Actor::new(&stage.world, "web-1");
    let (mut theirs, task) = Wire::raw(&stage);
    let (_, first) =
        Initiator::start(&actor.keys, ProtocolRange::OURS, None, &mut stage.world.rng()).unwrap();
    agent::send_raw(&mut theirs, first).await;
    agent::message(&mut theirs).await.unwrap();
    assert!(!task.is_finished());
    // The task has begun to wait before the clock is turned: it answered.
    stage.time.advance(Duration::from_secs(20));
    tokio::time::timeout(Duration::from_secs(5), task).await.expect("it is cut").unwrap();
}

#[tokio::test]
async fn a_stopping_coordinator_tells_everybody_to_come_back() {
    let stage = Arc::new(Stage::new().await);
    let (actor, _) = stage.member("web-1").await;
    let mut wire = Wire::live(&stage, &actor).await;
    stage.fleet.close_all().await;
    let refusal: Refusal = wire.expect(FrameType::Bye).await;
    assert!(refusal.code == RefusalCode::Unavailable && refusal.code.may_pass());
    assert!(matches!(wire.next().await, Said::Closed(Some(4012))));
}

#[tokio::test]
async fn batches_that_follow_each_other_without_waiting_are_acknowledged_in_order() {
    let stage = Stage::new().await;
    let (mut actor, _) = stage.member("web-1").await;
    for _ in 0..12 {
        actor.backup(JobState::Succeeded, 2);
    }
    let mut wire = Wire::live(&stage, &actor).await;
    let ends: Vec<usize> = (0..=actor.records.len()).step_by(6).collect();
    for pair in ends.windows(2) {
        wire.send(FrameType::Batch, &actor.batch(pair[0], pair[1]).0).await;
    }
    for end in &ends[1..] {
        let ack: Ack = wire.expect(FrameType::Ack).await;
        assert_eq!(ack.hash, actor.head_at(*end).hash);
    }
    // After one that does not follow, none is taken.
    let last = actor.records.len();
    actor.backup(JobState::Failed, 0);
    actor.backup(JobState::Failed, 0);
    wire.send(FrameType::Batch, &actor.batch(last + 3, last + 6).0).await;
    wire.send(FrameType::Batch, &actor.batch(last, last + 3).0).await;
    let refusal: Refusal = wire.expect(FrameType::Bye).await;
    assert_eq!(refusal.code, RefusalCode::Journal);
    assert_eq!(stage.fleet.host(actor.id()).await.unwrap().journal.seq, last as u64);
}

#[tokio::test]
async fn an_idle_connection_is_small() {
    let stage = Stage::new().await;
    let (_, ours) = tokio::io::duplex(64);
    let task =
        super::serve(ours, bytes::Bytes::new(), crate::fleet::tests::stage::peer(1), stage.fleet.clone());
    // Ten thousand of these, with the kernel's part, the seat and the keys, have to fit into 128 MiB.
    assert!(size_of_val(&task) <= 3 * 1024, "{} bytes", size_of_val(&task));
}
