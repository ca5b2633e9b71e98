//! Text for terminals: columns, sizes, times. Pure: now is an argument.

use std::fmt::Write as _;

use wire::id::UnixMs;
pub use wire::quantity::{count, size};

/// Rows under a heading, columns as wide as their widest cell, the last one open.
pub fn columns(heading: &[&str], rows: &[Vec<String>]) -> String {
    // What restic or a hook said may have several lines, and would tear the table.
    let rows: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| one_line(cell)).collect()).collect();
    let mut widths: Vec<usize> = heading.iter().map(|cell| cell.chars().count()).collect();
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let mut text = String::new();
        for (cell, width) in cells.zip(&widths) {
            text.push_str(cell);
            text.extend(std::iter::repeat_n(' ', width - cell.chars().count() + 2));
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
        text
    };
    let mut text = line(&mut heading.iter().copied());
    for row in &rows {
        text.push_str(&line(&mut row.iter().map(String::as_str)));
    }
    text
}

/// The lines of a text side by side.
pub fn one_line(text: &str) -> String {
    if !text.contains(['\n', '\r', '\t']) {
        return text.to_owned();
    }
    let parts = text.split(['\n', '\r', '\t']).map(str::trim).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join(" ")
}

/// What happened and what to do about it, as sentences: messages end as restic or the system ended them.
pub fn sentences(message: &str, hint: &str) -> String {
    let message = one_line(message.trim_end());
    let end = if message.ends_with(['.', '!', '?', '…']) { "" } else { "." };
    match (message.is_empty(), hint.is_empty()) {
        (true, _) => hint.to_owned(),
        (false, true) => message,
        (false, false) => format!("{message}{end} {hint}"),
    }
}

/// `label   value` lines; a value of several lines is indented under the first.
pub fn facts(pairs: &[(&str, String)]) -> String {
    let width = pairs.iter().map(|(label, _)| label.len()).max().unwrap_or_default();
    let mut text = String::new();
    for (label, value) in pairs {
        for (n, line) in value.lines().enumerate() {
            let label = if n == 0 { label } else { "" };
            let _ = writeln!(text, "{label:width$}  {line}");
        }
    }
    text
}

/// `2026-11-20 15:04:05`, in the host's own zone.
pub fn time(at: UnixMs, zone: &jiff::tz::TimeZone) -> String {
    match at.timestamp() {
        Some(at) => at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string(),
        None => at.to_string(),
    }
}

/// `3 min ago`, `in 2 h`, `just now`.
pub fn relative(at: UnixMs, now: UnixMs) -> String {
    let ms = now.since(at);
    let span = span(ms.unsigned_abs());
    match ms {
        -999..=999 => "just now".to_owned(),
        1000.. => format!("{span} ago"),
        _ => format!("in {span}"),
    }
}

/// The two largest units that matter: `45 s`, `3 min`, `2 h 5 min`, `4 d`.
pub fn span(ms: u64) -> String {
    let seconds = ms / 1000;
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match seconds {
        0 => format!("{ms} ms"),
        1..60 => format!("{seconds} s"),
        60..3600 => format!("{minutes} min"),
        3600..86_400 if minutes % 60 > 0 => format!("{hours} h {} min", minutes % 60),
        3600..86_400 => format!("{hours} h"),
        _ => format!("{days} d"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_nothing_trails() {
        let rows = [
            vec!["a".to_owned(), "long one".to_owned(), String::new()],
            vec!["äöü".to_owned(), "x".to_owned(), "end".to_owned()],
        ];
        assert_eq!(
            columns(&["N", "WHAT", "WHY"], &rows),
            "N    WHAT      WHY\na    long one\näöü  x         end\n"
        );
        assert_eq!(
            facts(&[("a", "1\n2".to_owned()), ("long", "3".to_owned())]),
            "a     1\n      2\nlong  3\n"
        );
    }

    #[test]
    fn what_has_several_lines_stays_in_its_row() {
        let rows = [vec!["a".to_owned(), "Fatal: no space\n\tleft\r\n".to_owned()], vec!["b".to_owned()]];
        assert_eq!(columns(&["N", "WHY"], &rows), "N  WHY\na  Fatal: no space left\nb\n");
    }

    #[test]
    fn what_happened_and_what_to_do_are_sentences() {
        let said = [
            ("no space left on device", "Make room."),
            ("It is gone.\n", "Mount it."),
            ("line one\nline two", "Look at it."),
            ("alone", ""),
            ("", "Do it."),
        ];
        assert_eq!(
            said.map(|(message, hint)| sentences(message, hint)),
            [
                "no space left on device. Make room.",
                "It is gone. Mount it.",
                "line one line two. Look at it.",
                "alone",
                "Do it.",
            ]
        );
    }

    #[test]
    fn times_as_people_say_them() {
        let spans = [999, 59_000, 60_000, 3_600_000, 3_900_000, 90_000_000];
        assert_eq!(spans.map(span), ["999 ms", "59 s", "1 min", "1 h", "1 h 5 min", "1 d"]);
        assert_eq!(relative(UnixMs(0), UnixMs(61_000)), "1 min ago");
        assert_eq!(relative(UnixMs(61_000), UnixMs(0)), "in 1 min");
        assert_eq!(relative(UnixMs(0), UnixMs(500)), "just now");
    }
}
