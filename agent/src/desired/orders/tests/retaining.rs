//! Orders about what may be removed: what each changes, and whose word is enough.

use wire::{
    id::RepositoryName,
    plan::{Backend, Owner, Retention},
    snapshot::{HoldCause, Snapshot, SnapshotDoubt},
};

use super::*;
use crate::store::snapshots;

fn main() -> RepositoryName {
    "main".parse().unwrap()
}

fn id(letter: char) -> String {
    letter.to_string().repeat(64)
}

fn unknown(letter: char) -> Snapshot {
    Snapshot {
        id: id(letter),
        time: START.plus_ms(-1_000),
        hostname: "web-1".to_owned(),
        paths: vec!["/etc".to_owned()],
        tags: vec!["default".to_owned()],
        group: Some("default".parse().unwrap()),
        size_bytes: None,
        files: None,
        added_bytes: None,
        doubt: Some(SnapshotDoubt::Unknown),
    }
}

async fn host(fleet: &Fleet, policy: Policy) -> Host {
    let host = Host::member(fleet, policy).await;
    assert_eq!(code(&send(fleet, &host, set_plan(0, plan()), 1).await), None);
    host
}

/// Sends an order by this key.
async fn send_by(fleet: &Fleet, host: &Host, action: Action, key: &SigningKey, number: u64) -> Option<Code> {
    let order = fleet.order(host.desk.agent(), action);
    let answer = host.desk.order(&fleet.ledger(), fleet.dispatch(&order, key, number), START).await;
    code(&receipt(answer))
}

#[tokio::test]
async fn a_preview_is_a_job_with_the_wished_policy() {
    let fleet = Fleet::found();
    let host = host(&fleet, Policy::default()).await;
    let retention = Retention { keep_last: 3, ..Retention::KEEP_EVERYTHING };
    let preview = |group: &str| Action::PreviewRetention {
        group: group.parse().unwrap(),
        retention: retention.clone(),
    };
    let key = &fleet.coordinator.identity;
    assert_eq!(send_by(&fleet, &host, preview("default"), key, 2).await, None, "it is routine");
    let open = host.read(jobs::open).await;
    assert_eq!((open.len(), open[0].subject.kind), (1, JobKind::RetentionPreview));
    assert_eq!(
        (&open[0].options.retention, &open[0].subject.repository),
        (&Some(retention.clone()), &main())
    );
    assert_eq!(send_by(&fleet, &host, preview("nobody"), key, 3).await, Some(Code::NotFound));
}

#[tokio::test]
async fn what_is_adopted_is_in_doubt_no_more_and_the_rest_is() {
    let fleet = Fleet::found();
    let host = host(&fleet, Policy::default()).await;
    let listed = [unknown('a'), unknown('b')];
    let write = host.desk.store().write::<_, StoreError>(move |tx| {
        snapshots::replace(tx, &main(), &listed, START)?;
        holds::set(tx, HoldCause::UnknownSnapshot, Some(&main()), "two of them", START)
    });
    write.await.unwrap();
    let adopt = |ids: &[String]| Action::Adopt { repository: main(), snapshots: ids.to_vec() };
    let by_coordinator = send_by(&fleet, &host, adopt(&[id('a')]), &fleet.coordinator.identity, 2).await;
    assert_eq!(by_coordinator, Some(Code::NotAuthorised));
    let stranger = send_by(&fleet, &host, adopt(&[id('a'), id('c')]), &fleet.operator, 3).await;
    assert_eq!(stranger, Some(Code::NotFound));
    assert_eq!(send_by(&fleet, &host, adopt(&[]), &fleet.operator, 4).await, Some(Code::NotFound));
    let doubts = || async {
        let all = host.read(|connection| snapshots::all(connection, &main())).await;
        all.into_iter().map(|snapshot| snapshot.doubt).collect::<Vec<_>>()
    };
    assert_eq!(doubts().await, [Some(SnapshotDoubt::Unknown); 2], "a refusal changes nothing");

    assert_eq!(send_by(&fleet, &host, adopt(&[id('a')]), &fleet.operator, 5).await, None);
    assert_eq!(doubts().await, [None, Some(SnapshotDoubt::Unknown)]);
    let held = host.read(holds::all).await;
    assert_eq!(held.len(), 1);
    assert!(held[0].message.contains("bbbbbbbb") && !held[0].message.contains("aaaaaaaa"), "{held:?}");
    assert_eq!(send_by(&fleet, &host, adopt(&[id('b')]), &fleet.operator, 6).await, None);
    assert!(host.read(holds::all).await.is_empty());
    let rows = host.read(|connection| journal::after(connection, 1, 0, 1_000)).await;
    let last = rows.iter().rfind(|row| row.kind == "snapshots").and_then(|row| row.body.clone()).unwrap();
    let last: serde_json::Value = serde_json::from_slice(&last).unwrap();
    assert_eq!((last["added"][0]["id"].as_str(), last["added"][0].get("doubt")), (Some(&*id('b')), None));
}

#[tokio::test]
async fn other_claims_hold_until_there_are_none() {
    let fleet = Fleet::found();
    let host = host(&fleet, Policy::default()).await;
    let me = Owner { agent: host.desk.agent(), name: "web-1".to_owned() };
    let other = Owner { agent: wire::id::AgentId([8; 32]), name: "db-1".to_owned() };
    let claims = |claimants: &[&Owner]| Action::Claims {
        repository: main(),
        claimants: claimants.iter().map(|&owner| owner.clone()).collect(),
    };
    let key = &fleet.coordinator.identity;
    for (number, claimants, held) in
        [(2, vec![&me, &other], true), (3, vec![&me], false), (4, vec![&other], true), (5, vec![], false)]
    {
        assert_eq!(send_by(&fleet, &host, claims(&claimants), key, number).await, None);
        let holds = host.read(holds::all).await;
        assert_eq!(holds.len(), usize::from(held), "{claimants:?}");
        if let Some(hold) = holds.first() {
            assert_eq!((hold.cause, &hold.repository), (HoldCause::Claims, &Some(main())));
            assert!(hold.message.contains("db-1") && !hold.message.contains("web-1"), "{}", hold.message);
        }
    }
}

#[tokio::test]
async fn a_hold_names_so_many_claimants_and_no_more_of_their_names_than_can_be_read() {
    let fleet = Fleet::found();
    let host = host(&fleet, Policy::default()).await;
    let claimants = (0..500_u32).map(|n| Owner {
        agent: wire::id::AgentId([u8::try_from(n % 200).unwrap() + 9; 32]),
        name: if n == 0 { "\n".to_owned() } else { format!("{n}\u{1b}[2J{}", "x".repeat(5_000)) },
    });
    let claims = Action::Claims { repository: main(), claimants: claimants.collect() };
    assert_eq!(send_by(&fleet, &host, claims, &fleet.coordinator.identity, 2).await, None);
    let holds = host.read(holds::all).await;
    let [hold] = &holds[..] else { panic!("{holds:?}") };
    assert!(hold.message.chars().count() < 2_300 && !hold.message.contains(char::is_control), "{hold:?}");
    assert!(hold.message.contains(&wire::id::AgentId([9; 32]).to_string()), "one without a name: {hold:?}");
    assert!(hold.message.contains("19[2J") && !hold.message.contains("20[2J"), "{hold:?}");
}

#[tokio::test]
async fn orders_fill_no_queue_without_an_end() {
    let fleet = Fleet::found();
    let host = host(&fleet, Policy::default()).await;
    let key = &fleet.coordinator.identity;
    let preview = |keep_last: u64| Action::PreviewRetention {
        group: "default".parse().unwrap(),
        retention: Retention { keep_last: u32::try_from(keep_last).unwrap(), ..Retention::KEEP_EVERYTHING },
    };
    for number in 2..52 {
        assert_eq!(send_by(&fleet, &host, preview(number), key, number).await, None, "{number}");
    }
    assert_eq!(host.read(jobs::open).await.len(), 50);
    assert_eq!(send_by(&fleet, &host, preview(52), key, 52).await, Some(Code::Unavailable));
    assert_eq!(send_by(&fleet, &host, run(), key, 53).await, Some(Code::Unavailable));
    assert_eq!(send_by(&fleet, &host, preview(2), key, 54).await, None, "it waits already");
    let job = host.read(jobs::open).await[0].id;
    assert_eq!(send_by(&fleet, &host, Action::Cancel { job }, key, 55).await, None);
    assert_eq!(send_by(&fleet, &host, run(), key, 56).await, None, "there is room again");
}

#[tokio::test]
async fn no_order_lifts_a_limit_with_nothing() {
    let fleet = Fleet::found();
    let host = host(&fleet, Policy::default()).await;
    let run = |upload_kib_s, download_kib_s| Action::Run {
        groups: vec!["default".parse().unwrap()],
        upload_kib_s,
        download_kib_s,
    };
    let key = &fleet.coordinator.identity;
    for (number, action, expected) in [
        (2, run(Some(0), None), Some(Code::InvalidPlan)),
        (3, run(None, Some(0)), Some(Code::InvalidPlan)),
        (4, run(Some(1), None), None),
    ] {
        assert_eq!(send_by(&fleet, &host, action, key, number).await, expected, "order {number}");
    }
    assert_eq!(host.read(jobs::open).await.len(), 1);
}

#[tokio::test]
async fn a_release_is_refused_where_it_makes_no_sense() {
    let fleet = Fleet::found();
    let value = r#"{"user":"keeper","password":"p"}"#;
    let release = |host: &Host, slot: &str, value: &str| {
        let action = Action::Release { repository: main(), secret: fleet.sealed(host, slot, 1, value) };
        Order { expires_at: START.plus_ms(600_000), ..fleet.order(host.desk.agent(), action) }
    };
    let give = async |host: &Host, order: &Order, key: &SigningKey, number| {
        code(&receipt(host.desk.order(&fleet.ledger(), fleet.dispatch(order, key, number), START).await))
    };
    let slot = "repository/main/admin";
    let ready = host(&fleet, Policy::default()).await;
    let order = release(&ready, slot, value);
    assert_eq!(give(&ready, &order, &fleet.admin, 2).await, Some(Code::BadSecret), "it may delete anyway");

    let mut appends = plan();
    appends.repositories.values_mut().for_each(|it| {
        it.append_only = true;
        it.backend = Backend::Rest { url: "http://127.0.0.1:1".to_owned(), path: "web-1".to_owned() };
    });
    assert_eq!(code(&send(&fleet, &ready, set_plan(1, appends.clone()), 3).await), None);
    for (number, order, key, expected) in [
        (4, release(&ready, slot, value), &fleet.operator, Some(Code::NotAuthorised)),
        (5, release(&ready, slot, value), &fleet.coordinator.identity, Some(Code::NotAuthorised)),
        (6, release(&ready, "repository/main/login", value), &fleet.admin, Some(Code::BadSecret)),
        (7, release(&ready, "repository/other/admin", value), &fleet.admin, Some(Code::BadSecret)),
        (8, release(&ready, slot, "no JSON"), &fleet.admin, Some(Code::BadSecret)),
        (
            9,
            release(&ready, slot, r#"{"password":"p","url":"ftp://x"}"#),
            &fleet.admin,
            Some(Code::BadSecret),
        ),
        (10, release(&ready, slot, value), &fleet.admin, None),
    ] {
        assert_eq!(give(&ready, &order, key, number).await, expected, "order {number}");
        let open = ready.read(jobs::open).await.len();
        assert_eq!(open, if expected.is_none() { 2 } else { 0 }, "order {number}");
    }
    let in_plan = Action::SetPlan {
        base_revision: 2,
        plan: appends,
        secrets: vec![fleet.sealed(&ready, slot, 1, value)],
        note: None,
    };
    assert_eq!(code(&send(&fleet, &ready, in_plan, 11).await), Some(Code::BadSecret), "it is never kept");
    assert_eq!(ready.read(ledger::revision).await, 2);
}
