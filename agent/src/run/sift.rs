//! What a dry run meets, added up while it comes: of a million files, the largest few are kept.
//!
//! restic says how much data of a file is new, not how large the file is: the file system is asked for that, as long as
//! it answers.

use std::{cmp::Reverse, collections::BinaryHeap, fs, sync::Arc, time::Duration};

use tokio::{
    sync::mpsc::{UnboundedSender, unbounded_channel},
    task::JoinHandle,
};
use wire::job::{DryRunItem, DryRunResult, ItemChange};

use super::{
    engine::Shared,
    looks::{Looks, Unseen},
    work::cleaned,
};
use crate::{restic::output::Entry, world::World};

const LARGEST: usize = 200;
/// The result has to fit into a record.
const TEXT_BYTES: usize = 48 * 1024;

/// For the sizes of a few files, on a disk that may have to wake first.
const LOOK: Duration = Duration::from_secs(30);

pub struct Sift {
    entries: UnboundedSender<Vec<Entry>>,
    sum: JoinHandle<Sifted>,
}

pub struct Sifted {
    pub result: DryRunResult,
    /// Why sizes were not asked for any more.
    pub unseen: Option<Unseen>,
}

impl Sift {
    /// `includes` as the group spells them.
    pub fn new(includes: &[String], shared: Arc<Shared>) -> Self {
        let (entries, mut incoming) = unbounded_channel::<Vec<Entry>>();
        let mut sum = Sum::new(includes);
        let sum = tokio::spawn(async move {
            let mut unseen = None;
            while let Some(entries) = incoming.recv().await {
                let sizes = sizes(&entries, &shared.looks, &shared.world, &mut unseen).await;
                for (entry, size) in entries.into_iter().zip(sizes) {
                    sum.add(entry, |_| size);
                }
            }
            Sifted { result: sum.result(), unseen }
        });
        Self { entries, sum }
    }

    pub fn take(&self, entries: Vec<Entry>) {
        if !entries.is_empty() {
            // The other end takes them until this one is dropped.
            let _ = self.entries.send(entries);
        }
    }

    /// Once everything was said. `None` when the task was lost.
    pub async fn result(self) -> Option<Sifted> {
        drop(self.entries);
        self.sum.await.ok()
    }
}

/// Of each entry, in their order. Once a look hung, no more are asked for: each would hang as long.
async fn sizes(
    entries: &[Entry],
    looks: &Looks,
    world: &World,
    unseen: &mut Option<Unseen>,
) -> Vec<Option<u64>> {
    if unseen.is_none() {
        let paths: Vec<String> = entries.iter().map(|entry| entry.path.clone()).collect();
        let asked = move |note: &dyn Fn(&str)| {
            let size = |path: &String| {
                note(path);
                size_of(path)
            };
            paths.iter().map(size).collect()
        };
        match looks.look(world, LOOK, &[], asked).await {
            Ok(sizes) => return sizes,
            Err(why) => *unseen = Some(why),
        }
    }
    vec![None; entries.len()]
}

/// `None` of one whose name restic could not spell, or that is gone by now.
fn size_of(path: &str) -> Option<u64> {
    if path.contains(char::REPLACEMENT_CHARACTER) {
        return None;
    }
    fs::symlink_metadata(path).ok().filter(fs::Metadata::is_file).map(|file| file.len())
}

struct Sum {
    includes: Vec<Include>,
    /// The smallest of the largest on top.
    largest: BinaryHeap<Reverse<(u64, String, Change)>>,
}

struct Include {
    item: DryRunItem,
    /// As restic spells it, and with a slash behind it.
    path: String,
    below: String,
    /// Whether restic said of the thing itself how it stands.
    is_told: bool,
    /// Files that are new, changed, unmodified.
    files: [u64; 3],
}

/// Ordered, for the heap.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Change(u8);

impl From<ItemChange> for Change {
    fn from(change: ItemChange) -> Self {
        Self(match change {
            ItemChange::New => 0,
            ItemChange::Changed => 1,
            ItemChange::Unmodified => 2,
        })
    }
}

impl From<Change> for ItemChange {
    fn from(change: Change) -> Self {
        match change.0 {
            0 => Self::New,
            1 => Self::Changed,
            _ => Self::Unmodified,
        }
    }
}

impl Sum {
    fn new(includes: &[String]) -> Self {
        let include = |path: &String| {
            let clean = cleaned(path);
            Include {
                item: DryRunItem { path: path.clone(), change: ItemChange::Unmodified, files: 0, bytes: 0 },
                below: format!("{}/", clean.trim_end_matches('/')),
                path: clean,
                is_told: false,
                files: [0; 3],
            }
        };
        Self { includes: includes.iter().map(include).collect(), largest: BinaryHeap::new() }
    }

    fn add(&mut self, entry: Entry, size_of: impl Fn(&str) -> Option<u64>) {
        let Entry { path, change, new_bytes } = entry;
        if let Some(directory) = path.strip_suffix('/') {
            for include in self.includes.iter_mut().filter(|it| it.path == directory) {
                (include.item.change, include.is_told) = (change, true);
            }
            return;
        }
        let bytes = size_of(&path).unwrap_or(new_bytes);
        for include in &mut self.includes {
            let itself = include.path == path;
            if itself || path.starts_with(&include.below) {
                include.item.files += 1;
                include.item.bytes += bytes;
                include.files[usize::from(Change::from(change).0)] += 1;
            }
            if itself {
                (include.item.change, include.is_told) = (change, true);
            }
        }
        let is_among = self.largest.len() < LARGEST
            || self.largest.peek().is_some_and(|Reverse((smallest, _, _))| bytes > *smallest);
        if is_among {
            self.largest.push(Reverse((bytes, path, change.into())));
            if self.largest.len() > LARGEST {
                self.largest.pop();
            }
        }
    }

    fn result(self) -> DryRunResult {
        let includes = self.includes.into_iter().map(Include::item).collect();
        let item = |Reverse((bytes, path, change)): Reverse<(u64, String, Change)>| DryRunItem {
            path,
            change: change.into(),
            files: 1,
            bytes,
        };
        let mut largest: Vec<DryRunItem> = self.largest.into_iter().map(item).collect();
        largest.sort_by(|one, other| (other.bytes, &one.path).cmp(&(one.bytes, &other.path)));
        DryRunResult { includes, largest, ..DryRunResult::default() }
    }
}

impl Include {
    /// Of a path such as `/`, restic says nothing itself: then what is below tells.
    fn item(mut self) -> DryRunItem {
        if !self.is_told {
            self.item.change = match self.files {
                [new, 0, 0] if new > 0 => ItemChange::New,
                [0, 0, _] => ItemChange::Unmodified,
                _ => ItemChange::Changed,
            };
        }
        self.item
    }
}

/// What fits of lists that names without end would make too large.
pub fn bounded(mut result: DryRunResult) -> DryRunResult {
    let items = |items: &mut Vec<DryRunItem>| items.truncate(fitting(items.iter().map(|item| &item.path)));
    items(&mut result.includes);
    items(&mut result.largest);
    result.missing.truncate(fitting(result.missing.iter()));
    result.unreadable.truncate(fitting(result.unreadable.iter()));
    result
}

/// How many of these fit into a record.
pub fn fitting<'a>(texts: impl Iterator<Item = &'a String>) -> usize {
    /// Around a path, in JSON.
    const AROUND: usize = 80;
    let mut bytes = 0;
    texts
        .take_while(|text| {
            bytes += text.len() + AROUND;
            bytes <= TEXT_BYTES
        })
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(path: &str, change: ItemChange, new_bytes: u64) -> Entry {
        Entry { path: path.to_owned(), change, new_bytes }
    }

    fn summed(includes: &[&str], entries: Vec<Entry>) -> DryRunResult {
        let includes: Vec<String> = includes.iter().map(|path| (*path).to_owned()).collect();
        let mut sum = Sum::new(&includes);
        for entry in entries {
            sum.add(entry, |path| path.ends_with("old").then_some(70));
        }
        sum.result()
    }

    #[test]
    fn each_include_has_what_lies_below_it() {
        use ItemChange::{Changed, New, Unmodified};
        let met = vec![
            entry("/home/a", New, 5),
            entry("/home/sub/old", Unmodified, 0),
            entry("/home/sub/", Unmodified, 0),
            entry("/home/", Changed, 0),
            entry("/homestead/b", New, 1_000),
            entry("/etc/passwd", Changed, 9),
            entry("/", New, 0),
        ];
        let found = summed(&["/home/", "/home/./sub", "/etc/passwd", "/"], met);
        let item = |item: &DryRunItem| (item.path.clone(), item.change, item.files, item.bytes);
        assert_eq!(
            found.includes.iter().map(item).collect::<Vec<_>>(),
            [
                ("/home/".to_owned(), Changed, 2, 75),
                ("/home/./sub".to_owned(), Unmodified, 1, 70),
                ("/etc/passwd".to_owned(), Changed, 1, 9),
                ("/".to_owned(), Changed, 4, 1_084),
            ]
        );
        let largest: Vec<_> = found.largest.iter().map(|item| (item.path.as_str(), item.bytes)).collect();
        assert_eq!(largest[..2], [("/homestead/b", 1_000), ("/home/sub/old", 70)]);
    }

    #[test]
    fn only_the_largest_are_kept_and_only_what_fits() {
        let many = (0..5_000).map(|n| entry(&format!("/x/{n}"), ItemChange::New, n)).collect();
        let found = summed(&["/x"], many);
        assert_eq!(
            (found.largest.len(), found.largest[0].bytes, found.largest[199].bytes),
            (200, 4_999, 4_800)
        );
        assert_eq!((found.includes[0].files, found.includes[0].change), (5_000, ItemChange::New));
        let long =
            (0..200).map(|n| entry(&format!("/x/{n}{}", "y".repeat(4_000)), ItemChange::New, n)).collect();
        let found = bounded(summed(&["/x"], long));
        assert!((5..20).contains(&found.largest.len()), "{}", found.largest.len());
    }

    #[test]
    fn sizes_that_restic_does_not_say_come_from_the_file_system() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("new\nline");
        fs::write(&path, "12345").unwrap();
        assert_eq!(size_of(path.to_str().unwrap()), Some(5));
        assert_eq!(size_of(dir.path().to_str().unwrap()), None);
        assert_eq!(size_of("/nowhere/bad\u{fffd}"), None);
    }

    #[tokio::test]
    async fn where_looks_hang_sizes_are_not_asked_for() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        fs::write(&path, "12345").unwrap();
        let entries = [entry(path.to_str().unwrap(), ItemChange::New, 3)];
        let (looks, world, mut unseen) = (Looks::default(), World::real(), None);
        assert_eq!(sizes(&entries, &looks, &world, &mut unseen).await, [Some(5)]);
        let held = crate::run::looks::tests::hang_all(&looks).await;
        assert_eq!(sizes(&entries, &looks, &world, &mut unseen).await, [None]);
        assert_eq!(unseen, Some(Unseen::AllHang));
        drop(held);
    }
}
