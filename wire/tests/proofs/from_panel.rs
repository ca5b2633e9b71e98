//! What the panel's own code derives, signs and seals (`from-panel.json`, made by `panel/scripts/fixtures.ts`) holds
//! here. The other way round, the panel's tests read the golden messages of this crate.

use serde_json::Value;
use wire::{
    action::{Action, SealedSecret},
    id::{FleetId, RootKey, SealKey, TokenKey},
    identity::{Fingerprint, KeyBinding},
    order::{Dispatch, Needed, Order, Receiver, Signatory, Verdict, needed, verify_dispatch},
    seal::{BoxContext, Purpose, SealSecret, SealedBox, SecretSlot, open},
    trust::{Kit, Ledger, Moment, Proof, Role, Signed, Statement, Token, TokenSeed, admit},
};

use crate::{
    cast::{Cast, NOW},
    golden::{bytes32, get, read},
};

fn panel() -> Value {
    read("from-panel.json")
}

fn ledger(panel: &Value) -> Ledger {
    Ledger::replay(get(&panel["kit"], "fleet"), &[get(panel, "statement")]).unwrap()
}

fn check_fingerprint(value: &Value, fingerprint: Fingerprint) {
    assert_eq!(fingerprint, get(value, "fingerprint"));
    assert_eq!(fingerprint.to_string(), get::<String>(value, "shown"));
    assert_eq!(fingerprint.words().to_vec(), get::<Vec<String>>(value, "words"));
}

#[test]
fn its_kit_is_ours() {
    let value = &panel()["kit"];
    let words: Vec<String> = get(value, "words");
    let kit = Kit::parse(&words.join(" ")).unwrap();
    assert_eq!(*kit.seed(), bytes32(value, "seed"));
    assert_eq!(kit.fleet(), get::<FleetId>(value, "fleet"));
    assert_eq!(RootKey::from(kit.root().public()), get(value, "root"));
    assert_eq!(kit.recovery().public(), get::<SealKey>(value, "recovery"));
}

#[test]
fn its_statement_founds_a_fleet() {
    let panel = panel();
    let ledger = ledger(&panel);
    let device = &panel["device"];
    let key = get(device, "key");
    check_fingerprint(device, Fingerprint::of_device(&key));
    assert_eq!(ledger.statement().role(key.into()), Some(Role::Admin));
    assert_eq!(ledger.version(), 1);
    let mut changed = get::<Signed<Statement>>(&panel, "statement").parts().clone();
    changed.doc.0[30] ^= 1;
    Ledger::found(ledger.fleet(), &Signed::from_parts(changed)).unwrap_err();
}

#[test]
fn its_fingerprint_is_the_one_that_the_agent_shows() {
    let value = &panel()["agent"];
    let binding: KeyBinding = get(value, "binding");
    binding.verify().unwrap();
    check_fingerprint(value, binding.fingerprint());
}

#[test]
fn its_admission_admits() {
    let panel = panel();
    let binding: KeyBinding = get(&panel["agent"], "binding");
    let admission = get(&panel, "admission");
    let moment = Moment::Joining { now: NOW };
    let member = admit(&ledger(&panel), &binding, Proof::Admission(&admission), "host", moment).unwrap();
    assert_eq!(
        (member.name.as_str(), member.tags),
        ("web-1", vec!["web".to_owned(), "frankfurt".to_owned()])
    );
    let other = Cast::other_agent().binding();
    admit(&ledger(&panel), &other, Proof::Admission(&admission), "host", moment).unwrap_err();
}

fn opened(context: &BoxContext<'_>, key: &SealSecret, sealed: &SealedSecret) -> String {
    let sealed = SealedBox::try_from(&sealed.sealed).unwrap();
    open(context, key, &sealed).unwrap().expose_text().unwrap().to_owned()
}

#[test]
fn its_token_is_redeemed_and_opened() {
    let panel = panel();
    let value = &panel["token"];
    let keys = get::<String>(value, "seed").parse::<TokenSeed>().unwrap().keys();
    assert_eq!(keys.token(), get::<TokenKey>(value, "sign"));
    assert_eq!(keys.seal.public(), get::<SealKey>(value, "seal"));
    let token: Signed<Token> = get(value, "signed");
    let binding: KeyBinding = get(&panel["agent"], "binding");
    let proof = keys.prove(&binding);
    let ledger = ledger(&panel);
    let proof = Proof::Token { token: &token, proof: &proof };
    let member = admit(&ledger, &binding, proof, "web-9", Moment::Joining { now: NOW }).unwrap();
    let token = member.token.unwrap();
    token.plan.unwrap().validate().unwrap();
    let secret = &token.secrets[0];
    let context = BoxContext::to_token(ledger.fleet(), token.token, token.seal, &secret.slot);
    assert_eq!(opened(&context, &keys.seal, secret), get::<String>(value, "plaintext"));
}

#[test]
fn its_order_is_obeyed_and_its_boxes_open_at_the_agent() {
    let panel = panel();
    let signed: Signed<Order> = get(&panel, "order");
    let binding: KeyBinding = get(&panel["agent"], "binding");
    let ledger = ledger(&panel);
    let dispatch =
        Dispatch { fleet: ledger.fleet(), agent: binding.id, number: 1, statement: 1, order: signed };
    let dispatch = Signed::sign(&dispatch, &Cast::new().coordinator.identity).unwrap();
    let receiver = Receiver { agent: binding.id, ledger: &ledger, now: NOW, last_number: 0, plan: None };
    let Verdict::Fresh(order) = verify_dispatch(&dispatch, &receiver, |_| None::<()>).unwrap() else {
        panic!("nothing was executed")
    };
    assert!(matches!(&order.signatory, Signatory::Operator { role: Role::Admin, .. }));
    assert_eq!(needed(&order.order.action, None), Needed::Operator(Role::Admin));
    let Action::SetPlan { base_revision: 0, plan, secrets, note: None } = &order.order.action else {
        panic!("{:?}", order.order.action)
    };
    plan.validate().unwrap();
    assert_eq!(plan.groups.values().next().unwrap().includes[2], "/srv/Grüße");
    let key = SealSecret::from_bytes(&bytes32(&panel["agent"], "seal_secret"));
    let texts: Vec<String> = secrets
        .iter()
        .map(|secret| {
            let context =
                BoxContext::to_agent(ledger.fleet(), binding.id, binding.seal, &secret.slot, secret.revision);
            opened(&context, &key, secret)
        })
        .collect();
    assert_eq!(texts[0], "correct horse battery staple");
    let login: Value = serde_json::from_str(&texts[1]).unwrap();
    assert_eq!(login["password"], "pä55");
}

#[test]
fn its_boxes_open_for_every_purpose() {
    let panel = panel();
    let boxes = panel["boxes"].as_array().unwrap();
    assert_eq!(boxes.len(), 3);
    for value in boxes {
        let slot: SecretSlot = get(value, "slot");
        let context = BoxContext {
            purpose: match value["purpose"].as_str() {
                Some("agent") => Purpose::Agent,
                Some("escrow") => Purpose::Escrow,
                Some("token") => Purpose::Token,
                other => panic!("{other:?}"),
            },
            recipient: get(value, "recipient"),
            fleet: get(value, "fleet"),
            agent: bytes32(value, "agent"),
            slot: &slot,
            revision: get(value, "revision"),
        };
        let key = SealSecret::from_bytes(&bytes32(value, "recipient_secret"));
        let opened = open(&context, &key, &get(value, "box")).unwrap();
        assert_eq!(opened.expose_text(), value["plaintext"].as_str());
        let later = BoxContext { revision: context.revision + 1, ..context };
        open(&later, &key, &get(value, "box")).unwrap_err();
    }
}
