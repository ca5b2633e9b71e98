//! One agent binary on disk: how big it is and what it hashes to, found again when the file changes.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::SystemTime,
};

use sha2::{Digest, Sha256};
use wire::id::Hash32;

/// An agent for one architecture, such as `x86_64`.
#[derive(Debug)]
pub struct Binary {
    pub arch: String,
    path: PathBuf,
    known: Mutex<Option<Known>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Known {
    stamp: Stamp,
    sha256: Hash32,
}

/// A file that was written anew has another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    size_bytes: u64,
    modified: Option<SystemTime>,
}

/// What a person has to know to trust a download.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    pub size_bytes: u64,
    pub sha256: Hash32,
}

impl Binary {
    pub const fn new(arch: String, path: PathBuf) -> Self {
        Self { arch, path, known: Mutex::new(None) }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the whole file when it is not the one that was read before: not for an async thread.
    pub fn facts(&self) -> io::Result<Facts> {
        let stamp = stamp(&self.path)?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(Known { sha256, .. }) = known.filter(|known| known.stamp == stamp) {
            return Ok(Facts { size_bytes: stamp.size_bytes, sha256 });
        }
        let sha256 = digest(&self.path)?;
        *known = Some(Known { stamp, sha256 });
        Ok(Facts { size_bytes: stamp.size_bytes, sha256 })
    }
}

fn stamp(path: &Path) -> io::Result<Stamp> {
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a file"));
    }
    Ok(Stamp { size_bytes: metadata.len(), modified: metadata.modified().ok() })
}

fn digest(path: &Path) -> io::Result<Hash32> {
    let mut file = File::open(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok(Hash32(hasher.finalize().into()));
        }
        hasher.update(&buffer[..read]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_follows_the_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("agent");
        let binary = Binary::new("x86_64".into(), path.clone());
        assert_eq!(binary.facts().unwrap_err().kind(), io::ErrorKind::NotFound);
        fs::write(&path, b"abc").unwrap();
        let facts = binary.facts().unwrap();
        assert_eq!(facts.size_bytes, 3);
        assert_eq!(
            facts.sha256.to_string(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        fs::write(&path, b"abcd").unwrap();
        assert_ne!(binary.facts().unwrap().sha256, facts.sha256);
        let directory = Binary::new("x86_64".into(), directory.path().to_owned());
        assert!(directory.facts().is_err());
    }
}
