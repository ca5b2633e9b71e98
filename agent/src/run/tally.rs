//! What a restore says that it did, added up while it comes: it may be cut off at any moment, and then this is known.

use std::collections::HashMap;

use wire::job::{ItemChange, RestoreItem};

use super::sift::fitting;
use crate::restic::output::{Entry, Status};

/// So many items of a dry run are shown.
const SHOWN: usize = 200;
/// The sizes of so many are kept, for when one turns out to have failed: restic claims those as well.
const SIZES: usize = 10_000;

/// Whether a path, as restic names it, is one that was asked for.
pub type Wanted = Box<dyn FnMut(&str) -> bool + Send + Sync>;

#[derive(Default)]
pub struct Tally {
    /// restic also sets the directories above what was asked for as they were, and names them. Absent: all count.
    wanted: Option<Wanted>,
    pub restored: u64,
    pub restored_bytes: u64,
    pub skipped: u64,
    pub skipped_bytes: u64,
    pub shown: Vec<RestoreItem>,
    sizes: HashMap<String, u64>,
    last: Option<String>,
}

impl Tally {
    pub fn of(wanted: Wanted) -> Self {
        Self { wanted: Some(wanted), ..Self::default() }
    }

    pub fn add(&mut self, entry: Entry) {
        let Entry { path, change, new_bytes: bytes } = entry;
        if let Some(wanted) = &mut self.wanted
            && !wanted(&path)
        {
            return;
        }
        let action = match change {
            ItemChange::New => "restored",
            ItemChange::Changed => "updated",
            ItemChange::Unmodified => "unchanged",
        };
        if change == ItemChange::Unmodified {
            self.skipped += 1;
            self.skipped_bytes += bytes;
        } else {
            self.restored += 1;
            self.restored_bytes += bytes;
        }
        if self.shown.len() < SHOWN {
            self.shown.push(RestoreItem { path: path.clone(), action: action.to_owned(), bytes });
        }
        if self.sizes.len() < SIZES {
            self.sizes.insert(path.clone(), bytes);
        }
        self.last = Some(path);
    }

    /// The one that was told last.
    pub fn last(&self) -> Option<&str> {
        self.last.as_deref()
    }

    /// What restic does not say of how far it is.
    pub fn tell(&self, status: &mut Status) {
        if status.current_files.is_empty() {
            status.current_files.extend(self.last.clone());
        }
        // Directories count twice where some of what they hold is left out.
        if status.total_files > 0 {
            status.files_done = status.files_done.min(status.total_files);
        }
    }

    /// Takes back what restic claimed of these.
    pub fn take_back<'a>(&mut self, failed: impl Iterator<Item = &'a str>) {
        for bytes in failed.filter_map(|path| self.sizes.remove(path)) {
            self.restored = self.restored.saturating_sub(1);
            self.restored_bytes = self.restored_bytes.saturating_sub(bytes);
        }
    }

    /// The first items, as many as fit into a record.
    pub fn items(&self) -> Vec<RestoreItem> {
        let fits = fitting(self.shown.iter().map(|item| &item.path));
        self.shown.iter().take(fits).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(path: &str, change: ItemChange, new_bytes: u64) -> Entry {
        Entry { path: path.to_owned(), change, new_bytes }
    }

    #[test]
    fn what_failed_does_not_count_as_restored() {
        let mut tally = Tally::default();
        tally.add(entry("/a", ItemChange::New, 5));
        tally.add(entry("/b", ItemChange::Changed, 7));
        tally.add(entry("/c", ItemChange::Unmodified, 11));
        tally.take_back(["/b", "/gone"].into_iter());
        assert_eq!((tally.restored, tally.restored_bytes, tally.skipped, tally.skipped_bytes), (1, 5, 1, 11));
        let actions: Vec<_> = tally.items().into_iter().map(|item| item.action).collect();
        assert_eq!(actions, ["restored", "updated", "unchanged"]);
    }

    #[test]
    fn only_what_was_asked_for_counts() {
        let mut tally = Tally::of(Box::new(|path: &str| path.starts_with("/a/b")));
        for path in ["/a/b/c", "/a/b", "/a"] {
            tally.add(entry(path, ItemChange::New, 0));
        }
        assert_eq!((tally.restored, tally.items().len()), (2, 2));
    }

    #[test]
    fn progress_names_the_last_file_and_no_more_files_than_there_are() {
        let mut tally = Tally::default();
        tally.add(entry("/a", ItemChange::New, 5));
        let mut status = Status { total_files: 7, files_done: 13, ..Status::default() };
        tally.tell(&mut status);
        assert_eq!(tally.last(), Some("/a"));
        assert_eq!((status.files_done, status.current_files), (7, vec!["/a".to_owned()]));
    }

    #[test]
    fn of_many_items_only_some_are_shown() {
        let mut tally = Tally::default();
        for n in 0..1_000 {
            tally.add(entry(&format!("/{n}{}", "x".repeat(1_000)), ItemChange::New, 1));
        }
        assert_eq!(tally.restored, 1_000);
        assert!((20..100).contains(&tally.items().len()), "{}", tally.items().len());
    }
}
