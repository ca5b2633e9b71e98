//! The door: agents that nobody approved yet, and the guards against a crowd of them.
//!
//! In memory alone: whoever still wants in announces itself again after a restart.

use std::{
    collections::{HashMap, VecDeque},
    net::{IpAddr, Ipv6Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use wire::{
    frame::{Credential, HostFacts, Refusal, RefusalCode},
    id::{AgentId, Hash32, HostName, UnixMs},
    identity::KeyBinding,
    trust::{Admission, AdmissionError, Moment, Proof, Signed, admit},
    view::{Event, PendingView},
};

use super::{Fleet, FleetError, Seat, Wish};
use crate::store::hosts::Member;

const MINUTE_MS: i64 = 60_000;
/// How long an announced host waits.
const WAIT_MS: i64 = 60 * MINUTE_MS;
/// New hosts per minute from one source.
const PER_MINUTE: usize = 10;
/// Hosts that wait at the same time.
const WAITING: usize = 100;
/// Sources that are remembered; beyond that the quietest are forgotten.
const SOURCES: usize = 10_000;

/// An agent that shows no credential.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    pub binding: KeyBinding,
    pub facts: HostFacts,
    pub peer: SocketAddr,
}

/// Its place at the door.
#[derive(Clone, Debug)]
pub struct Knock {
    /// Woken with [`Wish::Verdict`] when there is one.
    pub seat: Arc<Seat>,
    pub expires_at: UnixMs,
    /// A member that has the same name.
    pub collides_with: Option<String>,
}

/// IPv4 addresses count each, IPv6 by /64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Source(IpAddr);

impl Source {
    fn of(peer: SocketAddr) -> Self {
        match peer.ip().to_canonical() {
            IpAddr::V4(ip) => Self(ip.into()),
            IpAddr::V6(ip) => Self(Ipv6Addr::from_bits(ip.to_bits() >> 64 << 64).into()),
        }
    }
}

struct Waiting {
    candidate: Candidate,
    source: Source,
    since: UnixMs,
    expires_at: UnixMs,
    /// The connection it waits on, while there is one.
    seat: Option<Arc<Seat>>,
}

#[derive(Default)]
pub(super) struct Door(Mutex<State>);

#[derive(Default)]
struct State {
    waiting: HashMap<AgentId, Waiting>,
    /// When each source's newcomers of the last minute came.
    arrivals: HashMap<Source, VecDeque<UnixMs>>,
    /// Admissions for those that wait on a connection, until it takes them.
    admitted: HashMap<AgentId, Signed<Admission>>,
}

impl Door {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets a newcomer wait, or says why not; answers also with those that lost their place to it.
    fn announce(
        &self,
        candidate: Candidate,
        now: UnixMs,
    ) -> Result<(Arc<Seat>, UnixMs, Vec<Arc<Seat>>), Refusal> {
        let mut state = self.state();
        state.forget(now);
        let agent = candidate.binding.id;
        let source = Source::of(candidate.peer);
        let seat = Seat::new(agent, candidate.peer, now);
        if let Some(waiting) = state.waiting.get_mut(&agent) {
            // The same agent again: it keeps its place, unless it came with other keys.
            if waiting.candidate.binding.fingerprint() != candidate.binding.fingerprint() {
                (waiting.since, waiting.expires_at) = (now, now.plus_ms(WAIT_MS));
            }
            (waiting.candidate, waiting.source) = (candidate, source);
            let before = waiting.seat.replace(Arc::clone(&seat));
            let expires_at = waiting.expires_at;
            return Ok((seat, expires_at, before.into_iter().collect()));
        }
        state.count(source, now)?;
        let evicted = state.make_room(source)?;
        let expires_at = now.plus_ms(WAIT_MS);
        let held = Some(Arc::clone(&seat));
        state.waiting.insert(agent, Waiting { candidate, source, since: now, expires_at, seat: held });
        Ok((seat, expires_at, evicted))
    }

    /// Those whose wait is over.
    pub fn expire(&self, now: UnixMs) -> (usize, Vec<Arc<Seat>>) {
        let mut state = self.state();
        let before = state.waiting.len();
        let mut seats = Vec::new();
        state.waiting.retain(|_, waiting| {
            let over = waiting.expires_at <= now;
            if over {
                seats.extend(waiting.seat.take());
            }
            !over
        });
        (before - state.waiting.len(), seats)
    }

    pub fn count(&self) -> u64 {
        self.state().waiting.len() as u64
    }
}

impl State {
    fn forget(&mut self, now: UnixMs) {
        let since = now.plus_ms(-MINUTE_MS);
        self.arrivals.retain(|_, times| {
            while times.front().is_some_and(|at| *at <= since) {
                times.pop_front();
            }
            !times.is_empty()
        });
    }

    fn count(&mut self, source: Source, now: UnixMs) -> Result<(), Refusal> {
        if self.arrivals.len() >= SOURCES && !self.arrivals.contains_key(&source) {
            let quietest =
                self.arrivals.iter().min_by_key(|(_, times)| times.len()).map(|(source, _)| *source);
            quietest.and_then(|quietest| self.arrivals.remove(&quietest));
        }
        let times = self.arrivals.entry(source).or_default();
        if times.len() >= PER_MINUTE {
            return Err(busy("Too many new hosts announced themselves from this network within a minute."));
        }
        times.push_back(now);
        Ok(())
    }

    /// When the door is full, the source with the most hosts in front of it loses one: one without a connection first,
    /// then the one that came last. A newcomer of that very source takes the place of one without a connection, or goes.
    fn make_room(&mut self, newcomer: Source) -> Result<Vec<Arc<Seat>>, Refusal> {
        if self.waiting.len() < WAITING {
            return Ok(Vec::new());
        }
        let mut crowd: HashMap<Source, usize> = HashMap::from([(newcomer, 1)]);
        for waiting in self.waiting.values() {
            *crowd.entry(waiting.source).or_default() += 1;
        }
        let noisiest = crowd.iter().max_by_key(|(source, count)| (**count, **source == newcomer));
        let noisiest = noisiest.map_or(newcomer, |(source, _)| *source);
        let evicted = self
            .waiting
            .iter()
            .filter(|(_, waiting)| waiting.source == noisiest)
            .filter(|(_, waiting)| noisiest != newcomer || waiting.seat.is_none())
            .max_by_key(|(agent, waiting)| (waiting.seat.is_none(), waiting.since, **agent))
            .map(|(agent, _)| *agent)
            .ok_or_else(|| busy("Too many hosts wait to be approved."))?;
        let seat = self.waiting.remove(&evicted).and_then(|waiting| waiting.seat);
        Ok(seat.into_iter().collect())
    }
}

fn busy(message: &str) -> Refusal {
    Refusal {
        code: RefusalCode::Busy,
        message: message.into(),
        hint: "The agent tries again by itself. Approve or reject those that wait, or use a token.".into(),
        supported: None,
    }
}

fn farewell(code: RefusalCode, message: &str, hint: &str) -> Refusal {
    Refusal { code, message: message.into(), hint: hint.into(), supported: None }
}

impl Fleet {
    /// Lets an agent wait for a person, within the guards.
    pub(super) fn announce(&self, candidate: Candidate) -> Result<Knock, Refusal> {
        let now = self.inner.world.now();
        let collides_with = self.inner.index.collision(&candidate.facts.hostname, candidate.binding.id);
        let agent = candidate.binding.id;
        let (seat, expires_at, evicted) = self.inner.pending.announce(candidate, now)?;
        for loser in evicted {
            loser.close(if loser.agent == agent {
                farewell(
                    RefusalCode::Duplicate,
                    "This agent announced itself again.",
                    "Nothing has to be done.",
                )
            } else {
                busy("This host lost its place at the door to others.")
            });
        }
        self.tell(Event::Pending);
        Ok(Knock { seat, expires_at, collides_with })
    }

    /// A waiting connection is gone; its agent may come back until its time is over.
    pub fn leave_door(&self, seat: &Arc<Seat>) {
        let mut state = self.inner.pending.state();
        if let Some(waiting) = state.waiting.get_mut(&seat.agent)
            && waiting.seat.as_ref().is_some_and(|held| Arc::ptr_eq(held, seat))
        {
            waiting.seat = None;
            drop(state);
            self.tell(Event::Pending);
        }
    }

    /// The admission of an agent that waits on this connection, once there is one.
    pub fn take_admission(&self, seat: &Arc<Seat>) -> Option<Signed<Admission>> {
        self.inner.pending.state().admitted.remove(&seat.agent)
    }

    /// Who waits, those that came first on top.
    pub fn pending(&self) -> Vec<PendingView> {
        let state = self.inner.pending.state();
        let mut all: Vec<PendingView> = state.waiting.values().map(|waiting| self.view(waiting)).collect();
        all.sort_by_key(|view| (view.since, view.agent));
        all
    }

    fn view(&self, waiting: &Waiting) -> PendingView {
        let Candidate { binding, facts, peer } = &waiting.candidate;
        let fingerprint = binding.fingerprint();
        PendingView {
            agent: binding.id,
            binding: binding.clone(),
            agent_fingerprint: Hash32(fingerprint.0),
            fingerprint: fingerprint.to_string(),
            words: fingerprint.words().map(str::to_owned).to_vec(),
            hostname: facts.hostname.clone(),
            os: facts.os.clone(),
            arch: facts.arch.clone(),
            agent_version: facts.agent_version.clone(),
            restic_version: facts.restic_version.clone(),
            address: peer.ip().to_string(),
            since: waiting.since,
            expires_at: waiting.expires_at,
            connected: waiting.seat.is_some(),
            collides_with: self.inner.index.collision(&facts.hostname, binding.id),
        }
    }

    /// Makes a waiting host a member by an admission over the very fingerprint that it still shows.
    pub async fn approve(&self, agent: AgentId, admission: Signed<Admission>) -> Result<(), FleetError> {
        let known = self.needed()?;
        let waiting = self.inner.pending.state().waiting.get(&agent).map(|waiting| waiting.candidate.clone());
        let candidate = waiting.ok_or_else(|| FleetError::not_found("waiting host", agent))?;
        let moment = Moment::Joining { now: self.inner.world.now() };
        let proof = Proof::Admission(&admission);
        let membership = admit(&known.ledger, &candidate.binding, proof, &candidate.facts.hostname, moment)
            .map_err(|error| refused(&error))?;
        if let Err(problem) = membership.name.parse::<HostName>() {
            return Err(FleetError::Invalid {
                detail: problem.to_string(),
                hint: "Nothing was changed. Give the host another name.".into(),
                fields: Vec::new(),
            });
        }
        let member = Member {
            agent,
            binding: candidate.binding,
            name: membership.name,
            tags: membership.tags,
            credential: Credential::Admission { admission: admission.clone() },
        };
        let fleet = self.clone();
        self.inner
            .store
            .write(move |tx| {
                fleet.join_in(tx, &member)?;
                let fleet = fleet.clone();
                tx.on_commit(move || fleet.admit_waiting(agent, admission));
                Ok(())
            })
            .await
    }

    /// After the commit: the connection that waits is told, if it is still there.
    fn admit_waiting(&self, agent: AgentId, admission: Signed<Admission>) {
        let mut state = self.inner.pending.state();
        let seat = state.waiting.remove(&agent).and_then(|waiting| waiting.seat);
        if let Some(seat) = seat {
            state.admitted.insert(agent, admission);
            seat.wish(Wish::Verdict);
        }
        drop(state);
        self.tell(Event::Pending);
    }

    /// Sends a waiting host away. It may announce itself again.
    pub fn reject(&self, agent: AgentId) -> Result<(), FleetError> {
        let waiting = self.inner.pending.state().waiting.remove(&agent);
        let waiting = waiting.ok_or_else(|| FleetError::not_found("waiting host", agent))?;
        if let Some(seat) = waiting.seat {
            seat.close(farewell(
                RefusalCode::Rejected,
                "A person rejected this host.",
                "Ask the fleet's admin; then run `restic-manager-agent enrol` again.",
            ));
        }
        self.tell(Event::Pending);
        Ok(())
    }

    /// Sends those away whose time is over.
    pub(super) fn expire_pending(&self, now: UnixMs) {
        let (expired, seats) = self.inner.pending.expire(now);
        for seat in seats {
            seat.close(farewell(
                RefusalCode::WaitOver,
                "Nobody approved this host within an hour.",
                "Run `restic-manager-agent enrol` again when somebody is there to approve it.",
            ));
        }
        if expired > 0 {
            self.tell(Event::Pending);
        }
    }
}

fn refused(error: &AdmissionError) -> FleetError {
    let detail = error.to_string();
    match error {
        AdmissionError::Signed(_) | AdmissionError::TokenProof => FleetError::signature(detail),
        AdmissionError::OtherAgent { .. }
        | AdmissionError::Binding(_)
        | AdmissionError::WrongFleet { .. } => {
            FleetError::conflict(detail, "Reload the page and compare the fingerprints again.")
        }
        AdmissionError::NotAuthorised { .. } => {
            FleetError::Forbidden { detail, hint: "Let an admin approve the host.".into() }
        }
        AdmissionError::Expired { .. } => FleetError::Expired {
            detail,
            hint: "Approve the host again; check this computer's clock.".into(),
        },
        AdmissionError::Name { .. } => {
            FleetError::Invalid { detail, hint: "Nothing was changed.".into(), fields: Vec::new() }
        }
    }
}
