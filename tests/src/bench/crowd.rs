//! A thousand live agents (or ten): what the coordinator needs for them in memory and time, how soon they are back after
//! it was away, and how quick the fleet page stays.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use reqwest::Method;
use tokio::{sync::watch, task::JoinHandle};
use wire::view::{HostRow, Page};

use super::{
    Scale,
    figure::{Figure, Unit},
    percentile,
    process::{Usage, share, usage},
    station::founded,
};
use crate::{
    person::{Person, now},
    place::Place,
    programs::{Coordinator, free_port},
    simulated::{Agent, Dice, Ended, Session, connect},
    wait::until_within,
};

const HEARTBEAT: Duration = Duration::from_secs(30);
const WATCHED: Duration = Duration::from_mins(1);
/// Newcomers at a time while the fleet is filled; afterwards all come at once.
const FILLING: usize = 64;
const PATIENCE: Duration = Duration::from_mins(5);
const MIB: f64 = 1_048_576.0;

/// The budget is 128 MiB for ten thousand, the program itself included.
const TOTAL_BYTES: f64 = 128.0 * MIB;
const TEN_THOUSAND: f64 = 10_000.0;
const STORM_S: f64 = 10.0;
const PAGE_MS: f64 = 5.0;
const CPU_PERCENT: f64 = 10.0;

/// What every agent's task shares.
struct Fleet {
    url: String,
    live: AtomicUsize,
    refused: AtomicUsize,
    stop: watch::Receiver<bool>,
}

pub async fn measure(scale: Scale) -> Vec<Figure> {
    let place = Place::temporary();
    let port = free_port();
    let (coordinator, person) = founded(&place).await;
    let count = scale.agents;
    let empty = settled(&coordinator, scale).await;
    let agents = fill(&coordinator.url, &person, count, scale).await;
    let filled = settled(&coordinator, scale).await;
    let Coordinator { mut program, .. } = coordinator;
    assert!(program.stop().success(), "the coordinator did not stop cleanly");

    let coordinator = Coordinator::start(&place, port).await;
    let mut person = person;
    person.url.clone_from(&coordinator.url);
    person.sign_in().await;
    let alone = settled(&coordinator, scale).await;
    let (stop, stopped) = watch::channel(false);
    let fleet = Arc::new(Fleet {
        url: coordinator.url.clone(),
        live: AtomicUsize::new(0),
        refused: AtomicUsize::new(0),
        stop: stopped,
    });
    let begun = Instant::now();
    let tasks: Vec<_> =
        agents.into_iter().map(|agent| tokio::spawn(stay(Arc::clone(&fleet), agent))).collect();
    all_live(&fleet, count).await;
    let storm = begun.elapsed();
    let refused = fleet.refused.load(Ordering::SeqCst);
    let live = settled(&coordinator, scale).await;
    let watched = scale.pick(WATCHED, Duration::from_secs(3));
    let before = usage(coordinator.program.pid());
    tokio::time::sleep(watched).await;
    let after = usage(coordinator.program.pid());
    let pages = pages(&person, scale.pick(40, 3)).await;
    assert_eq!(fleet.live.load(Ordering::SeqCst), count, "all of them stay");
    stop.send(true).expect("the agents listen");
    leave(tasks).await;
    let quiet = share(before, after, watched);
    figures(count, &Memory { empty, filled, alone, live }, storm, refused, quiet, pages)
}

/// Resident memory of the coordinator.
struct Memory {
    /// With a fleet of nobody.
    empty: Usage,
    /// Right after everybody had joined and brought a history.
    filled: Usage,
    /// Started again with all hosts known and nobody connected.
    alone: Usage,
    /// With everybody live.
    live: Usage,
}

#[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52 bytes")]
fn figures(
    count: usize,
    memory: &Memory,
    storm: Duration,
    refused: usize,
    quiet: f64,
    mut pages: Vec<f64>,
) -> Vec<Figure> {
    let agents = count as f64;
    let bytes = |usage: Usage| usage.rss_bytes as f64;
    let per_agent = (bytes(memory.live) - bytes(memory.empty)) / agents;
    let connection = (bytes(memory.live) - bytes(memory.alone)) / agents;
    let known = (bytes(memory.alone) - bytes(memory.empty)) / agents;
    let allowed = (TOTAL_BYTES - bytes(memory.empty)) / TEN_THOUSAND;
    let part = agents / TEN_THOUSAND;
    vec![
        Figure::new(
            "coordinator_empty_rss_bytes",
            "coordinator, an empty fleet",
            bytes(memory.empty),
            Unit::Bytes,
        ),
        Figure::new(
            "coordinator_filled_rss_bytes",
            format!("coordinator, right after {count} joined"),
            bytes(memory.filled),
            Unit::Bytes,
        ),
        Figure::new(
            "coordinator_rss_bytes",
            format!("coordinator, {count} live agents"),
            bytes(memory.live),
            Unit::Bytes,
        )
        .at_most(TOTAL_BYTES),
        Figure::new("coordinator_bytes_per_agent", "for each live agent, all told", per_agent, Unit::Bytes)
            .at_most(allowed),
        Figure::new("coordinator_bytes_per_connection", "for each connection alone", connection, Unit::Bytes),
        Figure::new("coordinator_bytes_per_host", "for each host that is known, away", known, Unit::Bytes),
        Figure::new("coordinator_cpu_percent", "one heartbeat per 30 s, of a core", quiet, Unit::Percent)
            .at_most(CPU_PERCENT * part.min(1.0)),
        Figure::new("storm_s", format!("{count} agents live again"), storm.as_secs_f64(), Unit::Seconds)
            .at_most(STORM_S * part.clamp(0.1, 1.0)),
        Figure::new("storm_refused", "of them refused meanwhile", refused as f64, Unit::Count).at_most(0.0),
        Figure::new(
            "page_p50_ms",
            "a page of the fleet, median",
            percentile(&mut pages, 50),
            Unit::Milliseconds,
        ),
        Figure::new(
            "page_p99_ms",
            "a page of the fleet, p99",
            percentile(&mut pages, 99),
            Unit::Milliseconds,
        )
        .at_most(PAGE_MS),
    ]
}

/// After a moment in which nothing happens: memory that was needed for a storm is given back by then.
async fn settled(coordinator: &Coordinator, scale: Scale) -> Usage {
    tokio::time::sleep(scale.pick(Duration::from_secs(12), Duration::from_millis(300))).await;
    usage(coordinator.program.pid())
}

/// Everybody joins, some at a time, brings a little history and goes.
async fn fill(url: &str, person: &Person, count: usize, scale: Scale) -> Vec<Agent> {
    use futures_util::StreamExt as _;
    let jobs = scale.pick(4, 1);
    let mut dice = Dice::new(4);
    let newcomers = (0..count).map(|n| {
        let agent = Agent::new(person.statement.fleet, n, dice.another(), now(), jobs);
        let admission = person.admission(&agent.keys.binding(), &agent.facts.hostname);
        let mut agent = agent.admitted(admission).with_past(jobs);
        async move {
            let socket = connect(url).await.expect("a connection");
            let mut session = Session::open(&mut agent, socket).await.expect("a handshake");
            session.arrive().await.expect("a member");
            session.settle().await.expect("its history is taken");
            session.line.close().await;
            agent
        }
    });
    futures_util::stream::iter(newcomers).buffer_unordered(FILLING).collect().await
}

/// Comes back at once, however often it takes, and stays until it is told to go.
async fn stay(fleet: Arc<Fleet>, mut agent: Agent) {
    let mut stopped = fleet.stop.clone();
    let mut stop = std::pin::pin!(async move { drop(stopped.wait_for(|stop| *stop).await) });
    // Spread over the thirty seconds, as real agents are.
    let first =
        HEARTBEAT.mul_f64(f64::from(u32::try_from(agent.dice.between(0..=1000)).unwrap_or(0)) / 1000.0);
    loop {
        let stayed = async {
            let socket = connect(&fleet.url).await?;
            let mut session = Session::open(&mut agent, socket).await?;
            session.arrive().await?;
            fleet.live.fetch_add(1, Ordering::SeqCst);
            session.live(first, HEARTBEAT, &mut stop).await?;
            session.line.close().await;
            Ok::<_, Ended>(())
        };
        match stayed.await {
            Ok(()) => return,
            Err(ended) => {
                fleet.refused.fetch_add(1, Ordering::SeqCst);
                eprintln!("{}: {ended}", agent.facts.hostname);
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

async fn all_live(fleet: &Fleet, count: usize) {
    until_within(
        "all agents to be live",
        PATIENCE,
        async || fleet.live.load(Ordering::SeqCst),
        |live| (*live == count).then_some(()),
    )
    .await;
}

async fn leave(tasks: Vec<JoinHandle<()>>) {
    for task in tasks {
        task.await.expect("an agent leaves when it is told to");
    }
}

/// Milliseconds of each answer of the fleet page's API, over its filters and sorts, `rounds` times.
async fn pages(person: &Person, rounds: usize) -> Vec<f64> {
    let mut took = Vec::new();
    for _ in 0..rounds {
        for sort in [
            "name",
            "presence",
            "os",
            "version",
            "tags",
            "last_seen",
            "last_backup",
            "next_run",
            "size",
            "snapshots",
        ] {
            for rest in [
                "",
                "&order=desc",
                "&status=online",
                "&status=failed&status=incomplete",
                "&q=web",
                "&q=linux%20debian%20000",
                "&tag=test&repository=ready",
            ] {
                let mut path = format!("/hosts?limit=100&sort={sort}{rest}");
                // The first two pages: the second by its cursor.
                for _ in 0..2 {
                    let begun = Instant::now();
                    let page: Page<HostRow> = person
                        .call(Method::GET, &path, None::<&()>)
                        .await
                        .unwrap_or_else(|problem| panic!("{path}: {problem:#?}"));
                    took.push(begun.elapsed().as_secs_f64() * 1000.0);
                    let Some(next) = page.next else { break };
                    path = format!("/hosts?limit=100&sort={sort}{rest}&cursor={next}");
                }
            }
        }
    }
    took
}
