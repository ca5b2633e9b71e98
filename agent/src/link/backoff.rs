//! How long to wait before dialling again: 1 to 60 seconds, full jitter, so that a fleet does not come back at once.
//!
//! Pure: the random number is an argument.

use std::time::Duration;

const FIRST_MS: u64 = 1_000;
const MOST_MS: u64 = 60_000;

/// Doubles with every failure; a connection that stayed live starts it anew.
#[derive(Clone, Copy, Debug, Default)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The wait after one more failure: anywhere between a small floor and the current ceiling.
    pub fn next(&mut self, random: u64) -> Duration {
        let ceiling = FIRST_MS.saturating_mul(1 << self.failures.min(16)).min(MOST_MS);
        self.failures = self.failures.saturating_add(1);
        // The floor keeps a coordinator that closes at once from being dialled in a tight loop.
        let floor = ceiling / 10;
        Duration::from_millis(floor + random % (ceiling - floor + 1))
    }

    /// Where somebody elsewhere has to do something first: half a minute to a minute.
    pub fn longest(random: u64) -> Duration {
        Duration::from_millis(MOST_MS / 2 + random % (MOST_MS / 2 + 1))
    }

    /// A connection was live, for so long, before it broke or was ended. One that the other end ends at once, time and
    /// again, proves nothing: a coordinator whose disk is full would be stormed by its whole fleet.
    pub fn lived(&mut self, time: Duration, broke: bool) {
        if broke || time.as_millis() >= u128::from(MOST_MS) {
            self.failures = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ceilings_double_to_a_minute() {
        let mut backoff = Backoff::default();
        // `ceiling - floor` as the random number lands on the ceiling.
        let ceilings = [1_000u64, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000];
        for ceiling in ceilings {
            assert_eq!(backoff.next(ceiling - ceiling / 10), Duration::from_millis(ceiling));
        }
        backoff.lived(Duration::from_secs(59), false);
        assert_eq!(backoff.next(0), Duration::from_secs(6));
        for (time, broke) in [(Duration::from_mins(1), false), (Duration::ZERO, true)] {
            backoff.lived(time, broke);
            assert_eq!(backoff.next(0), Duration::from_millis(100));
            assert!(backoff.next(0) > Duration::from_millis(100));
        }
    }

    proptest! {
        #[test]
        fn every_wait_is_within_a_minute(randoms in proptest::collection::vec(any::<u64>(), 1..80)) {
            let mut backoff = Backoff::default();
            for random in randoms {
                let wait = backoff.next(random);
                prop_assert!(wait >= Duration::from_millis(100) && wait <= Duration::from_mins(1));
            }
        }
    }
}
