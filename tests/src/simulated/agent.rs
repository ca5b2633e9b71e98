//! One simulated agent: its keys, what it says of itself, its journal, and the orders it carried out.

use std::collections::BTreeMap;

use wire::{
    action::{Action, OrderRefusalCode, Outcome, Receipt},
    frame::Credential,
    host::HostFacts,
    id::{AgentId, FleetId, OrderId, SealKey, UnixMs},
    identity::AgentKeys,
    job::{JobKind, Origin},
    journal::OrderReceipt,
    order::{Dispatch, Receiver, Verdict, VerifiedOrder, verify_dispatch},
    trust::{Admission, Ledger, Signed},
};

use super::{Cast, Character, Chronicle, Dice, History, Journal, made_up_plan};

const SYSTEMS: [(&str, &str); 5] = [
    ("linux", "Debian GNU/Linux 12"),
    ("linux", "Debian GNU/Linux 13"),
    ("linux", "Ubuntu 24.04.3 LTS"),
    ("linux", "AlmaLinux 9.6"),
    ("windows", "Windows Server 2022"),
];
const ROLES: [&str; 8] = ["web", "db", "mail", "build", "files", "proxy", "desk", "cache"];

/// Hosts next to each other roll nothing alike.
const fn dice_of(seed: u64, number: usize) -> Dice {
    Dice::new(Dice::new(seed ^ ((number as u64) << 20)).another().roll())
}

#[derive(Clone, Debug)]
pub struct Agent {
    pub keys: AgentKeys,
    pub credential: Credential,
    pub facts: HostFacts,
    pub journal: Journal,
    pub history: History,
    pub dice: Dice,
    /// The fleet that it pinned.
    pub fleet: FleetId,
    /// The last order number that it has seen.
    pub last_order: u64,
    /// The last record of the last epoch that a coordinator is known to hold.
    pub acknowledged: u64,
    /// What it answered, for orders that come again.
    receipts: BTreeMap<OrderId, Outcome>,
    /// How often each order was carried out: once, or something is wrong.
    pub carried_out: BTreeMap<OrderId, u32>,
}

impl Agent {
    /// The `n`th of a fleet. Nothing is in its journal yet, and nobody let it in.
    pub fn new(fleet: FleetId, n: usize, mut dice: Dice, now: UnixMs, jobs: usize) -> Self {
        let keys = AgentKeys::generate(&mut dice);
        let (os, os_version) = *dice.pick(&SYSTEMS);
        let hostname = format!("{}-{n:05}", ROLES[n % ROLES.len()]);
        let facts = HostFacts {
            hostname: hostname.clone(),
            os: os.into(),
            os_version: os_version.into(),
            arch: if dice.one_in(5) { "aarch64" } else { "x86_64" }.into(),
            agent_version: env!("CARGO_PKG_VERSION").into(),
            restic_version: Some("0.18.0".into()),
            restic_can: Vec::new(),
            zone: "Europe/Berlin".into(),
            policy: wire::host::PolicyFacts::default(),
        };
        let history = History::new(dice.another(), &hostname, now, jobs);
        Self::of(fleet, keys, facts, dice, history)
    }

    fn of(fleet: FleetId, keys: AgentKeys, facts: HostFacts, dice: Dice, history: History) -> Self {
        Self {
            journal: Journal::new(keys.id()),
            history,
            credential: Credential::None,
            last_order: 0,
            acknowledged: 0,
            receipts: BTreeMap::new(),
            carried_out: BTreeMap::new(),
            fleet,
            facts,
            keys,
            dice,
        }
    }

    /// A host of character, with its whole year in its journal. The same seed and number make the same host.
    pub fn with_a_year(
        fleet: FleetId,
        recovery: SealKey,
        seed: u64,
        number: usize,
        now: UnixMs,
    ) -> (Self, Character) {
        let mut dice = dice_of(seed, number);
        let keys = AgentKeys::generate(&mut dice);
        let character = Character::of(number, &mut dice);
        let facts = character.facts(&mut dice);
        let first = character.shared.map_or(number, Character::first_of);
        let cast = Cast {
            fleet,
            recovery,
            own: keys.id(),
            first_of_group: AgentKeys::generate(&mut dice_of(seed, first)).id(),
            signer: keys.identity.public(),
        };
        let history = History::new(dice.another(), &facts.hostname, now, 0);
        let mut agent = Self::of(fleet, keys, facts, dice.another(), history);
        let who = &character;
        Chronicle { who, facts: &agent.facts, cast, dice, now }.write(&mut agent.journal);
        (agent, character)
    }

    pub fn id(&self) -> AgentId {
        self.keys.id()
    }

    pub fn admitted(mut self, admission: Signed<Admission>) -> Self {
        self.credential = Credential::Admission { admission };
        self
    }

    /// Writes who it is, its plan, and `jobs` jobs.
    pub fn with_past(mut self, jobs: usize) -> Self {
        // Its first plan came as order 1, before anybody looked.
        self.last_order = 1;
        self.history.begin(&mut self.journal, &self.facts, self.keys.identity.public());
        for _ in 0..jobs {
            self.job();
        }
        self
    }

    /// The same identity and past on another machine, which goes on by itself.
    pub fn copied(&self) -> Self {
        let mut copy = self.clone();
        copy.history.diverge();
        copy.dice = copy.dice.another();
        copy
    }

    /// Does one job, and writes it down.
    pub fn job(&mut self) {
        self.history.job(&mut self.journal);
    }

    /// Does jobs until at least so many records more are written.
    pub fn records(&mut self, records: usize) {
        self.history.records(&mut self.journal, records);
    }

    /// Verifies an order and carries it out; `None` when it is not for this agent. The receipt is in the journal.
    pub fn order(&mut self, ledger: &Ledger, signed: &Signed<Dispatch>, now: UnixMs) -> Option<Receipt> {
        let plan = made_up_plan(&self.facts.hostname);
        let receiver =
            Receiver { agent: self.id(), ledger, now, last_number: self.last_order, plan: Some(&plan) };
        let verdict = verify_dispatch(signed, &receiver, |order| self.receipts.get(&order).cloned());
        let (receipt, order) = match verdict {
            Ok(Verdict::Fresh(verified)) => {
                let outcome = self.carry_out(&verified);
                self.receipts.insert(verified.order.id, outcome.clone());
                (Receipt { number: verified.number, order: verified.order.id, outcome }, Some(verified))
            }
            Ok(Verdict::Executed { number, order, receipt: outcome }) => {
                (Receipt { number, order, outcome }, None)
            }
            Err(refusal) => {
                let outcome = Outcome::Refused {
                    code: refusal.code(),
                    message: refusal.to_string(),
                    hint: refusal.hint().to_owned(),
                };
                (Receipt { number: refusal.number()?, order: refusal.order()?, outcome }, None)
            }
        };
        self.last_order = self.last_order.max(receipt.number);
        let record = OrderReceipt {
            receipt: receipt.clone(),
            action: order.as_ref().map(|verified| verified.order.action.as_str().to_owned()),
            person: order.as_ref().map(|verified| verified.order.person.clone()),
            signer: order.as_ref().map(|verified| verified.signatory.key()),
        };
        self.journal.append_body(now, &record);
        Some(receipt)
    }

    /// A run is a job from beginning to end. What would give something away is refused, for there is nothing behind the names;
    /// everything else is only said yes to.
    fn carry_out(&mut self, verified: &VerifiedOrder) -> Outcome {
        let order = &verified.order;
        *self.carried_out.entry(order.id).or_default() += 1;
        if matches!(order.action, Action::Lend { .. } | Action::Download { .. } | Action::Restore { .. }) {
            return Outcome::Refused {
                code: OrderRefusalCode::Unsupported,
                message: "a made-up host has no repository to give anything from".into(),
                hint: "Ask a real host.".into(),
            };
        }
        let mut jobs = Vec::new();
        if let Action::Run { groups, .. } = &order.action {
            for _ in groups {
                let origin = Origin::Operator { person: order.person.clone(), order: order.id };
                jobs.push(self.history.one(&mut self.journal, JobKind::Backup, origin));
            }
        }
        Outcome::Accepted { jobs, revision: None }
    }

    /// Forgets everything after record `seq`, as a disk does that is set back. What it did, it did.
    pub fn set_back(&mut self, seq: u64) {
        self.journal.set_back(seq);
        self.acknowledged = self.acknowledged.min(seq);
    }
}
