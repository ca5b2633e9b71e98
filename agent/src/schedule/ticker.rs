//! The task that asks for what is due: at the next instant, whenever something changed, and at least once a minute.
//!
//! What is asked for and how far it has been seen to are one transaction, so a run is neither lost nor doubled. What is
//! due and may not begin yet is told on a watch.

use std::{collections::BTreeMap, time::Duration};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};
use wire::{
    id::{AgentId, UnixMs},
    job::Reason,
    plan::{MaintenanceTask, Plan, Presence},
};

use super::{
    clock::{self, Step},
    due::{self, Decision, Due, History, LATE_MS, Of, Seen, Waiting},
    obstacles::Look,
};
use crate::{
    run::{Engine, JobRequest, SubmitError},
    store::{
        Store, StoreError, Tx,
        cadences::{self, Cadence},
        journal, plan, snapshots,
    },
    world::World,
};

/// A shorter sleep is none: the network is still there.
const NAP: Duration = Duration::from_mins(1);

/// How long the machine is left alone before what was missed is caught up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// After a start, and after a sleep.
    pub settle: Duration,
    /// The same for a machine that comes and goes: its network takes longer.
    pub settle_intermittent: Duration,
    /// After this a catch-up is tried although its repository does not answer, so that its failure is seen. A machine
    /// that comes and goes waits on: being where its repository is not is nothing unusual.
    pub unreachable: Duration,
    /// However far the next instant is: the clock may be set, and the machine sleep, while we wait.
    pub look_again: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            settle: Duration::from_secs(30),
            settle_intermittent: Duration::from_mins(1),
            unreachable: Duration::from_mins(15),
            look_again: Duration::from_mins(1),
        }
    }
}

impl Timing {
    const fn settle(&self, presence: Presence) -> Duration {
        match presence {
            Presence::AlwaysOn => self.settle,
            Presence::Intermittent => self.settle_intermittent,
        }
    }
}

pub struct Ticker {
    engine: Engine,
    store: Store,
    world: World,
    timing: Timing,
    /// Since when the machine is up and awake, on the monotonic clock.
    awake_since: Duration,
    /// How long the machine had slept in all when it was last looked at.
    slept: Duration,
    waiting: watch::Sender<Vec<Waiting>>,
}

impl Ticker {
    pub fn new(engine: Engine, store: Store, world: World, timing: Timing) -> Self {
        let (awake_since, slept) = (world.monotonic(), slept(&world));
        let waiting = watch::Sender::default();
        Self { engine, store, world, timing, awake_since, slept, waiting }
    }

    /// The runs that are due and wait for something, for people to see.
    pub fn waiting(&self) -> watch::Receiver<Vec<Waiting>> {
        self.waiting.subscribe()
    }

    /// Until `stop`.
    pub async fn run(mut self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            self.notice_sleep();
            let pause = match self.tick().await {
                Ok(pause) => pause,
                Err(problem) => {
                    warn!("what is due cannot be told: {problem}");
                    self.timing.look_again
                }
            };
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.engine.changed() => {}
                () = self.world.sleep(pause) => {}
            }
        }
    }

    /// Asks for everything that is due now; returns how long nothing more is.
    async fn tick(&mut self) -> Result<Duration, StoreError> {
        let look_again = self.timing.look_again;
        // A jump that cannot be written down is noticed again, and meanwhile jobs see it themselves: backups go on.
        if let Err(problem) = self.notice_jump().await {
            warn!("whether the clock was set cannot be looked at or written down: {problem}");
        }
        let Some(current) = self.store.read(plan::current).await? else {
            self.tell(Vec::new());
            return Ok(look_again);
        };
        let (agent, seen) = self
            .store
            .read::<_, StoreError>(|connection| Ok((journal::agent(connection)?, cadences::all(connection)?)))
            .await?;
        let settle = self.timing.settle(current.plan.presence);
        let settling = settle.checked_sub(self.awake()).filter(|wait| !wait.is_zero());
        let awake_ms = i64::try_from(self.awake().as_millis()).unwrap_or(i64::MAX);
        let history = History {
            cadences: seen.iter().map(as_seen).collect(),
            plan_at: current.at,
            settling_since: settling.map(|_| self.world.now().plus_ms(-awake_ms)),
            held: BTreeMap::new(),
        };
        let decision = self.decide(&current.plan, history.clone(), agent).await;
        self.tell(decision.waiting.clone());
        let next = decision.next;
        if decision.cadences != history.cadences || !decision.due.is_empty() {
            self.ask(decision, seen).await?;
        }
        let wait = next.map_or(look_again, |next| until(next, self.world.now()));
        Ok(wait.min(look_again).min(settling.unwrap_or(look_again)))
    }

    /// What is due and may begin. Looks at the machine only when something is due.
    async fn decide(&self, plan: &Plan, history: History, agent: AgentId) -> Decision {
        let (now, zone) = (self.world.now(), self.world.zone());
        let decision = due::due(plan, &history, agent, now, &zone);
        let patient = plan.presence == Presence::Intermittent || self.awake() < self.timing.unreachable;
        let held = Look::new(plan, &self.engine, &self.world, patient).held(&decision.due).await;
        if held.is_empty() {
            return decision;
        }
        due::due(plan, &History { held, ..history }, agent, now, &zone)
    }

    fn tell(&self, waiting: Vec<Waiting>) {
        self.waiting.send_if_modified(|told| {
            let news = *told != waiting;
            *told = waiting;
            news
        });
    }

    async fn ask(&self, decision: Decision, known: BTreeMap<String, Cadence>) -> Result<(), StoreError> {
        let engine = self.engine.clone();
        let asked = !decision.due.is_empty();
        self.store
            .write::<_, StoreError>(move |tx| {
                for due in &decision.due {
                    ask_for(&engine, tx, due)?;
                }
                for (name, seen) in &decision.cadences {
                    cadences::set(tx, name, &as_cadence(seen))?;
                }
                known
                    .keys()
                    .filter(|name| !decision.cadences.contains_key(*name))
                    .try_for_each(|name| cadences::remove(tx, name))
            })
            .await?;
        if asked {
            self.engine.wake();
        }
        Ok(())
    }

    fn awake(&self) -> Duration {
        self.world.monotonic().saturating_sub(self.awake_since)
    }

    /// Whatever else took its time (eight seconds for each knock at nobody's door, a slow disk) is no sleep.
    fn notice_sleep(&mut self) {
        let slept = slept(&self.world);
        let nap = slept.saturating_sub(std::mem::replace(&mut self.slept, slept));
        if nap > NAP {
            info!("the machine slept for about {} s", nap.as_secs());
            self.awake_since = self.world.monotonic();
        }
    }

    /// A wall clock that went another way than the monotonic one was set. Retention waits until it is believed again.
    async fn notice_jump(&mut self) -> Result<(), StoreError> {
        let now = self.world.now();
        let jump_ms = self.engine.clock_set_by_ms();
        if jump_ms.abs() > LATE_MS {
            warn!("the clock was set by {} s: retention waits until it is believed again", jump_ms / 1000);
        }
        match clock::judge(now, jump_ms, clock::held(&self.store).await?.as_ref()) {
            Step::Nothing => {}
            step => clock::write(&self.store, step, now).await?,
        }
        // Not before it is on disk: a jump that could not be noted is noticed again.
        self.engine.believe_clock();
        Ok(())
    }
}

fn as_seen((name, cadence): (&String, &Cadence)) -> (String, Seen) {
    let Cadence { definition, handled, behind } = cadence.clone();
    (name.clone(), Seen { definition, handled, behind })
}

fn as_cadence(seen: &Seen) -> Cadence {
    let Seen { definition, handled, behind } = seen.clone();
    Cadence { definition, handled, behind }
}

fn ask_for(engine: &Engine, tx: &Tx<'_>, due: &Due) -> Result<(), StoreError> {
    for (subject, options) in &due.work {
        // What was never backed up cannot be restored for practice.
        if due.of == Of::Maintenance(MaintenanceTask::Drill)
            && let Some(group) = &subject.group
        {
            let plan = plan::current(tx)?.map(|current| current.plan).unwrap_or_default();
            if !snapshots::has_of_group(tx, &subject.repository, engine.host(&plan), group)? {
                continue;
            }
        }
        let request = JobRequest { subject: subject.clone(), origin: due.origin(), options: options.clone() };
        match engine.submit_in(tx, &request) {
            Ok(job) => info!(%job, due = %due.due_at, late = due.late, "due: {}", due.of.name()),
            Err(SubmitError::AlreadyWaiting(waiting)) => match due.of {
                // Maintenance that is under way is the maintenance.
                Of::Maintenance(_) => {}
                // Another schedule's retry would take this run with it when that schedule is paused.
                Of::Schedule(_) if engine.replace_retry_in(tx, waiting, &request)? => {}
                Of::Schedule(_) => drop(engine.skip_in(tx, &request, Reason::AlreadyWaiting)?),
            },
            // Nothing is seen to then: it is due again when the agent is back.
            Err(SubmitError::Draining) => return Err(StoreError::Closed),
            Err(SubmitError::Store(problem)) => return Err(problem),
        }
    }
    Ok(())
}

fn slept(world: &World) -> Duration {
    world.monotonic().saturating_sub(world.awake())
}

fn until(next: UnixMs, now: UnixMs) -> Duration {
    Duration::from_millis(u64::try_from(next.since(now)).unwrap_or(0))
}

#[cfg(test)]
mod tests;
