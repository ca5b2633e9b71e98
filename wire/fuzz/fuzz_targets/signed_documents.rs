//! Documents that are properly signed and say anything: the first byte picks the kind and the signer.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use wire::{
    id::UnixMs,
    identity::{AgentKeys, ChannelSecret, SigningKey},
    order::{Dispatch, Order, Receiver, needed, verify_dispatch},
    seal::SealSecret,
    trust::{Admission, Kit, Ledger, Moment, Proof, Signed, Statement, Token, TokenProof, admit},
};

/// The fleet of the golden messages at version 1, so that their documents are seeds that get far.
struct Fleet {
    kit: Kit,
    admin: SigningKey,
    coordinator: SigningKey,
    agent: AgentKeys,
    ledger: Ledger,
}

const NOW: UnixMs = UnixMs(1_795_187_040_000);

static FLEET: LazyLock<Fleet> = LazyLock::new(|| {
    let golden: serde_json::Value =
        serde_json::from_str(include_str!("../../fixtures/v1/statement.json")).expect("it is JSON");
    let first: Signed<Statement> =
        serde_json::from_value(golden["statements"][0]["signed"].clone()).expect("it is a signed document");
    let kit = Kit::from_seed(&std::array::from_fn(|i| i as u8));
    Fleet {
        ledger: Ledger::found(kit.fleet(), &first).expect("it is the kit's"),
        kit,
        admin: SigningKey::from_seed(&[0xa1; 32]),
        coordinator: SigningKey::from_seed(&[0xc1; 32]),
        agent: AgentKeys {
            identity: SigningKey::from_seed(&[0xd1; 32]),
            seal: SealSecret::from_bytes(&[0xd2; 32]),
            channel: ChannelSecret::from_bytes(&[0xd3; 32]),
            generation: 1,
        },
    }
});

fuzz_target!(|input: &[u8]| {
    let Some((pick, doc)) = input.split_first() else { return };
    let fleet = &*FLEET;
    let (ledger, binding) = (&fleet.ledger, fleet.agent.binding());
    let joining = Moment::Joining { now: NOW };
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
            // The golden token's key, so that its own document is redeemed.
            let keys = wire::trust::TokenSeed::from_bytes(&[0xe1; 32]).keys();
            let proof: TokenProof = keys.prove(&binding);
            let _ = admit(ledger, &binding, Proof::Token { token: &signed, proof: &proof }, "web-1", joining);
        }
        4 => {
            let order = Signed::<Order>::sign_bytes(doc.to_vec(), &fleet.coordinator);
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
            let signed = Signed::sign(&dispatch, &fleet.coordinator).expect("it can be written");
            judge(&signed);
        }
        _ => judge(&Signed::sign_bytes(doc.to_vec(), &fleet.coordinator)),
    }
});

fn judge(signed: &Signed<Dispatch>) {
    let receiver =
        Receiver { agent: FLEET.agent.id(), ledger: &FLEET.ledger, now: NOW, last_number: 0, plan: None };
    if let Err(refusal) = verify_dispatch(signed, &receiver, |_| None::<()>) {
        assert!(!refusal.to_string().is_empty() && !refusal.hint().is_empty());
    }
}
