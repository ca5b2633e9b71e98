//! Whether somebody with less power than ours could put another file in a file's place.
//!
//! Follows the path as the system would and looks at each step: whoever may write to one directory on the way, or owns
//! it, decides what lies at its end. A sticky directory is no better: what is removed there can be made anew by anybody.

use std::{
    ffi::OsString,
    fs, io,
    os::unix::fs::MetadataExt as _,
    path::{Component, Path, PathBuf},
};

/// As many links as the kernel follows.
const MOST_LINKS: u32 = 40;

/// Why a file is not to be relied on, and how that is mended. Reads on after the path.
#[derive(Debug, thiserror::Error)]
pub enum Exposed {
    #[error("cannot be read: {0}")]
    Unreadable(io::Error),
    #[error("belongs to another user than root: chown root {}", .0.display())]
    Foreign(PathBuf),
    #[error("can be written by others than its owner: chmod go-w {}", .0.display())]
    Open(PathBuf),
    #[error(
        "lies below {0}, which belongs to another user than root: chown root {0}, or move the file to where root alone can write"
    )]
    ForeignDirectory(String),
    #[error(
        "lies below {0}, which others can write to: chmod go-w {0}, or move the file to where root alone can write"
    )]
    OpenDirectory(String),
}

impl Exposed {
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Unreadable(error) if error.kind() == io::ErrorKind::NotFound)
    }
}

/// Where the path leads, when root and we alone can change that and what lies there. What `ground` lies in is not looked
/// at; it is the whole way but for tests.
pub(super) fn walk(path: &Path, ground: Option<&Path>) -> Result<PathBuf, Exposed> {
    let absolute = std::path::absolute(path).map_err(Exposed::Unreadable)?;
    let mut left = parts(&absolute);
    let mut at = PathBuf::from("/");
    let mut links = 0;
    look(&at, &metadata(&at)?, ground)?;
    while let Some(part) = left.pop() {
        if part == ".." {
            at.pop();
            continue;
        }
        let next = at.join(&part);
        let found = metadata(&next)?;
        if !found.is_symlink() {
            look(&next, &found, ground)?;
            at = next;
            continue;
        }
        links += 1;
        if links > MOST_LINKS {
            return Err(Exposed::Unreadable(io::Error::other("its links lead in a circle")));
        }
        let to = fs::read_link(&next).map_err(Exposed::Unreadable)?;
        if to.is_absolute() {
            at = PathBuf::from("/");
        }
        left.extend(parts(&to));
    }
    Ok(at)
}

/// The last first.
fn parts(path: &Path) -> Vec<OsString> {
    let named = path.components().filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some(OsString::from("..")),
        Component::Prefix(_) | Component::RootDir | Component::CurDir => None,
    });
    let mut parts: Vec<OsString> = named.collect();
    parts.reverse();
    parts
}

fn metadata(path: &Path) -> Result<fs::Metadata, Exposed> {
    fs::symlink_metadata(path).map_err(Exposed::Unreadable)
}

fn look(path: &Path, found: &fs::Metadata, ground: Option<&Path>) -> Result<(), Exposed> {
    if ground.is_some_and(|ground| ground != path && ground.starts_with(path)) {
        return Ok(());
    }
    let us = rustix::process::geteuid().as_raw();
    let foreign = found.uid() != 0 && found.uid() != us;
    // The group's bits are the mask of an access list, so they tell of that as well.
    let open = found.mode() & 0o022 != 0;
    let shown = || path.display().to_string();
    match (found.is_dir(), foreign, open) {
        (_, false, false) => Ok(()),
        (true, true, _) => Err(Exposed::ForeignDirectory(shown())),
        (true, false, true) => Err(Exposed::OpenDirectory(shown())),
        (false, true, _) => Err(Exposed::Foreign(path.to_owned())),
        (false, false, true) => Err(Exposed::Open(path.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    /// `a/b/file` below a ground of its own.
    fn placed() -> (tempfile::TempDir, PathBuf, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let ground = fs::canonicalize(dir.path()).unwrap();
        let file = ground.join("a/b/file");
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, "x").unwrap();
        for made in ["a", "a/b"] {
            mode(&ground.join(made), 0o755);
        }
        mode(&file, 0o644);
        (dir, ground, file)
    }

    #[test]
    fn every_step_of_the_way_counts() {
        let (_dir, ground, file) = placed();
        let said = || walk(&file, Some(&ground)).err().map(|exposed| exposed.to_string());
        assert_eq!(walk(&file, Some(&ground)).unwrap(), file);
        for (step, bad, good) in [
            ("a", 0o775, 0o755),
            ("a", 0o757, 0o755),
            // Sticky, as /tmp is.
            ("a/b", 0o1777, 0o755),
            ("a/b/file", 0o664, 0o644),
            ("a/b/file", 0o646, 0o644),
            ("", 0o777, 0o700),
        ] {
            let step = ground.join(step).components().collect::<PathBuf>();
            mode(&step, bad);
            let why = said().unwrap_or_else(|| panic!("{} {bad:o}", step.display()));
            assert!(why.contains(&format!("chmod go-w {}", step.display())), "{why}");
            mode(&step, good);
            assert_eq!(said(), None);
        }
        // What another user owns can be given any mode by them.
        if rustix::process::geteuid().is_root() {
            std::os::unix::fs::chown(ground.join("a"), Some(65_534), None).unwrap();
            assert!(said().unwrap().contains("belongs to another user than root"));
        }
    }

    #[test]
    fn a_link_is_followed_and_so_is_where_it_lies() {
        let (_dir, ground, file) = placed();
        fs::create_dir(ground.join("open")).unwrap();
        mode(&ground.join("open"), 0o777);
        symlink(&file, ground.join("open/link")).unwrap();
        symlink("../b/file", ground.join("a/b/beside")).unwrap();
        symlink(ground.join("open/link"), ground.join("a/by-way-of-open")).unwrap();
        symlink("circle", ground.join("circle")).unwrap();
        assert_eq!(walk(&ground.join("a/b/beside"), Some(&ground)).unwrap(), file);
        for link in ["open/link", "a/by-way-of-open"] {
            let why = walk(&ground.join(link), Some(&ground)).unwrap_err().to_string();
            assert!(why.contains("which others can write to"), "{link}: {why}");
        }
        assert!(!walk(&ground.join("circle"), Some(&ground)).unwrap_err().is_absent());
        assert!(walk(&ground.join("nothing"), Some(&ground)).unwrap_err().is_absent());
    }

    #[test]
    fn without_a_ground_the_whole_way_counts() {
        let (_dir, ground, file) = placed();
        if ground.starts_with("/tmp") {
            assert!(walk(&file, None).unwrap_err().to_string().contains("lies below /tmp"));
        }
        assert_eq!(walk(Path::new("/"), None).unwrap(), Path::new("/"));
    }
}
