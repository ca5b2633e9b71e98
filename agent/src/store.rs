//! The agent's one SQLite file: a writer thread that commits what has queued up as one transaction, and a reader.
//!
//! All SQL of the agent stands below this room. Knows rows and transactions; must not know who decides what is written,
//! nor send anything anywhere. Each noun has a file of plain functions that take the connection or the transaction.

pub mod cadences;
pub mod facts;
pub mod holds;
pub mod jobs;
pub mod journal;
pub mod logs;
pub mod orders;
pub mod outbox;
pub mod own;
pub mod plan;
pub mod present;
pub mod ran;
pub mod repositories;
pub mod secrets;
pub mod snapshots;
pub mod trust;

mod column;
mod error;
mod open;
mod threads;

use std::{ops::Deref, path::Path};

use rusqlite::Connection;
use tokio::sync::watch;
use wire::id::AgentId;

pub use error::StoreError;
pub use open::read_only;

/// Cheap to clone. When the last one is dropped, what is queued is still committed and the threads end.
#[derive(Clone, Debug)]
pub struct Store {
    writer: threads::Writer,
    reader: threads::Reader,
}

/// A connection within a write transaction: who holds one can append to the journal.
pub struct Tx<'a>(&'a Connection);

impl Deref for Tx<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.0
    }
}

impl Store {
    /// Opens or makes the database of this agent. Refuses another agent's, and one that a newer version made.
    pub fn open(path: &Path, agent: AgentId) -> Result<Self, StoreError> {
        let connection = open::read_write(path, agent)?;
        Ok(Self {
            writer: threads::Writer::start(connection)?,
            reader: threads::Reader::start(open::read_only(path)?)?,
        })
    }

    /// Runs `work` in a transaction; what it returns is told only once it is safely on disk. Work that queued up
    /// meanwhile shares the commit; work that fails is undone alone.
    pub async fn write<T, E>(
        &self,
        work: impl FnOnce(&Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.writer.run(work).await
    }

    /// Runs `look` on a connection that cannot write.
    pub async fn read<T, E>(
        &self,
        look: impl FnOnce(&Connection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.reader.run(look).await
    }

    /// Counts commits: a wake-up without data for whoever follows the journal.
    pub fn commits(&self) -> watch::Receiver<u64> {
        self.writer.commits()
    }

    /// Why the last attempt to write failed, until one succeeds.
    pub fn trouble(&self) -> Option<StoreError> {
        self.writer.trouble()
    }
}

#[cfg(test)]
mod tests;
