//! Three hundred things that no agent would say, on the socket, in the handshake and in the channel: each is refused by
//! its name, none is applied in part, and the coordinator goes on.
//!
//! size: one list of what is said and the few hands that say it; parted, neither could be read alone.

use std::fmt::Debug;

use serde_json::{Value, json};
use tests::simulated::{Agent, Dice};
use wire::{
    domain::sha256,
    frame::{FrameType, ProtocolRange, RefusalCode},
    identity::KeyBinding,
    journal::{BatchBuilder, Head},
};

use crate::{
    hall::{Hall, Row},
    raw::{Channel, Keys, Reaction, Wild},
};

use RefusalCode::{Credential, Fleet, Frame, Identity, Journal, Protocol};

/// Counts what was tried and holds each reaction against what it may be.
struct Trial {
    tried: usize,
    dice: Dice,
    hall: std::sync::Arc<Hall>,
}

impl Trial {
    fn judge(&mut self, what: impl Debug, reaction: &Reaction, may_be: &[RefusalCode]) {
        self.tried += 1;
        let code =
            reaction.code().unwrap_or_else(|| panic!("{what:?}: refused without a name: {reaction:?}"));
        assert!(may_be.contains(&code), "{what:?}: {code:?} instead of one of {may_be:?}: {reaction:?}");
        if let Some(refusal) = &reaction.refusal {
            assert!(!refusal.message.is_empty() && !refusal.hint.is_empty(), "{what:?}: {refusal:?}");
            if let Some(close) = reaction.close {
                assert_eq!(close, refusal.code.close_code(), "{what:?}: the close code says something else");
            }
        }
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.dice.roll().to_le_bytes()[0]).collect()
    }

    async fn channel(&mut self, keys: &Keys) -> Channel {
        Channel::open(&self.hall, keys, &mut self.dice).await
    }

    /// A channel whose agent was welcomed.
    async fn live(&mut self, agent: &Agent, keys: &Keys) -> Channel {
        let mut channel = self.channel(keys).await;
        channel.say(FrameType::Hello, &hello(agent)).await;
        let (kind, payload) = channel.hear().await.expect("a welcome");
        assert_eq!(kind, FrameType::Welcome as u8, "{}", String::from_utf8_lossy(&payload));
        channel
    }
}

fn hello(agent: &Agent) -> Value {
    let head = agent.journal.signed_head(&agent.keys.identity);
    json!({ "credential": agent.credential, "facts": agent.facts, "head": head, "last_order": 0, "statement": 1 })
}

#[tokio::test]
async fn what_no_agent_would_say_is_refused_by_name_and_harms_nobody() {
    let seed = 7_777;
    println!("seed {seed}");
    let hall = Hall::found(seed).await;
    let mut dice = Dice::new(seed);
    let keys = Keys::roll(&mut dice);
    let mut agent = hall.stranger(1, &mut dice).with_past(6);
    agent.keys = keys.keys.clone();
    agent = rewritten(agent);
    let admission = hall.admission(&agent.keys.binding(), "one");
    let mut agent = agent.admitted(admission);
    hall.bring(&mut agent).await.expect("a calm day");
    let before = hall.held(agent.id()).await;

    let mut trial = Trial { tried: 0, dice, hall: std::sync::Arc::clone(&hall) };
    beneath_the_messages(&mut trial).await;
    first_messages(&mut trial).await;
    third_messages(&mut trial, &keys).await;
    pieces(&mut trial, &keys).await;
    before_the_welcome(&mut trial, &keys).await;
    hellos(&mut trial, &agent, &keys).await;
    after_the_welcome(&mut trial, &agent, &keys).await;
    batches(&mut trial, &agent, &keys, &before).await;
    println!("{} tried", trial.tried);
    assert!(trial.tried >= 300, "{}", trial.tried);

    let mut neighbour = hall.member(2, &mut trial.dice).with_past(3);
    hall.bring(&mut neighbour).await.expect("the coordinator goes on");
    agent.job();
    hall.bring(&mut agent).await.expect("so does the agent whose name was used");
    let checked = hall.checked().await;
    assert_eq!((checked.hosts, checked.bad), (2, Vec::new()));
    hall.nothing_broke().await;
}

/// A past under the keys that are known by hand.
fn rewritten(mut agent: Agent) -> Agent {
    agent.journal = tests::simulated::Journal::new(agent.keys.id());
    agent.with_past(6)
}

async fn beneath_the_messages(trial: &mut Trial) {
    let mut cases: Vec<(&str, Vec<u8>)> = vec![
        ("unmasked", vec![0x82, 3, 1, 2, 3]),
        ("text", vec![0x81, 0x83, 0, 0, 0, 0, b'a', b'b', b'c']),
        ("reserved bits", vec![0xf2, 0x80, 0, 0, 0, 0]),
        ("an opcode that nobody knows", vec![0x83, 0x80, 0, 0, 0, 0]),
        ("a control opcode that nobody knows", vec![0x8b, 0x80, 0, 0, 0, 0]),
        ("nothing to continue", vec![0x80, 0x80, 0, 0, 0, 0]),
        ("a message within a message", [[0x02, 0x80, 0, 0, 0, 0], [0x82, 0x80, 0, 0, 0, 0]].concat()),
        ("a ping in pieces", vec![0x09, 0x80, 0, 0, 0, 0]),
        ("a long ping", vec![0x89, 0xfe, 0, 200, 0, 0, 0, 0]),
        ("a huge message", [&[0x82, 0xff][..], &(1_u64 << 40).to_be_bytes(), &[0; 4]].concat()),
        ("the hugest message", [&[0x82, 0xff][..], &[0xff; 8], &[0; 4]].concat()),
        ("plain HTTP", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec()),
        ("TLS", vec![0x16, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3]),
    ];
    for _ in 0..12 {
        // No opcode is 3 to 7: the first byte decides, whatever follows.
        let mut noise = trial.bytes(64);
        noise[0] = 0x83 | (noise[0] & 4);
        cases.push(("noise", noise));
    }
    for (what, bytes) in cases {
        let reaction = Wild::at(&trial.hall).await.bytes(&bytes).await;
        trial.judge(what, &reaction, &[Frame]);
    }
}

async fn first_messages(trial: &mut Trial) {
    for length in [0, 1, 31, 32, 33, 64, 100, 1_000, 4_096, 4_097, 65_535] {
        for _ in 0..4 {
            let message = trial.bytes(length);
            let reaction = Wild::at(&trial.hall).await.message(message).await;
            trial.judge(("message 1 of bytes", length), &reaction, &[Frame, Identity]);
        }
    }
    let payloads = [
        (json!({}), Frame),
        (json!([]), Frame),
        (json!("protocol"), Frame),
        (json!({ "protocol": 1 }), Frame),
        (json!({ "protocol": { "min": -1, "max": 1 } }), Frame),
        (json!({ "protocol": { "min": 1 } }), Frame),
        (json!({ "protocol": ProtocolRange::OURS, "fleet": "not a fleet" }), Frame),
        (json!({ "protocol": ProtocolRange::OURS, "fleet": "00".repeat(32) }), Fleet),
        (json!({ "protocol": { "min": 7, "max": 9 } }), Protocol),
        (json!({ "protocol": { "min": 0, "max": 0 } }), Protocol),
        (json!({ "protocol": { "min": 9, "max": 1 } }), Protocol),
    ];
    for (payload, code) in payloads {
        let mut shaking = Wild::at(&trial.hall).await.shake(&[7; 32], &mut trial.dice);
        shaking.say(&payload).await;
        trial.judge(&payload, &shaking.hang_up().await, &[code]);
    }
}

async fn third_messages(trial: &mut Trial, keys: &Keys) {
    let honest = keys.keys.binding();
    let other = Keys::roll(&mut trial.dice);
    let forged = KeyBinding { seal: other.keys.seal_key(), ..honest.clone() };
    let range = ProtocolRange::OURS;
    let payloads = [
        ("no binding", json!({ "protocol": range }), Frame),
        ("half a binding", json!({ "protocol": range, "binding": { "id": honest.id } }), Frame),
        ("no JSON object", json!(3), Frame),
        ("a changed range", json!({ "protocol": { "min": 1, "max": 2 }, "binding": honest }), Protocol),
        ("a forged binding", json!({ "protocol": range, "binding": forged }), Identity),
        ("a stolen binding", json!({ "protocol": range, "binding": other.keys.binding() }), Identity),
    ];
    for (what, payload, code) in payloads {
        let mut shaking = Wild::at(&trial.hall).await.shake(&keys.channel, &mut trial.dice);
        shaking.offer().await;
        shaking.say(&payload).await;
        trial.judge(what, &shaking.hang_up().await, &[code]);
    }
    for n in 0..36 {
        let mut shaking = Wild::at(&trial.hall).await.shake(&keys.channel, &mut trial.dice);
        shaking.offer().await;
        let mut message =
            shaking.seal(json!({ "protocol": range, "binding": honest }).to_string().as_bytes());
        let at = trial.dice.index(message.len());
        match n % 3 {
            0 => message[at] ^= 1 << trial.dice.between(0..=7),
            1 => message.truncate(at),
            _ => message.extend_from_slice(&trial.bytes(at + 1)),
        }
        shaking.send(message).await;
        trial.judge(("message 3, changed", n), &shaking.hang_up().await, &[Identity, Frame]);
    }
}

async fn pieces(trial: &mut Trial, keys: &Keys) {
    for (what, plain) in [
        ("no flag", vec![]),
        ("a flag alone", vec![0]),
        ("more of nothing", vec![1]),
        ("an unknown flag", vec![2, 2]),
        ("a wild flag", vec![255, 2, b'{', b'}']),
    ] {
        let mut channel = trial.channel(keys).await;
        let piece = channel.piece(&plain);
        channel.send(piece).await;
        trial.judge(what, &channel.hang_up().await, &[Frame]);
    }
    let mut channel = trial.channel(keys).await;
    for _ in 0..66 {
        let piece = channel.piece(&[vec![1], vec![2; 65_518]].concat());
        channel.send(piece).await;
    }
    trial.judge("a frame of more than 4 MiB", &channel.hang_up().await, &[Frame]);
    for n in 0..20 {
        let mut channel = trial.channel(keys).await;
        let (first, mut second) = (channel.frame(FrameType::Ping as u8, &[0; 8]), channel.frame(8, &[1; 8]));
        match n % 4 {
            0 => {
                let at = trial.dice.index(second.len());
                second[at] ^= 1 << trial.dice.between(0..=7);
                channel.send(first).await;
                channel.send(second).await;
            }
            1 => {
                channel.send(first.clone()).await;
                channel.send(first).await;
            }
            2 => {
                channel.send(second).await;
                channel.send(first).await;
            }
            _ => {
                let length = trial.dice.index(second.len());
                second.truncate(length);
                channel.send(first).await;
                channel.send(second).await;
            }
        }
        trial.judge(("a message changed, repeated, swapped or cut", n), &channel.hang_up().await, &[Frame]);
    }
}

/// What only a coordinator says, or only a member, said by somebody who has not even said hello.
async fn before_the_welcome(trial: &mut Trial, keys: &Keys) {
    for kind in [1, 3, 4, 5, 6, 7, 10, 11, 12, 14, 15, 16] {
        let mut channel = trial.channel(keys).await;
        let frame = channel.frame(kind, b"{}");
        channel.send(frame).await;
        trial.judge(("before hello", kind), &channel.hang_up().await, &[Frame]);
    }
    for kind in [0, 17, 99, 255] {
        let mut channel = trial.channel(keys).await;
        let frame = channel.frame(kind, b"from a later version");
        channel.send(frame).await;
        let reaction = channel.hang_up().await;
        assert_eq!(reaction.pongs, 1, "a frame of a later version ({kind}) is passed over: {reaction:?}");
        trial.tried += 1;
    }
}

async fn hellos(trial: &mut Trial, agent: &Agent, keys: &Keys) {
    let other = trial.hall.member(9, &mut trial.dice);
    let mut signed_by_another = agent.clone();
    signed_by_another.keys.identity = other.keys.identity.clone();
    let foreign_head = signed_by_another.journal.signed_head(&signed_by_another.keys.identity);
    let honest = hello(agent);
    let with = |field: &str, value: Value| {
        let mut hello = honest.clone();
        hello[field] = value;
        hello
    };
    let mut cases = vec![
        (json!(null), Frame),
        (json!({}), Frame),
        (with("credential", json!({ "by": "magic" })), Frame),
        (with("credential", json!({ "by": "admission", "admission": {} })), Frame),
        (with("facts", json!(7)), Frame),
        (with("last_order", json!(-1)), Frame),
        (with("last_order", json!(1.5)), Frame),
        (with("head", json!({ "epoch": 1 })), Frame),
        (with("statement", json!("one")), Frame),
        (with("head", json!(foreign_head)), Journal),
    ];
    for field in ["credential", "facts"] {
        let mut without = honest.clone();
        without.as_object_mut().expect("an object").remove(field);
        cases.push((without, Frame));
    }
    for (payload, code) in cases {
        let mut channel = trial.channel(keys).await;
        channel.say(FrameType::Hello, &payload).await;
        trial.judge(&payload, &channel.hang_up().await, &[code]);
    }
    for n in 0..12 {
        let mut channel = trial.channel(keys).await;
        let text = honest.to_string();
        let cut = trial.dice.index(text.len());
        let frame = channel.frame(FrameType::Hello as u8, &text.as_bytes()[..cut]);
        channel.send(frame).await;
        trial.judge(("half a hello", n), &channel.hang_up().await, &[Frame]);
    }
    credentials(trial, &other).await;
}

/// Somebody unknown, with papers that are not good.
async fn credentials(trial: &mut Trial, other: &Agent) {
    let unknown = Keys::roll(&mut trial.dice);
    let mut shown = other.clone();
    shown.keys = unknown.keys.clone();
    shown.journal = tests::simulated::Journal::new(shown.id());
    let stolen = hello(&shown);
    let mut forged = stolen.clone();
    let signature = forged["credential"]["admission"]["sig"].as_str().expect("a signature").to_owned();
    forged["credential"]["admission"]["sig"] = json!(signature.chars().rev().collect::<String>());
    let token = wire::trust::TokenSeed::generate(&mut trial.dice).keys();
    let mut unknown_token = stolen.clone();
    unknown_token["credential"] =
        json!({ "by": "token_key", "token": token.token(), "proof": token.prove(&unknown.keys.binding()) });
    for (what, hello) in [
        ("another's admission", stolen),
        ("a forged admission", forged),
        ("a token nobody made", unknown_token),
    ] {
        let mut channel = trial.channel(&unknown).await;
        channel.say(FrameType::Hello, &hello).await;
        trial.judge(what, &channel.hang_up().await, &[Credential, Frame]);
    }
}

async fn after_the_welcome(trial: &mut Trial, agent: &Agent, keys: &Keys) {
    for kind in [1, 2, 3, 5, 6, 10, 12] {
        let mut channel = trial.live(agent, keys).await;
        let frame = channel.frame(kind, b"{}");
        channel.send(frame).await;
        trial.judge(("after the welcome", kind), &channel.hang_up().await, &[Frame]);
    }
    for payload in ["", "{", "[]", "{\"live\":\"dance\"}", "{\"live\":\"log\",\"job\":\"x\",\"lines\":[]}"] {
        for kind in [FrameType::Live, FrameType::Bye] {
            let mut channel = trial.live(agent, keys).await;
            let frame = channel.frame(kind as u8, payload.as_bytes());
            channel.send(frame).await;
            trial.judge((kind, payload), &channel.hang_up().await, &[Frame]);
        }
    }
}

/// Batches that are damaged, forged, or do not continue what is held: nothing of any is applied.
async fn batches(trial: &mut Trial, agent: &Agent, keys: &Keys, before: &[Row]) {
    let mut further = agent.clone();
    further.records(12);
    let key = &further.keys.identity;
    let (good, _) = further.journal.batch_after(agent.journal.head(), 12, key).expect("records");
    let mut cases: Vec<(String, Vec<u8>)> = Vec::new();
    for n in 0..80 {
        let mut bytes = good.clone();
        let at = trial.dice.index(bytes.len());
        bytes[at] ^= 1 << trial.dice.between(0..=7);
        cases.push((format!("bit flipped in byte {at} ({n})"), bytes));
    }
    for _ in 0..20 {
        let length = trial.dice.index(good.len());
        cases.push((format!("cut after {length}"), good[..length].to_vec()));
    }
    for length in [1, 9, 64] {
        cases.push((format!("{length} bytes more"), [good.clone(), trial.bytes(length)].concat()));
    }
    for length in [0, 7, 60, 124, 5_000] {
        cases.push((format!("{length} bytes of noise"), trial.bytes(length)));
    }
    cases.extend(forged(agent, &further));
    for (what, bytes) in cases {
        let mut channel = trial.live(agent, keys).await;
        let frame = channel.frame(FrameType::Batch as u8, &bytes);
        channel.send(frame).await;
        let reaction = channel.hang_up().await;
        trial.judge(&what, &reaction, &[Frame, Journal]);
        assert!(trial.hall.held(agent.id()).await == before, "{what}: something of it was applied");
    }
}

/// Well-formed, and yet not to be taken.
fn forged(agent: &Agent, further: &Agent) -> Vec<(String, Vec<u8>)> {
    let stranger = wire::identity::SigningKey::from_seed(&[9; 32]);
    let (held, key) = (agent.journal.head(), &agent.keys.identity);
    let by_a_stranger = further.journal.batch_after(held, 5, &stranger).expect("records").0;
    let later = further.journal.head_at(held.seq + 3).expect("a record");
    let after_a_gap = further.journal.batch_after(later, 5, key).expect("records").0;
    let entry = &further.journal.epochs()[0].entries[0];
    let record = wire::journal::Record::new(entry.at, entry.kind, &entry.body).expect("a record");
    let elsewhere = |after: Head| {
        let mut builder = BatchBuilder::new(None, after);
        assert!(builder.push(&record));
        builder.finish(key).expect("one record").0
    };
    let wrong_past = elsewhere(Head { hash: sha256(b"another past"), ..held });
    let below = elsewhere(Head { epoch: 1, seq: held.seq + 1_000_000, ..held });
    vec![
        ("signed by a stranger".into(), by_a_stranger),
        ("after a gap".into(), after_a_gap),
        ("on another past".into(), wrong_past),
        ("far ahead".into(), below),
    ]
}
