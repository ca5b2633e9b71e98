//! Time, power and network that a test turns by hand, and randomness that repeats.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
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
    /// Until when each sleeper sleeps, on the monotonic clock.
    sleepers: watch::Sender<BTreeMap<u64, u64>>,
    next_sleeper: AtomicU64,
    /// So much of the monotonic clock the machine slept, in milliseconds.
    slept: AtomicU64,
    zone: Mutex<TimeZone>,
    on_battery: AtomicBool,
    metered: AtomicBool,
}

/// One sleep that is not over. It ends also when nobody waits for it any more.
struct Sleeper<'a> {
    clocks: &'a Clocks,
    number: u64,
}

impl Drop for Sleeper<'_> {
    fn drop(&mut self) {
        self.clocks.sleepers.send_modify(|sleepers| {
            sleepers.remove(&self.number);
        });
    }
}

impl FakeTime {
    pub(super) fn new(start: UnixMs) -> Self {
        Self(Arc::new(Clocks {
            now: watch::Sender::new((start.0, 0)),
            sleepers: watch::Sender::default(),
            next_sleeper: AtomicU64::new(0),
            slept: AtomicU64::new(0),
            zone: Mutex::new(TimeZone::UTC),
            on_battery: AtomicBool::new(false),
            metered: AtomicBool::new(false),
        }))
    }

    pub fn now(&self) -> UnixMs {
        UnixMs(self.0.now.borrow().0)
    }

    pub(super) fn monotonic(&self) -> Duration {
        Duration::from_millis(self.0.now.borrow().1)
    }

    pub(super) fn awake(&self) -> Duration {
        self.monotonic().saturating_sub(Duration::from_millis(self.0.slept.load(Ordering::Relaxed)))
    }

    /// The machine sleeps for so long. Who is due when it wakes, wakes late.
    pub fn sleep_through(&self, duration: Duration) {
        let ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        self.0.slept.fetch_add(ms, Ordering::Relaxed);
        self.advance(duration);
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

    /// Plugs the machine in, or out.
    pub fn set_mains_power(&self, on: bool) {
        self.0.on_battery.store(!on, Ordering::Relaxed);
    }

    pub fn set_metered(&self, metered: bool) {
        self.0.metered.store(metered, Ordering::Relaxed);
    }

    /// (on mains power, metered), to be set again where a machine comes up with another clock.
    #[cfg(test)]
    pub(crate) fn sensors(&self) -> (bool, bool) {
        (self.is_on_mains_power(), self.is_metered())
    }

    pub(super) fn is_on_mains_power(&self) -> bool {
        !self.0.on_battery.load(Ordering::Relaxed)
    }

    pub(super) fn is_metered(&self) -> bool {
        self.0.metered.load(Ordering::Relaxed)
    }

    /// How long until the next sleeper wakes; `None` while nobody sleeps.
    pub fn until_next(&self) -> Option<Duration> {
        let next = self.0.sleepers.borrow().values().min().copied()?;
        Some(Duration::from_millis(next).saturating_sub(self.monotonic()))
    }

    /// How many sleep now.
    pub fn sleepers(&self) -> watch::Receiver<BTreeMap<u64, u64>> {
        self.0.sleepers.subscribe()
    }

    pub fn set_zone(&self, zone: TimeZone) {
        *self.0.zone.lock().unwrap_or_else(PoisonError::into_inner) = zone;
    }

    pub(super) fn zone(&self) -> TimeZone {
        self.0.zone.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) async fn sleep(&self, duration: Duration) {
        let until = u64::try_from(self.monotonic().saturating_add(duration).as_millis()).unwrap_or(u64::MAX);
        let number = self.0.next_sleeper.fetch_add(1, Ordering::Relaxed);
        self.0.sleepers.send_modify(|sleepers| {
            sleepers.insert(number, until);
        });
        let _sleeper = Sleeper { clocks: &self.0, number };
        let mut clock = self.0.now.subscribe();
        // The sender is `self`'s own, so the wait ends by the clock alone.
        let _ = clock.wait_for(|(_, monotonic)| *monotonic >= until).await;
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

    #[tokio::test]
    async fn a_test_sees_who_sleeps_and_for_how_long() {
        let (world, time) = World::fake(UnixMs(0), 1);
        assert_eq!(time.until_next(), None);
        let sleep = |seconds| {
            let world = world.clone();
            tokio::spawn(async move { world.sleep(Duration::from_secs(seconds)).await })
        };
        let (short, long) = (sleep(3), sleep(60));
        time.sleepers().wait_for(|sleepers| sleepers.len() == 2).await.unwrap();
        assert_eq!(time.until_next(), Some(Duration::from_secs(3)));
        time.advance(Duration::from_secs(3));
        short.await.unwrap();
        assert_eq!(time.until_next(), Some(Duration::from_secs(57)));
        long.abort();
        time.sleepers().wait_for(BTreeMap::is_empty).await.unwrap();
    }

    #[test]
    fn nobody_is_awake_while_the_machine_sleeps() {
        let (world, time) = World::fake(UnixMs(1_000), 1);
        time.advance(Duration::from_secs(5));
        time.sleep_through(Duration::from_mins(1));
        assert_eq!((world.awake(), world.monotonic()), (Duration::from_secs(5), Duration::from_secs(65)));
        assert_eq!(world.now(), UnixMs(66_000));
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
