//! A coordinator with a fleet to look at: thousands of hosts with a year behind them, brought in through the real
//! handshake and ingest, most of them connected, until Ctrl-C.
//!
//! `--hosts N` is 10,000 unless said otherwise; `--keep DIR` leaves everything in DIR; `--once` ends when all are there.
//! The panel is for looking: this browser has no operator key of the fleet, so it signs nothing.

use std::{path::PathBuf, process::ExitCode, sync::Arc, time::Duration};

use futures_util::StreamExt as _;
use tests::{
    person::{PASSWORD, Person, USER, now},
    place::Place,
    programs::{Coordinator, free_port},
    simulated::{Agent, Calling, Dice, Ended, Session, connect},
};
use tokio::sync::watch;

const USAGE: &str = "usage: demo-fleet [--hosts N] [--keep DIR] [--once]";
const SEED: u64 = 20_261_120;
/// Newcomers at a time while the fleet is filled.
const FILLING: usize = 32;
const HEARTBEAT: Duration = Duration::from_secs(30);
const HOSTS: usize = 10_000;
/// Said now and then on the way.
const TOLD_EACH: usize = 500;

struct Wanted {
    hosts: usize,
    place: Place,
    once: bool,
}

fn arguments() -> Option<Wanted> {
    let (mut hosts, mut keep, mut once) = (HOSTS, None, false);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--hosts" => hosts = arguments.next()?.parse().ok().filter(|count| *count > 0)?,
            "--keep" => keep = Some(PathBuf::from(arguments.next()?)),
            "--once" => once = true,
            _ => return None,
        }
    }
    let place = keep.map_or_else(Place::temporary, Place::kept);
    Some(Wanted { hosts, place, once })
}

#[tokio::main]
async fn main() -> ExitCode {
    let Some(Wanted { hosts, place, once }) = arguments() else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let mut coordinator = Coordinator::start(&place, free_port()).await;
    let person = Person::found(&coordinator.url, &coordinator.setup_token()).await;
    println!("coordinator: {}", coordinator.url);
    let agents = fill(&coordinator.url, &person, hosts).await;
    println!("{hosts} hosts are there");
    println!("panel: {}/  user: {USER}  password: {PASSWORD}", coordinator.url);
    if !once {
        let (stop, stopped) = watch::channel(false);
        let url: Arc<str> = coordinator.url.clone().into();
        let tasks: Vec<_> = agents
            .into_iter()
            .filter(|(_, stays)| *stays)
            .map(|(agent, _)| tokio::spawn(stay(url.clone(), agent, stopped.clone())))
            .collect();
        println!("{} of them are connected; Ctrl-C ends it", tasks.len());
        tokio::signal::ctrl_c().await.expect("Ctrl-C can be waited for");
        stop.send_replace(true);
        for task in tasks {
            task.await.expect("an agent leaves when it is told to");
        }
    }
    if coordinator.program.stop().success() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Everybody joins with a year behind them. Whoever stays is told apart: most servers, half of the laptops.
async fn fill(url: &str, person: &Person, hosts: usize) -> Vec<(Agent, bool)> {
    let mut dice = Dice::new(SEED);
    let at = now();
    let newcomers = (0..hosts).map(|number| {
        let roll = dice.between(0..=99);
        async move {
            let (fleet, recovery) = (person.statement.fleet, person.statement.recovery);
            let made =
                tokio::task::spawn_blocking(move || Agent::with_a_year(fleet, recovery, SEED, number, at));
            let (agent, who) = made.await.expect("a year can be made up");
            let admission = person.tagged_admission(&agent.keys.binding(), &who.name, &who.tags);
            let mut agent = agent.admitted(admission);
            let socket = connect(url).await.expect("a connection");
            let mut session = Session::open(&mut agent, socket).await.expect("a handshake");
            session.arrive().await.expect("a member");
            session.settle().await.expect("its year is taken");
            session.line.close().await;
            (agent, roll < if who.calling == Calling::Laptop { 50 } else { 96 })
        }
    });
    let mut arriving = futures_util::stream::iter(newcomers).buffer_unordered(FILLING);
    let mut agents = Vec::with_capacity(hosts);
    while let Some(one) = arriving.next().await {
        agents.push(one);
        if agents.len().is_multiple_of(TOLD_EACH) {
            println!("{} hosts", agents.len());
        }
    }
    agents
}

/// Stays until it is told to go, and comes back when its link breaks.
async fn stay(url: Arc<str>, mut agent: Agent, stop: watch::Receiver<bool>) {
    let first =
        HEARTBEAT.mul_f64(f64::from(u32::try_from(agent.dice.between(0..=1000)).unwrap_or(0)) / 1000.0);
    loop {
        let mut told = stop.clone();
        let until = async move { drop(told.wait_for(|stop| *stop).await) };
        let stayed = async {
            let socket = connect(&url).await?;
            let mut session = Session::open(&mut agent, socket).await?;
            session.arrive().await?;
            session.live(first, HEARTBEAT, until).await?;
            session.line.close().await;
            Ok::<_, Ended>(())
        };
        match stayed.await {
            Ok(()) => return,
            Err(_) if *stop.borrow() => return,
            Err(ended) => {
                eprintln!("{}: {ended}", agent.facts.hostname);
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}
