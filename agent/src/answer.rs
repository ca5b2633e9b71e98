//! Answers: what is in a snapshot, where a file is, what changed, the bytes of a download, what opens a repository.
//!
//! Knows how restic is asked beside whatever job runs, and that an answer goes no faster than it is taken. Must not know
//! who asks (the link, or a terminal), how answers travel, or whether an order was allowed: that was decided before.
//! Writes nothing; whoever drops an [`Asking`] ends it and its restic.

mod diff;
mod download;
mod failed;
mod find;
mod hear;
mod lend;
mod measure;
mod quoted;
mod split;
mod tree;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    task::AbortHandle,
};
use wire::{
    action::ArchiveFormat,
    id::{AgentId, FleetId, JobId, OrderId, RepositoryName, SealKey},
    identity::KeyBinding,
    job::Reason,
    path::RawPath,
    question::{AnswerLine, End, Part, Question},
};

pub use failed::Failed;
use hear::{Gone, Mouth};
use tree::{Roots, Wanted};

use crate::run::{Engine, Reading};

/// Answers that are given at once.
const AT_ONCE: usize = 8;
/// And restics of theirs that run at once: the machine has other things to do.
const RESTICS: usize = 2;
/// Downloads, besides: one may go on for hours, and must not keep anybody from looking.
const DOWNLOADS: usize = 2;
/// Pieces that wait for whoever asked; then restic waits.
const PIECES: usize = 2;

/// How long an answer may take.
#[derive(Clone, Copy, Debug)]
struct Patience {
    /// Where somebody sits in front of it.
    brief: Duration,
    /// A search through all snapshots, or a comparison.
    long: Duration,
}

const PATIENCE: Patience = Patience { brief: Duration::from_mins(1), long: Duration::from_mins(30) };

/// Part of an answer, as it is to travel.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    Line(AnswerLine),
    /// Bytes of a sealed stream, one chunk.
    Data(Vec<u8>),
}

impl Piece {
    const fn part(part: Part) -> Self {
        Self::Line(AnswerLine::Part(part))
    }

    const fn data_bytes(&self) -> usize {
        match self {
            Self::Line(_) => 0,
            Self::Data(bytes) => bytes.len(),
        }
    }

    /// Nothing comes after it.
    pub const fn is_end(&self) -> bool {
        matches!(self, Self::Line(AnswerLine::End(_)))
    }
}

impl Mouth {
    async fn tell(&self, part: Part) -> Result<(), Gone> {
        Ok(self.0.send(Piece::part(part)).await?)
    }

    async fn all(&self, pieces: &mut Vec<Piece>) -> Result<(), Gone> {
        for piece in pieces.drain(..) {
            self.0.send(piece).await?;
        }
        Ok(())
    }
}

/// What an order wants answered. It was verified, and its receipt is written.
#[derive(Clone, Debug, PartialEq)]
pub enum Errand {
    Download {
        fleet: FleetId,
        agent: AgentId,
        order: OrderId,
        repository: RepositoryName,
        snapshot: String,
        path: RawPath,
        archive: Option<ArchiveFormat>,
        to: SealKey,
    },
    Lend {
        fleet: FleetId,
        agent: AgentId,
        repository: RepositoryName,
        job: JobId,
        to: KeyBinding,
    },
}

/// Cheap to clone; there is one in an agent.
#[derive(Clone)]
pub struct Answerer(Arc<Inner>);

struct Inner {
    engine: Engine,
    answers: Arc<Semaphore>,
    restics: Semaphore,
    downloads: Semaphore,
    roots: Mutex<Roots>,
    patience: Patience,
}

/// An answer on its way. Dropping it ends that.
#[derive(Debug)]
pub struct Asking {
    pieces: mpsc::Receiver<Piece>,
    task: AbortHandle,
    over: bool,
}

impl Drop for Asking {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Asking {
    /// The next piece; the last one is an end.
    pub async fn next(&mut self) -> Option<Piece> {
        std::future::poll_fn(|context| self.poll(context)).await
    }

    pub fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Piece>> {
        if self.over {
            return Poll::Ready(None);
        }
        let piece = std::task::ready!(self.pieces.poll_recv(context)).unwrap_or_else(|| {
            let lost = Failed::from(Reason::Internal { message: "the answer was lost".to_owned() });
            Piece::Line(lost.into())
        });
        self.over = piece.is_end();
        Poll::Ready(Some(piece))
    }
}

impl Answerer {
    pub fn new(engine: Engine) -> Self {
        Self::patient(engine, PATIENCE)
    }

    fn patient(engine: Engine, patience: Patience) -> Self {
        Self(Arc::new(Inner {
            engine,
            answers: Arc::new(Semaphore::new(AT_ONCE)),
            restics: Semaphore::new(RESTICS),
            downloads: Semaphore::new(DOWNLOADS),
            roots: Mutex::default(),
            patience,
        }))
    }

    pub fn ask(&self, question: Question) -> Asking {
        let answerer = self.clone();
        self.begin(|to| async move { answerer.question(&question, &to).await })
    }

    pub fn run(&self, errand: Errand) -> Asking {
        let answerer = self.clone();
        self.begin(|to| async move { answerer.errand(&errand, &to).await })
    }

    /// Something that is answered with why not.
    pub fn refuse(failed: Failed) -> Asking {
        let (to, pieces) = mpsc::channel(1);
        // There is room for one.
        let _ = to.try_send(Piece::Line(failed.into()));
        Asking { pieces, task: tokio::spawn(std::future::ready(())).abort_handle(), over: false }
    }

    fn begin<F>(&self, answer: impl FnOnce(Mouth) -> F) -> Asking
    where
        F: Future<Output = Result<(), Failed>> + Send + 'static,
    {
        let Ok(permit) = self.0.answers.clone().try_acquire_owned() else {
            return Self::refuse(Failed::busy());
        };
        let (to, pieces) = mpsc::channel(PIECES);
        let task = tokio::spawn(answered(answer(Mouth(to.clone())), to, permit));
        Asking { pieces, task: task.abort_handle(), over: false }
    }

    async fn question(&self, question: &Question, to: &Mouth) -> Result<(), Failed> {
        let patience = self.0.patience;
        match question {
            Question::Tree { repository, snapshot, tree, down } => {
                self.within(repository, Some(patience.brief), async |reading| {
                    let wanted = Wanted { repository, snapshot, tree: tree.as_deref(), down };
                    self.tree(reading, &wanted, to).await
                })
                .await
            }
            Question::Measure { repository, snapshot, path } => {
                self.within(repository, Some(patience.brief), async |reading| {
                    measure::measure(reading, snapshot, path, to).await
                })
                .await
            }
            Question::Find { repository, pattern, ignore_case, group } => {
                self.within(repository, Some(patience.long), async |reading| {
                    find::find(reading, (pattern, *ignore_case), group.as_ref(), to).await
                })
                .await
            }
            Question::Diff { repository, older, newer } => {
                self.within(repository, Some(patience.long), async |reading| {
                    diff::diff(reading, older, newer, to).await
                })
                .await
            }
        }
    }

    async fn errand(&self, errand: &Errand, to: &Mouth) -> Result<(), Failed> {
        match errand {
            Errand::Download { repository, .. } => {
                // It takes as long as it takes; who does not take what comes is let go by whoever carries it.
                self.within(repository, None, async |reading| download::download(reading, errand, to).await)
                    .await
            }
            Errand::Lend { repository, .. } => {
                let reading = self.0.engine.reading(repository).await?;
                lend::lend(&reading, errand, to).await
            }
        }
    }

    /// Once it is one of the few, and somebody answers at the repository's address. A download has no limit, and a turn
    /// of its own.
    async fn within(
        &self,
        repository: &RepositoryName,
        limit: Option<Duration>,
        answer: impl AsyncFnOnce(&Reading) -> Result<(), Failed>,
    ) -> Result<(), Failed> {
        let reading = self.0.engine.reading(repository).await?;
        let world = reading.world.clone();
        let Some(limit) = limit else {
            reading.reach().await?;
            let turn = world.within(self.0.patience.brief, self.0.downloads.acquire()).await;
            let _turn = turn.ok_or_else(Failed::busy)?;
            return answer(&reading).await;
        };
        let work = async {
            reading.reach().await?;
            // It is never closed.
            let _turn = self.0.restics.acquire().await;
            answer(&reading).await
        };
        world.within(limit, work).await.unwrap_or_else(|| Err(Failed::too_slow(limit.as_secs())))
    }

    fn roots(&self) -> MutexGuard<'_, Roots> {
        self.0.roots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Every answer has an end.
async fn answered(
    work: impl Future<Output = Result<(), Failed>>,
    to: mpsc::Sender<Piece>,
    _permit: OwnedSemaphorePermit,
) {
    let line = match work.await {
        Ok(()) => AnswerLine::End(End::Done),
        Err(failed) => failed.into(),
    };
    // Nobody may be there any more to hear it.
    let _ = to.send(Piece::Line(line)).await;
}

/// What a text takes in JSON: a control character is six bytes there.
fn json_bytes(text: &str) -> usize {
    let more = |byte: u8| match byte {
        b'"' | b'\\' => 1,
        byte if byte.is_ascii_control() => 5,
        _ => 0,
    };
    text.len() + text.bytes().map(more).sum::<usize>()
}

/// restic's whole id of a snapshot or a tree.
fn is_id(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

#[cfg(test)]
mod tests;
