//! A file that is appended to. Whoever rotates it moves or removes it; the next line begins a new one.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::PathBuf,
};

pub(super) struct LogFile {
    path: PathBuf,
    open: Option<File>,
}

impl LogFile {
    pub fn new(path: PathBuf) -> Self {
        Self { path, open: None }
    }

    /// Whole lines, on the disk when this returns. After a failure some of them may stand there; the next begins a line of
    /// its own.
    pub fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        let done = self.file().and_then(|file| {
            file.write_all(lines)?;
            file.sync_data()
        });
        if done.is_err() {
            self.open = None;
        }
        done.map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", self.path.display())))
    }

    /// The file that has this path now.
    fn file(&mut self) -> io::Result<&mut File> {
        let there = fs::metadata(&self.path).ok().map(|found| (found.dev(), found.ino()));
        let held = self.open.as_ref().and_then(|file| file.metadata().ok());
        let same = held.is_some_and(|held| there == Some((held.dev(), held.ino())));
        if !same {
            self.open = None;
        }
        match &mut self.open {
            Some(file) => Ok(file),
            open => Ok(open.insert(opened(&self.path)?)),
        }
    }
}

fn opened(path: &PathBuf) -> io::Result<File> {
    let mut file = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path)?;
    let mut last = [0];
    let whole =
        file.seek(SeekFrom::End(-1)).is_err() || (file.read_exact(&mut last).is_ok() && last == *b"\n");
    if !whole {
        // A line that a full disk or a crash cut.
        file.write_all(b"\n")?;
    }
    Ok(file)
}
