//! What restic prints, line by line: status, summaries, errors, and plain text between them.
//!
//! Knows the messages of 0.14 to 0.19 and that any line may be none of them. Decides nothing: what an end means is
//! `exit`'s.

mod told;

use serde::Deserialize;
use wire::job::{ItemChange, LogStream, Progress};

pub use told::Told;

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
    /// A file or directory, as a dry run or a restore meets it. Not for the log.
    Entry(Entry),
    Text,
}

/// One thing that a backup would save, or that a restore wrote or left as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Bytes that are no UTF-8 are U+FFFD each. A directory ends with a slash.
    pub path: String,
    pub change: ItemChange,
    /// What the repository has not yet of a file's data: nothing of one whose content is there already. Of a restore,
    /// the file's size.
    pub new_bytes: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Status {
    pub percent_done: f64,
    pub total_files: u64,
    /// A restore's words for it are others.
    #[serde(alias = "files_restored")]
    pub files_done: u64,
    pub total_bytes: u64,
    #[serde(alias = "bytes_restored")]
    pub bytes_done: u64,
    pub error_count: u64,
    pub seconds_remaining: Option<u64>,
    pub current_files: Vec<String>,
}

impl Status {
    /// Whether both say the same of how far it is; the time that is left goes on by itself.
    pub fn is_where(&self, other: &Self) -> bool {
        let place = |of: &Self| Self { seconds_remaining: None, ..of.clone() };
        place(self) == place(other)
    }

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
    #[serde(default)]
    action: String,
    #[serde(default)]
    data_size: u64,
    /// Of a restore.
    #[serde(default)]
    size: u64,
}

/// Understands one line, already stripped by [`clean`].
pub fn read(text: &str) -> Line {
    if text.starts_with('{') {
        return message(text).unwrap_or(Line::Text);
    }
    if let Some(path) = text.strip_suffix(" does not exist, skipping") {
        return Line::Missing { path: path.to_owned() };
    }
    told::progress(text).map_or(Line::Text, Line::Status)
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
        "verbose_status" => change(&message.action).map_or(Line::Text, |change| {
            Line::Entry(Entry { path: message.item, change, new_bytes: message.data_size.max(message.size) })
        }),
        _ => Line::Text,
    })
}

fn change(action: &str) -> Option<ItemChange> {
    match action {
        "new" | "restored" => Some(ItemChange::New),
        "modified" | "updated" => Some(ItemChange::Changed),
        "unchanged" => Some(ItemChange::Unmodified),
        _ => None,
    }
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
    /// Of a restore: what did not come back whole, and why; at most [`NAMED_ITEMS`], each once.
    pub failed: Vec<(String, String)>,
    pub failed_more: u64,
    /// `unable to remove snapshot/…`: what `forget` announced and then did not do.
    pub not_removed: u64,
    /// What is said in plain text alone.
    pub told: Told,
    /// The last plain lines of standard error.
    pub tail: Vec<String>,
}

impl Transcript {
    pub fn take(&mut self, stream: LogStream, text: &str, line: &Line) {
        if *line == Line::Text {
            self.told.take(stream, text);
        }
        match line {
            Line::Summary(summary) => self.summary = Some(summary.clone()),
            Line::ExitError { code, message } => self.exit_error = Some((*code, message.clone())),
            Line::Initialized { id } => self.initialized = Some(id.clone()),
            Line::Missing { path } => self.missing.push(path.clone()),
            // What the scan could not read, archiving meets again; alone it changes nothing.
            Line::Item { item, during, message } if during == "restore" => {
                // A file may be called anything: what is wrong with it is read without its name.
                self.told.problem(&message.replace(item.as_str(), "…"));
                self.unreadable(item);
                self.failed(item, message);
            }
            Line::Item { item, during, .. } if during != "scan" => self.unreadable(item),
            Line::Text if stream == LogStream::Stderr => self.text(text),
            Line::Status(_) | Line::Item { .. } | Line::Entry(_) | Line::Text => {}
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

    fn failed(&mut self, item: &str, why: &str) {
        if self.failed.iter().any(|(known, _)| known == item) {
            return;
        }
        if self.failed.len() < NAMED_ITEMS {
            self.failed.push((item.to_owned(), why.to_owned()));
        } else {
            self.failed_more += 1;
        }
    }

    fn text(&mut self, text: &str) {
        // What 0.14 says of a restore.
        if let Some((item, why)) =
            text.strip_prefix("ignoring error for ").and_then(|rest| rest.split_once(": "))
        {
            self.failed(item, why);
        }
        if text.starts_with("unable to remove snapshot/") {
            self.not_removed += 1;
        }
        // A stack trace of 0.14 is longer than the tail, and what it is of stands before it.
        if text.is_empty() || is_trace(text) {
            return;
        }
        if self.tail.len() == TAIL_LINES {
            self.tail.remove(0);
        }
        self.tail.push(text.to_owned());
    }

    /// restic prints a path as it is: of one with a line break in it only the last line was recognised. `wanted` are the
    /// paths that it was given.
    pub fn name_missing(&mut self, wanted: &[String]) {
        for path in &mut self.missing {
            let ends =
                |whole: &&String| whole.strip_suffix(path.as_str()).is_some_and(|head| head.ends_with('\n'));
            if !wanted.contains(path)
                && let Some(whole) = wanted.iter().find(ends)
            {
                path.clone_from(whole);
            }
        }
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
        || is_trace(line)
        || line.ends_with("signal terminated received, cleaning up")
        || line.starts_with("Warning: ")
        || line.starts_with("unable to open cache: ")
}

fn is_trace(line: &str) -> bool {
    ["\t", "github.com/", "golang.org/", "runtime.", "main."].iter().any(|start| line.starts_with(start))
}

#[cfg(test)]
mod tests;
