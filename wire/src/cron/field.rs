//! The five fields: their names, bounds and words.
//!
//! Knows: what numbers and names each field takes. Must not know: lists, ranges, dates.

use std::fmt;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    Minute,
    Hour,
    DayOfMonth,
    Month,
    DayOfWeek,
}

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

impl Field {
    /// In the order of the crontab.
    pub const ALL: [Self; 5] = [Self::Minute, Self::Hour, Self::DayOfMonth, Self::Month, Self::DayOfWeek];

    /// The inclusive bounds. Day of week reaches to 7, which is Sunday again.
    pub(super) fn bounds(self) -> (u32, u32) {
        match self {
            Self::Minute => (0, 59),
            Self::Hour => (0, 23),
            Self::DayOfMonth => (1, 31),
            Self::Month => (1, 12),
            Self::DayOfWeek => (0, 7),
        }
    }

    fn names(self) -> &'static [&'static str] {
        match self {
            Self::Month => &MONTHS,
            Self::DayOfWeek => &DAYS,
            Self::Minute | Self::Hour | Self::DayOfMonth => &[],
        }
    }

    /// The number a three-letter name stands for, in any case.
    pub(super) fn named(self, text: &str) -> Option<u32> {
        let index = self.names().iter().position(|name| name.eq_ignore_ascii_case(text))?;
        Some(self.bounds().0 + u32::try_from(index).ok()?)
    }

    /// The short name that somebody who wrote `Monday` meant.
    pub(super) fn short_name_of(self, text: &str) -> Option<&'static str> {
        let start = text.get(..3)?;
        let full = text.chars().all(|c| c.is_ascii_alphabetic());
        self.names().iter().find(|name| full && name.eq_ignore_ascii_case(start)).copied()
    }

    /// What may stand here, for a hint.
    pub(super) fn expected(self) -> &'static str {
        match self {
            Self::Minute => "write a minute from 0 to 59",
            Self::Hour => "write an hour from 0 to 23 (midnight is 0)",
            Self::DayOfMonth => "write a day from 1 to 31",
            Self::Month => "write a month from 1 to 12, or jan to dec",
            Self::DayOfWeek => "write a day from 0 to 7 (0 and 7 are Sunday), or sun to sat",
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::DayOfMonth => "day of month",
            Self::Month => "month",
            Self::DayOfWeek => "day of week",
        })
    }
}
