//! Time that a test turns by hand, and randomness that repeats.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};
use tokio::sync::watch;
use wire::id::UnixMs;

/// The handle that turns a fake clock. Sleepers follow the monotonic clock and wake when their instant is reached.
#[derive(Clone, Debug)]
pub struct FakeTime(Arc<Clocks>);

#[derive(Debug)]
struct Clocks {
    /// (wall, monotonic), both in milliseconds.
    now: watch::Sender<(i64, u64)>,
    zone: Mutex<TimeZone>,
}

impl FakeTime {
    pub(super) fn new(start: UnixMs) -> Self {
        Self(Arc::new(Clocks { now: watch::Sender::new((start.0, 0)), zone: Mutex::new(TimeZone::UTC) }))
    }

    pub fn now(&self) -> UnixMs {
        UnixMs(self.0.now.borrow().0)
    }

    pub(super) fn monotonic(&self) -> Duration {
        Duration::from_millis(self.0.now.borrow().1)
    }

    /// Both clocks go on.
    pub fn advance(&self, by: Duration) {
        let by = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        self.0.now.send_modify(|(wall, monotonic)| {
            *wall = wall.saturating_add_unsigned(by);
            *monotonic = monotonic.saturating_add(by);
        });
    }

    /// The wall clock alone jumps, forwards or backwards: somebody set it.
    pub fn set_wall(&self, to: UnixMs) {
        self.0.now.send_modify(|(wall, _)| *wall = to.0);
    }

    pub fn set_zone(&self, zone: TimeZone) {
        *self.0.zone.lock().unwrap_or_else(PoisonError::into_inner) = zone;
    }

    pub(super) fn zone(&self) -> TimeZone {
        self.0.zone.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) async fn sleep(&self, duration: Duration) {
        let until = self.monotonic().saturating_add(duration).as_millis();
        let mut clock = self.0.now.subscribe();
        // The sender is `self`'s own, so the wait ends by the clock alone.
        let _ = clock.wait_for(|(_, monotonic)| u128::from(*monotonic) >= until).await;
    }
}

pub(super) struct Seeded {
    seed: u64,
    next: AtomicU64,
}

impl Seeded {
    pub const fn new(seed: u64) -> Self {
        Self { seed, next: AtomicU64::new(0) }
    }

    pub fn fill(&self, into: &mut [u8]) {
        for chunk in into.chunks_mut(32) {
            let n = self.next.fetch_add(1, Ordering::Relaxed);
            let block =
                Sha256::new().chain_update(self.seed.to_be_bytes()).chain_update(n.to_be_bytes()).finalize();
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::World;

    #[tokio::test]
    async fn sleepers_follow_the_clock_that_does_not_jump() {
        let (world, time) = World::fake(UnixMs(1_000), 1);
        let sleeper = tokio::spawn({
            let world = world.clone();
            async move { world.sleep(Duration::from_secs(10)).await }
        });
        tokio::task::yield_now().await;
        time.set_wall(UnixMs(10_000_000));
        time.advance(Duration::from_millis(9_999));
        tokio::task::yield_now().await;
        assert!(!sleeper.is_finished());
        time.advance(Duration::from_millis(1));
        sleeper.await.unwrap();
        assert_eq!((world.now(), world.monotonic()), (UnixMs(10_010_000), Duration::from_secs(10)));
    }

    #[test]
    fn entropy_repeats_with_its_seed_and_never_within_one_world() {
        let (a, _) = World::fake(UnixMs(0), 7);
        let (b, _) = World::fake(UnixMs(0), 7);
        let first = a.seed();
        assert_eq!(first, b.seed());
        assert_ne!(first, a.seed());
        assert_eq!(a.uuid().get_version_num(), 7);
    }
}
