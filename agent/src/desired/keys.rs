//! Who this agent is: its key file, made at the first start, readable by its owner alone, tied to this machine.
//!
//! Knows files and modes; what stands in the file is `wire::identity`'s. Must not know what the keys are used for.

use std::{
    fs, io,
    io::{Read as _, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use rand_core::CryptoRng;
use wire::identity::{AgentKeys, KeyFile, KeyFileError, check_mode};
use zeroize::Zeroizing;

/// Larger than any key file: 24 bytes of head, 96 of secrets, 1 KiB of machine id.
const MOST_BYTES: usize = 4096;

/// Who this agent is, and whether it is still where it was made.
#[derive(Debug)]
pub struct Identity {
    pub keys: AgentKeys,
    pub machine: Machine,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Machine {
    Same,
    /// The files were copied: two agents with one identity would write two histories. It must not dial.
    Other {
        made_on: String,
        here: String,
    },
}

#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    #[error("{path}: {problem}")]
    KeyFile { path: PathBuf, problem: KeyFileError },
    #[error("{path} cannot be {verb} ({problem}): run the agent as root, and see that the disk has room")]
    File { path: PathBuf, verb: &'static str, problem: io::Error },
}

/// Reads the key file, or makes one where there is none. A file that is there is never written over.
pub fn load_or_make(path: &Path, machine: &str, rng: &mut impl CryptoRng) -> Result<Identity, IdentityError> {
    if let Some(identity) = load(path, machine)? {
        return Ok(identity);
    }
    let keys = AgentKeys::generate(rng);
    let file = KeyFile { keys, machine: machine.to_owned() };
    let bytes = file.encode().map_err(|problem| IdentityError::KeyFile { path: path.to_owned(), problem })?;
    write_new(path, &bytes).map_err(|problem| IdentityError::File {
        path: path.to_owned(),
        verb: "written",
        problem,
    })?;
    Ok(Identity { keys: file.keys, machine: Machine::Same })
}

/// `None` when there is no key file yet.
pub fn load(path: &Path, machine: &str) -> Result<Option<Identity>, IdentityError> {
    let Some(bytes) = read_private(path)? else { return Ok(None) };
    let file = KeyFile::<AgentKeys>::decode(&bytes)
        .map_err(|problem| IdentityError::KeyFile { path: path.to_owned(), problem })?;
    let same = file.machine == machine || file.machine.is_empty();
    let machine =
        if same { Machine::Same } else { Machine::Other { made_on: file.machine, here: machine.to_owned() } };
    Ok(Some(Identity { keys: file.keys, machine }))
}

/// Reads a file that nobody else may read; `None` when there is none.
pub(crate) fn read_private(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, IdentityError> {
    let read = || -> io::Result<(u32, Zeroizing<Vec<u8>>)> {
        let file = fs::File::open(path)?;
        let mode = file.metadata()?.permissions().mode();
        let mut bytes = Zeroizing::new(Vec::with_capacity(MOST_BYTES));
        file.take(MOST_BYTES as u64).read_to_end(&mut bytes)?;
        Ok((mode, bytes))
    };
    match read() {
        Ok((mode, bytes)) => check_mode(mode)
            .map(|()| Some(bytes))
            .map_err(|problem| IdentityError::KeyFile { path: path.to_owned(), problem }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(problem) => Err(IdentityError::File { path: path.to_owned(), verb: "read", problem }),
    }
}

/// Whole and durable, or not there: written beside, synced, then linked into place, which fails when there is one.
pub(crate) fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = path.with_extension("new");
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    let linked = fs::hard_link(&beside, path);
    fs::remove_file(&beside)?;
    linked?;
    path.parent().map_or(Ok(()), |directory| fs::File::open(directory)?.sync_all())
}

/// What the operating system calls this installation; empty when it does not say, and then nothing is checked.
pub fn machine_id() -> String {
    ["/etc/machine-id", "/var/lib/dbus/machine-id"]
        .iter()
        .filter_map(|path| fs::read_to_string(path).ok())
        .map(|text| text.trim().to_owned())
        .find(|text| !text.is_empty())
        .unwrap_or_default()
}

impl Machine {
    /// What a person is told instead of a connection.
    pub fn explanation(&self) -> Option<String> {
        let Self::Other { made_on, here } = self else { return None };
        let here = if here.is_empty() { "none" } else { here };
        Some(format!(
            "this agent's keys were made on another machine (machine id {made_on}, here it is {here}), so it does not \
             connect: two machines with one identity would spoil each other's history. Backups go on. If this is a \
             copy of that machine, stop the agent, remove its data directory and enrol it as a new host. If it is \
             the same machine with a new installation, do the same and let an admin approve it as the replacement"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::World;
    use wire::id::UnixMs;

    fn test_rng(seed: u64) -> impl CryptoRng {
        World::fake(UnixMs(0), seed).0.rng()
    }

    #[test]
    fn keys_are_made_once_and_read_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("identity.key");
        let first = load_or_make(&path, "m1", &mut test_rng(1)).unwrap();
        let again = load_or_make(&path, "m1", &mut test_rng(2)).unwrap();
        assert_eq!(first.keys.id(), again.keys.id());
        assert_eq!(again.machine, Machine::Same);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn on_another_machine_it_explains_itself() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("identity.key");
        load_or_make(&path, "m1", &mut test_rng(1)).unwrap();
        let there = load_or_make(&path, "m2", &mut test_rng(1)).unwrap();
        insta::assert_snapshot!(there.machine.explanation().unwrap());
        assert_eq!(Machine::Same.explanation(), None);
    }

    #[test]
    fn a_file_that_others_can_read_or_that_is_damaged_is_refused_and_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("identity.key");
        load_or_make(&path, "m1", &mut test_rng(1)).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let open = load_or_make(&path, "m1", &mut test_rng(1)).unwrap_err();
        assert!(matches!(
            open,
            IdentityError::KeyFile { problem: KeyFileError::TooOpen { mode: 0o640 }, .. }
        ));

        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let mut bytes = fs::read(&path).unwrap();
        bytes[40] ^= 1;
        fs::write(&path, &bytes).unwrap();
        let damaged = load_or_make(&path, "m1", &mut test_rng(1)).unwrap_err();
        assert!(matches!(damaged, IdentityError::KeyFile { problem: KeyFileError::Damaged, .. }));
        assert_eq!(fs::read(&path).unwrap(), bytes);
        assert!(write_new(&path, b"other").is_err());
        assert_eq!(fs::read(&path).unwrap(), bytes);
    }
}
