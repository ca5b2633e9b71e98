//! The agent's own files, its keys among them: no backup includes them, whatever the plan wishes.
//!
//! A path that names one of them outright is not kept out by an exclude in every version of restic, and there are many
//! ways to spell it (links, mounts, /proc). What counts is whether it leads through the agent's directory.

use std::{
    fs, io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use wire::{job::Reason, plan::Backend};

use crate::run::{
    engine::Shared,
    session::{Early, Session},
};

/// For a look at a few paths.
const LOOK: Duration = Duration::from_secs(5);

struct Own {
    /// To be kept out of whatever holds them.
    directories: Vec<PathBuf>,
    /// The wanted paths that lie in them.
    wanted: Vec<String>,
}

/// What a backup of a group reads, and what it leaves out wherever it lies.
pub struct Sources {
    pub includes: Vec<String>,
    pub kept_out: Vec<PathBuf>,
}

/// Without the agent's own files, and without the repository itself where it lies on this host: that would grow by itself
/// with every backup.
pub async fn sources(session: &mut Session, includes: &[String]) -> Result<Sources, Early> {
    let Own { directories: mut kept_out, wanted } = look(&session.shared, includes).await?;
    for path in &wanted {
        session.log.say(format!("{path} is the agent's own, which no backup includes: it is left out"));
    }
    let includes: Vec<String> = includes.iter().filter(|path| !wanted.contains(path)).cloned().collect();
    if includes.is_empty() {
        return Err(Reason::NothingToBackUp { paths: wanted }.into());
    }
    if let Backend::Local { path } = &session.access.backend {
        if includes.iter().any(|include| Path::new(path).starts_with(include)) {
            session.log.say(format!("{path} is the repository itself: it is left out"));
        }
        kept_out.push(PathBuf::from(path));
    }
    Ok(Sources { includes, kept_out })
}

/// What cannot be looked at is not backed up: it could be the agent's keys.
async fn look(shared: &Shared, includes: &[String]) -> Result<Own, Early> {
    let (data, wanted, given) =
        (shared.settings.data.clone(), includes.to_vec(), shared.settings.data.clone());
    let find = move |note: &dyn Fn(&str)| find(&given, wanted, note);
    match shared.looks.look(&shared.world, LOOK, includes, find).await {
        Ok(Ok(own)) => Ok(own),
        Ok(Err(error)) => {
            let message = format!("its own directory {} cannot be looked at: {error}", data.display());
            Err(Reason::Internal { message }.into())
        }
        Err(unseen) => {
            // Where it is not known which one, any may be meant.
            let paths = unseen.path().map_or_else(|| includes.to_vec(), |path| vec![path.to_owned()]);
            Err(Reason::PathsSilent { paths, message: unseen.to_string() }.into())
        }
    }
}

/// `note` hears which path is looked at.
fn find(data: &Path, wanted: Vec<String>, note: impl Fn(&str)) -> io::Result<Own> {
    let own = fs::metadata(data).map(|it| (it.dev(), it.ino()))?;
    let mut directories = vec![data.to_owned()];
    directories.extend(fs::canonicalize(data).ok().filter(|path| path != data));
    let leads = |path: &String| {
        note(path);
        leads_through(Path::new(path), own)
    };
    Ok(Own { directories, wanted: wanted.into_iter().filter(leads).collect() })
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
        assert_eq!(find(&data, wanted, |_| ()).unwrap().wanted, own);
        let linked = find(&dir.path().join("link"), Vec::new(), |_| ()).unwrap().directories;
        assert_eq!(linked, [dir.path().join("link"), fs::canonicalize(&data).unwrap()]);
        let lost = find(&dir.path().join("nowhere"), vec![path("data")], |_| ());
        assert!(lost.is_err(), "without its own directory it could not tell");
    }
}
