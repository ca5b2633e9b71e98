//! Looking into snapshots, downloads and escrow as a browser sees them; the host's end is scripted below the socket.

use serde_json::json;
use wire::{
    action::{Action, Outcome, Receipt},
    id::{AgentId, OrderId, SealKey, UnixMs},
    order::Order,
    question::{AnswerLine, Asked, DiffTotals, End, Hit, Node, NodeKind, Part, Question},
    view::{EscrowBundle, TreeView},
};

use super::{member::Member, *};
use crate::fleet::{Outgoing, Seat, Wish};

fn hash(n: u8) -> String {
    hex::encode([n; 32])
}

/// The end of a connected host.
struct Host {
    fleet: Fleet,
    seat: Arc<Seat>,
}

impl Host {
    async fn connect(member: &Member) -> Self {
        let fleet = member.house.fleet.clone();
        let seat = fleet.take_seat(member.agent, SocketAddr::from(([192, 0, 2, 1], 7))).await.unwrap();
        Self { fleet, seat }
    }

    /// The next question.
    async fn asked(&self) -> (OrderId, Question) {
        loop {
            for ask in self.taken(Wish::Asks).await {
                if let Asked::Question(question) = ask.what {
                    return (ask.id, question);
                }
            }
        }
    }

    async fn taken(&self, wanted: Wish) -> Vec<wire::question::Ask> {
        loop {
            if self.seat.wishes().await.any(|wish| wish == wanted) {
                return self.seat.take_asks();
            }
        }
    }

    /// The order that is handed over.
    async fn handed(&self) -> Outgoing {
        loop {
            // Others wish for something too.
            let _ = self.seat.wishes().await.count();
            if let Some(order) = self.seat.take_handed().pop() {
                return order;
            }
        }
    }

    /// Takes the order that was handed over.
    async fn takes(&self) -> OrderId {
        let Outgoing { number, order, .. } = self.handed().await;
        let outcome = Outcome::Accepted { jobs: Vec::new(), revision: None };
        self.fleet.received(&self.seat, &Receipt { number, order, outcome });
        order
    }

    fn part(&self, id: OrderId, part: Part) {
        self.fleet.answered(&self.seat, id, AnswerLine::Part(part));
    }

    fn done(&self, id: OrderId) {
        self.fleet.answered(&self.seat, id, AnswerLine::End(End::Done));
    }

    async fn is_told_to_stop(&self) -> bool {
        self.taken(Wish::Asks).await.iter().any(|ask| matches!(ask.what, Asked::Stop(_)))
    }
}

fn hits(n: u64) -> Part {
    let hit = Hit { path: format!("/{n}"), kind: NodeKind::File, size: Some(n), mtime: UnixMs(0) };
    Part::Hits { snapshot: hash(1), hits: vec![hit] }
}

fn node(name: &str) -> Node {
    Node {
        name: name.parse().unwrap(),
        kind: NodeKind::File,
        size: Some(5),
        mtime: UnixMs(0),
        mode: 0o644,
        uid: 0,
        gid: 0,
        user: Some("root".into()),
        group: None,
        target: None,
        tree: None,
    }
}

fn snapshot(n: u8, what: &str) -> String {
    format!("/repositories/main/snapshots/{}/{what}", hash(n))
}

#[tokio::test]
async fn a_directory_is_shown_page_by_page() {
    let member = Member::new().await;
    let absent = member.get(&snapshot(1, "tree")).send().await.problem();
    assert_eq!(absent.code, ErrorCode::HostAbsent);
    let host = Host::connect(&member).await;
    let agent = async {
        let (ask, question) = host.asked().await;
        assert!(matches!(question, Question::Tree { down, .. } if down.len() == 1));
        host.part(ask, Part::Nodes { nodes: vec![node("a"), node("caf\\xE9"), node("z")] });
        host.part(ask, Part::Directory { trail: vec![hash(8), hash(9)] });
        host.done(ask);
    };
    let path = snapshot(1, "tree?path=/home&limit=2");
    let (first, ()) = tokio::join!(member.get(&path).send(), agent);
    let first: TreeView = first.json();
    assert_eq!((first.total, first.bytes, first.trail), (3, 15, vec![hash(8), hash(9)]));
    assert_eq!(first.nodes[1].name.as_str(), "caf\\xE9");
    let next = format!("tree={}&limit=2&cursor={}", hash(9), first.next.unwrap());
    let second: TreeView = member.get(&snapshot(1, &format!("tree?{next}"))).send().await.json();
    assert_eq!((second.nodes.len(), second.next), (1, None));
    for (query, code) in [
        ("tree?path=home", ErrorCode::InvalidField),
        ("tree?path=/a%5C", ErrorCode::InvalidField),
        ("tree?tree=x", ErrorCode::InvalidField),
        ("tree?limit=0", ErrorCode::InvalidField),
        ("tree?cursor=x", ErrorCode::InvalidCursor),
    ] {
        assert_eq!(member.get(&snapshot(1, query)).send().await.code(), code, "{query}");
    }
    assert_eq!(member.get(&snapshot(7, "tree")).send().await.code(), ErrorCode::NotFound);
    assert_eq!(member.get("/repositories/main/snapshots/x/tree").send().await.code(), ErrorCode::BadRequest);
}

/// The lines of an answer that goes on.
struct Lines {
    body: std::pin::Pin<Box<dyn hyper::body::Body<Data = Bytes, Error = warp::Error> + Send>>,
    text: Vec<u8>,
}

impl Lines {
    fn of(response: Response) -> Self {
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["x-accel-buffering"], "no");
        Self { body: Box::pin(response.into_body()), text: Vec::new() }
    }

    /// `None` at its end; an error where it broke off.
    async fn piece(&mut self) -> Option<Result<Bytes, warp::Error>> {
        Some(self.body.frame().await?.map(|frame| frame.into_data().unwrap()))
    }

    async fn line(&mut self) -> Option<AnswerLine> {
        loop {
            if let Some(end) = self.text.iter().position(|byte| *byte == b'\n') {
                let line = self.text.drain(..=end).collect::<Vec<u8>>();
                return Some(serde_json::from_slice(&line).unwrap());
            }
            let piece = self.piece().await?.unwrap();
            self.text.extend_from_slice(&piece);
        }
    }
}

#[tokio::test]
async fn what_is_found_comes_line_by_line_and_leaving_stops_the_host() {
    let member = Member::new().await;
    let host = Host::connect(&member).await;
    let find = "/repositories/main/find?pattern=*.jpg&ignore_case=true&group=default";
    let agent = async {
        let (ask, question) = host.asked().await;
        assert!(matches!(question, Question::Find { ignore_case: true, group: Some(_), .. }));
        host.part(ask, hits(1));
        ask
    };
    let (response, ask) = tokio::join!(member.get(find).start(), agent);
    let mut lines = Lines::of(response);
    assert_eq!(lines.line().await, Some(AnswerLine::Part(hits(1))));
    host.part(ask, hits(2));
    assert_eq!(lines.line().await, Some(AnswerLine::Part(hits(2))));
    drop(lines);
    assert!(host.is_told_to_stop().await);
    for bad in ["find", "find?pattern=", "find?pattern=a&group=", "diff?older=x&newer=y", "diff"] {
        let path = format!("/repositories/main/{bad}");
        assert_eq!(member.get(&path).send().await.code(), ErrorCode::InvalidField, "{bad}");
    }
    let twice = format!("/repositories/main/diff?older={0}&newer={0}", hash(1));
    assert_eq!(member.get(&twice).send().await.code(), ErrorCode::InvalidField);
}

#[tokio::test]
async fn a_whole_answer_is_as_the_document_says_and_a_lost_link_is_its_last_line() {
    let member = Member::new().await;
    let host = Host::connect(&member).await;
    let diff = format!("/repositories/main/diff?older={}&newer={}", hash(1), hash(2));
    let agent = async {
        let (ask, _) = host.asked().await;
        host.part(ask, Part::Compared { totals: DiffTotals::default() });
        host.done(ask);
    };
    let (answered, ()) = tokio::join!(member.get(&diff).send(), agent);
    assert_eq!(answered.headers["content-type"], "application/x-ndjson");
    assert!(answered.body.ends_with(b"{\"end\":{\"end\":\"done\"}}\n"), "{:?}", answered.body);
    let agent = async {
        let (ask, _) = host.asked().await;
        host.part(ask, hits(1));
        host.fleet.leave_seat(&host.seat).await;
    };
    let (answered, ()) = tokio::join!(member.get("/repositories/main/find?pattern=x").send(), agent);
    let last = answered.body.split(|byte| *byte == b'\n').rfind(|line| !line.is_empty()).unwrap().to_vec();
    let last: AnswerLine = serde_json::from_slice(&last).unwrap();
    assert!(matches!(last, AnswerLine::End(End::Failed { .. })), "{last:?}");
}

#[tokio::test]
async fn whoever_is_demoted_or_signs_out_reads_no_further() {
    for how in ["signs out", "is demoted"] {
        let member = Member::new().await;
        let host = Host::connect(&member).await;
        let cookie = member.house.person("bob", Role::Operator).await;
        let path = format!("/api/v1/hosts/{}/repositories/main/find?pattern=x", member.agent);
        let agent = async {
            let (ask, _) = host.asked().await;
            host.part(ask, hits(1));
        };
        let (response, ()) = tokio::join!(member.house.get(&path).cookie(&cookie).start(), agent);
        let mut lines = Lines::of(response);
        assert!(lines.line().await.is_some());
        if how == "signs out" {
            member.house.delete("/api/v1/session").cookie(&cookie).send().await;
        } else {
            member.house.sql("UPDATE people SET role = 'viewer' WHERE name = 'bob'").await;
        }
        let end = tokio::spawn(async move { lines.piece().await.unwrap().is_err() });
        while !end.is_finished() {
            member.house.time.advance(Duration::from_secs(15));
            tokio::task::yield_now().await;
        }
        assert!(end.await.unwrap(), "{how}: it is cut, not ended");
        assert!(host.is_told_to_stop().await);
    }
}

#[tokio::test]
async fn an_answer_begins_before_anything_is_found() {
    let member = Member::new().await;
    let host = Host::connect(&member).await;
    let find = member.get("/repositories/main/find?pattern=x").start();
    let clock = async {
        let (ask, _) = host.asked().await;
        member.house.time.advance(Duration::from_secs(11));
        ask
    };
    let (response, ask) = tokio::join!(find, clock);
    let mut lines = Lines::of(response);
    host.part(ask, hits(1));
    host.done(ask);
    assert_eq!(lines.line().await, Some(AnswerLine::Part(hits(1))));
    assert_eq!(lines.line().await, Some(AnswerLine::End(End::Done)));
    assert_eq!(lines.line().await, None);
}

fn download(member: &Member) -> serde_json::Value {
    let order = Order {
        fleet: member.house.fleet.fleet_view().unwrap().fleet,
        agent: member.agent,
        id: OrderId(member.house.fleet.world().uuid()),
        issued_at: NOW,
        expires_at: NOW.plus_ms(600_000),
        person: "alice".into(),
        action: Action::Download {
            repository: "main".parse().unwrap(),
            snapshot: hash(1),
            path: "/home/letter".parse().unwrap(),
            archive: None,
            to: SealKey([5; 32]),
        },
    };
    json!({ "grave": Signed::sign(&order, &member.house.operator).unwrap() })
}

impl Member {
    fn download(&self) -> Call<'_> {
        let path = format!("/api/v1/hosts/{}/download", self.agent);
        self.house.post(&path, &download(self)).cookie(&self.cookie)
    }
}

#[tokio::test]
async fn a_download_passes_unchanged_and_no_faster_than_it_may() {
    let member = Member::new().await;
    let host = Host::connect(&member).await;
    let agent = async {
        let ask = host.takes().await;
        host.fleet.streamed(&host.seat, ask, Bytes::from_static(b"enc"));
        ask
    };
    let (response, ask) = tokio::join!(member.download().start(), agent);
    assert_eq!(response.headers()["content-type"], "application/octet-stream");
    let mut lines = Lines::of(response);
    assert_eq!(lines.piece().await.unwrap().unwrap(), "enc");
    // 31 chunks of 64 KiB are a tenth of a second at 20 MiB a second.
    let chunk = Bytes::from(vec![7; 65_536]);
    let sender = (host.fleet.clone(), Arc::clone(&host.seat));
    for _ in 0..31 {
        sender.0.streamed(&sender.1, ask, chunk.clone());
    }
    host.done(ask);
    let began = member.house.time.now();
    let reader = tokio::spawn(async move {
        let mut bytes = 0;
        while let Some(piece) = lines.piece().await {
            bytes += piece.unwrap().len();
        }
        bytes
    });
    while !reader.is_finished() {
        member.house.time.advance(Duration::from_millis(1));
        tokio::task::yield_now().await;
    }
    assert_eq!(reader.await.unwrap(), 31 * 65_536);
    assert!(member.house.time.now().since(began) >= 90, "{}", member.house.time.now().since(began));
}

#[tokio::test]
async fn one_download_too_many_is_asked_to_wait_and_a_refusal_is_a_problem() {
    let member = Member::new().await;
    let mut config = Config::defaults(member.house.directory.path());
    config.downloads.at_once = 1;
    let Member { house, cookie, agent } = member;
    let member = Member { house: house.told(config), cookie, agent };
    assert_eq!(member.download().send().await.code(), ErrorCode::HostAbsent);
    let host = Host::connect(&member).await;
    let agent = async {
        let ask = host.takes().await;
        host.fleet.streamed(&host.seat, ask, Bytes::from_static(b"enc"));
        ask
    };
    let (response, ask) = tokio::join!(member.download().start(), agent);
    assert_eq!(member.download().send().await.code(), ErrorCode::TooManyRequests);
    host.done(ask);
    let mut lines = Lines::of(response);
    while lines.piece().await.is_some() {}
    let agent = async {
        let order = host.handed().await;
        let outcome = Outcome::Refused {
            code: wire::action::OrderRefusalCode::Policy,
            message: "this host gives no downloads".into(),
            hint: "Change its agent.toml.".into(),
        };
        let receipt = Receipt { number: order.number, order: order.order, outcome };
        host.fleet.received(&host.seat, &receipt);
    };
    let (refused, ()) = tokio::join!(member.download().send(), agent);
    assert_eq!(
        (refused.code(), refused.problem().hint),
        (ErrorCode::HostRefused, "Change its agent.toml.".into())
    );
}

#[tokio::test]
async fn the_bundle_is_for_admins_and_names_every_host() {
    let member = Member::new().await;
    let house = &member.house;
    let taken = house.post("/api/v1/fleet/escrow", &json!({})).cookie(&member.cookie).send().await;
    let bundle: EscrowBundle = taken.json();
    assert_eq!(bundle.hosts.iter().map(|host| host.name.as_str()).collect::<Vec<_>>(), ["web-1"]);
    let nobody = json!({ "hosts": [AgentId([8; 32])] });
    let refused = house.post("/api/v1/fleet/escrow", &nobody).cookie(&member.cookie).send().await;
    assert_eq!(refused.code(), ErrorCode::NotFound);
    let bob = house.person("bob", Role::Operator).await;
    let refused = house.post("/api/v1/fleet/escrow", &json!({})).cookie(&bob).send().await;
    assert_eq!(refused.code(), ErrorCode::Forbidden);
}
