//! How often somebody may try, over the world's clock: per address, per account, per second factor. What counts for an
//! account outlives a restart.
//!
//! Knows counts alone. A try of a password costs its place whether it succeeds or not, so an answer tells nothing.

mod clock;
mod kept;

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    net::IpAddr,
    num::NonZeroU32,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use governor::{
    Quota, RateLimiter,
    clock::{Clock as _, Reference as _},
    middleware::NoOpMiddleware,
};
use wire::id::{Hash32, UnixMs};

use crate::world::World;
use clock::{Millis, WorldClock};
use kept::Kept;

/// Ten at once, then one every ten seconds: somebody who mistypes does not notice, a guesser gets 8,640 a day.
const PER_ACCOUNT: Pace = Pace { burst: 10, period: Duration::from_secs(10) };
/// Whoever tries codes has the password already, and a code is one in a million of which three count: 288 a day are one
/// chance in a thousand.
const PER_FACTOR: Pace = Pace { burst: 10, period: Duration::from_mins(5) };
/// An office behind one address signs in at nine o'clock.
const PER_ADDRESS: Pace = Pace { burst: 40, period: Duration::from_secs(3) };
/// Keys beyond this are swept of those that are at rest; what stays is bounded by what the quotas let through.
const SWEEP_AT: usize = 4_096;
/// A sweep looks at every key, so a flood from many addresses must not bring one with each try.
const SWEEP_EVERY_MS: u64 = 1_000;

#[derive(Clone, Copy)]
struct Pace {
    burst: u32,
    period: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many tries for this name or from this address")]
pub struct TooManyTries {
    pub retry_after_s: u32,
}

/// Whose tries are counted together. Names count whatever their case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Budget {
    /// Of an account, from wherever nobody of that name is known to be.
    Account(String),
    /// Of an account, from one browser where its person signed in before: what strangers try does not use it up.
    Device(Hash32),
    /// The password once more, by whoever is signed in.
    Confirm(String),
    /// The second factor of an account, from wherever nobody of that name is known to be.
    Factor(String),
    /// The same from one browser where its person signed in before.
    DeviceFactor(Hash32),
}

impl Budget {
    /// What it is kept under. Each kind begins in its own way, for somebody may type a name that looks like another kind's.
    pub fn key(&self) -> String {
        match self {
            Self::Account(name) => format!("account:{}", name.to_ascii_lowercase()),
            Self::Device(device) => format!("device:{device}"),
            Self::Confirm(name) => format!("confirm:{}", name.to_ascii_lowercase()),
            Self::Factor(name) => format!("factor:{}", name.to_ascii_lowercase()),
            Self::DeviceFactor(device) => format!("factor:device:{device}"),
        }
    }

    fn is_factor(key: &str) -> bool {
        key.starts_with("factor:")
    }
}

type Limiter = RateLimiter<u64, Kept, WorldClock, NoOpMiddleware<Millis>>;

pub struct Throttle {
    world: World,
    clock: WorldClock,
    accounts: Counted,
    factors: Counted,
    addresses: Counted,
}

/// A limiter, and its own handle on what it counts.
struct Counted {
    limiter: Limiter,
    kept: Kept,
    pace: Pace,
    next_sweep: Mutex<Millis>,
}

impl Throttle {
    /// Goes on from what was kept: whose tries are taken up until when.
    pub fn restored(world: World, kept: &[(String, UnixMs)]) -> Self {
        let clock = WorldClock::new(world.clone());
        let counted = |pace| Counted::new(pace, &clock);
        let (accounts, factors) = (counted(PER_ACCOUNT), counted(PER_FACTOR));
        let (now, instant) = (world.now(), clock.now());
        for (name, until) in kept {
            let counted = if Budget::is_factor(name) { &factors } else { &accounts };
            // A clock that was set back in between must not lock anybody out for longer than all tries together.
            let ahead_ms = until.since(now).clamp(0, counted.pace.whole_ms());
            let at = instant.plus_ms(u64::try_from(ahead_ms).unwrap_or(0));
            counted.kept.set(key(name), at);
        }
        Self { accounts, factors, addresses: counted(PER_ADDRESS), world, clock }
    }

    /// Takes one try of this address, and of this account where one is named.
    pub fn check(&self, account: Option<&str>, address: Option<IpAddr>) -> Result<(), TooManyTries> {
        if let Some(address) = address {
            self.addresses.take(key(&source(address)), &self.clock)?;
        }
        match account {
            Some(account) => self.spend(&Budget::Account(account.to_owned())),
            None => Ok(()),
        }
    }

    /// Takes one try of an account from this address. A known browser is bounded by itself: who floods from its address, or
    /// through the same proxy, does not keep it out.
    pub fn spend_from(&self, budget: &Budget, address: Option<IpAddr>) -> Result<(), TooManyTries> {
        if !matches!(budget, Budget::Device(_) | Budget::DeviceFactor(_)) {
            self.check(None, address)?;
        }
        self.spend(budget)
    }

    pub fn spend(&self, budget: &Budget) -> Result<(), TooManyTries> {
        self.counted(budget).take(key(&budget.key()), &self.clock)
    }

    /// The try that was spent last was right: it does not count.
    pub fn give_back(&self, budget: &Budget) {
        let counted = self.counted(budget);
        counted.kept.lower(key(&budget.key()), counted.pace.period);
    }

    /// Until when its tries are taken up; what a restart goes on from.
    pub fn until(&self, budget: &Budget) -> UnixMs {
        let now = self.world.now();
        let ahead_ms = self
            .counted(budget)
            .kept
            .get(key(&budget.key()))
            .map_or(0, |at| at.duration_since(self.clock.now()).as_u64() / 1_000_000);
        now.plus_ms(i64::try_from(ahead_ms).unwrap_or(0))
    }

    fn counted(&self, budget: &Budget) -> &Counted {
        match budget {
            Budget::Account(_) | Budget::Device(_) | Budget::Confirm(_) => &self.accounts,
            Budget::Factor(_) | Budget::DeviceFactor(_) => &self.factors,
        }
    }
}

impl Pace {
    fn whole_ms(self) -> i64 {
        i64::try_from(self.period.as_millis()).unwrap_or(i64::MAX).saturating_mul(i64::from(self.burst))
    }
}

impl Counted {
    fn new(pace: Pace, clock: &WorldClock) -> Self {
        let burst = NonZeroU32::new(pace.burst).unwrap_or(NonZeroU32::MIN);
        let quota =
            Quota::with_period(pace.period).unwrap_or_else(|| Quota::per_minute(burst)).allow_burst(burst);
        let kept = Kept::new(clock.now());
        let next_sweep = Mutex::new(clock.now());
        Self { limiter: RateLimiter::new(quota, kept.clone(), clock.clone()), kept, pace, next_sweep }
    }

    fn take(&self, key: u64, clock: &WorldClock) -> Result<(), TooManyTries> {
        if self.limiter.len() > SWEEP_AT && self.sweep_is_due(clock.now()) {
            self.limiter.retain_recent();
        }
        self.limiter.check_key(&key).map_err(|until| {
            let wait = until.wait_time_from(clock.now());
            let rounded_up = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            TooManyTries { retry_after_s: u32::try_from(rounded_up.max(1)).unwrap_or(u32::MAX) }
        })
    }

    fn sweep_is_due(&self, now: Millis) -> bool {
        let mut next = self.next_sweep.lock().unwrap_or_else(PoisonError::into_inner);
        let due = *next <= now;
        if due {
            *next = now.plus_ms(SWEEP_EVERY_MS);
        }
        due
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
fn key(of: &(impl Hash + ?Sized)) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

    fn fresh(world: World) -> Throttle {
        Throttle::restored(world, &[])
    }

    fn other(n: u8) -> IpAddr {
        IpAddr::from([198, 51, 100, n])
    }

    #[test]
    fn an_account_has_ten_tries_then_one_every_ten_seconds_from_wherever() {
        let (world, time) = World::fake(UnixMs(1_000_000), 1);
        let throttle = fresh(world);
        for n in 0..10 {
            throttle.check(Some("alice"), Some(other(n))).unwrap();
        }
        assert_eq!(throttle.check(Some("Alice"), Some(other(11))), Err(TooManyTries { retry_after_s: 10 }));
        throttle.check(Some("bob"), Some(other(11))).unwrap();
        time.advance(Duration::from_secs(9));
        assert_eq!(throttle.check(Some("alice"), Some(other(12))), Err(TooManyTries { retry_after_s: 1 }));
        time.advance(Duration::from_secs(1));
        throttle.check(Some("alice"), Some(other(13))).unwrap();
        assert!(throttle.check(Some("alice"), Some(other(13))).is_err());
    }

    #[test]
    fn an_address_has_forty_whatever_the_names() {
        let (world, time) = World::fake(UnixMs(1_000_000), 1);
        let throttle = fresh(world);
        for n in 0..40 {
            throttle.check(Some(&format!("person-{n}")), Some(HERE)).unwrap();
        }
        assert_eq!(throttle.check(None, Some(HERE)), Err(TooManyTries { retry_after_s: 3 }));
        throttle.check(None, Some(other(1))).unwrap();
        time.advance(Duration::from_secs(3));
        throttle.check(None, Some(HERE)).unwrap();
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
        let throttle = fresh(world);
        for n in 0..=u32::try_from(SWEEP_AT).unwrap() {
            let address = IpAddr::from(std::net::Ipv4Addr::from(n + 1));
            throttle.check(Some(&format!("person-{n}")), Some(address)).unwrap();
        }
        time.advance(Duration::from_hours(1));
        throttle.check(Some("alice"), Some(HERE)).unwrap();
        assert!(throttle.accounts.limiter.len() <= 2 && throttle.addresses.limiter.len() <= 2);
    }

    #[test]
    fn a_flood_brings_one_sweep_in_a_second() {
        let (world, time) = World::fake(UnixMs(1_000_000), 1);
        let throttle = fresh(world);
        let due = || throttle.addresses.sweep_is_due(throttle.clock.now());
        assert_eq!([due(), due(), due()], [true, false, false]);
        time.advance(Duration::from_millis(999));
        assert!(!due());
        time.advance(Duration::from_millis(1));
        assert!(due());
    }

    fn spend_all(throttle: &Throttle, budget: &Budget) -> u32 {
        (0..100).take_while(|_| throttle.spend(budget).is_ok()).count().try_into().unwrap()
    }

    #[test]
    fn what_counts_for_an_account_outlives_a_restart() {
        let (world, time) = World::fake(UnixMs(1_000_000), 1);
        let throttle = fresh(world.clone());
        time.advance(Duration::from_secs(7));
        let (account, factor) = (Budget::Account("alice".into()), Budget::Factor("alice".into()));
        assert_eq!((spend_all(&throttle, &account), spend_all(&throttle, &factor)), (10, 10));
        assert_eq!(throttle.until(&account), UnixMs(1_007_000 + 100_000));
        let kept = [(account.key(), throttle.until(&account)), (factor.key(), throttle.until(&factor))];

        time.advance(Duration::from_secs(3));
        let again = Throttle::restored(world.clone(), &kept);
        assert_eq!(again.spend(&Budget::Account("ALICE".into())), Err(TooManyTries { retry_after_s: 7 }));
        assert_eq!(again.spend(&factor), Err(TooManyTries { retry_after_s: 297 }));
        again.spend(&Budget::Account("bob".into())).unwrap();
        time.advance(Duration::from_secs(27));
        assert_eq!(spend_all(&again, &account), 3);
    }

    #[test]
    fn a_clock_that_was_set_back_locks_nobody_out_for_long() {
        let (world, _) = World::fake(UnixMs(1_000_000), 1);
        let kept = [(Budget::Account("alice".into()).key(), UnixMs(1_000_000_000_000))];
        let throttle = Throttle::restored(world, &kept);
        let refused = throttle.spend(&Budget::Account("alice".into()));
        assert_eq!(refused, Err(TooManyTries { retry_after_s: 10 }));
    }

    #[test]
    fn strangers_do_not_use_up_what_a_known_browser_has() {
        let (world, _) = World::fake(UnixMs(1_000_000), 1);
        let throttle = fresh(world);
        let device = Budget::Device(Hash32([7; 32]));
        assert_eq!(spend_all(&throttle, &Budget::Account("alice".into())), 10);
        assert_eq!(spend_all(&throttle, &Budget::Confirm("alice".into())), 10);
        assert_eq!(spend_all(&throttle, &device), 10);
    }

    #[test]
    fn no_name_that_a_stranger_types_is_anybody_elses_budget() {
        let (world, _) = World::fake(UnixMs(1_000_000), 1);
        let throttle = fresh(world);
        let (alice, device) = ("alice".to_owned(), Hash32([7; 32]));
        for budget in [Budget::Confirm(alice.clone()), Budget::Device(device), Budget::Factor(alice)] {
            spend_all(&throttle, &Budget::Account(budget.key()));
            assert_eq!(spend_all(&throttle, &budget), 10, "{budget:?}");
        }
    }

    #[test]
    fn a_right_code_does_not_count() {
        let (world, _) = World::fake(UnixMs(1_000_000), 1);
        let throttle = fresh(world);
        let factor = Budget::Factor("alice".into());
        for _ in 0..50 {
            throttle.spend(&factor).unwrap();
            throttle.give_back(&factor);
        }
        assert_eq!(spend_all(&throttle, &factor), 10);
        throttle.give_back(&Budget::Factor("bob".into()));
        assert_eq!(spend_all(&throttle, &Budget::Factor("bob".into())), 10, "there is no credit");
    }
}
