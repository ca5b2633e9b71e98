//! How long to wait after a piece, so that a stream is no faster than it may be. Pure.

use std::time::Duration;

use wire::id::UnixMs;

const MIB: u64 = 1024 * 1024;
/// What was not used of the time before is not made up for beyond this.
const SLACK_MS: i64 = 1_000;

/// One stream's.
pub struct Pace {
    /// When the next piece may come, as things stand.
    due: UnixMs,
    /// Microseconds that are owed besides.
    rest_us: u64,
}

impl Pace {
    pub const fn new(now: UnixMs) -> Self {
        Self { due: now, rest_us: 0 }
    }

    /// To be waited after a piece of so many bytes. Without a rate: nothing.
    pub fn after(&mut self, bytes: usize, mib_per_s: Option<u32>, now: UnixMs) -> Duration {
        let Some(rate) = mib_per_s.map(u64::from).filter(|rate| *rate > 0) else {
            *self = Self::new(now);
            return Duration::ZERO;
        };
        if now.since(self.due) > SLACK_MS {
            *self = Self::new(now.plus_ms(-SLACK_MS));
        }
        let owed_us = self.rest_us + (bytes as u64).saturating_mul(1_000_000) / (rate * MIB);
        self.due = self.due.plus_ms(i64::try_from(owed_us / 1_000).unwrap_or(0));
        self.rest_us = owed_us % 1_000;
        Duration::from_millis(u64::try_from(self.due.since(now)).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn no_stream_is_faster_than_it_may_be(
            pieces in proptest::collection::vec((1_usize..131_072, 0_i64..400), 1..200),
            rate in 1_u32..50,
        ) {
            let (mut now, mut bytes) = (UnixMs(0), 0_u64);
            let mut pace = Pace::new(now);
            for (piece, idle_ms) in pieces {
                bytes += piece as u64;
                let wait = pace.after(piece, Some(rate), now);
                now = now.plus_ms(i64::try_from(wait.as_millis()).unwrap() + idle_ms);
                // A second's worth may be made up for, and a piece is not cut.
                let ms = u64::try_from(now.0).unwrap() + 1_010;
                let most = ms * u64::from(rate) * MIB / 1_000 + 131_072;
                proptest::prop_assert!(bytes <= most, "{bytes} bytes after {now}");
            }
        }
    }

    #[test]
    fn without_a_rate_nobody_waits_and_with_one_it_is_met() {
        let mut pace = Pace::new(UnixMs(0));
        assert_eq!(pace.after(1 << 30, None, UnixMs(0)), Duration::ZERO);
        let mut now = UnixMs(0);
        for _ in 0..160 {
            let wait = pace.after(65_536, Some(5), now);
            now = now.plus_ms(i64::try_from(wait.as_millis()).unwrap());
        }
        assert_eq!(now, UnixMs(2_000), "10 MiB at 5 MiB/s");
    }
}
