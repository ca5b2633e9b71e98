//! The main job, unattended: first admin, announced host, approval, sealed password, scheduled backup, snapshot.
//!
//! Prints each step; the last line is the id of the snapshot that a schedule made. `--keep DIR` leaves everything in
//! DIR.

use std::{path::PathBuf, process::ExitCode};

use tests::{
    person::{Person, random_password, simple_plan},
    place::Place,
    programs::{Agent, Coordinator, free_port},
    wait::{until, until_within},
};
use wire::{
    action::Outcome,
    job::{JobKind, JobState, Origin},
    snapshot::RepositoryReadiness,
};

/// A schedule of every minute fires within one; the rest is the backup itself.
const TWO_MINUTES: std::time::Duration = std::time::Duration::from_mins(2);

#[tokio::main]
async fn main() -> ExitCode {
    let place = match arguments() {
        Ok(place) => place,
        Err(problem) => {
            eprintln!("{problem}");
            return ExitCode::from(2);
        }
    };
    println!("{}", story(&place).await);
    ExitCode::SUCCESS
}

fn arguments() -> Result<Place, String> {
    let mut arguments = std::env::args().skip(1);
    match (arguments.next().as_deref(), arguments.next()) {
        (None, _) => Ok(Place::temporary()),
        (Some("--keep"), Some(dir)) => Ok(Place::kept(PathBuf::from(dir))),
        _ => Err("usage: story [--keep DIR]".to_owned()),
    }
}

async fn story(place: &Place) -> String {
    let coordinator = Coordinator::start(place, free_port()).await;
    println!("coordinator: {}", coordinator.url);

    let person = Person::found(&coordinator.url, &coordinator.setup_token()).await;
    let fleet = person.fleet().await;
    println!("first admin; fleet {} ({})", fleet.fingerprint, fleet.words.join(" "));

    let agent = Agent::new(place);
    let address = format!("{}#{}", coordinator.url, fleet.fleet);
    let mut enrol = agent.begin(&["enrol", "--coordinator", &address, "--yes"]);
    let pending = person.pending().await;
    println!("announced: {} {} ({})", pending.hostname, pending.fingerprint, pending.words.join(" "));
    person.approve(&pending, "demo").await;
    enrol.wait_for_success();
    let mut daemon = agent.run();

    let plan = simple_plan(&place.repository(), &place.files(), "* * * * *");
    let password = person.seal(&pending.binding, "repository/main/password", 1, &random_password());
    let outcome = person.set_plan(pending.agent, plan, vec![password]).await;
    assert!(matches!(outcome, Outcome::Accepted { .. }), "the plan was refused: {outcome:#?}");
    println!("approved; plan and sealed password accepted");

    until(
        "the repository to be ready",
        async || {
            daemon.assert_alive();
            person.host(pending.agent).await.repositories
        },
        |all| all.iter().find(|one| one.readiness == RepositoryReadiness::Ready).map(|_| ()),
    )
    .await;
    println!("repository initialised");

    let job = until_within(
        "a scheduled backup to succeed",
        TWO_MINUTES,
        async || person.jobs(pending.agent).await,
        |all| {
            all.iter()
                .find(|job| {
                    job.kind == JobKind::Backup
                        && job.state == JobState::Succeeded
                        && matches!(job.origin, Origin::Schedule { .. })
                })
                .cloned()
        },
    )
    .await;
    let snapshot = job.numbers.snapshot.expect("a successful backup names its snapshot");
    let listed = person.snapshots(pending.agent).await;
    assert!(
        listed.iter().any(|row| row.snapshot.id.starts_with(&snapshot)),
        "snapshot {snapshot} is not in the list: {listed:#?}"
    );
    println!("scheduled backup {} succeeded", job.job);
    assert!(daemon.stop().success(), "the agent did not stop cleanly:\n{}", daemon.log());
    snapshot
}
