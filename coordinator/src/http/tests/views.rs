//! Every view of a host, its jobs and orders, with all that it can hold, against the OpenAPI document.

use serde_json::json;
use wire::{
    action::Outcome,
    host::HostFacts,
    id::{AgentId, JobId, OrderId, SealKey},
    identity::AgentKeys,
    job::{JobKind, JobNumbers, JobState, LogLine, LogStream, Origin, Progress, Reason},
    plan::{MaintenanceTask, Plan, PlanChange, PlanWarning},
    snapshot::{RepositoryNumbers, RepositoryReadiness, Snapshot},
    trust::Credential,
    view::{
        Explanation, HostRow, HostView, JobView, JournalView, LastBackup, LogView, MaintenanceView,
        NumbersAt, OrderAbout, OrderState, OrderView, Page, PlanRevisionView, PlanView, PresenceView,
        RepositoryHistoryView, RepositoryView, ScheduleView, SecretView, SnapshotRow, TemplateView,
    },
};

use super::{
    documents::{assert_valid, document},
    *,
};

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
        trend: vec![0, 50, 100],
        held: true,
        retired: true,
        replaced: false,
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
        options: wire::action::JobOptions { upload_kib_s: Some(9), ..Default::default() },
        result: Some(wire::job::JobResult::Check(wire::job::CheckResult::default())),
        lacks: vec![wire::job::Lack { what: "bytes_stored".into(), needed: "0.17".into() }],
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
        explanation: Some(Explanation { message: "m".into(), hint: "h".into() }),
        locks: vec![wire::snapshot::Lock {
            id: "ab".into(),
            hostname: "web-2".into(),
            username: "root".into(),
            pid: 7,
            since: NOW,
            exclusive: true,
            dead: false,
            unread: false,
        }],
        locks_at: Some(NOW),
        doubtful: 1,
        sharing: vec![wire::view::SharingView {
            agent: AgentId([5; 32]),
            name: "web-3".into(),
            repository: "main".parse().unwrap(),
            owner: None,
        }],
        sharing_total: 1,
        owner_gone: false,
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
            trouble: Some(wire::view::TroubleView {
                kind: wire::view::TroubleKind::Namesake,
                message: "Another host is called so.".into(),
            }),
            holds: vec![wire::snapshot::Hold {
                cause: wire::snapshot::HoldCause::Claims,
                repository: Some("main".parse().unwrap()),
                message: "two claim it".into(),
                at: NOW,
            }],
            retired_at: None,
            replaces: None,
            replaced_by: None,
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
            secrets: vec![SecretView {
                slot: "repository/main/password".into(),
                revision: 1,
                at: NOW,
                newest: 2,
            }],
            warnings: vec![PlanWarning::NeverScheduled { group: "default".parse().unwrap() }],
            read_only: None,
            file_problems: Vec::new(),
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
        doubt: None,
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
        about: OrderAbout::default(),
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

#[test]
fn views_of_upkeep_and_of_a_plans_past_are_what_the_document_says() {
    let document = document();
    let valid =
        |operation: &str, value: &dyn erased::View| assert_valid(&document, operation, "200", &value.json());
    let past = PlanRevisionView {
        place: "1.7".into(),
        revision: 3,
        at: NOW,
        by: "alice".into(),
        note: Some("the new server".into()),
        changes: vec![PlanChange::HooksChanged { group: None }, PlanChange::LimitsChanged],
    };
    let page = Page { items: vec![past], next: Some("abc".into()), total: None };
    valid("GET /hosts/{agent}/plan/history", &page);
    let row = |task, cron: Option<&str>, held: Option<&str>| MaintenanceView {
        repository: "main".parse().unwrap(),
        task,
        cron: cron.map(str::to_owned),
        zone: "Europe/Berlin".into(),
        last: Some(last_backup()),
        next: held.is_none().then_some(NOW),
        held: held.map(str::to_owned),
    };
    valid(
        "GET /hosts/{agent}/maintenance",
        &vec![
            row(MaintenanceTask::Check, Some("0 5 1 * *"), None),
            row(MaintenanceTask::Prune, None, Some("no")),
        ],
    );
    let point = NumbersAt { at: NOW, stored_bytes: u64::MAX, snapshots: 3 };
    valid(
        "GET /hosts/{agent}/repositories/{repository}/history",
        &RepositoryHistoryView { days: 365, points: vec![point] },
    );
    let template =
        TemplateView { name: "web".into(), plan: plan(), made_by: "alice".into(), changed_at: NOW };
    valid("GET /templates", &vec![template.clone()]);
    valid("PUT /templates/{name}", &template);
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
