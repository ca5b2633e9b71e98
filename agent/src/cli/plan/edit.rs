//! `plan edit`: the plan in the person's own editor; what is wrong with it is said before anybody takes it.

use std::{
    fs,
    io::{self, BufRead as _, IsTerminal as _, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use wire::plan::Plan;

use super::{export, words};
use crate::{
    cli::{Failure, asking, failure, look},
    config::Paths,
    desired::file::{self, FileProblem},
    local::{Ask, Tell},
    store::plan,
    world,
};

pub async fn perform(paths: &Paths, note: Option<&str>) -> Result<(), Failure> {
    let own = paths.plan_file();
    match file::text(&own) {
        Ok(Some(text)) => governed(paths, &own, &text).await,
        Ok(None) => ledger(paths, note).await,
        Err(error) => failure(format!("{} cannot be read: {error}", own.display())),
    }
}

/// plan.toml governs: it is replaced in one go, with its comments, once it is valid.
async fn governed(paths: &Paths, own: &Path, before: &str) -> Result<(), Failure> {
    let Some((text, draft)) = edited(before)? else { return look::print(words::UNCHANGED) };
    if file::text(own).ok().flatten().as_deref() != Some(before) {
        let kept = draft.keep();
        return failure(words::changed_meanwhile(own, &kept));
    }
    if let Err(error) = replace(own, &text) {
        let kept = draft.keep();
        return failure(format!(
            "{} cannot be written ({error}): what you wrote is in {}",
            own.display(),
            kept.display()
        ));
    }
    look::print(&export::taken(paths, own).await?)
}

/// The panel has the plan: what was edited becomes its next revision.
async fn ledger(paths: &Paths, note: Option<&str>) -> Result<(), Failure> {
    let current = plan::current(&look::database(paths)?)?;
    // Before somebody writes for half an hour: is there anybody to take it?
    drop(asking::agent(paths).await?);
    let (base, plan) = current.map_or((0, Plan::default()), |current| (current.revision, current.plan));
    let before = words::draft(base, &file::write(&plan)?);
    let Some((text, draft)) = edited(&before)? else { return look::print(words::UNCHANGED) };
    let wished = match file::read(&text) {
        Ok(wished) => wished,
        Err(problems) => return failure(words::problems(&problems)),
    };
    let ask = Ask::SetPlan { base_revision: base, plan: wished, note: note.map(str::to_owned) };
    match asking::once(paths, &ask).await {
        Ok(Tell::Done { revision, .. }) => look::print(&words::is_revision(revision)),
        Ok(other) => asking::unexpected(&other),
        Err(Failure(text)) => {
            let kept = draft.keep();
            failure(format!("{text}\nWhat you wrote is in {}", kept.display()))
        }
    }
}

/// A private file that an editor works on; gone when it is dropped.
struct Draft {
    directory: tempfile::TempDir,
    path: PathBuf,
}

impl Draft {
    fn new(text: &str) -> Result<Self, Failure> {
        let directory = tempfile::tempdir()?;
        let path = directory.path().join("plan.toml");
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        file.write_all(text.as_bytes())?;
        Ok(Self { directory, path })
    }

    /// What somebody wrote is not lost with an error.
    fn keep(self) -> PathBuf {
        let Self { directory, path } = self;
        let kept = directory.keep();
        kept.join(path.file_name().unwrap_or_default())
    }
}

/// The text as the person left it, valid; `None`: it is what it was.
fn edited(before: &str) -> Result<Option<(String, Draft)>, Failure> {
    let draft = Draft::new(before)?;
    let editor = editor();
    loop {
        let status =
            world::edit(&editor, &draft.path).map_err(|error| Failure(words::no_editor(&editor, &error)))?;
        if !status.success() {
            return failure(format!("the editor `{editor}` ended with {status}: nothing was changed"));
        }
        let text = fs::read_to_string(&draft.path)?;
        if text == before {
            return Ok(None);
        }
        match file::read(&text) {
            Ok(_) => return Ok(Some((text, draft))),
            Err(problems) if again(&problems)? => {}
            Err(problems) => {
                let kept = draft.keep();
                return failure(words::given_up(&problems, &kept));
            }
        }
    }
}

fn again(problems: &[FileProblem]) -> Result<bool, Failure> {
    if !io::stdin().is_terminal() {
        return Ok(false);
    }
    look::print(&words::edit_again(problems))?;
    let mut answer = String::new();
    if io::stdin().lock().read_line(&mut answer)? == 0 {
        return Ok(false);
    }
    Ok(!matches!(answer.trim().to_ascii_lowercase().as_str(), "n" | "no"))
}

fn editor() -> String {
    let named = ["VISUAL", "EDITOR"].into_iter().filter_map(|name| std::env::var(name).ok());
    named.into_iter().find(|editor| !editor.trim().is_empty()).unwrap_or_else(|| "vi".to_owned())
}

/// In one go, with the mode of the file before: a watcher sees the old one or the new one, never half of it.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    // A link is followed: what it points at is the file that somebody looks after.
    let path = fs::canonicalize(path)?;
    let mode = fs::metadata(&path)?.permissions().mode() & 0o777;
    let beside = path.with_extension("toml.new");
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    file.set_permissions(fs::Permissions::from_mode(mode))?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&beside, &path)?;
    path.parent().map_or(Ok(()), |directory| fs::File::open(directory)?.sync_all())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_in_one_go_and_keeps_its_mode_and_its_place() {
        let directory = tempfile::tempdir().unwrap();
        let (real, link) = (directory.path().join("real.toml"), directory.path().join("plan.toml"));
        fs::write(&real, "old").unwrap();
        fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        replace(&link, "new").unwrap();
        assert_eq!(fs::read_to_string(&real).unwrap(), "new");
        assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
        assert!(fs::symlink_metadata(&link).unwrap().file_type().is_symlink());
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 2, "nothing is left beside it");
    }

    #[test]
    fn a_draft_is_private_and_what_was_written_can_be_kept() {
        let draft = Draft::new("text").unwrap();
        let path = draft.path.clone();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o077, 0);
        let kept = draft.keep();
        assert_eq!(fs::read_to_string(&kept).unwrap(), "text");
        fs::remove_dir_all(kept.parent().unwrap()).unwrap();
        let path = Draft::new("text").map(|draft| draft.path.clone()).unwrap();
        assert!(!path.exists());
    }
}
