//! From wall-clock slots to instants: what a zone's changes of offset do to a run.
//!
//! Knows: gaps, folds and how each kind of schedule passes them. Must not know: text, calendars, chrono.
//!
//! A zone is read as stretches of constant offset. Inside a stretch a slot is an instant by subtraction; only at its
//! beginning may walls have been skipped (a gap) or repeat (a fold). Instants and walls are whole seconds.

use std::ops::Range;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::calendar::{Fields, values};
use super::slots::{END, FIRST, Slots};

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;
/// Two offsets never differ by more: the database and POSIX keep them within ±26 hours.
const SPREAD: i64 = 52 * HOUR;
/// Outside of these instants no zone has slots.
const EARLIEST: i64 = FIRST - SPREAD;
const LATEST: i64 = END + SPREAD;

pub(super) struct Clockwork {
    slots: Slots,
    every_hour: bool,
    /// The chosen minutes, as seconds into an hour.
    within_hour: Vec<i64>,
}

impl Clockwork {
    pub fn new(fields: &Fields) -> Self {
        let within_hour = values(fields.minutes).map(|minute| i64::from(minute) * 60).collect();
        Self { slots: Slots::new(fields), every_hour: fields.every_hour(), within_hour }
    }

    pub fn next_after(&self, after: i64, zone: &TimeZone) -> Option<i64> {
        let mut cursor = after.max(EARLIEST) + 1;
        while cursor <= LATEST {
            let stretch = Stretch::around(cursor, zone)?;
            if cursor == stretch.starts && self.owes_at_start(&stretch) {
                return Some(cursor);
            }
            let from = self.first_fresh_wall(&stretch).max(cursor + stretch.offset);
            let slot = self.slots.after(from - 1)?;
            let end = stretch.ends + stretch.offset;
            if slot < end {
                return Some(slot - stretch.offset);
            }
            // A fold at the end could bring back walls before `from`; when it is too far away for that, every stretch
            // that ends well before the slot is empty and can be jumped over.
            let far = from + SPREAD <= end;
            cursor = if far { stretch.ends.max(slot - SPREAD) } else { stretch.ends };
        }
        None
    }

    /// The latest instant in `(not_before, at]`.
    pub fn previous(&self, at: i64, not_before: i64, zone: &TimeZone) -> Option<i64> {
        let mut cursor = at.min(LATEST);
        let not_before = not_before.max(EARLIEST);
        while cursor > not_before {
            let stretch = Stretch::around(cursor, zone)?;
            let to = cursor + stretch.offset;
            let slot = self.slots.before(to + 1);
            if let Some(slot) = slot.filter(|slot| *slot >= self.first_fresh_wall(&stretch)) {
                return Some(slot - stretch.offset).filter(|instant| *instant > not_before);
            }
            if self.owes_at_start(&stretch) {
                return Some(stretch.starts).filter(|instant| *instant > not_before);
            }
            // As above, mirrored: a fold at the start means that earlier stretches reach up to higher walls.
            let far = stretch.starts.saturating_add(stretch.offset + SPREAD) <= to;
            let before_stretch = stretch.starts.saturating_sub(1);
            cursor = if far { before_stretch.min(slot? + SPREAD) } else { before_stretch };
        }
        None
    }

    /// The first wall in the stretch that may run: after a fold, a schedule that follows the clock has already had
    /// the walls that repeat.
    fn first_fresh_wall(&self, stretch: &Stretch) -> i64 {
        let offset = if self.every_hour { stretch.offset } else { stretch.offset.max(stretch.offset_before) };
        stretch.starts.saturating_add(offset)
    }

    /// Whether walls skipped at the start of the stretch have to run at its first instant.
    fn owes_at_start(&self, stretch: &Stretch) -> bool {
        let gap = stretch.starts.saturating_add(stretch.offset_before)
            ..stretch.starts.saturating_add(stretch.offset);
        if gap.is_empty() {
            return false;
        }
        let lost_days = next_midnight(gap.start)..midnight(gap.end);
        if lost_days.is_empty() {
            return self.owes(&gap);
        }
        let next_day = gap.end..midnight(gap.end) + DAY;
        (self.has_slot(&lost_days) && !self.has_slot(&next_day))
            || self.owes(&(gap.start..lost_days.start))
            || self.owes(&(lost_days.end..gap.end))
    }

    /// For a gap within a day.
    fn owes(&self, gap: &Range<i64>) -> bool {
        self.has_slot(gap) && (!self.every_hour || self.wait_across(gap) > HOUR)
    }

    fn has_slot(&self, walls: &Range<i64>) -> bool {
        self.slots.after(walls.start - 1).is_some_and(|slot| slot < walls.end)
    }

    /// Real seconds between the last chosen minute before the gap and the first one after it.
    fn wait_across(&self, gap: &Range<i64>) -> i64 {
        let nearest = |distance: &dyn Fn(i64) -> i64| self.within_hour.iter().map(|m| distance(*m)).min();
        let before = nearest(&|minute| (gap.start - 1 - minute).rem_euclid(HOUR) + 1);
        let after = nearest(&|minute| (minute - gap.end).rem_euclid(HOUR));
        before.unwrap_or(0) + after.unwrap_or(0)
    }
}

fn midnight(wall: i64) -> i64 {
    wall.div_euclid(DAY) * DAY
}

fn next_midnight(wall: i64) -> i64 {
    midnight(wall + DAY - 1)
}

/// Instants `starts..ends` under one offset, and the offset just before.
struct Stretch {
    starts: i64,
    ends: i64,
    offset: i64,
    offset_before: i64,
}

impl Stretch {
    fn around(instant: i64, zone: &TimeZone) -> Option<Self> {
        #[cfg(test)]
        tests::LOOKS.set(tests::LOOKS.get() + 1);
        let offset_at = |second: i64| {
            let timestamp = Timestamp::from_second(second).ok()?;
            Some(i64::from(zone.to_offset(timestamp).seconds()))
        };
        let here = Timestamp::from_second(instant).ok()?;
        let just_after = Timestamp::from_second(instant + 1).ok()?;
        let starts = zone.preceding(just_after).next().map_or(i64::MIN, |t| t.timestamp().as_second());
        let ends = zone.following(here).next().map_or(i64::MAX - SPREAD, |t| t.timestamp().as_second());
        let offset = offset_at(instant)?;
        let offset_before = starts.checked_sub(1).and_then(offset_at).unwrap_or(offset);
        Some(Self { starts, ends, offset, offset_before })
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use jiff::Timestamp;

    use crate::cron::{Crontab, zone};

    thread_local! {
        /// How many stretches were looked at: the steps of a search, whatever the machine's speed.
        pub(super) static LOOKS: Cell<u32> = const { Cell::new(0) };
    }

    fn looks<T>(search: impl FnOnce() -> T) -> (T, u32) {
        LOOKS.set(0);
        (search(), LOOKS.get())
    }

    /// Decades of changes of the clock lie between these runs; the search jumps over them.
    #[test]
    fn a_search_takes_a_handful_of_steps_however_rare_the_date() {
        let start: Timestamp = "2026-11-20T15:04:05Z".parse().unwrap();
        let texts = ["* * * * *", "30 2 * * *", "0 0 1 1 *", "0 0 29 2 *", "0 0 29 2 */7", "0 0 31 12 */6"];
        for name in ["UTC", "Europe/Berlin", "Australia/Lord_Howe", "Africa/Casablanca", "Pacific/Apia"] {
            let zone = zone(name).unwrap();
            for text in texts {
                let crontab: Crontab = text.parse().unwrap();
                let (next, steps) = looks(|| crontab.next_after(start, &zone));
                assert!(next.is_some() && steps <= 6, "{text} in {name}: {next:?} after {steps} steps");
                let (previous, steps) =
                    looks(|| crontab.previous_at_or_before(start, Timestamp::UNIX_EPOCH, &zone));
                assert!(
                    previous.is_some() && steps <= 6,
                    "{text} in {name}: {previous:?} after {steps} steps back"
                );
            }
        }
    }

    /// Catch-up asks for the latest run of a month of absence, not for all of them.
    #[test]
    fn looking_back_does_not_count_runs() {
        let berlin = zone("Europe/Berlin").unwrap();
        let every_minute: Crontab = "* * * * *".parse().unwrap();
        let (from, to) = ("2026-10-20T00:00:00Z".parse().unwrap(), "2026-11-20T15:04:05Z".parse().unwrap());
        let (latest, steps) = looks(|| every_minute.previous_at_or_before(to, from, &berlin));
        assert_eq!(latest, Some("2026-11-20T15:04:00Z".parse().unwrap()));
        assert_eq!(steps, 1);
    }
}
