//! `plan export`: the plan as a file. A file that is there is never written over.

use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use super::words;
use crate::{
    cli::{Failure, asking, failure, look},
    config::Paths,
    desired::file::{self, Looked},
    local::{Ask, Client, Tell},
    store::plan,
};

pub async fn perform(paths: &Paths, named: Option<&Path>) -> Result<(), Failure> {
    let Some(current) = plan::current(&look::database(paths)?)? else {
        return failure(words::NOTHING_TO_EXPORT);
    };
    let own = paths.plan_file();
    let path = named.unwrap_or(&own);
    let text = words::exported(current.revision, &file::write(&current.plan)?);
    if path == Path::new("-") {
        return look::print(&text);
    }
    create(path, &text)?;
    let governs = path == own || same(path, &own);
    if !governs {
        return look::print(&words::written(path));
    }
    look::print(&taken(paths, path).await?)
}

/// Whole or not at all.
fn create(path: &Path, text: &str) -> Result<(), Failure> {
    let written = || -> io::Result<()> {
        if let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty()) {
            fs::create_dir_all(directory)?;
        }
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    };
    match written() {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            failure(format!("{} is there already: move it away, or name another file", path.display()))
        }
        Err(error) => failure(format!("{} cannot be written: {error}", path.display())),
    }
}

fn same(one: &Path, other: &Path) -> bool {
    fs::canonicalize(one).ok().zip(fs::canonicalize(other).ok()).is_some_and(|(one, other)| one == other)
}

/// Has the running agent look, and says what came of it.
pub async fn taken(paths: &Paths, path: &Path) -> Result<String, Failure> {
    let Some(mut client) = Client::connect(&paths.control_socket()).await? else {
        return Ok(words::taken_later(path));
    };
    client.ask(&Ask::LookAtFile).await?;
    match client.told().await? {
        Some(Tell::File { looked: Looked::Governs(revision) }) => Ok(words::governs(path, revision)),
        Some(Tell::File { looked: Looked::Refused(problems) }) => failure(words::not_taken(path, &problems)),
        Some(Tell::File { looked: Looked::Trouble(problem) }) => failure(format!(
            "{} was not taken yet: {problem}. The agent tries again by itself",
            path.display()
        )),
        Some(Tell::File { looked: Looked::Absent }) => {
            failure(format!("{} is gone before the agent saw it", path.display()))
        }
        Some(Tell::Refused { message, hint }) => failure(asking::refusal(&message, &hint)),
        Some(other) => asking::unexpected(&other),
        None => Ok(words::taken_later(path)),
    }
}
