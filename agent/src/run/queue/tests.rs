//! Which job is next: pure tables and the law that no repository ever gets two.

use proptest::prelude::*;
use wire::{
    id::{OrderId, ScheduleName},
    job::{JobKind, JobSubject, Origin},
};

use super::*;
use crate::{run::stage::Stage, world::World};

const NOW: UnixMs = UnixMs(1_800_000_000_000);

pub fn job(n: u128, repository: &str, state: JobState, origin: Origin) -> Job {
    let subject = JobSubject { kind: JobKind::Backup, repository: repository.parse().unwrap(), group: None };
    Job {
        id: JobId(uuid::Uuid::from_u128(n)),
        subject,
        state,
        origin,
        schedule: None,
        attempt: 1,
        options: wire::action::JobOptions::default(),
        queued_at: UnixMs(NOW.0 + i64::try_from(n).unwrap()),
        not_before: NOW,
        started_at: None,
        finished_at: None,
        reason: None,
        numbers: wire::job::JobNumbers::default(),
        result: None,
        log_lines: 0,
        process: None,
        cancel_by: None,
        wanted: false,
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
fn one_drill_runs_at_a_time_wherever_it_is() {
    let drill = |n, repository, state| {
        let mut drill = job(n, repository, state, scheduled());
        drill.subject.kind = JobKind::Drill;
        drill
    };
    let backup = job(3, "second", JobState::Queued, scheduled());
    let first = drill(1, "main", JobState::Queued);
    let second = Job { queued_at: NOW.plus_ms(-3_600_000), ..drill(2, "second", JobState::Queued) };
    assert_eq!(chosen(&[first.clone(), second.clone()]).0, [2]);
    let running = drill(1, "main", JobState::Running);
    let open = [running, second.clone(), backup];
    assert_eq!(chosen(&open).0, [3], "a drill that waits for another holds nobody up");
    // Begun, and not written down yet.
    let ours = HashSet::from([first.id]);
    let busy = BTreeSet::from([(None, "main".parse().unwrap())]);
    assert!(choose(&[first, second], &busy, &ours, NOW).start.is_empty());
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
    let busy = BTreeSet::from([(None, "a".parse().unwrap())]);
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

fn of_kind(n: u128, kind: JobKind) -> Job {
    let mut made = job(n, "main", JobState::Queued, Origin::Maintenance { due_at: NOW });
    made.subject.kind = kind;
    // Asked for in one breath.
    Job { queued_at: NOW, ..made }
}

#[test]
fn maintenance_that_is_due_together_runs_in_its_order() {
    let kinds = [JobKind::Drill, JobKind::Check, JobKind::Prune, JobKind::Forget, JobKind::Backup];
    let mut open: Vec<Job> = (1..).zip(kinds).map(|(n, kind)| of_kind(n, kind)).collect();
    let mut order = Vec::new();
    while let Some(next) = chosen(&open).0.first().copied() {
        order.push(next);
        open.retain(|job| job.id.0.as_u128() != next);
    }
    assert_eq!(order, [5, 4, 3, 2, 1]);
    // A forget that was asked for later does not overtake a check that waits already.
    let earlier = Job { queued_at: NOW.plus_ms(-1), ..of_kind(1, JobKind::Check) };
    assert_eq!(chosen(&[of_kind(2, JobKind::Forget), earlier]).0, [1]);
}

fn copy(n: u128, from: &str, to: &str) -> Job {
    let mut made = job(n, from, JobState::Queued, Origin::Follow { job: None });
    made.subject.kind = JobKind::Copy;
    made.options.to = Some(to.parse().unwrap());
    made
}

#[test]
fn a_copy_needs_both_of_its_repositories() {
    let queued = |n, repository| job(n, repository, JobState::Queued, scheduled());
    let busy =
        |names: &[&str]| names.iter().map(|name| (None, name.parse().unwrap())).collect::<BTreeSet<_>>();
    let starts = |open: &[Job], taken: &[&str]| {
        let choice = choose(open, &busy(taken), &HashSet::new(), NOW);
        choice.start.iter().map(|job| job.id.0.as_u128()).collect::<Vec<_>>()
    };
    assert_eq!(starts(&[copy(1, "a", "b")], &[]), [1]);
    assert!(starts(&[copy(1, "a", "b")], &["a"]).is_empty());
    assert!(starts(&[copy(1, "a", "b")], &["b"]).is_empty());
    assert_eq!(starts(&[copy(1, "a", "b"), queued(2, "b")], &[]), [2], "a backup goes first");
    // It does not hold up what needs the free one of the two, but not for ever.
    assert_eq!(starts(&[copy(1, "a", "b"), queued(2, "b")], &["a"]), [2]);
    let long = Job { queued_at: NOW.plus_ms(-FOLLOW_WAITS_MS - 1), ..copy(1, "a", "b") };
    assert!(starts(&[long, queued(2, "b")], &["a"]).is_empty());
    // One that an earlier agent left keeps both until it is settled.
    let left = Job { state: JobState::Running, ..copy(1, "a", "b") };
    assert_eq!(chosen(&[left, queued(2, "b")]), (vec![], vec![1], None));
}

/// Lets every change of a job's row fail, as a full disk does, until it is dropped.
const NO_ROOM: &str = "CREATE TRIGGER no_room BEFORE UPDATE ON job BEGIN SELECT RAISE(ABORT, 'full'); END";

#[tokio::test]
async fn a_job_whose_task_fails_while_the_disk_is_full_does_not_keep_its_repository() {
    let stage = Stage::new(World::real(), std::path::Path::new("/nowhere/restic"), |patience| {
        patience.disk_retry = Duration::from_millis(1);
    });
    let id = stage.submit(JobKind::Stats, None).await;
    stage.store.write::<_, StoreError>(move |tx| jobs::start(tx, id, None, NOW)).await.unwrap();
    let shared = stage.engine.shared.clone();
    let (running, ours) = (HashMap::new(), HashSet::from([id]));
    let mut queue = Queue { shared, tasks: JoinSet::new(), running, ours };
    let task = queue.tasks.spawn(async { panic!("a fault of the agent") });
    let places = vec![(None, "main".parse().unwrap())];
    queue.running.insert(task.id(), Running { job: id, places, kind: Kind::Run });
    queue.shared.running.send_modify(|count| *count += 1);
    let execute = |statement: &'static str| {
        stage.store.write::<_, StoreError>(move |tx| Ok(tx.execute_batch(statement)?))
    };
    execute(NO_ROOM).await.unwrap();
    until_idle(&mut queue).await;
    execute("DROP TRIGGER no_room").await.unwrap();
    assert_eq!(stage.jobs().await[0].state, JobState::Running, "its end could not be written");
    queue.step().await;
    until_idle(&mut queue).await;
    let job = stage.over(id).await;
    assert_eq!((job.state, job.reason), (JobState::Interrupted, Some(Reason::AgentDied)));
    assert!(queue.shared.stops().is_empty());
}

async fn until_idle(queue: &mut Queue) {
    while !queue.running.is_empty() {
        queue.event(Duration::from_mins(1)).await;
    }
}

proptest! {
    #[test]
    fn at_most_one_job_per_repository(
        jobs in proptest::collection::vec((0..4u8, any::<bool>(), -1000..1000i64, 0..8u8), 0..20),
        busy in proptest::collection::btree_set(0..4u8, 0..4),
    ) {
        let open: Vec<Job> = jobs
            .iter()
            .enumerate()
            .map(|(n, (repository, running, wait, to))| {
                let state = if *running { JobState::Running } else { JobState::Queued };
                let mut made = job(n as u128, &format!("r{repository}"), state, scheduled());
                // Every other one is a copy to another repository.
                if *to < 4 && to != repository {
                    made.options.to = Some(format!("r{to}").parse().unwrap());
                }
                Job { not_before: NOW.plus_ms(*wait), ..made }
            })
            .collect();
        let busy: BTreeSet<Place> = busy.iter().map(|n| (None, format!("r{n}").parse().unwrap())).collect();
        let choice = choose(&open, &busy, &HashSet::new(), NOW);
        let mut seen = busy.clone();
        for job in choice.start.iter().chain(&choice.settle) {
            for place in places(job) {
                prop_assert!(seen.insert(place));
            }
        }
        // Nothing that could run is left lying.
        for job in open.iter().filter(|job| job.state == JobState::Running || job.not_before <= NOW) {
            let running = open.iter().filter(|job| job.state == JobState::Running).flat_map(places);
            let taken: BTreeSet<Place> = seen.iter().cloned().chain(running).collect();
            prop_assert!(places(job).any(|place| taken.contains(&place)));
        }
    }
}
