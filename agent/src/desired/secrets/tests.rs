//! A newer credential through its life: set, refused, working; and which one the fleet's kit can read meanwhile.

use wire::{
    action::{Action, Outcome},
    job::Reason,
    journal::{Escrow, RecordBody as _},
    plan::{Backend, Plan},
};

use super::*;
use crate::{
    config::Policy,
    desired::rehearsal::{Fleet, Host, START, plan},
};

const PASSWORD: &str = "repository/main/password";
const PLACE: &str = "/srv/repo";

fn slot() -> SecretSlot {
    PASSWORD.parse().unwrap()
}

/// Sends an order that the admin signed.
async fn send(fleet: &Fleet, host: &Host, action: Action, number: u64) {
    let order = fleet.order(host.desk.agent(), action);
    let answer = host.desk.order(&fleet.ledger(), fleet.dispatch(&order, &fleet.admin, number), START).await;
    let crate::desired::Answer::Receipt(receipt) = answer else { panic!("{answer:?}") };
    assert!(matches!(receipt.outcome, Outcome::Accepted { .. }), "{receipt:?}");
}

fn set(fleet: &Fleet, host: &Host, revision: u64, value: &str) -> Action {
    Action::SetSecret { secret: fleet.sealed(host, PASSWORD, revision, value) }
}

/// What a job found of this revision, at this place.
async fn found(host: &Host, revision: u64, location: &'static str, refused: Option<Reason>) {
    let (secrets, rng) = (host.desk.0.secrets.clone(), host.desk.world().rng());
    let written: Result<(), StoreError> = host
        .desk
        .store()
        .write(move |tx| {
            let revisions = [(slot(), revision)];
            let used = Used { revisions: &revisions, location, at: START };
            match &refused {
                None => SecretSource::worked(&*secrets, tx, &used, rng),
                Some(reason) => secrets.refused(tx, &used, reason),
            }
        })
        .await;
    written.unwrap();
}

fn used(host: &Host) -> (u64, String) {
    let secrets = &host.desk.0.secrets;
    let secret = secrets.secret(&slot()).unwrap().unwrap();
    (secrets.in_use(&slot()).unwrap().unwrap(), secret.expose_text().unwrap().to_owned())
}

/// Which revisions the kit can read, in the journal's order.
async fn escrowed(host: &Host) -> Vec<u64> {
    let rows = host.read(|connection| journal::after(connection, 1, 0, 1_000)).await;
    let escrows = rows.iter().filter(|row| row.kind == "escrow");
    escrows.map(|row| Escrow::from_bytes(row.body.as_ref().unwrap()).unwrap().revision).collect()
}

#[tokio::test]
async fn the_old_one_stays_in_use_and_in_escrow_until_the_new_one_works() {
    let fleet = Fleet::found();
    let host = Host::member(&fleet, Policy::default()).await;
    let secrets = vec![fleet.sealed(&host, PASSWORD, 1, "one")];
    send(&fleet, &host, Action::SetPlan { base_revision: 0, plan: plan(), secrets, note: None }, 1).await;
    assert_eq!(used(&host), (1, "one".to_owned()), "the first is used at once");
    assert_eq!(escrowed(&host).await, [1]);
    found(&host, 1, PLACE, None).await;

    send(&fleet, &host, set(&fleet, &host, 2, "two"), 2).await;
    assert_eq!(used(&host), (1, "one".to_owned()));
    let candidate = host.desk.0.secrets.candidate(&slot()).unwrap().unwrap();
    assert_eq!(
        (candidate.revision, candidate.secret.expose_text(), candidate.refused),
        (2, Some("two"), None)
    );
    found(&host, 2, PLACE, Some(Reason::WrongPassword)).await;
    let refused = host.desk.0.secrets.candidate(&slot()).unwrap().unwrap().refused;
    assert_eq!(refused, Some(Reason::WrongPassword));

    // However many are tried, the one that works is kept.
    for revision in 3..6 {
        send(&fleet, &host, set(&fleet, &host, revision, "wrong"), revision).await;
    }
    assert_eq!((used(&host), escrowed(&host).await), ((1, "one".to_owned()), vec![1]));
    send(&fleet, &host, set(&fleet, &host, 6, "six"), 6).await;
    found(&host, 6, PLACE, None).await;
    assert_eq!((used(&host), escrowed(&host).await), ((6, "six".to_owned()), vec![1, 6]));
    assert!(host.desk.0.secrets.candidate(&slot()).unwrap().is_none());
    // Found again, it is no news.
    found(&host, 6, PLACE, None).await;
    assert_eq!(escrowed(&host).await, [1, 6]);
}

#[tokio::test]
async fn with_another_destination_a_new_one_is_used_at_once() {
    let fleet = Fleet::found();
    let host = Host::member(&fleet, Policy::default()).await;
    let secrets = vec![fleet.sealed(&host, PASSWORD, 1, "one")];
    send(&fleet, &host, Action::SetPlan { base_revision: 0, plan: plan(), secrets, note: None }, 1).await;
    found(&host, 1, PLACE, None).await;
    let mut moved: Plan = plan();
    moved
        .repositories
        .values_mut()
        .for_each(|it| it.backend = Backend::Local { path: "/srv/new".to_owned() });
    let secrets = vec![fleet.sealed(&host, PASSWORD, 2, "two")];
    send(&fleet, &host, Action::SetPlan { base_revision: 1, plan: moved, secrets, note: None }, 2).await;
    assert_eq!((used(&host), escrowed(&host).await), ((2, "two".to_owned()), vec![1, 2]));
    found(&host, 2, "/srv/new", None).await;
    // Back again: what opened it there is still here.
    send(&fleet, &host, Action::SetPlan { base_revision: 2, plan: plan(), secrets: vec![], note: None }, 3)
        .await;
    assert_eq!(used(&host), (1, "one".to_owned()));
}
