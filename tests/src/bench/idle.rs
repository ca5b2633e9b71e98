//! The real agent at rest, connected, with ten thousand jobs behind it.
//!
//! Its past is written by the agent's own store, as a library: the same rows and records as if the jobs had run.

use std::time::Duration;

use agent::{
    app::Ground,
    config::Paths,
    store::{
        StoreError, jobs,
        jobs::{Ending, NewJob},
        logs, snapshots,
    },
    world::World,
};
use wire::{
    id::{JobId, UnixMs},
    job::{JobKind, JobNumbers, JobState, JobSubject, LogLine, LogStream, Origin},
    snapshot::Snapshot,
};

use super::{
    Scale,
    figure::{Figure, Unit},
    process::{share, usage},
    station::Station,
};
use crate::{person::now, place::Place, programs::newest_restic, simulated::Dice, wait::until_within};

const JOBS: usize = 10_000;
const PER_TRANSACTION: usize = 500;
const WATCHED: Duration = Duration::from_mins(1);
const PATIENCE: Duration = Duration::from_mins(5);
const IDLE_BYTES: f64 = 10.0 * 1_048_576.0;
const IDLE_PERCENT: f64 = 0.1;

#[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52 bytes")]
pub async fn measure(scale: Scale) -> Vec<Figure> {
    let place = Place::temporary();
    let mut station = Station::start(&place, &newest_restic()).await;
    let plan = crate::person::simple_plan(&place.repository(), &place.files(), "0 2 1 1 *");
    station.plan(plan).await;
    assert!(station.daemon.stop().success(), "the agent did not stop cleanly");
    let records = past(&place, scale.pick(JOBS, 50)).await;

    station.daemon = station.agent.run();
    brought(&station, records).await;
    tokio::time::sleep(scale.pick(Duration::from_secs(10), Duration::from_secs(1))).await;
    let after_sync = usage(station.daemon.pid());
    assert!(station.daemon.stop().success(), "the agent did not stop cleanly");

    station.daemon = station.agent.run();
    tokio::time::sleep(scale.pick(Duration::from_secs(20), Duration::from_secs(1))).await;
    let watched = scale.pick(WATCHED, Duration::from_secs(2));
    let before = usage(station.daemon.pid());
    tokio::time::sleep(watched).await;
    let after = usage(station.daemon.pid());
    station.daemon.assert_alive();
    let rss = after.rss_bytes.max(before.rss_bytes) as f64;
    vec![
        Figure::new("agent_idle_rss_bytes", "agent, idle, 10,000 jobs behind it", rss, Unit::Bytes)
            .at_most(IDLE_BYTES),
        Figure::new(
            "agent_idle_anonymous_bytes",
            "of it not a file's",
            after.anonymous_bytes as f64,
            Unit::Bytes,
        ),
        Figure::new(
            "agent_idle_cpu_percent",
            "agent, idle, of a core",
            share(before, after, watched),
            Unit::Percent,
        )
        .at_most(IDLE_PERCENT),
        Figure::new(
            "agent_after_sync_rss_bytes",
            "agent, right after it brought all that over",
            after_sync.rss_bytes as f64,
            Unit::Bytes,
        ),
    ]
}

/// Writes the jobs of months. Answers with the number of the last record.
async fn past(place: &Place, count: usize) -> u64 {
    let (paths, config) = Paths::settle(None, Some(&place.agent())).expect("the agent's own file");
    let ground =
        Ground::prepare(paths, config, World::real()).expect("the agent's data, while it does not run");
    let mut dice = Dice::new(5);
    let mut at = now().plus_ms(-i64::try_from(count).unwrap_or(0) * 3_600_000);
    let mut left = count;
    while left > 0 {
        let some = left.min(PER_TRANSACTION);
        let (mut rolls, from) = (dice.another(), at);
        let written = ground.store.write(move |tx| {
            let mut at = from;
            for _ in 0..some {
                job(tx, &mut rolls, at)?;
                at = at.plus_ms(3_600_000);
            }
            Ok::<_, StoreError>(at)
        });
        at = written.await.expect("the past is written");
        left -= some;
    }
    let head = ground.store.read(agent::store::journal::head).await;
    head.expect("a journal").seq
}

fn job(tx: &agent::store::Tx<'_>, dice: &mut Dice, at: UnixMs) -> Result<(), StoreError> {
    let repository: wire::id::RepositoryName = "main".parse().expect("a repository's name");
    let group: wire::id::GroupName = "default".parse().expect("a group's name");
    let id = JobId(dice.uuid(at));
    let schedule = Some("daily".parse().expect("a schedule's name"));
    let origin = Origin::Schedule { schedule: "daily".parse().expect("a schedule's name"), due_at: at };
    let subject =
        JobSubject { kind: JobKind::Backup, repository: repository.clone(), group: Some(group.clone()) };
    let new = NewJob {
        id,
        subject,
        origin,
        schedule,
        attempt: 1,
        options: wire::action::JobOptions::default(),
        not_before: at,
    };
    jobs::queue(tx, &new, at)?;
    jobs::start(tx, id, Some("0.19.1".into()), at.plus_ms(40))?;
    let end = at.plus_ms(i64::try_from(dice.between(900..=600_000)).unwrap_or(0));
    let lines: Vec<LogLine> = (0..dice.between(4..=20))
        .map(|n| LogLine {
            n,
            at: at.plus_ms(50),
            stream: LogStream::Stdout,
            text: format!("processed {} files, {} bytes", dice.between(1..=90_000), dice.roll() >> 30),
        })
        .collect();
    logs::append_chunk(tx, id, &lines, end)?;
    let snapshot = (0..4).map(|_| format!("{:016x}", dice.roll())).collect::<Vec<_>>().concat();
    // As many as a policy keeps: the list does not grow with the years.
    if dice.one_in(50) {
        let saved = Snapshot {
            id: snapshot.clone(),
            time: end,
            hostname: "bench".into(),
            paths: vec!["/srv".into()],
            tags: vec![group.to_string()],
            group: Some(group),
            size_bytes: Some(dice.roll() >> 24),
            files: Some(dice.between(1..=90_000)),
            added_bytes: Some(dice.roll() >> 40),
            doubt: None,
        };
        snapshots::add(tx, &repository, saved, end)?;
    }
    let numbers = JobNumbers {
        snapshot: Some(snapshot),
        files_total: Some(dice.between(1..=90_000)),
        bytes_total: Some(dice.roll() >> 24),
        bytes_added: Some(dice.roll() >> 40),
        ..JobNumbers::default()
    };
    let log_lines = lines.len() as u64;
    jobs::finish(tx, id, &Ending { numbers, log_lines, ..Ending::bare(JobState::Succeeded, None) }, end)?;
    Ok(())
}

async fn brought(station: &Station, records: u64) {
    until_within(
        "the agent to bring its history over",
        PATIENCE,
        async || station.person.host(station.host.agent).await.journal.seq,
        |seq| (*seq >= records).then_some(()),
    )
    .await;
}
