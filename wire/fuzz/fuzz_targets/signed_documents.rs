//! Documents that are properly signed and say anything: the first byte picks the kind and the signer.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use wire::{
    id::{Hash32, UnixMs},
    identity::{AgentKeys, ChannelSecret, CoordinatorKeys, SigningKey},
    order::{Dispatch, Order, Receiver, needed, verify_dispatch},
    seal::SealSecret,
    trust::{
        Admission, Coordinator, Kit, Ledger, Moment, Operator, Proof, Role, Signed, Statement, Token,
        TokenProof, admit,
    },
};

struct Fleet {
    kit: Kit,
    admin: SigningKey,
    coordinator: CoordinatorKeys,
    agent: AgentKeys,
    ledger: Ledger,
}

static FLEET: LazyLock<Fleet> = LazyLock::new(|| {
    let kit = Kit::from_seed(&[1; 32]);
    let admin = SigningKey::from_seed(&[2; 32]);
    let coordinator = CoordinatorKeys {
        identity: SigningKey::from_seed(&[3; 32]),
        channel: ChannelSecret::from_bytes(&[4; 32]),
    };
    let agent = AgentKeys {
        identity: SigningKey::from_seed(&[5; 32]),
        seal: SealSecret::from_bytes(&[6; 32]),
        channel: ChannelSecret::from_bytes(&[7; 32]),
        generation: 1,
    };
    let statement = Statement {
        fleet: kit.fleet(),
        version: 1,
        previous: Hash32::ZERO,
        issued_at: UnixMs(0),
        root: kit.root().public().into(),
        recovery: kit.recovery().public(),
        coordinators: vec![Coordinator {
            id: coordinator.id(),
            channel: coordinator.channel_key(),
            name: "c".into(),
        }],
        operators: vec![Operator { key: admin.public().into(), name: "a".into(), role: Role::Admin }],
    };
    let signed = Signed::sign(&statement, &kit.root()).expect("it can be written");
    let ledger = Ledger::found(kit.fleet(), &signed).expect("it is honest");
    Fleet { kit, admin, coordinator, agent, ledger }
});

fuzz_target!(|input: &[u8]| {
    let Some((pick, doc)) = input.split_first() else { return };
    let fleet = &*FLEET;
    let (ledger, binding) = (&fleet.ledger, fleet.agent.binding());
    let joining = Moment::Joining { now: UnixMs(0) };
    match pick % 6 {
        0 => {
            let signed = Signed::<Statement>::sign_bytes(doc.to_vec(), &fleet.kit.root());
            let mut ledger = ledger.clone();
            if ledger.accept(&signed).is_ok() {
                ledger.statement().validate().expect("what is accepted is valid");
            }
            let _ = Ledger::found(fleet.kit.fleet(), &signed);
        }
        1 => {
            let signed = Signed::<Statement>::sign_bytes(doc.to_vec(), &fleet.admin);
            let mut after = ledger.clone();
            if after.accept(&signed).is_ok() {
                let (before, after) = (ledger.statement(), after.statement());
                assert!(before.recovery == after.recovery && before.root == after.root);
                assert_eq!(before.coordinators, after.coordinators);
            }
        }
        2 => {
            let signed = Signed::<Admission>::sign_bytes(doc.to_vec(), &fleet.admin);
            if let Ok(member) = admit(ledger, &binding, Proof::Admission(&signed), "web-1", joining) {
                assert_eq!(member.agent, fleet.agent.id());
            }
        }
        3 => {
            let signed = Signed::<Token>::sign_bytes(doc.to_vec(), &fleet.admin);
            let proof = TokenProof(fleet.admin.sign(wire::domain::TOKEN_PROOF, &binding.to_bytes()));
            let _ = admit(ledger, &binding, Proof::Token { token: &signed, proof: &proof }, "web-1", joining);
        }
        4 => {
            let order = Signed::<Order>::sign_bytes(doc.to_vec(), &fleet.coordinator.identity);
            if let Ok(order) = order.verify() {
                let _ = needed(&order.action, None);
            }
            let dispatch = Dispatch {
                fleet: fleet.kit.fleet(),
                agent: fleet.agent.id(),
                number: 1,
                statement: 1,
                order,
            };
            let signed = Signed::sign(&dispatch, &fleet.coordinator.identity).expect("it can be written");
            judge(&signed);
        }
        _ => judge(&Signed::sign_bytes(doc.to_vec(), &fleet.coordinator.identity)),
    }
});

fn judge(signed: &Signed<Dispatch>) {
    let receiver = Receiver {
        agent: FLEET.agent.id(),
        ledger: &FLEET.ledger,
        now: UnixMs(0),
        last_number: 0,
        plan: None,
    };
    if let Err(refusal) = verify_dispatch(signed, &receiver, |_| None::<()>) {
        assert!(!refusal.to_string().is_empty() && !refusal.hint().is_empty());
    }
}
