//! The little fleet of the proofs: a kit, a coordinator, an admin, an operator, an agent, and a stranger with keys of
//! his own. Everything comes from fixed seeds, so that every run sees the same bytes.

use std::convert::Infallible;

use rand_core::{TryCryptoRng, TryRng};
use sha2::{Digest, Sha256};
use wire::{
    id::{FleetId, Hash32, OperatorKey, RootKey, UnixMs},
    identity::{AgentKeys, ChannelSecret, CoordinatorKeys, SigningKey},
    plan::Plan,
    seal::SealSecret,
    trust::{Coordinator, Kit, Ledger, Operator, Role, Signed, Statement, TokenSeed},
};

pub const NOW: UnixMs = UnixMs(1_795_187_040_000);
pub const HOUR_MS: i64 = 3_600_000;

/// Entropy that is the same in every run: SHA-256 of a label and a counter.
pub struct Dice {
    label: [u8; 32],
    counter: u64,
}

pub fn dice(label: &str) -> Dice {
    Dice { label: Sha256::digest(label).into(), counter: 0 }
}

impl TryRng for Dice {
    type Error = Infallible;
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_be_bytes(bytes))
    }
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_be_bytes(bytes))
    }
    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        for chunk in out.chunks_mut(32) {
            let block =
                Sha256::new_with_prefix(self.label).chain_update(self.counter.to_be_bytes()).finalize();
            chunk.copy_from_slice(&block[..chunk.len()]);
            self.counter += 1;
        }
        Ok(())
    }
}
impl TryCryptoRng for Dice {}

pub struct Cast {
    pub kit: Kit,
    pub coordinator: CoordinatorKeys,
    pub admin: SigningKey,
    pub operator: SigningKey,
    pub stranger: SigningKey,
    pub agent: AgentKeys,
    pub token: TokenSeed,
}

pub fn kit_seed() -> [u8; 32] {
    std::array::from_fn(|i| u8::try_from(i).unwrap())
}

impl Cast {
    pub fn new() -> Self {
        Self {
            kit: Kit::from_seed(&kit_seed()),
            coordinator: CoordinatorKeys {
                identity: SigningKey::from_seed(&[0xc1; 32]),
                channel: ChannelSecret::from_bytes(&[0xc2; 32]),
            },
            admin: SigningKey::from_seed(&[0xa1; 32]),
            operator: SigningKey::from_seed(&[0xb1; 32]),
            stranger: SigningKey::from_seed(&[0xf1; 32]),
            agent: AgentKeys {
                identity: SigningKey::from_seed(&[0xd1; 32]),
                seal: SealSecret::from_bytes(&[0xd2; 32]),
                channel: ChannelSecret::from_bytes(&[0xd3; 32]),
                generation: 1,
            },
            token: TokenSeed::from_bytes(&[0xe1; 32]),
        }
    }

    pub fn fleet(&self) -> FleetId {
        self.kit.fleet()
    }

    pub fn root(&self) -> RootKey {
        self.kit.root().public().into()
    }

    pub fn admin_entry(&self) -> Operator {
        Operator { key: self.admin.public().into(), name: "ada".into(), role: Role::Admin }
    }

    pub fn operator_entry(&self) -> Operator {
        Operator { key: self.operator.public().into(), name: "otto".into(), role: Role::Operator }
    }

    pub fn coordinator_entry(&self) -> Coordinator {
        Coordinator {
            id: self.coordinator.id(),
            channel: self.coordinator.channel_key(),
            name: "main".into(),
        }
    }

    /// Version 1 names the coordinator and the admin.
    pub fn statement_1(&self) -> Statement {
        Statement {
            fleet: self.fleet(),
            version: 1,
            previous: Hash32::ZERO,
            issued_at: NOW,
            root: self.root(),
            recovery: self.kit.recovery().public(),
            coordinators: vec![self.coordinator_entry()],
            operators: vec![self.admin_entry()],
        }
    }

    /// Version 2 adds the operator.
    pub fn statement_2(&self) -> Statement {
        Statement {
            version: 2,
            previous: self.by_root(&self.statement_1()).hash(),
            issued_at: NOW.plus_ms(HOUR_MS),
            operators: vec![self.admin_entry(), self.operator_entry()],
            ..self.statement_1()
        }
    }

    pub fn by_root(&self, statement: &Statement) -> Signed<Statement> {
        Signed::sign(statement, &self.kit.root()).unwrap()
    }

    pub fn by_admin(&self, statement: &Statement) -> Signed<Statement> {
        Signed::sign(statement, &self.admin).unwrap()
    }

    pub fn statements(&self) -> Vec<Signed<Statement>> {
        vec![self.by_root(&self.statement_1()), self.by_admin(&self.statement_2())]
    }

    /// At version 2.
    pub fn ledger(&self) -> Ledger {
        Ledger::replay(self.fleet(), &self.statements()).unwrap()
    }

    /// Another agent, which nobody knows.
    pub fn other_agent() -> AgentKeys {
        AgentKeys::generate(&mut dice("another agent"))
    }
}

pub fn plan() -> Plan {
    serde_json::from_value(serde_json::json!({
        "repositories": { "main": { "backend": { "kind": "local", "path": "/srv/backup" } } },
        "groups": { "default": { "includes": ["/home"] } },
        "schedules": { "nightly": { "cron": "0 2 * * *", "groups": ["default"] } },
    }))
    .unwrap()
}

pub fn operator_key(key: &SigningKey) -> OperatorKey {
    key.public().into()
}
