//! Orders that are answered by more than a receipt: which are taken, what is journalled of them, and what the credential
//! that was lent opens.

use wire::{
    identity::{AgentKeys, KeyBinding},
    journal::Local,
    question::{AnswerLine, End, Part},
    restore::LentCredential,
    seal::SecretSlot,
};

use super::*;
use crate::{answer::Piece, world::World};

const MINUTE_MS: i64 = 60_000;
const PASSWORD: &str = "the repository's own";
const LOGIN: &str = "the door's own";

fn other() -> AgentKeys {
    AgentKeys::generate(&mut World::fake(START, 77).0.rng())
}

fn lend(to: &KeyBinding) -> Action {
    Action::Lend {
        repository: "main".parse().unwrap(),
        to: to.clone(),
        to_name: "web-2".to_owned(),
        job: JobId(uuid::Uuid::from_u128(5)),
    }
}

fn download(repository: &str, snapshot: &str, path: &str) -> Action {
    Action::Download {
        repository: repository.parse().unwrap(),
        snapshot: snapshot.to_owned(),
        path: path.parse().unwrap(),
        archive: None,
        to: other().seal_key(),
    }
}

/// An order for ten minutes.
fn brief(fleet: &Fleet, host: &Host, action: Action) -> Order {
    Order { expires_at: START.plus_ms(10 * MINUTE_MS), ..fleet.order(host.desk.agent(), action) }
}

async fn give(fleet: &Fleet, host: &Host, order: &Order, by: &SigningKey, number: u64) -> Answer {
    host.desk.order(&fleet.ledger(), fleet.dispatch(order, by, number), START).await
}

async fn with_secrets(fleet: &Fleet) -> Host {
    let host = Host::member(fleet, Policy::default()).await;
    let wished = serde_json::json!({
        "repositories": { "main": { "backend": { "kind": "rest", "url": "https://b.example.org", "path": "web-1/" } } },
    });
    send(fleet, &host, set_plan(0, serde_json::from_value(wished).unwrap()), 1).await;
    let login = format!(r#"{{"password":"{LOGIN}"}}"#);
    for (number, slot, value) in
        [(2, "repository/main/password", PASSWORD), (3, "repository/main/login", &login)]
    {
        let secret = fleet.sealed(&host, slot, 1, value);
        let set = send(fleet, &host, Action::SetSecret { secret }, number).await;
        assert_eq!(code(&set), None, "{set:?}");
    }
    host
}

async fn lent(host: &Host) -> Vec<Local> {
    host.read(|connection| {
        let rows = journal::after(connection, 1, 0, 1_000)?;
        let bodies = rows.into_iter().filter(|row| row.kind == "local").filter_map(|row| row.body);
        let all = bodies.map(|body| Local::from_bytes(&body).unwrap());
        Ok(all.filter(|local| matches!(local, Local::Lent { .. })).collect())
    })
    .await
}

#[tokio::test]
async fn what_is_lent_opens_for_the_other_host_alone_and_the_journal_tells() {
    let fleet = Fleet::found();
    let host = with_secrets(&fleet).await;
    let (to, slot) = (other(), SecretSlot::RepositoryLent("main".parse().unwrap()));
    let order = brief(&fleet, &host, lend(&to.binding()));
    let answer = give(&fleet, &host, &order, &fleet.operator, 4).await;
    let Answer::Errand { errand, .. } = answer else { panic!("{answer:?}") };
    assert!(!format!("{errand:?}").contains(PASSWORD));
    let mut asking = host.desk.answers().unwrap().run(*errand);
    let piece = asking.next().await;
    let Some(Piece::Line(AnswerLine::Part(Part::Lent { sealed }))) = piece else { panic!("{piece:?}") };
    assert_eq!(asking.next().await, Some(Piece::Line(AnswerLine::End(End::Done))));
    let sealed = SealedBox::try_from(&sealed).unwrap();
    let context = BoxContext::lend(fleet.kit.fleet(), to.id(), to.seal_key(), &slot);
    let plain = seal::open(&context, &to.seal, &sealed).unwrap();
    let credential: LentCredential = serde_json::from_slice(plain.expose()).unwrap();
    assert_eq!((credential.password.as_str(), credential.source), (PASSWORD, host.desk.agent()));
    // A blank user is this host's name, which the other one does not bear.
    let login = credential.login.as_ref().unwrap();
    assert_eq!((login.user.as_str(), login.password.as_str()), ("web-1", LOGIN));
    let job = credential.job;
    assert_eq!(job, JobId(uuid::Uuid::from_u128(5)));
    assert!(seal::open(&context, &host.desk.keys().seal, &sealed).is_err());

    assert_eq!(lent(&host).await, [Local::Lent { repository: "main".parse().unwrap(), to: to.id(), job }]);
    let told = host.read(|connection| journal::after(connection, 1, 0, 1_000)).await;
    let told: Vec<u8> = told.into_iter().filter_map(|row| row.body).flatten().collect();
    for secret in [PASSWORD, LOGIN] {
        assert!(!told.windows(secret.len()).any(|bytes| bytes == secret.as_bytes()));
    }
    // Once: the same order again is answered by its receipt alone.
    assert!(matches!(give(&fleet, &host, &order, &fleet.operator, 5).await, Answer::Receipt(_)));
    assert_eq!(lent(&host).await.len(), 1);
}

#[tokio::test]
async fn nothing_is_given_away_that_should_not_be() {
    let fleet = Fleet::found();
    let host = with_secrets(&fleet).await;
    let binding = other().binding();
    let snapshot = "ab".repeat(32);
    let forged = KeyBinding { seal: host.desk.binding().seal, ..binding.clone() };
    let long = |order: Order| Order { expires_at: START.plus_ms(16 * MINUTE_MS), ..order };
    let order = |action| brief(&fleet, &host, action);
    let cases = [
        (order(lend(&forged)), &fleet.operator, Code::BadSecret),
        (order(lend(&host.desk.binding())), &fleet.operator, Code::BadSecret),
        (order(lend(&binding)), &fleet.coordinator.identity, Code::NotAuthorised),
        (long(order(lend(&binding))), &fleet.operator, Code::Expired),
        (long(order(download("main", &snapshot, "/x"))), &fleet.operator, Code::Expired),
        (order(download("main", &snapshot, "/x")), &fleet.coordinator.identity, Code::NotAuthorised),
        (order(download("other", &snapshot, "/x")), &fleet.operator, Code::NotFound),
        (order(download("main", "latest", "/x")), &fleet.operator, Code::NotFound),
        (order(download("main", &snapshot, "/x/../y")), &fleet.operator, Code::NotFound),
    ];
    for (n, (order, by, expected)) in (10..).zip(cases) {
        let answer = give(&fleet, &host, &order, by, n).await;
        let Answer::Receipt(receipt) = answer else { panic!("{n}: {answer:?}") };
        assert_eq!(code(&receipt), Some(expected), "{n}: {receipt:?}");
    }
    assert_eq!(lent(&host).await, []);
    // A host that holds no password has nothing to lend, and one may refuse to.
    for (policy, expected) in [
        (Policy::default(), Code::BadSecret),
        (Policy { refuse_orders: vec!["lend".to_owned()], ..Policy::default() }, Code::Policy),
    ] {
        let bare = Host::member(&fleet, policy).await;
        send(&fleet, &bare, set_plan(0, plan()), 1).await;
        let order = brief(&fleet, &bare, lend(&binding));
        let answer = give(&fleet, &bare, &order, &fleet.operator, 2).await;
        assert_eq!(code(&receipt(answer)), Some(expected));
    }
}
