//! The one database: a handle to its writer thread and its readers, and one file per noun with its SQL.
//!
//! The only room where SQL text stands. Knows rows; must not know sockets, HTTP, nor what a signature means.

mod migrate;
mod readers;
mod text;
mod tx;
mod writer;

pub mod api_tokens;
pub mod audit;
pub mod chains;
pub mod claims;
pub mod copy;
pub mod device_keys;
pub mod escrow;
pub mod factors;
pub mod hosts;
pub mod jobs;
pub mod locks;
pub mod logs;
pub mod numbers;
pub mod orders;
pub mod passkeys;
pub mod people;
pub mod places;
pub mod plan_files;
pub mod plans;
pub mod records;
pub mod recovery_codes;
pub mod repositories;
pub mod sessions;
pub mod setup_links;
pub mod snapshots;
pub mod sso_states;
pub mod standing;
pub mod statements;
pub mod summary;
pub mod templates;
pub mod tokens;
pub mod totp;
pub mod tries;
pub mod views;

pub use tx::{Tx, alone};
pub use writer::Committing;

use std::{path::Path, sync::Arc};

use rusqlite::{Connection, OpenFlags};

use readers::Readers;
use writer::Writer;

/// How many reads may run at a time.
const READERS: usize = 3;
const READER_CACHE_KIB: i64 = 2 * 1024;
const WRITER_CACHE_KIB: i64 = 8 * 1024;

/// The log is copied into the database every 32 MiB: pages that many commits changed are copied once.
const CHECKPOINT_PAGES: u32 = 8 * 1024;

/// Cheap to clone. Dropping the last one closes the database.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    writer: Writer,
    readers: Readers,
}

/// Why the database did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Nothing was changed; it works again by itself once there is space.
    #[error(
        "the database cannot be written or read now ({0}): free some space on its disk, or mend the disk; nothing was lost"
    )]
    Unavailable(String),
    #[error(
        "the database is damaged ({0}): stop the coordinator, restore the file from a backup or remove it; agents send their journals again"
    )]
    Damaged(String),
    #[error(
        "the database was made by a newer version (schema {found}, this one knows {known}): install that version again"
    )]
    Newer { found: u32, known: u32 },
    #[error("the database is closing")]
    Closed,
    /// A statement that cannot be right: a mistake of this program.
    #[error("the database refused a statement: {0}")]
    Refused(String),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Code;
        match error.sqlite_error_code() {
            Some(
                Code::DiskFull
                | Code::SystemIoFailure
                | Code::CannotOpen
                | Code::ReadOnly
                | Code::PermissionDenied
                | Code::OutOfMemory
                | Code::DatabaseBusy
                | Code::DatabaseLocked,
            ) => Self::Unavailable(error.to_string()),
            Some(Code::DatabaseCorrupt | Code::NotADatabase) => Self::Damaged(error.to_string()),
            _ => Self::Refused(error.to_string()),
        }
    }
}

impl StoreError {
    /// A row holds what this version cannot read back.
    pub(crate) fn unreadable(what: &str, problem: impl std::fmt::Display) -> Self {
        Self::Damaged(format!("{what} cannot be read back: {problem}"))
    }
}

impl Store {
    /// Opens or makes the database and brings its schema up to date.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let mut connection = Connection::open(path)?;
        prepare(&connection, WRITER_CACHE_KIB)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
        connection.pragma_update(None, "journal_size_limit", 64 * 1024 * 1024)?;
        migrate::up(&mut connection)?;
        let readers = (0..READERS).map(|_| open_reader(path)).collect::<Result<Vec<_>, _>>()?;
        Ok(Self(Arc::new(Inner { writer: Writer::start(connection)?, readers: Readers::new(readers) })))
    }

    /// Runs `work` on the writer thread, in a transaction that it may share with others; answers when that is
    /// committed. An error from `work` undoes what it did, and that alone.
    pub async fn write<T, E>(
        &self,
        work: impl FnOnce(&Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.hand_in(work).await?.await
    }

    /// As [`Store::write`], in two steps: what is handed in first is done first, and several may be on their way.
    pub async fn hand_in<T, E>(
        &self,
        work: impl FnOnce(&Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<Committing<T, E>, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.0.writer.hand_in(work).await
    }

    /// Runs `work` on a connection that cannot write. It sees everything committed before.
    pub async fn read<T, E>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.0.readers.run(work).await
    }
}

/// For commands that work on a database nobody serves: one connection, migrated.
pub fn open_alone(path: &Path) -> Result<Connection, StoreError> {
    let mut connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    prepare(&connection, WRITER_CACHE_KIB)?;
    migrate::up(&mut connection)?;
    Ok(connection)
}

/// Whether a database has the schema that this version works with.
pub fn is_current(path: &Path) -> Result<bool, StoreError> {
    migrate::is_current(&open_reader(path)?)
}

/// For commands that only look at a database, also while somebody serves it.
pub fn read_alone<T, E: From<StoreError>>(
    path: &Path,
    work: impl FnOnce(&Connection) -> Result<T, E>,
) -> Result<T, E> {
    let connection = open_reader(path)?;
    let snapshot = connection.unchecked_transaction().map_err(StoreError::from)?;
    work(&snapshot)
}

fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    prepare(&connection, READER_CACHE_KIB)?;
    // Not opened read-only: such a connection could not recover the log of a killed writer.
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

fn prepare(connection: &Connection, cache_kib: i64) -> Result<(), StoreError> {
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "cache_size", -cache_kib)?;
    connection.set_prepared_statement_cache_capacity(96);
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests;
