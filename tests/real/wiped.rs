//! The coordinator's database is gone; its key file and configuration are still there.

use std::{collections::BTreeMap, fs};

use tests::{person::Person, programs::Coordinator, wait::until};
use wire::{
    job::JobState,
    view::{PlanView, SnapshotRow},
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

    for name in ["coordinator.db", "coordinator.db-wal", "coordinator.db-shm"] {
        let file = host.place.coordinator().join(name);
        if file.exists() {
            fs::remove_file(&file).expect("the database can be removed");
        }
    }
    assert!(host.place.coordinator().join("coordinator.key").exists(), "the key file survives");

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
