//! One host that joined and sent its journal, seen through the API.

use serde_json::{Value, json};
use wire::{
    frame::{Hello, Live},
    host::HostFacts,
    id::{AgentId, JobId},
    identity::AgentKeys,
    job::{JobKind, JobNumbers, JobState, JobSubject, LogLine, LogStream, Origin, Progress},
    journal::{
        BatchBuilder, Head, JobFinished, JobQueued, JobStarted, Kind, LogChunk, PlanBy, PlanRevision, Record,
        RecordBody, Snapshots,
    },
    plan::Plan,
    snapshot::Snapshot,
    trust::{Admission, Credential},
    view::{Event, HostRow, HostView, JobView, LogView, OrderState, OrderView, Page, PlanView, SnapshotRow},
};

use super::{documents::assert_valid_answer, listening::Stream, *};
use crate::fleet::Arrival;

const LINES: u64 = 4_500;
const JOB: JobId = JobId(uuid::Uuid::from_u128(0x0192_f0c1_7a3b_7c1e_9f00_3b1f_0a2c_4d5e));

pub(super) struct Member {
    pub house: House,
    pub cookie: String,
    pub agent: AgentId,
}

impl Member {
    /// A host with a plan, one finished backup, its log, and three snapshots.
    pub async fn new() -> Self {
        let (house, cookie) = House::settled().await;
        let keys = AgentKeys::generate(&mut house.fleet.world().rng());
        let binding = keys.binding();
        let admission = Admission {
            fleet: house.fleet.fleet_view().unwrap().fleet,
            agent_fingerprint: binding.fingerprint(),
            name: "web-1".into(),
            tags: vec!["prod".into()],
            issued_at: NOW,
            expires_at: NOW.plus_ms(3_600_000),
            replaces: None,
        };
        let admission = Signed::sign(&admission, &house.operator).unwrap();
        let hello = Hello {
            credential: Credential::Admission { admission },
            facts: facts(),
            head: None,
            last_order: 0,
            statement: 1,
        };
        let peer = SocketAddr::from(([192, 0, 2, 1], 7));
        let Arrival::Member(admitted) = house.fleet.arrive(&binding, &hello, peer).await.unwrap() else {
            panic!("the admission did not count")
        };
        let agent = keys.id();
        house.fleet.take_batch(admitted.host, agent, None, journal(&keys)).await.unwrap();
        house.fleet.settled().await;
        Self { house, cookie, agent }
    }

    pub fn get(&self, path: &str) -> Call<'_> {
        self.house.get(&format!("/api/v1/hosts/{}{path}", self.agent)).cookie(&self.cookie)
    }

    fn order(&self, action: &Value) -> Call<'_> {
        let path = format!("/api/v1/hosts/{}/orders", self.agent);
        self.house.post(&path, &json!({ "routine": action })).cookie(&self.cookie)
    }
}

fn facts() -> HostFacts {
    HostFacts {
        hostname: "web-1".into(),
        os: "linux".into(),
        zone: "Europe/Berlin".into(),
        ..HostFacts::default()
    }
}

fn plan() -> Plan {
    serde_json::from_value(json!({
        "repositories": { "main": { "backend": { "kind": "local", "path": "/srv/backup" } } },
        "groups": { "default": { "includes": ["/home"] } },
        "schedules": { "nightly": { "cron": "0 2 * * *", "groups": ["default"] } },
    }))
    .unwrap()
}

fn snapshot(n: u8) -> Snapshot {
    Snapshot {
        id: hex::encode([n; 32]),
        time: NOW.plus_ms(i64::from(n)),
        hostname: "web-1".into(),
        paths: vec!["/home".into()],
        tags: vec!["default".into()],
        group: Some("default".parse().unwrap()),
        size_bytes: Some(1_000),
        files: Some(3),
        added_bytes: None,
        doubt: None,
    }
}

/// Everything that one backup leaves behind.
fn journal(keys: &AgentKeys) -> Vec<u8> {
    let subject = JobSubject {
        kind: JobKind::Backup,
        repository: "main".parse().unwrap(),
        group: Some("default".parse().unwrap()),
    };
    let finished = JobFinished {
        job: JOB,
        state: JobState::Succeeded,
        reason: None,
        numbers: JobNumbers { snapshot: Some(hex::encode([1; 32])), ..JobNumbers::default() },
        log_lines: LINES,
        result: None,
        lacks: Vec::new(),
    };
    let snapshots = Snapshots {
        repository: "main".parse().unwrap(),
        whole: true,
        added: (1..=3).map(snapshot).collect(),
        removed: Vec::new(),
    };
    let plan = PlanRevision { revision: 1, plan: plan(), by: PlanBy::File, changes: Vec::new(), note: None };
    let mut bodies: Vec<(Kind, Vec<u8>)> = vec![
        (Kind::HostFacts, facts().to_bytes().unwrap()),
        (Kind::Plan, plan.to_bytes().unwrap()),
        (
            Kind::JobQueued,
            JobQueued {
                job: JOB,
                subject,
                origin: Origin::Local,
                options: wire::action::JobOptions::default(),
            }
            .to_bytes()
            .unwrap(),
        ),
        (Kind::JobStarted, JobStarted { job: JOB, restic_version: None }.to_bytes().unwrap()),
    ];
    for (index, first) in (0..).zip((0..LINES).step_by(1_500)) {
        let lines: Vec<String> =
            (first..first + 1_500).map(|n| serde_json::to_string(&line(n)).unwrap()).collect();
        let compressed = zstd::encode_all(lines.join("\n").as_bytes(), 1).unwrap();
        bodies.push((Kind::LogChunk, LogChunk { job: JOB, index, compressed: &compressed }.to_bytes()));
    }
    bodies.push((Kind::Snapshots, snapshots.to_bytes().unwrap()));
    bodies.push((Kind::JobFinished, finished.to_bytes().unwrap()));
    let mut batch = BatchBuilder::new(None, Head::genesis(keys.id(), 1, None));
    for (kind, body) in &bodies {
        assert!(batch.push(&Record::new(NOW, *kind, body).unwrap()));
    }
    batch.finish(&keys.identity).unwrap().0
}

fn line(n: u64) -> LogLine {
    LogLine { n, at: NOW, stream: LogStream::Stdout, text: format!("line {n}") }
}

#[tokio::test]
async fn the_host_is_on_the_fleet_page_and_has_one_of_its_own() {
    let member = Member::new().await;
    let rows = member.house.get("/api/v1/hosts?q=web&tag=prod").cookie(&member.cookie).send().await;
    assert_valid_answer("GET /hosts", &rows);
    let rows: Page<HostRow> = rows.json();
    assert_eq!((rows.total, rows.items[0].name.as_str(), rows.items[0].snapshots), (Some(1), "web-1", 3));
    let none: Page<HostRow> =
        member.house.get("/api/v1/hosts?q=mail").cookie(&member.cookie).send().await.json();
    assert!(none.items.is_empty());

    let host = member.get("").send().await;
    assert_valid_answer("GET /hosts/{agent}", &host);
    let host: HostView = host.json();
    assert_eq!((host.row.agent, host.plan_revision, host.journal.seq), (member.agent, 1, 9));
    assert_valid_answer("GET /hosts/{agent}/schedules", &member.get("/schedules").send().await);
    let tiles = member.house.get("/api/v1/fleet/tiles").cookie(&member.cookie).send().await;
    assert_valid_answer("GET /fleet/tiles", &tiles);
    assert_eq!(tiles.json::<Value>()["last_day"]["succeeded"], 1);
}

#[tokio::test]
async fn a_plan_that_is_known_is_not_sent_again_and_an_old_one_stops_an_edit() {
    let member = Member::new().await;
    let plan = member.get("/plan").send().await;
    assert_valid_answer("GET /hosts/{agent}/plan", &plan);
    assert_eq!(plan.headers["etag"], "\"1\"");
    assert_eq!(plan.json::<PlanView>().plan, self::plan());
    let again = member.get("/plan").header("if-none-match", "\"0\", \"1\"").send().await;
    assert_eq!((again.status.as_u16(), again.body.len()), (304, 0));
    assert_eq!(member.get("/plan").header("if-none-match", "\"2\"").send().await.status, 200);

    let run = json!({ "do": "run", "groups": ["default"] });
    let stale = member.order(&run).header("if-match", "\"7\"").send().await.problem();
    assert_eq!((stale.code, stale.status), (ErrorCode::Stale, 412));
    assert!(
        stale.detail.contains("\"1\"") && stale.detail.contains("\"7\""),
        "both revisions: {}",
        stale.detail
    );
    assert_eq!(member.order(&run).header("if-match", "\"1\"").send().await.status, 201);
}

#[tokio::test]
async fn an_order_waits_and_can_be_taken_back() {
    let member = Member::new().await;
    let given = member.order(&json!({ "do": "run", "groups": ["default"] })).send().await;
    assert_eq!(given.status, 201, "{:?}", given.body);
    let order: OrderView = given.json();
    assert_eq!((order.state, order.person.as_str()), (OrderState::Waiting, "alice"));
    let path = format!("/api/v1/hosts/{}/orders", member.agent);
    let list = member.house.get(&path).cookie(&member.cookie).send().await;
    assert_valid_answer("GET /hosts/{agent}/orders", &list);
    assert_eq!(list.json::<Vec<OrderView>>(), std::slice::from_ref(&order));

    let withdraw = || member.house.delete(&format!("{path}/{}", order.order)).cookie(&member.cookie).send();
    assert_eq!(withdraw().await.status, 204);
    let state = member.house.get(&path).cookie(&member.cookie).send().await.json::<Vec<OrderView>>()[0].state;
    assert_eq!(state, OrderState::Withdrawn);
    assert!(matches!(withdraw().await.status.as_u16(), 404 | 409));

    // A grave action does not become routine by being called so.
    let grave = json!({ "do": "confirm_plan", "revision": 1 });
    assert_eq!(member.order(&grave).send().await.code(), ErrorCode::Forbidden);
}

#[tokio::test]
async fn a_log_is_read_page_by_page_or_as_one_file() {
    let member = Member::new().await;
    let jobs = member.get("/jobs?kind=backup&state=succeeded&group=default").send().await;
    assert_valid_answer("GET /hosts/{agent}/jobs", &jobs);
    assert_eq!(jobs.json::<Page<JobView>>().items[0].job, JOB);
    assert_valid_answer("GET /hosts/{agent}/jobs/{job}", &member.get(&format!("/jobs/{JOB}")).send().await);
    assert!(member.get("/jobs?state=failed").send().await.json::<Page<JobView>>().items.is_empty());

    let mut next = Some(0);
    let mut lines = Vec::new();
    while let Some(after) = next {
        let page = member.get(&format!("/jobs/{JOB}/log?after={after}")).send().await;
        assert_valid_answer("GET /hosts/{agent}/jobs/{job}/log", &page);
        let page: LogView = page.json();
        assert!(page.complete && page.lines.len() <= 2_000);
        lines.extend(page.lines);
        next = page.next;
    }
    let wanted: Vec<LogLine> = (0..LINES).map(line).collect();
    assert!(lines == wanted, "{} lines", lines.len());

    let ndjson = member.get(&format!("/jobs/{JOB}/log?format=ndjson")).send().await;
    assert_eq!(ndjson.headers["content-type"], "application/x-ndjson");
    assert_eq!(
        ndjson.headers["content-disposition"],
        format!("attachment; filename=\"job-{JOB}.ndjson\"").as_str()
    );
    let text = String::from_utf8(ndjson.body.to_vec()).unwrap();
    let lines: Vec<LogLine> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines == wanted, "{} lines", lines.len());
    let txt = member.get(&format!("/jobs/{JOB}/log?format=txt")).send().await;
    let txt = String::from_utf8(txt.body.to_vec()).unwrap();
    assert_eq!(txt.lines().count() as u64, LINES);
    assert!(txt.ends_with("2026-11-20T15:04:00Z   line 4499\n"), "{}", &txt[txt.len() - 60..]);
    assert_eq!(
        member.get(&format!("/jobs/{JOB}/log?format=pdf")).send().await.code(),
        ErrorCode::InvalidField
    );
}

#[tokio::test]
async fn pages_of_snapshots_follow_each_other_and_a_cursor_of_another_list_is_refused() {
    let member = Member::new().await;
    let mut cursor = String::new();
    let mut seen = Vec::new();
    loop {
        let page = member.get(&format!("/snapshots?limit=2{cursor}")).send().await;
        assert_valid_answer("GET /hosts/{agent}/snapshots", &page);
        let page: Page<SnapshotRow> = page.json();
        seen.extend(page.items.into_iter().map(|row| row.snapshot.id));
        let Some(next) = page.next else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen, [3, 2, 1].map(|n: u8| hex::encode([n; 32])));
    let foreign =
        member.house.get(&format!("/api/v1/hosts?limit=1{cursor}")).cookie(&member.cookie).send().await;
    assert_eq!(foreign.code(), ErrorCode::InvalidCursor);
}

#[tokio::test]
async fn a_watched_job_sends_its_lines_to_its_watcher_alone() {
    let member = Member::new().await;
    let watch = format!("/api/v1/events?watch={}/{JOB}", member.agent);
    let mut watching = Stream::of(member.house.get(&watch).cookie(&member.cookie).start().await);
    let mut other = Stream::of(member.house.get("/api/v1/events").cookie(&member.cookie).start().await);
    assert_eq!(member.house.fleet.watched(member.agent), [JOB]);
    let live = Live::Log { job: JOB, lines: vec![line(0)] };
    member.house.fleet.relay(member.agent, &live);
    assert_eq!(watching.event().await, Some(Event::Live { agent: member.agent, live }));
    let live = Live::Progress { job: JOB, progress: Progress { fraction: 0.5, ..Progress::default() } };
    member.house.fleet.relay(member.agent, &live);
    assert_eq!(watching.event().await, Some(Event::Live { agent: member.agent, live }));
    member.order(&json!({ "do": "run", "groups": ["default"] })).send().await;
    assert_eq!(
        other.event().await,
        Some(Event::Order { agent: member.agent }),
        "no line came to who did not watch"
    );

    drop(watching);
    while !member.house.fleet.watched(member.agent).is_empty() {
        tokio::task::yield_now().await;
    }
}
