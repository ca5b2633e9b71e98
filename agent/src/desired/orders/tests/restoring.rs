//! Orders to restore: what is refused, and what is lent for one job alone.

use serde_json::{Value, json};
use wire::{
    id::AgentId,
    job::JobState,
    restore::{Restore, RestoreTarget},
    seal::SecretSlot,
    snapshot::Snapshot,
};

use super::*;
use crate::store::snapshots;

const PASSWORD: &str = "what-opens-it";
const SOURCE: AgentId = AgentId([5; 32]);
const MINUTE_MS: i64 = 60_000;

fn restore(change: &Value) -> Action {
    let mut value = json!({
        "do": "restore", "repository": "main", "snapshot": "ab".repeat(32), "target": { "to": "fresh" },
    });
    for (name, to) in change.as_object().unwrap() {
        value[name] = to.clone();
    }
    serde_json::from_value(value).unwrap()
}

/// A member with a plan and one snapshot.
async fn host(fleet: &Fleet, policy: &str) -> Host {
    let host = Host::member(fleet, toml::from_str::<Policy>(policy).unwrap()).await;
    assert_eq!(code(&send(fleet, &host, set_plan(0, plan()), 1).await), None);
    let snapshot: Snapshot = serde_json::from_value(json!({
        "id": "ab".repeat(32), "time": START, "hostname": "web-1", "paths": ["/etc"], "tags": ["default"],
    }))
    .unwrap();
    let name = "main".parse().unwrap();
    let added = move |tx: &crate::store::Tx<'_>| snapshots::add(tx, &name, snapshot, START);
    host.desk.store().write::<_, StoreError>(added).await.unwrap();
    host
}

#[tokio::test]
async fn a_restore_is_refused_for_each_thing_that_is_wrong_with_it() {
    let fleet = Fleet::found();
    let host = host(&fleet, "").await;
    for (n, (change, expected)) in [
        (json!({ "repository": "gone" }), Some(Code::NotFound)),
        (json!({ "snapshot": "cd".repeat(32) }), Some(Code::NotFound)),
        (json!({ "snapshot": "abab" }), Some(Code::InvalidPlan)),
        (json!({ "picks": [{ "path": "/etc", "take": false }] }), Some(Code::InvalidPlan)),
        (json!({ "target": { "to": "directory", "path": "etc" } }), Some(Code::InvalidPlan)),
        (json!({ "target": { "to": "in_place", "host": "web-2" } }), Some(Code::InvalidPlan)),
        (json!({ "target": { "to": "in_place", "host": "" } }), Some(Code::InvalidPlan)),
        (json!({ "target": { "to": "in_place", "host": "web-1" } }), None),
        (json!({}), None),
    ]
    .into_iter()
    .enumerate()
    {
        let answer = send(&fleet, &host, restore(&change), n as u64 + 2).await;
        assert_eq!(code(&answer), expected, "{change}: {answer:?}");
    }
    let open = host.read(jobs::open).await;
    assert_eq!(open.len(), 2);
    assert!(open.iter().all(|job| job.subject.kind == JobKind::Restore && job.options.restore.is_some()));
    let at_home = host.desk.work_here(restore(&json!({ "target": { "to": "in_place", "host": "web-2" } })));
    assert!(matches!(at_home.await.unwrap(), Outcome::Refused { code: Code::InvalidPlan, .. }));
}

#[tokio::test]
async fn the_endpoints_policy_has_the_last_word() {
    let fleet = Fleet::found();
    for (policy, target) in [
        ("refuse_orders = ['restore']", json!({ "to": "fresh" })),
        ("refuse_in_place = true", json!({ "to": "in_place", "host": "web-1" })),
        ("restore_below = ['/srv/restore']", json!({ "to": "in_place", "host": "web-1" })),
    ] {
        let host = host(&fleet, policy).await;
        let answer = send(&fleet, &host, restore(&json!({ "target": target })), 2).await;
        assert_eq!(code(&answer), Some(Code::Policy), "{policy}: {answer:?}");
        assert!(host.read(jobs::open).await.is_empty());
    }
}

#[tokio::test]
async fn what_runs_makes_way_where_the_person_says_so_and_nothing_else_does() {
    let fleet = Fleet::found();
    let host = host(&fleet, "").await;
    let Outcome::Accepted { jobs: begun, .. } = send(&fleet, &host, run(), 2).await.outcome else {
        panic!("the run was refused")
    };
    let backup = begun[0];
    let start = move |tx: &crate::store::Tx<'_>| jobs::start(tx, backup, None, START);
    host.desk.store().write::<_, StoreError>(start).await.unwrap();
    let waits = restore(&json!({ "target": { "to": "directory", "path": "/srv/a" } }));
    assert_eq!(code(&send(&fleet, &host, waits, 3).await), None);
    let cancelled = |open: Vec<jobs::Job>| {
        let all = open.into_iter().filter(|job| job.cancel_by.is_some());
        all.map(|job| (job.id, job.state, job.cancel_by)).collect::<Vec<_>>()
    };
    assert!(cancelled(host.read(jobs::open).await).is_empty());
    assert_eq!(code(&send(&fleet, &host, restore(&json!({ "meanwhile": "cancel" })), 4).await), None);
    let told = cancelled(host.read(jobs::open).await);
    assert_eq!(told, [(backup, JobState::Running, Some("Ada".to_owned()))]);
    assert_eq!(host.read(jobs::open).await.len(), 3, "what is queued stays");
}

/// A restore by what another host lent, with these differences.
fn lent(fleet: &Fleet, host: &Host, job: JobId, inside: &Value, outside: &Value) -> Action {
    let mut credential = json!({
        "job": job, "source": SOURCE, "repository": "theirs", "password": PASSWORD,
        "backend": { "kind": "local", "path": "/srv/theirs" },
    });
    for (name, to) in inside.as_object().unwrap() {
        credential[name] = to.clone();
    }
    let slot: SecretSlot = "repository/theirs/lent".parse().unwrap();
    let keys = host.desk.keys();
    let context = BoxContext::lend(fleet.kit.fleet(), keys.id(), keys.seal_key(), &slot);
    let sealed = seal::seal(&context, credential.to_string().as_bytes(), &mut fleet.world.rng()).unwrap();
    let mut value = json!({
        "repository": "theirs", "snapshot": "ab".repeat(32), "target": { "to": "fresh" },
        "lent": { "source": SOURCE, "source_name": "db", "job": job, "box": Base64Bytes::from(sealed) },
    });
    for (name, to) in outside.as_object().unwrap() {
        value[name] = to.clone();
    }
    Action::Restore { restore: Box::new(serde_json::from_value::<Restore>(value).unwrap()) }
}

async fn give(fleet: &Fleet, host: &Host, action: Action, minutes: i64, number: u64) -> Receipt {
    let order = fleet.order(host.desk.agent(), action);
    let order = Order { expires_at: START.plus_ms(minutes * MINUTE_MS), ..order };
    receipt(host.desk.order(&fleet.ledger(), fleet.dispatch(&order, &fleet.admin, number), START).await)
}

#[tokio::test]
async fn what_is_lent_must_be_what_the_order_says() {
    let fleet = Fleet::found();
    let host = host(&fleet, "").await;
    let job = |n| JobId(uuid::Uuid::from_u128(n));
    let nothing = json!({});
    let of = |inside: Value, outside: Value| lent(&fleet, &host, job(1), &inside, &outside);
    for (n, (action, minutes)) in [
        (of(json!({ "job": job(2) }), nothing.clone()), 10),
        (of(json!({ "source": AgentId([6; 32]) }), nothing.clone()), 10),
        (of(json!({ "repository": "other" }), nothing.clone()), 10),
        (of(json!({ "password": "" }), nothing.clone()), 10),
        (of(json!({ "backend": { "kind": "local", "path": "srv" } }), nothing.clone()), 10),
        (of(json!({ "environment": { "LD_PRELOAD": "/tmp/x.so" } }), nothing.clone()), 10),
        // A box of another slot does not open.
        (of(json!({ "repository": "main" }), json!({ "repository": "main" })), 10),
        (of(nothing.clone(), nothing.clone()), 16),
    ]
    .into_iter()
    .enumerate()
    {
        let answer = give(&fleet, &host, action, minutes, n as u64 + 2).await;
        assert_eq!(code(&answer), Some(Code::BadSecret), "{n}: {answer:?}");
    }
    assert!(host.read(jobs::open).await.is_empty());
}

#[tokio::test]
async fn a_lent_restore_bears_the_id_it_was_lent_for_and_writes_no_secret_down() {
    let fleet = Fleet::found();
    let host = host(&fleet, "").await;
    let id = JobId(uuid::Uuid::from_u128(7));
    let action = lent(&fleet, &host, id, &json!({}), &json!({}));
    let Action::Restore { restore } = &action else { panic!("a restore") };
    let sealed = serde_json::to_value(&restore.lent).unwrap()["box"].as_str().unwrap().to_owned();
    let answer = give(&fleet, &host, action.clone(), 10, 2).await;
    assert_eq!(answer.outcome, Outcome::Accepted { jobs: vec![id], revision: None });
    let open = host.read(jobs::open).await;
    let noted = open[0].lent().unwrap();
    assert_eq!((noted.source, noted.source_name.as_str(), noted.sealed.0.len()), (SOURCE, "db", 0));
    let bodies = host.read(|connection| journal::after(connection, 1, 0, 1_000)).await;
    for body in bodies.into_iter().filter_map(|row| row.body) {
        let text = String::from_utf8_lossy(&body).into_owned();
        assert!(!text.contains(PASSWORD) && !text.contains(&sealed), "{text}");
    }
    // Lent for this job, which has been.
    let again = give(&fleet, &host, lent(&fleet, &host, id, &json!({}), &json!({})), 10, 3).await;
    assert_eq!(code(&again), Some(Code::BadSecret));
    assert!(matches!(open[0].options.restore.as_ref().unwrap().target, RestoreTarget::Fresh));
}
