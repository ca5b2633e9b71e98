//! Fifty agents whose links break at random bytes, who work and are given orders all the while: nothing is lost, nothing
//! happens twice, and everything verifies.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use coordinator::fleet::{HostQuery, JobQuery};
use tests::{
    simulated::{Agent, Dice, Ended, Session, over},
    wait::{PATIENCE, until},
};
use tokio::sync::watch;
use wire::{
    action::{Action, Outcome},
    id::{AgentId, OrderId},
    job::{JobKind, JobState, Origin},
    view::{OrderRequest, OrderState, OrderView, PresenceView},
};

use crate::{
    hall::{Hall, here, written},
    weather::{End, Sky},
};

const AGENTS: usize = 50;
/// Connections that each agent makes while the storm lasts.
const CONNECTIONS: usize = 12;
const ORDERS: usize = 150;
const A_CALM_DAY: Duration = Duration::from_secs(10);

/// What an agent does before it goes to sleep in a storm.
struct Day {
    sky: Sky,
    /// Jobs that come up while it is connected.
    jobs: u64,
    /// How it goes when its link still holds then: with a word, or without.
    says_goodbye: bool,
    /// A copy of it comes at the same time.
    doubled: Option<Sky>,
}

impl Day {
    fn roll(dice: &mut Dice) -> Self {
        Self {
            sky: Sky::stormy(dice),
            jobs: dice.between(0..=6),
            says_goodbye: dice.one_in(2),
            doubled: dice.one_in(6).then(|| Sky::stormy(dice)),
        }
    }
}

async fn connect<'a>(hall: &Hall, agent: &'a mut Agent, sky: Sky) -> Result<Session<'a, End>, Ended> {
    let socket = over(hall.link(here(), sky)).await;
    let mut session = Session::open(agent, socket).await?;
    session.arrive().await?;
    Ok(session)
}

/// One connection, until its weather ends it or the day's work is done and over there.
async fn spend(hall: &Hall, agent: &mut Agent, day: Day) -> Result<(), Ended> {
    let mut session = connect(hall, agent, day.sky).await?;
    session.most = 40;
    for _ in 0..day.jobs {
        session.agent.job();
        session.pump().await?;
        let frame = session.line.receive().await?;
        session.frame(&frame).await?;
    }
    session.settle().await?;
    if day.says_goodbye {
        session.line.close().await;
    }
    Ok(())
}

/// A copy of the agent, writing nothing: either end may be refused, neither may do harm.
async fn haunt(hall: &Hall, mut copy: Agent, sky: Sky) -> Result<(), Ended> {
    connect(hall, &mut copy, sky).await?.ping().await
}

/// Nothing hangs, whatever the weather.
async fn in_time<T>(what: &str, work: impl Future<Output = T>) -> T {
    let done = tokio::time::timeout(PATIENCE, work).await;
    done.unwrap_or_else(|_| panic!("{what} hangs"))
}

async fn weather(
    hall: Arc<Hall>,
    mut agent: Agent,
    mut dice: Dice,
    made: Arc<watch::Sender<usize>>,
) -> Agent {
    for _ in 0..CONNECTIONS {
        let mut day = Day::roll(&mut dice);
        match day.doubled.take() {
            None => drop(in_time("a day", spend(&hall, &mut agent, day)).await),
            Some(sky) => {
                let copy = agent.copied();
                let haunt = in_time("a copy's visit", haunt(&hall, copy, sky));
                let _ = tokio::join!(in_time("a haunted day", spend(&hall, &mut agent, day)), haunt);
            }
        }
        made.send_modify(|made| *made += 1);
    }
    agent
}

/// Orders come in as the storm goes on, spread over its connections.
async fn order(
    hall: Arc<Hall>,
    agents: Vec<AgentId>,
    mut dice: Dice,
    made: Arc<watch::Sender<usize>>,
) -> Orders {
    let mut made = made.subscribe();
    let mut orders = Orders::new();
    for n in 0..ORDERS {
        let due = n * AGENTS * CONNECTIONS / ORDERS;
        made.wait_for(|made| *made >= due).await.expect("the storm holds the other end");
        let agent = *dice.pick(&agents);
        let routine = Action::Run {
            groups: vec!["default".parse().expect("a group's name")],
            upload_kib_s: None,
            download_kib_s: None,
        };
        let view =
            hall.fleet.order(&hall.act(), agent, OrderRequest::Routine { routine }).await.expect("an order");
        orders.entry(agent).or_default().push(view.order);
    }
    orders
}

type Orders = BTreeMap<AgentId, Vec<OrderId>>;

/// A calm day at last: everything comes over. A seat that a silent link still holds is freed by a challenge.
async fn settle(hall: &Hall, agent: &mut Agent, orders: &[OrderId]) {
    until(
        "an agent to bring everything over",
        async || {
            let brought = tokio::time::timeout(A_CALM_DAY, bring(hall, agent, orders)).await;
            if let Ok(brought) = brought {
                return brought.map_err(|ended| ended.to_string());
            }
            let views = hall.fleet.orders(agent.id()).await.expect("orders");
            let open = |view: &&OrderView| view.state != OrderState::Answered;
            let open: Vec<&OrderView> = views.iter().filter(open).collect();
            Err(format!("it waits in vain; number {} was its last; {open:#?}", agent.last_order))
        },
        |brought| brought.is_ok().then_some(()),
    )
    .await;
}

async fn bring(hall: &Hall, agent: &mut Agent, orders: &[OrderId]) -> Result<(), Ended> {
    let mut session = connect(hall, agent, Sky::clear()).await?;
    // Orders that wait are sent right after the welcome.
    while !orders.iter().all(|order| session.agent.carried_out.contains_key(order)) {
        session.pump().await?;
        let frame = session.line.receive().await?;
        session.frame(&frame).await?;
    }
    session.settle().await?;
    session.line.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_and_nothing_happens_twice_in_a_storm() {
    let seed = std::env::var("RM_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(20_261_120);
    println!("seed {seed} (RM_SEED sets another)");
    let hall = Hall::found(seed).await;
    let clock = hall.clock();
    let mut dice = Dice::new(seed);
    let agents: Vec<Agent> = (0..AGENTS).map(|n| hall.member(n, &mut dice).with_past(8)).collect();
    let ids: Vec<AgentId> = agents.iter().map(Agent::id).collect();
    // Everybody was here once, so that orders can be given to anybody.
    let mut all = Vec::new();
    for mut agent in agents {
        hall.bring(&mut agent).await.expect("a calm day");
        all.push(agent);
    }

    let made = Arc::new(watch::Sender::new(0));
    let ordering = tokio::spawn(order(Arc::clone(&hall), ids.clone(), dice.another(), Arc::clone(&made)));
    let storm = all
        .into_iter()
        .map(|agent| tokio::spawn(weather(Arc::clone(&hall), agent, dice.another(), Arc::clone(&made))));
    let storm: Vec<_> = storm.collect();
    let mut agents = Vec::new();
    for agent in storm {
        agents.push(agent.await.expect("an agent's own task does not panic"));
    }
    let orders = ordering.await.expect("orders are taken");
    for agent in &mut agents {
        settle(&hall, agent, orders.get(&agent.id()).map_or(&[], Vec::as_slice)).await;
    }

    every_record_is_there_once(&hall, &agents).await;
    every_order_was_carried_out_once(&hall, &agents, &orders).await;
    presence_is_right(&hall, agents).await;
    drop(clock);
    hall.fleet.close_all().await;
    let clock = hall.clock();
    hall.nothing_broke().await;
    drop(clock);
}

async fn every_record_is_there_once(hall: &Hall, agents: &[Agent]) {
    let checked = hall.checked().await;
    assert_eq!(checked.bad, [], "every chain verifies");
    let records: usize = agents.iter().map(|agent| agent.journal.len()).sum();
    assert_eq!((checked.hosts, checked.records), (AGENTS as u64, records as u64));
    for agent in agents {
        let (theirs, ours) = (hall.held(agent.id()).await, written(&agent.journal));
        assert!(
            theirs == ours,
            "{}: {} records here, {} there",
            agent.facts.hostname,
            ours.len(),
            theirs.len()
        );
    }
}

async fn every_order_was_carried_out_once(hall: &Hall, agents: &[Agent], orders: &Orders) {
    let mut count = 0;
    for agent in agents {
        let id = agent.id();
        let wanted = orders.get(&id).cloned().unwrap_or_default();
        let carried: Vec<(OrderId, u32)> = agent.carried_out.iter().map(|(id, n)| (*id, *n)).collect();
        let mut expected: Vec<(OrderId, u32)> = wanted.iter().map(|order| (*order, 1)).collect();
        expected.sort_unstable();
        assert_eq!(carried, expected, "each order is carried out once, and no other");
        let views = hall.fleet.orders(id).await.expect("orders");
        let query = JobQuery { limit: 1000, ..JobQuery::default() };
        let jobs = hall.fleet.jobs(id, query).await.expect("jobs").items;
        for order in wanted {
            let view = views.iter().find(|view| view.order == order).expect("the order is listed");
            assert_eq!(view.state, OrderState::Answered, "{view:#?}");
            let Some(Outcome::Accepted { jobs: begun, .. }) = &view.outcome else { panic!("{view:#?}") };
            let of_it =
                |origin: &Origin| matches!(origin, Origin::Operator { order: by, .. } if *by == order);
            let seen: Vec<_> = jobs.iter().filter(|job| of_it(&job.origin)).collect();
            assert_eq!(seen.iter().map(|job| job.job).collect::<Vec<_>>(), *begun, "one job for one order");
            assert!(seen.iter().all(|job| job.kind == JobKind::Backup && job.state.is_over()));
            assert!(seen.iter().all(|job| job.state != JobState::Queued));
            count += 1;
        }
    }
    assert_eq!(count, ORDERS);
}

/// Those that are connected are online and the others offline, whatever the storm left behind.
async fn presence_is_right(hall: &Arc<Hall>, agents: Vec<Agent>) {
    let (stop, stopped) = watch::channel(false);
    let arrived = Arc::new(AtomicUsize::new(0));
    let half = AGENTS / 2;
    let online: Vec<AgentId> = agents.iter().take(half).map(Agent::id).collect();
    let staying = agents.into_iter().take(half).map(|mut agent| {
        let (hall, mut stopped, arrived) = (Arc::clone(hall), stopped.clone(), Arc::clone(&arrived));
        tokio::spawn(async move {
            let mut session = connect(&hall, &mut agent, Sky::clear()).await.expect("a calm day");
            arrived.fetch_add(1, Ordering::SeqCst);
            let stop = async move { drop(stopped.wait_for(|stop| *stop).await) };
            let heartbeat = Duration::from_millis(200);
            session.live(heartbeat, heartbeat, stop).await.expect("a calm day");
        })
    });
    let staying: Vec<_> = staying.collect();
    until(
        "half of the fleet to arrive",
        async || arrived.load(Ordering::SeqCst),
        |n| (*n == half).then_some(()),
    )
    .await;
    until(
        "silent links to be given up",
        async || {
            hall.fleet.sweep().await;
            hall.fleet.tiles(hall.world.now()).online
        },
        |seen| (*seen == half as u64).then_some(()),
    )
    .await;
    let rows = hall.fleet.hosts(&HostQuery { limit: 1000, ..HostQuery::default() }).expect("hosts").items;
    assert_eq!(rows.len(), AGENTS);
    for row in rows {
        let expected = if online.contains(&row.agent) { PresenceView::Online } else { PresenceView::Offline };
        assert_eq!(row.presence, expected, "{}", row.name);
        assert!(row.last_seen.is_some());
    }
    stop.send(true).expect("they listen");
    for agent in staying {
        agent.await.expect("it stays until it is told to go");
    }
}
