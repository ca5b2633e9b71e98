//! Who is connected now: one seat per live agent, and how its task is woken.
//!
//! A wake-up says only which store to read again. A heartbeat is one number in memory.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, AtomicU8, AtomicU32, Ordering},
    },
};

use tokio::sync::Notify;
use wire::{
    frame::Refusal,
    id::{AgentId, UnixMs},
    question::Ask,
};

use super::Outgoing;

/// Why a connection's task is woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Wish {
    /// A new fleet statement was published.
    Statements = 1,
    /// Orders may wait.
    Orders = 2,
    /// Other jobs are watched than before.
    Watches = 4,
    /// Somebody else shows the same identity: say whether you are still there.
    Challenge = 8,
    /// Close, for the reason that [`Seat::farewell`] gives.
    Close = 16,
    /// Whoever waits at the door has an answer.
    Verdict = 32,
    /// Something is asked of the host, or of an answer that is under way.
    Asks = 64,
}

impl Wish {
    /// In the order in which they are fulfilled: what is asked about an order comes after it.
    pub const ALL: [Self; 7] = [
        Self::Statements,
        Self::Orders,
        Self::Asks,
        Self::Watches,
        Self::Challenge,
        Self::Close,
        Self::Verdict,
    ];
}

/// One connection's place among the connected.
#[derive(Debug)]
pub struct Seat {
    pub agent: AgentId,
    pub peer: SocketAddr,
    pub since: UnixMs,
    heard_at: AtomicI64,
    /// How often it was heard; wraps.
    words: AtomicU32,
    wishes: AtomicU8,
    wake: Notify,
    /// Rings when the connection speaks while it is challenged.
    answered: Notify,
    farewell: Mutex<Option<Refusal>>,
    /// Orders that stand nowhere else.
    handed: Mutex<Vec<Outgoing>>,
    /// Questions, and what concerns their answers.
    pub(super) asks: Mutex<Vec<Ask>>,
}

impl Seat {
    pub(super) fn new(agent: AgentId, peer: SocketAddr, now: UnixMs) -> Arc<Self> {
        Arc::new(Self {
            agent,
            peer,
            since: now,
            heard_at: AtomicI64::new(now.0),
            words: AtomicU32::new(0),
            wishes: AtomicU8::new(0),
            wake: Notify::new(),
            answered: Notify::new(),
            farewell: Mutex::new(None),
            handed: Mutex::default(),
            asks: Mutex::default(),
        })
    }

    /// The agent said something: it is alive.
    pub fn heard(&self, now: UnixMs) {
        self.heard_at.store(now.0, Ordering::Relaxed);
        self.words.fetch_add(1, Ordering::AcqRel);
        self.answered.notify_one();
    }

    pub fn heard_at(&self) -> UnixMs {
        UnixMs(self.heard_at.load(Ordering::Relaxed))
    }

    pub fn wish(&self, wish: Wish) {
        self.wishes.fetch_or(wish as u8, Ordering::AcqRel);
        self.wake.notify_one();
    }

    /// Asks the connection's task to say goodbye.
    pub fn close(&self, farewell: Refusal) {
        *self.farewell.lock().unwrap_or_else(PoisonError::into_inner) = Some(farewell);
        self.wish(Wish::Close);
    }

    pub fn farewell(&self) -> Option<Refusal> {
        self.farewell.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// An order that must not be written down, for this connection and no other. Wishing is the caller's.
    pub(super) fn hand(&self, order: Outgoing) {
        self.handed.lock().unwrap_or_else(PoisonError::into_inner).push(order);
    }

    /// What was handed over since the last time.
    pub fn take_handed(&self) -> Vec<Outgoing> {
        std::mem::take(&mut *self.handed.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits until something is wished, and takes it.
    pub async fn wishes(&self) -> impl Iterator<Item = Wish> + use<> {
        loop {
            let taken = self.wishes.swap(0, Ordering::AcqRel);
            if taken != 0 {
                return Wish::ALL.into_iter().filter(move |wish| taken & *wish as u8 != 0);
            }
            self.wake.notified().await;
        }
    }

    /// Waits until the agent says something after now.
    pub(super) async fn next_word(&self) {
        // A word from before leaves a permit behind.
        let before = self.words.load(Ordering::Acquire);
        while self.words.load(Ordering::Acquire) == before {
            self.answered.notified().await;
        }
    }
}

/// What came of asking for a seat.
#[derive(Clone, Debug)]
pub enum SeatTaken {
    Free(Arc<Seat>),
    /// Another connection of this agent sits there.
    Occupied(Arc<Seat>),
}

#[derive(Default)]
pub(super) struct Hub {
    seats: Mutex<HashMap<AgentId, Arc<Seat>>>,
}

impl Hub {
    fn seats(&self) -> MutexGuard<'_, HashMap<AgentId, Arc<Seat>>> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn take(&self, agent: AgentId, peer: SocketAddr, now: UnixMs) -> SeatTaken {
        let mut seats = self.seats();
        if let Some(sitting) = seats.get(&agent) {
            return SeatTaken::Occupied(Arc::clone(sitting));
        }
        let seat = Seat::new(agent, peer, now);
        seats.insert(agent, Arc::clone(&seat));
        SeatTaken::Free(seat)
    }

    /// Frees the seat, unless somebody else sits there by now.
    pub fn leave(&self, seat: &Arc<Seat>) -> bool {
        let mut seats = self.seats();
        let ours = seats.get(&seat.agent).is_some_and(|sitting| Arc::ptr_eq(sitting, seat));
        if ours {
            seats.remove(&seat.agent);
        }
        ours
    }

    /// Who sits there for this agent.
    pub fn seat(&self, agent: AgentId) -> Option<Arc<Seat>> {
        self.seats().get(&agent).map(Arc::clone)
    }

    pub fn wish(&self, agent: AgentId, wish: Wish) {
        if let Some(seat) = self.seats().get(&agent) {
            seat.wish(wish);
        }
    }

    pub fn close(&self, agent: AgentId, farewell: &Refusal) {
        if let Some(seat) = self.seats().get(&agent) {
            seat.close(farewell.clone());
        }
    }

    pub fn wish_all(&self, wish: Wish) {
        for seat in self.seats().values() {
            seat.wish(wish);
        }
    }

    /// Those that have said nothing since `before`.
    pub fn silent_since(&self, before: UnixMs) -> Vec<Arc<Seat>> {
        self.seats().values().filter(|seat| seat.heard_at() < before).map(Arc::clone).collect()
    }

    pub fn all(&self) -> Vec<Arc<Seat>> {
        self.seats().values().map(Arc::clone).collect()
    }
}
