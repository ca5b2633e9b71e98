//! Which restic there is: the configured one, or the first in the usual places, and what it can do.
//!
//! Looked at anew when the file changes, so that an upgrade or a late installation needs no restart.

use std::{
    collections::BTreeMap,
    env, fs, io,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    time::Duration,
};

use wire::job::Reason;

use super::{
    command::{Call, Value},
    exit::Exit,
    feature::{Features, OLDEST, Version},
    process::{Launcher, start},
};
use crate::world::World;

/// Beyond PATH: where packages, snaps and people put it.
const USUAL_PLACES: [&str; 5] =
    ["/usr/bin/restic", "/usr/local/bin/restic", "/opt/restic/restic", "/opt/bin/restic", "/snap/bin/restic"];
/// A restic that does not even say its version in this time is not one.
const ANSWER: Duration = Duration::from_secs(20);

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binary {
    pub path: PathBuf,
    pub features: Features,
    stamp: Stamp,
}

/// What tells one version of a file from another without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    inode: u64,
    size: u64,
    modified: (i64, i64),
}

/// The restic that jobs use; `known` saves asking again while the file is the same.
pub async fn find(
    world: &World,
    launcher: &Launcher,
    configured: Option<&Path>,
    known: Option<&Binary>,
) -> Result<Binary, Reason> {
    let path = locate(configured).ok_or(Reason::ResticMissing)?;
    let stamp = stamp(&path).map_err(|_| Reason::ResticMissing)?;
    if let Some(known) = known
        && known.path == path
        && known.stamp == stamp
    {
        return Ok(known.clone());
    }
    let said = ask(world, launcher, &path, &["version"]).await?;
    let version: Version = said.parse().map_err(|error: super::feature::VersionError| Reason::Restic {
        exit: Some(0),
        message: format!("{} is not restic: {error}", path.display()),
    })?;
    if version < OLDEST {
        return Err(Reason::ResticTooOld { needed: OLDEST.to_string(), found: version.to_string() });
    }
    let mut help = BTreeMap::new();
    for command in Features::commands() {
        match ask(world, launcher, &path, &[command, "--help"]).await {
            Ok(text) => drop(help.insert(command, text)),
            // It says that it knows no such command: then it has none of its flags.
            Err(Reason::Restic { exit: Some(_), .. }) => {}
            Err(reason) => return Err(reason),
        }
    }
    Ok(Binary { path, features: Features::probe(version, &help), stamp })
}

fn locate(configured: Option<&Path>) -> Option<PathBuf> {
    if let Some(path) = configured {
        return is_program(path).then(|| path.to_owned());
    }
    let search = env::var_os("PATH").unwrap_or_default();
    let in_path = env::split_paths(&search).filter(|dir| dir.is_absolute()).map(|dir| dir.join("restic"));
    in_path.chain(USUAL_PLACES.iter().map(PathBuf::from)).find(|path| is_program(path))
}

fn is_program(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

fn stamp(path: &Path) -> io::Result<Stamp> {
    let file = fs::metadata(path)?;
    Ok(Stamp { inode: file.ino(), size: file.size(), modified: (file.mtime(), file.mtime_nsec()) })
}

async fn ask(world: &World, launcher: &Launcher, path: &Path, args: &[&str]) -> Result<String, Reason> {
    let failed = |exit: Option<i32>, problem: &str| Reason::Restic {
        exit,
        message: format!("`{} {}` {problem}", path.display(), args.join(" ")),
    };
    let env = vec![("PATH".to_owned(), Value::Plain("/usr/bin:/bin".to_owned()))];
    let call = Call { args: args.iter().map(Into::into).collect(), env, nice: None, io: None };
    let (mut running, mut lines) = start(world, launcher, path, &call)
        .await
        .map_err(|error| failed(None, &format!("cannot be started: {error}")))?;
    let read = async {
        let mut text = String::new();
        while let Some(line) = lines.recv().await {
            text.push_str(&line.text);
            text.push('\n');
        }
        text
    };
    let conversation = async { tokio::join!(running.ended(), read) };
    match world.within(ANSWER, conversation).await {
        Some((Ok(Exit::Code(0)), text)) => Ok(text),
        Some((Ok(exit), text)) => {
            Err(failed(exit.code(), &format!("ended with {}: {}", super::exit::spoken(exit), text.trim())))
        }
        Some((Err(error), _)) => Err(failed(None, &format!("was lost: {error}"))),
        None => Err(failed(None, &format!("did not answer within {} s", ANSWER.as_secs()))),
    }
}
