//! The store's promises: one flush for many, undoing one alone, and a full disk that passes.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use futures_util::future::join_all;

use super::*;

pub(crate) fn scratch() -> (tempfile::TempDir, Store) {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(&directory.path().join("coordinator.db")).unwrap();
    (directory, store)
}

/// A database of the first version with these records more, opened by this one.
pub(crate) fn released(records: &[(&str, &str)]) -> (tempfile::TempDir, Connection) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("coordinator.db");
    let old = Connection::open(&path).unwrap();
    old.execute_batch(include_str!("fixtures/released_1.sql")).unwrap();
    let sql = "INSERT INTO records (place, at, kind, body, hash)
               SELECT max(place) + 1, max(at) + 1000, ?1, CAST(?2 AS BLOB), zeroblob(32) FROM records";
    for record in records {
        old.execute(sql, *record).unwrap();
    }
    drop(old);
    (directory, open_alone(&path).unwrap())
}

/// Makes the disk full at the size the database has now, or gives it room again.
pub(crate) async fn limit_pages(store: &Store, pages: Option<u32>) {
    let limit = move |tx: &Tx<'_>| {
        let now: u32 = tx.query_row("PRAGMA page_count", [], |row| row.get(0))?;
        let pages = pages.unwrap_or(now);
        tx.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |row| row.get::<_, u32>(0))?;
        Ok::<_, StoreError>(())
    };
    store.write(limit).await.unwrap();
}

/// What somebody with access to the file can do: every record of this number says something else.
pub(crate) fn change_bodies(path: &Path, seq: i64, (from, to): (&str, &str)) {
    let sql = "UPDATE records SET body = CAST(replace(body, ?2, ?3) AS BLOB) WHERE place & 0xffffffff = ?1";
    let changed = Connection::open(path).unwrap().execute(sql, (seq, from, to)).unwrap();
    assert!(changed > 0, "nothing was tampered with");
}

/// The same, taking records away.
pub(crate) fn remove_records(path: &Path, seq: i64) {
    let sql = "DELETE FROM records WHERE place & 0xffffffff = ?1";
    assert!(Connection::open(path).unwrap().execute(sql, [seq]).unwrap() > 0, "nothing was removed");
}

/// What this version cannot read back, in place of a host's facts.
pub(crate) fn spoil_facts(path: &Path, agent: wire::id::AgentId) {
    let sql = "UPDATE view_facts SET facts = '{' WHERE host = (SELECT id FROM hosts WHERE agent = ?1)";
    assert_eq!(Connection::open(path).unwrap().execute(sql, [agent.0]).unwrap(), 1);
}

/// As if the folds of memberships had been lost; nothing where nobody was renamed.
pub(crate) fn misname_hosts(path: &Path, renamed: bool) {
    if renamed {
        Connection::open(path).unwrap().execute("UPDATE hosts SET name = 'lost', tags = '[]'", []).unwrap();
    }
}

/// Every byte of the database as it lies on the disk, log and all.
pub(crate) fn bytes_on_disk(directory: &Path) -> Vec<u8> {
    let files = std::fs::read_dir(directory).unwrap().map(|file| file.unwrap().path());
    files.filter(|file| file.is_file()).flat_map(|file| std::fs::read(file).unwrap()).collect()
}

/// How many rows belong to hosts, over all tables that have such.
pub(crate) async fn rows_of_hosts(store: &Store) -> i64 {
    let count = |connection: &Connection| {
        let tables = "SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c
                      WHERE m.type = 'table' AND c.name = 'host'";
        let names: Vec<String> =
            connection.prepare(tables)?.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        let mut sum = connection.query_row("SELECT count(*) FROM records", [], |row| row.get(0))?;
        for name in names {
            let sql = format!("SELECT count(*) FROM {name}");
            sum += connection.query_row(&sql, [], |row| row.get::<_, i64>(0))?;
        }
        Ok::<_, StoreError>(sum)
    };
    store.read(count).await.unwrap()
}

fn add(tx: &Tx<'_>, n: i64) -> Result<(), StoreError> {
    tx.execute("INSERT INTO statements (version, signed) VALUES (?1, 'x')", [n])?;
    Ok(())
}

async fn count(store: &Store) -> i64 {
    let count = |connection: &Connection| {
        Ok::<_, StoreError>(connection.query_row("SELECT count(*) FROM statements", [], |row| row.get(0))?)
    };
    store.read(count).await.unwrap()
}

#[tokio::test]
async fn what_queues_up_is_committed_together_and_answered_after() {
    let (_directory, store) = scratch();
    let (release, gate) = std::sync::mpsc::channel::<()>();
    // The first piece holds the writer until all others wait.
    let holder = store.clone();
    let first = tokio::spawn(async move {
        let work = move |tx: &Tx<'_>| {
            gate.recv().unwrap();
            add(tx, 0)
        };
        holder.write(work).await
    });
    let inside = Arc::new(AtomicUsize::new(0));
    let others: Vec<_> = (1..=100)
        .map(|n| {
            let (store, inside) = (store.clone(), Arc::clone(&inside));
            tokio::spawn(async move {
                let observer = Arc::clone(&inside);
                store
                    .write(move |tx| {
                        add(tx, n)?;
                        observer.fetch_add(1, Ordering::SeqCst);
                        Ok::<_, StoreError>(())
                    })
                    .await
                    .unwrap();
                inside.load(Ordering::SeqCst)
            })
        })
        .collect();
    while store.0.writer.waiting() < 100 {
        tokio::task::yield_now().await;
    }
    release.send(()).unwrap();
    first.await.unwrap().unwrap();
    let seen: Vec<usize> = join_all(others).await.into_iter().map(Result::unwrap).collect();
    assert!(seen.iter().all(|seen| *seen == 100), "somebody was answered before the shared commit: {seen:?}");
    assert_eq!(count(&store).await, 101);
}

#[tokio::test]
async fn a_piece_that_fails_or_panics_is_undone_alone() {
    let (_directory, store) = scratch();
    let good = store.write(|tx| add(tx, 1));
    let bad = store.write(|tx| {
        add(tx, 2)?;
        Err::<(), _>(StoreError::Refused("on purpose".into()))
    });
    let worse = store.write(|tx| {
        add(tx, 3)?;
        assert_eq!(tx.total_changes(), u64::MAX, "on purpose");
        Ok::<_, StoreError>(())
    });
    let last = store.write(|tx| add(tx, 4));
    let (good, bad, worse, last) = tokio::join!(good, bad, worse, last);
    assert_eq!((good, last), (Ok(()), Ok(())));
    assert_eq!(bad, Err(StoreError::Refused("on purpose".into())));
    assert_eq!(worse, Err(StoreError::Closed));
    assert_eq!(count(&store).await, 2);
}

#[tokio::test]
async fn hooks_run_after_the_commit_in_order_and_never_for_what_was_undone() {
    let (_directory, store) = scratch();
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = |n: i64, keep: bool| {
        let told = Arc::clone(&told);
        store.write(move |tx| {
            add(tx, n)?;
            tx.on_commit(move || told.lock().unwrap().push(n));
            if keep { Ok(()) } else { Err(StoreError::Refused("no".into())) }
        })
    };
    let (a, b, c) = tokio::join!(tell(1, true), tell(2, false), tell(3, true));
    assert!(a.is_ok() && b.is_err() && c.is_ok());
    assert_eq!(*told.lock().unwrap(), [1, 3]);
}

#[tokio::test]
async fn a_hook_that_panics_harms_nobody() {
    let (_directory, store) = scratch();
    let with_hook = |n: i64| {
        store.write(move |tx| {
            add(tx, n)?;
            tx.on_commit(|| panic!("as a test wants it"));
            Ok::<_, StoreError>(())
        })
    };
    assert_eq!(with_hook(1).await, Ok(()), "it is committed");
    assert_eq!(store.write(|tx| add(tx, 2)).await, Ok(()));
    assert_eq!(count(&store).await, 2);
}

#[tokio::test]
async fn a_reader_cannot_write() {
    let (_directory, store) = scratch();
    let tried = store
        .read(|connection| {
            connection.execute("INSERT INTO statements (version, signed) VALUES (1, 'x')", [])?;
            Ok::<_, StoreError>(())
        })
        .await;
    assert!(matches!(tried, Err(StoreError::Unavailable(_) | StoreError::Refused(_))), "{tried:?}");
    assert_eq!(count(&store).await, 0);
}

#[tokio::test]
async fn a_full_disk_is_a_typed_error_and_passes_by_itself() {
    let (_directory, store) = scratch();
    store.write(|tx| add(tx, 1)).await.unwrap();
    limit_pages(&store, None).await;
    let large = |n: i64| {
        store.write(move |tx| {
            tx.execute("INSERT INTO statements (version, signed) VALUES (?1, ?2)", (n, "x".repeat(100_000)))?;
            Ok::<_, StoreError>(())
        })
    };
    let (one, two) = tokio::join!(large(2), large(3));
    assert!(matches!(one, Err(StoreError::Unavailable(_))), "{one:?}");
    assert!(matches!(two, Err(StoreError::Unavailable(_))), "{two:?}");
    assert_eq!(count(&store).await, 1);
    limit_pages(&store, Some(1_000_000)).await;
    large(2).await.unwrap();
    assert_eq!(count(&store).await, 2);
}

#[test]
fn a_database_of_somebody_else_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("coordinator.db");
    std::fs::write(&path, "this is no database, but long enough to be taken for one ".repeat(50)).unwrap();
    assert!(matches!(Store::open(&path), Err(StoreError::Damaged(_))));
}
