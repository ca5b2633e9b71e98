//! The coordinator is away; schedules go on, and everything is told afterwards.

use tests::{
    programs::Coordinator,
    wait::{until, until_within},
};
use wire::job::{JobKind, JobState};

use crate::host::Host;

const FOUR_MINUTES: std::time::Duration = std::time::Duration::from_mins(4);

#[tokio::test]
async fn a_schedule_that_fires_twice_without_a_coordinator_is_there_when_it_returns() {
    let mut host = Host::ready("* * * * *").await;
    host.good_backup().await;
    assert!(host.coordinator.program.stop().success(), "{}", host.coordinator.program.log());

    let before = succeeded_backups(&host);
    let alone = until_within(
        "the schedule to fire twice",
        FOUR_MINUTES,
        async || {
            host.daemon.assert_alive();
            succeeded_backups(&host)
        },
        |all| (all.len() >= before.len() + 2).then(|| all.clone()),
    )
    .await;

    host.coordinator = Coordinator::start(&host.place, host.port).await;
    host.person.sign_in().await;
    let told = until(
        "the coordinator to know every job",
        async || host.person.jobs(host.id).await,
        |jobs| alone.iter().all(|id| jobs.iter().any(|job| job.job.to_string() == *id)).then(|| jobs.clone()),
    )
    .await;
    let snapshots = host.person.snapshots(host.id).await;
    for id in &alone {
        let job = told.iter().find(|job| job.job.to_string() == *id).expect("it was waited for");
        assert_eq!(job.state, JobState::Succeeded, "{job:#?}");
        let snapshot = job.numbers.snapshot.as_ref().expect("a backup names its snapshot");
        assert!(snapshots.iter().any(|row| row.snapshot.id.starts_with(snapshot)), "{snapshots:#?}");
        let log = host.person.log(host.id, job.job).await;
        assert!(log.complete && !log.lines.is_empty(), "the log of {id} is not there: {log:#?}");
    }
    let verified = host.verify();
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
}

/// As the endpoint's own command line lists them.
fn succeeded_backups(host: &Host) -> Vec<String> {
    let jobs = host.agent.ask_json(&["jobs"]);
    let jobs = jobs.as_array().expect("a list of jobs");
    let kind = serde_json::to_value(JobKind::Backup).expect("JSON");
    let state = serde_json::to_value(JobState::Succeeded).expect("JSON");
    jobs.iter()
        .filter(|job| job["kind"] == kind && job["state"] == state)
        .map(|job| job["job"].as_str().expect("a job has an id").to_owned())
        .collect()
}
