//! The engine's loop: which jobs run now. One at a time per repository; repositories side by side.

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
    id::{JobId, RepositoryName, UnixMs},
    job::{JobKind, JobNumbers, JobState, Origin, Reason},
};

use super::{
    engine::{EngineTask, Shared, Stop},
    looking, retry, runner,
};
use crate::store::{
    StoreError,
    jobs::{self, Ending, Job},
};

/// However long nothing is due, the store is looked at so often: clocks jump.
const LOOK_AGAIN: Duration = Duration::from_mins(1);

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

#[derive(Clone)]
struct Running {
    job: JobId,
    repository: RepositoryName,
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
        loop {
            looking::look_after_repositories(&queue.shared).await;
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

impl Queue {
    /// Starts and stops what should be; returns how long nothing more is due.
    async fn step(&mut self) -> Duration {
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
            return LOOK_AGAIN;
        }
        let busy: BTreeSet<RepositoryName> =
            self.running.values().map(|running| running.repository.clone()).collect();
        let now = self.shared.world.now();
        self.ours.retain(|id| open.iter().any(|job| job.id == *id));
        let Choice { start, settle, wait_ms } = choose(&open, &busy, &self.ours, now);
        for job in settle {
            self.spawn(job.clone(), Kind::Settle);
        }
        for job in start {
            self.spawn(job.clone(), Kind::Run);
        }
        wait_ms.map_or(LOOK_AGAIN, |ms| Duration::from_millis(ms).min(LOOK_AGAIN))
    }

    fn spawn(&mut self, job: Job, kind: Kind) {
        self.ours.insert(job.id);
        let running = Running { job: job.id, repository: job.subject.repository.clone() };
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
        let Some(Running { job, .. }) = self.running.remove(&id) else { return };
        if let Some(problem) = panicked {
            error!(%job, "the job's task failed: {problem}");
            self.give_up(job, problem).await;
        }
        self.shared.stops().remove(&job);
        self.shared.running.send_modify(|count| *count -= 1);
    }

    /// A fault of the agent ends the one job that met it.
    async fn give_up(&self, job: JobId, message: String) {
        let at = self.shared.world.now();
        let ending = Ending {
            state: JobState::Failed,
            reason: Some(Reason::Internal { message }),
            numbers: JobNumbers::default(),
            log_lines: 0,
        };
        let written =
            self.shared.store.write::<_, StoreError>(move |tx| jobs::finish(tx, job, &ending, at)).await;
        if let Err(problem) = written {
            error!(%job, "its end cannot be written: {problem}");
        }
    }

    async fn wait_for_store(&self, problem: &StoreError) {
        warn!("the jobs cannot be read: {problem}");
        self.shared.world.sleep(self.shared.settings.patience.disk_retry).await;
    }
}

#[derive(Clone, Copy)]
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

/// At most one job per repository that is not busy: what an earlier agent left, what makes the repository, a person's,
/// what only reads last, else the oldest.
fn choose<'a>(
    open: &'a [Job],
    busy: &BTreeSet<RepositoryName>,
    ours: &HashSet<JobId>,
    now: UnixMs,
) -> Choice<'a> {
    let mut taken: BTreeSet<&RepositoryName> = busy.iter().collect();
    let (running, mut queued): (Vec<&Job>, Vec<&Job>) =
        open.iter().partition(|job| job.state == JobState::Running);
    let mut choice = Choice { start: Vec::new(), settle: Vec::new(), wait_ms: None };
    for job in running {
        if taken.insert(&job.subject.repository) && !ours.contains(&job.id) {
            choice.settle.push(job);
        }
    }
    queued.sort_by_key(|job| (rank(job, now), job.queued_at, job.id));
    for job in queued {
        match wait_ms(job, now) {
            0 => {
                if taken.insert(&job.subject.repository) {
                    choice.start.push(job);
                }
            }
            wait => choice.wait_ms = Some(choice.wait_ms.map_or(wait, |shortest| shortest.min(wait))),
        }
    }
    choice
}

fn wait_ms(job: &Job, now: UnixMs) -> u64 {
    let wait = u64::try_from(job.not_before.since(now)).unwrap_or(0);
    // No retry waits longer: a time further ahead was written before the clock was set back.
    if u128::from(wait) > retry::LONGEST_WAIT.as_millis() { 0 } else { wait }
}

fn rank(job: &Job, now: UnixMs) -> u8 {
    // The first backup would make the repository on its way, and nobody saw it become ready for as long as that lasts.
    if job.subject.kind == JobKind::Init {
        return 0;
    }
    match job.origin {
        // Backups that follow each other without a pause must not keep it waiting for ever.
        Origin::Follow { .. } if now.since(job.queued_at) > FOLLOW_WAITS_MS => 2,
        Origin::Operator { .. } | Origin::Local => 1,
        Origin::Schedule { .. }
        | Origin::CatchUp { .. }
        | Origin::Retry { .. }
        | Origin::Maintenance { .. } => 2,
        Origin::Follow { .. } => 3,
    }
}

#[cfg(test)]
mod tests;
