//! The task that watches plan.toml: told by the file system, and by a slow look besides.
//!
//! A text counts once it stayed the same for a moment: an editor may be in the middle of saving, and half a plan can be
//! a valid one.

use std::{io, path::PathBuf, sync::Arc, time::Duration};

use notify::{EventKind, RecursiveMode, Watcher as _};
use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use wire::domain::sha256;

use super::{FileProblem, Taken, governing, told};
use crate::{desired::Desk, store::StoreError, world::World};

/// A text that nobody touched for so long is whole.
const SETTLE: Duration = Duration::from_secs(1);
/// Some editors remove the file and write it anew.
const GONE: Duration = Duration::from_secs(5);
/// Somebody who saves again and again is let finish at the next look.
const PATIENCE: u32 = 20;
/// What the file system does not tell.
const SLOW_LOOK: Duration = Duration::from_mins(1);

/// What a look at the file found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", content = "of", rename_all = "snake_case")]
pub enum Looked {
    /// There is no file.
    Absent,
    /// It is the plan of this revision.
    Governs(u64),
    /// It is not valid: the plan before stays in force.
    Refused(Vec<FileProblem>),
    /// Something was in the way; it is looked at again.
    Trouble(String),
}

/// Asks the task to look now. Cheap to clone.
#[derive(Clone)]
pub struct Nudge(mpsc::Sender<oneshot::Sender<Looked>>);

impl Nudge {
    /// `None`: the task has ended.
    pub async fn look(&self) -> Option<Looked> {
        let (answer, looked) = oneshot::channel();
        self.0.send(answer).await.ok()?;
        looked.await.ok()
    }
}

pub struct FileTask {
    desk: Desk,
    path: PathBuf,
    nudged: mpsc::Receiver<oneshot::Sender<Looked>>,
    /// What was looked at last, and what it came to.
    seen: Option<(Content, Looked)>,
}

/// What was there, as a mark.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Content {
    None,
    Text([u8; 32]),
    Unreadable(String),
}

impl FileTask {
    pub fn new(desk: Desk) -> (Self, Nudge) {
        let (sender, nudged) = mpsc::channel(4);
        let path = desk.0.plan_file.clone();
        (Self { desk, path, nudged, seen: None }, Nudge(sender))
    }

    /// Until `stop`.
    pub async fn run(mut self, stop: CancellationToken) {
        let told = Arc::new(Notify::new());
        let mut watcher = None;
        let world = self.desk.world().clone();
        loop {
            if watcher.is_none() {
                watcher = self.watch(&told);
            }
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                looked = self.look(&world) => tracing::debug!(?looked, "looked at plan.toml"),
            }
            let asked = tokio::select! {
                () = stop.cancelled() => return,
                Some(nudge) = self.nudged.recv() => Some(nudge),
                () = told.notified() => None,
                () = world.sleep(SLOW_LOOK) => None,
            };
            if let Some(answer) = asked {
                let looked = tokio::select! {
                    () = stop.cancelled() => return,
                    looked = self.look(&world) => looked,
                };
                // Whoever asked may have gone.
                let _ = answer.send(looked);
            }
        }
    }

    /// The directory, for an editor puts a new file in the old one's place. `None`: there is no directory yet, or the
    /// system has no watches left; the slow look does it then.
    fn watch(&self, told: &Arc<Notify>) -> Option<notify::RecommendedWatcher> {
        let directory = self.path.parent()?;
        let (told, name) = (told.clone(), self.path.file_name()?.to_owned());
        let handler = move |event: notify::Result<notify::Event>| {
            let concerns = event.map_or(true, |event| {
                !matches!(event.kind, EventKind::Access(_))
                    && (event.paths.is_empty()
                        || event.paths.iter().any(|path| path.file_name() == Some(name.as_os_str())))
            });
            if concerns {
                told.notify_one();
            }
        };
        let mut watcher = notify::recommended_watcher(handler).ok()?;
        watcher.watch(directory, RecursiveMode::NonRecursive).ok()?;
        Some(watcher)
    }

    /// Looks, waits until what is there stays the same, and takes it.
    async fn look(&mut self, world: &World) -> Looked {
        let (mut content, _) = self.content();
        if let Some((seen, looked)) = &self.seen
            && *seen == content
        {
            return looked.clone();
        }
        for _ in 0..PATIENCE {
            world.sleep(if content == Content::None { GONE } else { SETTLE }).await;
            let (again, found) = self.content();
            if again == content {
                return self.settle(content, found).await;
            }
            content = again;
        }
        Looked::Trouble("it is still being written".to_owned())
    }

    async fn settle(&mut self, content: Content, found: io::Result<Option<String>>) -> Looked {
        let looked = match found {
            Ok(Some(text)) => self.desk.take_file(text).await.map(|taken| match taken {
                Taken::Same(revision) => Looked::Governs(revision),
                Taken::New(revision) => {
                    tracing::info!(revision, path = %self.path.display(), "plan.toml is the plan now");
                    Looked::Governs(revision)
                }
                Taken::Refused(problems) => Looked::Refused(problems),
            }),
            Ok(None) => self.let_go().await,
            Err(error) => Ok(Looked::Trouble(error.to_string())),
        };
        match self.tell(looked).await {
            Ok(looked) => {
                self.log(&looked);
                // What holds was decided by this text: as long as it stays, there is nothing to decide.
                self.seen = Some((content, looked.clone()));
                looked
            }
            Err(error) => {
                tracing::warn!(%error, "what plan.toml says cannot be written down yet");
                Looked::Trouble(error.to_string())
            }
        }
    }

    /// Before it counts as seen: what is not written down is told at the next look.
    async fn tell(&self, looked: Result<Looked, StoreError>) -> Result<Looked, StoreError> {
        let looked = looked?;
        let problems = match &looked {
            Looked::Absent | Looked::Governs(_) => Vec::new(),
            Looked::Refused(problems) => told::refused(problems),
            Looked::Trouble(problem) => told::unreadable(problem),
        };
        self.desk.tell_of_file(problems).await?;
        Ok(looked)
    }

    async fn let_go(&self) -> Result<Looked, StoreError> {
        let note = "plan.toml was removed".to_owned();
        if let Some(revision) = self.desk.let_go_of_file(Some(note)).await? {
            tracing::info!(revision, "plan.toml is gone: its plan stays, and the panel may edit it again");
        }
        Ok(Looked::Absent)
    }

    fn log(&self, looked: &Looked) {
        let path = self.path.display();
        match looked {
            Looked::Absent | Looked::Governs(_) => {}
            Looked::Refused(problems) => {
                for problem in problems {
                    tracing::warn!(%path, "not taken, the plan before stays in force: {problem}");
                }
            }
            Looked::Trouble(problem) => {
                tracing::warn!(%path, "cannot be read, the plan before stays in force: {problem}");
            }
        }
    }

    fn content(&self) -> (Content, io::Result<Option<String>>) {
        let found = governing(self.desk.world(), &self.path);
        let content = match &found {
            Ok(None) => Content::None,
            Ok(Some(text)) => Content::Text(sha256(text.as_bytes()).0),
            Err(error) => Content::Unreadable(error.to_string()),
        };
        (content, found)
    }
}
