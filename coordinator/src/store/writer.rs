//! The writer thread: what has queued up becomes one transaction, so that many share one flush of the disk.
//!
//! Each piece of work stands in a savepoint of its own: one that fails is undone alone. Nobody is answered before the
//! commit.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll},
    thread,
};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::{StoreError, Tx, tx::Hook};

/// Work that may wait for the thread; whoever comes after that waits to hand it in.
const QUEUE: usize = 512;
/// A transaction takes no more work once it has changed this many rows, so that nobody waits long for its commit.
const ROWS_PER_COMMIT: u64 = 30_000;
const WORK_PER_COMMIT: usize = 256;

pub(super) struct Writer {
    queue: mpsc::Sender<Box<dyn Work>>,
}

impl Writer {
    pub fn start(connection: Connection) -> Result<Self, StoreError> {
        let (queue, incoming) = mpsc::channel(QUEUE);
        thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || serve(&connection, incoming))
            .map_err(|error| StoreError::Unavailable(format!("the writer thread does not start: {error}")))?;
        Ok(Self { queue })
    }

    /// Pieces of work that wait for the thread.
    #[cfg(test)]
    pub fn waiting(&self) -> usize {
        QUEUE - self.queue.capacity()
    }

    /// Ready once the work stands in the queue; works are done in the order in which they were handed in.
    pub async fn hand_in<T, E>(
        &self,
        work: impl FnOnce(&Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<Committing<T, E>, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let piece = Piece { work: Some(work), result: None, answer };
        self.queue.send(Box::new(piece)).await.map_err(|_| StoreError::Closed)?;
        Ok(Committing(answered))
    }
}

/// Work that was handed in: ready when it is committed, or known not to be. Nothing is lost by polling it now and then.
#[derive(Debug)]
pub struct Committing<T, E>(oneshot::Receiver<Result<T, E>>);

impl<T, E: From<StoreError>> Future for Committing<T, E> {
    type Output = Result<T, E>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0)
            .poll(context)
            .map(|answer| answer.unwrap_or_else(|_| Err(StoreError::Closed.into())))
    }
}

/// Something that wants to write, and somebody who waits for it.
trait Work: Send {
    /// Whether what it did is to be kept.
    fn run(&mut self, tx: &Tx<'_>) -> bool;
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
}

struct Piece<W, T, E> {
    work: Option<W>,
    result: Option<Result<T, E>>,
    answer: oneshot::Sender<Result<T, E>>,
}

impl<W, T, E> Work for Piece<W, T, E>
where
    W: FnOnce(&Tx<'_>) -> Result<T, E> + Send,
    T: Send,
    E: From<StoreError> + Send,
{
    fn run(&mut self, tx: &Tx<'_>) -> bool {
        self.result = self.work.take().map(|work| work(tx));
        matches!(self.result, Some(Ok(_)))
    }

    fn answer(self: Box<Self>, committed: Result<(), StoreError>) {
        let result = match (committed, self.result) {
            (Ok(()), Some(result)) => result,
            // Its own error says more than that of the others' commit.
            (Err(_), Some(Err(error))) => Err(error),
            (Err(error), _) => Err(error.into()),
            (Ok(()), None) => Err(StoreError::Closed.into()),
        };
        // A caller that went away does not want to know.
        let _ = self.answer.send(result);
    }
}

fn serve(connection: &Connection, mut incoming: mpsc::Receiver<Box<dyn Work>>) {
    while let Some(first) = incoming.blocking_recv() {
        let mut group = Group { works: vec![first], hooks: Vec::new() };
        let committed = group.commit(connection, &mut incoming);
        match &committed {
            Ok(()) => {
                for hook in group.hooks {
                    // What is committed stays, and the next ones want to write too.
                    if catch_unwind(AssertUnwindSafe(hook)).is_err() {
                        tracing::error!(
                            "what follows a commit panicked: memory may be behind until the next start"
                        );
                    }
                }
            }
            Err(error) => {
                tracing::error!(%error, works = group.works.len(), "nothing was written");
                // No effect where SQLite gave the transaction up itself.
                let _ = connection.execute_batch("ROLLBACK");
            }
        }
        for work in group.works {
            work.answer(committed.clone());
        }
    }
}

/// What shares one transaction.
struct Group {
    works: Vec<Box<dyn Work>>,
    hooks: Vec<Hook>,
}

impl Group {
    fn commit(
        &mut self,
        connection: &Connection,
        incoming: &mut mpsc::Receiver<Box<dyn Work>>,
    ) -> Result<(), StoreError> {
        connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        let rows_before = connection.total_changes();
        loop {
            self.run_last(connection)?;
            let rows = connection.total_changes().saturating_sub(rows_before);
            if rows >= ROWS_PER_COMMIT || self.works.len() >= WORK_PER_COMMIT {
                break;
            }
            let Ok(next) = incoming.try_recv() else { break };
            self.works.push(next);
        }
        connection.prepare_cached("COMMIT")?.execute([])?;
        Ok(())
    }

    /// Runs the work that came last, in its savepoint. An error ends the whole transaction.
    fn run_last(&mut self, connection: &Connection) -> Result<(), StoreError> {
        let Some(work) = self.works.last_mut() else { return Ok(()) };
        connection.prepare_cached("SAVEPOINT work")?.execute([])?;
        let tx = Tx::new(connection);
        let keep = catch_unwind(AssertUnwindSafe(|| work.run(&tx))).unwrap_or_else(|_| {
            tracing::error!("a piece of work panicked on the writer thread and was undone");
            false
        });
        if connection.is_autocommit() {
            return Err(StoreError::Unavailable("SQLite gave up the transaction".into()));
        }
        if keep {
            self.hooks.extend(tx.into_hooks());
        } else {
            connection.prepare_cached("ROLLBACK TO work")?.execute([])?;
        }
        connection.prepare_cached("RELEASE work")?.execute([])?;
        Ok(())
    }
}
