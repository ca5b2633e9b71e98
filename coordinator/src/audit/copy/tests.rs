//! The copy over a real database, a real socket and real files.

use std::{fs, os::unix::net::UnixDatagram, path::Path};

use wire::{
    id::UnixMs,
    identity::CoordinatorKeys,
    view::{AuditAction, AuditLine, TargetKind},
};

use super::*;
use crate::{audit::Entry, config::Config, world::FakeTime};

struct Bench {
    directory: tempfile::TempDir,
    store: Store,
    keys: CoordinatorKeys,
    audit: Audit,
    world: World,
    time: FakeTime,
}

impl Bench {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(&directory.path().join("coordinator.db")).unwrap();
        let (world, time) = World::fake(UnixMs(1_795_187_040_000), 1);
        let keys = CoordinatorKeys::generate(&mut world.rng());
        let audit = Audit::new(keys.clone());
        Self { directory, store, keys, audit, world, time }
    }

    async fn record(&self, name: &'static str) {
        let act = self.audit.own(self.world.now());
        let write = self.store.write(move |tx| {
            act.record(tx, Entry::new(AuditAction::HostRemove).on(TargetKind::Host, "1", name))
        });
        write.await.unwrap();
    }

    /// One that has begun: what comes from now on is copied.
    async fn copier(&self, path: &Path) -> Copier {
        let mut config = Config::defaults(self.directory.path());
        config.audit.copy = Some(AuditCopy::File(path.to_owned()));
        let live = Live::fixed(config);
        let mut copier = Copier::new(self.audit.clone(), self.store.clone(), live, self.world.clone());
        copier.begin_now().await.unwrap();
        copier
    }
}

fn names(path: &Path) -> Vec<(u64, String)> {
    let text = fs::read_to_string(path).unwrap_or_default();
    let lines = text.lines().filter_map(|line| serde_json::from_str::<AuditLine>(line).ok());
    lines
        .map(|line| {
            let body: wire::view::AuditBody = serde_json::from_str(&line.body).unwrap();
            (line.seq, body.target.unwrap().name)
        })
        .collect()
}

/// Waits for a value that another thread brings about.
async fn until(mut found: impl FnMut() -> bool) {
    for _ in 0..2_000 {
        if found() {
            return;
        }
        tokio::task::yield_now().await;
        std::thread::yield_now();
        let _ = tokio::task::spawn_blocking(|| ()).await;
    }
    panic!("it never came");
}

fn seqs(path: &Path) -> Vec<u64> {
    names(path).into_iter().map(|(seq, _)| seq).collect()
}

#[tokio::test]
async fn records_come_in_order_and_a_crash_leaves_no_gap() {
    let bench = Bench::new();
    let path = bench.directory.path().join("audit.log");
    let copying = tokio::spawn(bench.copier(&path).await.run());
    for name in ["a", "b", "c"] {
        bench.record(name).await;
    }
    until(|| seqs(&path) == [1, 2, 3]).await;
    copying.abort();
    let _ = copying.await;
    // While nobody copies.
    bench.record("d").await;
    bench.record("e").await;
    let copying = tokio::spawn(bench.copier(&path).await.run());
    until(|| seqs(&path).last() == Some(&5)).await;
    // The last ones before the crash may have come twice; all came, and in their order.
    let mut first = Vec::new();
    for seq in seqs(&path) {
        if !first.contains(&seq) {
            first.push(seq);
        }
    }
    assert_eq!(first, [1, 2, 3, 4, 5]);
    copying.abort();
}

#[tokio::test]
async fn a_file_that_was_rotated_or_cut_begins_anew() {
    let bench = Bench::new();
    let path = bench.directory.path().join("audit.log");
    let copying = tokio::spawn(bench.copier(&path).await.run());
    bench.record("a").await;
    until(|| seqs(&path) == [1]).await;
    let rotated = bench.directory.path().join("audit.log.1");
    fs::rename(&path, &rotated).unwrap();
    bench.record("b").await;
    until(|| seqs(&path) == [2]).await;
    fs::remove_file(&path).unwrap();
    bench.record("c").await;
    until(|| seqs(&path) == [3]).await;
    assert_eq!(seqs(&rotated), [1]);
    copying.abort();

    let mut file = LogFile::new(path.clone());
    fs::write(&path, "half a li").unwrap();
    file.append(b"whole\n").unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "half a li\nwhole\n");
}

#[tokio::test]
async fn what_cannot_be_written_waits_and_nobody_else_does() {
    let bench = Bench::new();
    let path = bench.directory.path().join("missing/audit.log");
    let copying = tokio::spawn(bench.copier(&path).await.run());
    bench.record("a").await;
    bench.record("b").await;
    fs::create_dir(path.parent().unwrap()).unwrap();
    until(|| {
        bench.time.advance(RETRY);
        seqs(&path) == [1, 2]
    })
    .await;
    copying.abort();
}

#[tokio::test]
async fn what_the_command_line_wrote_meanwhile_is_copied_too() {
    let bench = Bench::new();
    let path = bench.directory.path().join("audit.log");
    let copying = tokio::spawn(bench.copier(&path).await.run());
    bench.record("a").await;
    until(|| seqs(&path) == [1]).await;
    // Another process wakes nobody in this one.
    let other = Bench { audit: Audit::new(bench.keys.clone()), ..bench };
    other.record("b").await;
    until(|| {
        other.time.advance(SLOW_LOOK);
        seqs(&path) == [1, 2]
    })
    .await;
    copying.abort();
}

#[tokio::test]
async fn a_place_that_is_named_anew_begins_with_what_comes() {
    let bench = Bench::new();
    bench.record("old").await;
    let path = bench.directory.path().join("audit.log");
    let mut copier = bench.copier(&path).await;
    let place = AuditCopy::File(path.clone());
    copier.copy_all(&place).await.unwrap();
    assert_eq!(seqs(&path), Vec::<u64>::new());
    bench.record("new").await;
    copier.copy_all(&place).await.unwrap();
    assert_eq!(seqs(&path), [2]);
}

#[tokio::test]
async fn the_log_service_gets_each_record_also_after_it_was_started_anew() {
    let bench = Bench::new();
    let path = bench.directory.path().join("log");
    let mut syslog = Syslog::at(&path);
    bench.record("a").await;
    let rows = bench.store.read(|connection| audit::from(connection, 1, 10)).await.unwrap();
    let id = bench.audit.coordinator();
    let Written(sent, result) = syslog.write(id, &rows);
    assert!(sent == 0 && result.is_err(), "nobody listens");
    for _ in 0..2 {
        let _ = fs::remove_file(&path);
        let service = UnixDatagram::bind(&path).unwrap();
        let Written(sent, result) = syslog.write(id, &rows);
        result.unwrap();
        assert_eq!(sent, 1);
        let mut buffer = [0; 4096];
        let length = service.recv(&mut buffer).unwrap();
        let text = std::str::from_utf8(&buffer[..length]).unwrap();
        assert!(
            text.starts_with("<85>1 2026-11-20T15:04:00Z ") && text.contains(" host_remove - {"),
            "{text}"
        );
    }
}
