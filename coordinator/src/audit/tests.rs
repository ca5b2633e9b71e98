//! The chain over a real database: what holds, and every way of forging it.

use serde_json::json;
use wire::view::{AuditAction, TargetKind};

use super::*;
use crate::{store::Store, world::World};

const DAY_MS: i64 = 86_400_000;
const NOW: UnixMs = UnixMs(1_795_187_040_000);

struct Bench {
    _directory: tempfile::TempDir,
    store: Store,
    audit: Audit,
    log: AuditLog,
}

impl Bench {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(&directory.path().join("coordinator.db")).unwrap();
        let (world, _) = World::fake(NOW, 1);
        let audit = Audit::new(CoordinatorKeys::generate(&mut world.rng()));
        let log = AuditLog::new(audit.clone(), store.clone());
        Self { _directory: directory, store, audit, log }
    }

    async fn with(records: u32) -> Self {
        let bench = Self::new();
        bench.record(records, NOW).await;
        bench
    }

    async fn record(&self, records: u32, at: UnixMs) {
        let act = self.audit.own(at);
        let write = self.store.write(move |tx| {
            for n in 0..records {
                let entry = Entry::new(AuditAction::HostRemove).on(TargetKind::Host, n, format!("web-{n}"));
                act.record(tx, entry.before(json!({ "n": n })))?;
            }
            Ok::<_, StoreError>(())
        });
        write.await.unwrap();
    }

    async fn check(&self) -> Checked {
        let id = self.audit.coordinator();
        self.store.read(move |connection| super::check(connection, id)).await.unwrap()
    }

    async fn bad(&self) -> ChainError {
        self.check().await.bad.expect("it is found")
    }

    async fn sql(&self, sql: impl Into<String>) {
        let sql = sql.into();
        self.store.write(move |tx| tx.execute_batch(&sql).map_err(StoreError::from)).await.unwrap();
    }

    async fn broken(&self) -> Option<String> {
        self.log.chain(NOW).await.unwrap().broken
    }
}

#[tokio::test]
async fn a_whole_chain_holds_and_a_part_of_it_is_checked_once() {
    let bench = Bench::with(2_500).await;
    assert_eq!(bench.check().await, Checked { records: 2_500, bad: None });
    let view = bench.log.chain(NOW).await.unwrap();
    assert_eq!(
        (view.first, view.last, view.verified, view.broken),
        (Some(1), Some(2_500), Some(2_500), None)
    );
    bench.record(1, NOW).await;
    assert_eq!(bench.log.chain(NOW).await.unwrap().verified, Some(2_501));
    assert_eq!(Bench::new().check().await, Checked { records: 0, bad: None });
    assert_eq!(Bench::new().log.chain(NOW).await.unwrap().verified, None);
}

#[tokio::test]
async fn a_long_chain_is_checked_part_by_part() {
    let bench = Bench::with(10_500).await;
    let first = bench.log.chain(NOW).await.unwrap();
    assert_eq!((first.verified, first.last, first.broken), (Some(10_000), Some(10_500), None));
    assert_eq!(bench.log.chain(NOW).await.unwrap().verified, Some(10_500));
}

#[tokio::test]
async fn every_way_of_forging_a_record_is_found_and_names_the_first() {
    let other = "CAST(replace(body, 'web-4', 'web-9') AS TEXT)";
    for (sql, found) in [
        ("DELETE FROM audit WHERE seq = 5".to_owned(), ChainError::Gap(5)),
        ("DELETE FROM audit WHERE seq <= 3".to_owned(), ChainError::Gap(1)),
        (format!("UPDATE audit SET body = {other} WHERE seq = 5"), ChainError::Hash(5)),
        ("UPDATE audit SET body = body || ' ' WHERE seq = 5".to_owned(), ChainError::Hash(5)),
        ("UPDATE audit SET hash = zeroblob(32) WHERE seq = 5".to_owned(), ChainError::Hash(5)),
        ("UPDATE audit SET signature = zeroblob(64) WHERE seq = 5".to_owned(), ChainError::Signature(5)),
        (
            "UPDATE audit SET signature = (SELECT signature FROM audit WHERE seq = 4) WHERE seq = 5".to_owned(),
            ChainError::Signature(5),
        ),
        ("UPDATE audit SET at = at + 1 WHERE seq = 5".to_owned(), ChainError::Filed { seq: 5, what: "time" }),
        (
            "UPDATE audit SET actor = 'nobody' WHERE seq = 5".to_owned(),
            ChainError::Filed { seq: 5, what: "actor" },
        ),
        (
            "UPDATE audit SET action = 'sign_in' WHERE seq = 5".to_owned(),
            ChainError::Filed { seq: 5, what: "action" },
        ),
        (
            "UPDATE audit SET target = 'web-1' WHERE seq = 5".to_owned(),
            ChainError::Filed { seq: 5, what: "target" },
        ),
        (
            "UPDATE audit SET target_id = '77' WHERE seq = 5".to_owned(),
            ChainError::Filed { seq: 5, what: "target" },
        ),
        (
            "UPDATE audit SET target = NULL, target_kind = NULL, target_id = NULL WHERE seq = 5".to_owned(),
            ChainError::Filed { seq: 5, what: "target" },
        ),
        ("UPDATE audit SET seq = -5 WHERE seq = 5".to_owned(), ChainError::Extra((-5_i64).cast_unsigned())),
        // Nothing is missing, and lists would show it.
        (
            "INSERT INTO audit SELECT -1, at, action, actor, target, target_kind, target_id, body, hash, signature \
             FROM audit WHERE seq = 5"
                .to_owned(),
            ChainError::Extra((-1_i64).cast_unsigned()),
        ),
        ("UPDATE audit SET seq = 0 WHERE seq = 5".to_owned(), ChainError::Extra(0)),
        (
            "INSERT INTO audit_anchor VALUES (1, 3, zeroblob(32), zeroblob(64)); DELETE FROM audit WHERE seq <= 3"
                .to_owned(),
            ChainError::Anchor(3),
        ),
        // The front cut off by somebody who leaves a true link: no record tells of a trim.
        (
            "INSERT INTO audit_anchor SELECT 1, seq, hash, signature FROM audit WHERE seq = 3; \
             DELETE FROM audit WHERE seq <= 3"
                .to_owned(),
            ChainError::Untold(3),
        ),
    ] {
        let bench = Bench::with(8).await;
        bench.sql(&*sql).await;
        assert_eq!(bench.bad().await, found, "{sql}");
        assert_eq!(bench.broken().await, Some(found.to_string()), "{sql}");
    }
}

#[tokio::test]
async fn a_record_of_another_coordinator_does_not_count() {
    let bench = Bench::with(2).await;
    let (world, _) = World::fake(NOW, 9);
    let other = CoordinatorKeys::generate(&mut world.rng()).id();
    let checked = bench.store.read(move |connection| super::check(connection, other)).await.unwrap();
    assert_eq!(checked.bad, Some(ChainError::Hash(1)));
}

#[tokio::test]
async fn a_cut_end_is_found_by_whoever_looked_before_and_by_what_was_copied() {
    let bench = Bench::with(8).await;
    assert_eq!(bench.broken().await, None);
    bench.sql("DELETE FROM audit WHERE seq > 6").await;
    // The rows alone do not tell.
    assert_eq!(bench.check().await.bad, None);
    let cut = ChainError::Cut { last: 6, seen: 8 };
    assert_eq!(bench.broken().await, Some(cut.to_string()));
    assert_eq!(bench.broken().await, Some(cut.to_string()), "and it is said again");
    bench.sql("INSERT INTO audit_copied VALUES (1, 'syslog', 8)").await;
    assert_eq!(bench.bad().await, cut);
}

#[tokio::test]
async fn what_changes_behind_a_check_is_found_the_next_day() {
    let bench = Bench::with(8).await;
    assert_eq!(bench.broken().await, None);
    bench.sql("UPDATE audit SET actor = 'nobody' WHERE seq = 2").await;
    let later = bench.log.chain(NOW.plus_ms(DAY_MS)).await.unwrap();
    assert_eq!(later.broken, Some(ChainError::Filed { seq: 2, what: "actor" }.to_string()));
    assert_eq!(later.verified, Some(1));
}

#[tokio::test]
async fn what_is_too_old_goes_and_the_chain_goes_on() {
    let bench = Bench::with(5).await;
    let later = NOW.plus_ms(50 * DAY_MS);
    bench.record(3, later).await;
    assert_eq!(bench.audit.trim(&bench.store, 60, later).await, Ok(0));
    assert_eq!(bench.audit.trim(&bench.store, 40, later).await, Ok(5));
    assert_eq!(bench.check().await, Checked { records: 4, bad: None });
    let view = bench.log.chain(later).await.unwrap();
    assert_eq!((view.first, view.verified, view.broken), (Some(6), Some(9), None));
    let rows = bench.store.read(|connection| audit::from(connection, 9, 1)).await.unwrap();
    let trimmed = body(&rows[0]).unwrap();
    assert_eq!((trimmed.action, trimmed.actor), (AuditAction::AuditTrim, Actor::Coordinator));
    assert_eq!(trimmed.after, Some(json!({ "through": 5, "records": 5 })));

    // Everything is too old: the record of the trim is what is left.
    let much_later = later.plus_ms(400 * DAY_MS);
    assert_eq!(bench.audit.trim(&bench.store, 40, much_later).await, Ok(4));
    assert_eq!(bench.check().await, Checked { records: 1, bad: None });
    bench.record(1, much_later).await;
    assert_eq!(bench.check().await, Checked { records: 2, bad: None });

    // Somebody cuts more off behind the trim.
    let cut = "UPDATE audit_anchor SET (seq, hash, signature) = (SELECT seq, hash, signature FROM audit WHERE seq = 10); \
               DELETE FROM audit WHERE seq <= 10";
    bench.sql(cut).await;
    assert_eq!(bench.bad().await, ChainError::Untold(10));
}

#[tokio::test]
async fn a_trim_in_the_middle_of_a_check_is_no_damage() {
    let bench = Bench::with(5).await;
    let later = NOW.plus_ms(50 * DAY_MS);
    bench.record(3, later).await;
    let id = bench.audit.coordinator();
    let walk = bench.store.read(move |connection| check::Walk::begin(connection, id)).await.unwrap();
    assert_eq!(bench.audit.trim(&bench.store, 40, later).await, Ok(5));
    let (walk, more) = bench.store.read(move |connection| log::step(connection, walk, id)).await.unwrap();
    assert!(more && walk.bad.is_none(), "{walk:?}");
    let (walk, more) = bench.store.read(move |connection| log::step(connection, walk, id)).await.unwrap();
    assert_eq!((walk.records, walk.bad, more), (4, None, false));
}

#[tokio::test]
async fn nothing_younger_than_a_month_goes_whatever_anybody_says() {
    let bench = Bench::with(3).await;
    assert_eq!(bench.audit.trim(&bench.store, 0, NOW.plus_ms(30 * DAY_MS)).await, Ok(0));
    assert_eq!(bench.audit.trim(&bench.store, 0, NOW.plus_ms(32 * DAY_MS)).await, Ok(3));
    // A young record holds those before it, whose clock was wrong.
    let bench = Bench::with(1).await;
    bench.record(1, NOW.plus_ms(-900 * DAY_MS)).await;
    assert_eq!(bench.audit.trim(&bench.store, 31, NOW).await, Ok(0));
}

#[tokio::test]
async fn many_old_records_go_in_parts_that_each_hold() {
    let bench = Bench::with(10_200).await;
    let later = NOW.plus_ms(100 * DAY_MS);
    assert_eq!(bench.audit.trim(&bench.store, 40, later).await, Ok(10_200));
    let checked = bench.check().await;
    assert_eq!((checked.records, checked.bad), (2, None), "the records of both parts");
}

#[tokio::test]
async fn what_was_undone_was_not_recorded() {
    let bench = Bench::new();
    let act = bench.audit.own(NOW);
    let inner = act.clone();
    let undone: Result<(), StoreError> = bench
        .store
        .write(move |tx| {
            inner.record(tx, Entry::new(AuditAction::HostRemove))?;
            Err(StoreError::Closed)
        })
        .await;
    assert_eq!(undone, Err(StoreError::Closed));
    assert!(!act.is_recorded());
    assert_eq!(bench.store.read(audit::last).await.unwrap(), None);
}

#[tokio::test]
async fn refusals_are_written_up_to_a_bound_and_what_is_left_out_is_told() {
    let bench = Bench::new();
    let act = bench.audit.own(NOW).by(Actor::Nobody { name: "vera".into() });
    let write = bench.store.write(move |tx| {
        for _ in 0..500 {
            act.record(tx, Entry::new(AuditAction::Refused))?;
        }
        let minute = Act::new(act.audit().clone(), act.actor().clone(), None, NOW.plus_ms(60_000));
        minute.record(tx, Entry::new(AuditAction::Refused))
    });
    write.await.unwrap();
    let rows = bench.store.read(|connection| audit::from(connection, 1, 100)).await.unwrap();
    assert_eq!(rows.len(), 21);
    assert_eq!(body(&rows[20]).unwrap().before, Some(json!({ "left_out": 480 })));
    assert_eq!(bench.check().await.bad, None);
}

proptest::proptest! {
    /// One byte of one record changed, anywhere: it does not hold.
    #[test]
    fn no_byte_of_a_body_can_be_changed(record in 0_usize..4, place in 0_usize..100, bit in 0_u8..7) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let bench = Bench::with(4).await;
            let rows = bench.store.read(|connection| audit::from(connection, 1, 10)).await.unwrap();
            let mut forged = rows[record].clone();
            let mut bytes = forged.body.clone().into_bytes();
            let place = place % bytes.len();
            bytes[place] ^= 1 << bit;
            // A body is ASCII here, and what is no text cannot stand in the column.
            let Ok(text) = String::from_utf8(bytes) else { return };
            forged.body = text;
            let id = bench.audit.coordinator();
            let before = if record == 0 { genesis(id) } else { rows[record - 1].link };
            assert_eq!(verify_link(id, before, &forged), Err(ChainError::Hash(forged.link.seq)));
            forged.link = chain::next(before, &forged.body);
            assert_eq!(verify_link(id, before, &forged), Err(ChainError::Signature(forged.link.seq)));
        });
    }
}
