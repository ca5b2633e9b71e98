//! Whether a file came back as it was saved, and, where its source is unchanged since, as it is.

use std::{
    fs::{self, File, Metadata},
    io::{self, Read},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use wire::job::DrillMismatch;

use crate::restic::document::ListedFile;

const CHUNK: usize = 64 * 1024;

/// What the comparison of any number of files came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// That came back.
    pub files: u64,
    pub bytes: u64,
    pub with_source: u64,
    pub mismatches: Vec<DrillMismatch>,
}

impl Compared {
    pub fn add(&mut self, other: Self) {
        self.files += other.files;
        self.bytes += other.bytes;
        self.with_source += other.with_source;
        self.mismatches.extend(other.mismatches);
    }
}

/// `target` is where the snapshot's root was restored to. Without the sources only what came back is looked at.
pub fn compare(file: &ListedFile, target: &Path, with_source: bool) -> Compared {
    let restored = target.join(file.path.trim_start_matches('/'));
    let wrong = |what: String| Compared {
        mismatches: vec![DrillMismatch { path: file.path.clone(), what }],
        ..Compared::default()
    };
    let found = match fs::symlink_metadata(&restored) {
        Ok(found) if found.is_file() => found,
        Ok(_) => return wrong("it came back as something else than a file".to_owned()),
        Err(error) => return wrong(format!("it did not come back: {error}")),
    };
    if found.len() != file.size {
        return wrong(format!("size is {}, not {}", found.len(), file.size));
    }
    let came_back = Compared { files: 1, bytes: file.size, ..Compared::default() };
    if !with_source {
        return came_back;
    }
    match same_as_source(file, &restored) {
        Ok(None) => came_back,
        Ok(Some(true)) => Compared { with_source: 1, ..came_back },
        Ok(Some(false)) => {
            let mismatches = wrong("content differs from the source".to_owned()).mismatches;
            Compared { with_source: 1, mismatches, ..came_back }
        }
        Err(error) => wrong(format!("it cannot be read again: {error}")),
    }
}

/// `None` where the source is not what was saved any more, or cannot be read.
fn same_as_source(file: &ListedFile, restored: &Path) -> io::Result<Option<bool>> {
    let source = PathBuf::from(&file.path);
    let unchanged = || fs::symlink_metadata(&source).is_ok_and(|it| is_as_saved(file, &it));
    if !unchanged() {
        return Ok(None);
    }
    let Ok(mut original) = File::open(&source) else { return Ok(None) };
    let mut restored = File::open(restored)?;
    let (mut one, mut other) = (vec![0; CHUNK], vec![0; CHUNK]);
    loop {
        let read = fill(&mut restored, &mut one)?;
        let Ok(found) = fill(&mut original, &mut other) else { return Ok(None) };
        if one[..read] != other[..found] {
            // Somebody may be writing to it just now.
            return Ok(unchanged().then_some(false));
        }
        if read == 0 {
            return Ok(Some(true));
        }
    }
}

fn is_as_saved(file: &ListedFile, source: &Metadata) -> bool {
    let mtime = i128::from(source.mtime()) * 1_000_000_000 + i128::from(source.mtime_nsec());
    source.is_file() && source.len() == file.size && mtime == file.mtime.as_nanosecond()
}

fn fill(from: &mut impl Read, into: &mut [u8]) -> io::Result<usize> {
    let mut at = 0;
    while at < into.len() {
        match from.read(&mut into[at..])? {
            0 => break,
            read => at += read,
        }
    }
    Ok(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Place {
        dir: tempfile::TempDir,
        file: ListedFile,
    }

    /// A source and what came back of it.
    fn place(source: &[u8], restored: Option<&[u8]>) -> Place {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("src");
        fs::write(&path, source).unwrap();
        let found = fs::metadata(&path).unwrap();
        let file = ListedFile {
            path: path.to_string_lossy().into_owned(),
            size: found.len(),
            mtime: jiff::Timestamp::new(found.mtime(), i32::try_from(found.mtime_nsec()).unwrap()).unwrap(),
        };
        if let Some(restored) = restored {
            let back = dir.path().join("back").join(file.path.trim_start_matches('/'));
            fs::create_dir_all(back.parent().unwrap()).unwrap();
            fs::write(back, restored).unwrap();
        }
        Place { dir, file }
    }

    fn outcome(place: &Place) -> (u64, u64, Vec<String>) {
        let all = compare(&place.file, &place.dir.path().join("back"), true);
        (all.files, all.with_source, all.mismatches.into_iter().map(|it| it.what).collect())
    }

    #[test]
    fn what_came_back_is_held_against_what_was_saved() {
        let long = vec![7; CHUNK * 2 + 1];
        assert_eq!(outcome(&place(&long, Some(&long))), (1, 1, vec![]));
        assert_eq!(outcome(&place(b"", Some(b""))), (1, 1, vec![]));
        let mut flipped = long.clone();
        flipped[CHUNK + 5] = 8;
        let told = outcome(&place(&long, Some(&flipped)));
        assert_eq!(told, (1, 1, vec!["content differs from the source".to_owned()]));
        assert_eq!(outcome(&place(b"12345", Some(b"123"))), (0, 0, vec!["size is 3, not 5".to_owned()]));
        let gone = outcome(&place(b"12345", None));
        assert!(gone.2[0].starts_with("it did not come back"), "{gone:?}");
    }

    #[test]
    fn a_source_that_changed_since_proves_nothing() {
        let mut newer = place(b"12345", Some(b"54321"));
        newer.file.mtime -= jiff::SignedDuration::from_nanos(1);
        assert_eq!(outcome(&newer), (1, 0, vec![]));
        let deaf = place(b"12345", Some(b"54321"));
        let all = compare(&deaf.file, &deaf.dir.path().join("back"), false);
        assert_eq!((all.files, all.with_source, all.mismatches), (1, 0, vec![]), "nobody may look at it");
        let gone = place(b"12345", Some(b"54321"));
        fs::remove_file(gone.dir.path().join("src")).unwrap();
        assert_eq!(outcome(&gone), (1, 0, vec![]));
    }
}
