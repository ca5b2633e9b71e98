//! What restic prints, line by line: status, summaries, errors, and plain text between them.
//!
//! Knows the messages of 0.14 to 0.19 and that any line may be none of them. Decides nothing: what an end means is
//! `exit`'s.

use serde::Deserialize;
use wire::job::{LogStream, Progress};

/// So many unreadable items are named; the rest is counted.
pub const NAMED_ITEMS: usize = 100;
/// The end of what restic said in plain text, for versions that say why they failed only there.
const TAIL_LINES: usize = 20;

/// One line, understood.
#[derive(Clone, Debug, PartialEq)]
pub enum Line {
    /// Not for the log.
    Status(Status),
    Summary(Summary),
    /// One item could not be read.
    Item {
        item: String,
        during: String,
        message: String,
    },
    ExitError {
        code: i64,
        message: String,
    },
    Initialized {
        id: String,
    },
    /// A wanted path that is not there.
    Missing {
        path: String,
    },
    Text,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Status {
    pub percent_done: f64,
    pub total_files: u64,
    pub files_done: u64,
    pub total_bytes: u64,
    pub bytes_done: u64,
    pub error_count: u64,
    pub seconds_remaining: Option<u64>,
    pub current_files: Vec<String>,
}

impl Status {
    pub fn progress(self, bytes_per_s: u64) -> Progress {
        Progress {
            fraction: self.percent_done.clamp(0.0, 1.0),
            files_done: self.files_done,
            files_total: self.total_files,
            bytes_done: self.bytes_done,
            bytes_total: self.total_bytes,
            bytes_per_s,
            remaining_s: self.seconds_remaining,
            current: self.current_files,
            errors: self.error_count,
        }
    }
}

/// The end of a backup, as restic sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Summary {
    pub files_new: u64,
    pub files_changed: u64,
    pub files_unmodified: u64,
    pub data_added: u64,
    /// Since 0.17.
    pub data_added_packed: Option<u64>,
    pub total_files_processed: u64,
    pub total_bytes_processed: u64,
    /// RFC 3339, since 0.17. It is the snapshot's time.
    pub backup_start: Option<String>,
    /// 64 hex digits; eight before 0.17. Absent when no snapshot was made.
    pub snapshot_id: Option<String>,
}

#[derive(Deserialize)]
struct Message {
    #[serde(rename = "message_type")]
    kind: String,
    #[serde(default)]
    code: i64,
    #[serde(default, rename = "message")]
    text: String,
    #[serde(default)]
    item: String,
    #[serde(default)]
    during: String,
    #[serde(default)]
    id: String,
    #[serde(default)]
    error: serde_json::Value,
}

/// Understands one line, already stripped by [`clean`].
pub fn read(text: &str) -> Line {
    if text.starts_with('{') {
        return message(text).unwrap_or(Line::Text);
    }
    match text.strip_suffix(" does not exist, skipping") {
        Some(path) => Line::Missing { path: path.to_owned() },
        None => Line::Text,
    }
}

fn message(text: &str) -> Option<Line> {
    let message: Message = serde_json::from_str(text).ok()?;
    Some(match message.kind.as_str() {
        // With `action` it is what 0.14 calls verbose: news for the log.
        "status" if !text.contains("\"action\":") => Line::Status(serde_json::from_str(text).ok()?),
        "summary" => Line::Summary(serde_json::from_str(text).ok()?),
        "error" => Line::Item {
            item: message.item,
            during: message.during,
            message: why(&message.error, message.text),
        },
        "exit_error" => Line::ExitError { code: message.code, message: message.text },
        "initialized" => Line::Initialized { id: message.id },
        _ => Line::Text,
    })
}

/// 0.14 prints Go's error value as it happens to be, often `{}`.
fn why(error: &serde_json::Value, otherwise: String) -> String {
    error.get("message").and_then(serde_json::Value::as_str).map_or(otherwise, str::to_owned)
}

/// A line without the terminal's control codes and line ends.
pub fn clean(line: &str) -> &str {
    let mut text = line.trim_end_matches(['\n', '\r']);
    while let Some(rest) = text.strip_prefix("\u{1b}[2K").or_else(|| text.strip_prefix('\r')) {
        text = rest;
    }
    text.trim_end()
}

/// What one run of restic said, in what matters for its end.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Transcript {
    pub summary: Option<Summary>,
    pub exit_error: Option<(i64, String)>,
    pub initialized: Option<String>,
    pub missing: Vec<String>,
    /// Items that could not be archived, at most [`NAMED_ITEMS`], each once.
    pub unreadable: Vec<String>,
    pub unreadable_more: u64,
    /// `unable to remove snapshot/…`: what `forget` announced and then did not do.
    pub not_removed: u64,
    /// The last plain lines of standard error.
    pub tail: Vec<String>,
}

impl Transcript {
    pub fn take(&mut self, stream: LogStream, text: &str, line: &Line) {
        match line {
            Line::Summary(summary) => self.summary = Some(summary.clone()),
            Line::ExitError { code, message } => self.exit_error = Some((*code, message.clone())),
            Line::Initialized { id } => self.initialized = Some(id.clone()),
            Line::Missing { path } => self.missing.push(path.clone()),
            // What the scan could not read, archiving meets again; alone it changes nothing.
            Line::Item { item, during, .. } if during != "scan" => self.unreadable(item),
            Line::Text if stream == LogStream::Stderr => self.text(text),
            Line::Status(_) | Line::Item { .. } | Line::Text => {}
        }
    }

    fn unreadable(&mut self, item: &str) {
        if self.unreadable.len() < NAMED_ITEMS {
            if !self.unreadable.iter().any(|known| known == item) {
                self.unreadable.push(item.to_owned());
            }
        } else {
            self.unreadable_more += 1;
        }
    }

    fn text(&mut self, text: &str) {
        if text.starts_with("unable to remove snapshot/") {
            self.not_removed += 1;
        }
        if text.is_empty() {
            return;
        }
        if self.tail.len() == TAIL_LINES {
            self.tail.remove(0);
        }
        self.tail.push(text.to_owned());
    }

    /// Why restic says it failed: its own last word, or what it printed in plain text.
    pub fn complaint(&self) -> String {
        match &self.exit_error {
            Some((_, message)) => message.trim().to_owned(),
            None => self.tail.iter().filter(|line| !is_noise(line)).cloned().collect::<Vec<_>>().join("\n"),
        }
    }
}

/// Lines that say nothing about why it ended: retries on the way, and stack traces of 0.14.
fn is_noise(line: &str) -> bool {
    line.contains("returned error, retrying after")
        || line.starts_with("github.com/")
        || line.starts_with("runtime.")
        || line.starts_with('\t')
        || line.ends_with("signal terminated received, cleaning up")
        || line.starts_with("Warning: ")
        || line.starts_with("unable to open cache: ")
}

#[cfg(test)]
mod tests;
