//! What restic says in plain text alone, also with `--json`: how far it is, what a prune frees, what a copy brought
//! over, what a check found. The same lines in 0.14 to 0.19, but for small words.

use wire::job::LogStream;

use super::{NAMED_ITEMS, Status};

/// Gathered over one run, in what matters for its end.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Told {
    /// What a prune is about to free, to three digits behind restic's own unit.
    pub freed_bytes: Option<u64>,
    /// The new snapshots of a copy, by their first eight digits.
    pub copied: Vec<String>,
    /// Snapshots that were asked for and are not there.
    pub not_found: Vec<String>,
    /// What a check or a restore complains of, at most [`NAMED_ITEMS`].
    pub problems: Vec<String>,
    pub problems_more: u64,
}

impl Told {
    pub fn take(&mut self, stream: LogStream, text: &str) {
        if stream == LogStream::Stdout {
            if let Some(rest) = text.strip_prefix("total prune:") {
                self.freed_bytes = rest.split_once('/').and_then(|(_, size)| bytes(size));
            }
            if let Some(id) = saved(text) {
                self.copied.push(id.to_owned());
            }
            return;
        }
        if let Some(id) = text.strip_prefix("Ignoring \"").and_then(|rest| rest.split_once("\": no ")) {
            self.not_found.push(id.0.to_owned());
        } else {
            self.problem(text);
        }
    }

    pub fn problem_count(&self) -> u64 {
        u64::try_from(self.problems.len()).unwrap_or(u64::MAX).saturating_add(self.problems_more)
    }

    pub(super) fn problem(&mut self, text: &str) {
        if text.is_empty() || is_advice(text) {
            return;
        }
        // What is indented belongs to the line before: `error for tree 71c50de7:`, `  id 71c5… not found in repository`.
        if text.starts_with(' ') {
            if let Some(last) = self.problems.last_mut().filter(|_| self.problems_more == 0) {
                last.push(' ');
                last.push_str(text.trim_start());
            }
        } else if self.problems.len() < NAMED_ITEMS {
            self.problems.push(text.to_owned());
        } else {
            self.problems_more += 1;
        }
    }
}

/// What a check says besides what it found: what to do about it, that it stops, that it tries again.
fn is_advice(text: &str) -> bool {
    super::is_noise(text)
        || text.starts_with("Fatal: ")
        || text.starts_with("The repository ")
        || text.starts_with("restic repair ")
        || text.starts_with("Damaged pack files can be caused ")
        || text.starts_with('{')
}

/// `snapshot da5caeed saved`, since 0.19 with `, copied from source snapshot db82b150`.
fn saved(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("snapshot ")?;
    let (id, rest) = rest.split_once(' ')?;
    let is_id = id.len() == 8 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    (is_id && (rest == "saved" || rest.starts_with("saved, "))).then_some(id)
}

/// `2.862 MiB`, `730 B`.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "f64 to u64 saturates, and a size is not negative"
)]
fn bytes(text: &str) -> Option<u64> {
    let (number, unit) = text.trim().split_once(' ')?;
    let power = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"].iter().position(|known| *known == unit)?;
    let number: f64 = number.parse().ok().filter(|number: &f64| *number >= 0.0)?;
    Some((number * 1024_f64.powi(i32::try_from(power).ok()?)).round() as u64)
}

/// `[0:05] 83.33%  5 / 6 packs processed`: how far it is with what it does now. Before the whole is known there is no
/// fraction.
pub(super) fn progress(text: &str) -> Option<Status> {
    let (clock, rest) = text.strip_prefix('[')?.split_once("] ")?;
    let is_clock = clock.contains(':') && clock.bytes().all(|byte| byte.is_ascii_digit() || byte == b':');
    if !is_clock {
        return None;
    }
    let rest = rest.trim();
    let (percent_done, what) = match rest.split_once('%') {
        Some((percent, what)) => (percent.parse::<f64>().ok()? / 100.0, what.trim()),
        None if rest.starts_with(|c: char| c.is_ascii_digit()) => (0.0, rest),
        None => return None,
    };
    Some(Status { percent_done, current_files: vec![what.to_owned()], ..Status::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(stream: LogStream, lines: &[&str]) -> Told {
        let mut told = Told::default();
        for line in lines {
            told.take(stream, line);
        }
        told
    }

    #[test]
    fn a_prune_says_what_it_frees() {
        let freed = |line| told(LogStream::Stdout, &[line]).freed_bytes;
        assert_eq!(freed("total prune:           5 blobs / 2.862 MiB"), Some(3_001_025));
        assert_eq!(freed("total prune:           0 blobs / 0 B"), Some(0));
        assert_eq!(freed("total prune:           1 blobs / 1.500 GiB"), Some(1_610_612_736));
        assert_eq!(freed("this removes:          5 blobs / 2.862 MiB"), None);
        assert_eq!(freed("total prune:           5 blobs / lots"), None);
    }

    #[test]
    fn a_copy_says_what_it_brought_over() {
        let lines = [
            "snapshot b24fef60 of [/x/src] at 2026-11-20 18:45:15.414971474 +0000 UTC)",
            "  copy started, this may take a while...",
            "snapshot bec7c8a5 saved",
            "skipping source snapshot 6f762fe9, was already copied to snapshot da87d4f2",
            "snapshot 7ff671c1 saved, copied from source snapshot 2c1927f0",
        ];
        assert_eq!(told(LogStream::Stdout, &lines).copied, ["bec7c8a5", "7ff671c1"]);
        let ignored = ["Ignoring \"aaaaaaaa\": no matching ID found for prefix \"aaaaaaaa\""];
        assert_eq!(told(LogStream::Stderr, &ignored).not_found, ["aaaaaaaa"]);
    }

    #[test]
    fn a_check_names_its_problems_and_not_its_advice() {
        let lines = [
            "pack 1b41: does not exist",
            "error for tree 71c50de7:",
            "  id 71c5 not found in repository",
            "",
            "The repository is damaged and must be repaired. Please follow the troubleshooting guide at https://x .",
            "restic repair packs 1b41",
            "Damaged pack files can be caused by backend problems, hardware problems or bugs in restic.",
            "Load(<data/1b41>, 0, 0) returned error, retrying after 552ms: EOF",
            "Fatal: repository contains errors",
        ];
        let told = told(LogStream::Stderr, &lines);
        let expected =
            ["pack 1b41: does not exist", "error for tree 71c50de7: id 71c5 not found in repository"];
        assert_eq!((told.problems.as_slice(), told.problem_count()), (&expected.map(str::to_owned)[..], 2));
    }

    #[test]
    fn problems_without_end_are_counted() {
        let lines: Vec<String> = (0..250).map(|n| format!("pack {n}: does not exist")).collect();
        let told = told(LogStream::Stderr, &lines.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!((told.problems.len(), told.problem_count()), (NAMED_ITEMS, 250));
    }

    #[test]
    fn progress_in_text_is_no_news_for_the_log() {
        let at = |text| progress(text).map(|status| (status.percent_done, status.current_files.concat()));
        assert_eq!(at("[0:05] 25.00%  1 / 4 packs"), Some((0.25, "1 / 4 packs".to_owned())));
        assert_eq!(
            at("[1:02:05] 100.00%  2 / 2 files deleted"),
            Some((1.0, "2 / 2 files deleted".to_owned()))
        );
        assert_eq!(at("[0:00]          0 snapshots"), Some((0.0, "0 snapshots".to_owned())));
        for text in ["[x] 5%", "[0:00] done", "[1,2] 5% x", "done", "[{\"id\":1}]"] {
            assert_eq!(at(text), None, "{text}");
        }
    }
}
