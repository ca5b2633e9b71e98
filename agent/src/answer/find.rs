//! Names in all snapshots that this host made, told snapshot by snapshot.

use std::{ops::ControlFlow, time::Duration};

use serde::Deserialize;
use wire::{
    action::OrderRefusalCode,
    id::{GroupName, UnixMs},
    question::{Hit, Part},
};

use super::{
    Failed, Piece,
    hear::{Ear, Mouth, Pace, hear},
    json_bytes,
    split::{Cut, Splitter},
    tree::kind,
};
use crate::{restic::command::Query, run::Reading};

const PART_HITS: usize = 1_000;
const PART_BYTES: usize = 240 * 1024;
/// Nobody looks through more.
const MOST_HITS: usize = 10_000;
/// Of a pattern: the longest path.
const LONGEST_PATTERN: usize = 4_096;

pub async fn find(
    reading: &Reading,
    (pattern, ignore_case): (&str, bool),
    group: Option<&GroupName>,
    to: &Mouth,
) -> Result<(), Failed> {
    if pattern.trim().is_empty() || pattern.len() > LONGEST_PATTERN || pattern.contains('\0') {
        return Err(Failed::new(
            OrderRefusalCode::NotFound,
            "there is nothing to look for",
            "Name a part of a file's name, or a pattern such as *.pdf.",
        ));
    }
    let pattern = restic_pattern(pattern);
    if !is_pattern(&pattern) {
        return Err(Failed::new(
            OrderRefusalCode::NotFound,
            format!("`{pattern}` is no pattern: a [ has no end, or there is nothing within it"),
            "Close it with ], or write \\[ where the name itself has it.",
        ));
    }
    let mut hits = Hits::new();
    let query = Query::Find { pattern: &pattern, ignore_case, host: &reading.hostname, group };
    let ended = hear(reading, query, &mut hits, to, &mut Pace::default()).await?;
    if !ended {
        return Err(Failed::new(
            OrderRefusalCode::Unavailable,
            format!("there are more than {MOST_HITS} hits; the others are not shown"),
            "Look for a longer part of the name, or in one group alone.",
        ));
    }
    // Where no snapshot has any, some versions print an empty list and others nothing.
    if hits.splitter.is_whole() { Ok(()) } else { Err(Failed::unreadable("the hits came to no end")) }
}

/// restic holds a pattern against whole names: a text without any is looked for within them.
fn restic_pattern(text: &str) -> String {
    if text.contains(['*', '?', '[']) || text.starts_with('/') {
        return text.to_owned();
    }
    // To Go's `filepath.Match` a backslash says that the next character is meant as it is.
    format!("*{}*", text.replace('\\', "\\\\"))
}

/// Whether restic, which holds each name on the way against Go's `filepath.Match`, can read it: where it cannot, it dies.
fn is_pattern(pattern: &str) -> bool {
    pattern.split('/').all(|part| {
        let mut rest = part.chars();
        while let Some(c) = rest.next() {
            let reads = match c {
                '\\' => rest.next().is_some(),
                '[' => is_class(&mut rest),
                _ => true,
            };
            if !reads {
                return false;
            }
        }
        true
    })
}

/// What follows a `[`, up to its end: single characters and ranges of two, one at least.
fn is_class(rest: &mut std::str::Chars<'_>) -> bool {
    fn one(rest: &mut std::str::Chars<'_>) -> bool {
        match rest.next() {
            None | Some('-' | ']') => false,
            Some('\\') => rest.next().is_some(),
            Some(_) => true,
        }
    }
    let is_next = |rest: &std::str::Chars<'_>, c| rest.as_str().starts_with(c);
    if is_next(rest, '^') {
        rest.next();
    }
    loop {
        if !one(rest) {
            return false;
        }
        if is_next(rest, '-') {
            rest.next();
            if !one(rest) {
                return false;
            }
        }
        if is_next(rest, ']') {
            rest.next();
            return true;
        }
    }
}

#[derive(Deserialize)]
struct Match {
    path: String,
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    size: Option<u64>,
    #[serde(default)]
    mtime: Option<jiff::Timestamp>,
}

#[derive(Deserialize)]
struct Around {
    snapshot: String,
}

struct Hits {
    splitter: Splitter,
    /// Of the snapshot that restic is at: it names it after them.
    pending: Vec<Hit>,
    told: usize,
    too_many: bool,
}

impl Hits {
    const fn new() -> Self {
        Self { splitter: Splitter::new(3), pending: Vec::new(), told: 0, too_many: false }
    }

    fn snapshot(&mut self, id: &str, out: &mut Vec<Piece>) {
        let (mut hits, mut bytes) = (Vec::new(), 0);
        let mut tell = |hits: &mut Vec<Hit>| {
            let hits = std::mem::take(hits);
            out.push(Piece::part(Part::Hits { snapshot: id.to_owned(), hits }));
        };
        for hit in self.pending.drain(..) {
            let size = 100 + json_bytes(&hit.path);
            if hits.len() >= PART_HITS || bytes + size > PART_BYTES {
                bytes = 0;
                tell(&mut hits);
            }
            bytes += size;
            hits.push(hit);
            self.told += 1;
        }
        if !hits.is_empty() {
            tell(&mut hits);
        }
    }
}

impl Ear for Hits {
    fn take(&mut self, bytes: &[u8], _: Duration, out: &mut Vec<Piece>) -> Result<ControlFlow<()>, Failed> {
        enum Seen {
            Hit(Match),
            Snapshot(String),
        }
        let (mut seen, mut failed) = (Vec::new(), None);
        self.splitter.feed(bytes, |cut| {
            let read = match cut {
                Cut::Element(bytes) => serde_json::from_slice(bytes).map(Seen::Hit),
                Cut::Around(bytes) => {
                    serde_json::from_slice::<Around>(bytes).map(|around| Seen::Snapshot(around.snapshot))
                }
            };
            match read {
                Ok(it) => seen.push(it),
                Err(error) => failed = Some(Failed::unreadable(error)),
            }
        })?;
        if let Some(failed) = failed {
            return Err(failed);
        }
        for it in seen {
            match it {
                Seen::Hit(_) if self.told + self.pending.len() >= MOST_HITS => self.too_many = true,
                Seen::Hit(Match { path, kind: word, size, mtime }) => {
                    let kind = kind(&word);
                    let mtime = mtime.map_or(UnixMs(0), UnixMs::from);
                    self.pending.push(Hit { path, kind, size: size.filter(|_| word == "file"), mtime });
                }
                Seen::Snapshot(id) => {
                    self.snapshot(&id, out);
                    if self.too_many {
                        return Ok(ControlFlow::Break(()));
                    }
                }
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use wire::question::{AnswerLine, NodeKind};

    use super::*;

    fn told(text: &str, piece: usize) -> (Vec<(String, Vec<Hit>)>, bool) {
        let (mut hits, mut out, mut cut) = (Hits::new(), Vec::new(), false);
        for piece in text.as_bytes().chunks(piece) {
            if hits.take(piece, Duration::ZERO, &mut out).unwrap().is_break() {
                cut = true;
                break;
            }
        }
        let parts = out.into_iter().map(|piece| match piece {
            Piece::Line(AnswerLine::Part(Part::Hits { snapshot, hits })) => (snapshot, hits),
            other => panic!("{other:?}"),
        });
        (parts.collect(), cut)
    }

    #[test]
    fn hits_are_told_as_snapshots_are_searched() {
        let text = r#"[{"matches":[{"path":"/a/caf\ufffd","permissions":"-rw","type":"file","mtime":"2026-11-20T13:24:45Z","size":3,"links":1},{"path":"/a","type":"dir"}],"hits":2,"snapshot":"s1"},{"matches":[{"path":"/a","type":"dir"}],"hits":1,"snapshot":"s2"}]"#;
        for piece in [1, 10, 4096] {
            let (parts, cut) = told(text, piece);
            assert_eq!(
                parts.iter().map(|(id, hits)| (id.as_str(), hits.len())).collect::<Vec<_>>(),
                [("s1", 2), ("s2", 1)]
            );
            let first = &parts[0].1[0];
            assert_eq!(
                (first.path.as_str(), first.kind, first.size),
                ("/a/caf\u{fffd}", NodeKind::File, Some(3))
            );
            assert!(!cut);
        }
        assert!(told("[]\n", 2).0.is_empty());
    }

    #[test]
    fn very_many_hits_come_in_bounded_parts_and_have_an_end() {
        let mut text = "[{\"matches\":[".to_owned();
        for n in 0..MOST_HITS + 5 {
            let comma = if n == 0 { "" } else { "," };
            write!(text, r#"{comma}{{"path":"/{n}{}","type":"file"}}"#, "x".repeat(300)).unwrap();
        }
        text.push_str("],\"hits\":10005,\"snapshot\":\"s1\"},{\"matches\":[]");
        let (parts, cut) = told(&text, 4096);
        assert!(cut && parts.iter().all(|(id, _)| id == "s1"));
        assert_eq!(parts.iter().map(|(_, hits)| hits.len()).sum::<usize>(), MOST_HITS);
        assert!(parts.iter().all(|(_, hits)| serde_json::to_vec(hits).unwrap().len() < 250 * 1024));
    }

    #[test]
    fn what_restic_would_die_of_is_no_pattern() {
        for good in ["*letter*", "[a-c]x", "[^a]", "\\[", "[\\]]", "[ab]/*", "/home/x", "[[]", "a]"] {
            assert!(is_pattern(good), "{good}");
        }
        for bad in ["[", "x[ab", "[]", "[]a]", "[-a]", "[a-]", "[a/b]", "x\\", "[a\\"] {
            assert!(!is_pattern(bad), "{bad}");
        }
    }

    #[test]
    fn a_text_is_looked_for_within_names_and_a_pattern_is_restics() {
        for (text, pattern) in [
            ("letter", "*letter*"),
            ("-x", "*-x*"),
            ("a\\b", "*a\\\\b*"),
            ("docs/f2", "*docs/f2*"),
            ("*.pdf", "*.pdf"),
            ("f?", "f?"),
            ("[ab]", "[ab]"),
            ("/home/ada", "/home/ada"),
        ] {
            assert_eq!(restic_pattern(text), pattern);
        }
    }
}
