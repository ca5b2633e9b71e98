//! What the fleet is told of a plan.toml that is not taken.

use wire::{
    journal::{Kind, PlanFile, RecordBody as _},
    plan::PlanFileProblem,
};

use super::*;
use crate::store::journal;

/// What the journal says of the file, record by record: how many things are wrong.
async fn told(host: &Host) -> Vec<PlanFile> {
    let rows = host.read(|connection| journal::after(connection, 1, 0, 1000)).await;
    let bodies = rows.into_iter().filter(|row| row.kind == Kind::PlanFile.as_str());
    bodies.map(|row| PlanFile::from_bytes(&row.body.unwrap()).unwrap()).collect()
}

#[tokio::test]
async fn the_fleet_is_told_once_of_an_edit_that_is_refused_and_once_that_it_is_mended() {
    let fleet = Fleet::found();
    let watched = Watched::new(Host::member(&fleet, Policy::default()).await);
    fs::write(&watched.path, PLAN).unwrap();
    assert_eq!(watched.look().await, Looked::Governs(1));
    assert_eq!(told(&watched.host).await, [], "there is nothing to tell");

    let wrong = PLAN.replace("0 2", "0 99");
    fs::write(&watched.path, &wrong).unwrap();
    assert!(matches!(watched.look().await, Looked::Refused(_)));
    watched.look().await;
    // As after the agent was started again.
    let watched = Watched::new(watched.host);
    assert!(matches!(watched.look().await, Looked::Refused(_)));
    let said = told(&watched.host).await;
    assert_eq!(said.len(), 1, "{said:?}");
    let [PlanFileProblem { line, field, message }] = said[0].problems.as_slice() else { panic!("{said:?}") };
    assert_eq!((*line, field.as_str()), (Some(9), "schedules.daily.cron"));
    assert!(!message.contains("99"), "{message}");

    // A line more above it is another place to look at.
    fs::write(&watched.path, format!("# a note\n{wrong}")).unwrap();
    assert!(matches!(watched.look().await, Looked::Refused(_)));
    assert_eq!(told(&watched.host).await[1].problems[0].line, Some(10));

    fs::write(&watched.path, PLAN).unwrap();
    assert_eq!(watched.look().await, Looked::Governs(1));
    let said = told(&watched.host).await;
    assert_eq!((said.len(), said[2].problems.len()), (3, 0));

    fs::write(&watched.path, wrong).unwrap();
    watched.look().await;
    fs::remove_file(&watched.path).unwrap();
    assert_eq!(watched.look().await, Looked::Absent);
    assert_eq!(told(&watched.host).await.last(), Some(&PlanFile { problems: Vec::new() }));
}
