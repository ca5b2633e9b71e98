//! The parsed sets, and what the Gregorian calendar makes of them.
//!
//! Knows: months, leap years, weekdays, the either-day rule. Must not know: text, instants, zones.

/// Bit `n` of a set is value `n`. Weekdays are 0–6 from Sunday.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fields {
    pub minutes: u64,
    pub hours: u64,
    pub days: u64,
    pub months: u64,
    pub weekdays: u64,
    /// False when the field starts with `*`.
    pub days_restrict: bool,
    pub weekdays_restrict: bool,
}

const EVERY_HOUR: u64 = 0xff_ffff;
/// The Gregorian calendar, weekdays included, repeats after this many years.
const CYCLE_YEARS: u32 = 400;
const DAY_MINUTES: u64 = 24 * 60;

impl Fields {
    /// Vixie's either-day rule applies only when both fields restrict.
    pub fn either_day(&self) -> bool {
        self.days_restrict && self.weekdays_restrict
    }

    /// A schedule of every hour follows real hours through a change of the clock; any other follows the clock.
    pub fn every_hour(&self) -> bool {
        self.hours == EVERY_HOUR
    }

    /// Whether some chosen month has some chosen day, in a leap year at least.
    pub fn dates_exist(&self) -> bool {
        values(self.months).any(|month| self.days & month_mask(4, month) != 0)
    }

    /// A weekday always comes; a date may not exist. The 29th of February falls on every weekday within the cycle.
    pub fn ever_happens(&self) -> bool {
        self.either_day() || self.dates_exist()
    }

    /// Smallest distance between consecutive runs, over the whole cycle.
    pub fn shortest_interval_s(&self) -> Option<u64> {
        let times: Vec<u64> = values(self.hours)
            .flat_map(|hour| values(self.minutes).map(move |minute| u64::from(hour * 60 + minute)))
            .collect();
        let (first, last) = (*times.first()?, *times.last()?);
        let within = times.windows(2).map(|pair| pair[1] - pair[0]).min();
        let across = self.shortest_days_apart().map(|days| days * DAY_MINUTES + first - last);
        within.into_iter().chain(across).min().map(|minutes| minutes * 60)
    }

    /// Smallest distance in days between two days that match.
    fn shortest_days_apart(&self) -> Option<u64> {
        let mut shortest: Option<u64> = None;
        let mut previous: Option<u64> = None;
        let mut month_start: u64 = 0;
        // One year beyond the cycle closes the circle. 2000-01-01 was a Saturday.
        for (year, month) in (2000..=2000 + CYCLE_YEARS).flat_map(|y| (1..=12).map(move |m| (y, m))) {
            let weekday_of_first = (month_start + 6) % 7;
            for day in values(self.days_in(year, month, weekday_of_first)) {
                let day = month_start + u64::from(day);
                let apart = previous.map(|previous| day - previous);
                shortest = [shortest, apart].into_iter().flatten().min();
                previous = Some(day);
            }
            if shortest == Some(1) {
                break;
            }
            month_start += u64::from(month_length(year, month));
        }
        shortest
    }

    /// The matching days of one month, as bits 1–31.
    fn days_in(&self, year: u32, month: u32, weekday_of_first: u64) -> u64 {
        if self.months & 1 << month == 0 {
            return 0;
        }
        let weekdays = (1..=31)
            .filter(|day| self.weekdays & 1 << ((weekday_of_first + day - 1) % 7) != 0)
            .fold(0, |set, day| set | 1 << day);
        let either = if self.either_day() { self.days | weekdays } else { self.days & weekdays };
        either & month_mask(year, month)
    }
}

/// The values in a set, ascending.
pub(super) fn values(set: u64) -> impl Iterator<Item = u32> {
    (0..64).filter(move |n| set & 1 << n != 0)
}

fn month_mask(year: u32, month: u32) -> u64 {
    (1 << (month_length(year, month) + 1)) - 2
}

fn month_length(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}
