//! The fleet to look at is what it claims to be: every state, reason and kind is somewhere, sizes span six orders of
//! magnitude, and all of it goes through the real door and ingest.

use std::collections::BTreeSet;

use tests::{simulated::Agent, wait::until};
use wire::{
    job::{JobKind, JobState, Reason},
    journal::{Holds, JobFinished, JobQueued, JobStarted, Kind, Numbers, RecordBody as _, Snapshots},
    snapshot::{HoldCause, RepositoryReadiness},
};

use crate::hall::{Hall, NOON};

const SEED: u64 = 7;
/// Every story is told once among so many.
const HOSTS: usize = 192;

fn code(reason: &Reason) -> String {
    serde_json::to_value(reason).unwrap()["code"].as_str().unwrap().to_owned()
}

/// All codes that there are, as wire's own schema lists them.
fn all_codes() -> BTreeSet<String> {
    let types = include_str!("../../panel/src/api/types.gen.ts");
    let (_, after) = types.split_once("export type Reason =").expect("the type Reason");
    let line = after.split("\nexport").next().unwrap_or(after);
    line.split("\"code\": \"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_fleet_to_look_at_shows_everything_that_can_be() {
    let hall = Hall::found(SEED).await;
    let (mut codes, mut causes, mut kinds, mut states) =
        (BTreeSet::new(), BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let mut sizes: Vec<u64> = Vec::new();
    for number in 0..HOSTS {
        let (agent, _) = Agent::with_a_year(hall.id, hall.recovery, SEED, number, NOON);
        for entry in agent.journal.epochs().iter().flat_map(|epoch| &epoch.entries) {
            assert!(entry.at <= NOON.plus_ms(3_600_000), "nothing is told of days to come");
            match entry.kind {
                Kind::JobQueued => {
                    kinds.insert(JobQueued::from_bytes(&entry.body).unwrap().subject.kind);
                    states.insert(JobState::Queued);
                }
                Kind::JobStarted => {
                    JobStarted::from_bytes(&entry.body).unwrap();
                    states.insert(JobState::Running);
                }
                Kind::JobFinished => {
                    let finished = JobFinished::from_bytes(&entry.body).unwrap();
                    states.insert(finished.state);
                    codes.extend(finished.reason.as_ref().map(code));
                }
                Kind::Holds => {
                    let holds = Holds::from_bytes(&entry.body).unwrap().holds;
                    causes.extend(holds.into_iter().map(|hold| hold.cause));
                }
                Kind::Numbers => sizes.push(Numbers::from_bytes(&entry.body).unwrap().numbers.stored_bytes),
                Kind::Snapshots => assert!(!Snapshots::from_bytes(&entry.body).unwrap().added.is_empty()),
                _ => {}
            }
        }
    }
    assert_eq!(codes, all_codes(), "reasons");
    assert_eq!(causes, HoldCause::ALL.into_iter().collect(), "holds");
    assert_eq!(kinds, JobKind::ALL.into_iter().collect(), "kinds");
    assert_eq!(states.len(), 8, "{states:?}");
    let (least, most) = (sizes.iter().min().unwrap(), sizes.iter().max().unwrap());
    assert!(most / least >= 1_000_000, "{least} to {most}");
}

#[tokio::test]
async fn its_hosts_come_in_through_the_door_and_look_like_what_they_tell() {
    let hall = Hall::found(SEED).await;
    for number in 0..12 {
        let (agent, who) = Agent::with_a_year(hall.id, hall.recovery, SEED, number, NOON);
        let admission = hall.admission(&agent.keys.binding(), &who.name);
        let mut agent = agent.admitted(admission);
        hall.bring(&mut agent).await.unwrap();
        // Sizes are added up after the commit.
        let id = agent.id();
        let view = until(
            "its sizes to be added up",
            async || hall.fleet.host(id).await.unwrap(),
            |view| (view.row.snapshots > 20 && view.row.size_bytes.is_some()).then(|| view.clone()),
        )
        .await;
        assert_eq!(view.repositories.len(), 1, "{}", who.name);
        assert!(view.repositories[0].numbers.is_some());
        assert_ne!(view.repositories[0].readiness, RepositoryReadiness::Unknown);
        assert!(view.row.last_backup.is_some() && !view.row.trend.is_empty(), "{:?}", view.row);
    }
    let checked = hall.checked().await;
    assert!(checked.bad.is_empty(), "{:?}", checked.bad);
    hall.nothing_broke().await;
}
