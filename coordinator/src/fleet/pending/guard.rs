//! The guards at the door: how many may come, how many may wait, and who goes first when it is full.

use std::{
    collections::{HashMap, VecDeque},
    net::{IpAddr, Ipv6Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use wire::{
    frame::{Refusal, RefusalCode},
    id::{AgentId, UnixMs},
    trust::{Admission, Signed},
};

use super::Candidate;
use crate::fleet::Seat;

const MINUTE_MS: i64 = 60_000;
/// How long an announced host waits.
const WAIT_MS: i64 = 60 * MINUTE_MS;
/// New hosts per minute from one source.
const PER_MINUTE: usize = 10;
/// Hosts that wait at the same time.
const WAITING: usize = 100;
/// Sources that are remembered; beyond that the quietest are forgotten.
const SOURCES: usize = 10_000;

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

pub struct Waiting {
    pub candidate: Candidate,
    source: Source,
    pub since: UnixMs,
    pub expires_at: UnixMs,
    /// The connection it waits on, while there is one.
    pub seat: Option<Arc<Seat>>,
}

/// A newcomer's place at the door.
pub struct Place {
    pub seat: Arc<Seat>,
    pub expires_at: UnixMs,
    /// Connections that lost theirs to it.
    pub lost: Vec<Arc<Seat>>,
}

#[derive(Default)]
pub(in crate::fleet) struct Door(Mutex<State>);

#[derive(Default)]
pub struct State {
    pub waiting: HashMap<AgentId, Waiting>,
    /// When each source's newcomers of the last minute came.
    arrivals: HashMap<Source, VecDeque<UnixMs>>,
    /// Admissions for those that wait on a connection, until it takes them.
    pub admitted: HashMap<AgentId, (Arc<Seat>, Signed<Admission>)>,
}

impl Door {
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets a newcomer wait, or says why not.
    pub fn announce(&self, candidate: Candidate, now: UnixMs) -> Result<Place, Refusal> {
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
            return Ok(Place { seat, expires_at, lost: before.into_iter().collect() });
        }
        state.count(source, now)?;
        let lost = state.make_room(source)?;
        let expires_at = now.plus_ms(WAIT_MS);
        let held = Some(Arc::clone(&seat));
        state.waiting.insert(agent, Waiting { candidate, source, since: now, expires_at, seat: held });
        Ok(Place { seat, expires_at, lost })
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

    /// The connections that wait.
    pub fn seats(&self) -> Vec<Arc<Seat>> {
        self.state().waiting.values().filter_map(|waiting| waiting.seat.clone()).collect()
    }

    pub fn count(&self) -> u64 {
        self.state().waiting.len() as u64
    }
}

impl State {
    /// The admission that waits for this very connection.
    pub fn take_admission(&mut self, seat: &Arc<Seat>) -> Option<Signed<Admission>> {
        let (waiting, _) = self.admitted.get(&seat.agent)?;
        if !Arc::ptr_eq(waiting, seat) {
            return None;
        }
        self.admitted.remove(&seat.agent).map(|(_, admission)| admission)
    }

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

pub fn busy(message: &str) -> Refusal {
    Refusal {
        code: RefusalCode::Busy,
        message: message.into(),
        hint: "The agent tries again by itself. Approve or reject those that wait, or use a token.".into(),
        supported: None,
    }
}
