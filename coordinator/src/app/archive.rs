//! The file that a backup is: a tar inside zstd. Its first member lists the others with their size and SHA-256, so that
//! what is unpacked is what was packed.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Component, Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use wire::id::{Hash32, UnixMs};
use zeroize::Zeroizing;

const FORMAT: u32 = 1;
const LIST: &str = "restic-manager-coordinator.json";
/// Far more than the list of any data directory.
const MOST_LIST_BYTES: u64 = 4 << 20;
const LEVEL: i32 = 3;

#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    #[error("{path}: {error}", path = .path.display())]
    Io { path: PathBuf, error: io::Error },
    #[error("it is no backup of a coordinator, or a damaged one ({0}): take another")]
    Damaged(String),
    #[error("it was made by a newer version ({0}): install that version and restore it there")]
    Newer(String),
}

/// What is in an archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct List {
    format: u32,
    /// Of the program that made it.
    pub version: String,
    pub made_at: UnixMs,
    pub files: Vec<Listed>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// Below the data directory.
    pub path: String,
    pub size_bytes: u64,
    sha256: Hash32,
}

/// One file to be packed.
pub struct Packed {
    pub path: String,
    pub content: Content,
}

pub enum Content {
    Bytes(Zeroizing<Vec<u8>>),
    /// Not written any more.
    File(PathBuf),
}

impl Content {
    fn reader(&self) -> io::Result<Box<dyn Read + '_>> {
        Ok(match self {
            Self::Bytes(bytes) => Box::new(bytes.as_slice()),
            Self::File(path) => Box::new(File::open(path)?),
        })
    }
}

/// Writes an archive of `files` to `out`, and to the disk.
pub fn pack(files: &[Packed], version: &str, made_at: UnixMs, out: &File) -> io::Result<List> {
    let mut list = List { format: FORMAT, version: version.to_owned(), made_at, files: Vec::new() };
    for file in files {
        let (size_bytes, sha256) = digest(&mut file.content.reader()?)?;
        list.files.push(Listed { path: file.path.clone(), size_bytes, sha256 });
    }
    let mut tar = tar::Builder::new(zstd::Encoder::new(out, LEVEL)?);
    let described = serde_json::to_vec_pretty(&list)?;
    append(&mut tar, LIST, described.len() as u64, made_at, described.as_slice())?;
    for (file, listed) in files.iter().zip(&list.files) {
        append(&mut tar, &file.path, listed.size_bytes, made_at, file.content.reader()?)?;
    }
    tar.into_inner()?.finish()?;
    out.sync_all()?;
    Ok(list)
}

fn digest(reader: &mut impl Read) -> io::Result<(u64, Hash32)> {
    let (mut hash, mut size) = (Sha256::new(), 0);
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = reader.read(&mut buffer)?;
        if read == 0 {
            return Ok((size, Hash32(hash.finalize().into())));
        }
        size += read as u64;
        hash.update(&buffer[..read]);
    }
}

fn append(
    tar: &mut tar::Builder<impl Write>,
    path: &str,
    size: u64,
    at: UnixMs,
    content: impl Read,
) -> io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_size(size);
    header.set_mode(0o600);
    header.set_mtime(u64::try_from(at.0 / 1_000).unwrap_or(0));
    tar.append_data(&mut header, path, content)
}

/// Unpacks `archive` into `directory`, which is empty, and tells what was in it. After an error some of it may lie there.
pub fn unpack(archive: &Path, directory: &Path) -> Result<List, ArchiveError> {
    let file = File::open(archive).map_err(|error| ArchiveError::Io { path: archive.to_owned(), error })?;
    let damaged = |error: io::Error| ArchiveError::Damaged(error.to_string());
    let mut tar = tar::Archive::new(zstd::Decoder::new(file).map_err(damaged)?);
    let mut members = tar.entries().map_err(damaged)?;
    let first = members.next().ok_or_else(|| ArchiveError::Damaged("it is empty".into()))?;
    let list = list(first.map_err(damaged)?)?;
    let mut missing: Vec<&Listed> = list.files.iter().collect();
    for member in members {
        let mut member = member.map_err(damaged)?;
        let path = member.path().map_err(damaged)?.to_string_lossy().into_owned();
        let listed = missing.iter().position(|listed| listed.path == path);
        let Some(listed) = listed.filter(|_| member.header().entry_type().is_file()) else {
            return Err(ArchiveError::Damaged(format!("{path} is not in its list")));
        };
        write_member(&mut member, missing.swap_remove(listed), directory)?;
    }
    match missing.first() {
        Some(listed) => Err(ArchiveError::Damaged(format!("{} is missing", listed.path))),
        None => Ok(list),
    }
}

fn list(member: tar::Entry<'_, impl Read>) -> Result<List, ArchiveError> {
    if member.path().ok().as_deref() != Some(Path::new(LIST)) {
        return Err(ArchiveError::Damaged(format!("it does not begin with {LIST}")));
    }
    let mut text = Vec::new();
    member
        .take(MOST_LIST_BYTES)
        .read_to_end(&mut text)
        .map_err(|error| ArchiveError::Damaged(error.to_string()))?;
    let list: List = serde_json::from_slice(&text)
        .map_err(|error| ArchiveError::Damaged(format!("its list cannot be read: {error}")))?;
    if list.format > FORMAT {
        return Err(ArchiveError::Newer(list.version));
    }
    match list.files.iter().find(|listed| !is_below(&listed.path)) {
        Some(listed) => {
            Err(ArchiveError::Damaged(format!("{} is no place in a data directory", listed.path)))
        }
        None => Ok(list),
    }
}

/// A path that leads nowhere but below the directory that it is joined to.
fn is_below(path: &str) -> bool {
    !path.is_empty() && Path::new(path).components().all(|part| matches!(part, Component::Normal(_)))
}

fn write_member(member: &mut impl Read, listed: &Listed, directory: &Path) -> Result<(), ArchiveError> {
    let path = directory.join(&listed.path);
    let io_error = |error| ArchiveError::Io { path: path.clone(), error };
    let above = path.parent().unwrap_or(directory);
    fs::DirBuilder::new().recursive(true).mode(0o700).create(above).map_err(io_error)?;
    let mut file =
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).map_err(io_error)?;
    let mut hash = Sha256::new();
    let mut size_bytes = 0;
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = member.read(&mut buffer).map_err(|error| ArchiveError::Damaged(error.to_string()))?;
        if read == 0 {
            break;
        }
        size_bytes += read as u64;
        hash.update(&buffer[..read]);
        file.write_all(&buffer[..read]).map_err(io_error)?;
    }
    file.sync_all().map_err(io_error)?;
    if size_bytes != listed.size_bytes || hash.finalize().as_slice() != listed.sha256.0 {
        return Err(ArchiveError::Damaged(format!("{} is not what was packed", listed.path)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some() -> Vec<Packed> {
        let bytes = |path: &str, content: &[u8]| Packed {
            path: path.into(),
            content: Content::Bytes(Zeroizing::new(content.to_vec())),
        };
        vec![
            bytes("coordinator.key", b"key"),
            bytes("secrets/client", &[7].repeat(100_000)),
            bytes("empty", b""),
        ]
    }

    fn packed(files: &[Packed]) -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("archive");
        pack(files, "1.2.3", UnixMs(5_000), &File::create(&path).unwrap()).unwrap();
        (directory, path)
    }

    #[test]
    fn what_is_unpacked_is_what_was_packed() {
        let (directory, path) = packed(&some());
        let target = directory.path().join("data");
        fs::create_dir(&target).unwrap();
        let list = unpack(&path, &target).unwrap();
        assert_eq!((list.version.as_str(), list.made_at, list.files.len()), ("1.2.3", UnixMs(5_000), 3));
        assert_eq!(fs::read(target.join("coordinator.key")).unwrap(), b"key");
        assert_eq!(fs::read(target.join("secrets/client")).unwrap(), vec![7; 100_000]);
        assert_eq!(fs::read(target.join("empty")).unwrap(), b"");
    }

    #[test]
    fn a_damaged_archive_is_refused() {
        let (directory, path) = packed(&some());
        let whole = fs::read(&path).unwrap();
        let target = directory.path().join("data");
        fs::create_dir(&target).unwrap();
        let mut broken: Vec<Vec<u8>> = (0..whole.len()).step_by(7).map(|at| whole[..at].to_vec()).collect();
        broken.push(b"something else entirely".to_vec());
        for bytes in broken {
            fs::remove_dir_all(&target).unwrap();
            fs::create_dir(&target).unwrap();
            fs::write(&path, &bytes).unwrap();
            assert!(matches!(unpack(&path, &target), Err(ArchiveError::Damaged(_))), "{} bytes", bytes.len());
        }
    }

    /// An archive by hand: a list, and members that need not be what it says.
    fn forged(
        listed: &[(&str, &[u8])],
        members: &[(&str, &[u8])],
        format: u32,
    ) -> Result<List, ArchiveError> {
        let directory = tempfile::tempdir().unwrap();
        let (path, target) = (directory.path().join("archive"), directory.path().join("data"));
        fs::create_dir(&target).unwrap();
        let files = listed.iter().map(|(path, bytes)| Listed {
            path: (*path).into(),
            size_bytes: bytes.len() as u64,
            sha256: wire::domain::sha256(bytes),
        });
        let list = List { format, version: "9.9.9".into(), made_at: UnixMs(0), files: files.collect() };
        let described = serde_json::to_vec(&list).unwrap();
        let mut tar = tar::Builder::new(zstd::Encoder::new(File::create(&path).unwrap(), LEVEL).unwrap());
        append(&mut tar, LIST, described.len() as u64, UnixMs(0), described.as_slice()).unwrap();
        for (member, bytes) in members {
            append(&mut tar, member, bytes.len() as u64, UnixMs(0), *bytes).unwrap();
        }
        tar.into_inner().unwrap().finish().unwrap();
        let result = unpack(&path, &target);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 2, "something lies beside");
        result
    }

    #[test]
    fn members_that_are_not_as_listed_are_refused() {
        let one: (&str, &[u8]) = ("a", b"1");
        assert!(forged(&[one], &[one], FORMAT).is_ok());
        for (listed, members) in [
            (vec![one], vec![]),
            (vec![one], vec![one, one]),
            (vec![one], vec![one, ("b", b"2")]),
            (vec![one], vec![("a", b"2".as_slice())]),
            (vec![one], vec![("a", b"11".as_slice())]),
            (vec![one, ("a/b", b"2")], vec![one, ("a/b", b"2")]),
        ] {
            assert!(forged(&listed, &members, FORMAT).is_err(), "{listed:?} {members:?}");
        }
        for outside in ["../a", "/a", "", "a/../../b", "."] {
            assert!(
                matches!(forged(&[(outside, b"1")], &[], FORMAT), Err(ArchiveError::Damaged(_))),
                "{outside}"
            );
        }
        assert!(matches!(forged(&[], &[], FORMAT + 1), Err(ArchiveError::Newer(_))));
    }
}
