//! Questions over the link, answered by a real restic: as far as there is room, until nobody wants more.

#![allow(clippy::disallowed_methods, reason = "tests start real processes and wait for real time")]

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, process::Command, sync::Arc, time::Instant};

use wire::{
    channel::Frame,
    id::OrderId,
    identity::AgentKeys,
    order::Order,
    question::{AnswerLine, Answered, Ask, AskId, Asked, End as AnswerEnd, Part, Question, Stop},
    seal::{Chunk, SealSecret, StreamContext, StreamOpener},
};

use super::{peer::Over, *};
use crate::{
    desired::{Parts, Secrets, Vault},
    run::stage::{HOST, PASSWORD, Stage, main_repository, real_restics},
    store,
    world::World,
};

/// A member of the fleet with a real clock and a restic of the test's choice.
struct Site {
    stage: Stage,
    desk: Desk,
    fleet: Fleet,
}

impl Site {
    async fn new(restic: &Path, policy: Policy) -> Self {
        let fleet = Fleet::found();
        let keys = AgentKeys::generate(&mut World::real().rng());
        let stage = Stage::of((keys.id(), HOST), World::real(), restic, |_| {});
        let key = stage.path("data/vault.key");
        let vault = Vault::load_or_make(&key, keys.id(), false, &mut stage.world.rng());
        let reader = store::read_only(&stage.path("data/agent.db")).unwrap();
        let desk = Desk::new(Parts {
            world: stage.world.clone(),
            store: stage.store.clone(),
            keys,
            secrets: Arc::new(Secrets::new(vault.map_err(|error| error.to_string()), reader)),
            policy,
            plan_file: stage.path("data/plan.toml"),
            engine: Some(stage.engine.clone()),
        });
        let id = fleet.kit.fleet();
        desk.store().write(move |tx| trust::set_pin(tx, id, "http://127.0.0.1:1", START)).await.unwrap();
        desk.statements(id, fleet.statements.clone()).await.unwrap();
        let admission = fleet.admission(&desk.binding());
        let shown = Credential::Admission { admission };
        desk.join(&fleet.ledger(), shown, None, HOST, START).await.unwrap();
        stage.plan(&[Path::new("/nowhere")]).await;
        Self { stage, desk, fleet }
    }

    /// Backs up `src` and returns the snapshot's id.
    fn save(&self, restic: &Path) -> String {
        let mut command = Command::new(restic);
        command.env("RESTIC_REPOSITORY", self.stage.path("repo")).env("RESTIC_PASSWORD", PASSWORD);
        command.env("RESTIC_CACHE_DIR", self.stage.path("cache/hand")).current_dir(self.stage.dir.path());
        assert!(command.args(["backup", "--quiet", "--host", HOST, "src/"]).status().unwrap().success());
        let mut found = fs::read_dir(self.stage.path("repo/snapshots")).unwrap();
        found.next().unwrap().unwrap().file_name().into_string().unwrap()
    }

    /// Runs a session against what the test does at the other end, until that is done.
    async fn serve(&self, other: impl AsyncFnOnce(&mut Peer)) {
        let stop = CancellationToken::new();
        let (near, far) = tokio::io::duplex(64 * 1024);
        let coordinator = async {
            let mut peer = Peer::accept(far, &self.fleet.coordinator).await.unwrap();
            peer.send_json(FrameType::Statements, &self.fleet.statements).await.unwrap();
            let _: Hello = peer.expect(FrameType::Hello).await.unwrap();
            Coordinator::new(self.desk.agent()).welcome(&mut peer).await.unwrap();
            other(&mut peer).await;
            stop.cancel();
            while peer.receive().await.is_ok() {}
        };
        let session = connection(&self.desk, &self.fleet, near, stop.clone());
        let ((ended, _), ()) = tokio::join!(session, coordinator);
        assert!(matches!(ended, Ok(End::Stopped)), "{ended:?}");
    }

    fn download(&self, snapshot: &str, path: &str, key: &SealSecret) -> Order {
        let action = Action::Download {
            repository: main_repository(),
            snapshot: snapshot.to_owned(),
            path: path.parse().unwrap(),
            archive: None,
            to: key.public(),
        };
        let order = self.fleet.order(self.desk.agent(), action);
        Order { expires_at: START.plus_ms(10 * 60 * 1000), ..order }
    }

    async fn give(&self, peer: &mut Peer, order: &Order, number: u64) -> Receipt {
        let dispatch = self.fleet.dispatch(order, &self.fleet.operator, number);
        peer.send_json(FrameType::Dispatch, &dispatch).await.unwrap();
        let frame = next(peer).await.unwrap();
        assert_eq!(frame.kind(), FrameType::Receipt as u8);
        serde_json::from_slice(frame.payload()).unwrap()
    }
}

fn ask_id(n: u128) -> AskId {
    OrderId(uuid::Uuid::from_u128(n))
}

async fn ask(peer: &mut Peer, id: AskId, what: Asked) {
    peer.send_json(FrameType::Ask, &Ask { id, what }).await.unwrap();
}

/// The next frame that is an answer, data of one, or a receipt.
async fn next(peer: &mut Peer) -> Result<Frame, Over> {
    let kinds = [FrameType::Answer as u8, FrameType::Data as u8, FrameType::Receipt as u8];
    loop {
        let frame = peer.receive().await?;
        if kinds.contains(&frame.kind()) {
            return Ok(frame);
        }
    }
}

async fn line(peer: &mut Peer) -> Answered {
    let frame = next(peer).await.unwrap();
    assert_eq!(frame.kind(), FrameType::Answer as u8);
    assert!(frame.payload().len() <= 256 * 1024);
    serde_json::from_slice(frame.payload()).unwrap()
}

/// Nothing of an answer comes while so much time passes, though the link is alive.
async fn nothing(peer: &mut Peer) {
    tokio::time::sleep(Duration::from_millis(300)).await;
    peer.send(FrameType::Ping, &[7; 8]).await.unwrap();
    loop {
        let kind = peer.receive().await.unwrap().kind();
        assert!(kind != FrameType::Answer as u8 && kind != FrameType::Data as u8);
        if kind == FrameType::Pong as u8 {
            return;
        }
    }
}

#[tokio::test]
async fn parts_come_as_far_as_there_is_room_and_others_have_their_turn() {
    let restic = real_restics().pop().unwrap();
    let site = Site::new(&restic, Policy::default()).await;
    fs::create_dir(site.stage.path("src")).unwrap();
    for n in 0..2_500 {
        fs::write(site.stage.path(&format!("src/{n:04}")), "").unwrap();
    }
    let tree = Question::Tree {
        repository: main_repository(),
        snapshot: site.save(&restic),
        tree: None,
        down: vec!["src".parse().unwrap()],
    };
    site.serve(async |peer| {
        ask(peer, ask_id(1), Asked::Question(tree.clone())).await;
        nothing(peer).await;
        ask(peer, ask_id(1), Asked::More(1)).await;
        let first = line(peer).await;
        let AnswerLine::Part(Part::Nodes { nodes }) = &first.line else { panic!("{first:?}") };
        assert!((900..=1_000).contains(&nodes.len()), "{}", nodes.len());
        nothing(peer).await;
        // Another one is answered meanwhile.
        ask(peer, ask_id(2), Asked::Question(tree.clone())).await;
        ask(peer, ask_id(2), Asked::More(9)).await;
        let mut nodes = 0;
        loop {
            let Answered { id, line } = line(peer).await;
            assert_eq!(id, ask_id(2));
            match line {
                AnswerLine::Part(Part::Nodes { nodes: more }) => nodes += more.len(),
                AnswerLine::Part(Part::Directory { trail }) => assert_eq!(trail.len(), 2),
                AnswerLine::End(AnswerEnd::Done) => break,
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(nodes, 2_500);
        // The end wants no room of its own.
        ask(peer, ask_id(1), Asked::More(3)).await;
        for _ in 0..3 {
            assert!(matches!(line(peer).await.line, AnswerLine::Part(_)));
        }
        assert_eq!(line(peer).await, Answered { id: ask_id(1), line: AnswerLine::End(AnswerEnd::Done) });
        // What this agent does not know, and one that nobody wants any more.
        let unknown = serde_json::json!({ "id": ask_id(3), "question": { "ask": "weather" } });
        peer.send_json(FrameType::Ask, &unknown).await.unwrap();
        let said = line(peer).await;
        let AnswerLine::End(AnswerEnd::Failed { code, .. }) = said.line else { panic!("{said:?}") };
        assert_eq!((said.id, code), (ask_id(3), OrderRefusalCode::Unsupported));
        ask(peer, ask_id(4), Asked::Question(tree)).await;
        ask(peer, ask_id(4), Asked::More(1)).await;
        assert_eq!(line(peer).await.id, ask_id(4));
        ask(peer, ask_id(4), Asked::Stop(Stop {})).await;
        ask(peer, ask_id(4), Asked::More(9)).await;
        nothing(peer).await;
    })
    .await;
}

#[tokio::test]
async fn a_download_is_answered_under_its_orders_id_once_it_has_room() {
    let restic = real_restics().pop().unwrap();
    let site = Site::new(&restic, Policy::default()).await;
    fs::create_dir(site.stage.path("src")).unwrap();
    let mut noise = vec![0; 200_000];
    getrandom::fill(&mut noise).unwrap();
    fs::write(site.stage.path("src/file"), &noise).unwrap();
    let key = SealSecret::generate(&mut site.stage.world.rng());
    let order = site.download(&site.save(&restic), "/src/file", &key);
    let context = StreamContext {
        recipient: key.public(),
        fleet: site.fleet.kit.fleet(),
        agent: site.desk.agent(),
        order: order.id,
    };
    site.serve(async |peer| {
        let receipt = site.give(peer, &order, 1).await;
        assert!(matches!(receipt.outcome, Outcome::Accepted { .. }), "{receipt:?}");
        nothing(peer).await;
        ask(peer, order.id, Asked::More(2)).await;
        let mut stream = Vec::new();
        for n in 0..4 {
            let frame = next(peer).await.unwrap();
            assert_eq!(frame.kind(), FrameType::Data as u8);
            let (id, bytes) = frame.payload().split_at(16);
            assert_eq!(id, order.id.0.as_bytes());
            stream.extend_from_slice(bytes);
            if n == 1 {
                nothing(peer).await;
                ask(peer, order.id, Asked::More(9)).await;
            }
        }
        assert_eq!(line(peer).await, Answered { id: order.id, line: AnswerLine::End(AnswerEnd::Done) });
        let (enc, mut rest) = stream.split_first_chunk::<32>().unwrap();
        let mut opener = StreamOpener::begin(&context, &key, enc).unwrap();
        let (mut plain, mut last) = (Vec::new(), Chunk::More);
        while last == Chunk::More {
            let (kind, chunk, taken) = opener.chunk(rest).unwrap().expect("the stream has an end");
            plain.extend(chunk);
            (rest, last) = (&rest[taken..], kind);
        }
        assert!(last == Chunk::Last && rest.is_empty() && plain == noise);
        // The same order once more gives the same receipt, and nothing else.
        assert_eq!(site.give(peer, &order, 2).await.outcome, receipt.outcome);
        ask(peer, order.id, Asked::More(9)).await;
        nothing(peer).await;
    })
    .await;
}

#[tokio::test]
async fn a_host_whose_policy_says_so_sends_nothing() {
    let policy = Policy { refuse_orders: vec!["download".to_owned()], ..Policy::default() };
    let site = Site::new(Path::new("/nowhere/restic"), policy).await;
    let key = SealSecret::generate(&mut site.stage.world.rng());
    let order = site.download(&"ab".repeat(32), "/src/file", &key);
    site.serve(async |peer| {
        let receipt = site.give(peer, &order, 1).await;
        let Outcome::Refused { code, .. } = receipt.outcome else { panic!("{receipt:?}") };
        assert_eq!(code, OrderRefusalCode::Policy);
        ask(peer, order.id, Asked::More(9)).await;
        nothing(peer).await;
    })
    .await;
}

#[tokio::test]
async fn a_link_that_ends_ends_the_restic_of_each_question() {
    let directory = tempfile::tempdir().unwrap();
    let (restic, pid) = (directory.path().join("restic"), directory.path().join("pid"));
    let text = [
        "#!/bin/sh",
        "[ \"$1\" = version ] && exec echo 'restic 0.19.1 compiled'",
        "case \"$*\" in *--help*) exit;; esac",
        &format!("echo $$ > '{}'", pid.display()),
        "trap '' TERM\nwhile :; do sleep 600; done\n",
    ];
    fs::write(directory.path().join("new"), text.join("\n")).unwrap();
    fs::set_permissions(directory.path().join("new"), fs::Permissions::from_mode(0o755)).unwrap();
    fs::rename(directory.path().join("new"), &restic).unwrap();
    let site = Site::new(&restic, Policy::default()).await;
    let find = Question::Find {
        repository: main_repository(),
        pattern: "x".to_owned(),
        ignore_case: false,
        group: None,
    };
    let until = async |what: &str, holds: &dyn Fn() -> bool| {
        let deadline = Instant::now() + Duration::from_secs(20);
        while !holds() {
            assert!(Instant::now() < deadline, "{what}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let number = || fs::read_to_string(&pid).ok().and_then(|text| text.trim().parse::<u32>().ok());
    site.serve(async |peer| {
        ask(peer, ask_id(1), Asked::Question(find)).await;
        until("restic runs", &|| number().is_some()).await;
    })
    .await;
    let number = number().unwrap();
    until("restic is gone", &|| site.stage.world.process(number).is_none()).await;
}
