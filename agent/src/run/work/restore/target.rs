//! Where a restore writes: which directory is meant, whether it may be that one, and how much room there is.
//!
//! Looks at people's own paths, so it is called where a mount that does not answer holds nobody up.

use std::{
    fs,
    io::{self, ErrorKind},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _},
    path::{Path, PathBuf},
};

use wire::{id::JobId, job::Reason, restore::RestoreTarget};

/// Below the account's home: what the agent names itself.
const FRESH: &str = "rm-restore";
/// So much of a disk stays free for others, and no more than this.
const SPARE_PART: u64 = 100;
const SPARE_BYTES: u64 = 1024 * 1024 * 1024;
const SERVICE: &str = "restic-manager-agent";

/// The directory that is meant, as this host spells it.
pub fn expand(target: &RestoreTarget, home: &Path, job: JobId) -> PathBuf {
    match target {
        RestoreTarget::InPlace { .. } => PathBuf::from("/"),
        RestoreTarget::Fresh => home.join(FRESH).join(job.to_string()),
        RestoreTarget::Directory { path, .. } => {
            let inner = ["~/", "$HOME/", "${HOME}/"].iter().find_map(|start| path.strip_prefix(start));
            // Without doubled or trailing slashes.
            inner.map_or_else(|| PathBuf::from(path), |inner| home.join(inner)).components().collect()
        }
    }
}

/// What this host allows.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Directories of the agent's own.
    pub own: Vec<PathBuf>,
    /// New directories must lie in one of these; anywhere when there is none.
    pub below: Vec<PathBuf>,
}

/// The disk that it lies on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Disk {
    pub free: u64,
    pub size: u64,
}

impl Disk {
    fn of(path: &Path) -> io::Result<Self> {
        let disk = rustix::fs::statvfs(path)?;
        let [free, size] = [disk.f_bavail, disk.f_blocks].map(|blocks| blocks.saturating_mul(disk.f_frsize));
        Ok(Self { free, size })
    }

    pub fn has_room(self, bytes: u64) -> bool {
        self.free >= bytes.saturating_add((self.size / SPARE_PART).min(SPARE_BYTES))
    }
}

/// A directory that files may come back to.
#[derive(Debug)]
pub struct Place {
    /// Without links on the way, as they are now.
    pub real: PathBuf,
    pub disk: Disk,
}

/// Whether files may come back to this new or empty directory. Writes nothing.
pub fn judge(target: &Path, rules: &Rules) -> Result<Place, Reason> {
    let forbidden = |message: String| Reason::TargetForbidden { target: shown(target), message };
    let (there, rest) = existing(target).map_err(|error| refusal(target, target, &error))?;
    let real = fs::canonicalize(there).map_err(|error| refusal(target, there, &error))?;
    if rules.own.iter().any(|own| is_within(&real, own) || (rest.is_none() && is_within(own, &real))) {
        let message = "the agent's own files lie there, and no restore touches them".to_owned();
        return Err(forbidden(message));
    }
    let meant = rest.map_or_else(|| real.clone(), |rest| real.join(rest));
    let below = |allowed: &PathBuf| meant.starts_with(fs::canonicalize(allowed).as_ref().unwrap_or(allowed));
    if !rules.below.is_empty() && !rules.below.iter().any(below) {
        let names: Vec<String> = rules.below.iter().map(|path| shown(path)).collect();
        let message = format!(
            "this host only takes restores below {}: restore_below in the [policy] of agent.toml says so",
            names.join(" and ")
        );
        return Err(forbidden(message));
    }
    if rest.is_none() {
        let mut entries = fs::read_dir(&real).map_err(|error| refusal(target, target, &error))?;
        if entries.next().is_some() {
            return Err(Reason::TargetTaken { target: shown(target) });
        }
    } else if !real.is_dir() {
        return Err(no_directory(target, there));
    }
    let disk = Disk::of(&real).map_err(|error| refusal(target, there, &error))?;
    Ok(Place { real: meant, disk })
}

/// Whether restoring this path in place would reach into the agent's own files.
pub fn leads_to_own(path: &Path, own: &[PathBuf]) -> bool {
    let Ok((there, _)) = existing(path) else { return false };
    fs::canonicalize(there).is_ok_and(|real| own.iter().any(|own| is_within(&real, own)))
}

/// The least room of the disks that these lie on, or would.
pub fn room_of(paths: &[PathBuf]) -> io::Result<u64> {
    let mut least = Disk::of(Path::new("/"))?.free;
    for (n, path) in paths.iter().enumerate() {
        let free = Disk::of(existing(path)?.0)?.free;
        least = if n == 0 { free } else { least.min(free) };
    }
    Ok(least)
}

/// The part of a path that is there, and the rest of it.
fn existing(path: &Path) -> io::Result<(&Path, Option<&Path>)> {
    for there in path.ancestors() {
        match fs::symlink_metadata(there) {
            Ok(_) => {
                let rest = path.strip_prefix(there).ok().filter(|rest| !rest.as_os_str().is_empty());
                return Ok((there, rest));
            }
            // Below a file nothing is there either: that it is in the way is said of the file.
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {}
            Err(error) => return Err(error),
        }
    }
    Err(ErrorKind::NotFound.into())
}

/// Told by device and number, which no spelling changes.
fn is_within(path: &Path, directory: &Path) -> bool {
    let Ok(wanted) = fs::metadata(directory).map(|it| (it.dev(), it.ino())) else { return false };
    let real = fs::canonicalize(path);
    let is_it = |part: &Path| fs::metadata(part).is_ok_and(|it| (it.dev(), it.ino()) == wanted);
    real.is_ok_and(|real| real.ancestors().any(is_it))
}

/// Directories that were made for a restore, the outermost first.
#[derive(Debug, Default)]
pub struct Made(Vec<PathBuf>);

impl Made {
    /// Makes what is missing, for the agent's account alone.
    pub fn make(target: &Path) -> Result<Self, Reason> {
        let mut made = Self::default();
        let missing: Vec<&Path> =
            target.ancestors().take_while(|path| fs::symlink_metadata(path).is_err()).collect();
        for path in missing.into_iter().rev() {
            if let Err(error) = fs::DirBuilder::new().mode(0o700).create(path) {
                made.remove_empty();
                return Err(refusal(target, path.parent().unwrap_or(path), &error));
            }
            made.0.push(path.to_owned());
        }
        Ok(made)
    }

    /// Nothing may be left of a restore that wrote nothing.
    pub fn remove_empty(&self) {
        for path in self.0.iter().rev() {
            // One with something in it stays.
            if fs::remove_dir(path).is_err() {
                return;
            }
        }
    }
}

/// Whether anything came.
pub fn has_entries(directory: &Path) -> bool {
    fs::read_dir(directory).is_ok_and(|mut entries| entries.next().is_some())
}

/// What lies in it by now: how many things, and the bytes of the files among them.
pub fn count(directory: &Path) -> (u64, u64) {
    let (mut things, mut bytes) = (0, 0);
    let mut waiting = vec![directory.to_owned()];
    while let Some(directory) = waiting.pop() {
        // What cannot be looked into is not counted.
        for entry in fs::read_dir(&directory).into_iter().flatten().flatten() {
            things += 1;
            match entry.metadata() {
                Ok(meta) if meta.is_dir() => waiting.push(entry.path()),
                Ok(meta) if meta.is_file() => bytes += meta.len(),
                _ => {}
            }
        }
    }
    (things, bytes)
}

/// Why the system does not let the agent in, and how a person does. `at`: where it said no.
fn refusal(target: &Path, at: &Path, error: &io::Error) -> Reason {
    let (target, at) = (shown(target), shown(at));
    match error.kind() {
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => Reason::TargetTaken { target: at },
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            Reason::NoSpace { message: format!("{at}: {error}") }
        }
        ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => {
            Reason::TargetForbidden { target, message: format!("{at}: {error}. {}", how_to_lift(&at)) }
        }
        _ => Reason::TargetForbidden { target, message: format!("{at}: {error}") },
    }
}

/// Something on the way that nothing can lie in.
fn no_directory(target: &Path, there: &Path) -> Reason {
    let message = format!("{} is there already and is not a directory", shown(there));
    Reason::TargetForbidden { target: shown(target), message }
}

/// Of the service's sandbox.
pub fn how_to_lift(path: &str) -> String {
    format!(
        "If that is the service's sandbox, `systemctl edit {SERVICE}` with `[Service]` and `ReadWritePaths={path}` lifts it after `systemctl restart {SERVICE}`"
    )
}

pub fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn directory(path: &str) -> RestoreTarget {
        RestoreTarget::Directory { path: path.to_owned(), base: None }
    }

    #[test]
    fn the_home_is_the_accounts_own() {
        let job: JobId = "0192f0c1-7a3b-7c1e-9f00-3b1f0a2c4d5e".parse().unwrap();
        let home = Path::new("/home/ada");
        for (target, expected) in [
            (RestoreTarget::Fresh, format!("/home/ada/rm-restore/{job}")),
            (RestoreTarget::InPlace { host: "h".to_owned() }, "/".to_owned()),
            (directory("~/back"), "/home/ada/back".to_owned()),
            (directory("$HOME/a b"), "/home/ada/a b".to_owned()),
            (directory("${HOME}/x/"), "/home/ada/x".to_owned()),
            (directory("/srv//back/"), "/srv/back".to_owned()),
            (directory("/srv/~/x"), "/srv/~/x".to_owned()),
        ] {
            assert_eq!(expand(&target, home, job).into_os_string().into_string().unwrap(), expected);
        }
    }

    #[test]
    fn only_a_new_or_empty_directory_away_from_the_agents_own_will_do() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        for name in ["data/deep", "empty", "full/x", "allowed"] {
            fs::create_dir_all(at(name)).unwrap();
        }
        fs::write(at("file"), "x").unwrap();
        symlink(at("data"), at("link")).unwrap();
        symlink(at("nowhere"), at("dangling")).unwrap();
        symlink(at("empty"), at("allowed/out")).unwrap();
        let rules = Rules { own: vec![at("data")], below: Vec::new() };
        let said = |name: &str, rules: &Rules| match judge(&at(name), rules) {
            Ok(_) => "good",
            Err(Reason::TargetTaken { .. }) => "taken",
            Err(Reason::TargetForbidden { .. }) => "forbidden",
            Err(other) => panic!("{name}: {other:?}"),
        };
        for (name, expected) in [
            ("new", "good"),
            ("new/deep/er", "good"),
            ("empty", "good"),
            ("full", "taken"),
            ("file", "taken"),
            ("file/x", "forbidden"),
            ("dangling", "forbidden"),
            ("data", "forbidden"),
            ("data/new", "forbidden"),
            ("data/deep", "forbidden"),
            ("link/new", "forbidden"),
            ("", "forbidden"),
        ] {
            assert_eq!(said(name, &rules), expected, "{name}");
        }
        let only = Rules { own: vec![at("data")], below: vec![at("allowed")] };
        for (name, expected) in [
            ("allowed/new", "good"),
            ("new", "forbidden"),
            ("allowed-not/new", "forbidden"),
            // It only looks as if it lay there.
            ("allowed/out/new", "forbidden"),
        ] {
            assert_eq!(said(name, &only), expected, "{name}");
        }
        let real = at("empty").canonicalize().unwrap();
        assert_eq!(judge(&at("allowed/out/new"), &rules).unwrap().real, real.join("new"));
        assert_eq!(judge(&at("allowed/out"), &rules).unwrap().real, real);
        assert!(
            leads_to_own(&at("link/vault.key"), &rules.own) && leads_to_own(&at("data/gone"), &rules.own)
        );
        assert!(!leads_to_own(&at("empty/x"), &rules.own) && !leads_to_own(Path::new("/"), &rules.own));
    }

    #[test]
    fn what_is_made_is_private_and_goes_again_while_it_is_empty() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("a/b/c");
        let made = Made::make(&target).unwrap();
        for path in ["a", "a/b", "a/b/c"] {
            let mode = fs::metadata(dir.path().join(path)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o700, "{path}");
        }
        fs::write(dir.path().join("a/kept"), "x").unwrap();
        assert_eq!(count(dir.path()), (4, 1));
        made.remove_empty();
        assert!(dir.path().join("a/kept").exists() && !dir.path().join("a/b").exists());
        assert!(matches!(Made::make(Path::new("/proc/none/x")), Err(Reason::TargetForbidden { .. })));
    }

    #[test]
    fn a_little_of_the_disk_stays_free() {
        let disk = Disk { free: 1_000, size: 10_000 };
        assert!(disk.has_room(900) && !disk.has_room(901));
        assert!(!Disk { free: 1_000, size: 0 }.has_room(1_001));
    }

    #[test]
    fn a_sandbox_is_named_with_what_lifts_it() {
        let error = io::Error::from(ErrorKind::ReadOnlyFilesystem);
        let Reason::TargetForbidden { message, target } =
            refusal(Path::new("/usr/x/y"), Path::new("/usr/x"), &error)
        else {
            panic!("it is forbidden")
        };
        assert_eq!(target, "/usr/x/y");
        assert!(
            message.contains("ReadWritePaths=/usr/x`") && message.contains("systemctl edit"),
            "{message}"
        );
    }
}
