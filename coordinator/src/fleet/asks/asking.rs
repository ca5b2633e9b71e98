//! One question that is under way, from the side of whoever asked.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::sync::mpsc;
use wire::{
    id::UnixMs,
    question::{Ask, AskId, Asked, Part, Question},
};

use super::Arrived;
use crate::fleet::{Fleet, FleetError, Seat};

/// How long an answer is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Patience {
    /// Until the first part.
    first: Duration,
    /// Until the end.
    whole: Option<Duration>,
}

impl Patience {
    /// An agent itself gives up after a minute, and says why: that is let come.
    const LOOK: Self = Self { first: Duration::from_secs(65), whole: Some(Duration::from_secs(65)) };
    /// Nothing may be found for as long as an agent looks, which is half an hour.
    const SEARCH: Self = Self { first: Duration::from_mins(31), whole: None };
    pub const LEND: Self = Self { first: Duration::from_secs(30), whole: Some(Duration::from_secs(30)) };
    pub const DOWNLOAD: Self = Self { first: Duration::from_mins(5), whole: None };

    pub const fn of(question: &Question) -> Self {
        match question {
            Question::Tree { .. } | Question::Measure { .. } => Self::LOOK,
            Question::Find { .. } | Question::Diff { .. } => Self::SEARCH,
        }
    }

    /// What is left of it at `now`; `None`: as long as it takes.
    fn left(self, begun: UnixMs, came: bool, now: UnixMs) -> Option<Duration> {
        let limit = if came { self.whole? } else { self.first };
        let passed = u64::try_from(now.since(begun)).unwrap_or(0);
        Some(limit.saturating_sub(Duration::from_millis(passed)))
    }
}

/// Something of an answer.
#[derive(Debug, PartialEq)]
pub enum Came {
    Part(Part),
    Bytes(Bytes),
}

/// An answer that is under way. Dropped, nobody wants the rest, and the host hears of it.
pub struct Asking {
    fleet: Fleet,
    seat: Arc<Seat>,
    id: AskId,
    host: Arc<str>,
    window: u32,
    /// Since room was given the last time.
    taken: u32,
    patience: Patience,
    begun: UnixMs,
    came: bool,
    arrived: mpsc::Receiver<Arrived>,
    over: bool,
}

impl std::fmt::Debug for Asking {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Asking({} of {})", self.id, self.host)
    }
}

impl Asking {
    pub(super) fn new(
        fleet: Fleet,
        seat: Arc<Seat>,
        (id, host): (AskId, Arc<str>),
        window: u32,
        patience: Patience,
        arrived: mpsc::Receiver<Arrived>,
    ) -> Self {
        let begun = fleet.world().now();
        Self { fleet, seat, id, host, window, taken: 0, patience, begun, came: false, arrived, over: false }
    }

    /// What comes next; `None` when all of it has come.
    pub async fn next(&mut self) -> Result<Option<Came>, FleetError> {
        if self.over {
            return Ok(None);
        }
        let world = self.fleet.world().clone();
        let next = self.arrived.recv();
        let arrived = match self.patience.left(self.begun, self.came, world.now()) {
            Some(left) => world.within(left, next).await,
            None => Some(next.await),
        };
        match arrived {
            Some(Some(Arrived::Part(part))) => {
                self.took();
                Ok(Some(Came::Part(*part)))
            }
            Some(Some(Arrived::Bytes(bytes))) => {
                self.took();
                Ok(Some(Came::Bytes(bytes)))
            }
            Some(Some(Arrived::Over(how))) => {
                self.over = true;
                how.map(|()| None)
            }
            // Only its end closes it.
            Some(None) => {
                self.over = true;
                Err(self.fleet.absent(self.seat.agent))
            }
            None => {
                let waited = self.fleet.world().now().since(self.begun) / 1_000;
                self.stop();
                Err(FleetError::HostSilent {
                    detail: format!("{} is connected, but did not answer within {waited} seconds", self.host),
                    hint: "Its repository may be slow or out of reach, or its agent too old to be asked: try again, or \
                           look at its jobs and its version."
                        .into(),
                })
            }
        }
    }

    /// Somebody took a part: there is room for another. It is told now and then, not each time.
    fn took(&mut self) {
        self.came = true;
        self.taken += 1;
        if self.taken >= self.window.div_ceil(2) {
            let more = std::mem::take(&mut self.taken);
            self.fleet.inner.asks.more(self.id, more);
            self.seat.hand_asks([Ask { id: self.id, what: Asked::More(more) }]);
        }
    }

    fn stop(&mut self) {
        if !self.over && self.fleet.inner.asks.close(self.id) {
            self.seat.stop_ask(self.id);
        }
        self.over = true;
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        self.stop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_ends_with_the_first_part_or_with_the_whole() {
        let s = Duration::from_secs;
        let (begun, look, search) = (UnixMs(5_000), Patience::LOOK, Patience::SEARCH);
        for (patience, came, after_s, left) in [
            (look, false, 0, Some(s(65))),
            (look, true, 60, Some(s(5))),
            (look, true, 90, Some(s(0))),
            (search, false, 60, Some(s(1_800))),
            (search, true, 60_000, None),
        ] {
            assert_eq!(patience.left(begun, came, begun.plus_ms(after_s * 1_000)), left);
        }
    }
}
