//! The store: transactions that share a commit, chains that hold, lines and lists that come back as they went in.

use std::path::PathBuf;

use wire::{
    id::{AgentId, JobId, UnixMs},
    job::{JobKind, JobState, JobSubject, LogLine, LogStream, Origin, Reason},
    journal::{ChainError, Kind, Previous},
    snapshot::{RepositoryReadiness, Snapshot},
};

use super::{
    cadences::Cadence,
    jobs::{Ending, NewJob},
    journal::VerifyError,
    repositories::Found,
    *,
};

const AGENT: AgentId = AgentId([3; 32]);
const AT: UnixMs = UnixMs(1_800_000_000_000);

struct Place {
    _dir: tempfile::TempDir,
    path: PathBuf,
    store: Store,
}

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("agent.db");
        let store = Store::open(&path, AGENT).unwrap();
        Self { _dir: dir, path, store }
    }

    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> T {
        self.store.write(work).await.unwrap()
    }

    async fn read<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> T {
        self.store.read(look).await.unwrap()
    }

    async fn verify(&self) -> Result<wire::journal::Head, VerifyError> {
        self.store.read(journal::verify).await
    }
}

fn new_job(n: u128) -> NewJob {
    NewJob {
        id: JobId(uuid::Uuid::from_u128(n)),
        subject: JobSubject {
            kind: JobKind::Backup,
            repository: "main".parse().unwrap(),
            group: Some("default".parse().unwrap()),
        },
        origin: Origin::Schedule { schedule: "daily".parse().unwrap(), due_at: AT },
        schedule: Some("daily".parse().unwrap()),
        attempt: 1,
        options: wire::action::JobOptions { upload_kib_s: Some(7), ..wire::action::JobOptions::default() },
        not_before: AT,
    }
}

fn ending(state: JobState) -> Ending {
    Ending { log_lines: 3, ..Ending::bare(state, None) }
}

#[tokio::test]
async fn work_that_fails_is_undone_alone() {
    let place = Place::new();
    let mut commits = place.store.commits();
    let tasks: Vec<_> = (1..=50_u128)
        .map(|n| {
            let store = place.store.clone();
            tokio::spawn(async move {
                store
                    .write(move |tx| {
                        jobs::queue(tx, &new_job(n), AT)?;
                        if n % 3 == 0 { Err(StoreError::Statement("on purpose".to_owned())) } else { Ok(n) }
                    })
                    .await
            })
        })
        .collect();
    let mut done = 0;
    for task in tasks {
        done += usize::from(task.await.unwrap().is_ok());
    }
    assert_eq!(done, 34);
    assert_eq!(place.read(jobs::open).await.len(), 34);
    assert_eq!(place.verify().await.unwrap().seq, 34, "one record for each job, none for what was undone");
    assert!(*commits.borrow_and_update() >= 1);
    assert_eq!(place.store.trouble(), None);
}

#[tokio::test]
async fn work_that_panics_answers_and_the_writer_goes_on() {
    let place = Place::new();
    let answer = place.store.write::<(), StoreError>(|_| panic!("on purpose")).await;
    assert!(matches!(answer, Err(StoreError::Statement(_))));
    place.write(|tx| jobs::queue(tx, &new_job(1), AT)).await;
    assert_eq!(place.read(jobs::open).await.len(), 1);
}

#[tokio::test]
async fn readers_cannot_write() {
    let place = Place::new();
    let refused = place.store.read::<_, StoreError>(|connection| {
        connection.execute("DELETE FROM agent", [])?;
        Ok(())
    });
    assert!(matches!(refused.await, Err(StoreError::Unavailable(_) | StoreError::Statement(_))));
}

#[tokio::test]
async fn the_database_belongs_to_one_agent_and_one_version() {
    let place = Place::new();
    assert!(Store::open(&place.path, AGENT).is_ok());
    let other = Store::open(&place.path, AgentId([4; 32])).unwrap_err();
    assert!(matches!(other, StoreError::OtherAgent { .. }));
    place.write(|tx| Ok(tx.pragma_update(None, "user_version", 99)?)).await;
    assert_eq!(Store::open(&place.path, AGENT).unwrap_err(), StoreError::Newer { found: 99, known: 4 });
    let broken = place.path.with_file_name("broken.db");
    std::fs::write(&broken, "no database at all. ".repeat(500)).unwrap();
    assert!(matches!(Store::open(&broken, AGENT).unwrap_err(), StoreError::Damaged(_)));
}

#[tokio::test]
async fn a_job_lives_once_and_its_records_tell_it() {
    let place = Place::new();
    let job = new_job(1);
    let id = job.id;
    place.write(move |tx| jobs::queue(tx, &job, AT)).await;
    let queued = place.read(move |connection| jobs::get(connection, id)).await.unwrap();
    assert_eq!(
        (queued.state, queued.options.upload_kib_s, queued.schedule),
        (JobState::Queued, Some(7), Some("daily".parse().unwrap()))
    );
    assert!(place.write(move |tx| jobs::start(tx, id, Some("0.19.1".to_owned()), AT)).await);
    assert!(!place.write(move |tx| jobs::start(tx, id, None, AT)).await, "it runs already");
    assert!(place.write(move |tx| jobs::request_cancel(tx, id, "ada")).await);
    assert!(place.write(move |tx| jobs::finish(tx, id, &ending(JobState::Succeeded), AT)).await);
    assert!(!place.write(move |tx| jobs::finish(tx, id, &ending(JobState::Failed), AT)).await, "it is over");
    assert!(!place.write(move |tx| jobs::request_cancel(tx, id, "ada")).await);
    let over = place.read(move |connection| jobs::get(connection, id)).await.unwrap();
    assert_eq!((over.state, over.log_lines, over.finished_at), (JobState::Succeeded, 3, Some(AT)));
    let kinds: Vec<String> = place
        .read(|connection| journal::after(connection, 1, 0, 10))
        .await
        .into_iter()
        .map(|row| row.kind)
        .collect();
    assert_eq!(kinds, ["job.queued", "job.started", "job.finished"]);
    let skipped = new_job(2);
    place.write(move |tx| jobs::skip(tx, &skipped, Reason::AlreadyWaiting, AT)).await;
    assert!(place.read(jobs::open).await.is_empty());
}

#[tokio::test]
async fn a_changed_record_is_found_and_named() {
    let place = Place::new();
    for n in 1..=5 {
        place.write(move |tx| jobs::queue(tx, &new_job(n), AT)).await;
    }
    let head = place.verify().await.unwrap();
    assert_eq!(place.read(journal::head).await, head);
    assert_eq!(place.read(|connection| journal::head_at(connection, 1, 5)).await, Some(head));
    // A body that was dropped leaves its hash.
    place.write(|tx| Ok(tx.execute("UPDATE journal SET body = NULL WHERE seq = 2", [])?)).await;
    assert_eq!(place.verify().await.unwrap(), head);
    place.write(|tx| Ok(tx.execute("UPDATE journal SET body = x'7b7d' WHERE seq = 4", [])?)).await;
    let found = place.verify().await.unwrap_err();
    assert_eq!(found, VerifyError::Chain(ChainError::Record { epoch: 1, seq: 4 }));
    place.write(|tx| Ok(tx.execute("DELETE FROM journal WHERE seq = 3", [])?)).await;
    let found = place.verify().await.unwrap_err();
    assert_eq!(found, VerifyError::Chain(ChainError::Gap { epoch: 1, expected: 3, found: 4 }));
}

#[tokio::test]
async fn a_new_epoch_names_its_past_and_counts_from_one() {
    let place = Place::new();
    place.write(|tx| jobs::queue(tx, &new_job(1), AT)).await;
    let before = place.verify().await.unwrap();
    let previous = Previous { epoch: 1, hash: before.hash };
    let head = place
        .write(move |tx| {
            journal::begin_epoch(tx, 2, Some(previous))?;
            assert_eq!(journal::append(tx, Kind::Local, b"{}", AT)?, 1);
            journal::head(tx)
        })
        .await;
    assert_eq!((head.epoch, head.seq), (2, 1));
    assert_eq!(place.verify().await.unwrap(), head);
    assert_eq!(place.read(journal::epochs).await, [(1, None), (2, Some(previous))]);
}

#[tokio::test]
async fn log_lines_come_back_in_order_from_anywhere() {
    let place = Place::new();
    let id = new_job(1).id;
    place.write(|tx| jobs::queue(tx, &new_job(1), AT)).await;
    let line = |n: u64| LogLine { n, at: AT, stream: LogStream::Stdout, text: format!("line {n}") };
    for chunk in 0..3_u64 {
        let lines: Vec<LogLine> = (chunk * 10..chunk * 10 + 10).map(line).collect();
        place.write(move |tx| logs::append_chunk(tx, id, &lines, AT)).await;
    }
    let numbers = |from: u64, limit: usize| {
        let store = place.store.clone();
        async move {
            let lines =
                store.read::<_, StoreError>(move |connection| logs::lines(connection, id, from, limit)).await;
            lines.unwrap().into_iter().map(|line| line.n).collect::<Vec<_>>()
        }
    };
    assert_eq!(numbers(0, 100).await, (0..30).collect::<Vec<_>>());
    assert_eq!(numbers(19, 3).await, [19, 20, 21]);
    assert!(numbers(30, 100).await.is_empty());
    assert_eq!(place.read(move |connection| logs::count(connection, id)).await, 30);
    place.write(|tx| Ok(tx.execute("UPDATE journal SET body = NULL WHERE seq = 3", [])?)).await;
    assert_eq!(numbers(0, 100).await, [(0..10).collect::<Vec<_>>(), (20..30).collect()].concat());
}

fn snapshot(id: &str, time: i64) -> Snapshot {
    Snapshot {
        id: id.to_owned(),
        time: UnixMs(time),
        hostname: "h1".to_owned(),
        paths: vec!["/home".to_owned()],
        tags: vec![],
        group: None,
        size_bytes: None,
        files: None,
        added_bytes: None,
        doubt: None,
    }
}

#[tokio::test]
async fn a_listing_is_journalled_as_what_changed() {
    let place = Place::new();
    let main = || "main".parse().unwrap();
    let listed: Vec<Snapshot> = (0..450).map(|n| snapshot(&format!("{n:064}"), n)).collect();
    let (first, fewer) = (listed.clone(), listed[10..].to_vec());
    let delta = place.write(move |tx| snapshots::replace(tx, &main(), &first, AT)).await;
    assert_eq!((delta.added, delta.removed), (450, 0));
    let again = listed.clone();
    let delta = place.write(move |tx| snapshots::replace(tx, &main(), &again, AT)).await;
    assert_eq!((delta.added, delta.removed), (0, 0));
    let delta = place.write(move |tx| snapshots::replace(tx, &main(), &fewer, AT)).await;
    assert_eq!((delta.added, delta.removed), (0, 10));
    assert_eq!(place.read(move |connection| snapshots::all(connection, &main())).await, listed[10..]);
    let rows = place.read(|connection| journal::after(connection, 1, 0, 10)).await;
    assert_eq!(rows.len(), 4, "three records of two hundred at most, and one of what is gone");
    assert!(rows.iter().all(|row| row.body.as_ref().unwrap().len() < wire::journal::BATCH_LIMIT_BYTES));
}

/// 300 paths each, as a long list of includes makes them: two hundred such snapshots are larger than a record may be.
#[tokio::test]
async fn a_listing_of_large_snapshots_is_cut_into_records_that_fit() {
    let place = Place::new();
    let paths: Vec<String> = (0..300).map(|n| format!("/srv/customers/{n:0>60}")).collect();
    let listed: Vec<Snapshot> =
        (0..250).map(|n| Snapshot { paths: paths.clone(), ..snapshot(&format!("{n:064}"), n) }).collect();
    let first = listed.clone();
    let delta = place.write(move |tx| snapshots::replace(tx, &"main".parse().unwrap(), &first, AT)).await;
    assert_eq!(delta.added, 250);
    let rows = place.read(|connection| journal::after(connection, 1, 0, 1000)).await;
    assert!(rows.iter().all(|row| row.body.as_ref().unwrap().len() < wire::journal::BATCH_LIMIT_BYTES));
    assert_eq!(place.read(|connection| snapshots::all(connection, &"main".parse().unwrap())).await, listed);
}

#[tokio::test]
async fn a_repository_says_only_what_is_new_and_remembers_where_it_was_ready() {
    let place = Place::new();
    let main = || "main".parse().unwrap();
    let ready =
        Found { location: "/a", readiness: RepositoryReadiness::Ready, reason: None, restic_id: Some("r1") };
    let later = Found { restic_id: None, ..ready.clone() };
    let wrong = Found {
        readiness: RepositoryReadiness::Unusable,
        reason: Some(&Reason::WrongPassword),
        ..later.clone()
    };
    let elsewhere = Found { location: "/b", ..wrong.clone() };
    for found in [ready, later.clone(), later, wrong.clone(), wrong, elsewhere] {
        place.write(move |tx| repositories::set_state(tx, &main(), &found, AT)).await;
    }
    let rows = place.read(|connection| journal::after(connection, 1, 0, 10)).await;
    assert_eq!(rows.len(), 3, "ready, wrong password, elsewhere");
    let row = place.read(move |connection| repositories::get(connection, &main())).await.unwrap();
    assert_eq!((row.location.as_str(), row.restic_id), ("/b", None));
    let was_ready =
        |location: &'static str| place.read(move |connection| repositories::was_ready(connection, location));
    assert!(was_ready("/a").await && !was_ready("/b").await);
}

#[tokio::test]
async fn cadences_and_holds_are_kept() {
    let place = Place::new();
    let behind = std::collections::BTreeMap::from([("nas".parse().unwrap(), UnixMs(AT.0 - 1))]);
    let cadence = Cadence { definition: "0 2 * * * local".to_owned(), handled: AT, behind };
    let kept = cadence.clone();
    place.write(move |tx| cadences::set(tx, "schedule/s", &kept)).await;
    assert_eq!(place.read(cadences::all).await.get("schedule/s"), Some(&cadence));
    place.write(|tx| cadences::remove(tx, "schedule/s")).await;
    assert!(place.read(cadences::all).await.is_empty());

    place.write(|tx| holds::set(tx, wire::snapshot::HoldCause::ClockJumped, None, "why", AT)).await;
    place
        .write(|tx| holds::set(tx, wire::snapshot::HoldCause::ClockJumped, None, "again", AT.plus_ms(1)))
        .await;
    place.write(|tx| holds::set(tx, wire::snapshot::HoldCause::EpochBegun, None, "x", AT.plus_ms(2))).await;
    let held = place.read(holds::all).await;
    assert_eq!((held.len(), held[0].message.as_str()), (2, "again"));
    place.write(|tx| holds::clear(tx, wire::snapshot::HoldCause::EpochBegun, None, AT)).await;
    place.write(|tx| holds::clear_all(tx, AT)).await;
    assert!(place.read(holds::all).await.is_empty());
}

#[tokio::test]
async fn what_a_repository_holds_is_lifted_by_what_is_true_of_it_alone() {
    use wire::snapshot::HoldCause::{Claims, ClockJumped, FutureSnapshot, UnknownSnapshot};
    let place = Place::new();
    let main = || "main".parse::<wire::id::RepositoryName>().unwrap();
    let gone: wire::id::RepositoryName = "gone".parse().unwrap();
    let other = gone.clone();
    place
        .write(move |tx| {
            for cause in [FutureSnapshot, UnknownSnapshot, Claims] {
                holds::set(tx, cause, Some(&main()), "of main", AT)?;
            }
            holds::set(tx, Claims, Some(&other), "of one that goes", AT)?;
            holds::set(tx, ClockJumped, None, "of the host", AT)
        })
        .await;
    let told = || place.read(|connection| Ok(journal::after(connection, 1, 0, 100)?.len()));
    let before = told().await;
    place.write(move |tx| holds::keep(tx, Claims, Some(&main()), "of main", AT.plus_ms(5))).await;
    assert_eq!(told().await, before, "the same again is no news");
    place.write(|tx| holds::clear_all(tx, AT)).await;
    let left: Vec<_> = place.read(holds::all).await.into_iter().map(|hold| hold.cause).collect();
    assert_eq!(left.len(), 4, "a person who looked at the host has not seen to its repositories: {left:?}");
    place.write(move |tx| holds::keep_only(tx, &[(main(), ())].into(), AT)).await;
    let left = place.read(holds::all).await;
    assert!(left.len() == 3 && left.iter().all(|hold| hold.repository != Some(gone.clone())), "{left:?}");
}
