//! Which job is next: pure tables and the law that no repository ever gets two.

use proptest::prelude::*;
use wire::{
    id::{OrderId, ScheduleName},
    job::{JobKind, JobSubject},
};

use super::*;

const NOW: UnixMs = UnixMs(1_800_000_000_000);

fn job(n: u128, repository: &str, state: JobState, origin: Origin) -> Job {
    let subject = JobSubject { kind: JobKind::Backup, repository: repository.parse().unwrap(), group: None };
    Job {
        id: JobId(uuid::Uuid::from_u128(n)),
        subject,
        state,
        origin,
        schedule: None,
        attempt: 1,
        upload_kib_s: None,
        queued_at: UnixMs(NOW.0 + i64::try_from(n).unwrap()),
        not_before: NOW,
        started_at: None,
        finished_at: None,
        reason: None,
        numbers: JobNumbers::default(),
        log_lines: 0,
        process: None,
        cancel_by: None,
    }
}

fn scheduled() -> Origin {
    let schedule: ScheduleName = "s".parse().unwrap();
    Origin::Schedule { schedule, due_at: NOW }
}

fn chosen(open: &[Job]) -> (Vec<u128>, Vec<u128>, Option<u64>) {
    let numbers = |jobs: &[&Job]| jobs.iter().map(|job| job.id.0.as_u128()).collect::<Vec<_>>();
    let choice = choose(open, &BTreeSet::new(), &HashSet::new(), NOW);
    (numbers(&choice.start), numbers(&choice.settle), choice.wait_ms)
}

#[test]
fn a_person_goes_first_and_reading_last() {
    let person = Origin::Operator { person: "p".to_owned(), order: OrderId(uuid::Uuid::nil()) };
    let follow = Origin::Follow { job: None };
    let queued = |n, origin| job(n, "main", JobState::Queued, origin);
    let open = [queued(1, follow.clone()), queued(2, scheduled()), queued(3, person)];
    assert_eq!(chosen(&open).0, [3]);
    assert_eq!(chosen(&open[..2]).0, [2]);
    assert_eq!(chosen(&[queued(5, scheduled()), queued(4, scheduled())]).0, [4]);
    let long_ago = Job { queued_at: NOW.plus_ms(-3_600_000), ..queued(6, Origin::Follow { job: None }) };
    assert_eq!(chosen(&[queued(1, scheduled()), long_ago]).0, [6], "nothing waits for ever");
}

#[test]
fn a_repository_is_made_before_anything_goes_into_it() {
    let person = Origin::Operator { person: "p".to_owned(), order: OrderId(uuid::Uuid::nil()) };
    let backup = job(1, "main", JobState::Queued, person);
    let mut init = job(2, "main", JobState::Queued, Origin::Follow { job: None });
    init.subject.kind = JobKind::Init;
    assert_eq!(chosen(&[backup, init]).0, [2]);
}

#[test]
fn repositories_run_side_by_side_and_never_twice() {
    let queued = |n, repository| job(n, repository, JobState::Queued, scheduled());
    assert_eq!(chosen(&[queued(1, "a"), queued(2, "a"), queued(3, "b")]).0, [1, 3]);
    let open = [queued(1, "a")];
    let busy = BTreeSet::from(["a".parse().unwrap()]);
    assert!(choose(&open, &busy, &HashSet::new(), NOW).start.is_empty());
}

#[test]
fn what_an_earlier_agent_left_is_settled_before_anything_starts() {
    let left = job(1, "a", JobState::Running, scheduled());
    let next = job(2, "a", JobState::Queued, scheduled());
    let open = [left.clone(), next];
    assert_eq!(chosen(&open), (vec![], vec![1], None));
    // One of ours whose end could not be written keeps its repository, and is not settled over and over.
    let ours = HashSet::from([left.id]);
    let choice = choose(&open, &BTreeSet::new(), &ours, NOW);
    assert!(choice.start.is_empty() && choice.settle.is_empty());
}

#[test]
fn a_retry_waits_but_not_for_a_clock_that_was_set_back() {
    let waiting = |ms| Job { not_before: NOW.plus_ms(ms), ..job(1, "a", JobState::Queued, scheduled()) };
    assert_eq!(chosen(&[waiting(60_000)]), (vec![], vec![], Some(60_000)));
    assert_eq!(chosen(&[waiting(-5)]).0, [1]);
    assert_eq!(chosen(&[waiting(365 * 86_400_000)]).0, [1]);
    // A waiting retry does not hold up others.
    let other = job(2, "a", JobState::Queued, scheduled());
    assert_eq!(chosen(&[waiting(60_000), other]), (vec![2], vec![], Some(60_000)));
}

proptest! {
    #[test]
    fn at_most_one_job_per_repository(
        jobs in proptest::collection::vec((0..4u8, any::<bool>(), -1000..1000i64), 0..20),
        busy in proptest::collection::btree_set(0..4u8, 0..4),
    ) {
        let open: Vec<Job> = jobs
            .iter()
            .enumerate()
            .map(|(n, (repository, running, wait))| {
                let state = if *running { JobState::Running } else { JobState::Queued };
                let made = job(n as u128, &format!("r{repository}"), state, scheduled());
                Job { not_before: NOW.plus_ms(*wait), ..made }
            })
            .collect();
        let busy: BTreeSet<RepositoryName> = busy.iter().map(|n| format!("r{n}").parse().unwrap()).collect();
        let choice = choose(&open, &busy, &HashSet::new(), NOW);
        let mut seen = busy.clone();
        for job in choice.start.iter().chain(&choice.settle) {
            prop_assert!(seen.insert(job.subject.repository.clone()));
        }
        // Nothing that could run is left lying.
        for job in open.iter().filter(|job| job.state == JobState::Running || job.not_before <= NOW) {
            prop_assert!(seen.contains(&job.subject.repository));
        }
    }
}
