//! How many refusals are written down: enough to see what goes on, too few to fill a disk.
//!
//! GCRA over the time that the act itself carries, for whoever is refused and for all together. What is left out is
//! counted, and told with the next one that is written.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::{Mutex, PoisonError},
};

use wire::id::UnixMs;

/// A person who tries this and that; then one in a minute.
const EACH: Rate = Rate { burst: 20, period_ms: 60_000 };
/// From however many names and addresses: some 5 MB a day at the most.
const ALL: Rate = Rate { burst: 200, period_ms: 10_000 };
/// Names beyond this are swept of those that are at rest.
const SWEEP_AT: usize = 4_096;

#[derive(Clone, Copy)]
struct Rate {
    burst: i64,
    period_ms: i64,
}

#[derive(Default)]
pub(super) struct Bounds(Mutex<State>);

#[derive(Default)]
struct State {
    /// Until when what was taken is made up for, by the hash of a name.
    each: HashMap<u64, i64>,
    all: i64,
    left_out: u64,
}

impl Bounds {
    /// How many were left out since the last one that was written; `None` when this one is left out too.
    pub fn take(&self, name: &str, now: UnixMs) -> Option<u64> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.each.len() > SWEEP_AT {
            state.each.retain(|_, until| *until > now.0);
        }
        let mut hasher = DefaultHasher::new();
        name.to_lowercase().hash(&mut hasher);
        let key = hasher.finish();
        let each = EACH.take(state.each.get(&key).copied().unwrap_or(0), now.0);
        let all = ALL.take(state.all, now.0);
        let (Some(each), Some(all)) = (each, all) else {
            state.left_out += 1;
            return None;
        };
        state.each.insert(key, each);
        state.all = all;
        Some(std::mem::take(&mut state.left_out))
    }
}

impl Rate {
    /// Until when it is made up for with one more; `None` when that is one too many.
    fn take(self, until: i64, now: i64) -> Option<i64> {
        let room = self.burst * self.period_ms;
        // Only a clock that was set back leaves more than a full burst: then what was taken is forgotten.
        let until = if until > now + room { now } else { until.max(now) } + self.period_ms;
        (until - now <= room).then_some(until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_795_187_040_000;

    #[test]
    fn somebody_fills_a_burst_then_one_a_minute_and_what_is_left_out_is_counted() {
        let bounds = Bounds::default();
        for _ in 0..20 {
            assert_eq!(bounds.take("vera", UnixMs(NOW)), Some(0));
        }
        for _ in 0..7 {
            assert_eq!(bounds.take("Vera", UnixMs(NOW)), None);
        }
        assert_eq!(bounds.take("otto", UnixMs(NOW)), Some(7), "others are heard");
        assert_eq!(bounds.take("vera", UnixMs(NOW + 59_999)), None);
        assert_eq!(bounds.take("vera", UnixMs(NOW + 60_000)), Some(1));
    }

    #[test]
    fn many_names_together_are_bounded_too() {
        let bounds = Bounds::default();
        let written = (0..10_000).filter(|n| bounds.take(&format!("p{n}"), UnixMs(NOW)).is_some()).count();
        assert_eq!(written, 200);
        let day = (0..86_400_000_i64).step_by(1_000);
        let written = day.filter(|at| bounds.take(&format!("q{at}"), UnixMs(NOW + at)).is_some()).count();
        assert!(written <= 8_641, "{written}");
    }

    #[test]
    fn a_clock_that_was_set_back_silences_nobody_for_long() {
        let bounds = Bounds::default();
        assert!(bounds.take("vera", UnixMs(NOW + 86_400_000_000)).is_some());
        assert!(bounds.take("vera", UnixMs(NOW)).is_some());
    }
}
