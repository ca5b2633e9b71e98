//! Golden messages of getting it back: sealed streams and what is lent (`stream.json`, `lent.json`), and what the panel's own
//! code makes of the same (`recovery-from-panel.json`, made by `panel/scripts/recoveryFixtures.ts`).

use std::collections::BTreeMap;

use serde_json::{Value, json};
use wire::{
    action::{Action, ActionClass},
    id::{JobId, OrderId, SealKey},
    identity::KeyBinding,
    order::Order,
    restore::{LentCredential, LentLogin, RestoreTarget},
    seal::{
        BoxContext, Chunk, Purpose, SealSecret, SealedBox, SecretSlot, StreamContext, StreamOpener,
        StreamSealer, open, seal,
    },
    trust::{Admission, Signed},
};

use crate::{
    cast::{Cast, dice},
    golden::{bytes32, get, read},
};

const RECIPIENT: [u8; 32] = [0x7a; 32];

fn stream_context(cast: &Cast) -> StreamContext {
    StreamContext {
        recipient: SealSecret::from_bytes(&RECIPIENT).public(),
        fleet: cast.fleet(),
        agent: cast.agent.id(),
        order: OrderId(uuid::Uuid::from_u128(0x0192_f0c1_7a3b_7c1e_9f00_0000_0000_0021)),
    }
}

/// A whole stream with its chunks: one of them empty.
fn sealed(cast: &Cast, label: &str, chunks: &[(Chunk, Vec<u8>)]) -> Vec<u8> {
    let (mut sealer, enc) = StreamSealer::begin(&stream_context(cast), &mut dice(label)).unwrap();
    let mut bytes = enc.to_vec();
    for (kind, plaintext) in chunks {
        bytes.extend(sealer.chunk(*kind, plaintext).unwrap());
    }
    bytes
}

pub fn stream(cast: &Cast) -> Value {
    let context = stream_context(cast);
    let chunks = [
        (Chunk::More, "Grüße vom Wirt\n".as_bytes().to_vec()),
        (Chunk::More, Vec::new()),
        (Chunk::More, vec![b'a'; 300]),
        (Chunk::Last, b"the end".to_vec()),
    ];
    let failure = json!({ "message": "letters.tar could not be read.", "hint": "Unlock the repository." });
    let failed = [(Chunk::More, b"half".to_vec()), (Chunk::Failed, serde_json::to_vec(&failure).unwrap())];
    json!({
        "recipient_secret": hex::encode(RECIPIENT),
        "recipient": context.recipient,
        "fleet": context.fleet,
        "agent": context.agent,
        "order": context.order,
        "info": hex::encode(context.info()),
        "chunks": chunks.iter().map(|(_, plaintext)| hex::encode(plaintext)).collect::<Vec<_>>(),
        "stream": hex::encode(sealed(cast, "stream", &chunks)),
        "failure": failure,
        "failed": hex::encode(sealed(cast, "failed stream", &failed)),
    })
}

fn credential() -> LentCredential {
    LentCredential {
        job: JobId(uuid::Uuid::from_u128(0x0192_f0c1_7a3b_7c1e_9f00_0000_0000_0022)),
        source: Cast::other_agent().id(),
        repository: "main".parse().unwrap(),
        backend: cast_backend(),
        password: "correct horse battery staple".into(),
        login: Some(LentLogin { user: "web-1".into(), password: "pä55".into() }),
        environment: BTreeMap::from([("AWS_ACCESS_KEY_ID".into(), "key".into())]),
    }
}

fn cast_backend() -> wire::plan::Backend {
    serde_json::from_value(
        json!({ "kind": "rest", "url": "https://backup.example.org:8000", "path": "web-1" }),
    )
    .unwrap()
}

pub fn lent(cast: &Cast) -> Value {
    let slot: SecretSlot = "repository/main/lent".parse().unwrap();
    let context = BoxContext::lend(cast.fleet(), cast.agent.id(), cast.agent.seal_key(), &slot);
    let plaintext = serde_json::to_string(&credential()).unwrap();
    json!({
        "purpose": Purpose::Lend as u8,
        "recipient_secret": hex::encode([0xd2; 32]),
        "recipient": cast.agent.seal_key(),
        "fleet": cast.fleet(),
        "agent": cast.agent.id(),
        "slot": slot,
        "revision": 1,
        "info": hex::encode(context.info()),
        "box": seal(&context, plaintext.as_bytes(), &mut dice("lent")).unwrap(),
        "plaintext": plaintext,
    })
}

fn hex_field(value: &Value, field: &str) -> Vec<u8> {
    hex::decode(get::<String>(value, field)).unwrap()
}

/// Every chunk of a stream.
fn opened(context: &StreamContext, key: &SealSecret, bytes: &[u8]) -> Vec<(Chunk, Vec<u8>)> {
    let (enc, mut rest) = bytes.split_first_chunk::<32>().unwrap();
    let mut opener = StreamOpener::begin(context, key, enc).unwrap();
    let mut chunks = Vec::new();
    while let Some((kind, plaintext, used)) = opener.chunk(rest).unwrap() {
        chunks.push((kind, plaintext));
        rest = &rest[used..];
    }
    assert!(rest.is_empty(), "{} bytes beyond the last chunk", rest.len());
    chunks
}

#[test]
fn streams_open_and_are_made_again_to_the_byte() {
    let golden = read("stream.json");
    assert_eq!(stream(&Cast::new()), golden);
    let key = SealSecret::from_bytes(&bytes32(&golden, "recipient_secret"));
    let context = StreamContext {
        recipient: get(&golden, "recipient"),
        fleet: get(&golden, "fleet"),
        agent: get(&golden, "agent"),
        order: get(&golden, "order"),
    };
    assert_eq!(hex::encode(context.info()), get::<String>(&golden, "info"));
    let chunks = opened(&context, &key, &hex_field(&golden, "stream"));
    let plaintexts: Vec<_> = chunks.iter().map(|(_, plaintext)| hex::encode(plaintext)).collect();
    assert_eq!(plaintexts, get::<Vec<String>>(&golden, "chunks"));
    assert_eq!(chunks.last().unwrap().0, Chunk::Last);
    let failed = opened(&context, &key, &hex_field(&golden, "failed"));
    let (kind, said) = failed.last().unwrap();
    assert_eq!(*kind, Chunk::Failed);
    assert_eq!(serde_json::from_slice::<Value>(said).unwrap(), golden["failure"]);
}

#[test]
fn what_is_lent_opens_for_whom_it_was_lent_to() {
    let golden = read("lent.json");
    let slot: SecretSlot = get(&golden, "slot");
    let context =
        BoxContext::lend(get(&golden, "fleet"), get(&golden, "agent"), get(&golden, "recipient"), &slot);
    assert_eq!(hex::encode(context.info()), get::<String>(&golden, "info"));
    let key = SealSecret::from_bytes(&bytes32(&golden, "recipient_secret"));
    let secret = open(&context, &key, &get(&golden, "box")).unwrap();
    assert_eq!(secret.expose_text().unwrap(), get::<String>(&golden, "plaintext"));
    let found: LentCredential = serde_json::from_slice(secret.expose()).unwrap();
    assert!(found == credential());
    let to_agent = BoxContext { purpose: Purpose::Agent, ..context };
    open(&to_agent, &key, &get(&golden, "box")).unwrap_err();
}

fn panel() -> Value {
    read("recovery-from-panel.json")
}

fn order(name: &str) -> Order {
    get::<Signed<Order>>(&panel()["orders"], name).verify().unwrap().document
}

#[test]
fn the_panel_lends_from_the_escrow_what_the_agent_opens() {
    let panel = panel();
    let binding: KeyBinding = get(&panel, "target");
    binding.verify().unwrap();
    let order = order("restore");
    let Action::Restore { restore } = &order.action else { panic!("{:?}", order.action) };
    restore.validate().unwrap();
    assert_eq!(order.action.class(), ActionClass::Grave);
    assert!(order.action.is_ephemeral());
    assert!(order.expires_at.0 - order.issued_at.0 <= 15 * 60_000);
    assert!(matches!(&restore.target, RestoreTarget::Directory { base: Some(_), .. }));
    let lent = restore.lent.as_ref().unwrap();
    let slot: SecretSlot = "repository/main/lent".parse().unwrap();
    let context = BoxContext::lend(get(&panel, "fleet"), binding.id, binding.seal, &slot);
    let key = SealSecret::from_bytes(&bytes32(&panel, "target_seal_secret"));
    let secret = open(&context, &key, &SealedBox::try_from(&lent.sealed).unwrap()).unwrap();
    let found: LentCredential = serde_json::from_slice(secret.expose()).unwrap();
    assert_eq!((found.job, found.source), (lent.job, lent.source));
    assert_eq!(found.repository, restore.repository);
    assert_eq!(found.password, "correct horse battery staple");
    assert_eq!(found.login.as_ref().unwrap().password, "pä55");
    assert!(found.backend == cast_backend());
}

#[test]
fn the_panel_asks_for_loans_and_downloads() {
    let panel = panel();
    let Action::Lend { to, job, .. } = order("lend").action else { panic!() };
    assert_eq!(to, get(&panel, "target"));
    let Action::Restore { restore } = order("restore").action else { panic!() };
    assert_eq!(job, restore.lent.unwrap().job);
    let download = order("download");
    assert!(download.action.is_ephemeral());
    assert!(download.expires_at.0 - download.issued_at.0 <= 15 * 60_000);
    let Action::Download { to, path, .. } = &download.action else { panic!() };
    assert_eq!(path.to_bytes(), b"/srv/\xff");
    assert_eq!(*to, SealSecret::from_bytes(&bytes32(&panel, "download_secret")).public());
    let context = StreamContext {
        recipient: get::<SealKey>(&panel, "download_recipient"),
        fleet: download.fleet,
        agent: download.agent,
        order: download.id,
    };
    assert_eq!(hex::encode(context.info()), get::<String>(&panel, "download_info"));
}

#[test]
fn the_panel_admits_in_the_place_of_another() {
    let panel = panel();
    let admission: Signed<Admission> = get(&panel, "admission");
    let admission = admission.verify().unwrap().document;
    assert_eq!(admission.replaces, Some(get(&panel, "source")));
    assert_eq!(admission.agent_fingerprint, get::<KeyBinding>(&panel, "target").fingerprint());
}
