//! A stage: a founded fleet over a fake clock, its admin, and actors who play agents.

use std::net::SocketAddr;

use wire::{
    action::{Action, Outcome, Receipt},
    frame::{Credential, Hello, HostFacts},
    id::{AgentId, GroupName, JobId, OrderId, SealKey, SignerKey, UnixMs},
    identity::{AgentKeys, CoordinatorKeys, KeyBinding, SigningKey},
    job::{JobKind, JobNumbers, JobState, JobSubject, LogLine, LogStream, Origin},
    journal::{
        BatchBuilder, Body, Head, JobFinished, JobQueued, JobStarted, Kind, LogChunk, OrderReceipt, PlanBy,
        PlanRevision, Previous, Record, RecordBody, SignedHead,
    },
    order::Order,
    plan::Plan,
    trust::{Admission, Coordinator, Kit, Operator, Role, Signed, Statement},
    view::{Actor as Who, AnnounceKeyRequest, DeviceKeyView},
};

use crate::{
    audit::{Act, Audit},
    fleet::{About, Admitted, Arrival, Fleet, Knock},
    store::{
        Store,
        people::{self, NewPerson, PersonId},
    },
    world::{FakeTime, World},
};

pub(crate) const START: UnixMs = UnixMs(1_795_187_040_000);

pub(crate) struct Stage {
    pub directory: tempfile::TempDir,
    pub world: World,
    pub time: FakeTime,
    pub fleet: Fleet,
    pub kit: Kit,
    pub admin: SigningKey,
    pub operator: SigningKey,
    pub keys: CoordinatorKeys,
}

pub(crate) fn peer(last: u8) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, last], 40_000))
}

impl Stage {
    /// A coordinator without a fleet.
    pub async fn empty() -> Self {
        let (world, time) = World::fake(START, 11);
        let mut rng = world.rng();
        let directory = tempfile::tempdir().unwrap();
        let keys = CoordinatorKeys::generate(&mut rng);
        let fleet = open(&world, directory.path(), &keys).await;
        Self {
            directory,
            time,
            fleet,
            kit: Kit::generate(&mut rng),
            admin: SigningKey::generate(&mut rng),
            operator: SigningKey::generate(&mut rng),
            keys,
            world,
        }
    }

    /// A fleet with one admin and one operator.
    pub async fn new() -> Self {
        let stage = Self::empty().await;
        let (fleet, statement) = (stage.fleet.clone(), stage.first_statement());
        stage.fleet.store().write(move |tx| fleet.found_in(tx, &statement, "ada")).await.unwrap();
        stage
    }

    pub fn statement(&self) -> Statement {
        let operator = |key: &SigningKey, name: &str, role| Operator {
            key: key.public().into(),
            name: name.into(),
            role,
        };
        Statement {
            fleet: self.kit.fleet(),
            version: 1,
            previous: wire::id::Hash32::ZERO,
            issued_at: START,
            root: self.kit.root().public().into(),
            recovery: self.kit.recovery().public(),
            coordinators: vec![Coordinator {
                id: self.keys.id(),
                channel: self.keys.channel_key(),
                name: "office".into(),
            }],
            operators: vec![
                operator(&self.admin, "ada", Role::Admin),
                operator(&self.operator, "otto", Role::Operator),
            ],
        }
    }

    pub fn first_statement(&self) -> Signed<Statement> {
        Signed::sign(&self.statement(), &self.kit.root()).unwrap()
    }

    /// The coordinator starts again on the same data.
    pub async fn restart(&mut self) {
        self.fleet = open(&self.world, self.directory.path(), &self.keys).await;
    }

    /// The database is lost; key file and statements survive.
    pub async fn lose_database(&mut self) {
        let path = self.directory.path().to_owned();
        for name in ["coordinator.db", "coordinator.db-wal", "coordinator.db-shm"] {
            let _ = std::fs::remove_file(path.join(name));
        }
        self.restart().await;
    }

    /// A request of somebody who is signed in under this name.
    pub fn act(&self, name: &str) -> Act {
        let actor = Who::Person { name: name.into(), role: Role::Admin };
        Act::new(Audit::new(self.keys.clone()), actor, None, self.world.now())
    }

    /// The same of somebody who has this role alone.
    pub fn act_as(&self, name: &str, role: Role) -> Act {
        Act::new(
            Audit::new(self.keys.clone()),
            Who::Person { name: name.into(), role },
            None,
            self.world.now(),
        )
    }

    /// A person of this name and role.
    pub async fn person(&self, name: &'static str, role: Role) -> PersonId {
        let added = self.fleet.store().write(move |tx| {
            let new = NewPerson { name, email: None, role, password: None, identity: None };
            people::add(tx, &new, START)
        });
        added.await.unwrap().unwrap()
    }

    pub async fn announced(&self, name: &'static str, key: &SigningKey) -> DeviceKeyView {
        let named = move |connection: &rusqlite::Connection| people::by_name(connection, name);
        let person = self.fleet.store().read(named).await.unwrap().unwrap();
        let request = self.announcement(&person.name, key);
        self.fleet.announce_key(&self.act(name), person.id, request).await.unwrap()
    }

    pub fn announcement(&self, person: &str, key: &SigningKey) -> AnnounceKeyRequest {
        let proof = wire::identity::announce(key, &self.kit.fleet(), person).unwrap();
        AnnounceKeyRequest { key: key.public().into(), name: "a laptop".into(), proof }
    }

    pub fn admission(&self, binding: &KeyBinding, name: &str) -> Signed<Admission> {
        let now = self.world.now();
        let admission = Admission {
            fleet: self.kit.fleet(),
            agent_fingerprint: binding.fingerprint(),
            name: name.into(),
            tags: vec!["test".into()],
            issued_at: now,
            expires_at: now.plus_ms(3_600_000),
            replaces: None,
        };
        Signed::sign(&admission, &self.admin).unwrap()
    }

    pub async fn arrive(&self, actor: &Actor, from: SocketAddr) -> Arrival {
        self.fleet.arrive(&actor.keys.binding(), &actor.hello(), from).await.unwrap()
    }

    /// Announces and approves an actor, which is a member afterwards.
    pub async fn enrol(&self, actor: &mut Actor) -> Admitted {
        let binding = actor.keys.binding();
        // Each from an address of its own: the guards of the door are not what is told here.
        let [a, b, c, ..] = actor.id().0;
        let home = SocketAddr::from(([10, a, b, c], 40_000));
        knocked(self.arrive(actor, home).await);
        let admission = self.admission(&binding, &actor.name);
        self.fleet.approve(&self.act("ada"), binding.id, admission.clone()).await.unwrap();
        actor.credential = Credential::Admission { admission };
        actor.signer = self.admin.public();
        admitted(self.arrive(actor, home).await)
    }

    /// A member with an empty journal.
    pub async fn member(&self, name: &str) -> (Actor, Admitted) {
        let mut actor = Actor::new(&self.world, name);
        let admitted = self.enrol(&mut actor).await;
        (actor, admitted)
    }

    pub fn grave(&self, agent: AgentId, key: &SigningKey, action: Action) -> Signed<Order> {
        let now = self.world.now();
        let order = Order {
            fleet: self.kit.fleet(),
            agent,
            id: OrderId(self.world.uuid()),
            issued_at: now,
            expires_at: now.plus_ms(30 * 86_400_000),
            person: "ada".into(),
            action,
        };
        Signed::sign(&order, key).unwrap()
    }
}

async fn open(world: &World, data: &std::path::Path, keys: &CoordinatorKeys) -> Fleet {
    let store = Store::open(&data.join("coordinator.db")).unwrap();
    let about = About {
        keys: keys.clone(),
        name: "office".into(),
        public_url: "https://backup.example".into(),
        version: "0.2.0".into(),
        statements_file: Some(data.join("coordinator.statements.json")),
    };
    Fleet::open(world.clone(), store, about).await.unwrap()
}

pub(crate) fn knocked(arrival: Arrival) -> Knock {
    match arrival {
        Arrival::Pending(knock) => knock,
        other => panic!("not let wait: {other:?}"),
    }
}

pub(crate) fn admitted(arrival: Arrival) -> Admitted {
    match arrival {
        Arrival::Member(admitted) => *admitted,
        other => panic!("not admitted: {other:?}"),
    }
}

pub(crate) fn refused(arrival: Arrival) -> wire::frame::Refusal {
    match arrival {
        Arrival::Refused(refusal) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

/// Plays an agent: keys and a journal.
#[derive(Clone)]
pub(crate) struct Actor {
    pub keys: AgentKeys,
    pub name: String,
    pub credential: Credential,
    pub epoch: u64,
    pub previous: Option<Previous>,
    pub records: Vec<(UnixMs, Kind, Vec<u8>)>,
    pub last_order: u64,
    /// Whose key signs its plans.
    pub signer: SignerKey,
    pub clock: UnixMs,
    pub world: World,
}

impl Actor {
    pub fn new(world: &World, name: &str) -> Self {
        Self {
            keys: AgentKeys::generate(&mut world.rng()),
            name: name.into(),
            credential: Credential::None,
            epoch: 1,
            previous: None,
            records: Vec::new(),
            last_order: 0,
            signer: SignerKey([1; 32]),
            clock: START,
            world: world.clone(),
        }
    }

    pub fn id(&self) -> AgentId {
        self.keys.id()
    }

    pub fn facts(&self) -> HostFacts {
        HostFacts {
            hostname: self.name.clone(),
            os: "linux".into(),
            agent_version: "0.1.0".into(),
            zone: "UTC".into(),
            ..HostFacts::default()
        }
    }

    pub fn hello(&self) -> Hello {
        let head = self.head_at(self.records.len());
        Hello {
            credential: self.credential.clone(),
            facts: self.facts(),
            head: (head.seq > 0).then(|| head.sign(&self.keys.identity)),
            last_order: self.last_order,
            statement: 1,
        }
    }

    pub fn append(&mut self, body: &impl RecordBody) {
        self.append_raw(kind_of(body), body.to_bytes().unwrap());
    }

    pub fn append_raw(&mut self, kind: Kind, bytes: Vec<u8>) {
        self.clock = self.clock.plus_ms(1_000);
        self.records.push((self.clock, kind, bytes));
    }

    /// The head after the first `count` records of this epoch.
    pub fn head_at(&self, count: usize) -> Head {
        let mut head = Head::genesis(self.id(), self.epoch, self.previous);
        for (at, kind, body) in &self.records[..count] {
            head = head.after(&Record::from_parts(*at, kind.as_str(), Body::Kept(body)).unwrap());
        }
        head
    }

    /// A batch of the records from number `from` (counted from 0) to `to`.
    pub fn batch(&self, from: usize, to: usize) -> (Vec<u8>, SignedHead) {
        let mut batch = BatchBuilder::new(self.previous, self.head_at(from));
        for (at, kind, body) in &self.records[from..to] {
            assert!(batch.push(&Record::new(*at, *kind, body).unwrap()), "the batch is full");
        }
        batch.finish(&self.keys.identity).unwrap()
    }

    pub fn plan(&mut self, revision: u64, plan: &str) {
        let plan: Plan = serde_json::from_str(plan).unwrap();
        let order = OrderId(self.world.uuid());
        let by = PlanBy::Order { order, person: "as it calls itself".into(), signer: self.signer };
        self.append(&PlanRevision { revision, plan, by, changes: Vec::new(), note: None });
    }

    /// A whole backup with a log of `lines` lines; its job.
    pub fn backup(&mut self, state: JobState, lines: u64) -> JobId {
        let job = JobId(self.world.uuid());
        let group: Option<GroupName> = Some("default".parse().unwrap());
        let subject = JobSubject { kind: JobKind::Backup, repository: "main".parse().unwrap(), group };
        self.append(&JobQueued {
            job,
            subject,
            origin: Origin::Local,
            options: wire::action::JobOptions::default(),
        });
        self.append(&JobStarted { job, restic_version: None });
        for (index, chunk) in (0..lines).collect::<Vec<_>>().chunks(3).enumerate() {
            self.log(job, u32::try_from(index).unwrap(), chunk);
        }
        self.append(&JobFinished {
            job,
            state,
            reason: None,
            numbers: JobNumbers::default(),
            log_lines: lines,
            result: None,
            lacks: Vec::new(),
        });
        job
    }

    fn log(&mut self, job: JobId, index: u32, numbers: &[u64]) {
        let line = |n: &u64| {
            let line = LogLine { n: *n, at: START, stream: LogStream::Stdout, text: format!("line {n}") };
            serde_json::to_string(&line).unwrap()
        };
        let text = numbers.iter().map(line).collect::<Vec<_>>().join("\n");
        let compressed = zstd::encode_all(text.as_bytes(), 3).unwrap();
        let bytes = LogChunk { job, index, compressed: &compressed }.to_bytes();
        self.append_raw(Kind::LogChunk, bytes);
    }

    pub fn receipt(&mut self, number: u64, order: OrderId, action: &str, outcome: Outcome) {
        self.last_order = self.last_order.max(number);
        let receipt = Receipt { number, order, outcome };
        self.append(&OrderReceipt {
            receipt,
            action: Some(action.into()),
            person: Some("ada".into()),
            signer: None,
        });
    }

    /// Sends everything that is not held yet, in one batch.
    pub async fn sync(&self, stage: &Stage, host: &Admitted) -> crate::fleet::TakenBatch {
        let held = host.head.map(|signed| signed.head).filter(|head| head.epoch == self.epoch);
        let from = usize::try_from(held.map_or(0, |head| head.seq)).unwrap();
        let (bytes, _) = self.batch(from, self.records.len());
        let held = host.head.map(|signed| signed.head);
        stage.fleet.take_batch(host.host, self.id(), held, bytes).await.unwrap()
    }
}

const fn kind_of<B: RecordBody>(_: &B) -> Kind {
    B::KIND
}

/// A sealing key that nobody holds the secret of.
pub(crate) fn nobodys_seal_key() -> SealKey {
    SealKey([9; 32])
}
