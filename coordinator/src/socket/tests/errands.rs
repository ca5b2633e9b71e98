//! Errands: signed, handed over in memory alone, answered by more than a receipt.

use wire::{
    action::{Action, OrderRefusalCode, Outcome, Receipt},
    error::ErrorCode,
    id::{Base64Bytes, JobId, OrderId, SealKey},
    identity::KeyBinding,
    order::{Dispatch, Order},
    question::{AnswerLine, Answered, Ask, Asked, End, Part},
    restore::{Lent, Restore, RestoreTarget},
    view::LentView,
};

use super::*;
use crate::{fleet::Came, store::tests::bytes_on_disk};

const MINUTE_MS: i64 = 60_000;
/// What nobody finds by chance.
const BOX: &[u8; 40] = b"a credential that was lent, sealed: 8152";

fn grave(stage: &Stage, actor: &Actor, action: Action) -> Signed<Order> {
    let now = stage.world.now();
    let order = Order {
        fleet: stage.kit.fleet(),
        agent: actor.id(),
        id: OrderId(stage.world.uuid()),
        issued_at: now,
        expires_at: now.plus_ms(10 * MINUTE_MS),
        person: "otto".into(),
        action,
    };
    Signed::sign(&order, &stage.operator).unwrap()
}

fn lend(to: KeyBinding) -> Action {
    let job = JobId(uuid::Uuid::from_u128(7));
    Action::Lend { repository: "main".parse().unwrap(), to, to_name: "web-2".into(), job }
}

fn download(path: &str) -> Action {
    Action::Download {
        repository: "main".parse().unwrap(),
        snapshot: hex::encode([1; 32]),
        path: path.parse().unwrap(),
        archive: None,
        to: SealKey([3; 32]),
    }
}

impl Wire {
    async fn dispatched(&mut self) -> (u64, OrderId) {
        let dispatch: Signed<Dispatch> = self.expect(FrameType::Dispatch).await;
        let dispatch = dispatch.verify().unwrap().document;
        (dispatch.number, dispatch.order.verify().unwrap().document.id)
    }

    /// Takes an order that is answered, and is given room for it.
    async fn taken(&mut self, room: u32) -> OrderId {
        let (number, order) = self.dispatched().await;
        let outcome = Outcome::Accepted { jobs: Vec::new(), revision: None };
        self.send_json(FrameType::Receipt, &Receipt { number, order, outcome }).await;
        let ask: Ask = self.expect(FrameType::Ask).await;
        assert_eq!(ask, Ask { id: order, what: Asked::More(room) });
        order
    }

    async fn answer(&mut self, id: OrderId, line: AnswerLine) {
        self.send_json(FrameType::Answer, &Answered { id, line }).await;
    }
}

async fn two(stage: &Stage) -> (Actor, Wire, KeyBinding) {
    let (actor, _) = super::asking::host(stage).await;
    let (other, _) = stage.member("web-2").await;
    let wire = Wire::live(stage, &actor).await;
    (actor, wire, other.keys.binding())
}

#[tokio::test]
async fn what_is_lent_comes_back_under_the_orders_id_and_is_nowhere_on_the_disk() {
    let stage = Stage::new().await;
    let (actor, mut wire, to) = two(&stage).await;
    let order = grave(&stage, &actor, lend(to));
    let act = stage.act("otto");
    let lent = stage.fleet.lend(&act, actor.id(), order);
    let agent = async {
        let id = wire.taken(8).await;
        wire.answer(id, AnswerLine::Part(Part::Lent { sealed: Base64Bytes(BOX.to_vec()) })).await;
        wire.answer(id, AnswerLine::End(End::Done)).await;
    };
    let (lent, ()) = tokio::join!(lent, agent);
    assert_eq!(lent.unwrap(), LentView { sealed: Base64Bytes(BOX.to_vec()) });
    let orders = stage.fleet.orders(actor.id()).await.unwrap();
    assert_eq!((orders[0].action.as_str(), orders[0].state), ("lend", OrderState::Sent));
    let encoded = serde_json::to_string(&Base64Bytes(BOX.to_vec())).unwrap();
    let disk = bytes_on_disk(stage.directory.path());
    let found = |needle: &[u8]| disk.windows(needle.len()).any(|window| window == needle);
    // The audit names to whom.
    assert!(found(b"web-2") && !found(BOX) && !found(encoded.trim_matches('"').as_bytes()));
}

#[tokio::test]
async fn a_refusal_of_the_host_is_heard_and_so_is_its_silence() {
    let stage = Stage::new().await;
    let (actor, mut wire, to) = two(&stage).await;
    let act = stage.act("otto");
    let refused = stage.fleet.lend(&act, actor.id(), grave(&stage, &actor, lend(to.clone())));
    let agent = async {
        let (number, order) = wire.dispatched().await;
        let outcome = Outcome::Refused {
            code: OrderRefusalCode::Policy,
            message: "this host lends nothing".into(),
            hint: "Change its agent.toml.".into(),
        };
        wire.send_json(FrameType::Receipt, &Receipt { number, order, outcome }).await;
    };
    let (refused, ()) = tokio::join!(refused, agent);
    let refused = refused.unwrap_err();
    assert_eq!((refused.code(), refused.hint()), (ErrorCode::HostRefused, "Change its agent.toml."));
    let (fleet, id, order) = (stage.fleet.clone(), actor.id(), grave(&stage, &actor, lend(to)));
    let silent = tokio::spawn(async move { fleet.lend(&act, id, order).await });
    wire.dispatched().await;
    while !silent.is_finished() {
        stage.time.advance(Duration::from_secs(5));
        tokio::task::yield_now().await;
    }
    assert_eq!(silent.await.unwrap().unwrap_err().code(), ErrorCode::HostSilent);
}

#[tokio::test]
async fn an_errand_is_given_by_who_may_to_whom_it_names() {
    let stage = Stage::new().await;
    let (actor, _wire, to) = two(&stage).await;
    let (act, id) = (stage.act("otto"), actor.id());
    let code = |order| {
        let (fleet, act) = (&stage.fleet, &act);
        async move { fleet.lend(act, id, order).await.unwrap_err().code() }
    };
    // Not by a key that stands in no statement, not for another person, not to who is not there, not to itself.
    let order = grave(&stage, &actor, lend(to.clone())).verify().unwrap().document;
    let stranger = wire::identity::SigningKey::from_seed(&[77; 32]);
    assert_eq!(code(Signed::sign(&order, &stranger).unwrap()).await, ErrorCode::Forbidden);
    let anothers = Order { person: "ada".into(), ..order.clone() };
    assert_eq!(code(Signed::sign(&anothers, &stage.operator).unwrap()).await, ErrorCode::Forbidden);
    let nobody = Actor::new(&stage.world, "web-9").keys.binding();
    assert_eq!(code(grave(&stage, &actor, lend(nobody))).await, ErrorCode::NotFound);
    assert_eq!(code(grave(&stage, &actor, lend(actor.keys.binding()))).await, ErrorCode::Conflict);
    assert_eq!(code(grave(&stage, &actor, download("/x"))).await, ErrorCode::InvalidField);
    // And not where nobody would hear the answer.
    let request = OrderRequest::Grave { grave: grave(&stage, &actor, lend(to)) };
    assert_eq!(stage.fleet.order(&act, id, request).await.unwrap_err().code(), ErrorCode::Conflict);
    assert!(stage.fleet.orders(id).await.unwrap().is_empty() && !stage.fleet.awaits_answers());
}

#[tokio::test]
async fn the_bytes_of_a_download_pass_as_they_are_and_wait_for_who_reads_them() {
    let stage = Stage::new().await;
    let (actor, mut wire, _) = two(&stage).await;
    let act = stage.act("otto");
    let mut asking =
        stage.fleet.download(&act, actor.id(), grave(&stage, &actor, download("/home/x"))).await.unwrap();
    let id = wire.taken(32).await;
    let chunk = |n: u8| vec![n; 65_000];
    for n in 0..32 {
        wire.send(FrameType::Data, &[&id.0.as_bytes()[..], &chunk(n)].concat()).await;
    }
    // The link goes on meanwhile, and nobody is given more room.
    wire.send(FrameType::Ping, b"12345678").await;
    assert_eq!(wire.expect_bytes(FrameType::Pong).await, b"12345678");
    for n in 0..32 {
        let Some(Came::Bytes(bytes)) = asking.next().await.unwrap() else { panic!() };
        assert_eq!(bytes, chunk(n));
    }
    let more: Ask = wire.expect(FrameType::Ask).await;
    assert_eq!(more.what, Asked::More(16));
    wire.answer(id, AnswerLine::End(End::Done)).await;
    assert_eq!(asking.next().await.unwrap(), None);
}

#[tokio::test]
async fn a_download_of_what_is_not_there_is_refused_and_a_link_that_breaks_ends_it() {
    let stage = Stage::new().await;
    let (actor, mut wire, _) = two(&stage).await;
    let act = stage.act("otto");
    let mut other = download("/home");
    if let Action::Download { snapshot, .. } = &mut other {
        *snapshot = hex::encode([9; 32]);
    }
    for (action, code) in [(other, ErrorCode::NotFound), (download("/a/../b"), ErrorCode::InvalidField)] {
        let refused = stage.fleet.download(&act, actor.id(), grave(&stage, &actor, action)).await;
        assert_eq!(refused.unwrap_err().code(), code);
    }
    let mut asking =
        stage.fleet.download(&act, actor.id(), grave(&stage, &actor, download("/home"))).await.unwrap();
    let id = wire.taken(32).await;
    wire.send(FrameType::Data, &[&id.0.as_bytes()[..], b"half"].concat()).await;
    assert!(asking.next().await.unwrap().is_some());
    drop(wire);
    assert_eq!(asking.next().await.unwrap_err().code(), ErrorCode::HostAbsent);
}

#[tokio::test]
async fn the_same_order_given_twice_takes_nothing_from_who_waits_for_it() {
    let stage = Stage::new().await;
    let (actor, mut wire, _) = two(&stage).await;
    let act = stage.act("otto");
    let order = grave(&stage, &actor, download("/home"));
    let mut asking = stage.fleet.download(&act, actor.id(), order.clone()).await.unwrap();
    let id = wire.taken(32).await;
    let again = stage.fleet.download(&act, actor.id(), order).await;
    assert_eq!(again.unwrap_err().code(), ErrorCode::Conflict);
    wire.send(FrameType::Data, &[&id.0.as_bytes()[..], b"all"].concat()).await;
    wire.answer(id, AnswerLine::End(End::Done)).await;
    assert!(asking.next().await.unwrap().is_some());
    assert_eq!(asking.next().await.unwrap(), None);
}

fn restore(target: RestoreTarget, lent: bool) -> Restore {
    let job = JobId(uuid::Uuid::from_u128(7));
    let source = wire::id::AgentId([4; 32]);
    let sealed = Base64Bytes(BOX.to_vec());
    Restore {
        repository: "main".parse().unwrap(),
        snapshot: hex::encode([1; 32]),
        picks: Vec::new(),
        target,
        overwrite: wire::restore::Overwrite::default(),
        ownership: wire::restore::Ownership::default(),
        verify: false,
        dry_run: false,
        meanwhile: wire::restore::Meanwhile::default(),
        lent: lent.then_some(Lent { source, source_name: "web-9".into(), job, sealed }),
    }
}

#[tokio::test]
async fn a_restore_with_what_was_lent_is_handed_over_or_not_given() {
    let stage = Stage::new().await;
    let (actor, mut wire, _) = two(&stage).await;
    let act = stage.act("otto");
    let action = || Action::Restore { restore: Box::new(restore(RestoreTarget::Fresh, true)) };
    let give = |action| {
        let request = OrderRequest::Grave { grave: grave(&stage, &actor, action) };
        stage.fleet.order(&act, actor.id(), request)
    };
    let given = give(action()).await.unwrap();
    assert_eq!(given.state, OrderState::Sent);
    assert_eq!(wire.dispatched().await.1, given.order);
    let disk = bytes_on_disk(stage.directory.path());
    let encoded = serde_json::to_string(&Base64Bytes(BOX.to_vec())).unwrap();
    let found = |needle: &[u8]| disk.windows(needle.len()).any(|window| window == needle);
    assert!(found(b"web-9") && !found(encoded.trim_matches('"').as_bytes()));
    wire.close().await;
    until(
        "the host to be gone",
        || stage.fleet.hosts(&HostQuery::default()).unwrap().items[0].presence,
        |presence| *presence != PresenceView::Online,
    )
    .await;
    assert_eq!(give(action()).await.unwrap_err().code(), ErrorCode::HostAbsent);
    // One that carries nothing waits, and the fresh one needs no signature.
    let routine = Action::Restore { restore: Box::new(restore(RestoreTarget::Fresh, false)) };
    let waits = stage.fleet.order(&act, actor.id(), OrderRequest::Routine { routine }).await.unwrap();
    assert_eq!(waits.state, OrderState::Waiting);
    let target = RestoreTarget::Directory { path: "relative".into(), base: None };
    let nowhere = Action::Restore { restore: Box::new(restore(target, false)) };
    let refused = give(nowhere).await.unwrap_err();
    assert_eq!((refused.code(), refused.fields()[0].field.as_str()), (ErrorCode::InvalidField, "target"));
}
