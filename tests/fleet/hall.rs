//! The coordinator in this process, with a fleet that was founded, and links into its door.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use coordinator::{
    audit::{Act, Audit},
    fleet::{About, Fleet},
    ingest::{self, Checked},
    socket,
    store::{Store, StoreError, chains, hosts, records},
    world::{FakeTime, World},
};
use tests::simulated::{Agent, Dice, Ended, Journal, Session, over};
use tokio::task::JoinHandle;
use wire::{
    id::{AgentId, FleetId, Hash32, SealKey, UnixMs},
    identity::{CoordinatorKeys, KeyBinding, SigningKey},
    trust::{Admission, Coordinator, Kit, Operator, Role, Signed, Statement},
    view::Actor,
};

use crate::weather::{End, Sky};

/// 2026-11-20 12:00 UTC.
pub const NOON: UnixMs = UnixMs(1_795_176_000_000);
const HOUR_MS: i64 = 3_600_000;

/// The coordinator's end of everything.
pub struct Hall {
    pub fleet: Fleet,
    pub store: Store,
    pub world: World,
    pub time: FakeTime,
    pub id: FleetId,
    pub recovery: SealKey,
    admin: SigningKey,
    /// A task for each connection that was ever made: one that panicked is found at the end.
    doors: Mutex<Vec<JoinHandle<()>>>,
    _directory: tempfile::TempDir,
}

/// Turns the coordinator's clock while it lives: twenty milliseconds for each.
pub struct Clock(JoinHandle<()>);

impl Drop for Clock {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A record as one side has it: epoch, number, time, kind, body, chain hash.
pub type Row = (u64, u64, i64, String, Vec<u8>, Hash32);

impl Hall {
    /// A request of the fleet's admin.
    pub fn act(&self) -> Act {
        let ada = Actor::Person { name: "ada".to_owned(), role: Role::Admin };
        Act::new(Audit::new(self.fleet.keys().clone()), ada, None, self.world.now())
    }

    pub async fn found(seed: u64) -> Arc<Self> {
        let mut dice = Dice::new(seed);
        let (world, time) = World::fake(NOON, dice.roll());
        let directory = tempfile::tempdir().expect("a temporary directory");
        let store = Store::open(&directory.path().join("coordinator.db")).expect("a database");
        let keys = CoordinatorKeys::generate(&mut dice);
        let (kit, admin) = (Kit::generate(&mut dice), SigningKey::generate(&mut dice));
        let statement = founding(&kit, &admin, &keys);
        let about = About {
            keys,
            name: "hall".into(),
            public_url: "http://127.0.0.1:7700".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            statements_file: None,
        };
        let fleet = Fleet::open(world.clone(), store.clone(), about).await.expect("a fleet");
        let founded = fleet.clone();
        store.write(move |tx| founded.found_in(tx, &statement, "ada")).await.expect("founded");
        let (id, recovery, doors) = (kit.fleet(), kit.recovery().public(), Mutex::default());
        Arc::new(Self { fleet, store, world, time, id, recovery, admin, doors, _directory: directory })
    }

    /// Until it is dropped, the coordinator's time passes.
    pub fn clock(&self) -> Clock {
        let time = self.time.clone();
        Clock(tokio::spawn(async move {
            let mut ticks = tokio::time::interval(Duration::from_millis(5));
            loop {
                ticks.tick().await;
                time.advance(Duration::from_millis(100));
            }
        }))
    }

    /// The `n`th agent, with keys of its own and no right to come in.
    pub fn stranger(&self, n: usize, dice: &mut Dice) -> Agent {
        Agent::new(self.id, n, dice.another(), NOON, 40)
    }

    /// The `n`th agent, which an admin admitted.
    pub fn member(&self, n: usize, dice: &mut Dice) -> Agent {
        let agent = self.stranger(n, dice);
        let admission = self.admission(&agent.keys.binding(), &agent.facts.hostname);
        agent.admitted(admission)
    }

    pub fn admission(&self, binding: &KeyBinding, name: &str) -> Signed<Admission> {
        let admission = Admission {
            fleet: self.id,
            agent_fingerprint: binding.fingerprint(),
            name: name.to_owned(),
            tags: vec!["simulated".into()],
            issued_at: NOON,
            expires_at: NOON.plus_ms(24 * HOUR_MS),
            replaces: None,
        };
        Signed::sign(&admission, &self.admin).expect("an admission")
    }

    /// A link into the door, as if from `peer`, under this sky. Answers with the agent's end.
    pub fn link(&self, peer: SocketAddr, sky: Sky) -> End {
        let (theirs, ours) = sky.link(&self.world);
        let serving = socket::serve(ours, Bytes::new(), peer, self.fleet.clone());
        self.doors.lock().expect("no test panics while it holds the doors").push(tokio::spawn(serving));
        theirs
    }

    /// The handshake over a calm link from this machine.
    pub async fn open<'a>(&self, agent: &'a mut Agent) -> Result<Session<'a, End>, Ended> {
        self.open_from(agent, here()).await
    }

    pub async fn open_from<'a>(
        &self,
        agent: &'a mut Agent,
        peer: SocketAddr,
    ) -> Result<Session<'a, End>, Ended> {
        Session::open(agent, over(self.link(peer, Sky::clear())).await).await
    }

    /// Comes, brings everything over and goes.
    pub async fn bring(&self, agent: &mut Agent) -> Result<(), Ended> {
        let mut session = self.open(agent).await?;
        session.arrive().await?;
        session.settle().await?;
        session.line.close().await;
        Ok(())
    }

    /// No connection's task has panicked; all of them end once nobody holds the other end.
    pub async fn nothing_broke(&self) {
        let doors = std::mem::take(&mut *self.doors.lock().expect("no test panics while it holds the doors"));
        for door in doors {
            door.await.expect("a connection's task must not panic");
        }
    }

    /// Every chain, checked again from the rows.
    pub async fn checked(&self) -> Checked {
        self.store.read(ingest::check).await.expect("the database reads")
    }

    /// What is held of an agent's journal.
    pub async fn held(&self, agent: AgentId) -> Vec<Row> {
        let read = self.store.read(move |connection| {
            let mut rows = Vec::new();
            let Some(host) = hosts::by_agent(connection, agent)? else { return Ok(rows) };
            for epoch in chains::of_host(connection, host.id, agent)? {
                let number = epoch.head.head.epoch;
                records::walk::<StoreError>(connection, epoch.id, |stored| {
                    let body = stored.body.unwrap_or_default();
                    rows.push((number, stored.place.seq(), stored.at.0, stored.kind, body, stored.hash));
                    Ok(true)
                })?;
            }
            Ok::<_, StoreError>(rows)
        });
        read.await.expect("the database reads")
    }
}

/// What an agent itself has written.
pub fn written(journal: &Journal) -> Vec<Row> {
    let epochs = journal.epochs().iter();
    epochs
        .flat_map(|epoch| {
            (1..).zip(&epoch.entries).map(|(seq, entry)| {
                let kind = entry.kind.as_str().to_owned();
                (epoch.number, seq, entry.at.0, kind, entry.body.to_vec(), entry.hash)
            })
        })
        .collect()
}

pub fn here() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 40_000))
}

fn founding(kit: &Kit, admin: &SigningKey, keys: &CoordinatorKeys) -> Signed<Statement> {
    let statement = Statement {
        fleet: kit.fleet(),
        version: 1,
        previous: Hash32::ZERO,
        issued_at: NOON,
        root: kit.root().public().into(),
        recovery: kit.recovery().public(),
        coordinators: vec![Coordinator { id: keys.id(), channel: keys.channel_key(), name: "hall".into() }],
        operators: vec![Operator { key: admin.public().into(), name: "ada".into(), role: Role::Admin }],
    };
    Signed::sign(&statement, &kit.root()).expect("a statement")
}
