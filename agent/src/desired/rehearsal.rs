//! A fleet and one of its hosts for tests: real keys, signatures and rows, a fake world, an engine that runs nothing.

use std::{path::PathBuf, sync::Arc};

use tempfile::TempDir;
use wire::{
    action::{Action, SealedSecret},
    frame::Credential,
    host::HostFacts,
    id::{AgentId, Hash32, OrderId, UnixMs},
    identity::{AgentKeys, CoordinatorKeys, KeyBinding, SigningKey},
    order::{Dispatch, Order},
    plan::{Backend, Plan},
    seal::{self, BoxContext, SecretSlot},
    trust::{Admission, Coordinator, Kit, Ledger, Operator, Role, Signed, Statement},
};

use super::{Desk, Parts, Secrets, Vault};
use crate::{
    config::Policy,
    run::{self, Engine, EngineTask, Launcher, Patience, Reach, Reached, Settings},
    store::{self, Store, StoreError, facts, trust},
    world::{FakeTime, World},
};

pub const START: UnixMs = UnixMs(1_795_187_040_000);
const HOUR_MS: i64 = 3_600_000;

/// One fleet: its kit, a coordinator, an admin, an operator.
pub struct Fleet {
    pub world: World,
    pub kit: Kit,
    pub coordinator: CoordinatorKeys,
    pub admin: SigningKey,
    pub operator: SigningKey,
    pub statements: Vec<Signed<Statement>>,
}

/// One host's desk. Whoever holds it keeps the engine and the directory.
pub struct Host {
    pub desk: Desk,
    pub time: FakeTime,
    _directory: TempDir,
    _engine: EngineTask,
}

struct Anywhere;

impl Reach for Anywhere {
    fn reach<'a>(&'a self, _backend: &'a Backend) -> Reached<'a> {
        Box::pin(std::future::ready(Ok(())))
    }
}

impl Fleet {
    pub fn found() -> Self {
        let (world, _) = World::fake(START, 1);
        let mut rng = world.rng();
        let mut fleet = Self {
            kit: Kit::generate(&mut rng),
            coordinator: CoordinatorKeys::generate(&mut rng),
            admin: SigningKey::generate(&mut rng),
            operator: SigningKey::generate(&mut rng),
            statements: Vec::new(),
            world,
        };
        let root = fleet.kit.root();
        let first = fleet.statement();
        fleet.statements.push(Signed::sign(&first, &root).unwrap());
        fleet
    }

    /// The next statement as it would be if nothing changed.
    pub fn statement(&self) -> Statement {
        let last = self.statements.last();
        Statement {
            fleet: self.kit.fleet(),
            version: self.statements.len() as u64 + 1,
            previous: last.map_or(Hash32::ZERO, Signed::hash),
            issued_at: START,
            root: self.kit.root().public().into(),
            recovery: self.kit.recovery().public(),
            coordinators: vec![Coordinator {
                id: self.coordinator.id(),
                channel: self.coordinator.channel_key(),
                name: "backup".to_owned(),
            }],
            operators: vec![
                Operator { key: self.admin.public().into(), name: "Ada".to_owned(), role: Role::Admin },
                Operator { key: self.operator.public().into(), name: "Bob".to_owned(), role: Role::Operator },
            ],
        }
    }

    pub fn ledger(&self) -> Ledger {
        Ledger::replay(self.kit.fleet(), &self.statements).unwrap()
    }

    pub fn admission(&self, binding: &KeyBinding) -> Signed<Admission> {
        let admission = Admission {
            fleet: self.kit.fleet(),
            agent_fingerprint: binding.fingerprint(),
            name: "web-1".to_owned(),
            tags: Vec::new(),
            issued_at: START,
            expires_at: START.plus_ms(HOUR_MS),
            replaces: None,
        };
        Signed::sign(&admission, &self.admin).unwrap()
    }

    pub fn order(&self, agent: AgentId, action: Action) -> Order {
        Order {
            fleet: self.kit.fleet(),
            agent,
            id: OrderId(self.world.uuid()),
            issued_at: START,
            expires_at: START.plus_ms(HOUR_MS),
            person: "Ada".to_owned(),
            action,
        }
    }

    /// Signs the order by `key` and numbers it.
    pub fn dispatch(&self, order: &Order, key: &SigningKey, number: u64) -> Signed<Dispatch> {
        self.envelope(order.agent, Signed::sign(order, key).unwrap(), number)
    }

    pub fn envelope(&self, agent: AgentId, order: Signed<Order>, number: u64) -> Signed<Dispatch> {
        let dispatch = Dispatch { fleet: self.kit.fleet(), agent, number, statement: 1, order };
        Signed::sign(&dispatch, &self.coordinator.identity).unwrap()
    }

    /// A secret sealed to the host as the browser does it.
    pub fn sealed(&self, host: &Host, slot: &str, revision: u64, value: &str) -> SealedSecret {
        let slot: SecretSlot = slot.parse().unwrap();
        let keys = host.desk.keys();
        let context = BoxContext::to_agent(self.kit.fleet(), keys.id(), keys.seal_key(), &slot, revision);
        let sealed = seal::seal(&context, value.as_bytes(), &mut self.world.rng()).unwrap();
        SealedSecret { slot: slot.clone(), revision, sealed: sealed.into() }
    }
}

impl Host {
    /// A host that nobody knows yet.
    pub fn new(seed: u64, policy: Policy) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let (world, time) = World::fake(START, seed);
        let keys = AgentKeys::generate(&mut world.rng());
        Self::on(directory, world, time, keys, policy)
    }

    /// The same host over what is in the directory.
    pub fn on(directory: TempDir, world: World, time: FakeTime, keys: AgentKeys, policy: Policy) -> Self {
        let world = world.above(directory.path());
        let database = directory.path().join("agent.db");
        let store = Store::open(&database, keys.id()).unwrap();
        let reader = store::read_only(&database).unwrap();
        let path = directory.path().join("vault.key");
        let vault = Vault::load_or_make(&path, keys.id(), false, &mut world.rng()).map_err(|e| e.to_string());
        let secrets = Arc::new(Secrets::new(vault, reader));
        let (engine, task) = Engine::new(run::Parts {
            world: world.clone(),
            store: store.clone(),
            secrets: secrets.clone(),
            reach: Arc::new(Anywhere),
            settings: Settings {
                hostname: "web-1".to_owned(),
                restic: None,
                data: directory.path().to_owned(),
                cache: PathBuf::from("/nowhere"),
                own_files: Vec::new(),
                restore_below: Vec::new(),
                launcher: Launcher::Direct,
                patience: Patience::default(),
            },
        });
        let plan_file = directory.path().join("plan.toml");
        let desk = Desk::new(Parts { world, store, keys, secrets, policy, plan_file, engine: Some(engine) });
        Self { desk, time, _directory: directory, _engine: task }
    }

    /// A member of the fleet, with facts and no plan.
    pub async fn member(fleet: &Fleet, policy: Policy) -> Self {
        let host = Self::new(7, policy);
        host.meet(fleet).await;
        let admission = fleet.admission(&host.desk.binding());
        let credential = Credential::Admission { admission };
        host.desk.join(&fleet.ledger(), credential, None, "web-1", START).await.unwrap();
        host
    }

    /// Facts, pin and statements, as before a first hello.
    pub async fn meet(&self, fleet: &Fleet) {
        let id = fleet.kit.fleet();
        let facts = HostFacts { hostname: "web-1".to_owned(), ..HostFacts::default() };
        let pinned = self.desk.store().write(move |tx| {
            facts::set(tx, &facts, START)?;
            trust::set_pin(tx, id, "http://127.0.0.1:1", START)
        });
        assert!(pinned.await.unwrap());
        self.desk.statements(id, fleet.statements.clone()).await.unwrap();
    }

    pub async fn read<T: Send + 'static>(
        &self,
        look: impl FnOnce(&rusqlite::Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> T {
        self.desk.store().read(look).await.unwrap()
    }
}

/// A repository `main`, a group `default` and a schedule `daily`.
pub fn plan() -> Plan {
    toml::from_str(
        r#"
        [repositories.main]
        backend = { kind = "local", path = "/srv/repo" }
        [groups.default]
        includes = ["/etc"]
        [schedules.daily]
        cron = "0 2 * * *"
        groups = ["default"]
        "#,
    )
    .unwrap()
}
