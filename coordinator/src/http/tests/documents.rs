//! The OpenAPI document: complete, well formed, and true of what is really answered.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use wire::{
    action::Outcome,
    host::HostFacts,
    id::{AgentId, JobId, OrderId, SealKey},
    identity::AgentKeys,
    job::{JobKind, JobNumbers, JobState, LogLine, LogStream, Origin, Progress, Reason},
    plan::{Plan, PlanWarning},
    snapshot::{RepositoryNumbers, RepositoryReadiness, Snapshot},
    trust::Credential,
    view::{
        Explanation, HostRow, HostView, JobView, JournalView, LastBackup, LogView, NumbersAt, OrderState,
        OrderView, Page, PlanView, PresenceView, RepositoryView, ScheduleView, SecretView, SnapshotRow,
    },
};

use super::*;
use crate::http::{openapi, table};

fn document() -> Value {
    serde_json::to_value(openapi::document()).unwrap()
}

/// `METHOD path` → operation.
fn operations(document: &Value) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            all.insert(format!("{} {path}", method.to_uppercase()), operation.clone());
        }
    }
    all
}

#[test]
fn the_table_and_the_document_name_the_same_routes() {
    let documented: BTreeSet<String> = operations(&document()).into_keys().collect();
    let routed: BTreeSet<String> =
        table::api().iter().map(|route| format!("{} {}", route.method, route.path)).collect();
    assert_eq!(documented, routed);
    assert_eq!(routed.len(), table::api().len(), "a route stands twice in the table");
}

/// `RM_UPDATE=1` writes it anew.
#[test]
fn the_committed_document_is_the_one_that_is_served() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi.json");
    let mut wanted = serde_json::to_string_pretty(&document()).unwrap();
    wanted.push('\n');
    if std::env::var_os("RM_UPDATE").is_some() {
        std::fs::write(&path, wanted).unwrap();
        return;
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == wanted,
        "docs/openapi.json is not what the handlers say any more.\n\
         Run: RM_UPDATE=1 cargo nextest run -p restic-manager-coordinator the_committed_document"
    );
}

#[test]
fn every_operation_says_what_it_is_for_who_may_and_how_it_refuses() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    let operations = operations(&document);
    for route in table::api() {
        let name = format!("{} {}", route.method, route.path);
        let operation = &operations[&name];
        assert!(operation["summary"].as_str().is_some_and(|text| text.len() > 5), "{name}");
        assert!(operation["tags"][0].is_string(), "{name}");
        let secured = operation["security"].as_array().is_some_and(|needs| !needs.is_empty());
        assert_eq!(secured, route.need.is_some(), "{name}");
        if let Some(role) = route.need {
            assert!(operation["description"].as_str().unwrap().contains(role.as_str()), "{name}");
        }
        let refusal =
            &operation["responses"]["default"]["content"]["application/problem+json"]["schema"]["$ref"];
        assert_eq!(refusal, "#/components/schemas/Problem", "{name}");
        let params: Vec<&str> = route.path.split('/').filter(|segment| segment.starts_with('{')).collect();
        for param in params {
            let param = param.trim_matches(['{', '}']);
            let known = operation["parameters"].as_array().into_iter().flatten();
            let mut found =
                known.filter(|p| p["name"] == param && p["in"] == "path" && p["required"] == true);
            assert!(found.next().is_some(), "{name} lacks the parameter {param}");
        }
    }
}

#[test]
fn every_reference_leads_somewhere() {
    fn references<'a>(value: &'a Value, into: &mut Vec<&'a str>) {
        match value {
            Value::Object(map) => {
                into.extend(map.get("$ref").and_then(Value::as_str));
                map.values().for_each(|value| references(value, into));
            }
            Value::Array(list) => list.iter().for_each(|value| references(value, into)),
            _ => {}
        }
    }
    let document = document();
    let mut all = Vec::new();
    references(&document, &mut all);
    assert!(all.len() > 50);
    for reference in all {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

pub(super) fn assert_valid_answer(operation: &str, answered: &Answered) {
    assert_eq!(answered.status, 200, "{operation}: {:?}", answered.body);
    assert_valid(&document(), operation, "200", &answered.json());
}

/// Holds a value against the schema of an operation's successful answer.
fn assert_valid(document: &Value, operation: &str, status: &str, value: &Value) {
    let schema =
        &operations(document)[operation]["responses"][status]["content"]["application/json"]["schema"];
    assert!(schema.is_object(), "{operation} documents no {status}");
    let whole = json!({ "allOf": [schema], "components": document["components"] });
    let validator = jsonschema::draft202012::new(&whole).unwrap();
    let problems: Vec<String> =
        validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(problems.is_empty(), "{operation}: {problems:#?}\n{value:#}");
}

#[tokio::test]
async fn what_is_really_answered_is_what_the_document_says() {
    let document = document();
    let house = House::new().await;
    let setup: Value = house.get("/api/v1/setup").send().await.json();
    assert_valid(&document, "GET /setup", "200", &setup);
    let answered = house.set_up().await;
    assert_valid(&document, "POST /setup", "201", &answered.json());
    let cookie = answered.cookie();
    assert_valid(&document, "POST /session", "201", &house.sign_in("alice", PASSWORD).await.json());
    assert_valid(&document, "POST /tokens", "201", &house.make_token(&cookie, 1).await.json());
    for path in [
        "/setup",
        "/session",
        "/fleet",
        "/fleet/tiles",
        "/fleet/install",
        "/hosts",
        "/pending",
        "/tokens",
        "/cron?expression=0+2+*+*+*&zone=Europe/Berlin",
        "/cron?expression=nonsense",
        "/openapi.json",
    ] {
        let answered = house.get(&format!("/api/v1{path}")).cookie(&cookie).send().await;
        assert_eq!(answered.status, 200, "{path}: {:?}", answered.body);
        let operation = format!("GET {}", path.split('?').next().unwrap());
        assert_valid(&document, &operation, "200", &answered.json());
    }
    let check = json!({ "plan": { "groups": { "a": { "includes": ["relative"] } } } });
    let answered = house.post("/api/v1/plan/check", &check).cookie(&cookie).send().await;
    assert_valid(&document, "POST /plan/check", "200", &answered.json());
}

#[tokio::test]
async fn a_problem_is_what_the_document_says() {
    let document = document();
    let house = House::new().await;
    let schema = json!({ "$ref": "#/components/schemas/Problem", "components": document["components"] });
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let token = house.access.offer_setup().await.unwrap().unwrap();
    let weak = SetupRequest { password: "short".into(), ..house.setup_request(token.expose()) };
    for answered in [
        house.get("/api/v1/hosts").send().await,
        house.post("/api/v1/setup", &weak).send().await,
        house.get("/api/v1/nothing").send().await,
    ] {
        let value: Value = answered.json();
        assert!(validator.is_valid(&value), "{value:#}");
    }
    assert!(!validator.is_valid(&json!({ "code": "no_such_code" })), "the schema refuses something at all");
}

const JOB: JobId = JobId(uuid::Uuid::from_u128(0x0192_f0c1_7a3b_7c1e_9f00_3b1f_0a2c_4d5e));

fn last_backup() -> LastBackup {
    LastBackup { job: JOB, state: JobState::Incomplete, at: NOW }
}

fn row() -> HostRow {
    HostRow {
        agent: AgentId([1; 32]),
        name: "web-1".into(),
        tags: vec!["prod".into()],
        presence: PresenceView::Online,
        last_seen: Some(NOW),
        os: "linux".into(),
        arch: "x86_64".into(),
        agent_version: "1.2.3".into(),
        behind: false,
        last_backup: Some(last_backup()),
        next_run: None,
        size_bytes: Some(1 << 40),
        snapshots: 3,
        repository: RepositoryReadiness::Ready,
        active_jobs: 0,
        waiting_orders: 1,
        run_now: vec!["default".into()],
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

fn job(reason: Option<Reason>, origin: Origin) -> JobView {
    JobView {
        agent: AgentId([1; 32]),
        host: "web-1".into(),
        job: JOB,
        kind: JobKind::Backup,
        repository: "main".parse().unwrap(),
        group: Some("default".parse().unwrap()),
        origin,
        state: JobState::Failed,
        explanation: reason
            .is_some()
            .then(|| Explanation { message: "It failed.".into(), hint: "Look.".into() }),
        reason,
        numbers: JobNumbers { files_total: Some(7), ..JobNumbers::default() },
        queued_at: NOW,
        started_at: Some(NOW),
        finished_at: None,
        progress: Some(Progress { fraction: 0.5, ..Progress::default() }),
    }
}

#[test]
fn views_of_a_host_are_what_the_document_says() {
    let document = document();
    let valid =
        |operation: &str, value: &dyn erased::View| assert_valid(&document, operation, "200", &value.json());
    valid("GET /hosts", &Page { items: vec![row()], next: Some("abc".into()), total: Some(1) });
    let (world, _) = World::fake(NOW, 1);
    let binding = AgentKeys::generate(&mut world.rng()).binding();
    let repository = RepositoryView {
        name: "main".parse().unwrap(),
        location: "/srv/backup".into(),
        readiness: RepositoryReadiness::Unusable,
        reason: Some(Reason::Locked { owner: Some("web-2".into()), pid: None, since: Some(NOW) }),
        restic_id: None,
        checked_at: Some(NOW),
        numbers: Some(RepositoryNumbers {
            stored_bytes: 1,
            uncompressed_bytes: None,
            restore_bytes: Some(2),
            snapshots: 3,
            blobs: None,
        }),
        snapshots: 3,
        history: vec![NumbersAt { at: NOW, stored_bytes: 1, snapshots: 3 }],
    };
    valid(
        "GET /hosts/{agent}",
        &HostView {
            row: row(),
            facts: HostFacts { hostname: "web-1".into(), ..HostFacts::default() },
            fingerprint: binding.fingerprint().to_string(),
            words: binding.fingerprint().words().map(str::to_owned).to_vec(),
            binding,
            credential: Credential::None,
            journal: JournalView { epoch: 1, seq: 7, verified_at: Some(NOW) },
            plan_revision: 2,
            plan_waiting: false,
            repositories: vec![repository],
            trouble: None,
        },
    );
    valid(
        "GET /hosts/{agent}/plan",
        &PlanView {
            revision: 2,
            plan: plan(),
            changed_by: Some("alice".into()),
            changed_at: Some(NOW),
            seal: SealKey([3; 32]),
            secrets: vec![SecretView { slot: "repository/main/password".into(), revision: 1, at: NOW }],
            warnings: vec![PlanWarning::NeverScheduled { group: "default".parse().unwrap() }],
            read_only: None,
        },
    );
    valid(
        "GET /hosts/{agent}/schedules",
        &vec![ScheduleView {
            name: "nightly".parse().unwrap(),
            cron: "0 2 * * *".into(),
            zone: "UTC".into(),
            enabled: true,
            groups: vec!["default".parse().unwrap()],
            jitter_s: 0,
            next: vec![NOW],
            last: Some(last_backup()),
        }],
    );
    let snapshot = Snapshot {
        id: "ab".repeat(32),
        time: NOW,
        hostname: "web-1".into(),
        paths: vec!["/home".into()],
        tags: Vec::new(),
        group: None,
        size_bytes: Some(1),
        files: None,
        added_bytes: None,
    };
    let row = SnapshotRow { repository: "main".parse().unwrap(), snapshot };
    valid("GET /hosts/{agent}/snapshots", &Page { items: vec![row], next: None, total: None });
}

#[test]
fn views_of_jobs_and_orders_are_what_the_document_says() {
    let document = document();
    let valid =
        |operation: &str, value: &dyn erased::View| assert_valid(&document, operation, "200", &value.json());
    let schedule = Origin::CatchUp { schedule: "nightly".parse().unwrap(), due_at: NOW };
    let unreadable = Reason::UnreadableItems { items: vec!["/etc/shadow".into()], more: 2 };
    valid("GET /hosts/{agent}/jobs/{job}", &job(Some(unreadable), schedule));
    valid(
        "GET /hosts/{agent}/jobs/{job}",
        &job(Some(Reason::Restic { exit: Some(1), message: "x".into() }), Origin::Local),
    );
    valid("GET /hosts/{agent}/jobs/{job}", &job(None, Origin::Follow { job: Some(JOB) }));
    valid(
        "GET /hosts/{agent}/jobs",
        &Page { items: vec![job(None, Origin::Local)], next: None, total: Some(1) },
    );
    let line = LogLine { n: 0, at: NOW, stream: LogStream::Stderr, text: "oh".into() };
    valid(
        "GET /hosts/{agent}/jobs/{job}/log",
        &LogView { lines: vec![line], next: Some(1), complete: false },
    );
    let order = |outcome| OrderView {
        order: OrderId(JOB.0),
        agent: AgentId([1; 32]),
        action: "run".into(),
        person: "alice".into(),
        issued_at: NOW,
        expires_at: NOW,
        state: OrderState::Answered,
        outcome,
        answered_at: Some(NOW),
    };
    let accepted = Outcome::Accepted { jobs: vec![JOB], revision: Some(3) };
    valid("GET /hosts/{agent}/orders", &vec![order(None), order(Some(accepted))]);
}

/// Anything that is a view, for one closure.
mod erased {
    pub trait View {
        fn json(&self) -> serde_json::Value;
    }
    impl<T: serde::Serialize> View for T {
        fn json(&self) -> serde_json::Value {
            serde_json::to_value(self).unwrap()
        }
    }
}
