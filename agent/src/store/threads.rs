//! The two threads that own the connections, and the queues before them.
//!
//! The writer takes everything that waits, runs each piece within its own savepoint, commits once, and only then
//! answers. A disk that fails fails everybody who shared the commit; a piece that fails by itself fails alone.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot, watch};

use super::{StoreError, Tx};

/// More than this waiting makes the next one wait.
const QUEUE: usize = 256;
/// As much as one transaction takes on.
const GROUP: usize = 128;
const STACK_BYTES: usize = 512 * 1024;

trait Piece: Send {
    /// Whether it may be committed.
    fn run(&mut self, tx: &Tx<'_>) -> bool;
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
}

struct Work<F, T, E> {
    job: Option<F>,
    result: Option<Result<T, E>>,
    reply: oneshot::Sender<Result<T, E>>,
}

impl<F, T, E> Piece for Work<F, T, E>
where
    F: FnOnce(&Tx<'_>) -> Result<T, E> + Send,
    T: Send,
    E: From<StoreError> + Send,
{
    fn run(&mut self, tx: &Tx<'_>) -> bool {
        let Some(work) = self.job.take() else { return false };
        let result = catch_unwind(AssertUnwindSafe(|| work(tx))).unwrap_or_else(|_| Err(panicked().into()));
        let good = result.is_ok();
        self.result = Some(result);
        good
    }

    fn answer(self: Box<Self>, committed: Result<(), StoreError>) {
        let result = match (self.result, committed) {
            (Some(Ok(value)), Ok(())) => Ok(value),
            (Some(Err(error)), _) => Err(error),
            (_, Err(error)) => Err(error.into()),
            (None, Ok(())) => Err(StoreError::Closed.into()),
        };
        // Whoever asked may have gone away meanwhile; what was committed stays.
        let _ = self.reply.send(result);
    }
}

fn panicked() -> StoreError {
    StoreError::Statement("it panicked".to_owned())
}

#[derive(Clone, Debug)]
pub struct Writer {
    queue: mpsc::Sender<Box<dyn Piece>>,
    commits: watch::Receiver<u64>,
    trouble: Arc<Mutex<Option<StoreError>>>,
}

impl std::fmt::Debug for dyn Piece {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Piece")
    }
}

impl Writer {
    pub fn start(connection: Connection) -> Result<Self, StoreError> {
        let (queue, mut pieces) = mpsc::channel::<Box<dyn Piece>>(QUEUE);
        let (counter, commits) = watch::channel(0);
        let trouble = Arc::new(Mutex::new(None));
        let told = trouble.clone();
        spawn("store-writer", move || {
            let mut group = Vec::new();
            while pieces.blocking_recv_many(&mut group, GROUP) > 0 {
                let committed = commit(&connection, &mut group);
                *told.lock().unwrap_or_else(PoisonError::into_inner) = committed.as_ref().err().cloned();
                for piece in group.drain(..) {
                    piece.answer(committed.clone());
                }
                if committed.is_ok() {
                    counter.send_modify(|count| *count += 1);
                }
            }
        })?;
        Ok(Self { queue, commits, trouble })
    }

    pub async fn run<T, E>(&self, work: impl FnOnce(&Tx<'_>) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let piece = Box::new(Work { job: Some(work), result: None, reply });
        self.queue.send(piece).await.map_err(|_| StoreError::Closed)?;
        answer.await.unwrap_or_else(|_| Err(StoreError::Closed.into()))
    }

    pub fn commits(&self) -> watch::Receiver<u64> {
        self.commits.clone()
    }

    pub fn trouble(&self) -> Option<StoreError> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// All pieces in one transaction. `Err` means that nothing of any piece was kept.
fn commit(connection: &Connection, group: &mut [Box<dyn Piece>]) -> Result<(), StoreError> {
    let outcome = run_all(connection, group);
    if outcome.is_err() && !connection.is_autocommit() {
        // The transaction is being given up for a reason that is already told.
        let _ = connection.execute_batch("ROLLBACK");
    }
    outcome
}

fn run_all(connection: &Connection, group: &mut [Box<dyn Piece>]) -> Result<(), StoreError> {
    connection.execute_batch("BEGIN IMMEDIATE")?;
    for piece in group {
        connection.execute_batch("SAVEPOINT piece")?;
        let good = piece.run(&Tx(connection));
        if connection.is_autocommit() {
            // A full disk or a read error makes SQLite give up the whole transaction by itself.
            return Err(probe(connection));
        }
        connection.execute_batch(if good { "RELEASE piece" } else { "ROLLBACK TO piece; RELEASE piece" })?;
    }
    connection.execute_batch("COMMIT")?;
    Ok(())
}

/// Why a transaction vanished under us: asked of the disk itself, by a write that changes nothing.
fn probe(connection: &Connection) -> StoreError {
    let attempt = connection.execute_batch("BEGIN IMMEDIATE; UPDATE agent SET one = one; COMMIT");
    match attempt {
        Err(error) => error.into(),
        Ok(()) => StoreError::Full,
    }
}

type Look = Box<dyn FnOnce(&Connection) + Send>;

#[derive(Clone, Debug)]
pub struct Reader {
    queue: mpsc::Sender<Look>,
}

impl Reader {
    pub fn start(connection: Connection) -> Result<Self, StoreError> {
        let (queue, mut looks) = mpsc::channel::<Look>(QUEUE);
        spawn("store-reader", move || {
            while let Some(look) = looks.blocking_recv() {
                look(&connection);
            }
        })?;
        Ok(Self { queue })
    }

    pub async fn run<T, E>(
        &self,
        look: impl FnOnce(&Connection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let look: Look = Box::new(move |connection| {
            let result = catch_unwind(AssertUnwindSafe(|| look(connection)));
            // Whoever asked may have gone away meanwhile.
            let _ = reply.send(result.unwrap_or_else(|_| Err(panicked().into())));
        });
        self.queue.send(look).await.map_err(|_| StoreError::Closed)?;
        answer.await.unwrap_or_else(|_| Err(StoreError::Closed.into()))
    }
}

fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> Result<(), StoreError> {
    thread::Builder::new()
        .name(name.to_owned())
        .stack_size(STACK_BYTES)
        .spawn(body)
        .map(drop)
        .map_err(|error| StoreError::Unavailable(format!("no thread for it: {error}")))
}
