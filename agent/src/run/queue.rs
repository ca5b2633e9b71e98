//! The engine's loop: which jobs run now. One at a time per repository, a copy at both of its own; repositories side by
//! side.

mod rank;

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tokio::{
    sync::watch,
    task::{Id, JoinSet},
};
use tracing::{error, warn};
use wire::{
    id::{AgentId, JobId, RepositoryName, UnixMs},
    job::{JobKind, JobState, Reason},
};

use self::rank::rank;
use super::{
    abandon,
    engine::{EngineTask, Shared, Stop},
    looking, retry, runner,
    work::sweep,
};
use crate::store::{
    StoreError,
    jobs::{self, Ending, Job},
    ran,
};

/// What only reads steps back for others so long.
const FOLLOW_WAITS_MS: i64 = 30 * 60 * 1000;

/// Everything that makes the loop look again.
enum Event {
    /// Somebody wrote something, or wants to drain.
    Woken,
    JobEnded,
    /// A retry's time may have come.
    Tick,
}

struct Queue {
    shared: Arc<Shared>,
    tasks: JoinSet<()>,
    running: HashMap<Id, Running>,
    /// Jobs that this process began and that are not over: what else runs was left by an earlier agent.
    ours: HashSet<JobId>,
}

/// A repository, of this host's plan or of another host that lent what opens it: their names say nothing to each other.
type Place = (Option<AgentId>, RepositoryName);

#[derive(Clone)]
struct Running {
    job: JobId,
    places: Vec<Place>,
    kind: Kind,
}

impl EngineTask {
    /// Settles what an earlier agent left running, then runs jobs until it is drained.
    pub async fn run(self) {
        let mut queue = Queue {
            shared: self.shared,
            tasks: JoinSet::new(),
            running: HashMap::new(),
            ours: HashSet::new(),
        };
        if let Err(problem) = sweep(&queue.shared.settings.data) {
            warn!("what a drill left behind cannot be removed: {problem}");
        }
        recall_restics(&queue.shared).await;
        loop {
            looking::look_after_repositories(&queue.shared).await;
            abandon::give_up_retries(&queue.shared).await;
            let pause = queue.step().await;
            if queue.shared.is_draining() && queue.tasks.is_empty() {
                return;
            }
            // Rows are the truth: whatever happened, the store is read again.
            match queue.event(pause).await {
                Event::Woken | Event::JobEnded | Event::Tick => {}
            }
        }
    }
}

/// Whose locks this host's own are.
async fn recall_restics(shared: &Shared) {
    match shared.store.read::<_, StoreError>(ran::all).await {
        Ok(rows) => shared.ran.recall(rows, shared.world.now()),
        Err(problem) => warn!("which restics ran before cannot be read: {problem}"),
    }
}

impl Queue {
    /// Starts and stops what should be; returns how long nothing more is due.
    async fn step(&mut self) -> Duration {
        let look_again = self.shared.settings.patience.look_again;
        let open = match self.shared.store.read::<_, StoreError>(jobs::open).await {
            Ok(open) => open,
            Err(problem) => {
                self.wait_for_store(&problem).await;
                return Duration::ZERO;
            }
        };
        for job in &open {
            if let Some(person) = &job.cancel_by {
                self.shared.stop(job.id, &Stop::Cancelled(person.clone()));
            }
        }
        if self.shared.is_draining() {
            self.shared.stop_all(&Stop::Draining);
            return look_again;
        }
        let busy: BTreeSet<Place> =
            self.running.values().flat_map(|running| running.places.iter().cloned()).collect();
        self.shared.released.settle(&open, self.shared.world.monotonic());
        self.shared.lents.settle(&open, self.shared.world.monotonic());
        let now = self.shared.world.now();
        self.ours.retain(|id| open.iter().any(|job| job.id == *id));
        let Choice { start, settle, wait_ms } = choose(&open, &busy, &self.ours, now);
        for job in settle {
            self.spawn(job.clone(), Kind::Settle);
        }
        for job in start {
            self.spawn(job.clone(), Kind::Run);
        }
        wait_ms.map_or(look_again, |ms| Duration::from_millis(ms).min(look_again))
    }

    fn spawn(&mut self, job: Job, kind: Kind) {
        self.ours.insert(job.id);
        let running = Running { job: job.id, places: places(&job).collect(), kind };
        let (sender, stop) = watch::channel(Stop::No);
        self.shared.stops().insert(job.id, sender);
        self.shared.running.send_modify(|count| *count += 1);
        let shared = self.shared.clone();
        let task = match kind {
            Kind::Run => self.tasks.spawn(runner::run(shared, job, stop)),
            Kind::Settle => self.tasks.spawn(runner::settle(shared, job, stop)),
        };
        self.running.insert(task.id(), running);
    }

    async fn event(&mut self, pause: Duration) -> Event {
        let shared = self.shared.clone();
        tokio::select! {
            Some(ended) = self.tasks.join_next_with_id() => {
                let (id, panicked) = match ended {
                    Ok((id, ())) => (id, None),
                    Err(failure) => (failure.id(), Some(failure.to_string())),
                };
                self.ended(id, panicked).await;
                Event::JobEnded
            }
            () = shared.wake.notified() => Event::Woken,
            () = shared.world.sleep(pause) => Event::Tick,
        }
    }

    async fn ended(&mut self, id: Id, panicked: Option<String>) {
        let Some(Running { job, kind, .. }) = self.running.remove(&id) else { return };
        let lost = match panicked {
            Some(problem) => {
                error!(%job, "the job's task failed: {problem}");
                !self.give_up(job, problem).await
            }
            // Its end is written, unless the database would not have it at all. A job that is settled in vain is left to
            // the next start: it would be settled again and again.
            None => kind == Kind::Run,
        };
        if lost {
            // A row that still runs is nobody's now: the next step settles it, so that its repository is free again.
            self.ours.remove(&job);
        }
        self.shared.stops().remove(&job);
        self.shared.running.send_modify(|count| *count -= 1);
    }

    /// A fault of the agent ends the one job that met it. Whether that is written down; where it is not, after a while
    /// in which the disk may have got some room.
    async fn give_up(&self, job: JobId, message: String) -> bool {
        let at = self.shared.world.now();
        let ending = Ending::bare(JobState::Failed, Some(Reason::Internal { message }));
        let written =
            self.shared.store.write::<_, StoreError>(move |tx| jobs::finish(tx, job, &ending, at)).await;
        let Err(problem) = written else { return true };
        error!(%job, "its end cannot be written, so it is settled anew: {problem}");
        self.shared.world.sleep(self.shared.settings.patience.disk_retry).await;
        false
    }

    async fn wait_for_store(&self, problem: &StoreError) {
        warn!("the jobs cannot be read: {problem}");
        self.shared.world.sleep(self.shared.settings.patience.disk_retry).await;
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Run,
    Settle,
}

impl Shared {
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// The first wish to stop stands.
    pub fn stop(&self, job: JobId, why: &Stop) {
        if let Some(stop) = self.stops().get(&job) {
            ask(stop, why);
        }
    }

    pub fn stop_all(&self, why: &Stop) {
        self.stops().values().for_each(|stop| ask(stop, why));
    }
}

fn ask(stop: &watch::Sender<Stop>, why: &Stop) {
    stop.send_if_modified(|now| {
        let first = *now == Stop::No;
        if first {
            now.clone_from(why);
        }
        first
    });
}

/// What to start, what to settle, and how long until something else may be.
#[derive(Debug, PartialEq)]
struct Choice<'a> {
    start: Vec<&'a Job>,
    settle: Vec<&'a Job>,
    wait_ms: Option<u64>,
}

/// At most one job per repository that is not busy: what an earlier agent left, what makes the repository, backups that a
/// person wants or that are long due, a person's other wishes, what only reads last, else the oldest; of those that came
/// together, backups first and then maintenance as its tasks follow each other.
fn choose<'a>(open: &'a [Job], busy: &BTreeSet<Place>, ours: &HashSet<JobId>, now: UnixMs) -> Choice<'a> {
    let mut taken: BTreeSet<Place> = busy.clone();
    let (running, mut queued): (Vec<&Job>, Vec<&Job>) =
        open.iter().partition(|job| job.state == JobState::Running);
    let mut choice = Choice { start: Vec::new(), settle: Vec::new(), wait_ms: None };
    for job in running {
        let free = places(job).all(|place| !taken.contains(&place));
        taken.extend(places(job));
        if free && !ours.contains(&job.id) {
            choice.settle.push(job);
        }
    }
    // A drill fills the agent's own disk for a while: one at a time, wherever their repositories are.
    let is_drill = |job: &Job| job.subject.kind == JobKind::Drill;
    let mut drills =
        open.iter().any(|job| is_drill(job) && (job.state == JobState::Running || ours.contains(&job.id)));
    queued.sort_by_key(|job| (rank(job, now), job.queued_at, turn(job.subject.kind), job.id));
    for job in queued {
        match wait_ms(job, now) {
            0 if is_drill(job) && drills => {}
            0 => {
                let free = places(job).all(|place| !taken.contains(&place));
                // One that needs two would wait for ever where they are never free together: after a while the one that
                // is free is kept for it.
                if free || now.since(job.queued_at) > FOLLOW_WAITS_MS {
                    taken.extend(places(job));
                }
                if free {
                    drills |= is_drill(job);
                    choice.start.push(job);
                }
            }
            wait => choice.wait_ms = Some(choice.wait_ms.map_or(wait, |shortest| shortest.min(wait))),
        }
    }
    choice
}

/// What a job needs for itself: its repository, and of a copy the destination as well.
fn places(job: &Job) -> impl Iterator<Item = Place> {
    let of = job.lent().map(|lent| lent.source);
    std::iter::once(&job.subject.repository).chain(&job.options.to).map(move |name| (of, name.clone()))
}

/// Which goes first of what was asked for together: what a night removes is given back by the prune of that night.
const fn turn(kind: JobKind) -> u8 {
    match kind {
        JobKind::Init
        | JobKind::Probe
        | JobKind::Backup
        | JobKind::DryRun
        | JobKind::RetentionPreview
        | JobKind::Unlock
        | JobKind::Restore => 0,
        JobKind::Copy => 1,
        JobKind::Forget => 2,
        JobKind::Prune => 3,
        JobKind::Check => 4,
        JobKind::Drill => 5,
        JobKind::Snapshots | JobKind::Stats => 6,
    }
}

fn wait_ms(job: &Job, now: UnixMs) -> u64 {
    let wait = u64::try_from(job.not_before.since(now)).unwrap_or(0);
    // No retry waits longer: a time further ahead was written before the clock was set back.
    if u128::from(wait) > retry::LONGEST_WAIT.as_millis() { 0 } else { wait }
}

#[cfg(test)]
pub(super) mod tests;
