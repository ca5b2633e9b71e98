//! The disk below the agent's files, who may read them, and what the agent may read.

use std::{
    fs, io,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    time::Duration,
};

use wire::plan::Plan;

use super::{Finding, Running, Subject};
use crate::{cli::table, config::Paths, run::looks::Looks, world::World};

/// For one path.
const LOOK: Duration = Duration::from_secs(5);

/// Below this the database and restic's cache soon take nothing more.
const TIGHT_BYTES: u64 = 1 << 30;
const FULL_BYTES: u64 = 100 << 20;
/// capabilities(7): reading past modes.
const CAP_DAC_OVERRIDE: u64 = 1 << 1;
const CAP_DAC_READ_SEARCH: u64 = 1 << 2;

pub fn disk(paths: &Paths) -> Vec<Finding> {
    let mut findings = vec![room("the data directory", &paths.data)];
    let cache = paths.cache();
    let other = |path: &Path| fs::metadata(path).map(|found| found.dev()).ok();
    if other(&cache).is_some_and(|device| Some(device) != other(&paths.data)) {
        findings.push(room("restic's cache", &cache));
    }
    findings
}

fn room(what: &str, path: &Path) -> Finding {
    match rustix::fs::statvfs(path) {
        Err(error) => Finding::problem(
            Subject::Disk,
            format!("{what} {} cannot be looked at: {error}", path.display()),
            "Run this as root, or name the right directory with --data.",
        ),
        Ok(found) => {
            let free = found.f_bavail.saturating_mul(found.f_frsize);
            let nodes = (found.f_files > 0).then_some(found.f_favail);
            judge_room(what, path, free, nodes)
        }
    }
}

fn judge_room(what: &str, path: &Path, free: u64, nodes: Option<u64>) -> Finding {
    const MAKE_ROOM: &str = "Make room there: without it nothing can be written down, and backups fail.";
    let said = format!("{what} {} has {} free", path.display(), table::size(free));
    match nodes {
        Some(nodes) if nodes < 1_000 => {
            let what = format!("{what} {} has only {nodes} free inodes", path.display());
            Finding::problem(Subject::Disk, what, MAKE_ROOM)
        }
        _ if free < FULL_BYTES => Finding::problem(Subject::Disk, said, MAKE_ROOM),
        _ if free < TIGHT_BYTES => Finding::warning(Subject::Disk, said, MAKE_ROOM),
        _ => Finding::ok(Subject::Disk, said),
    }
}

pub fn permissions(paths: &Paths) -> Vec<Finding> {
    let mut findings = Vec::new();
    if rustix::process::geteuid().is_root() {
        findings.push(Finding::ok(Subject::Permissions, "run as root"));
    } else {
        findings.push(Finding::problem(
            Subject::Permissions,
            "this is not run as root, so much cannot be seen",
            "Run it with sudo, or as root.",
        ));
    }
    let secret =
        [paths.data.clone(), paths.identity_key(), paths.vault_key(), paths.database(), paths.config.clone()];
    for (n, path) in secret.iter().enumerate() {
        // The settings are no secret; whoever may change them may make the agent run what they like.
        findings.extend(if n == 4 { writable_by_others(path) } else { open_to_others(path) });
    }
    findings.extend(writable_by_others(&paths.plan_file()));
    findings
}

fn open_to_others(path: &Path) -> Option<Finding> {
    match fs::metadata(path) {
        Ok(found) if found.permissions().mode() & 0o077 != 0 => Some(Finding::problem(
            Subject::Permissions,
            format!(
                "{} can be read by others (mode {:o})",
                path.display(),
                found.permissions().mode() & 0o777
            ),
            format!("Close it: chmod go= {}", path.display()),
        )),
        Ok(found) => foreign(path, &found),
        // That it is missing or may not be seen is said elsewhere.
        Err(_) => None,
    }
}

fn writable_by_others(path: &Path) -> Option<Finding> {
    match fs::metadata(path) {
        Ok(found) if found.permissions().mode() & 0o022 != 0 => Some(Finding::problem(
            Subject::Permissions,
            format!(
                "{} can be changed by others (mode {:o})",
                path.display(),
                found.permissions().mode() & 0o777
            ),
            format!("Close it: chmod go-w {}", path.display()),
        )),
        Ok(found) => foreign(path, &found),
        Err(_) => None,
    }
}

fn foreign(path: &Path, found: &fs::Metadata) -> Option<Finding> {
    let me = rustix::process::geteuid().as_raw();
    (me == 0 && found.uid() != 0).then(|| {
        Finding::problem(
            Subject::Permissions,
            format!("{} belongs to user {}, not to root", path.display(), found.uid()),
            format!("Give it back: chown root {}", path.display()),
        )
    })
}

/// What the groups name, as the running agent sees it: its sandbox may hide what this terminal sees.
pub async fn reachable(world: &World, plan: &Plan, running: Option<&Running>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let inside = running.map(|running| PathBuf::from(format!("/proc/{}/root", running.pid)));
    if let Some(running) = running {
        findings.extend(capable(
            &fs::read_to_string(format!("/proc/{}/status", running.pid)).unwrap_or_default(),
        ));
    }
    let looks = Looks::default();
    for (name, group) in &plan.groups {
        for path in &group.includes {
            findings.extend(looked_at(&looks, world, name.as_str(), path, inside.clone()).await);
        }
    }
    findings
}

/// A mount that does not answer is what this command is there to find: it must not wait for it.
async fn looked_at(
    looks: &Looks,
    world: &World,
    group: &str,
    path: &str,
    inside: Option<PathBuf>,
) -> Option<Finding> {
    let (own_group, own) = (group.to_owned(), path.to_owned());
    let look = move |note: &dyn Fn(&str)| {
        note(&own);
        seen(&own_group, Path::new(&own), inside.as_deref())
    };
    let found = looks.look(world, LOOK, &[path.to_owned()], look).await;
    found.unwrap_or_else(|unseen| {
        Some(Finding::problem(
            Subject::Permissions,
            format!("{path} of the group {group} does not answer: {unseen}"),
            "Mend or unmount the mount that it lies on, or take it out of the group: its backups fail meanwhile.",
        ))
    })
}

/// proc(5): without these the agent skips what its user may not read.
fn capable(status: &str) -> Option<Finding> {
    let line = status.lines().find_map(|line| line.strip_prefix("CapEff:"))?;
    let held = u64::from_str_radix(line.trim(), 16).ok()?;
    (held & (CAP_DAC_OVERRIDE | CAP_DAC_READ_SEARCH) == 0).then(|| {
        Finding::problem(
            Subject::Permissions,
            "the agent may not read files of other users (it has no CAP_DAC_READ_SEARCH): they would be left out",
            "Run the service as root, with CAP_DAC_READ_SEARCH in its CapabilityBoundingSet.",
        )
    })
}

fn seen(group: &str, path: &Path, inside: Option<&Path>) -> Option<Finding> {
    let here = match fs::symlink_metadata(path).and_then(|found| readable(path, &found)) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Some(Finding::warning(
                Subject::Permissions,
                format!("{} of the group {group} does not exist", path.display()),
                "Create or mount it, or take it out of the group.",
            ));
        }
        Err(error) => {
            return Some(Finding::problem(
                Subject::Permissions,
                format!("{} of the group {group} cannot be read: {error}", path.display()),
                "Run this as root; if that does not help, see the mount and what protects the path.",
            ));
        }
    };
    let relative = path.strip_prefix("/").ok()?;
    let there = fs::symlink_metadata(inside?.join(relative));
    let same = there.is_ok_and(|there| (there.dev(), there.ino()) == (here.dev(), here.ino()));
    (!same).then(|| {
        Finding::problem(
            Subject::Permissions,
            format!(
                "{} of the group {group} is hidden from the agent by its service's sandbox",
                path.display()
            ),
            "Take ProtectHome=, PrivateTmp=, InaccessiblePaths= and the like out of the unit (systemctl edit \
             restic-manager-agent), then restart it.",
        )
    })
}

fn readable(path: &Path, found: &fs::Metadata) -> io::Result<fs::Metadata> {
    if found.is_dir() {
        fs::read_dir(path)?;
    } else if found.is_file() {
        fs::File::open(path)?;
    }
    Ok(found.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::Level;

    #[test]
    fn room_is_judged_by_bytes_and_inodes() {
        let level = |free, nodes| judge_room("x", Path::new("/d"), free, nodes).level;
        assert_eq!(level(50 << 30, Some(1_000_000)), Level::Ok);
        assert_eq!(level(500 << 20, None), Level::Warning);
        assert_eq!(level(5 << 20, None), Level::Problem);
        assert_eq!(level(50 << 30, Some(3)), Level::Problem);
    }

    #[test]
    fn what_others_may_read_or_change_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("vault.key");
        fs::write(&path, "k").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(open_to_others(&path).unwrap().what.contains("640"));
        assert_eq!(writable_by_others(&path).map(|found| found.level), None);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o620)).unwrap();
        assert!(writable_by_others(&path).is_some());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(open_to_others(&path), None);
        assert_eq!(open_to_others(&directory.path().join("gone")), None);
    }

    #[tokio::test]
    async fn a_path_on_a_mount_that_hangs_is_named_and_the_others_are_looked_at() {
        let (looks, world) = (Looks::default(), World::real());
        let held = crate::run::looks::tests::hang(&looks, "/mnt/nas").await;
        let found = looked_at(&looks, &world, "g", "/mnt/nas/photos", None).await.unwrap();
        assert_eq!(found.level, Level::Problem);
        assert!(found.what.starts_with("/mnt/nas/photos of the group g does not answer: "), "{}", found.what);
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(looked_at(&looks, &world, "g", directory.path().to_str().unwrap(), None).await, None);
        drop(held);
    }

    #[test]
    fn an_agent_without_its_capability_would_skip_files() {
        assert_eq!(capable("Name:\tx\nCapEff:\t000001ffffffffff\n"), None);
        assert_eq!(capable("CapEff:\t0000000000000004\n"), None);
        assert!(capable("CapEff:\t0000000000000000\n").is_some());
        assert_eq!(capable(""), None);
    }

    /// A root of its own stands for a mount namespace in which a path is another one.
    #[test]
    fn a_path_that_the_sandbox_hides_is_told_from_one_that_is_there() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("home");
        fs::create_dir(&path).unwrap();
        assert_eq!(seen("g", &path, Some(Path::new("/"))), None);
        assert_eq!(seen("g", &path, None), None);
        let empty = tempfile::tempdir().unwrap();
        assert_eq!(seen("g", &path, Some(empty.path())).unwrap().level, Level::Problem);
        let hidden = empty.path().join(path.strip_prefix("/").unwrap());
        fs::create_dir_all(hidden).unwrap();
        assert!(
            seen("g", &path, Some(empty.path())).unwrap().what.contains("sandbox"),
            "an empty one in its place"
        );
        assert_eq!(seen("g", &directory.path().join("gone"), None).unwrap().level, Level::Warning);
    }
}
