//! Keeps the connection: whom to dial, when to try again, and when to wait for a person instead.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use rand_core::Rng as _;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use wire::{id::FleetId, trust::TokenKeys};

use super::{
    backoff::Backoff,
    open,
    problem::{Problem, Retry},
    session::{End, Purpose, Session},
    state::LinkState,
};
use crate::{
    config::{Address, CertificateRule, CoordinatorEntry, CoordinatorRole},
    desired::{Desk, Machine},
    run::Engine,
    store::{StoreError, trust},
};

/// What the link is made of.
pub struct Parts {
    pub desk: Desk,
    pub machine: Machine,
    /// agent.toml's; beats the address that `enrol` wrote down.
    pub coordinator: Option<CoordinatorEntry>,
}

/// Cheap to clone: shows the state, takes a token, wakes.
#[derive(Clone)]
pub struct Link(Arc<Shared>);

/// Runs until it is stopped.
pub struct LinkTask(Arc<Shared>);

struct Shared {
    parts: Parts,
    state: watch::Sender<LinkState>,
    /// Counts enrolments: a wake-up without data.
    wake: watch::Sender<u64>,
    /// What the log says already: an outage of a week is one line.
    logged: Mutex<String>,
    /// Held in memory alone, until this agent is a member.
    token: Mutex<Option<TokenKeys>>,
}

/// Whom to dial, and for which fleet.
struct Target {
    address: Address,
    certificate: CertificateRule,
    fleet: FleetId,
    member: bool,
}

impl Link {
    pub fn new(parts: Parts) -> (Self, LinkTask) {
        let shared = Arc::new(Shared {
            parts,
            state: watch::Sender::new(LinkState::NotEnrolled),
            wake: watch::Sender::new(0),
            logged: Mutex::default(),
            token: Mutex::default(),
        });
        (Self(shared.clone()), LinkTask(shared))
    }

    pub fn state(&self) -> watch::Receiver<LinkState> {
        self.0.state.subscribe()
    }

    /// What somebody should look at, and no row tells: why its database took nothing the last time, and who did not
    /// hear of a backup.
    pub fn trouble(&self) -> Option<String> {
        let desk = &self.0.parts.desk;
        let store = desk.store().trouble().map(|trouble| trouble.to_string());
        let others = desk.engine().map(Engine::troubles).unwrap_or_default();
        let all: Vec<String> = store.into_iter().chain(others).collect();
        (!all.is_empty()).then(|| all.join("; "))
    }

    /// Pins the fleet and dials its coordinator. `false`: this agent is a member of another fleet.
    pub async fn enrol(
        &self,
        address: &Address,
        fleet: FleetId,
        token: Option<TokenKeys>,
    ) -> Result<bool, StoreError> {
        let desk = &self.0.parts.desk;
        let (address, now) = (address.to_string(), desk.world().now());
        let pinned = desk.store().write(move |tx| trust::set_pin(tx, fleet, &address, now)).await?;
        if pinned {
            *self.0.token.lock().unwrap_or_else(PoisonError::into_inner) = token;
            self.0.wake.send_modify(|count| *count += 1);
        }
        Ok(pinned)
    }
}

impl LinkTask {
    /// Keeps the connection until `stop`; with `until_member`, until this agent is a member.
    pub async fn run(self, stop: CancellationToken, until_member: bool) -> Option<End> {
        let shared = &self.0;
        let mut backoff = Backoff::default();
        let mut woken = shared.wake.subscribe();
        loop {
            if stop.is_cancelled() {
                return Some(End::Stopped);
            }
            // Whatever was asked for before this is in the rows that are read now.
            woken.mark_unchanged();
            let target = match shared.target().await {
                Ok(Ok(target)) => target,
                Ok(Err(idle)) => {
                    shared.tell(idle);
                    until_woken(&mut woken, &stop).await;
                    continue;
                }
                Err(error) => {
                    shared
                        .wait(&stop, &mut woken, &mut backoff, &Problem::Store(error), "", Retry::Soon)
                        .await;
                    continue;
                }
            };
            let member = target.member;
            let (address, dialled) = (target.address.to_string(), shared.monotonic());
            match shared.connect(target, &stop, &mut woken, until_member).await {
                Ok(end) => return Some(end),
                Err(problem) => {
                    if shared.was_live() {
                        let broke = matches!(problem, Problem::Pipe(_) | Problem::Silent);
                        backoff.lived(shared.monotonic().saturating_sub(dialled), broke);
                    }
                    let retry = problem.retry(member);
                    if let Some(refusal) = problem.lasting(member).cloned() {
                        let kept =
                            shared.parts.desk.store().write(move |tx| trust::set_refused(tx, &refusal)).await;
                        if let Err(error) = kept {
                            tracing::warn!(%error, "the refusal could not be noted");
                        }
                    }
                    shared.wait(&stop, &mut woken, &mut backoff, &problem, &address, retry).await;
                }
            }
        }
    }
}

impl Shared {
    /// Whom to dial; or the state to show while there is nobody.
    async fn target(&self) -> Result<Result<Target, LinkState>, StoreError> {
        if let Some(problem) = self.parts.machine.explanation() {
            let hint = "See what is said above.".to_owned();
            return Ok(Err(LinkState::Stopped { problem, hint, code: None }));
        }
        let Some(pin) = self.parts.desk.store().read(trust::pin).await? else {
            return Ok(Err(LinkState::NotEnrolled));
        };
        if let Some(refusal) = pin.refused {
            let problem = Problem::Refused(refusal);
            return Ok(Err(stopped(&problem)));
        }
        // Until somebody holds that it left, it still has that to tell, and nothing else.
        if pin.retired_at.is_some() && self.parts.desk.store().read(trust::is_farewell_told).await? {
            return Ok(Err(stopped(&Problem::Retired)));
        }
        let entry = self.parts.coordinator.as_ref();
        if let Some(other) = entry.and_then(|entry| entry.fleet).filter(|fleet| fleet.0 != pin.fleet.0) {
            let own = wire::identity::Fingerprint::of_fleet(&pin.fleet);
            return Ok(Err(LinkState::Stopped {
                problem: format!("agent.toml names the fleet {other}, but this host belongs to {own}"),
                hint: "Correct the fleet in agent.toml, or clear the data directory and enrol anew."
                    .to_owned(),
                code: None,
            }));
        }
        let text = entry.map_or(pin.address.as_str(), |entry| entry.url.as_str());
        let address = match Address::parse(text) {
            Ok(address) => address,
            Err(error) => {
                let hint = "Run `enrol` again with the right address.".to_owned();
                return Ok(Err(LinkState::Stopped { problem: error.to_string(), hint, code: None }));
            }
        };
        let certificate = entry.map_or(CertificateRule::Any, |entry| entry.certificate);
        Ok(Ok(Target { address, certificate, fleet: pin.fleet, member: pin.member.is_some() }))
    }

    async fn connect(
        &self,
        target: Target,
        stop: &CancellationToken,
        woken: &mut watch::Receiver<u64>,
        until_member: bool,
    ) -> Result<End, Problem> {
        let desk = &self.parts.desk;
        let address = target.address.to_string();
        self.tell(LinkState::Connecting { address: address.clone() });
        let opening = async {
            let socket = open::dial(&target.address, target.certificate, desk.world()).await?;
            open::open(socket, desk, target.fleet).await
        };
        let open = tokio::select! {
            biased;
            () = stop.cancelled() => return Ok(End::Stopped),
            // An enrolment may name another address meanwhile.
            open = opening => open?,
        };
        let observes = self.parts.coordinator.as_ref().is_some_and(|c| c.role == CoordinatorRole::Observe);
        let token = &self.token;
        let tell = |state: LinkState| self.tell(state);
        let purpose = Purpose { address, token, stop: stop.clone(), until_member, observes, tell: &tell };
        tokio::select! {
            biased;
            end = Session::run(desk, open, &purpose) => end,
            // A new enrolment replaces the connection that waits for an old one; a live one is left alone.
            () = self.woken_while_pending(woken) => Err(Problem::Superseded),
        }
    }

    async fn woken_while_pending(&self, woken: &mut watch::Receiver<u64>) {
        // The sender lives as long as `self`.
        while woken.changed().await.is_ok() {
            if !self.was_live() {
                return;
            }
        }
    }

    fn monotonic(&self) -> Duration {
        self.parts.desk.world().monotonic()
    }

    fn was_live(&self) -> bool {
        matches!(*self.state.borrow(), LinkState::Live { .. })
    }

    fn tell(&self, state: LinkState) {
        self.state.send_if_modified(|old| {
            let news = *old != state;
            if news {
                self.log(&state);
                *old = state;
            }
            news
        });
    }

    fn log(&self, state: &LinkState) {
        if matches!(state, LinkState::Connecting { .. }) {
            return tracing::debug!("{}", state.summary());
        }
        let said = state.summary();
        let mut logged = self.logged.lock().unwrap_or_else(PoisonError::into_inner);
        if *logged != said {
            tracing::info!("{said}");
            *logged = said;
        }
    }

    async fn wait(
        &self,
        stop: &CancellationToken,
        woken: &mut watch::Receiver<u64>,
        backoff: &mut Backoff,
        problem: &Problem,
        address: &str,
        retry: Retry,
    ) {
        let world = self.parts.desk.world();
        if retry == Retry::Never {
            self.tell(stopped(problem));
            return until_woken(woken, stop).await;
        }
        let pause = match retry {
            _ if matches!(problem, Problem::Superseded) => return,
            Retry::Late => Backoff::longest(world.rng().next_u64()),
            Retry::Soon | Retry::Never => backoff.next(world.rng().next_u64()),
        };
        let retry_at = world.now().plus_ms(i64::try_from(pause.as_millis()).unwrap_or(i64::MAX));
        self.tell(LinkState::Waiting { address: address.to_owned(), problem: problem.told(), retry_at });
        tokio::select! {
            () = stop.cancelled() => {}
            _ = woken.changed() => {}
            () = world.sleep(pause) => {}
        }
    }
}

async fn until_woken(woken: &mut watch::Receiver<u64>, stop: &CancellationToken) {
    tokio::select! {
        () = stop.cancelled() => {}
        _ = woken.changed() => {}
    }
}

fn stopped(problem: &Problem) -> LinkState {
    LinkState::Stopped { problem: problem.to_string(), hint: problem.hint(), code: problem.code() }
}

#[cfg(test)]
mod tests;
