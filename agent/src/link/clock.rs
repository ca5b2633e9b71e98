//! The coordinator's time: what it said at the handshake, carried on by our clock that does not jump.

use std::time::Duration;

use wire::id::UnixMs;

use crate::world::World;

/// Clocks that differ by more hold retention back.
const MOST_APART_MS: i64 = 5 * 60 * 1000;

#[derive(Clone, Copy, Debug)]
pub struct CoordinatorClock {
    said: UnixMs,
    at: Duration,
}

impl CoordinatorClock {
    pub fn set(said: UnixMs, world: &World) -> Self {
        Self { said, at: world.monotonic() }
    }

    /// What expiry is held against.
    pub fn now(&self, world: &World) -> UnixMs {
        let passed = world.monotonic().saturating_sub(self.at).as_millis();
        self.said.plus_ms(i64::try_from(passed).unwrap_or(i64::MAX))
    }

    /// How far our wall clock is ahead, in words, when the two disagree.
    pub fn disagreement(&self, world: &World) -> Option<String> {
        let ahead_ms = world.now().since(self.now(world));
        if ahead_ms.abs() <= MOST_APART_MS {
            return None;
        }
        let minutes = ahead_ms.abs() / 60_000;
        let way = if ahead_ms > 0 { "ahead of" } else { "behind" };
        Some(format!(
            "this host's clock is {minutes} minutes {way} the coordinator's. Backups go on; old snapshots are kept \
             until the two agree: set the clock, or let NTP keep it"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_on_when_somebody_sets_our_clock() {
        let (world, time) = World::fake(UnixMs(1_000_000), 1);
        let clock = CoordinatorClock::set(UnixMs(1_060_000), &world);
        assert_eq!(clock.disagreement(&world), None);
        time.advance(Duration::from_mins(1));
        assert_eq!(clock.now(&world), UnixMs(1_120_000));
        time.set_wall(UnixMs(10_000_000));
        assert_eq!(clock.now(&world), UnixMs(1_120_000));
        insta::assert_snapshot!(clock.disagreement(&world).unwrap());
    }
}
