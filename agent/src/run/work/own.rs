//! The agent's own files, its keys among them: no backup includes them, whatever the plan wishes.
//!
//! A path that names one of them outright is not kept out by an exclude in every version of restic, and there are many
//! ways to spell it (links, mounts, /proc). What counts is whether it leads through the agent's directory.

use std::{
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::run::session::Session;

/// For a look at a few paths.
const LOOK: Duration = Duration::from_secs(5);

pub struct Own {
    /// To be kept out of whatever holds them.
    pub directories: Vec<PathBuf>,
    /// The wanted paths that lie in them.
    pub wanted: Vec<String>,
}

pub async fn look(session: &Session, includes: &[String]) -> Own {
    let (data, wanted) = (session.shared.settings.data.clone(), includes.to_vec());
    let given = data.clone();
    // A mount that does not answer must not hold up more than this job.
    let found = tokio::task::spawn_blocking(move || find(&given, wanted));
    match session.shared.world.within(LOOK, found).await {
        Some(Ok(own)) => own,
        _ => Own { directories: vec![data], wanted: Vec::new() },
    }
}

fn find(data: &Path, wanted: Vec<String>) -> Own {
    let mut directories = vec![data.to_owned()];
    directories.extend(fs::canonicalize(data).ok().filter(|path| path != data));
    let own = fs::metadata(data).map(|it| (it.dev(), it.ino())).ok();
    let leads = |path: &String| own.is_some_and(|own| leads_through(Path::new(path), own));
    Own { directories, wanted: wanted.into_iter().filter(leads).collect() }
}

/// `directory` is told by device and number, which no spelling changes.
fn leads_through(path: &Path, directory: (u64, u64)) -> bool {
    let Ok(real) = fs::canonicalize(path) else { return false };
    real.ancestors().any(|part| fs::metadata(part).is_ok_and(|it| (it.dev(), it.ino()) == directory))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_an_own_file_is_found_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        fs::create_dir(&data).unwrap();
        fs::write(data.join("vault.key"), "x").unwrap();
        fs::create_dir(dir.path().join("data-of-others")).unwrap();
        std::os::unix::fs::symlink(&data, dir.path().join("link")).unwrap();
        let path = |name: &str| format!("{}/{name}", dir.path().display());
        let own = [
            path("data"),
            path("data/"),
            path("data/vault.key"),
            path("link/vault.key"),
            path("data-of-others/../data/vault.key"),
            format!("/proc/self/root{}", path("data/vault.key")),
        ];
        let others = [path(""), path("data-of-others"), path("data/not-there"), "/etc".to_owned()];
        let wanted = own.iter().chain(&others).cloned().collect();
        assert_eq!(find(&data, wanted).wanted, own);
        let linked = find(&dir.path().join("link"), Vec::new()).directories;
        assert_eq!(linked, [dir.path().join("link"), fs::canonicalize(&data).unwrap()]);
    }
}
