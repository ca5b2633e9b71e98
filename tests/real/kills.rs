//! kill -9 at random moments: nothing acknowledged is lost, nothing runs twice, every chain verifies.
//!
//! `RM_ROUNDS` (50) and `RM_SEED` (random, printed) drive it; `scripts/kill-loop` runs a thousand rounds.

use std::{collections::BTreeSet, time::Duration};

use tests::{
    programs::Coordinator,
    wait::{until, until_within},
};
use wire::{
    action::{Action, Outcome},
    id::JobId,
    job::{JobKind, JobState},
    view::{JobView, OrderRequest},
};

use crate::host::Host;

const ROUNDS: u64 = 50;
/// A backup of the demo files takes about this long, so that kills fall before, into and after it.
const SPREAD_MS: u64 = 1_500;

/// splitmix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}

fn number(name: &str, otherwise: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name} must be a number, not {text}")),
        Err(_) => otherwise,
    }
}

#[tokio::test]
async fn kills_at_random_moments_lose_nothing_and_double_nothing() {
    let rounds = number("RM_ROUNDS", ROUNDS);
    let seed = number("RM_SEED", tests::person::now().0.cast_unsigned());
    println!("{rounds} rounds with RM_SEED={seed}");
    let mut dice = Dice(seed);
    let mut host = Host::ready("0 2 29 2 *").await;
    host.good_backup().await;
    retry_at_once(&host).await;

    let mut acknowledged: BTreeSet<JobId> = BTreeSet::new();
    for round in 0..rounds {
        let job = acknowledged_backup(&host).await;
        acknowledged.insert(job);
        // The kill must fall at any instant of the job: this pause is the experiment, not a wait for a value.
        tokio::time::sleep(Duration::from_millis(dice.below(SPREAD_MS))).await;
        if dice.below(2) == 0 {
            host.daemon.kill();
            host.daemon = host.agent.run();
        } else {
            host.coordinator.program.kill();
            host.coordinator = Coordinator::start(&host.place, host.port).await;
        }
        settled(&mut host).await;
        if round % 10 == 9 {
            println!("{} rounds", round + 1);
        }
    }
    nothing_lost_nothing_doubled(&mut host, &acknowledged).await;
}

/// What was interrupted is tried again a second later, not a minute: the rounds are many.
async fn retry_at_once(host: &Host) {
    let mut plan = host.person.plan(host.id).await.plan;
    for group in plan.groups.values_mut() {
        group.retry = wire::plan::Retry { max: 3, backoff_s: 1 };
    }
    let outcome = host.person.set_plan(host.id, plan, Vec::new()).await;
    assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:#?}");
}

/// Orders a backup until an agent has acknowledged it; an order is only put in again when the last one is answered.
async fn acknowledged_backup(host: &Host) -> JobId {
    let groups = vec!["default".parse().expect("a name")];
    let request =
        OrderRequest::Routine { routine: Action::Run { groups, upload_kib_s: None, download_kib_s: None } };
    let view = host.person.put(host.id, &request).await;
    match host.person.outcome(host.id, view.order).await {
        Outcome::Accepted { jobs, .. } if jobs.len() == 1 => jobs[0],
        other => panic!("one group is one job: {other:#?}"),
    }
}

/// Waits until the coordinator knows of nothing that still goes on, retries included.
async fn settled(host: &mut Host) -> Vec<JobView> {
    let (host_id, person, daemon) = (host.id, &host.person, &mut host.daemon);
    until_within(
        "all jobs to be over and told",
        Duration::from_mins(3),
        async || {
            daemon.assert_alive();
            let view = person.host(host_id).await;
            (view.row.active_jobs, view.row.waiting_orders, person.jobs(host_id).await)
        },
        |(active, waiting, jobs)| {
            let over = *active == 0 && *waiting == 0 && jobs.iter().all(|job| job.state.is_over());
            (over && retried(jobs)).then(|| jobs.clone())
        },
    )
    .await
}

/// Every interrupted backup has a later one that was its retry.
fn retried(jobs: &[JobView]) -> bool {
    jobs.iter().filter(|job| job.kind == JobKind::Backup && job.state == JobState::Interrupted).all(|lost| {
        jobs.iter().any(|job| matches!(&job.origin, wire::job::Origin::Retry { job, .. } if *job == lost.job))
    })
}

async fn nothing_lost_nothing_doubled(host: &mut Host, acknowledged: &BTreeSet<JobId>) {
    let jobs = settled(host).await;
    for job in acknowledged {
        assert!(jobs.iter().any(|seen| seen.job == *job), "the acknowledged job {job} is lost");
    }
    let made: Vec<String> = jobs
        .iter()
        .filter(|job| job.kind == JobKind::Backup)
        .filter_map(|job| job.numbers.snapshot.clone())
        .collect();
    let distinct: BTreeSet<_> = made.iter().cloned().collect();
    assert_eq!(made.len(), distinct.len(), "two jobs claim one snapshot: {made:#?}");

    let listed = host.restic(&["snapshots", "--json"]);
    assert!(listed.status.success(), "{}", String::from_utf8_lossy(&listed.stderr));
    let listed: Vec<serde_json::Value> = serde_json::from_slice(&listed.stdout).expect("restic's JSON");
    let present: BTreeSet<String> =
        listed.iter().map(|one| one["id"].as_str().expect("an id").to_owned()).collect();
    assert_eq!(present, distinct, "every snapshot is one job's, and every job's snapshot is there");

    let origins: BTreeSet<_> = jobs
        .iter()
        .filter_map(|job| match &job.origin {
            wire::job::Origin::Operator { order, .. } => Some((*order, job.group.clone())),
            _ => None,
        })
        .collect();
    let ordered = jobs.iter().filter(|job| matches!(job.origin, wire::job::Origin::Operator { .. })).count();
    assert_eq!(origins.len(), ordered, "an order was executed twice");

    let verified = host.verify();
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
    let (agent, coordinator) = until(
        "both chains to end alike",
        async || {
            let status = host.agent.ask_json(&["status"]);
            let held = host.person.host(host.id).await.journal;
            ((status["journal"]["epoch"].as_u64(), status["journal"]["seq"].as_u64()), (held.epoch, held.seq))
        },
        |(agent, held)| (*agent == (Some(held.0), Some(held.1))).then_some((*agent, *held)),
    )
    .await;
    println!("agent at {agent:?}, coordinator at {coordinator:?}; {} snapshots", present.len());
    let checked = host.restic(&["check", "--read-data"]);
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    assert!(host.daemon.stop().success());
    assert!(host.coordinator.program.stop().success());
}
