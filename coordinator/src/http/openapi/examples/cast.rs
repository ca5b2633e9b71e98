//! Who appears in the examples: one fleet, one person, one host. Their keys come from seeds that stand here for everybody
//! to read, and are nobody's.

use wire::{
    id::{
        AgentId, GroupName, Hash32, JobId, OperatorKey, OrderId, RepositoryName, RootKey, ScheduleName,
        UnixMs,
    },
    identity::{AgentKeys, ChannelSecret, CoordinatorKeys, Fingerprint, SigningKey},
    plan::{Backend, Group, Plan, Repository, Schedule},
    seal::SealSecret,
    trust::{Admission, Coordinator, Document, Kit, Operator, Role, Signed, Statement},
    view::CoordinatorView,
};

/// 2026-11-20 15:04 UTC.
pub(super) const NOW: UnixMs = UnixMs(1_795_187_040_000);
pub(super) const HOUR_MS: i64 = 3_600_000;
pub(super) const PERSON: &str = "alice";
pub(super) const HOST: &str = "web-1";
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");
pub(super) const URL: &str = "https://backup.example.org";
pub(super) const CURSOR: &str = "WzE3OTUxODcwNDAwMDAsMV0";

pub(super) fn kit() -> Kit {
    Kit::from_seed(&[1; 32])
}

/// Alice's browser.
pub(super) fn operator() -> SigningKey {
    SigningKey::from_seed(&[2; 32])
}

fn coordinator_keys() -> CoordinatorKeys {
    CoordinatorKeys {
        identity: SigningKey::from_seed(&[3; 32]),
        channel: ChannelSecret::from_bytes(&[4; 32]),
    }
}

pub(super) fn agent_keys() -> AgentKeys {
    AgentKeys {
        identity: SigningKey::from_seed(&[5; 32]),
        seal: SealSecret::from_bytes(&[6; 32]),
        channel: ChannelSecret::from_bytes(&[7; 32]),
        generation: 0,
    }
}

pub(super) fn agent() -> AgentId {
    agent_keys().id()
}

pub(super) fn coordinator() -> CoordinatorView {
    let keys = coordinator_keys();
    CoordinatorView {
        id: keys.id(),
        channel: keys.channel_key(),
        name: "backup.example.org".into(),
        public_url: URL.into(),
    }
}

pub(super) fn sign<T: Document + serde::Serialize>(document: &T, key: &SigningKey) -> Signed<T> {
    let bytes = serde_json::to_vec(document).unwrap_or_default();
    Signed::sign_bytes(bytes, key)
}

pub(super) fn statement() -> Signed<Statement> {
    let kit = kit();
    let coordinator = coordinator();
    let statement = Statement {
        fleet: kit.fleet(),
        version: 1,
        previous: Hash32::ZERO,
        issued_at: NOW,
        root: RootKey::from(kit.root().public()),
        recovery: kit.recovery().public(),
        coordinators: vec![Coordinator {
            id: coordinator.id,
            channel: coordinator.channel,
            name: coordinator.name,
        }],
        operators: vec![Operator { key: operator_key(), name: PERSON.into(), role: Role::Admin }],
    };
    sign(&statement, &kit.root())
}

pub(super) fn operator_key() -> OperatorKey {
    OperatorKey::from(operator().public())
}

pub(super) fn admission() -> Signed<Admission> {
    let admission = Admission {
        fleet: kit().fleet(),
        agent_fingerprint: agent_keys().binding().fingerprint(),
        name: HOST.into(),
        tags: vec!["prod".into()],
        issued_at: NOW,
        expires_at: NOW.plus_ms(HOUR_MS),
        replaces: None,
    };
    sign(&admission, &operator())
}

pub(super) fn token() -> Signed<wire::trust::Token> {
    let keys = wire::trust::TokenSeed::from_bytes(&[8; 32]).keys();
    let token = wire::trust::Token {
        fleet: kit().fleet(),
        token: keys.token(),
        seal: keys.seal.public(),
        name_pattern: "web-*".into(),
        tags: vec!["prod".into()],
        uses: 20,
        issued_at: NOW,
        expires_at: NOW.plus_ms(7 * 24 * HOUR_MS),
        plan: None,
        secrets: Vec::new(),
    };
    sign(&token, &operator())
}

/// As people compare it, and as words.
pub(super) fn spoken(fingerprint: &Fingerprint) -> (String, Vec<String>) {
    (fingerprint.to_string(), fingerprint.words().iter().map(ToString::to_string).collect())
}

/// Every name here is one: a test builds every example.
fn name<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().expect("a name, as the test of the examples shows")
}

pub(super) fn repository() -> RepositoryName {
    name("main")
}

pub(super) fn group() -> GroupName {
    name("default")
}

pub(super) fn schedule() -> ScheduleName {
    name("nightly")
}

pub(super) fn job() -> JobId {
    name("0192f0c1-7a3b-7c1e-9f00-3b1f0a2c4d5e")
}

pub(super) fn order() -> OrderId {
    name("0192f0c1-7a3b-7c1e-9f00-3b1f0a2c4d5f")
}

/// One repository, one group, every night.
pub(super) fn plan() -> Plan {
    let group_of_files = Group {
        repository: repository(),
        includes: vec!["/etc".into(), "/home".into()],
        excludes: vec!["*.tmp".into()],
        exclude_if_present: Vec::new(),
        one_file_system: false,
        retention: wire::plan::Retention::default(),
        retry: wire::plan::Retry::default(),
        hooks: wire::plan::Hooks::default(),
        copy_to: None,
    };
    let nightly = Schedule {
        cron: name("0 2 * * *"),
        zone: None,
        enabled: true,
        groups: vec![group()],
        jitter_s: 600,
        conditions: wire::plan::Conditions::default(),
    };
    Plan {
        repositories: [(repository(), Repository::new(Backend::Local { path: "/srv/backup".into() }))].into(),
        groups: [(group(), group_of_files)].into(),
        schedules: [(schedule(), nightly)].into(),
        ..Plan::default()
    }
}
