//! How often somebody may try: per account and per address, over the world's clock.
//!
//! Knows counts alone. A try costs its place whether it succeeds or not, so an answer tells nothing.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    net::IpAddr,
    num::NonZeroU32,
    ops::Add,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use governor::{
    Quota, RateLimiter,
    clock::{Clock, Reference},
    middleware::NoOpMiddleware,
    nanos::Nanos,
    state::keyed::HashMapStateStore,
};

use crate::world::World;

/// Ten at once, then one every ten seconds: somebody who mistypes does not notice, a guesser gets 8,640 a day.
const PER_ACCOUNT: (u32, Duration) = (10, Duration::from_secs(10));
/// An office behind one address signs in at nine o'clock.
const PER_ADDRESS: (u32, Duration) = (40, Duration::from_secs(3));
/// Keys beyond this are swept of those that are at rest; what stays is bounded by what the quotas let through.
const SWEEP_AT: usize = 4_096;

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many tries for this name or from this address")]
pub struct TooManyTries {
    pub retry_after_s: u32,
}

type Limiter = RateLimiter<u64, HashMapStateStore<u64>, WorldClock, NoOpMiddleware<Millis>>;

pub struct Throttle {
    clock: WorldClock,
    accounts: Limiter,
    addresses: Limiter,
}

impl Throttle {
    pub fn new(world: World) -> Self {
        let clock = WorldClock::new(world);
        let limiter = |(burst, period): (u32, Duration)| {
            let burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
            let quota =
                Quota::with_period(period).unwrap_or_else(|| Quota::per_minute(burst)).allow_burst(burst);
            RateLimiter::hashmap_with_clock(quota, clock.clone())
        };
        Self { accounts: limiter(PER_ACCOUNT), addresses: limiter(PER_ADDRESS), clock }
    }

    /// Takes one try of this address, and of this account where one is named.
    pub fn check(&self, account: Option<&str>, address: IpAddr) -> Result<(), TooManyTries> {
        self.take(&self.addresses, key(&source(address)))?;
        match account {
            Some(account) => self.take(&self.accounts, key(&account.to_ascii_lowercase())),
            None => Ok(()),
        }
    }

    fn take(&self, limiter: &Limiter, key: u64) -> Result<(), TooManyTries> {
        if limiter.len() > SWEEP_AT {
            limiter.retain_recent();
        }
        limiter.check_key(&key).map_err(|until| {
            let wait = until.wait_time_from(self.clock.now());
            let rounded_up = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            TooManyTries { retry_after_s: u32::try_from(rounded_up.max(1)).unwrap_or(u32::MAX) }
        })
    }
}

/// An IPv4 address, or the /64 that one IPv6 site has.
pub fn source(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let mut segments = v6.segments();
            segments[4..].fill(0);
            IpAddr::from(segments)
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// Keys are kept as hashes, so that a long name takes no more room than a short one. Two that collide share a quota.
fn key(of: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

/// The wall clock that never goes back: set back, it stands where it was and goes on from there.
#[derive(Clone)]
struct WorldClock {
    world: World,
    seen: std::sync::Arc<Mutex<Seen>>,
}

struct Seen {
    last_ms: i64,
    shift_ms: i64,
}

impl WorldClock {
    fn new(world: World) -> Self {
        let seen = Seen { last_ms: world.now().0, shift_ms: -world.now().0 };
        Self { world, seen: std::sync::Arc::new(Mutex::new(seen)) }
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
struct Millis(u64);

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

#[cfg(test)]
mod tests {
    use wire::id::UnixMs;

    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

    fn other(n: u8) -> IpAddr {
        IpAddr::from([198, 51, 100, n])
    }

    #[test]
    fn an_account_has_ten_tries_then_one_every_ten_seconds_from_wherever() {
        let (world, time) = World::fake(UnixMs(1_000_000), 1);
        let throttle = Throttle::new(world);
        for n in 0..10 {
            throttle.check(Some("alice"), other(n)).unwrap();
        }
        assert_eq!(throttle.check(Some("Alice"), other(11)), Err(TooManyTries { retry_after_s: 10 }));
        throttle.check(Some("bob"), other(11)).unwrap();
        time.advance(Duration::from_secs(9));
        assert_eq!(throttle.check(Some("alice"), other(12)), Err(TooManyTries { retry_after_s: 1 }));
        time.advance(Duration::from_secs(1));
        throttle.check(Some("alice"), other(13)).unwrap();
        assert!(throttle.check(Some("alice"), other(13)).is_err());
    }

    #[test]
    fn an_address_has_forty_whatever_the_names() {
        let (world, time) = World::fake(UnixMs(1_000_000), 1);
        let throttle = Throttle::new(world);
        for n in 0..40 {
            throttle.check(Some(&format!("person-{n}")), HERE).unwrap();
        }
        assert_eq!(throttle.check(None, HERE), Err(TooManyTries { retry_after_s: 3 }));
        throttle.check(None, other(1)).unwrap();
        time.advance(Duration::from_secs(3));
        throttle.check(None, HERE).unwrap();
    }

    #[test]
    fn a_site_counts_as_one_source_and_a_mapped_address_as_the_old_one() {
        let a: IpAddr = "2001:db8:1:2:aaaa::1".parse().unwrap();
        let b: IpAddr = "2001:db8:1:2:bbbb::2".parse().unwrap();
        let c: IpAddr = "2001:db8:1:3::1".parse().unwrap();
        assert_eq!(source(a), source(b));
        assert_ne!(source(a), source(c));
        assert_eq!(source("::ffff:192.0.2.1".parse().unwrap()), HERE);
    }

    #[test]
    fn what_was_tried_long_ago_takes_no_room() {
        let (world, time) = World::fake(UnixMs(1_000_000), 1);
        let throttle = Throttle::new(world);
        for n in 0..=u32::try_from(SWEEP_AT).unwrap() {
            let address = IpAddr::from(std::net::Ipv4Addr::from(n + 1));
            throttle.check(Some(&format!("person-{n}")), address).unwrap();
        }
        time.advance(Duration::from_hours(1));
        throttle.check(Some("alice"), HERE).unwrap();
        assert!(throttle.accounts.len() <= 2 && throttle.addresses.len() <= 2);
    }
}
