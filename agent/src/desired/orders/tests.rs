//! Orders, each refused for every reason that there is, and what holds after each.

mod answering;
mod released;
mod restoring;
mod retaining;

use std::fmt::Write as _;

use wire::{
    action::{Action, OrderRefusalCode as Code, Outcome, Receipt},
    id::{Base64Bytes, JobId, UnixMs},
    identity::{CoordinatorKeys, SigningKey},
    job::JobKind,
    journal::{Escrow, OrderReceipt, RecordBody as _},
    order::Order,
    plan::Plan,
    seal::{self, BoxContext, SealedBox},
    trust::Signed,
};

use crate::{
    config::Policy,
    desired::{
        Answer,
        rehearsal::{Fleet, Host, START, plan},
    },
    run::SecretSource as _,
    store::{StoreError, holds, jobs, journal, orders, plan as ledger, secrets},
};

fn receipt(answer: Answer) -> Receipt {
    match answer {
        Answer::Receipt(receipt) | Answer::Errand { receipt, .. } | Answer::NotWritten { receipt, .. } => {
            receipt
        }
        Answer::Ignored(refusal) => panic!("ignored: {refusal}"),
    }
}

fn code(receipt: &Receipt) -> Option<Code> {
    match &receipt.outcome {
        Outcome::Accepted { .. } => None,
        Outcome::Refused { code, .. } => Some(*code),
    }
}

fn set_plan(base_revision: u64, plan: Plan) -> Action {
    Action::SetPlan { base_revision, plan, secrets: Vec::new(), note: None }
}

fn run() -> Action {
    Action::Run { groups: vec!["default".parse().unwrap()], upload_kib_s: None, download_kib_s: None }
}

/// Sends an order that the admin signed, under the number.
async fn send(fleet: &Fleet, host: &Host, action: Action, number: u64) -> Receipt {
    let order = fleet.order(host.desk.agent(), action);
    receipt(host.desk.order(&fleet.ledger(), fleet.dispatch(&order, &fleet.admin, number), START).await)
}

/// Every receipt in the journal.
async fn receipts(host: &Host) -> Vec<OrderReceipt> {
    host.read(|connection| {
        let rows = journal::after(connection, 1, 0, 1_000)?;
        let bodies = rows.into_iter().filter(|row| row.kind == "order").filter_map(|row| row.body);
        Ok(bodies.map(|body| OrderReceipt::from_bytes(&body).unwrap()).collect())
    })
    .await
}

#[tokio::test]
async fn a_plan_is_set_and_a_run_is_queued_with_its_receipt() {
    let fleet = Fleet::found();
    let host = Host::member(&fleet, Policy::default()).await;
    let set = send(&fleet, &host, set_plan(0, plan()), 1).await;
    assert_eq!(set.outcome, Outcome::Accepted { jobs: vec![], revision: Some(1) });
    let ran = send(&fleet, &host, run(), 2).await;
    let Outcome::Accepted { jobs, revision: None } = &ran.outcome else { panic!("{ran:?}") };
    let queued = host.read(jobs::open).await;
    assert_eq!(queued.iter().map(|job| job.id).collect::<Vec<_>>(), *jobs);
    assert_eq!(queued[0].subject.kind, JobKind::Backup);
    let journalled = receipts(&host).await;
    assert_eq!(journalled.iter().map(|one| one.receipt.clone()).collect::<Vec<_>>(), [set, ran.clone()]);
    assert_eq!(journalled[1].action.as_deref(), Some("run"));
    assert_eq!(journalled[1].person.as_deref(), Some("Ada"));
    // The same wish while the job waits is answered with that job, not with another.
    let again = send(&fleet, &host, run(), 3).await;
    assert_eq!(again.outcome, ran.outcome);
    assert_eq!(host.read(jobs::open).await.len(), 1);
    assert_eq!(host.read(orders::last_number).await, 3);
}

#[tokio::test]
async fn an_order_is_executed_once_whatever_number_it_comes_under() {
    let fleet = Fleet::found();
    let host = Host::member(&fleet, Policy::default()).await;
    let order = fleet.order(host.desk.agent(), set_plan(0, plan()));
    let send = async |number| {
        receipt(host.desk.order(&fleet.ledger(), fleet.dispatch(&order, &fleet.admin, number), START).await)
    };
    let first = send(5).await;
    let second = send(6).await;
    assert_eq!(first.outcome, second.outcome);
    assert_eq!((first.number, second.number), (5, 6));
    assert_eq!(host.read(ledger::revision).await, 1);
    let replayed = send(6).await;
    assert_eq!(code(&replayed), Some(Code::Replayed));
    assert_eq!(receipts(&host).await.len(), 3, "each dispatch left its receipt");
}

#[tokio::test]
async fn what_is_not_for_this_agent_or_not_from_its_fleet_is_ignored() {
    let fleet = Fleet::found();
    let host = Host::member(&fleet, Policy::default()).await;
    let own = fleet.order(host.desk.agent(), run());
    let stranger = CoordinatorKeys::generate(&mut fleet.world.rng());
    let dispatch = fleet.dispatch(&own, &fleet.admin, 1).verify().unwrap().document;
    let foreign = Signed::sign(&dispatch, &stranger.identity).unwrap();
    let other = fleet.order(wire::id::AgentId([9; 32]), run());
    let mut broken = fleet.dispatch(&own, &fleet.admin, 1).parts().clone();
    broken.doc = Base64Bytes([broken.doc.0.as_slice(), b" "].concat());
    for signed in [foreign, fleet.dispatch(&other, &fleet.admin, 1), Signed::from_parts(broken)] {
        let answer = host.desk.order(&fleet.ledger(), signed, START).await;
        assert!(matches!(answer, Answer::Ignored(_)), "{answer:?}");
    }
    assert!(receipts(&host).await.is_empty());
    assert_eq!(host.read(orders::last_number).await, 0);
}

#[tokio::test]
async fn every_refusal_has_its_reason_and_its_receipt_and_changes_nothing() {
    let fleet = Fleet::found();
    let policy = Policy { refuse_orders: vec!["refresh".to_owned()], ..Policy::default() };
    let host = Host::member(&fleet, policy).await;
    send(&fleet, &host, set_plan(0, plan()), 1).await;
    let agent = host.desk.agent();
    let order = |action| fleet.order(agent, action);
    let later = |order: Order| Order { expires_at: START, ..order };
    let mut bigger = plan();
    bigger.limits.nice = Some(5);
    let mut moved = plan();
    moved.repositories.clear();
    moved.groups.clear();
    moved.schedules.clear();
    let mut broken = plan();
    broken.limits.nice = Some(99);
    let (admin, operator) = (&fleet.admin, &fleet.operator);
    let nobody = SigningKey::generate(&mut fleet.world.rng());
    let routine = &fleet.coordinator.identity;
    let tampered = {
        let mut parts = Signed::sign(&order(run()), admin).unwrap().parts().clone();
        parts.sig.0[0] ^= 1;
        Signed::from_parts(parts)
    };
    let elsewhere =
        Signed::sign(&Order { agent: wire::id::AgentId([9; 32]), ..order(run()) }, admin).unwrap();
    let sign = |order: Order, key: &SigningKey| Signed::sign(&order, key).unwrap();
    let repository = || "main".parse().unwrap();
    let table = [
        (tampered, Code::BadSignature),
        (elsewhere, Code::Misaddressed),
        (sign(order(set_plan(1, bigger.clone())), routine), Code::NotAuthorised),
        (sign(order(set_plan(1, moved)), operator), Code::NotAuthorised),
        (sign(order(run()), &nobody), Code::NotAuthorised),
        (sign(order(Action::ConfirmPlan { revision: 1 }), operator), Code::NotAuthorised),
        (sign(later(order(run())), routine), Code::Expired),
        (sign(order(set_plan(0, bigger.clone())), admin), Code::StaleRevision),
        (sign(order(set_plan(2, bigger)), admin), Code::StaleRevision),
        (sign(order(Action::ConfirmPlan { revision: 2 }), admin), Code::StaleRevision),
        (sign(order(set_plan(1, broken)), admin), Code::InvalidPlan),
        (sign(order(Action::Refresh { repository: repository() }), routine), Code::Policy),
        (
            sign(
                order(Action::Run {
                    groups: vec!["mail".parse().unwrap()],
                    upload_kib_s: None,
                    download_kib_s: None,
                }),
                routine,
            ),
            Code::NotFound,
        ),
        (
            sign(order(Action::Run { groups: vec![], upload_kib_s: None, download_kib_s: None }), routine),
            Code::NotFound,
        ),
        (sign(order(Action::Probe { repository: "usb".parse().unwrap() }), routine), Code::NotFound),
        (sign(order(Action::Cancel { job: JobId(uuid::Uuid::nil()) }), routine), Code::NotFound),
    ];
    let mut said = String::new();
    for (number, (signed, expected)) in (2..).zip(table) {
        let dispatch = fleet.envelope(agent, signed, number);
        let answered = receipt(host.desk.order(&fleet.ledger(), dispatch, START).await);
        assert_eq!(code(&answered), Some(expected), "{answered:?}");
        assert_eq!(receipts(&host).await.pop().unwrap().receipt, answered, "the receipt is in the journal");
        if let Outcome::Refused { message, hint, .. } = &answered.outcome {
            let readable = message.split(' ').map(|word| if word.len() >= 36 { "…" } else { word });
            let _ = writeln!(said, "{}\n  {hint}", readable.collect::<Vec<_>>().join(" "));
        }
    }
    insta::assert_snapshot!(said);
    let unseen = {
        let dispatch = fleet.dispatch(&order(run()), admin, 90).verify().unwrap().document;
        Signed::sign(&wire::order::Dispatch { statement: 2, ..dispatch }, &fleet.coordinator.identity)
            .unwrap()
    };
    let answered = receipt(host.desk.order(&fleet.ledger(), unseen, START).await);
    assert_eq!(code(&answered), Some(Code::UnknownStatement));
    assert_eq!(host.read(ledger::revision).await, 1);
    assert!(host.read(jobs::open).await.is_empty());
}

#[tokio::test]
async fn a_secret_is_kept_escrowed_and_only_the_next_revision_is_taken() {
    let fleet = Fleet::found();
    let host = Host::member(&fleet, Policy::default()).await;
    let password = "repository/main/password";
    let give = |revision, value: &str| fleet.sealed(&host, password, revision, value);
    let first = Action::SetPlan { base_revision: 0, plan: plan(), secrets: vec![give(1, "one")], note: None };
    assert_eq!(code(&send(&fleet, &host, first, 1).await), None);
    let slot = password.parse().unwrap();
    assert_eq!(host.desk.0.secrets.secret(&slot).unwrap().unwrap().expose_text(), Some("one"));
    for (number, wrong) in [(2, give(1, "again")), (3, give(3, "jumps")), (4, give(0, "zero"))] {
        let answered = send(&fleet, &host, Action::SetSecret { secret: wrong }, number).await;
        assert_eq!(code(&answered), Some(Code::BadSecret));
    }
    let mut other_slot = give(2, "moved");
    other_slot.slot = "repository/usb/password".parse().unwrap();
    other_slot.revision = 1;
    assert_eq!(
        code(&send(&fleet, &host, Action::SetSecret { secret: other_slot }, 5).await),
        Some(Code::BadSecret)
    );
    assert_eq!(
        code(&send(&fleet, &host, Action::SetSecret { secret: give(2, "") }, 6).await),
        Some(Code::BadSecret)
    );
    let environment = fleet.sealed(&host, "repository/main/environment", 1, r#"{"LD_PRELOAD":"/tmp/x.so"}"#);
    let answered = send(&fleet, &host, Action::SetSecret { secret: environment }, 7).await;
    assert_eq!(code(&answered), Some(Code::BadSecret));
    let twice = Action::SetPlan {
        base_revision: 1,
        plan: plan(),
        secrets: vec![give(2, "a"), give(2, "b")],
        note: None,
    };
    assert_eq!(code(&send(&fleet, &host, twice, 8).await), Some(Code::BadSecret));
    assert_eq!(code(&send(&fleet, &host, Action::SetSecret { secret: give(2, "two") }, 9).await), None);
    // A blank user is the host's name (private REST repositories); a password must be there.
    let logins = [
        (r#"{"user":"","password":""}"#, Some(Code::BadSecret)),
        (r#"{"user":"a\nb","password":"x"}"#, Some(Code::BadSecret)),
        (r#"{"user":"","password":"x"}"#, None),
    ];
    for (number, (login, refused)) in (10..).zip(logins) {
        let secret = fleet.sealed(&host, "repository/main/login", 1, login);
        assert_eq!(
            code(&send(&fleet, &host, Action::SetSecret { secret }, number).await),
            refused,
            "{login}"
        );
    }
    assert_eq!(host.desk.0.secrets.secret(&slot).unwrap().unwrap().expose_text(), Some("two"));
    assert_eq!(host.desk.0.secrets.revision(&slot).unwrap(), Some(2));

    // Both revisions can be read with the kit, from the journal alone; nothing of either is there in clear.
    let rows = host.read(|connection| journal::after(connection, 1, 0, 1_000)).await;
    let opened: Vec<(u64, String)> = rows
        .iter()
        .filter(|row| row.kind == "escrow")
        .map(|row| Escrow::from_bytes(row.body.as_ref().unwrap()).unwrap())
        .filter(|escrow| escrow.slot.to_string() == password)
        .map(|escrow| {
            let recovery = fleet.kit.recovery();
            let context = BoxContext::escrow(
                fleet.kit.fleet(),
                host.desk.agent(),
                recovery.public(),
                &escrow.slot,
                escrow.revision,
            );
            let secret = seal::open(&context, &recovery, &escrow.sealed).unwrap();
            (escrow.revision, secret.expose_text().unwrap().to_owned())
        })
        .collect();
    assert_eq!(opened, [(1, "one".to_owned()), (2, "two".to_owned())]);
    let old = host.read(secrets::all).await;
    assert_eq!(old.len(), 2, "the newest of each slot");
}

#[tokio::test]
async fn a_box_for_somebody_else_or_of_nonsense_is_refused() {
    let fleet = Fleet::found();
    let host = Host::member(&fleet, Policy::default()).await;
    let stranger = Host::new(8, Policy::default());
    let foreign = fleet.sealed(&stranger, "ping/main", 1, "https://example.org");
    let mut nonsense = foreign.clone();
    nonsense.sealed = SealedBox::from_bytes(vec![7; 80]).unwrap().into();
    let mut short = foreign.clone();
    short.sealed = Base64Bytes(vec![1, 2, 3]);
    for (number, secret) in [(1, foreign), (2, nonsense), (3, short)] {
        let answered = send(&fleet, &host, Action::SetSecret { secret }, number).await;
        assert_eq!(code(&answered), Some(Code::BadSecret));
    }
    assert!(!host.read(secrets::any).await);
}

#[tokio::test]
async fn a_confirmed_plan_lifts_what_held_retention() {
    let fleet = Fleet::found();
    let host = Host::member(&fleet, Policy::default()).await;
    host.desk
        .store()
        .write(|tx| {
            holds::set(tx, wire::snapshot::HoldCause::EpochBegun, None, "the disk was set back", UnixMs(1))
        })
        .await
        .unwrap();
    assert_eq!(code(&send(&fleet, &host, Action::ConfirmPlan { revision: 0 }, 1).await), None);
    assert!(host.read(holds::all).await.is_empty());
}

/// The effect and its receipt are one transaction: when the last write of it fails, none of it happened.
#[tokio::test]
async fn there_is_no_effect_without_a_receipt() {
    let fleet = Fleet::found();
    let host = Host::member(&fleet, Policy::default()).await;
    let before = host.read(journal::head).await;
    host.desk
        .store()
        .write(|tx| {
            tx.execute_batch(
                "CREATE TEMP TRIGGER no_receipt BEFORE INSERT ON main.journal WHEN new.kind = 'order'
                 BEGIN SELECT RAISE(ABORT, 'the disk takes no more'); END;",
            )
            .map_err(StoreError::from)
        })
        .await
        .unwrap();
    let order = fleet.order(host.desk.agent(), set_plan(0, plan()));
    let dispatch = fleet.dispatch(&order, &fleet.admin, 1);
    let answered = receipt(host.desk.order(&fleet.ledger(), dispatch.clone(), START).await);
    assert_eq!(code(&answered), Some(Code::Unavailable));
    assert_eq!(host.read(ledger::revision).await, 0);
    assert_eq!(host.read(orders::last_number).await, 0);
    assert_eq!(host.read(journal::head).await, before);

    // There is room again: the very same dispatch is taken, for nothing of it was used up.
    let mend = |tx: &crate::store::Tx<'_>| {
        tx.execute_batch("DROP TRIGGER temp.no_receipt").map_err(StoreError::from)
    };
    host.desk.store().write(mend).await.unwrap();
    let answered = receipt(host.desk.order(&fleet.ledger(), dispatch, START).await);
    assert_eq!(code(&answered), None);
    assert_eq!(host.read(ledger::revision).await, 1);
}

/// Larger than any record: it is refused for good, and what comes after it is not held up.
#[tokio::test]
async fn an_order_that_no_record_holds_is_declined_once_and_for_all() {
    let fleet = Fleet::found();
    let host = Host::member(&fleet, Policy::default()).await;
    assert_eq!(code(&send(&fleet, &host, set_plan(0, plan()), 1).await), None);
    let endless = Order { person: "x".repeat(2_500_000), ..fleet.order(host.desk.agent(), run()) };
    let dispatch = fleet.dispatch(&endless, &fleet.coordinator.identity, 2);
    let answered = receipt(host.desk.order(&fleet.ledger(), dispatch, START).await);
    assert_eq!(code(&answered), Some(Code::Unavailable));
    assert_eq!(host.read(orders::last_number).await, 2);
    assert_eq!(receipts(&host).await.last().map(|record| record.receipt.clone()), Some(answered));
    assert_eq!(host.read(jobs::open).await.len(), 0, "and nothing of it was done");
    assert_eq!(code(&send(&fleet, &host, run(), 3).await), None);
}
