//! The engine's handle: what others may ask, each answered from the store.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::sync::{Notify, broadcast, watch};
use wire::{
    frame::Live,
    id::{JobId, UnixMs},
    job::{JobState, Reason},
    plan::{Backend, Plan},
};

use super::{
    CancelOutcome, JobRequest, Reach, SecretSource, Settings, SubmitError,
    lent::Lents,
    live::LiveHub,
    looks::Looks,
    pings::{self, Pings},
    ran::Ran,
    released::Released,
};
use crate::{
    restic::binary::Binary,
    store::{
        Store, StoreError, Tx,
        jobs::{self, Ending, NewJob},
    },
    world::World,
};

/// What the engine is made of.
pub struct Parts {
    pub world: World,
    pub store: Store,
    pub secrets: Arc<dyn SecretSource>,
    pub reach: Arc<dyn Reach>,
    pub settings: Settings,
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    pub(super) shared: Arc<Shared>,
}

/// Runs the jobs until it is drained.
pub struct EngineTask {
    pub(super) shared: Arc<Shared>,
}

pub(super) struct Shared {
    pub world: World,
    pub store: Store,
    pub secrets: Arc<dyn SecretSource>,
    pub reach: Arc<dyn Reach>,
    pub settings: Settings,
    pub live: LiveHub,
    pub pings: Pings,
    pub looks: Looks,
    pub ran: Ran,
    /// Something in the store changed: look again.
    pub wake: Notify,
    /// The same for whoever follows the plan.
    pub changed: Notify,
    /// One stop signal per job that this process runs.
    pub stops: Mutex<HashMap<JobId, watch::Sender<Stop>>>,
    pub draining: AtomicBool,
    /// How many jobs run; zero and draining means done.
    pub running: watch::Sender<usize>,
    /// Wall and monotonic clock, as they were when they last went together.
    pub clock: Mutex<(UnixMs, Duration)>,
    /// The restic that was found last.
    pub binary: Mutex<Option<Binary>>,
    /// Credentials that are held for a few jobs and never written down.
    pub released: Released,
    pub lents: Lents,
}

/// Why a running job should end, if it should.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Stop {
    #[default]
    No,
    Cancelled(String),
    Draining,
}

impl Engine {
    pub fn new(parts: Parts) -> (Self, EngineTask) {
        let Parts { world, store, secrets, reach, settings } = parts;
        let clock = Mutex::new((world.now(), world.monotonic()));
        let shared = Arc::new(Shared {
            clock,
            world,
            store,
            secrets,
            reach,
            settings,
            live: LiveHub::new(),
            pings: Pings::default(),
            looks: Looks::default(),
            ran: Ran::default(),
            wake: Notify::new(),
            changed: Notify::new(),
            stops: Mutex::default(),
            draining: AtomicBool::new(false),
            running: watch::Sender::new(0),
            binary: Mutex::default(),
            released: Released::default(),
            lents: Lents::default(),
        });
        (Self { shared: shared.clone() }, EngineTask { shared })
    }

    /// Queues a job. Once this returns, the job is on disk and will be run, whatever happens.
    pub async fn submit(&self, request: JobRequest) -> Result<JobId, SubmitError> {
        let engine = self.clone();
        // What waits already is no error to the transaction: that it was brought forward is to be kept.
        let asked = self.shared.store.write(move |tx| match engine.submit_in(tx, &request) {
            waiting @ Err(SubmitError::AlreadyWaiting(_)) => Ok(waiting),
            other => other.map(Ok),
        });
        let asked = asked.await?;
        self.wake();
        asked
    }

    /// The same within the caller's transaction; whoever commits it calls [`Engine::wake`] afterwards. A job that waits
    /// already is brought forward when a person asks: that counts once the caller commits.
    pub fn submit_in(&self, tx: &Tx<'_>, request: &JobRequest) -> Result<JobId, SubmitError> {
        if self.shared.draining.load(Ordering::Relaxed) {
            return Err(SubmitError::Draining);
        }
        let now = self.shared.world.now();
        if let Some(waiting) = jobs::open_of(tx, &request.subject, &request.options)? {
            if request.is_wanted_now() {
                // It would go at its own speed, and be somebody else's.
                if waiting.state == JobState::Queued && waiting.options != request.options {
                    let why = "somebody asked for the same work at a speed of their own, and that runs in its place";
                    return Ok(self.put_in_place_of(tx, waiting.id, request, why.to_owned())?);
                }
                // A person who wants it now does not wait out a retry's pause.
                jobs::bring_forward(tx, waiting.id, now)?;
            }
            return Err(SubmitError::AlreadyWaiting(waiting.id));
        }
        let job = self.new_job(request, now);
        jobs::queue(tx, &job, now)?;
        Ok(job.id)
    }

    /// A run that is due takes the place of a retry that waits for another schedule: when that is paused the retry ends,
    /// and the run would be lost with it. False where the job that waits is no such retry: nothing is written then.
    pub fn replace_retry_in(
        &self,
        tx: &Tx<'_>,
        waiting: JobId,
        request: &JobRequest,
    ) -> Result<bool, StoreError> {
        let schedule = request.schedule();
        let stands_back =
            |job: &jobs::Job| job.state == JobState::Queued && job.attempt > 1 && job.schedule != schedule;
        if !jobs::get(tx, waiting)?.is_some_and(|job| stands_back(&job)) {
            return Ok(false);
        }
        let why = match &schedule {
            Some(schedule) => format!("schedule {schedule} came due, and runs in its place"),
            None => "the same work came due, and runs in its place".to_owned(),
        };
        self.put_in_place_of(tx, waiting, request, why)?;
        Ok(true)
    }

    fn put_in_place_of(
        &self,
        tx: &Tx<'_>,
        waiting: JobId,
        request: &JobRequest,
        why: String,
    ) -> Result<JobId, StoreError> {
        let now = self.shared.world.now();
        let ending = Ending::bare(JobState::Skipped, Some(Reason::Abandoned { why }));
        jobs::finish(tx, waiting, &ending, now)?;
        let job = self.new_job(request, now);
        jobs::queue(tx, &job, now)?;
        Ok(job.id)
    }

    /// Writes down that a job was due but is not run.
    pub fn skip_in(&self, tx: &Tx<'_>, request: &JobRequest, reason: Reason) -> Result<JobId, StoreError> {
        let now = self.shared.world.now();
        let job = self.new_job(request, now);
        jobs::skip(tx, &job, reason, now)?;
        Ok(job.id)
    }

    fn new_job(&self, request: &JobRequest, now: UnixMs) -> NewJob {
        NewJob {
            // What was lent is good for the job of this id alone.
            id: request.lent_job().unwrap_or_else(|| self.shared.world.job_id()),
            subject: request.subject.clone(),
            origin: request.origin.clone(),
            schedule: request.schedule(),
            attempt: 1,
            options: request.options.clone(),
            not_before: now,
        }
    }

    /// Cancels a queued job at once, and stops a running one.
    pub async fn cancel(&self, job: JobId, person: &str) -> Result<CancelOutcome, StoreError> {
        let (engine, person) = (self.clone(), person.to_owned());
        let outcome = self.shared.store.write(move |tx| engine.cancel_in(tx, job, &person)).await?;
        self.wake();
        Ok(outcome)
    }

    /// The same within the caller's transaction; whoever commits it calls [`Engine::wake`] afterwards.
    pub fn cancel_in(&self, tx: &Tx<'_>, job: JobId, person: &str) -> Result<CancelOutcome, StoreError> {
        let Some(found) = jobs::get(tx, job)? else { return Ok(CancelOutcome::NotFound) };
        match found.state {
            JobState::Queued => {
                let reason = Reason::CancelledBy { person: person.to_owned() };
                let ending = Ending::bare(JobState::Cancelled, Some(reason));
                jobs::finish(tx, job, &ending, self.shared.world.now())?;
                Ok(CancelOutcome::Cancelled)
            }
            JobState::Running => {
                jobs::request_cancel(tx, job, person)?;
                Ok(CancelOutcome::Cancelled)
            }
            _ => Ok(CancelOutcome::Over),
        }
    }

    /// Progress and log lines of the watched jobs. Subscribe before [`Engine::watch`], then read the job: so nothing
    /// falls between.
    pub fn live(&self) -> broadcast::Receiver<Live> {
        self.shared.live.subscribe()
    }

    /// Somebody looks at a job, or no longer does.
    pub fn watch(&self, job: JobId, on: bool) {
        self.shared.live.watch(job, on);
    }

    /// As if a job that runs said it.
    #[cfg(test)]
    pub fn show(&self, live: Live) {
        self.shared.live.send(live);
    }

    #[cfg(test)]
    pub fn is_watched(&self, job: JobId) -> bool {
        self.shared.live.is_watched(job)
    }

    /// The version of the restic that jobs use now; why there is none.
    pub async fn restic_version(&self) -> Result<String, Reason> {
        self.shared.binary().await.map(|binary| binary.features.version.to_string())
    }

    /// What this host's snapshots are called after.
    pub fn host<'a>(&'a self, plan: &'a Plan) -> &'a str {
        self.shared.host(plan)
    }

    /// What somebody should look at, and no row tells.
    pub fn troubles(&self) -> Vec<String> {
        self.shared.pings.troubles()
    }

    /// Something in the store changed: jobs, cancellations, the plan, secrets.
    pub fn wake(&self) {
        self.shared.wake.notify_one();
        self.shared.changed.notify_one();
    }

    /// For the one task that follows the plan: resolves after each [`Engine::wake`].
    pub async fn changed(&self) {
        self.shared.changed.notified().await;
    }

    /// How far the wall clock was set since [`Engine::believe_clock`]; negative is back.
    pub fn clock_set_by_ms(&self) -> i64 {
        self.shared.clock_set_by_ms()
    }

    /// The clock is as it should be, or it is written down that it is not.
    pub fn believe_clock(&self) {
        let now = (self.shared.world.now(), self.shared.world.monotonic());
        *self.shared.clock.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }

    /// Whether anybody answers at a repository's address.
    pub async fn is_reachable(&self, backend: &Backend) -> bool {
        self.shared.reach.reach(backend).await.is_ok()
    }

    /// Takes no more jobs, stops what runs (it is interrupted and retried later), and waits for it until `deadline`
    /// has passed. Returns the jobs that did not end in time.
    pub async fn drain(&self, deadline: Duration) -> Vec<JobId> {
        self.shared.draining.store(true, Ordering::Relaxed);
        self.shared.stop_all(&Stop::Draining);
        self.wake();
        let mut running = self.shared.running.subscribe();
        let idle = async {
            // The sender lives as long as `self`.
            let _ = running.wait_for(|count| *count == 0).await;
        };
        // When the time is up, whoever is still there is named.
        let _ = self.shared.world.within(deadline, idle).await;
        // Nobody waits long for what only tells others.
        let _ = self.shared.world.within(pings::FAREWELL.min(deadline), self.shared.pings.quiet()).await;
        self.shared.stops().keys().copied().collect()
    }
}

impl Shared {
    /// What this host's snapshots are called after: the machine's own name, unless it took the place of another.
    pub fn host<'a>(&'a self, plan: &'a Plan) -> &'a str {
        plan.hostname.as_deref().unwrap_or(&self.settings.hostname)
    }

    pub fn stops(&self) -> std::sync::MutexGuard<'_, HashMap<JobId, watch::Sender<Stop>>> {
        self.stops.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn clock_set_by_ms(&self) -> i64 {
        let (wall, monotonic) = *self.clock.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = self.world.monotonic().saturating_sub(monotonic).as_millis();
        self.world.now().since(wall).saturating_sub(i64::try_from(passed).unwrap_or(i64::MAX))
    }

    pub fn known_binary(&self) -> Option<Binary> {
        self.binary.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn remember_binary(&self, binary: Binary) {
        *self.binary.lock().unwrap_or_else(PoisonError::into_inner) = Some(binary);
    }
}
