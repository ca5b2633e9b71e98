//! The throttle's clock: the world's, and it never goes back.

use std::{
    ops::Add,
    sync::{Arc, Mutex, PoisonError},
};

use governor::{
    clock::{Clock, Reference},
    nanos::Nanos,
};

use crate::world::World;

/// The wall clock that never goes back: set back, it stands where it was and goes on from there.
#[derive(Clone)]
pub struct WorldClock {
    world: World,
    seen: Arc<Mutex<Seen>>,
}

struct Seen {
    last_ms: i64,
    shift_ms: i64,
}

impl WorldClock {
    pub fn new(world: World) -> Self {
        let seen = Seen { last_ms: world.now().0, shift_ms: -world.now().0 };
        Self { world, seen: Arc::new(Mutex::new(seen)) }
    }
}

impl Clock for WorldClock {
    type Instant = Millis;

    fn now(&self) -> Millis {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.world.now().0;
        if now < seen.last_ms {
            seen.shift_ms += seen.last_ms - now;
        }
        seen.last_ms = now;
        Millis(u64::try_from(now + seen.shift_ms).unwrap_or(0))
    }
}

/// Milliseconds since the throttle was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Millis(u64);

impl Millis {
    pub fn plus_ms(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms))
    }
}

impl Add<Nanos> for Millis {
    type Output = Self;
    fn add(self, nanos: Nanos) -> Self {
        Self(self.0.saturating_add(millis(nanos)))
    }
}

impl Reference for Millis {
    fn duration_since(&self, earlier: Self) -> Nanos {
        Nanos::new(self.0.saturating_sub(earlier.0).saturating_mul(1_000_000))
    }

    fn saturating_sub(&self, duration: Nanos) -> Self {
        Self(self.0.checked_sub(millis(duration)).unwrap_or(self.0))
    }
}

fn millis(nanos: Nanos) -> u64 {
    nanos.as_u64() / 1_000_000
}
