//! Being called otherwise, leaving, and coming back.

use wire::{
    action::{Action, OrderRefusalCode as Code, Outcome},
    frame::Credential,
    id::AgentId,
    journal::{Local, Membership, RecordBody as _},
};

use crate::{
    config::Policy,
    desired::{
        Answer,
        rehearsal::{Fleet, Host, START, plan},
    },
    store::{jobs, journal, plan as ledger, trust},
};

async fn send(fleet: &Fleet, host: &Host, action: Action, number: u64) -> Outcome {
    let order = fleet.order(host.desk.agent(), action);
    let dispatch = fleet.dispatch(&order, &fleet.admin, number);
    match host.desk.order(&fleet.ledger(), dispatch, START).await {
        Answer::Receipt(receipt) => receipt.outcome,
        other => panic!("{other:?}"),
    }
}

fn code(outcome: &Outcome) -> Option<Code> {
    match outcome {
        Outcome::Accepted { .. } => None,
        Outcome::Refused { code, .. } => Some(*code),
    }
}

/// Bodies of the records of one kind, oldest first.
async fn bodies(host: &Host, kind: &'static str) -> Vec<Vec<u8>> {
    host.read(move |connection| {
        let rows = journal::after(connection, 1, 0, 1_000)?;
        Ok(rows.into_iter().filter(|row| row.kind == kind).filter_map(|row| row.body).collect())
    })
    .await
}

#[tokio::test]
async fn a_new_name_is_kept_and_journalled_as_membership() {
    let fleet = Fleet::found();
    let host = Host::member(&fleet, Policy::default()).await;
    let rename = |name: &str, tags: &[&str]| Action::Rename {
        name: name.to_owned(),
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
    };
    assert_eq!(code(&send(&fleet, &host, rename(" web-2 ", &["web", "eu"]), 1).await), None);
    let member = host.read(trust::pin).await.unwrap().member.unwrap();
    assert_eq!((member.name.as_str(), member.tags.join(" ").as_str()), ("web-2", "web eu"));
    let records = bodies(&host, "membership").await;
    let last = Membership::from_bytes(records.last().unwrap()).unwrap();
    assert_eq!((last.name.as_str(), last.tags.len()), ("web-2", 2));
    assert_eq!(last.credential, member.credential, "with the proof that it belongs to the fleet");

    let long = "x".repeat(101);
    for (number, wrong) in
        (2..).zip([rename("  ", &[]), rename("a\nb", &[]), rename(&long, &[]), rename("a", &[""])])
    {
        assert_eq!(code(&send(&fleet, &host, wrong, number).await), Some(Code::InvalidPlan));
    }
    assert_eq!(bodies(&host, "membership").await.len(), records.len());
}

#[tokio::test]
async fn a_host_that_was_retired_keeps_everything_and_comes_back_as_a_newcomer() {
    let fleet = Fleet::found();
    let host = Host::member(&fleet, Policy::default()).await;
    let set = Action::SetPlan { base_revision: 0, plan: plan(), secrets: Vec::new(), note: None };
    send(&fleet, &host, set, 1).await;
    let slip = send(&fleet, &host, Action::Retire { agent: AgentId([9; 32]) }, 2).await;
    assert_eq!(code(&slip), Some(Code::Misaddressed));
    assert_eq!(host.read(trust::pin).await.unwrap().retired_at, None);

    let retired = send(&fleet, &host, Action::Retire { agent: host.desk.agent() }, 3).await;
    assert_eq!(code(&retired), None);
    let pin = host.read(trust::pin).await.unwrap();
    assert_eq!(pin.retired_at, Some(host.desk.world().now()));
    let last = bodies(&host, "local").await.pop().unwrap();
    assert_eq!(Local::from_bytes(&last).unwrap(), Local::Retired);
    assert!(!host.read(trust::is_farewell_told).await, "nobody has heard of it yet");
    assert_eq!(host.read(ledger::current).await.unwrap().plan, plan(), "and backs up by its plan");

    // Local work goes on without the fleet.
    let groups = vec!["default".parse().unwrap()];
    let run = Action::Run { groups, upload_kib_s: None, download_kib_s: None };
    assert!(matches!(host.desk.work_here(run).await.unwrap(), Outcome::Accepted { .. }));
    assert_eq!(host.read(jobs::open).await.len(), 1);

    // `enrol` once more: what made it a member before does not count any more, a new admission does.
    host.meet(&fleet).await;
    let pin = host.read(trust::pin).await.unwrap();
    assert_eq!((pin.member, pin.retired_at), (None, None));
    let admission = fleet.admission(&host.desk.binding());
    let credential = Credential::Admission { admission };
    host.desk.join(&fleet.ledger(), credential, None, "web-1", START).await.unwrap();
    let pin = host.read(trust::pin).await.unwrap();
    assert!(pin.member.is_some() && pin.retired_at.is_none());
}

/// A member stays with its fleet; who left may go elsewhere.
#[tokio::test]
async fn only_who_left_may_join_another_fleet() {
    let fleet = Fleet::found();
    let host = Host::member(&fleet, Policy::default()).await;
    let elsewhere = wire::id::FleetId([9; 32]);
    let pin = async || {
        host.desk.store().write(move |tx| trust::set_pin(tx, elsewhere, "http://other", START)).await.unwrap()
    };
    assert!(!pin().await);
    send(&fleet, &host, Action::Retire { agent: host.desk.agent() }, 1).await;
    assert!(pin().await);
    assert_eq!(host.read(trust::pin).await.unwrap().fleet, elsewhere);
    assert!(host.read(trust::statements).await.is_empty(), "the old fleet's word does not count there");
}
