//! The task that asks for what is due: at the next instant, whenever something changed, and at least once a minute.
//!
//! What is asked for and how far it has been seen to are one transaction, so a run is neither lost nor doubled.

use std::{collections::BTreeMap, time::Duration};

use tokio_util::sync::CancellationToken;
use tracing::{info, warn};
use wire::{
    id::{AgentId, UnixMs},
    job::Reason,
    plan::Plan,
};

use super::due::{self, Decision, Due, History, LATE_MS, Of, Seen};
use crate::{
    run::{Engine, JobRequest, SubmitError},
    store::{
        Store, StoreError, Tx,
        cadences::{self, Cadence},
        holds, journal, plan,
    },
    world::World,
};

/// The clock may be set while we wait.
const LOOK_AGAIN: Duration = Duration::from_mins(1);
/// A clock that nobody touched for so long is believed again.
const CLOCK_BELIEVED_MS: i64 = 24 * 60 * 60 * 1000;

/// How long the machine is left alone before what was missed is caught up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// After a start, and after a sleep.
    pub settle: Duration,
    /// After this a catch-up is tried although its repository does not answer, so that its failure is seen.
    pub unreachable: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self { settle: Duration::from_secs(30), unreachable: Duration::from_mins(15) }
    }
}

pub struct Ticker {
    engine: Engine,
    store: Store,
    world: World,
    timing: Timing,
    /// Since when the machine is up and awake, on the monotonic clock.
    awake_since: Duration,
    /// The last look, on the monotonic clock.
    looked_at: Duration,
}

impl Ticker {
    pub fn new(engine: Engine, store: Store, world: World, timing: Timing) -> Self {
        let now = world.monotonic();
        Self { engine, store, world, timing, awake_since: now, looked_at: now }
    }

    /// Until `stop`.
    pub async fn run(mut self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let pause = match self.tick().await {
                Ok(pause) => pause,
                Err(problem) => {
                    warn!("what is due cannot be told: {problem}");
                    LOOK_AGAIN
                }
            };
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.engine.changed() => {}
                () = self.world.sleep(pause) => self.notice_sleep(pause),
            }
        }
    }

    /// Asks for everything that is due now; returns how long nothing more is.
    async fn tick(&mut self) -> Result<Duration, StoreError> {
        self.notice_jump().await?;
        let Some(current) = self.store.read(plan::current).await? else { return Ok(LOOK_AGAIN) };
        let (agent, seen) = self
            .store
            .read::<_, StoreError>(|connection| Ok((journal::agent(connection)?, cadences::all(connection)?)))
            .await?;
        let settled = self.awake() >= self.timing.settle;
        let history = History {
            cadences: seen.iter().map(as_seen).collect(),
            plan_at: current.at,
            may_catch_up: settled,
        };
        let mut decision = self.decide(&current.plan, &history, agent);
        if settled {
            self.postpone_unreachable(&current.plan, &history, agent, &mut decision).await;
        }
        if decision.cadences != history.cadences || !decision.due.is_empty() {
            self.ask(decision.clone(), seen).await?;
        }
        let wait = decision.next.map_or(LOOK_AGAIN, |next| until(next, self.world.now()));
        let settling = self.timing.settle.checked_sub(self.awake()).filter(|wait| !wait.is_zero());
        Ok(wait.min(LOOK_AGAIN).min(settling.unwrap_or(LOOK_AGAIN)))
    }

    fn decide(&self, plan: &Plan, history: &History, agent: AgentId) -> Decision {
        due::due(plan, history, agent, self.world.now(), &self.world.zone())
    }

    /// A missed run waits while its repository does not answer, unless that has gone on for long.
    async fn postpone_unreachable(
        &self,
        plan: &Plan,
        history: &History,
        agent: AgentId,
        decision: &mut Decision,
    ) {
        if !decision.due.iter().any(|due| due.late) || self.awake() >= self.timing.unreachable {
            return;
        }
        let mut silent = false;
        for due in decision.due.iter().filter(|due| due.late) {
            for subject in &due.subjects {
                let Some(repository) = plan.repositories.get(&subject.repository) else { continue };
                silent |= !self.engine.is_reachable(&repository.backend).await;
            }
        }
        if silent {
            *decision = self.decide(plan, &History { may_catch_up: false, ..history.clone() }, agent);
        }
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
                    let cadence = Cadence { definition: seen.definition.clone(), handled: seen.handled };
                    cadences::set(tx, name, &cadence)?;
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

    /// The monotonic clock counts sleep, timers do not: when much more time passed than was asked for, it slept.
    fn notice_sleep(&mut self, asked: Duration) {
        let passed = self.world.monotonic().saturating_sub(self.looked_at);
        let slept = passed.saturating_sub(asked);
        if slept > LOOK_AGAIN {
            info!("the machine slept for about {} s", slept.as_secs());
            self.awake_since = self.world.monotonic();
        }
    }

    /// A wall clock that went another way than the monotonic one was set. Retention waits until it is believed again.
    async fn notice_jump(&mut self) -> Result<(), StoreError> {
        let now = self.world.now();
        self.looked_at = self.world.monotonic();
        let jump_ms = self.engine.clock_set_by_ms();
        let jumped = jump_ms.abs() > LATE_MS;
        if jumped {
            warn!("the clock was set by {} s: retention waits until it is believed again", jump_ms / 1000);
        }
        let held = self.store.read::<_, StoreError>(holds::all).await?;
        let held = held.into_iter().find(|hold| hold.cause == holds::CLOCK_JUMPED);
        if !jumped && held.as_ref().is_none_or(|hold| (0..CLOCK_BELIEVED_MS).contains(&now.since(hold.at))) {
            self.engine.believe_clock();
            return Ok(());
        }
        // Held since a time that is still to come: the clock was set back while the agent was off.
        let again = jumped || held.is_some_and(|hold| hold.at > now);
        self.store
            .write(move |tx| {
                if again {
                    holds::set(tx, holds::CLOCK_JUMPED, &clock_message(jump_ms), now)
                } else {
                    holds::clear(tx, holds::CLOCK_JUMPED)
                }
            })
            .await?;
        // Not before it is on disk: a jump that could not be noted is noticed again.
        self.engine.believe_clock();
        Ok(())
    }
}

fn clock_message(jump_ms: i64) -> String {
    let minutes = jump_ms.abs() / 60_000;
    let way = if jump_ms < 0 { "back" } else { "forward" };
    format!(
        "the host's clock was set {way} by {minutes} minutes: check its time; retention goes on by itself a day after the last jump, or when a person confirms the plan"
    )
}

fn as_seen((name, cadence): (&String, &Cadence)) -> (String, Seen) {
    (name.clone(), Seen { definition: cadence.definition.clone(), handled: cadence.handled })
}

fn ask_for(engine: &Engine, tx: &Tx<'_>, due: &Due) -> Result<(), StoreError> {
    for subject in &due.subjects {
        let request = JobRequest { subject: subject.clone(), origin: due.origin(), upload_kib_s: None };
        match engine.submit_in(tx, &request) {
            Ok(job) => info!(%job, due = %due.due_at, late = due.late, "due: {}", due.of.name()),
            // Maintenance that is under way is the maintenance.
            Err(SubmitError::AlreadyWaiting(_)) if due.of == Of::Forget => {}
            Err(SubmitError::AlreadyWaiting(_)) => {
                engine.skip_in(tx, &request, Reason::AlreadyWaiting)?;
            }
            // Nothing is seen to then: it is due again when the agent is back.
            Err(SubmitError::Draining) => return Err(StoreError::Closed),
            Err(SubmitError::Store(problem)) => return Err(problem),
        }
    }
    Ok(())
}

fn until(next: UnixMs, now: UnixMs) -> Duration {
    Duration::from_millis(u64::try_from(next.since(now)).unwrap_or(0))
}

#[cfg(test)]
mod tests;
