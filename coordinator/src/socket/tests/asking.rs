//! Questions over the live link, and an agent's end that answers as it pleases.

use wire::{
    action::OrderRefusalCode,
    error::ErrorCode,
    id::{OrderId, UnixMs},
    journal::Snapshots,
    question::{AnswerLine, Answered, Ask, Asked, End, Hit, NodeKind, Part, Question},
    snapshot::Snapshot,
};

use super::*;
use crate::fleet::{Admitted, Asking, Came, FleetError};

const PLAN: &str = r#"{"repositories": {"main": {"backend": {"kind": "local", "path": "/b"}}}}"#;

fn snapshot(n: u8) -> Snapshot {
    Snapshot {
        id: hex::encode([n; 32]),
        time: UnixMs(1_795_187_040_000 + i64::from(n)),
        hostname: "web-1".into(),
        paths: vec!["/home".into()],
        tags: Vec::new(),
        group: None,
        size_bytes: None,
        files: None,
        added_bytes: None,
        doubt: None,
    }
}

pub(super) fn hash(n: u8) -> String {
    hex::encode([n; 32])
}

/// A member with a repository and two snapshots.
pub(super) async fn host(stage: &Stage) -> (Actor, Admitted) {
    let (mut actor, admitted) = stage.member("web-1").await;
    actor.append(&actor.facts());
    actor.plan(1, PLAN);
    actor.append(&Snapshots {
        repository: "main".parse().unwrap(),
        whole: true,
        added: vec![snapshot(1), snapshot(2)],
        removed: Vec::new(),
    });
    actor.sync(stage, &admitted).await;
    (actor, admitted)
}

fn find(pattern: &str) -> Question {
    Question::Find {
        repository: "main".parse().unwrap(),
        pattern: pattern.into(),
        ignore_case: false,
        group: None,
    }
}

impl Wire {
    pub(super) async fn asked(&mut self) -> (OrderId, Question) {
        let Ask { id, what: Asked::Question(question) } = self.expect(FrameType::Ask).await else { panic!() };
        let room: Ask = self.expect(FrameType::Ask).await;
        assert_eq!(room, Ask { id, what: Asked::More(8) });
        (id, question)
    }

    pub(super) async fn part(&mut self, id: OrderId, part: Part) {
        self.send_json(FrameType::Answer, &Answered { id, line: AnswerLine::Part(part) }).await;
    }

    pub(super) async fn done(&mut self, id: OrderId) {
        self.send_json(FrameType::Answer, &Answered { id, line: AnswerLine::End(End::Done) }).await;
    }

    async fn data(&mut self, id: OrderId, bytes: &[u8]) {
        self.send(FrameType::Data, &[id.0.as_bytes(), bytes].concat()).await;
    }
}

fn hits(n: u64) -> Part {
    let hit = Hit { path: format!("/{n}"), kind: NodeKind::File, size: None, mtime: UnixMs(0) };
    Part::Hits { snapshot: hash(1), hits: vec![hit] }
}

fn error(next: Result<Option<Came>, FleetError>) -> FleetError {
    next.unwrap_err()
}

/// Whether the coordinator says nothing for a moment.
async fn is_silent(wire: &mut Wire) -> bool {
    World::real().within(Duration::from_millis(60), wire.next()).await.is_none()
}

#[tokio::test]
async fn parts_come_in_their_order_and_never_more_than_there_is_room_for() {
    let stage = Stage::new().await;
    let (actor, _) = host(&stage).await;
    let mut wire = Wire::live(&stage, &actor).await;
    let mut asking = stage.fleet.ask(actor.id(), find("x")).unwrap();
    let (ask, question) = wire.asked().await;
    assert_eq!(question, find("x"));
    for n in 0..8 {
        wire.part(ask, hits(n)).await;
    }
    assert!(is_silent(&mut wire).await, "nobody took anything, and there is room for more");
    let agent = tokio::spawn(async move {
        let mut room = 0;
        for n in 8..100 {
            while room == 0 {
                let Ask { what: Asked::More(more), .. } = wire.expect(FrameType::Ask).await else { panic!() };
                room += more;
                assert!(room <= 8);
            }
            wire.part(ask, hits(n)).await;
            room -= 1;
        }
        wire.done(ask).await;
        wire
    });
    for n in 0..100 {
        assert_eq!(asking.next().await.unwrap(), Some(Came::Part(hits(n))));
    }
    assert_eq!(asking.next().await.unwrap(), None);
    assert_eq!(asking.next().await.unwrap(), None);
    drop(asking);
    let mut wire = agent.await.unwrap();
    while let Some(Said::Frame(kind, payload)) =
        World::real().within(Duration::from_millis(60), wire.next()).await
    {
        let ask: Ask = serde_json::from_slice(&payload).unwrap();
        assert_eq!(kind, FrameType::Ask as u8);
        assert!(matches!(ask.what, Asked::More(_)), "what is over is not stopped: {ask:?}");
    }
}

#[tokio::test]
async fn dropping_the_answer_takes_the_question_back() {
    let stage = Stage::new().await;
    let (actor, _) = host(&stage).await;
    let mut wire = Wire::live(&stage, &actor).await;
    let asking = stage.fleet.ask(actor.id(), find("x")).unwrap();
    let (id, _) = wire.asked().await;
    drop(asking);
    let stop: Ask = wire.expect(FrameType::Ask).await;
    assert_eq!(stop, Ask { id, what: Asked::Stop(wire::question::Stop {}) });
    // What was on its way meets nobody.
    wire.part(id, hits(1)).await;
    wire.done(id).await;
    wire.send(FrameType::Ping, b"12345678").await;
    assert_eq!(wire.expect_bytes(FrameType::Pong).await, b"12345678");
    assert!(!stage.fleet.awaits_answers());
}

#[tokio::test]
async fn who_leaves_before_the_question_was_sent_leaves_nothing_behind() {
    let stage = Stage::new().await;
    let (actor, _) = host(&stage).await;
    let peer = std::net::SocketAddr::from(([127, 0, 0, 1], 1));
    // Nobody sends for this one: its link is slow.
    let seat = stage.fleet.take_seat(actor.id(), peer).await.unwrap();
    for _ in 0..40 {
        drop(stage.fleet.ask(actor.id(), find("x")).unwrap());
    }
    assert_eq!(seat.take_asks(), []);
}

#[tokio::test]
async fn an_absent_host_is_said_at_once_and_a_lost_link_ends_what_was_asked() {
    let stage = Stage::new().await;
    let (actor, _) = host(&stage).await;
    let absent = stage.fleet.ask(actor.id(), find("x")).unwrap_err();
    assert_eq!(absent.code(), ErrorCode::HostAbsent);
    assert!(absent.hint().contains("never seen"), "{}", absent.hint());
    let mut wire = Wire::live(&stage, &actor).await;
    let mut asking = stage.fleet.ask(actor.id(), find("x")).unwrap();
    let (id, _) = wire.asked().await;
    wire.part(id, hits(1)).await;
    assert_eq!(asking.next().await.unwrap(), Some(Came::Part(hits(1))));
    drop(wire);
    let lost = error(asking.next().await);
    assert_eq!(lost.code(), ErrorCode::HostAbsent);
    assert!(lost.to_string().contains("lost"), "{lost}");
    let absent = stage.fleet.ask(actor.id(), find("x")).unwrap_err();
    assert!(absent.hint().contains("seen last "), "{}", absent.hint());
    assert!(!stage.fleet.awaits_answers());
}

#[tokio::test]
async fn a_host_that_says_nothing_is_waited_for_for_a_while() {
    let stage = Stage::new().await;
    let (actor, _) = host(&stage).await;
    let mut wire = Wire::live(&stage, &actor).await;
    let mut asking = stage.fleet.ask(actor.id(), find("x")).unwrap();
    let (id, _) = wire.asked().await;
    let waiting = tokio::spawn(async move { (error(asking.next().await), asking.next().await) });
    while !waiting.is_finished() {
        stage.time.advance(Duration::from_secs(10));
        tokio::task::yield_now().await;
    }
    let (silent, after) = waiting.await.unwrap();
    assert_eq!((silent.code(), after), (ErrorCode::HostSilent, Ok(None)));
    let stop: Ask = wire.expect(FrameType::Ask).await;
    assert_eq!(stop.what, Asked::Stop(wire::question::Stop {}));
    assert_eq!(stop.id, id);
}

#[tokio::test]
async fn what_the_host_says_of_a_failure_is_told() {
    let stage = Stage::new().await;
    let (actor, _) = host(&stage).await;
    let mut wire = Wire::live(&stage, &actor).await;
    let mut asking = stage.fleet.ask(actor.id(), find("x")).unwrap();
    let (id, _) = wire.asked().await;
    let end = End::Failed {
        code: OrderRefusalCode::Unavailable,
        message: "the repository is locked".into(),
        hint: "Wait.".into(),
    };
    wire.send_json(FrameType::Answer, &Answered { id, line: AnswerLine::End(end) }).await;
    let refused = error(asking.next().await);
    assert_eq!((refused.code(), refused.hint()), (ErrorCode::HostRefused, "Wait."));
    assert_eq!(refused.to_string(), "web-1 could not do it: the repository is locked");
}

#[tokio::test]
async fn too_much_at_once_is_refused_and_a_place_is_free_again_when_one_ends() {
    let stage = Stage::new().await;
    let (actor, _) = host(&stage).await;
    let _wire = Wire::live(&stage, &actor).await;
    let mut all: Vec<Asking> = (0..16).map(|_| stage.fleet.ask(actor.id(), find("x")).unwrap()).collect();
    assert_eq!(stage.fleet.ask(actor.id(), find("x")).unwrap_err().code(), ErrorCode::TooManyRequests);
    all.pop();
    stage.fleet.ask(actor.id(), find("x")).unwrap();
}

#[tokio::test]
async fn nobody_answers_what_another_host_was_asked_nor_more_than_there_was_room_for() {
    let stage = Stage::new().await;
    let (actor, _) = host(&stage).await;
    let (other, _) = stage.member("web-2").await;
    let (mut wire, mut others) = (Wire::live(&stage, &actor).await, Wire::live(&stage, &other).await);
    let mut asking = stage.fleet.ask(actor.id(), find("x")).unwrap();
    let (id, _) = wire.asked().await;
    others.part(id, hits(666)).await;
    others.done(id).await;
    others.data(id, b"bytes").await;
    others.part(OrderId(stage.world.uuid()), hits(1)).await;
    others.send(FrameType::Ping, b"12345678").await;
    assert_eq!(others.expect_bytes(FrameType::Pong).await, b"12345678");
    for n in 0..9 {
        wire.part(id, hits(n)).await;
    }
    let stop: Ask = wire.expect(FrameType::Ask).await;
    assert_eq!(stop.what, Asked::Stop(wire::question::Stop {}));
    for n in 0..8 {
        assert_eq!(asking.next().await.unwrap(), Some(Came::Part(hits(n))));
    }
    assert_eq!(error(asking.next().await).code(), ErrorCode::HostRefused);
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_is_cut_and_one_that_is_too_large_ends_the_link() {
    let stage = Stage::new().await;
    let (actor, _) = host(&stage).await;
    let mut wire = Wire::live(&stage, &actor).await;
    let mut asking = stage.fleet.ask(actor.id(), find("x")).unwrap();
    let (id, _) = wire.asked().await;
    let later = serde_json::json!({ "id": id, "part": { "part": "hologram" } });
    wire.send_json(FrameType::Answer, &later).await;
    assert_eq!(error(asking.next().await).code(), ErrorCode::HostRefused);
    let _: Ask = wire.expect(FrameType::Ask).await;
    wire.send(FrameType::Data, &vec![0; 128 * 1024 + 1]).await;
    let bye: Refusal = wire.expect(FrameType::Bye).await;
    assert_eq!(bye.code, RefusalCode::Frame);
    let mut wire = Wire::live(&stage, &actor).await;
    wire.send(FrameType::Answer, &vec![b' '; 256 * 1024 + 1]).await;
    let bye: Refusal = wire.expect(FrameType::Bye).await;
    assert_eq!(bye.code, RefusalCode::Frame);
}
