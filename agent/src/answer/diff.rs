//! What is different between two snapshots: the changes as restic finds them, then how large what changed was and is,
//! then what it adds up to.

use std::{collections::HashMap, ops::ControlFlow, time::Duration};

use serde::Deserialize;
use wire::{
    action::OrderRefusalCode,
    question::{Change, ChangeKind, ChangeSize, DiffTotal, DiffTotals, Part},
};

use super::{
    Failed, Piece,
    hear::{Ear, Mouth, Pace, hear},
    is_id, json_bytes,
    split::Lines,
};
use crate::{restic::command::Query, run::Reading};

const PART_ITEMS: usize = 1_000;
const PART_BYTES: usize = 240 * 1024;
/// More are counted, and not told one by one.
const MOST_CHANGES: usize = 200_000;
/// Nor what is more than so many bytes of paths: they are held until their sizes are known.
const MOST_TOLD_BYTES: usize = 32 * 1024 * 1024;

pub async fn diff(reading: &Reading, older: &str, newer: &str, to: &Mouth) -> Result<(), Failed> {
    if !is_id(older) || !is_id(newer) {
        return Err(Failed::not_found("a snapshot is named by all 64 digits of its id"));
    }
    if older == newer {
        return Err(Failed::new(
            OrderRefusalCode::NotFound,
            "a snapshot is the same as itself",
            "Choose two different snapshots to compare.",
        ));
    }
    let mut changes = Changes::default();
    let query = Query::Diff { older, newer };
    hear(reading, query, &mut changes, to, &mut Pace::default()).await?;
    let mut out = Vec::new();
    changes.flush(&mut out);
    for (snapshot, side) in [(older, Side::Older), (newer, Side::Newer)] {
        to.all(&mut out).await?;
        if changes.told.values().any(|told| told.is_on(side)) {
            let mut sizes =
                Sizes { changes: &mut changes, side, lines: Lines::default(), pending: Vec::new() };
            let query = Query::Below { snapshot, path: b"/" };
            hear(reading, query, &mut sizes, to, &mut Pace::default()).await?;
            sizes.flush(&mut out);
        }
    }
    changes.gone(&mut out);
    to.all(&mut out).await?;
    to.tell(Part::Compared { totals: changes.totals }).await?;
    Ok(())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Older,
    Newer,
}

/// A change that was told.
struct Told {
    n: u64,
    kind: ChangeKind,
    before: Option<u64>,
}

impl Told {
    fn is_on(&self, side: Side) -> bool {
        match side {
            Side::Older => self.kind != ChangeKind::Added,
            Side::Newer => self.kind != ChangeKind::Removed,
        }
    }
}

#[derive(Default)]
struct Changes {
    lines: Lines,
    pending: Vec<Change>,
    pending_bytes: usize,
    /// By path, without a directory's last slash.
    told: HashMap<String, Told>,
    told_bytes: usize,
    next: u64,
    totals: DiffTotals,
}

/// One line of `diff --json`.
#[derive(Deserialize)]
struct Line {
    message_type: String,
    #[serde(default)]
    path: String,
    #[serde(default)]
    modifier: String,
}

/// restic writes one letter or several: what weighs most is told.
fn change_kind(modifier: &str) -> Option<ChangeKind> {
    const LETTERS: [(char, ChangeKind); 6] = [
        ('+', ChangeKind::Added),
        ('-', ChangeKind::Removed),
        ('T', ChangeKind::Type),
        ('M', ChangeKind::Changed),
        // The content differs and the times do not: perhaps the disk's own doing.
        ('?', ChangeKind::Changed),
        ('U', ChangeKind::Metadata),
    ];
    LETTERS.iter().find(|(letter, _)| modifier.contains(*letter)).map(|(_, kind)| *kind)
}

impl Changes {
    fn total(&mut self, kind: ChangeKind) -> &mut DiffTotal {
        match kind {
            ChangeKind::Added => &mut self.totals.added,
            ChangeKind::Removed => &mut self.totals.removed,
            ChangeKind::Changed | ChangeKind::Type => &mut self.totals.changed,
            ChangeKind::Metadata => &mut self.totals.metadata,
        }
    }

    fn add(&mut self, path: String, kind: ChangeKind, out: &mut Vec<Piece>) {
        self.total(kind).items += 1;
        if self.next >= MOST_CHANGES as u64 || self.told_bytes + path.len() > MOST_TOLD_BYTES {
            self.totals.untold += 1;
            return;
        }
        let bytes = 60 + json_bytes(&path);
        if self.pending.len() >= PART_ITEMS || self.pending_bytes + bytes > PART_BYTES {
            self.flush(out);
        }
        self.pending_bytes += bytes;
        self.told_bytes += path.len();
        let plain = path.strip_suffix('/').unwrap_or(&path).to_owned();
        self.told.insert(plain, Told { n: self.next, kind, before: None });
        self.next += 1;
        self.pending.push(Change { path, change: kind });
    }

    fn flush(&mut self, out: &mut Vec<Piece>) {
        self.pending_bytes = 0;
        let changes = std::mem::take(&mut self.pending);
        if !changes.is_empty() {
            out.push(Piece::part(Part::Changes { changes }));
        }
    }

    /// The sizes of what is only in the older one, or was a file there alone.
    fn gone(&mut self, out: &mut Vec<Piece>) {
        let left = self.told.values().filter(|told| told.before.is_some());
        let mut sizes: Vec<ChangeSize> =
            left.map(|told| ChangeSize { n: told.n, before: told.before, after: None }).collect();
        sizes.sort_by_key(|size| size.n);
        self.totals.removed.bytes = self
            .told
            .values()
            .filter(|told| told.kind == ChangeKind::Removed)
            .filter_map(|told| told.before)
            .sum();
        let parts = sizes.chunks(PART_ITEMS).map(|sizes| Part::Sizes { sizes: sizes.to_vec() });
        out.extend(parts.map(Piece::part));
    }
}

impl Ear for Changes {
    fn take(&mut self, bytes: &[u8], _: Duration, out: &mut Vec<Piece>) -> Result<ControlFlow<()>, Failed> {
        let mut found = Vec::new();
        self.lines.feed(bytes, |line| {
            if let Ok(line) = serde_json::from_slice::<Line>(line)
                && line.message_type == "change"
                && let Some(kind) = change_kind(&line.modifier)
            {
                found.push((line.path, kind));
            }
        })?;
        for (path, kind) in found {
            self.add(path, kind, out);
        }
        Ok(ControlFlow::Continue(()))
    }
}

/// Looks up what changed in the list of a snapshot.
struct Sizes<'a> {
    changes: &'a mut Changes,
    side: Side,
    lines: Lines,
    pending: Vec<ChangeSize>,
}

#[derive(Deserialize)]
struct Listed {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    path: String,
    #[serde(default)]
    size: u64,
}

impl Sizes<'_> {
    fn file(&mut self, path: &str, size: u64, out: &mut Vec<Piece>) {
        let Some(told) = self.changes.told.get_mut(path).filter(|told| told.is_on(self.side)) else { return };
        if self.side == Side::Older {
            told.before = Some(size);
            return;
        }
        let (n, before, kind) = (told.n, told.before.take(), told.kind);
        self.changes.total(kind).bytes += size;
        self.pending.push(ChangeSize { n, before, after: Some(size) });
        if self.pending.len() >= PART_ITEMS {
            self.flush(out);
        }
    }

    fn flush(&mut self, out: &mut Vec<Piece>) {
        let sizes = std::mem::take(&mut self.pending);
        if !sizes.is_empty() {
            out.push(Piece::part(Part::Sizes { sizes }));
        }
    }
}

impl Ear for Sizes<'_> {
    fn take(&mut self, bytes: &[u8], _: Duration, out: &mut Vec<Piece>) -> Result<ControlFlow<()>, Failed> {
        let mut found = Vec::new();
        self.lines.feed(bytes, |line| {
            if let Ok(listed) = serde_json::from_slice::<Listed>(line)
                && listed.kind == "file"
            {
                found.push((listed.path, listed.size));
            }
        })?;
        for (path, size) in found {
            self.file(&path, size, out);
        }
        Ok(ControlFlow::Continue(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIFF: &str = r#"{"message_type":"change","path":"/src/","modifier":"U"}
{"message_type":"change","path":"/src/new","modifier":"+"}
{"message_type":"change","path":"/src/old","modifier":"-"}
{"message_type":"change","path":"/src/grew","modifier":"MU"}
{"message_type":"change","path":"/src/link/","modifier":"TU"}
{"message_type":"statistics","source_snapshot":"a","added":{"files":1}}
"#;

    fn listed(files: &[(&str, u64)]) -> String {
        let line = |(path, size): &(&str, u64)| {
            format!("{{\"type\":\"file\",\"path\":\"{path}\",\"size\":{size}}}\n")
        };
        "{\"struct_type\":\"snapshot\"}\n{\"type\":\"dir\",\"path\":\"/src\"}\n".to_owned()
            + &files.iter().map(line).collect::<String>()
    }

    #[test]
    fn changes_are_sized_and_added_up() {
        let (mut changes, mut out) = (Changes::default(), Vec::new());
        for piece in DIFF.as_bytes().chunks(7) {
            assert!(changes.take(piece, Duration::ZERO, &mut out).unwrap().is_continue());
        }
        changes.flush(&mut out);
        let change = |path: &str, change| Change { path: path.to_owned(), change };
        let expected = vec![
            change("/src/", ChangeKind::Metadata),
            change("/src/new", ChangeKind::Added),
            change("/src/old", ChangeKind::Removed),
            change("/src/grew", ChangeKind::Changed),
            change("/src/link/", ChangeKind::Type),
        ];
        assert_eq!(out, [Piece::part(Part::Changes { changes: expected })]);
        out.clear();
        for (side, files) in [
            (Side::Older, listed(&[("/src/old", 5), ("/src/grew", 2), ("/src/link", 1), ("/src/same", 9)])),
            (Side::Newer, listed(&[("/src/new", 7), ("/src/grew", 3), ("/src/same", 9), ("/src/old", 99)])),
        ] {
            let mut sizes =
                Sizes { changes: &mut changes, side, lines: Lines::default(), pending: Vec::new() };
            for piece in files.as_bytes().chunks(11) {
                assert!(sizes.take(piece, Duration::ZERO, &mut out).unwrap().is_continue());
            }
            sizes.flush(&mut out);
        }
        changes.gone(&mut out);
        let size = |n, before, after| ChangeSize { n, before, after };
        assert_eq!(
            out,
            [
                Piece::part(Part::Sizes { sizes: vec![size(1, None, Some(7)), size(3, Some(2), Some(3))] }),
                Piece::part(Part::Sizes { sizes: vec![size(2, Some(5), None), size(4, Some(1), None)] }),
            ]
        );
        let total = |items, bytes| DiffTotal { items, bytes };
        assert_eq!(
            changes.totals,
            DiffTotals {
                added: total(1, 7),
                removed: total(1, 5),
                changed: total(2, 3),
                metadata: total(1, 0),
                untold: 0
            }
        );
    }

    #[test]
    fn what_is_too_much_is_counted() {
        let (mut changes, mut out) = (Changes::default(), Vec::new());
        let long = "\u{1}".repeat(1_000);
        for n in 0..MOST_CHANGES + 3 {
            let path = if n < 500 { format!("/{long}{n}") } else { format!("/{n}") };
            changes.add(path, ChangeKind::Added, &mut out);
        }
        changes.flush(&mut out);
        assert_eq!((changes.totals.untold, changes.totals.added.items), (3, MOST_CHANGES as u64 + 3));
        let mut told = 0;
        for piece in &out {
            let Piece::Line(line) = piece else { panic!("{piece:?}") };
            assert!(serde_json::to_vec(line).unwrap().len() < 256 * 1024);
            if let wire::question::AnswerLine::Part(Part::Changes { changes }) = line {
                told += changes.len();
            }
        }
        assert_eq!(told, MOST_CHANGES);
    }

    #[test]
    fn long_paths_do_not_fill_the_memory() {
        let (mut changes, mut out) = (Changes::default(), Vec::new());
        let long = "x".repeat(4_000);
        for n in 0..10_000 {
            changes.add(format!("/{long}{n:05}"), ChangeKind::Added, &mut out);
            out.clear();
        }
        assert!(changes.told.keys().map(String::len).sum::<usize>() <= MOST_TOLD_BYTES);
        assert_eq!((changes.next + changes.totals.untold, changes.totals.added.items), (10_000, 10_000));
    }
}
