//! What is wrong with a crontab or a zone name, and what to write instead.
//!
//! Knows: wording. Must not know: how the fault was found.

use super::Field;

/// Every message names the place, the offending text, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CronError {
    #[error(
        "a crontab has five fields (minute, hour, day of month, month, day of week), but {text:?} has {found}; \
         {instead}"
    )]
    FieldCount { text: String, found: usize, instead: String },
    #[error("{field}: {text:?} {problem}; {instead}")]
    Field { field: Field, text: String, problem: String, instead: String },
    #[error("{text:?} {problem}; {instead}")]
    Nickname { text: String, problem: String, instead: String },
    #[error(
        "day of month {days:?} with month {months:?} never happens: no such date exists; write a day the month has \
         (at most 29 in February, 30 in April, June, September and November)"
    )]
    NeverHappens { days: String, months: String },
    #[error(
        "a crontab of {length} bytes is longer than {limit}; write ranges and steps instead of long lists"
    )]
    TooLong { length: usize, limit: usize },
    #[error("the time zone {name:?} is not in the IANA database; {instead}")]
    UnknownZone { name: String, instead: String },
}

/// Offending text as a message shows it: enough to recognise, never a screenful.
pub(super) fn clipped(text: &str) -> String {
    const SHOWN: usize = 48;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
