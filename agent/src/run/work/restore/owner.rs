//! Whose restored files are: what a person should know about it, and what restic cannot do by itself.

use std::{io, path::Path, time::Duration};

use rustix::{
    fs::{AtFlags, CWD, Dir, Mode, OFlags, chownat, openat},
    process::{Gid, Uid, getegid, geteuid},
};
use wire::{
    job::Reason,
    restore::{Ownership, Restore, RestoreTarget},
};

use crate::{
    restic::feature::{Feature, Features},
    world::World,
};

/// For giving everything that was restored to one account.
const LONGEST: Duration = Duration::from_hours(1);
/// Directories within each other: each is held open, and the agent needs files of its own.
const DEEPEST: usize = 300;

/// How the wish is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// restic does it.
    Restic(Ownership),
    /// Afterwards, by the agent.
    Afterwards,
}

/// `Err` where neither can. Without the right to give files away they are the account's own by themselves.
pub fn way(wanted: &Restore, features: &Features, is_root: bool) -> Result<Way, Reason> {
    match wanted.ownership {
        Ownership::Keep => Ok(Way::Restic(Ownership::Keep)),
        Ownership::ByName => match features.lacking(Feature::RestoreOwnershipByName) {
            Some(reason) => Err(reason),
            None => Ok(Way::Restic(Ownership::ByName)),
        },
        Ownership::Drop if features.has(Feature::RestoreNoOwnership) => Ok(Way::Restic(Ownership::Drop)),
        Ownership::Drop if !is_root => Ok(Way::Restic(Ownership::Keep)),
        // Among what is there already, nobody can tell afterwards what was restored.
        Ownership::Drop if matches!(wanted.target, RestoreTarget::InPlace { .. }) => {
            features.lacking(Feature::RestoreNoOwnership).map_or(Ok(Way::Restic(Ownership::Drop)), Err)
        }
        Ownership::Drop => Ok(Way::Afterwards),
    }
}

/// What of the owners may not be as it was.
pub fn warning(wanted: &Restore, is_root: bool) -> Option<&'static str> {
    match wanted.ownership {
        Ownership::Drop => None,
        _ if !is_root => {
            Some("The agent does not run as root here, so everything belongs to the account that it runs as")
        }
        Ownership::Keep if wanted.lent.is_some() => Some(
            "Owners are kept by their numbers, which may be other accounts' on this host than on the one that was backed up",
        ),
        Ownership::Keep => None,
        Ownership::ByName => Some("Where this host does not know a saved name, the saved number is kept"),
    }
}

/// Gives what lies in a new directory to the agent's own account.
pub async fn take_over(target: &Path, world: &World) -> io::Result<()> {
    let target = target.to_owned();
    let taken = tokio::task::spawn_blocking(move || give(&target, (geteuid(), getegid())));
    match world.within(LONGEST, taken).await {
        Some(taken) => taken.unwrap_or_else(|error| Err(io::Error::other(error))),
        None => Err(io::Error::new(io::ErrorKind::TimedOut, "the disk takes too long")),
    }
}

/// Links are not followed: what they point to was not restored. Each directory is held open while what is in it is given,
/// and no path is gone down again: by now somebody else may own one, and put a link in its place.
fn give(directory: &Path, to: (Uid, Gid)) -> io::Result<()> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut open = vec![Dir::new(openat(CWD, directory, flags, Mode::empty())?)?];
    while let Some(directory) = open.last_mut() {
        let Some(entry) = directory.read() else {
            open.pop();
            continue;
        };
        let entry = entry?;
        let name = entry.file_name();
        if matches!(name.to_bytes(), b"." | b"..") {
            continue;
        }
        let at = directory.fd()?;
        chownat(at, name, Some(to.0), Some(to.1), AtFlags::SYMLINK_NOFOLLOW)?;
        let inner = match openat(at, name, flags, Mode::empty()) {
            // What it is called in the directory's own list is not what every file system says.
            Err(rustix::io::Errno::NOTDIR | rustix::io::Errno::LOOP) => continue,
            inner => Dir::new(inner?)?,
        };
        if open.len() >= DEEPEST {
            return Err(io::Error::other(format!("more than {DEEPEST} directories lie within each other")));
        }
        open.push(inner);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::{
        collections::BTreeMap,
        fs,
        os::unix::fs::{MetadataExt as _, lchown, symlink},
    };

    use super::*;
    use crate::restic::feature::Version;

    fn wanted(ownership: &str, to: &str) -> Restore {
        serde_json::from_value(serde_json::json!({
            "repository": "main", "snapshot": "ab".repeat(32), "ownership": ownership,
            "target": { "to": to, "host": "web" },
        }))
        .unwrap()
    }

    fn features(help: &str) -> Features {
        let help = BTreeMap::from([("restore", help.to_owned())]);
        Features::probe(Version { major: 0, minor: 19, patch: 0 }, &help)
    }

    #[test]
    fn what_restic_cannot_do_is_done_afterwards_or_refused() {
        let (plain, able) = (features(""), features(" --no-ownership --ownership-by-name "));
        let said = |ownership, to, features, is_root| match way(&wanted(ownership, to), features, is_root) {
            Ok(way) => format!("{way:?}"),
            Err(Reason::ResticTooOld { needed, .. }) => needed,
            Err(other) => panic!("{other:?}"),
        };
        assert_eq!(said("keep", "fresh", &plain, true), "Restic(Keep)");
        assert_eq!(said("by_name", "fresh", &plain, true), "0.19");
        assert_eq!(said("by_name", "fresh", &able, true), "Restic(ByName)");
        assert_eq!(said("drop", "fresh", &plain, true), "Afterwards");
        assert_eq!(said("drop", "in_place", &plain, true), "one with --no-ownership");
        assert_eq!(said("drop", "in_place", &able, true), "Restic(Drop)");
        assert_eq!(said("drop", "in_place", &plain, false), "Restic(Keep)");
        assert!(warning(&wanted("keep", "fresh"), false).is_some_and(|text| text.contains("root")));
        assert_eq!(warning(&wanted("keep", "fresh"), true), None);
    }

    #[tokio::test]
    async fn links_are_given_and_not_followed() {
        if !rustix::process::geteuid().is_root() {
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        let (target, other) = (dir.path().join("t"), dir.path().join("other"));
        fs::create_dir_all(target.join("sub")).unwrap();
        fs::write(target.join("sub/file"), "x").unwrap();
        fs::write(&other, "x").unwrap();
        symlink(&other, target.join("link")).unwrap();
        symlink(dir.path(), target.join("sub/up")).unwrap();
        // An empty directory of somebody else's may be a target, too.
        for path in ["t", "t/sub", "t/sub/file", "t/link", "other"] {
            lchown(dir.path().join(path), Some(1234), Some(1234)).unwrap();
        }
        take_over(&target, &World::real()).await.unwrap();
        let owner = |path: &Path| fs::symlink_metadata(path).unwrap().uid();
        for name in ["sub", "sub/file", "sub/up", "link"] {
            assert_eq!(owner(&target.join(name)), 0, "{name}");
        }
        assert_eq!((owner(&other), owner(&target)), (1234, 1234), "neither was restored");
        let deep = (0..DEEPEST).fold(target, |path, _| path.join("d"));
        fs::create_dir_all(&deep).unwrap();
        assert!(take_over(&dir.path().join("t"), &World::real()).await.is_err());
    }
}
