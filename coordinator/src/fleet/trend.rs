//! How a host's stored size went over the last thirty days, small enough to be kept for every host.
//!
//! Pure. Days are counted in UTC.

use crate::store::numbers::Sizes;

const DAYS: usize = 30;
/// Days from the first to the last of them.
const LAST: i64 = 29;

/// One share per day, oldest first: 0 to 100 of the largest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Trend {
    /// The day of the last share.
    today: i32,
    shares: [u8; DAYS],
}

impl Trend {
    /// Adds up the repositories, each with the last measure before or on a day. Nothing while none is known.
    pub fn of(repositories: &[Sizes], today: i64) -> Option<Self> {
        if repositories.iter().all(Vec::is_empty) {
            return None;
        }
        let mut sums = [0_u64; DAYS];
        for sizes in repositories {
            let (mut next, mut last) = (0, 0);
            for (day, sum) in (today - LAST..).zip(&mut sums) {
                // What lies ahead of today counts today: the host's clock may be a little fast.
                while let Some((measured, size)) = sizes.get(next)
                    && (*measured <= day || day == today)
                {
                    (next, last) = (next + 1, *size);
                }
                *sum = sum.saturating_add(last);
            }
        }
        let largest = sums.iter().copied().max().unwrap_or(0);
        let shares = sums.map(|sum| share(sum, largest));
        Some(Self { today: i32::try_from(today).unwrap_or(i32::MAX), shares })
    }

    pub const fn shares(&self) -> &[u8; DAYS] {
        &self.shares
    }

    /// Days went by without a measure: each has the one before.
    pub fn pass_to(&mut self, today: i64) {
        let today = i32::try_from(today).unwrap_or(i32::MAX);
        let passed = usize::try_from(today.saturating_sub(self.today)).unwrap_or(0).min(DAYS);
        if passed == 0 {
            return;
        }
        let last = self.shares[DAYS - 1];
        self.shares.rotate_left(passed % DAYS);
        self.shares[DAYS - passed..].fill(last);
        let largest = self.shares.iter().copied().max().unwrap_or(0);
        self.shares = self.shares.map(|of| share(of.into(), largest.into()));
        self.today = today;
    }
}

fn share(of: u64, largest: u64) -> u8 {
    if largest == 0 {
        return 0;
    }
    let share = u128::from(of) * 100 / u128::from(largest);
    u8::try_from(share).unwrap_or(100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_without_a_measure_have_the_one_before_and_the_largest_is_a_hundred() {
        assert_eq!(Trend::of(&[], 100), None);
        assert_eq!(Trend::of(&[vec![]], 100), None);
        // Before the window, two within, and one that a fast clock wrote.
        let one = vec![(3, 50), (80, 100), (90, 40), (101, 150)];
        let trend = Trend::of(&[one, vec![(100, 50)]], 100).unwrap();
        let shares = trend.shares();
        let at = |day: usize| shares[day - 71];
        assert_eq!((at(71), at(79), at(80), at(89), at(90), at(99), at(100)), (25, 25, 50, 50, 20, 20, 100));
        let zero = Trend::of(&[vec![(100, 0)]], 100).unwrap();
        assert_eq!(zero.shares(), &[0; DAYS]);
        let endless = Trend::of(&[vec![(99, u64::MAX)], vec![(100, u64::MAX)]], 100).unwrap();
        assert_eq!(endless.shares()[DAYS - 2..], [100, 100]);
    }

    #[test]
    fn time_alone_moves_it_on_as_if_it_were_read_again() {
        let sizes = [vec![(75, 200), (90, 50), (99, 100)]];
        let mut trend = Trend::of(&sizes, 100).unwrap();
        for today in [100, 101, 108, 139, 500] {
            trend.pass_to(today);
            assert_eq!(Some(trend), Trend::of(&sizes, today), "{today}");
        }
        trend.pass_to(7);
        assert_eq!(Some(trend), Trend::of(&sizes, 500), "a clock that was set back moves nothing");
    }

    #[test]
    fn it_is_small() {
        assert!(size_of::<Option<Trend>>() <= 40);
    }
}
