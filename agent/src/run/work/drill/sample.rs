//! A random few of any number of files, each with the same chance (reservoir sampling, Vitter's algorithm R). Pure but
//! for the randomness that it is given.

use rand_core::Rng;

use crate::restic::document::ListedFile;

pub struct Sample<R> {
    rng: R,
    most_files: usize,
    most_bytes: u64,
    kept: Vec<ListedFile>,
    /// Files that had a chance.
    pub seen: u64,
    /// Files whose names no pattern can say.
    pub unnamed: u64,
    /// Files that alone are more than may be restored.
    pub too_large: u64,
}

impl<R: Rng> Sample<R> {
    pub const fn new(rng: R, most_files: usize, most_bytes: u64) -> Self {
        Self { rng, most_files, most_bytes, kept: Vec::new(), seen: 0, unnamed: 0, too_large: 0 }
    }

    pub fn see(&mut self, file: ListedFile) {
        if !can_be_named(&file.path) {
            self.unnamed += 1;
        } else if file.size > self.most_bytes {
            self.too_large += 1;
        } else {
            self.seen += 1;
            if self.kept.len() < self.most_files {
                self.kept.push(file);
            } else if let Some(place) = usize::try_from(self.below(self.seen)).ok()
                && let Some(kept) = self.kept.get_mut(place)
            {
                *kept = file;
            }
        }
    }

    /// What was kept, in random order, as far as its bytes allow.
    pub fn take(&mut self) -> Vec<ListedFile> {
        let mut files = std::mem::take(&mut self.kept);
        for last in (1..files.len()).rev() {
            let other = self.below(last as u64 + 1);
            files.swap(last, usize::try_from(other).unwrap_or(last));
        }
        let mut left = self.most_bytes;
        files.retain(|file| {
            let fits = file.size <= left;
            left -= if fits { file.size } else { 0 };
            fits
        });
        files
    }

    /// Of 0 to `end` - 1, each as likely as the others but for a part in 2^64.
    fn below(&mut self, end: u64) -> u64 {
        let wide = u128::from(self.rng.next_u64()) * u128::from(end);
        u64::try_from(wide >> 64).unwrap_or_default()
    }
}

/// restic writes bytes that are no text as `\xff`, which could also be a name.
fn can_be_named(path: &str) -> bool {
    let hex = |text: &str| {
        let mut digits = text.bytes().take(2);
        digits.len() == 2 && digits.all(|byte| byte.is_ascii_hexdigit())
    };
    path.starts_with('/')
        && !path.contains(char::REPLACEMENT_CHARACTER)
        && !path.split("\\x").skip(1).any(hex)
}

#[cfg(test)]
mod tests {
    use wire::id::UnixMs;

    use super::*;
    use crate::world::World;

    fn file(path: &str, size: u64) -> ListedFile {
        ListedFile { path: path.to_owned(), size, mtime: jiff::Timestamp::UNIX_EPOCH }
    }

    fn rng(seed: u64) -> impl Rng {
        World::fake(UnixMs(0), seed).0.rng()
    }

    #[test]
    fn every_file_has_the_same_chance() {
        let mut chosen = [0_u32; 20];
        for seed in 0..2_000 {
            let mut sample = Sample::new(rng(seed), 5, u64::MAX);
            (0..20).for_each(|n| sample.see(file(&format!("/{n}"), 1)));
            let files = sample.take();
            assert_eq!(files.len(), 5);
            for file in files {
                chosen[file.path[1..].parse::<usize>().unwrap()] += 1;
            }
        }
        // 500 each are expected; the deviation is about 19.
        assert!(chosen.iter().all(|&times| (400..600).contains(&times)), "{chosen:?}");
    }

    #[test]
    fn files_and_bytes_are_bounded() {
        let mut sample = Sample::new(rng(1), 10, 100);
        for n in 0..50 {
            sample.see(file(&format!("/small{n}"), 30));
        }
        sample.see(file("/huge", 101));
        assert_eq!((sample.seen, sample.too_large), (50, 1));
        assert_eq!(sample.take().len(), 3, "as many as fit into 100 bytes");
        let mut few = Sample::new(rng(1), 10, 100);
        few.see(file("/empty", 0));
        assert_eq!(few.take().len(), 1);
    }

    #[test]
    fn names_that_are_no_text_are_left_out_and_counted() {
        let mut sample = Sample::new(rng(1), 10, 100);
        for path in ["/a\\xff", "/a\u{fffd}", "relative"] {
            sample.see(file(path, 1));
        }
        assert_eq!((sample.unnamed, sample.seen), (3, 0));
        for path in ["/new\nline", "/a\\b", "/a\\xyz", "/a\\x", "/*?[x]", "/ü \""] {
            sample.see(file(path, 1));
        }
        assert_eq!((sample.unnamed, sample.seen), (3, 6));
    }
}
