//! The private directory that a drill restores into: below the agent's own, which no backup includes. Gone when the
//! drill is over; what a killed agent left is swept when the next one starts.

use std::{
    fs,
    io::{self, ErrorKind},
    os::unix::fs::{DirBuilderExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    time::Duration,
};

use wire::{id::JobId, job::Reason, quantity};

use crate::{run::session::Early, world::World};

const ROOM: &str = "drill";
/// At least so much stays free for everybody else on that disk, and no less than this part of it.
const SPARE_BYTES: u64 = 1024 * 1024 * 1024;
const SPARE_PART: u64 = 20;
/// For removing what was restored. A disk that takes longer does not answer.
const REMOVAL: Duration = Duration::from_mins(5);

/// Removed when it is dropped.
pub struct Scratch(PathBuf);

impl Scratch {
    /// A new directory for this job, where `bytes` have room.
    pub fn make(data: &Path, job: JobId, bytes: u64) -> Result<Self, Early> {
        let internal = |error: io::Error| Reason::Internal {
            message: format!("no directory for the drill can be made in {}: {error}", data.display()),
        };
        let disk = rustix::fs::statvfs(data).map_err(|error| internal(error.into()))?;
        let [free, size] = [disk.f_bavail, disk.f_blocks].map(|blocks| blocks.saturating_mul(disk.f_frsize));
        let spare = spare(size);
        if free < bytes.saturating_add(spare) {
            let message = format!(
                "{} has {} free; the drill needs {} and leaves {} to others",
                data.display(),
                quantity::size(free),
                quantity::size(bytes),
                quantity::size(spare)
            );
            return Err(Reason::NoSpace { message }.into());
        }
        let path = data.join(ROOM).join(job.to_string());
        let scratch = Self(path);
        let made = fs::DirBuilder::new().mode(0o700).recursive(true).create(&scratch.0);
        made.map_err(internal)?;
        Ok(scratch)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub async fn remove(self, world: &World) -> io::Result<()> {
        // A large tree takes a while.
        let removed = tokio::task::spawn_blocking(move || remove(&self.0));
        match world.within(REMOVAL, removed).await {
            Some(removed) => removed.unwrap_or_else(|error| Err(io::Error::other(error))),
            None => Err(io::Error::new(ErrorKind::TimedOut, "the disk takes too long")),
        }
    }
}

/// Of a disk of this size.
fn spare(size: u64) -> u64 {
    SPARE_BYTES.max(size / SPARE_PART)
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What is left is swept at the next start, and nobody waits for it.
        let _ = remove(&self.0);
    }
}

/// Removes what earlier drills left in the agent's directory.
pub fn sweep(data: &Path) -> io::Result<()> {
    remove(&data.join(ROOM))
}

/// The same of one job.
pub fn sweep_job(data: &Path, job: JobId) -> io::Result<()> {
    remove(&data.join(ROOM).join(job.to_string()))
}

/// Also directories that were saved without the right to change them.
fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(_) => {
            open_up(path)?;
            fs::remove_dir_all(path)
        }
    }
}

fn open_up(directory: &Path) -> io::Result<()> {
    fs::set_permissions(directory, fs::Permissions::from_mode(0o700))?;
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        // Links are not followed: what they point to is not ours.
        if entry.file_type()?.is_dir() {
            open_up(&entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_private_and_gone_afterwards() {
        let data = tempfile::tempdir().unwrap();
        let world = crate::world::World::real();
        let scratch = Scratch::make(data.path(), world.job_id(), 5).unwrap_or_else(|_| panic!("no room"));
        let path = scratch.path().to_owned();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(fs::metadata(data.path().join(ROOM)).unwrap().permissions().mode() & 0o777, 0o700);
        fs::create_dir(path.join("sub")).unwrap();
        fs::write(path.join("sub/file"), "x").unwrap();
        fs::set_permissions(path.join("sub"), fs::Permissions::from_mode(0o500)).unwrap();
        drop(scratch);
        assert!(!path.exists());
        let other = world.job_id();
        let left = |job: JobId| data.path().join(ROOM).join(job.to_string()).join("left");
        let job: JobId = path.file_name().unwrap().to_str().unwrap().parse().unwrap();
        for job in [job, other] {
            fs::create_dir_all(left(job)).unwrap();
        }
        sweep_job(data.path(), job).unwrap();
        assert!(!path.exists() && left(other).exists(), "a job that runs keeps its own");
        sweep(data.path()).unwrap();
        assert!(!data.path().join(ROOM).exists());
        sweep(data.path()).unwrap();
    }

    #[test]
    fn others_keep_room_on_small_disks_and_on_large_ones() {
        const GIB: u64 = 1024 * 1024 * 1024;
        assert_eq!([0, GIB, 20 * GIB, 1000 * GIB].map(spare), [GIB, GIB, GIB, 50 * GIB]);
    }

    #[test]
    fn without_room_nothing_is_made() {
        let data = tempfile::tempdir().unwrap();
        let made = Scratch::make(data.path(), crate::world::World::real().job_id(), u64::MAX);
        let Err(Early::Verdict(verdict)) = made else { panic!("there is no such room") };
        assert!(matches!(verdict.reason, Some(Reason::NoSpace { .. })), "{verdict:?}");
        assert!(!data.path().join(ROOM).exists());
    }
}
