//! The coordinator's database is gone; its key file and configuration are still there.

use std::{collections::BTreeMap, fs};

use reqwest::Method;
use tests::{person::Person, programs::Coordinator, wait::until};
use wire::{
    action::Action,
    error::ErrorCode,
    job::{JobKind, JobState},
    trust::Role,
    view::{
        ApiTokenMade, ApiTokenRequest, ApiTokenView, AuditAction, AuditView, HostRow, InviteRequest,
        OrderRequest, Page, PersonView, PlanView, SetupLinkView, SnapshotRow, TemplateRequest, TemplateView,
        TokenView,
    },
};

use crate::host::Host;

#[tokio::test]
async fn agents_give_a_wiped_coordinator_their_whole_history_back() {
    let mut host = Host::ready("0 2 * * *").await;
    host.good_backup().await;
    host.good_backup().await;
    until(
        "what follows the backups to be over",
        async || host.person.jobs(host.id).await,
        |jobs| jobs.iter().all(|job| job.state.is_over()).then_some(()),
    )
    .await;
    let before = everything(&host).await;
    let last_number = last_order_number(&host);
    let records = raw_records(&host);
    assert!(host.coordinator.program.stop().success());

    wipe(&host);

    host.coordinator = Coordinator::start(&host.place, host.port).await;
    let token = host.coordinator.setup_token();
    host.person = Person::found_again(&host.coordinator.url, &token, &host.person).await;
    until(
        "the host to be live without a second approval",
        async || host.person.hosts().await,
        |all| all.iter().any(|row| row.agent == host.id && row.name == "host-1").then_some(()),
    )
    .await;
    assert_eq!(host.person.get::<Vec<wire::view::PendingView>>("/pending").await, []);
    until(
        "the history to be back and equal",
        async || everything(&host).await,
        |after| (*after == before).then_some(()),
    )
    .await;
    let after: BTreeMap<_, _> = raw_records(&host);
    for (seq, hash) in &records {
        assert_eq!(after.get(seq), Some(hash), "record {seq:?} is not what it was");
    }

    let job = host.good_backup().await;
    assert_eq!(job.state, JobState::Succeeded);
    assert!(last_order_number(&host) > last_number, "orders must go on above the old numbers");
    let verified = host.verify();
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
}

#[tokio::test]
async fn what_no_agent_knows_is_lost_with_the_database() {
    let mut host = Host::ready("0 2 * * *").await;
    host.good_backup().await;
    host.person.token("*", None, &[]).await;
    let plan = host.person.plan(host.id).await.plan;
    let _: serde_json::Value = host.person.put_json("/templates/office", &TemplateRequest { plan }).await;
    let invite = InviteRequest { name: "bob".into(), email: None, role: Role::Viewer };
    let _: SetupLinkView = host.person.post("/people", &invite).await;
    let program = ApiTokenRequest { name: "reports".into(), role: Role::Viewer, days: None };
    let _: ApiTokenMade = host.person.post("/api-tokens", &program).await;
    assert!(host.daemon.stop().success());
    let run = Action::Run {
        groups: vec!["default".parse().expect("a name")],
        upload_kib_s: None,
        download_kib_s: None,
    };
    host.person.put(host.id, &OrderRequest::Routine { routine: run }).await;
    let own = async |person: &Person| {
        let tokens: Vec<TokenView> = person.get("/tokens").await;
        let templates: Vec<TemplateView> = person.get("/templates").await;
        let people: Vec<PersonView> = person.get("/people").await;
        let programs: Vec<ApiTokenView> = person.get("/api-tokens").await;
        (tokens.len(), templates.len(), people.len(), programs.len())
    };
    assert_eq!(own(&host.person).await, (1, 1, 2, 1));
    assert!(host.coordinator.program.stop().success());
    wipe(&host);

    host.coordinator = Coordinator::start(&host.place, host.port).await;
    let before = host.person.call::<serde_json::Value>(Method::GET, "/session", None::<&()>).await;
    assert_eq!(before.expect_err("no session is left").code, ErrorCode::SetupNeeded);
    host.person =
        Person::found_again(&host.coordinator.url, &host.coordinator.setup_token(), &host.person).await;
    assert_eq!(own(&host.person).await, (0, 0, 1, 0));
    let audit: Page<AuditView> = host.person.get("/audit?order=asc").await;
    let first = audit.items.first().expect("it is written anew");
    assert_eq!((first.seq, first.body.action), (1, AuditAction::SetUp));
    assert!(audit.items.iter().all(|view| view.body.action != AuditAction::PersonInvite));
    host.daemon = host.agent.run();
    until(
        "the host to be back with its history",
        async || host.person.get::<Page<HostRow>>("/hosts").await,
        |page| page.items.iter().any(|row| row.agent == host.id).then_some(()),
    )
    .await;
    // The order that waited is gone: nobody gives it again, and the next one is obeyed.
    assert!(host.person.orders(host.id).await.iter().all(|order| order.outcome.is_some()));
    let count = host.person.jobs(host.id).await.len();
    host.good_backup().await;
    let after = host.person.jobs(host.id).await;
    let backups = after.iter().filter(|job| job.kind == JobKind::Backup).count();
    assert_eq!(backups, 2, "{count} jobs before; the waiting order must not have run: {after:#?}");
}

fn wipe(host: &Host) {
    for name in ["coordinator.db", "coordinator.db-wal", "coordinator.db-shm"] {
        let file = host.place.coordinator().join(name);
        if file.exists() {
            fs::remove_file(&file).expect("the database can be removed");
        }
    }
    assert!(host.place.coordinator().join("coordinator.key").exists(), "the key file survives");
}

/// What the API tells of a host, but for live state.
async fn everything(host: &Host) -> (Vec<serde_json::Value>, PlanView, Vec<SnapshotRow>) {
    let jobs = host.person.jobs(host.id).await;
    let mut all = Vec::new();
    for mut job in jobs {
        job.progress = None;
        let log = host.person.log(host.id, job.job).await;
        all.push(serde_json::json!({ "job": job, "log": log }));
    }
    (all, host.person.plan(host.id).await, host.person.snapshots(host.id).await)
}

/// As the agent's own database has it.
fn last_order_number(host: &Host) -> u64 {
    let status = host.agent.ask_json(&["status"]);
    status["last_order"].as_u64().unwrap_or_else(|| panic!("status tells no last order: {status:#}"))
}

/// The chain's hash of every record, as the coordinator keeps them.
fn raw_records(host: &Host) -> BTreeMap<(u64, u64), Vec<u8>> {
    let database = host.place.coordinator().join("coordinator.db");
    let open = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    let connection = rusqlite::Connection::open_with_flags(database, open).expect("the database opens");
    let mut query = connection
        .prepare("SELECT epoch, place & ((1 << 40) - 1), records.hash FROM records JOIN chains ON chains.id = place >> 40")
        .expect("the table of records");
    let rows = query.query_map([], |row| {
        Ok(((row.get::<_, i64>(0)?.cast_unsigned(), row.get::<_, i64>(1)?.cast_unsigned()), row.get(2)?))
    });
    rows.expect("rows").map(|row| row.expect("a row")).collect()
}
