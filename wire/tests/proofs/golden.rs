//! The golden messages of protocol version 1: what is committed must be read, verified and made again to the byte.
//!
//! Documents are compared as they were signed, never as this version would serialise them: a new field of a type does
//! not touch them.

use std::fs;

use serde::de::DeserializeOwned;
use serde_json::Value;
use wire::{
    channel::{Initiator, Negotiated, Responder},
    frame::ProtocolRange,
    id::{FleetId, Hash32, OperatorKey, RootKey, Signature64, TokenKey},
    identity::{
        AgentKeys, ChannelSecret, Fingerprint, KeyBinding, SigningKey, announce, announcement, is_announced,
    },
    journal::{Batch, Chain, Head, Previous, SignedHead, Start},
    order::{Dispatch, Order, Receiver, Verdict, verify_dispatch},
    seal::{BoxContext, Purpose, SealSecret, SealedBox, SecretSlot, open},
    trust::{
        Admission, Document, Kit, Ledger, Moment, Proof, Signed, Statement, Token, TokenProof, TokenSeed,
        Verified, admit,
    },
};

use crate::{
    cast::{Cast, NOW, dice, operator_key},
    golden_writer::path,
};

pub fn read(name: &str) -> Value {
    let text = fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("fixtures/v1/{name}: {error}"));
    serde_json::from_str(&text).unwrap()
}

pub fn get<T: DeserializeOwned>(value: &Value, field: &str) -> T {
    serde_json::from_value(value[field].clone()).unwrap_or_else(|error| panic!("{field}: {error}"))
}

pub fn bytes32(value: &Value, field: &str) -> [u8; 32] {
    unhex(value, field).try_into().unwrap()
}

fn unhex(value: &Value, field: &str) -> Vec<u8> {
    hex::decode(get::<String>(value, field)).unwrap()
}

/// Verifies, and signs the same bytes again with the same key to the same signature.
fn check_signed<T: Document>(value: &Value) -> Verified<T> {
    let signed: Signed<T> = get(value, "signed");
    assert_eq!(signed.bytes(), get::<String>(value, "doc").as_bytes());
    assert_eq!(signed.hash(), get::<Hash32>(value, "hash"));
    let key = SigningKey::from_seed(&bytes32(value, "signer_seed"));
    assert_eq!(Signed::<T>::sign_bytes(signed.bytes().to_vec(), &key), signed);
    signed.verify().unwrap()
}

#[test]
fn kit_words_give_the_keys_and_the_fleet() {
    let golden = read("kit.json");
    let words: Vec<String> = get(&golden, "words");
    let kit = Kit::parse(&words.join(" ")).unwrap();
    assert_eq!(hex::encode(kit.seed()), get::<String>(&golden, "seed"));
    assert_eq!(kit.words().to_vec(), words);
    assert_eq!(RootKey::from(kit.root().public()), get(&golden, "root"));
    assert_eq!(hex::encode(*kit.root().seed()), get::<String>(&golden, "root_seed"));
    assert_eq!(kit.recovery().public(), get(&golden, "recovery"));
    assert_eq!(kit.fleet(), get(&golden, "fleet"));
    let fingerprint = Fingerprint::of_fleet(&kit.fleet());
    assert_eq!(fingerprint.to_string(), get::<String>(&golden, "fleet_shown"));
    assert_eq!(fingerprint.words().to_vec(), get::<Vec<String>>(&golden, "fleet_words"));
}

#[test]
fn bindings_and_their_fingerprints() {
    let golden = read("binding.json");
    let keys = AgentKeys {
        identity: SigningKey::from_seed(&bytes32(&golden, "identity_seed")),
        seal: SealSecret::from_bytes(&bytes32(&golden, "seal_secret")),
        channel: ChannelSecret::from_bytes(&bytes32(&golden, "channel_secret")),
        generation: 1,
    };
    let binding: KeyBinding = get(&golden, "binding");
    binding.verify().unwrap();
    assert_eq!(binding, keys.binding());
    assert_eq!(binding.to_bytes().to_vec(), unhex(&golden, "bytes"));
    for (value, fingerprint) in [
        (&golden, binding.fingerprint()),
        (&golden["device"], Fingerprint::of_device(&get(&golden["device"], "key"))),
    ] {
        assert_eq!(fingerprint, get(value, "fingerprint"));
        assert_eq!(fingerprint.to_string(), get::<String>(value, "shown"));
        assert_eq!(fingerprint.words().to_vec(), get::<Vec<String>>(value, "words"));
    }
}

#[test]
fn the_announcement_counts_for_its_fleet_and_person_alone() {
    let golden = read("announcement.json");
    let signer = SigningKey::from_seed(&bytes32(&golden, "key_seed"));
    let (key, fleet): (OperatorKey, FleetId) = (get(&golden, "key"), get(&golden, "fleet"));
    let (person, proof): (String, Signature64) = (get(&golden, "person"), get(&golden, "proof"));
    assert_eq!(announcement(&fleet, &person).unwrap(), unhex(&golden, "message"));
    assert_eq!(announce(&signer, &fleet, &person), Some(proof));
    assert!(is_announced(&key, &fleet, &person, &proof));
    let mut other_fleet = fleet;
    other_fleet.0[0] ^= 1;
    let stranger = operator_key(&Cast::new().stranger);
    assert!(!is_announced(&key, &other_fleet, &person, &proof));
    assert!(!is_announced(&key, &fleet, "adam", &proof));
    assert!(!is_announced(&key, &fleet, "", &proof));
    assert!(!is_announced(&stranger, &fleet, &person, &proof));
    assert_eq!(announce(&signer, &fleet, &"a".repeat(70_000)), None);
}

#[test]
fn statements_are_accepted_and_forgeries_refused() {
    let golden = read("statement.json");
    let all = golden["statements"].as_array().unwrap();
    for value in all {
        check_signed::<Statement>(value);
    }
    let signed: Vec<Signed<Statement>> = all.iter().map(|value| get(value, "signed")).collect();
    let mut ledger = Ledger::replay(get(&golden, "fleet"), &signed[..2]).unwrap();
    let forged = golden["refused_after_version_2"].as_array().unwrap();
    assert_eq!(forged.len(), 6);
    for value in forged {
        check_signed::<Statement>(&value["statement"]);
        ledger.accept(&get(&value["statement"], "signed")).expect_err(value["why"].as_str().unwrap());
        assert_eq!(ledger.version(), 2);
    }
    ledger.accept(&signed[2]).unwrap();
    assert_eq!(ledger.version(), 3);
}

fn ledger() -> Ledger {
    let golden = read("statement.json");
    let signed: Vec<Signed<Statement>> =
        golden["statements"].as_array().unwrap().iter().map(|value| get(value, "signed")).collect();
    Ledger::replay(get(&golden, "fleet"), &signed[..2]).unwrap()
}

#[test]
fn the_admission_admits() {
    let golden = read("admission.json");
    let admission = check_signed::<Admission>(&golden);
    let signed: Signed<Admission> = get(&golden, "signed");
    let binding: KeyBinding = get(&read("binding.json"), "binding");
    let moment = Moment::Joining { now: admission.issued_at };
    let member = admit(&ledger(), &binding, Proof::Admission(&signed), "anything", moment).unwrap();
    assert_eq!((member.name.as_str(), member.tags.len()), ("web-1", 2));
}

#[test]
fn the_token_admits_and_its_box_opens() {
    let golden = read("token.json");
    let token = check_signed::<Token>(&golden);
    let seed: TokenSeed = get::<String>(&golden, "seed").parse().unwrap();
    let keys = seed.keys();
    assert_eq!(*seed.expose_text(), *TokenSeed::from_bytes(&bytes32(&golden, "seed_bytes")).expose_text());
    assert_eq!(keys.token(), get::<TokenKey>(&golden, "sign"));
    assert_eq!(keys.seal.public(), get(&golden, "seal"));
    let binding: KeyBinding = get(&golden, "binding");
    let proof: TokenProof = get(&golden, "proof");
    assert_eq!(keys.prove(&binding), proof);
    let signed: Signed<Token> = get(&golden, "signed");
    let moment = Moment::Joining { now: token.issued_at };
    let proof = Proof::Token { token: &signed, proof: &proof };
    let member = admit(&ledger(), &binding, proof, "web-7", moment).unwrap();
    let secret = &member.token.as_ref().unwrap().secrets[0];
    let context = BoxContext::to_token(ledger().fleet(), keys.token(), keys.seal.public(), &secret.slot);
    let opened = open(&context, &keys.seal, &SealedBox::try_from(&secret.sealed).unwrap()).unwrap();
    assert_eq!(opened.expose_text(), golden["plaintext"].as_str());
    member.token.unwrap().plan.unwrap().validate().unwrap();
}

#[test]
fn orders_and_their_dispatch_are_accepted() {
    let golden = read("order.json");
    for value in golden["orders"].as_array().unwrap() {
        check_signed::<Order>(value);
    }
    check_signed::<Dispatch>(&golden["dispatch"]);
    let (ledger, cast) = (ledger(), Cast::new());
    let receiver = Receiver { agent: cast.agent.id(), ledger: &ledger, now: NOW, last_number: 6, plan: None };
    let verdict = verify_dispatch(&get(&golden["dispatch"], "signed"), &receiver, |_| None::<()>).unwrap();
    let Verdict::Fresh(order) = verdict else { panic!("{verdict:?}") };
    assert_eq!((order.number, order.order.action.as_str()), (7, "set_plan"));
}

#[test]
fn boxes_open() {
    let golden = read("box.json");
    for value in golden["boxes"].as_array().unwrap() {
        let slot: SecretSlot = get(value, "slot");
        let purpose = match value["purpose"].as_u64().unwrap() {
            1 => Purpose::Agent,
            2 => Purpose::Escrow,
            3 => Purpose::Token,
            other => panic!("purpose {other}"),
        };
        let context = BoxContext {
            purpose,
            recipient: get(value, "recipient"),
            fleet: get(value, "fleet"),
            agent: bytes32(value, "agent"),
            slot: &slot,
            revision: get(value, "revision"),
        };
        assert_eq!(context.info(), unhex(value, "info"));
        let key = SealSecret::from_bytes(&bytes32(value, "recipient_secret"));
        let opened = open(&context, &key, &get(value, "box")).unwrap();
        assert_eq!(opened.expose_text(), value["plaintext"].as_str());
    }
}

#[test]
fn the_journal_adds_up() {
    let golden = read("journal.json");
    let key = SigningKey::from_seed(&bytes32(&golden, "agent_seed"));
    let agent = key.public().into();
    let genesis = Head::genesis(agent, 1, None);
    assert_eq!(genesis.hash, get(&golden, "genesis"));
    let bytes = unhex(&golden, "batch");
    let batch = Batch::decode(&bytes).unwrap().verify(agent, None).unwrap();
    assert_eq!(batch.start, Start::First { previous: None });
    let rows = golden["records"].as_array().unwrap();
    assert_eq!((rows.len(), batch.first_seq), (batch.records.len(), 1));
    let mut chain = Chain::genesis(agent, 1, None);
    for (row, (record, hash)) in rows.iter().zip(batch.records.iter().zip(&batch.hashes)) {
        assert_eq!(record.at, get(row, "at"));
        assert_eq!(record.kind_text(), get::<String>(row, "kind"));
        assert_eq!(record.body.bytes().map(hex::encode), get::<Option<String>>(row, "body"));
        assert_eq!(record.body.hash(), get(row, "body_hash"));
        assert_eq!(*hash, get(row, "hash"));
        chain.check(record, hash).unwrap();
    }
    let head: SignedHead = get(&golden, "head");
    assert_eq!(batch.head, head);
    assert_eq!(head.head.sign(&key), head);
    chain.ends_in(&head).unwrap();
    let next = Head::genesis(agent, 2, Some(Previous { epoch: 1, hash: head.head.hash }));
    assert_eq!(next.hash, get(&golden, "genesis_of_epoch_2"));
}

#[test]
fn the_handshake_and_the_first_frames() {
    let golden = read("channel.json");
    let messages: Vec<Vec<u8>> =
        get::<Vec<String>>(&golden, "messages").iter().map(|text| hex::decode(text).unwrap()).collect();
    let cast = Cast::new();
    let (agent, one) =
        Initiator::start(&cast.agent, ProtocolRange::OURS, Some(cast.fleet()), &mut dice("agent")).unwrap();
    assert_eq!(one, messages[0]);
    let responder = Responder::new(&cast.coordinator.channel, &mut dice("coordinator")).unwrap();
    let answer =
        responder.read(&one).unwrap().answer(ProtocolRange::OURS, cast.coordinator.id(), "0.1.0", NOW);
    let Negotiated::Chosen { message: two, next } = answer.unwrap() else { panic!("no common version") };
    assert_eq!(two, messages[1]);
    let (mut up, three) = agent.read(&two).unwrap().finish().unwrap();
    assert_eq!(three, messages[2]);
    let (intro, mut down) = next.read(&three).unwrap();
    assert_eq!(intro.binding, cast.agent.binding());
    let ping = down.open_message(&unhex(&golden, "ping_from_agent")).unwrap().unwrap();
    assert_eq!((ping.kind(), ping.payload()), (8, b"12345678".as_slice()));
    let pong = up.open_message(&unhex(&golden, "pong_from_coordinator")).unwrap().unwrap();
    assert_eq!((pong.kind(), pong.payload()), (9, b"12345678".as_slice()));
}
