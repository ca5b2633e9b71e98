//! Text to sets: lists, ranges, steps, names and nicknames.
//!
//! Knows: the grammar of crontab(5), and no extension of it. What other schedulers add (`?`, `L`, `W`, `#`, `~`, wrapped
//! ranges, `5/15`, seconds) is refused with the crontab way to write it, because Vixie's relatives disagree about it.
//! Must not know: dates, clocks, zones.

use super::CronError;
use super::calendar::Fields;
use super::error::clipped;
use super::field::Field;

/// Every value of every field listed one by one fits in half of this.
const MAX_BYTES: usize = 1024;

const NICKNAMES: [(&str, [&str; 5]); 7] = [
    ("@yearly", ["0", "0", "1", "1", "*"]),
    ("@annually", ["0", "0", "1", "1", "*"]),
    ("@monthly", ["0", "0", "1", "*", "*"]),
    ("@weekly", ["0", "0", "*", "*", "0"]),
    ("@daily", ["0", "0", "*", "*", "*"]),
    ("@midnight", ["0", "0", "*", "*", "*"]),
    ("@hourly", ["0", "*", "*", "*", "*"]),
];

/// The text with single blanks, and the sets it stands for.
pub(super) fn crontab(text: &str) -> Result<(String, Fields), CronError> {
    if text.len() > MAX_BYTES {
        return Err(CronError::TooLong { length: text.len(), limit: MAX_BYTES });
    }
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let normalised = words.join(" ");
    let five = match words[..] {
        [nickname] if nickname.starts_with('@') => expand(nickname)?,
        [minute, hour, day, month, weekday] => [minute, hour, day, month, weekday],
        _ => return Err(wrong_count(&normalised, words.len())),
    };
    let fields = fields(five)?;
    Ok((normalised, fields))
}

fn fields(words: [&str; 5]) -> Result<Fields, CronError> {
    let [minute, hour, day, month, weekday] = words;
    let weekdays = list(Field::DayOfWeek, weekday)?;
    let fields = Fields {
        minutes: list(Field::Minute, minute)?,
        hours: list(Field::Hour, hour)?,
        days: list(Field::DayOfMonth, day)?,
        months: list(Field::Month, month)?,
        // 7 is Sunday, which is 0.
        weekdays: (weekdays | weekdays >> 7) & 0x7f,
        days_restrict: !day.starts_with('*'),
        weekdays_restrict: !weekday.starts_with('*'),
    };
    if fields.ever_happens() {
        Ok(fields)
    } else {
        Err(CronError::NeverHappens { days: clipped(day), months: clipped(month) })
    }
}

fn expand(nickname: &str) -> Result<[&'static str; 5], CronError> {
    if let Some((_, five)) = NICKNAMES.iter().find(|(name, _)| *name == nickname) {
        return Ok(*five);
    }
    let (problem, instead) = if nickname == "@reboot" {
        (
            "is not a time",
            "write a time such as @daily: what was missed while the machine was off is caught up after it starts",
        )
    } else {
        (
            "is not a crontab nickname",
            "write @hourly, @daily, @midnight, @weekly, @monthly, @yearly or @annually, or five fields",
        )
    };
    Err(CronError::Nickname {
        text: clipped(nickname),
        problem: problem.to_owned(),
        instead: instead.to_owned(),
    })
}

fn wrong_count(text: &str, found: usize) -> CronError {
    let instead = match found {
        0..5 => {
            "write all five, with * where any value will do, for example \"0 2 * * *\" for two in the morning"
        }
        _ => "write only those five: no seconds, no year, no user and no command",
    };
    CronError::FieldCount { text: clipped(text), found, instead: instead.to_owned() }
}

/// A field: items between commas, as a set of bits.
fn list(field: Field, text: &str) -> Result<u64, CronError> {
    text.split(',').try_fold(0, |set, part| Ok(set | item(field, part, text)?))
}

/// `*`, `n`, `a-b`, or the first or last of these with `/step`.
fn item(field: Field, text: &str, whole: &str) -> Result<u64, CronError> {
    if text.is_empty() {
        let instead = format!("{} between the commas", field.expected());
        return Err(refuse(field, whole, "has an empty item in its list", instead));
    }
    let (range, step) = match text.split_once('/') {
        Some((range, step)) => (range, Some(step_size(field, step, text)?)),
        None => (text, None),
    };
    let (first, last) = match (range.split_once('-'), range) {
        (None, "*") => field.bounds(),
        (Some((first, last)), _) => bounds(field, text, first, last)?,
        (None, _) => {
            let only = value(field, range, text)?;
            if let Some(step) = step {
                let instead = format!("write {only}-{}/{step}", only.max(upper(field)));
                return Err(refuse(field, text, "has a step without a range", instead));
            }
            (only, only)
        }
    };
    Ok((first..=last).step_by(step.unwrap_or(1)).fold(0, |set, n| set | 1 << n))
}

/// The bound a person means by "to the end": Saturday, not the second Sunday.
fn upper(field: Field) -> u32 {
    match field {
        Field::DayOfWeek => 6,
        other => other.bounds().1,
    }
}

fn bounds(field: Field, text: &str, first: &str, last: &str) -> Result<(u32, u32), CronError> {
    let (a, b) = (value(field, first, text)?, value(field, last, text)?);
    if a <= b {
        return Ok((a, b));
    }
    let instead = match (field, b) {
        (Field::DayOfWeek, 0) => format!("write {a}-7 (7 is Sunday too)"),
        _ => format!("write two ranges: {a}-{},{}-{b}", upper(field), field.bounds().0),
    };
    Err(refuse(field, text, "runs backwards", instead))
}

fn value(field: Field, text: &str, whole: &str) -> Result<u32, CronError> {
    let (low, high) = field.bounds();
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        return match text.parse() {
            Ok(n) if (low..=high).contains(&n) => Ok(n),
            _ => Err(refuse(field, whole, "is out of range", field.expected().to_owned())),
        };
    }
    field.named(text).ok_or_else(|| unreadable(field, text, whole))
}

fn step_size(field: Field, text: &str, whole: &str) -> Result<usize, CronError> {
    let digits = !text.is_empty() && text.len() <= 4 && text.bytes().all(|b| b.is_ascii_digit());
    match text.parse() {
        Ok(n) if digits && n > 0 => Ok(n),
        _ => {
            let instead = "write a whole number from 1 after the slash, for example */2".to_owned();
            Err(refuse(field, whole, "has no usable step", instead))
        }
    }
}

/// Neither number nor name: say what it probably was meant to be.
fn unreadable(field: Field, text: &str, whole: &str) -> CronError {
    let other_scheduler = "uses a sign of other schedulers that crontab does not have";
    let expected = field.expected();
    if let Some(short) = field.short_name_of(text) {
        return refuse(field, whole, "has a name that is not three letters", format!("write {short}"));
    }
    if text.contains('?') {
        return refuse(field, whole, other_scheduler, "write * for any value".to_owned());
    }
    if text.contains('~') {
        let instead = format!("{expected}; to spread runs, set the schedule's jitter");
        return refuse(field, whole, other_scheduler, instead);
    }
    let shouted = text.to_ascii_uppercase();
    if matches!(field, Field::DayOfMonth | Field::DayOfWeek) && shouted.contains(['L', 'W', '#']) {
        return refuse(field, whole, other_scheduler, expected.to_owned());
    }
    let problem = if text.is_empty() {
        "has a range with an open end"
    } else if text.contains('*') {
        "has a * that does not stand alone"
    } else if matches!(field, Field::Month | Field::DayOfWeek) {
        "is neither a number nor a name"
    } else {
        "is not a number"
    };
    refuse(field, whole, problem, expected.to_owned())
}

fn refuse(field: Field, text: &str, problem: &str, instead: String) -> CronError {
    CronError::Field { field, text: clipped(text), problem: problem.to_owned(), instead }
}
