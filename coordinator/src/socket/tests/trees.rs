//! Directories of snapshots: asked once, opened by their ids, and nothing kept of a failure.

use wire::{
    action::OrderRefusalCode,
    error::ErrorCode,
    id::UnixMs,
    path::RawPath,
    question::{AnswerLine, Answered, End, Node, NodeKind, Part, Question},
    view::MeasureView,
};

use super::{
    asking::{hash, host},
    *,
};
use crate::fleet::{FleetError, TreeQuery};

fn node(name: &str, tree: Option<u8>) -> Node {
    Node {
        name: RawPath::from_bytes(name.as_bytes()),
        kind: if tree.is_some() { NodeKind::Directory } else { NodeKind::File },
        size: tree.is_none().then_some(5),
        mtime: UnixMs(0),
        mode: 0o755,
        uid: 0,
        gid: 0,
        user: None,
        group: None,
        target: None,
        tree: tree.map(hash),
    }
}

fn at(path: &str) -> TreeQuery {
    TreeQuery { path: Some(path.parse().unwrap()), ..TreeQuery::default() }
}

async fn tree(stage: &Stage, actor: &Actor, query: TreeQuery) -> Result<wire::view::TreeView, FleetError> {
    stage.fleet.tree(actor.id(), "main".parse().unwrap(), hash(1), query).await
}

/// Anybody who may look may send one: looking for each part of it in each way took hours.
#[tokio::test]
async fn a_path_of_ten_thousand_directories_costs_little() {
    let stage = Stage::new().await;
    let (actor, _) = host(&stage).await;
    let deep = tree(&stage, &actor, at(&"/a".repeat(10_000))).await;
    assert_eq!(deep.unwrap_err().code(), ErrorCode::HostAbsent);
}

#[tokio::test]
async fn a_directory_is_asked_for_once_and_its_children_by_their_ids() {
    let stage = Stage::new().await;
    let (actor, _) = host(&stage).await;
    let mut wire = Wire::live(&stage, &actor).await;
    let agent = async {
        let (ask, question) = wire.asked().await;
        let Question::Tree { tree: None, down, snapshot, .. } = question else { panic!("{question:?}") };
        assert_eq!((down.len(), snapshot), (0, hash(1)));
        wire.part(ask, Part::Nodes { nodes: vec![node("a", None)] }).await;
        wire.part(ask, Part::Nodes { nodes: vec![node("home", Some(0xB0))] }).await;
        wire.part(ask, Part::Directory { trail: vec![hash(0xA0)] }).await;
        wire.done(ask).await;
        let (ask, question) = wire.asked().await;
        let Question::Tree { tree: Some(tree), down, .. } = question else { panic!("{question:?}") };
        assert_eq!((tree, down), (hash(0xB0), vec!["ada".parse().unwrap()]));
        wire.part(ask, Part::Nodes { nodes: vec![node("letter", None)] }).await;
        wire.part(ask, Part::Directory { trail: vec![hash(0xB0), hash(0xC0)] }).await;
        wire.done(ask).await;
    };
    let readers = async {
        // Two at once ask once; a third reads what was kept.
        let (one, two) =
            tokio::join!(tree(&stage, &actor, at("/")), tree(&stage, &actor, TreeQuery::default()));
        assert_eq!((&one, &one.as_ref().unwrap().trail), (&two, &vec![hash(0xA0)]));
        let whole = one.unwrap();
        assert_eq!((whole.total, whole.bytes, whole.next), (2, 5, None));
        let letters = tree(&stage, &actor, at("/home/ada")).await.unwrap();
        assert_eq!(letters.trail, [hash(0xA0), hash(0xB0), hash(0xC0)]);
    };
    tokio::join!(agent, readers);
    let page = TreeQuery { limit: 1, ..at("/") };
    let first = tree(&stage, &actor, page.clone()).await.unwrap();
    let second = tree(&stage, &actor, TreeQuery { cursor: first.next, ..page }).await.unwrap();
    assert_eq!((first.nodes[0].name.as_str(), second.nodes[0].name.as_str()), ("a", "home"));
    let opened = TreeQuery { tree: Some(hash(0xC0)), name: Some("LET".into()), ..TreeQuery::default() };
    assert_eq!(tree(&stage, &actor, opened).await.unwrap().total, 1);
    // No directory, and no name that is there: known without asking.
    for path in ["/a", "/nobody"] {
        assert_eq!(tree(&stage, &actor, at(path)).await.unwrap_err().code(), ErrorCode::NotFound);
    }
    // It opens also while the host is away, and no longer than half an hour after somebody looked.
    drop(wire);
    until(
        "the host to be gone",
        || stage.fleet.hosts(&HostQuery::default()).unwrap().items[0].presence,
        |presence| *presence != PresenceView::Online,
    )
    .await;
    assert_eq!(tree(&stage, &actor, at("/home/ada")).await.unwrap().total, 1);
    stage.time.advance(Duration::from_mins(31));
    assert_eq!(tree(&stage, &actor, at("/")).await.unwrap_err().code(), ErrorCode::HostAbsent);
}

#[tokio::test]
async fn a_failure_is_not_kept_and_neither_is_half_an_answer() {
    let stage = Stage::new().await;
    let (actor, _) = host(&stage).await;
    let mut wire = Wire::live(&stage, &actor).await;
    let failing = End::Failed {
        code: OrderRefusalCode::NotFound,
        message: "there is no x in /".into(),
        hint: "Look again.".into(),
    };
    let agent = async {
        let (id, _) = wire.asked().await;
        wire.send_json(FrameType::Answer, &Answered { id, line: AnswerLine::End(failing) }).await;
        let (ask, _) = wire.asked().await;
        wire.part(ask, Part::Nodes { nodes: vec![node("a", None)] }).await;
        wire.done(ask).await;
        let (ask, _) = wire.asked().await;
        wire.part(ask, Part::Nodes { nodes: vec![node("a", None)] }).await;
        wire.part(ask, Part::Directory { trail: vec![hash(1), hash(2)] }).await;
        wire.done(ask).await;
    };
    let readers = async {
        for _ in 0..2 {
            assert_eq!(tree(&stage, &actor, at("/x")).await.unwrap_err().code(), ErrorCode::HostRefused);
        }
        assert_eq!(tree(&stage, &actor, at("/x")).await.unwrap().total, 1);
    };
    tokio::join!(agent, readers);
}

#[tokio::test]
async fn only_what_the_host_told_of_is_asked_for() {
    let stage = Stage::new().await;
    let (actor, _) = host(&stage).await;
    let fleet = &stage.fleet;
    let main = || "main".parse().unwrap();
    let code = |error: FleetError| error.code();
    assert_eq!(
        code(fleet.tree(actor.id(), main(), hash(9), at("/")).await.unwrap_err()),
        ErrorCode::NotFound
    );
    let other = fleet.find(actor.id(), "other".parse().unwrap(), "x".into(), false, None).await;
    assert_eq!(code(other.unwrap_err()), ErrorCode::NotFound);
    assert_eq!(
        code(fleet.diff(actor.id(), main(), hash(1), hash(9)).await.unwrap_err()),
        ErrorCode::NotFound
    );
    assert_eq!(
        code(fleet.diff(actor.id(), main(), hash(1), hash(1)).await.unwrap_err()),
        ErrorCode::InvalidField
    );
    assert_eq!(
        code(fleet.diff(actor.id(), main(), hash(1), hash(2)).await.unwrap_err()),
        ErrorCode::HostAbsent
    );
    assert_eq!(code(tree(&stage, &actor, at("relative")).await.unwrap_err()), ErrorCode::InvalidField);
    let tree_id = TreeQuery { tree: Some("x".into()), ..TreeQuery::default() };
    assert_eq!(code(tree(&stage, &actor, tree_id).await.unwrap_err()), ErrorCode::InvalidField);
}

#[tokio::test]
async fn a_measure_is_the_last_one_and_is_kept() {
    let stage = Stage::new().await;
    let (actor, _) = host(&stage).await;
    let mut wire = Wire::live(&stage, &actor).await;
    let measured = |files, done| Part::Measured { files, directories: 1, bytes: 10 * files, done };
    let measure =
        || stage.fleet.measure(actor.id(), "main".parse().unwrap(), hash(1), "/home".parse().unwrap());
    let agent = async {
        let (ask, _) = wire.asked().await;
        wire.part(ask, measured(1, false)).await;
        wire.part(ask, measured(7, true)).await;
        wire.done(ask).await;
    };
    let whole = MeasureView { files: 7, directories: 1, bytes: 70 };
    let (found, ()) = tokio::join!(measure(), agent);
    assert_eq!(found.unwrap(), whole);
    assert_eq!(measure().await.unwrap(), whole);
}
