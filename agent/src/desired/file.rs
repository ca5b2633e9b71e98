//! The endpoint's own plan.toml: where it exists, it governs. Nobody here ever writes it.
//!
//! Knows how a saved edit becomes a revision, and how the plan goes back to the panel. Must not know who watches whom:
//! the task below is told where the file is, and looks.

mod text;
mod told;
mod watch;

pub use text::{FileProblem, read, write};
pub use watch::{FileTask, Looked, Nudge};

use std::{fs, io, path::Path};

use wire::{
    action::{OrderRefusalCode, Outcome},
    journal::PlanBy,
    plan::{Plan, PlanFileProblem},
};

use super::{
    Desk,
    orders::act::{Refuse, refuse},
};
use crate::{
    store::{StoreError, Tx, plan},
    world::{Exposed, World},
};

/// Larger than any plan: what is longer is not one.
const LARGEST_BYTES: u64 = 4 * 1024 * 1024;
/// What became of a text of the file.
#[derive(Clone, Debug, PartialEq)]
pub enum Taken {
    /// It says what holds already, by its word.
    Same(u64),
    /// It is this revision now.
    New(u64),
    Refused(Vec<FileProblem>),
}

/// The text of a file that governs; `None`: there is none. What others could change says nothing: it decides what runs
/// with root's power.
pub fn governing(world: &World, path: &Path) -> io::Result<Option<String>> {
    // Where there is none, nobody need be told who could put one there: it would not be taken.
    if fs::symlink_metadata(path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
        return Ok(None);
    }
    match world.guarded(path) {
        Ok(real) => text(&real),
        Err(exposed) if exposed.is_absent() => Ok(None),
        Err(Exposed::Unreadable(error)) => Err(error),
        Err(exposed) => Err(io::Error::other(format!("it {exposed}"))),
    }
}

/// The file's text; `None`: there is none.
pub fn text(path: &Path) -> io::Result<Option<String>> {
    use io::Read as _;
    let file = match fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    file.take(LARGEST_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST_BYTES {
        return Err(io::Error::other("it is larger than any plan"));
    }
    String::from_utf8(bytes).map(Some).map_err(|_| io::Error::other("it is not UTF-8 text"))
}

impl Desk {
    /// Whether an edit that does not come from the file is out of place.
    pub(super) fn file_governs(&self, tx: &Tx<'_>) -> Result<bool, StoreError> {
        let by_file = plan::current(tx)?.is_some_and(|current| current.by == PlanBy::File);
        // One that is there but was never valid governs as well: what it forbids is that two hands write.
        Ok(by_file || self.0.plan_file.exists())
    }

    /// Makes what stands in the file the plan, unless it already is, by the file's word.
    pub async fn take_file(&self, text: String) -> Result<Taken, StoreError> {
        let desk = self.clone();
        let taken = self.0.store.write(move |tx| desk.take_file_in(tx, &text)).await?;
        self.wake_if(matches!(taken, Taken::New(_)));
        Ok(taken)
    }

    fn take_file_in(&self, tx: &Tx<'_>, text: &str) -> Result<Taken, StoreError> {
        let wished = match read(text) {
            Ok(wished) => wished,
            Err(problems) => return Ok(Taken::Refused(problems)),
        };
        let current = plan::current(tx)?;
        match current {
            Some(current) if current.by == PlanBy::File && current.plan == wished => {
                Ok(Taken::Same(current.revision))
            }
            other => {
                let revision = other.map_or(0, |current| current.revision) + 1;
                self.put(tx, revision, wished, PlanBy::File, None)?;
                Ok(Taken::New(revision))
            }
        }
    }

    /// The file is gone: its last word stays the plan, and the panel may edit it again. `None`: it did not govern.
    pub async fn let_go_of_file(&self, note: Option<String>) -> Result<Option<u64>, StoreError> {
        let desk = self.clone();
        let let_go = self.0.store.write(move |tx| desk.let_go_in(tx, note)).await?;
        self.wake_if(let_go.is_some());
        Ok(let_go)
    }

    fn let_go_in(&self, tx: &Tx<'_>, note: Option<String>) -> Result<Option<u64>, StoreError> {
        let Some(current) = plan::current(tx)?.filter(|current| current.by == PlanBy::File) else {
            return Ok(None);
        };
        let revision = current.revision + 1;
        self.put(tx, revision, current.plan, PlanBy::Local, note)?;
        Ok(Some(revision))
    }

    /// Gives the plan back to the panel, once the file was put aside. Whoever asks has done that: a service's sandbox may
    /// see the file's directory as one that cannot be written to.
    pub async fn adopt_file(&self, note: Option<String>) -> Result<Outcome, StoreError> {
        let path = &self.0.plan_file;
        if path.exists() {
            return Ok(refused(&refuse(
                OrderRefusalCode::Policy,
                format!("{} is still there, so it governs", path.display()),
                "Use `restic-manager-agent plan adopt`, which puts it aside.",
            )));
        }
        // Whoever watches the file may have noticed first.
        let revision = match self.let_go_of_file(note).await? {
            Some(revision) => revision,
            None => self.0.store.read(plan::revision).await?,
        };
        Ok(Outcome::Accepted { jobs: Vec::new(), revision: Some(revision) })
    }

    /// Tells the fleet why the file is not taken, or that nothing is wrong with it any more.
    async fn tell_of_file(&self, problems: Vec<PlanFileProblem>) -> Result<(), StoreError> {
        let at = self.0.world.now();
        self.0.store.write(move |tx| plan::set_file_problems(tx, problems, at)).await
    }

    pub(super) fn put(
        &self,
        tx: &Tx<'_>,
        revision: u64,
        wished: Plan,
        by: PlanBy,
        note: Option<String>,
    ) -> Result<(), StoreError> {
        let at = self.0.world.now();
        let next = plan::LedgerPlan { revision, plan: wished, by, at, note };
        match plan::put(tx, &next)? {
            plan::Put::New | plan::Put::Same => Ok(()),
            plan::Put::Refused { current } => Err(StoreError::Statement(format!(
                "revision {revision} of the plan does not follow revision {current}"
            ))),
        }
    }

    pub(super) fn wake_if(&self, news: bool) {
        if let Some(engine) = self.engine().filter(|_| news) {
            engine.wake();
        }
    }
}

/// What a refusal says, as whoever asked is told.
pub(super) fn refused(refusal: &Refuse) -> Outcome {
    match refusal {
        Refuse::With { code, message, hint } => {
            Outcome::Refused { code: *code, message: message.clone(), hint: hint.clone() }
        }
        Refuse::Store(error) => Outcome::Refused {
            code: OrderRefusalCode::Unavailable,
            message: error.to_string(),
            hint: "Nothing was done. Try again once the host is well.".to_owned(),
        },
    }
}

#[cfg(test)]
mod tests;
