//! A whole copy of the database, taken while others write, and the look at one that came from elsewhere.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::{StoreError, migrate, prepare, sessions};

const CACHE_KIB: i64 = 8 * 1024;

/// Writes everything that is committed at this moment into the file `to`, which must be empty. Whoever writes meanwhile
/// is not kept waiting.
pub fn copy(from: &Path, to: &Path) -> Result<(), StoreError> {
    let connection = open(from)?;
    let target = to.to_str().ok_or_else(|| StoreError::Refused("the path of a copy must be text".into()))?;
    connection.execute("VACUUM INTO ?1", [target])?;
    Ok(())
}

/// Whether every page and every index of a database is as it must be, and this version knows its schema.
pub fn check(path: &Path) -> Result<(), StoreError> {
    let connection = open(path)?;
    let found: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if found != "ok" {
        return Err(StoreError::Damaged(found));
    }
    migrate::known(&connection)
}

/// Signs everybody out: what ended since a copy was taken must not live again with it.
pub fn end_sessions(path: &Path) -> Result<usize, StoreError> {
    sessions::clear(&open(path)?)
}

fn open(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    prepare(&connection, CACHE_KIB)?;
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use wire::{id::UnixMs, trust::Role};

    use super::*;
    use crate::store::{Store, people};

    async fn add(store: &Store, name: &'static str) {
        let (role, password) = (Role::Viewer, Some("hash"));
        let new = people::NewPerson { name, email: None, role, password, identity: None };
        let added = store.write(move |tx| people::add(tx, &new, UnixMs(1))).await;
        added.unwrap().unwrap();
    }

    #[tokio::test]
    async fn a_copy_has_what_was_committed_and_nothing_later() {
        let directory = tempfile::tempdir().unwrap();
        let (from, to) = (directory.path().join("a.db"), directory.path().join("b.db"));
        let store = Store::open(&from).unwrap();
        add(&store, "alice").await;
        copy(&from, &to).unwrap();
        add(&store, "bob").await;
        check(&to).unwrap();
        let copied = Store::open(&to).unwrap();
        let names = copied.read(|connection| {
            let [alice, bob] = ["alice", "bob"].map(|name| people::by_name(connection, name));
            Ok::<_, StoreError>((alice?.is_some(), bob?.is_some()))
        });
        assert_eq!(names.await.unwrap(), (true, false));
    }

    #[test]
    fn a_damaged_or_newer_database_is_found() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.db");
        let mut connection = Connection::open(&path).unwrap();
        migrate::up(&mut connection).unwrap();
        check(&path).unwrap();
        connection.pragma_update(None, "user_version", 99).unwrap();
        drop(connection);
        assert!(matches!(check(&path), Err(StoreError::Newer { found: 99, .. })));
        let path = directory.path().join("b.db");
        std::fs::write(&path, b"not a database, but long enough to be looked at as one".repeat(40)).unwrap();
        assert!(matches!(check(&path), Err(StoreError::Damaged(_))));
    }
}
