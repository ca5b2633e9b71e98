//! A directory with everything one test makes: data of both programs, demo files, a repository.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Removed at the end unless it was asked to be kept.
#[derive(Debug)]
pub struct Place {
    root: PathBuf,
    _gone_with: Option<tempfile::TempDir>,
}

impl Place {
    pub fn temporary() -> Self {
        let dir =
            tempfile::Builder::new().prefix("restic-manager-").tempdir().expect("a temporary directory");
        Self { root: dir.path().to_owned(), _gone_with: Some(dir) }
    }

    pub fn kept(root: PathBuf) -> Self {
        fs::create_dir_all(&root).expect("the directory to keep everything in");
        Self { root, _gone_with: None }
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    pub fn coordinator(&self) -> PathBuf {
        self.root.join("coordinator")
    }

    pub fn agent(&self) -> PathBuf {
        self.root.join("agent")
    }

    pub fn repository(&self) -> PathBuf {
        self.root.join("repository")
    }

    /// A few files of different sizes, made once.
    pub fn files(&self) -> PathBuf {
        let files = self.root.join("files");
        if !files.exists() {
            fs::create_dir_all(files.join("letters")).expect("a directory of files to back up");
            for n in 0..50 {
                fs::write(files.join(format!("letters/letter {n}.txt")), format!("letter number {n}\n"))
                    .expect("a small file");
            }
            fs::write(files.join("déjà vu.txt"), "accents survive\n").expect("a file with accents");
            fs::write(files.join("picture.raw"), noise(4 << 20)).expect("a larger file");
        }
        files
    }
}

/// Bytes that do not compress, the same every time.
pub fn noise(bytes: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut all = Vec::with_capacity(bytes + 8);
    while all.len() < bytes {
        // xorshift64*, George Marsaglia, "Xorshift RNGs" (2003).
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        all.extend_from_slice(&state.wrapping_mul(0x2545_f491_4f6c_dd1d).to_le_bytes());
    }
    all.truncate(bytes);
    all
}
