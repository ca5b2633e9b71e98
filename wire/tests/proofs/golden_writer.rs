//! Makes the golden messages of `fixtures/v1` that do not exist yet. Never writes over one: they are a promise.
//!
//! `cargo nextest run -p restic-manager-wire --run-ignored all writes_missing_golden_messages`

use std::{fs, path::PathBuf};

use serde_json::{Value, json};
use wire::{
    action::{Action, SealedSecret},
    channel::{Initiator, Negotiated, Responder},
    frame::ProtocolRange,
    id::{Base64Bytes, OrderId},
    identity::{Fingerprint, SigningKey, announce, announcement as announced},
    journal::{BatchBuilder, Body, Chain, Kind, Record},
    order::{Dispatch, Order},
    seal::{BoxContext, Purpose, SealSecret, SecretSlot, seal},
    trust::{Admission, Document, Operator, Role, Signed, Statement, Token},
};

use crate::{
    cast::{Cast, HOUR_MS, NOW, dice, kit_seed, operator_key, plan},
    golden_recovery,
};

pub fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/v1").join(name)
}

fn write(name: &str, value: &Value) {
    let path = path(name);
    if !path.exists() {
        fs::write(path, serde_json::to_string_pretty(value).unwrap() + "\n").unwrap();
    }
}

#[test]
#[ignore = "writes files: run it by name when a new golden message is added"]
fn writes_missing_golden_messages() {
    let cast = Cast::new();
    write("kit.json", &kit(&cast));
    write("binding.json", &binding(&cast));
    write("announcement.json", &announcement(&cast));
    write("statement.json", &statements(&cast));
    write("admission.json", &admission(&cast));
    write("token.json", &token(&cast));
    write("order.json", &orders(&cast));
    write("box.json", &boxes(&cast));
    write("journal.json", &journal(&cast));
    write("channel.json", &channel(&cast));
    write("stream.json", &golden_recovery::stream(&cast));
    write("lent.json", &golden_recovery::lent(&cast));
}

fn kit(cast: &Cast) -> Value {
    let fleet = Fingerprint::of_fleet(&cast.fleet());
    json!({
        "seed": hex::encode(kit_seed()),
        "words": cast.kit.words(),
        "root_seed": hex::encode(*cast.kit.root().seed()),
        "root": cast.root(),
        "recovery": cast.kit.recovery().public(),
        "fleet": cast.fleet(),
        "fleet_shown": fleet.to_string(),
        "fleet_words": fleet.words(),
    })
}

fn binding(cast: &Cast) -> Value {
    let binding = cast.agent.binding();
    let fingerprint = binding.fingerprint();
    let device = Fingerprint::of_device(&operator_key(&cast.admin));
    json!({
        "identity_seed": hex::encode([0xd1; 32]),
        "seal_secret": hex::encode([0xd2; 32]),
        "channel_secret": hex::encode([0xd3; 32]),
        "binding": binding,
        "bytes": hex::encode(binding.to_bytes()),
        "fingerprint": fingerprint,
        "shown": fingerprint.to_string(),
        "words": fingerprint.words(),
        "device": {
            "key": operator_key(&cast.admin),
            "fingerprint": device,
            "shown": device.to_string(),
            "words": device.words(),
        },
    })
}

/// Whose an operator's key is, by its own word.
fn announcement(cast: &Cast) -> Value {
    let person = "ada";
    json!({
        "key_seed": hex::encode(*cast.admin.seed()),
        "key": operator_key(&cast.admin),
        "fleet": cast.fleet(),
        "person": person,
        "message": hex::encode(announced(&cast.fleet(), person).unwrap()),
        "proof": announce(&cast.admin, &cast.fleet(), person).unwrap(),
    })
}

/// The exact text, who signs it, and what comes out.
fn signed<T: Document>(document: &T, signer: &SigningKey) -> Value {
    let signed = Signed::sign(document, signer).unwrap();
    json!({
        "doc": std::str::from_utf8(signed.bytes()).unwrap(),
        "signer_seed": hex::encode(*signer.seed()),
        "signed": signed,
        "hash": signed.hash(),
    })
}

fn statements(cast: &Cast) -> Value {
    let two = cast.statement_2();
    let three = Statement {
        version: 3,
        previous: cast.by_admin(&two).hash(),
        issued_at: NOW.plus_ms(2 * HOUR_MS),
        recovery: SealSecret::from_bytes(&[0x77; 32]).public(),
        ..two.clone()
    };
    let grabbed = Operator { key: operator_key(&cast.stranger), name: "eve".into(), role: Role::Admin };
    let forked = Statement { issued_at: NOW.plus_ms(1), ..two.clone() };
    let gap = Statement { version: 4, ..three.clone() };
    let unlinked = Statement { previous: cast.by_root(&cast.statement_1()).hash(), ..three.clone() };
    let foreign = Statement { operators: vec![cast.admin_entry(), grabbed], ..three.clone() };
    let root = cast.kit.root();
    json!({
        "fleet": cast.fleet(),
        "statements": [signed(&cast.statement_1(), &root), signed(&two, &cast.admin), signed(&three, &root)],
        "refused_after_version_2": [
            { "why": "an admin swaps the recovery key", "statement": signed(&three, &cast.admin) },
            { "why": "an operator publishes", "statement": signed(&three, &cast.operator) },
            { "why": "a stranger makes himself an admin", "statement": signed(&foreign, &cast.stranger) },
            { "why": "another version 2", "statement": signed(&forked, &root) },
            { "why": "version 3 is left out", "statement": signed(&gap, &root) },
            { "why": "it names another predecessor", "statement": signed(&unlinked, &root) },
        ],
    })
}

fn admission(cast: &Cast) -> Value {
    let admission = Admission {
        fleet: cast.fleet(),
        agent_fingerprint: cast.agent.binding().fingerprint(),
        name: "web-1".into(),
        tags: vec!["web".into(), "frankfurt".into()],
        issued_at: NOW,
        expires_at: NOW.plus_ms(HOUR_MS),
        replaces: None,
    };
    signed(&admission, &cast.admin)
}

fn token(cast: &Cast) -> Value {
    let keys = cast.token.keys();
    let slot: SecretSlot = "repository/main/password".parse().unwrap();
    let context = BoxContext::to_token(cast.fleet(), keys.token(), keys.seal.public(), &slot);
    let plaintext = "correct horse battery staple";
    let sealed = seal(&context, plaintext.as_bytes(), &mut dice("token box")).unwrap();
    let token = Token {
        fleet: cast.fleet(),
        token: keys.token(),
        seal: keys.seal.public(),
        name_pattern: "web-*".into(),
        tags: vec!["web".into()],
        uses: 3,
        issued_at: NOW,
        expires_at: NOW.plus_ms(HOUR_MS),
        plan: Some(plan()),
        secrets: vec![SealedSecret { slot, revision: 1, sealed: sealed.into() }],
    };
    let binding = cast.agent.binding();
    let mut value = signed(&token, &cast.operator);
    value["seed"] = json!(cast.token.expose_text().as_str());
    value["seed_bytes"] = json!(hex::encode([0xe1; 32]));
    value["sign"] = json!(keys.token());
    value["seal"] = json!(keys.seal.public());
    value["plaintext"] = json!(plaintext);
    value["binding"] = json!(binding);
    value["proof"] = json!(keys.prove(&binding));
    value
}

fn orders(cast: &Cast) -> Value {
    let slot: SecretSlot = "repository/main/password".parse().unwrap();
    let context = BoxContext::to_agent(cast.fleet(), cast.agent.id(), cast.agent.seal_key(), &slot, 1);
    let sealed = seal(&context, b"correct horse battery staple", &mut dice("order box")).unwrap();
    let secret = SealedSecret { slot, revision: 1, sealed: Base64Bytes::from(sealed) };
    let order = |n: u128, action| Order {
        fleet: cast.fleet(),
        agent: cast.agent.id(),
        id: OrderId(uuid::Uuid::from_u128(0x0192_f0c1_7a3b_7c1e_9f00_0000_0000_0000 + n)),
        issued_at: NOW,
        expires_at: NOW.plus_ms(HOUR_MS),
        person: "ada".into(),
        action,
    };
    let set_plan = order(
        1,
        Action::SetPlan { base_revision: 0, plan: plan(), secrets: vec![secret.clone()], note: None },
    );
    let set_secret = order(2, Action::SetSecret { secret });
    let run = order(
        3,
        Action::Run { groups: vec!["default".parse().unwrap()], upload_kib_s: None, download_kib_s: None },
    );
    let dispatch = Dispatch {
        fleet: cast.fleet(),
        agent: cast.agent.id(),
        number: 7,
        statement: 2,
        order: Signed::sign(&set_plan, &cast.admin).unwrap(),
    };
    json!({
        "orders": [
            signed(&set_plan, &cast.admin),
            signed(&set_secret, &cast.admin),
            signed(&run, &cast.coordinator.identity),
        ],
        "dispatch": signed(&dispatch, &cast.coordinator.identity),
    })
}

fn boxes(cast: &Cast) -> Value {
    let token = cast.token.keys();
    let case =
        |purpose: Purpose, key: &SealSecret, secret: [u8; 32], agent: [u8; 32], slot: &str, revision| {
            let slot: SecretSlot = slot.parse().unwrap();
            let context = BoxContext {
                purpose,
                recipient: key.public(),
                fleet: cast.fleet(),
                agent,
                slot: &slot,
                revision,
            };
            let plaintext = format!("the secret of {slot}");
            let sealed = seal(&context, plaintext.as_bytes(), &mut dice(&plaintext)).unwrap();
            json!({
                "purpose": purpose as u8,
                "recipient_secret": hex::encode(secret),
                "recipient": key.public(),
                "fleet": cast.fleet(),
                "agent": hex::encode(agent),
                "slot": slot,
                "revision": revision,
                "info": hex::encode(context.info()),
                "box": sealed,
                "plaintext": plaintext,
            })
        };
    let agent = cast.agent.id().0;
    let recovery = [0x78; 32];
    let recovery_key = SealSecret::from_bytes(&recovery);
    let token_seal = [0x79; 32];
    let token_key = SealSecret::from_bytes(&token_seal);
    json!({ "boxes": [
        case(Purpose::Agent, &cast.agent.seal, [0xd2; 32], agent, "repository/main/password", 1),
        case(Purpose::Agent, &cast.agent.seal, [0xd2; 32], agent, "hook/*/pre", u64::from(u32::MAX) + 2),
        case(Purpose::Escrow, &recovery_key, recovery, agent, "repository/main/login", 3),
        case(Purpose::Token, &token_key, token_seal, token.token().0, "ping/healthchecks", 1),
    ]})
}

fn journal(cast: &Cast) -> Value {
    let long = [7; 300];
    let records = [
        Record::new(NOW, Kind::HostFacts, br#"{"hostname":"web-1"}"#).unwrap(),
        Record::from_parts(NOW.plus_ms(1), "plan", Body::Dropped(wire::domain::sha256(b"old"))).unwrap(),
        Record::from_parts(NOW.plus_ms(2), "from.the-future", Body::Kept(b"")).unwrap(),
        Record::new(NOW.plus_ms(3), Kind::LogChunk, &long).unwrap(),
    ];
    let mut chain = Chain::genesis(cast.agent.id(), 1, None);
    let genesis = *chain.head();
    let mut batch = BatchBuilder::new(None, genesis);
    let rows: Vec<Value> = records
        .iter()
        .map(|record| {
            assert!(batch.push(record));
            json!({
                "at": record.at,
                "kind": record.kind_text(),
                "body": record.body.bytes().map(hex::encode),
                "body_hash": record.body.hash(),
                "hash": chain.append(record),
            })
        })
        .collect();
    let (bytes, head) = batch.finish(&cast.agent.identity).unwrap();
    let previous = wire::journal::Previous { epoch: 1, hash: head.head.hash };
    json!({
        "agent_seed": hex::encode([0xd1; 32]),
        "genesis": genesis.hash,
        "records": rows,
        "head": head,
        "batch": hex::encode(bytes),
        "genesis_of_epoch_2": Chain::genesis(cast.agent.id(), 2, Some(previous)).head().hash,
    })
}

fn channel(cast: &Cast) -> Value {
    let (agent, one) =
        Initiator::start(&cast.agent, ProtocolRange::OURS, Some(cast.fleet()), &mut dice("agent")).unwrap();
    let responder = Responder::new(&cast.coordinator.channel, &mut dice("coordinator")).unwrap();
    let offered = responder.read(&one).unwrap();
    let answer = offered.answer(ProtocolRange::OURS, cast.coordinator.id(), "0.1.0", NOW).unwrap();
    let Negotiated::Chosen { message: two, next } = answer else { panic!("no common version") };
    let (mut up, three) = agent.read(&two).unwrap().finish().unwrap();
    let (_, mut down) = next.read(&three).unwrap();
    let (mut from_agent, mut from_coordinator) = (Vec::new(), Vec::new());
    up.seal_frame(8, b"12345678", &mut from_agent).unwrap();
    down.seal_frame(9, b"12345678", &mut from_coordinator).unwrap();
    json!({
        "agent_channel_secret": hex::encode([0xd3; 32]),
        "coordinator_channel_secret": hex::encode([0xc2; 32]),
        "messages": [hex::encode(one), hex::encode(two), hex::encode(three)],
        "ping_from_agent": hex::encode(&from_agent[0]),
        "pong_from_coordinator": hex::encode(&from_coordinator[0]),
    })
}
