//! When a schedule fires: crontab meaning as Vixie cron has it.
//!
//! Knows: the five fields, the either-day rule, nicknames, time zones and what daylight saving does to a run. Must not
//! know: what runs, why, or what time it is now. Times are `jiff`'s; `chrono` appears only inside `slots`, where the
//! `cron` crate asks for it.
//!
//! The rules, from crontab(5) and cron(8) of ISC cron 4.1:
//!
//! * minute 0–59, hour 0–23, day of month 1–31, month 1–12 or names, day of week 0–7 (0 and 7 are Sunday) or names.
//! * A day field whose first character is `*` does not restrict. When both day fields restrict, either one suffices;
//!   otherwise both must hold (so `*/2` still means every other day, and is anded with the other field).
//! * A clock that skips a time runs it at the first instant after the gap. A clock that repeats a time runs it the first
//!   time only. Schedules of every hour follow real hours instead: each repeated hour runs again, and a skipped one is
//!   caught up only when the wait would exceed an hour (a gap that is not whole hours, as on Lord Howe).
//! * A local day that never existed (the date line, Samoa 2011) lends its run to the next day, unless that has its own.
//!
//! Answers lie between 1970 and 2100, the years the `cron` crate knows.

mod calendar;
mod daylight;
mod error;
mod field;
mod parse;
mod slots;
mod zone;

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use error::CronError;
pub use field::Field;
pub use zone::zone;

use daylight::Clockwork;

/// A parsed crontab. Equal when the (whitespace-normalised) text is equal; cheap to clone.
///
/// In JSON and TOML it is the text as its author wrote it.
#[derive(Clone)]
pub struct Crontab(Arc<Parsed>);

struct Parsed {
    text: String,
    fields: calendar::Fields,
    clockwork: Clockwork,
}

impl Crontab {
    /// The first run strictly after `after`. `None` only past the year 2100.
    ///
    /// Steps, not seconds: one lookup in the calendar (at most 131 years of months, and only the 29th of February
    /// under a weekday goes beyond eight) per change of the zone's offset, and changes more than 52 hours away from an
    /// answer are jumped over.
    pub fn next_after(&self, after: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        self.0.clockwork.next_after(floor_s(after), zone).and_then(from_s)
    }

    /// The latest run in `(not_before, at]`. Searches backwards from `at`, so the work does not grow with the number of
    /// runs in between.
    pub fn previous_at_or_before(
        &self,
        at: Timestamp,
        not_before: Timestamp,
        zone: &TimeZone,
    ) -> Option<Timestamp> {
        self.0.clockwork.previous(floor_s(at), floor_s(not_before), zone).and_then(from_s)
    }

    /// The next `n` runs strictly after `after`, in order; fewer only past the year 2100.
    pub fn next_n(&self, after: Timestamp, zone: &TimeZone, n: usize) -> Vec<Timestamp> {
        std::iter::successors(self.next_after(after, zone), |last| self.next_after(*last, zone))
            .take(n)
            .collect()
    }

    /// The smallest distance in seconds between two consecutive runs in wall time, over a full Gregorian cycle.
    /// Daylight saving is left out: it shortens an interval twice a year, and says nothing about the schedule.
    pub fn shortest_interval_s(&self) -> Option<u64> {
        self.0.fields.shortest_interval_s()
    }

    /// The text, with runs of blanks made single.
    pub fn as_str(&self) -> &str {
        &self.0.text
    }
}

/// Whole seconds at or before `t`: runs fall on whole seconds, so nothing between is lost.
fn floor_s(t: Timestamp) -> i64 {
    t.as_second() - i64::from(t.subsec_nanosecond() < 0)
}

fn from_s(second: i64) -> Option<Timestamp> {
    Timestamp::from_second(second).ok()
}

impl FromStr for Crontab {
    type Err = CronError;

    fn from_str(text: &str) -> Result<Self, CronError> {
        let (text, fields) = parse::crontab(text)?;
        let clockwork = Clockwork::new(&fields);
        Ok(Self(Arc::new(Parsed { text, fields, clockwork })))
    }
}

impl fmt::Display for Crontab {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.text)
    }
}

impl fmt::Debug for Crontab {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Crontab").field(&self.0.text).finish()
    }
}

impl PartialEq for Crontab {
    fn eq(&self, other: &Self) -> bool {
        self.0.text == other.0.text
    }
}

impl Eq for Crontab {}

impl Hash for Crontab {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.text.hash(state);
    }
}

impl Serialize for Crontab {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.text)
    }
}

impl<'de> Deserialize<'de> for Crontab {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
