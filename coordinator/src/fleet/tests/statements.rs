//! Statements: founded once, published in order, and still there when the database is not.

use wire::{
    identity::SigningKey,
    trust::{Kit, Operator, Role, Signed, Statement},
};

use super::stage::Stage;
use crate::fleet::FleetError;

pub(super) fn second(stage: &Stage, edit: impl FnOnce(&mut Statement)) -> Statement {
    let known = stage.fleet.known().unwrap();
    let mut next = known.ledger.statement().clone();
    next.version += 1;
    next.previous = known.ledger.hash();
    edit(&mut next);
    next
}

#[tokio::test]
async fn a_fleet_is_founded_by_its_root_and_only_when_it_names_this_coordinator() {
    let stage = Stage::empty().await;
    assert_eq!(stage.fleet.known().map(|known| known.statements.len()), None);
    let mut other = stage.statement();
    other.coordinators[0].channel.0[0] ^= 1;
    let other = Signed::sign(&other, &stage.kit.root()).unwrap();
    assert!(matches!(stage.fleet.check_founding(&other), Err(FleetError::Invalid { .. })));
    let by_admin = Signed::sign(&stage.statement(), &stage.admin).unwrap();
    assert!(matches!(stage.fleet.check_founding(&by_admin), Err(FleetError::Conflict { .. })));
    stage.fleet.check_founding(&stage.first_statement()).unwrap();
    assert!(stage.fleet.known().is_none(), "a check writes nothing");
}

#[tokio::test]
async fn a_founding_that_is_rolled_back_founds_nothing() {
    let stage = Stage::empty().await;
    let (fleet, statement) = (stage.fleet.clone(), stage.first_statement());
    let done = stage.fleet.store().write(move |tx| {
        fleet.found_in(tx, &statement, "ada")?;
        Err::<(), _>(FleetError::NotSetUp)
    });
    assert_eq!(done.await, Err(FleetError::NotSetUp));
    assert!(stage.fleet.known().is_none());
    assert!(stage.fleet.statements().is_empty());
}

#[tokio::test]
async fn the_next_statement_must_follow_and_be_somebodys_who_may() {
    let stage = Stage::new().await;
    let newcomer = SigningKey::generate(&mut stage.world.rng());
    stage.person("nia", Role::Operator).await;
    stage.announced("nia", &newcomer).await;
    let add = |statement: &mut Statement| {
        let key = newcomer.public().into();
        statement.operators.push(Operator { key, name: "nia".into(), role: Role::Operator });
    };
    let by_operator = Signed::sign(&second(&stage, add), &stage.operator).unwrap();
    assert!(matches!(
        stage.fleet.publish(&stage.act("ada"), by_operator).await,
        Err(FleetError::Forbidden { .. })
    ));
    let grab = second(&stage, |statement| statement.recovery.0[0] ^= 1);
    let grab = Signed::sign(&grab, &stage.admin).unwrap();
    assert!(matches!(stage.fleet.publish(&stage.act("ada"), grab).await, Err(FleetError::Forbidden { .. })));
    let good = Signed::sign(&second(&stage, add), &stage.admin).unwrap();
    stage.fleet.publish(&stage.act("ada"), good.clone()).await.unwrap();
    assert_eq!(stage.fleet.statements().len(), 2);
    assert_eq!(stage.fleet.fleet_view().unwrap().operators.len(), 3);
    let other = second(&stage, |statement| {
        statement.version = 2;
        statement.previous = wire::id::Hash32::ZERO;
    });
    let other = Signed::sign(&other, &stage.admin).unwrap();
    assert!(matches!(
        stage.fleet.publish(&stage.act("ada"), other).await,
        Err(FleetError::Conflict { .. } | FleetError::Stale { .. })
    ));
}

#[tokio::test]
async fn of_two_statements_with_one_number_the_second_is_refused_also_within_one_commit() {
    let mut stage = Stage::new().await;
    let (nia, oskar) = (SigningKey::from_seed(&[71; 32]), SigningKey::from_seed(&[72; 32]));
    for (name, key) in [("nia", &nia), ("oskar", &oskar)] {
        stage.person(name, Role::Operator).await;
        stage.announced(name, key).await;
    }
    let add = |name: &str, key: &SigningKey| {
        let key = key.public().into();
        let next = second(&stage, |statement| {
            statement.operators.push(Operator { key, name: name.into(), role: Role::Operator });
        });
        Signed::sign(&next, &stage.admin).unwrap()
    };
    let (one, other) = (add("nia", &nia), add("oskar", &oskar));
    // Holds the writer until both wait, so that they share a transaction.
    let (release, gate) = std::sync::mpsc::channel::<()>();
    let held = stage.fleet.store().hand_in(move |_| {
        let _ = gate.recv();
        Ok::<_, FleetError>(())
    });
    let held = held.await.unwrap();
    let ada = stage.act("ada");
    let both = async {
        tokio::join!(biased; stage.fleet.publish(&ada, one.clone()), stage.fleet.publish(&ada, other))
    };
    let (both, ()) = tokio::join!(biased; both, async { release.send(()).unwrap() });
    held.await.unwrap();
    assert_eq!(both.0, Ok(()));
    assert!(matches!(both.1, Err(FleetError::Conflict { .. } | FleetError::Stale { .. })), "{:?}", both.1);
    assert_eq!(stage.fleet.statements().last(), Some(&one));
    stage.restart().await;
    assert_eq!(stage.fleet.statements().last(), Some(&one));
}

#[tokio::test]
async fn the_fleet_outlives_its_database() {
    let mut stage = Stage::new().await;
    let before = stage.fleet.fleet_view().unwrap();
    stage.restart().await;
    assert_eq!(stage.fleet.fleet_view().unwrap(), before);
    stage.lose_database().await;
    assert_eq!(stage.fleet.fleet_view().unwrap(), before);
    // The next first start goes on with the same fleet, and with no other.
    stage.fleet.check_founding(&stage.first_statement()).unwrap();
    let stranger = Stage { kit: Kit::from_seed(&[5; 32]), ..Stage::empty().await };
    let other = stage.fleet.check_founding(&stranger.first_statement());
    assert!(matches!(other, Err(FleetError::Conflict { .. })), "{other:?}");
}

#[tokio::test]
async fn a_database_that_was_set_back_takes_the_statements_that_it_lost_from_beside_it() {
    let mut stage = Stage::new().await;
    let path = stage.directory.path().to_owned();
    let saved = path.join("saved");
    std::fs::write(&saved, b"").unwrap();
    crate::store::copy::copy(&path.join("coordinator.db"), &saved).unwrap();
    let next =
        Signed::sign(&second(&stage, |statement| statement.operators.truncate(1)), &stage.admin).unwrap();
    stage.fleet.publish(&stage.act("ada"), next.clone()).await.unwrap();
    let set_back = async |stage: &mut Stage| {
        // The old fleet's connections keep the file that they have.
        for name in ["coordinator.db", "coordinator.db-wal", "coordinator.db-shm"] {
            let _ = std::fs::remove_file(path.join(name));
        }
        std::fs::copy(&saved, path.join("coordinator.db")).unwrap();
        stage.restart().await;
    };
    set_back(&mut stage).await;
    assert_eq!(stage.fleet.statements().last(), Some(&next));
    // A file that says something else than the database is not what it goes on with.
    let foreign = Stage { kit: Kit::from_seed(&[5; 32]), ..Stage::empty().await };
    let others = serde_json::to_vec(&[foreign.first_statement(), foreign.first_statement()]).unwrap();
    std::fs::write(path.join("coordinator.statements.json"), others).unwrap();
    set_back(&mut stage).await;
    assert_eq!(stage.fleet.statements().len(), 1);
    assert_eq!(stage.fleet.fleet_view().unwrap().fleet, stage.kit.fleet());
}
