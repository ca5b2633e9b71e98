//! The key file and the lock of a data directory.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use rustix::fs::FlockOperation;
use wire::identity::{CoordinatorKeys, KeyFile, KeyFileError, check_mode};
use zeroize::Zeroizing;

use super::AppError;
use crate::world::World;

pub const KEY_FILE: &str = "coordinator.key";
pub const LOCK_FILE: &str = "coordinator.lock";

#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    #[error("the key file {path}", path = .path.display())]
    File {
        path: PathBuf,
        #[source]
        error: KeyFileError,
    },
    #[error("the key file {path}", path = .path.display())]
    Io {
        path: PathBuf,
        #[source]
        error: io::Error,
    },
}

/// Reads the coordinator's keys. `None`: there are none yet.
pub fn load(data: &Path) -> Result<Option<CoordinatorKeys>, KeysError> {
    let path = data.join(KEY_FILE);
    let io_error = |error| KeysError::Io { path: path.clone(), error };
    let file_error = |error| KeysError::File { path: path.clone(), error };
    let mut file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io_error(error)),
    };
    let mode = file.metadata().map_err(io_error)?.permissions().mode();
    check_mode(mode).map_err(file_error)?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(4096));
    file.read_to_end(&mut bytes).map_err(io_error)?;
    Ok(Some(KeyFile::<CoordinatorKeys>::decode(&bytes).map_err(file_error)?.keys))
}

/// Reads the coordinator's keys, or makes them at the first start.
pub fn load_or_make(data: &Path, world: &World) -> Result<CoordinatorKeys, KeysError> {
    if let Some(keys) = load(data)? {
        return Ok(keys);
    }
    let path = data.join(KEY_FILE);
    let keys = CoordinatorKeys::generate(&mut world.rng());
    let file = KeyFile { keys, machine: String::new() };
    let encoded = file.encode().map_err(|error| KeysError::File { path: path.clone(), error })?;
    write_private(&path, &encoded).map_err(|error| KeysError::Io { path: path.clone(), error })?;
    tracing::info!(path = %path.display(), "made this coordinator's keys");
    Ok(file.keys)
}

/// Writes a file that nobody else can read: whole or not at all, and on the disk.
pub fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = path.with_extension("new");
    let _ = fs::remove_file(&beside);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
}

/// Held while a process owns the data directory; gone with the process.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    pub fn take(data: &Path) -> Result<Self, AppError> {
        let path = data.join(LOCK_FILE);
        let open = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path);
        let file = open.map_err(|error| AppError::Path { path, error })?;
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Self { _file: file }),
            Err(_) => Err(AppError::InUse(data.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use wire::id::UnixMs;

    use super::*;

    #[test]
    fn keys_are_made_once_kept_private_and_refused_when_others_can_read_them() {
        let directory = tempfile::tempdir().unwrap();
        let (world, _) = World::fake(UnixMs(0), 5);
        let made = load_or_make(directory.path(), &world).unwrap();
        let path = directory.path().join(KEY_FILE);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(load_or_make(directory.path(), &world).unwrap().id(), made.id());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let refused = load_or_make(directory.path(), &world);
        assert!(matches!(refused, Err(KeysError::File { error: KeyFileError::TooOpen { .. }, .. })));
    }

    #[test]
    fn a_directory_has_one_owner_at_a_time() {
        let directory = tempfile::tempdir().unwrap();
        let first = Lock::take(directory.path()).unwrap();
        assert!(matches!(Lock::take(directory.path()), Err(AppError::InUse(_))));
        drop(first);
        Lock::take(directory.path()).unwrap();
    }
}
