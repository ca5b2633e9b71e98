//! Time that a test turns by hand, and randomness that repeats.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use sha2::{Digest, Sha256};
use tokio::sync::watch;
use wire::id::UnixMs;

/// The handle that turns a fake clock. Sleepers wake when their instant is reached.
#[derive(Clone, Debug)]
pub struct FakeTime(Arc<watch::Sender<i64>>);

impl FakeTime {
    pub(super) fn new(start: UnixMs) -> Self {
        Self(Arc::new(watch::Sender::new(start.0)))
    }

    pub fn now(&self) -> UnixMs {
        UnixMs(*self.0.borrow())
    }

    pub fn advance(&self, by: Duration) {
        let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.0.send_modify(|now| *now = now.saturating_add(by));
    }

    pub(super) async fn sleep(&self, duration: Duration) {
        let duration = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        let until = self.now().0.saturating_add(duration);
        let mut clock = self.0.subscribe();
        // The sender is `self`'s own, so the wait ends by the clock alone.
        let _ = clock.wait_for(|now| *now >= until).await;
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
    async fn sleepers_wake_when_the_clock_is_turned_and_not_before() {
        let (world, time) = World::fake(UnixMs(1_000), 1);
        let sleeper = tokio::spawn({
            let world = world.clone();
            async move {
                world.sleep(Duration::from_secs(10)).await;
                world.now()
            }
        });
        tokio::task::yield_now().await;
        time.advance(Duration::from_millis(9_999));
        tokio::task::yield_now().await;
        assert!(!sleeper.is_finished());
        time.advance(Duration::from_millis(1));
        assert_eq!(sleeper.await.unwrap(), UnixMs(11_000));
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
