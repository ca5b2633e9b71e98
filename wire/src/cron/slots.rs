//! Wall-clock slots: which minutes a crontab names, on a clock that never changes.
//!
//! Knows: the `cron` crate, and through it `chrono`; this is the only room that does. Must not know: zones. A wall time
//! here is seconds since 1970-01-01 00:00 of the local clock, handed to the crate as if it were UTC.
//!
//! Translation, because the crate is not Vixie's: seconds come first and are 0; weekdays count from Sunday = 1; steps
//! are spelled out, since it refuses `*/60`; it ands the day fields, so when either suffices there are two
//! expressions, and the nearer answer counts.

use std::fmt::Write as _;
use std::str::FromStr as _;

use chrono::{DateTime, Utc};

use super::calendar::{Fields, values};

/// Where the crate's years begin and end, 2100 included. Asked from outside, it would keep the month and day of the
/// question in the first year that it knows.
pub(super) const FIRST: i64 = 0;
pub(super) const END: i64 = 4_133_980_800;

pub(super) struct Slots {
    either: Vec<cron::Schedule>,
}

impl Slots {
    pub fn new(fields: &Fields) -> Self {
        let any_day = || "*".to_owned();
        let dates = || listed(fields.days, 0);
        let weekdays = || listed(fields.weekdays, 1);
        let pairs = if !fields.either_day() {
            vec![(dates(), weekdays())]
        } else if fields.dates_exist() {
            vec![(dates(), any_day()), (any_day(), weekdays())]
        } else {
            vec![(any_day(), weekdays())]
        };
        let schedule = |(dates, weekdays): (String, String)| {
            let (minutes, hours, months) =
                (listed(fields.minutes, 0), listed(fields.hours, 0), listed(fields.months, 0));
            cron::Schedule::from_str(&format!("0 {minutes} {hours} {dates} {months} {weekdays}")).expect(
                "six lists of numbers within the crate's bounds parse: the fields were checked when read",
            )
        };
        Self { either: pairs.into_iter().map(schedule).collect() }
    }

    /// The first slot strictly after `wall`.
    pub fn after(&self, wall: i64) -> Option<i64> {
        let start = DateTime::<Utc>::from_timestamp(wall.clamp(FIRST - 1, END), 0)?;
        self.either.iter().filter_map(|s| s.after(&start).next()).map(|slot| slot.timestamp()).min()
    }

    /// The last slot strictly before `wall`.
    pub fn before(&self, wall: i64) -> Option<i64> {
        let start = DateTime::<Utc>::from_timestamp(wall.clamp(FIRST, END), 0)?;
        self.either.iter().filter_map(|s| s.after(&start).next_back()).map(|slot| slot.timestamp()).max()
    }
}

fn listed(set: u64, shift: u32) -> String {
    values(set).fold(String::new(), |mut text, n| {
        let comma = if text.is_empty() { "" } else { "," };
        // Writing to a String cannot fail.
        let _ = write!(text, "{comma}{}", n + shift);
        text
    })
}
