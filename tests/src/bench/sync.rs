//! Journals into the real coordinator over its socket – verified, folded, committed, acknowledged – against bare SQLite
//! inserts of the same bytes into the same kind of table.

use std::{collections::VecDeque, time::Instant};

use rusqlite::Connection;
use wire::{
    frame::{Ack, FrameType},
    journal::Head,
};

use super::{
    Scale,
    figure::{Figure, Unit},
    median,
    station::founded,
};
use crate::{
    person::{Person, now},
    place::Place,
    simulated::{Agent, Dice, IN_FLIGHT, Journal, Session, connect},
};

const RECORDS: usize = 100_000;
const RUNS: usize = 3;
const PER_TRANSACTION: usize = 1_000;
const RECORDS_PER_S: f64 = 40_000.0;
const OF_BARE_SQLITE: f64 = 0.3;

/// An agent whose journal is cut into batches already: what is timed is the coordinator.
struct Sender {
    agent: Agent,
    batches: VecDeque<(Vec<u8>, Head)>,
}

pub async fn measure(scale: Scale) -> Vec<Figure> {
    let place = Place::temporary();
    let (coordinator, person) = founded(&place).await;
    let (records, runs) = (scale.pick(RECORDS, 2_000), scale.pick(RUNS, 1));
    let mut dice = Dice::new(3);
    let (mut alone, mut together, mut bare) = (Vec::new(), Vec::new(), Vec::new());
    let mut bytes_per_record = 0.0;
    for run in 0..runs {
        let one = vec![sender(&person, run * 10, &mut dice, records)];
        let journal = one[0].agent.journal.clone();
        bytes_per_record = mean_body_bytes(&journal);
        let rows = journal.len();
        alone.push(rate(rows, synced(&coordinator.url, one).await));
        bare.push(rate(rows, inserted(&place, run, &journal)));
        let share = records / 8;
        let eight: Vec<_> = (1..=8).map(|n| sender(&person, run * 10 + n, &mut dice, share)).collect();
        let rows = eight.iter().map(|sender| sender.agent.journal.len()).sum();
        together.push(rate(rows, synced(&coordinator.url, eight).await));
    }
    eprintln!("sync: alone {alone:.0?}, eight together {together:.0?}, bare SQLite {bare:.0?} records/s");
    let (alone, together, bare) = (median(alone), median(together), median(bare));
    vec![
        Figure::new("sync_record_bytes", "a record's body on average", bytes_per_record, Unit::Bytes),
        Figure::new("sqlite_inserts_per_s", "bare SQLite inserts of the same rows", bare, Unit::PerSecond),
        Figure::new("sync_records_per_s", "records synced by one agent", alone, Unit::PerSecond)
            .at_least(RECORDS_PER_S),
        Figure::new("sync_ratio_to_sqlite", "of bare SQLite, one agent", alone / bare, Unit::Ratio)
            .at_least(OF_BARE_SQLITE),
        Figure::new(
            "sync_records_per_s_of_eight",
            "records synced by eight agents",
            together,
            Unit::PerSecond,
        )
        .at_least(RECORDS_PER_S),
        Figure::new(
            "sync_ratio_to_sqlite_of_eight",
            "of bare SQLite, eight agents",
            together / bare,
            Unit::Ratio,
        )
        .at_least(OF_BARE_SQLITE),
    ]
}

fn sender(person: &Person, n: usize, dice: &mut Dice, records: usize) -> Sender {
    let mut agent = Agent::new(person.statement.fleet, n, dice.another(), now(), records / 5);
    let admission = person.admission(&agent.keys.binding(), &agent.facts.hostname);
    agent = agent.admitted(admission).with_past(0);
    agent.records(records);
    let mut batches = VecDeque::new();
    let mut after = agent.journal.head_at(0).expect("every journal has a beginning");
    while let Some((bytes, head)) = agent.journal.batch_after(after, usize::MAX, &agent.keys.identity) {
        batches.push_back((bytes, head));
        after = head;
    }
    Sender { agent, batches }
}

#[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52 records")]
fn rate(records: usize, seconds: f64) -> f64 {
    records as f64 / seconds
}

#[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52 bytes")]
fn mean_body_bytes(journal: &Journal) -> f64 {
    let bytes: usize =
        journal.epochs().iter().flat_map(|epoch| &epoch.entries).map(|entry| entry.body.len()).sum();
    bytes as f64 / journal.len() as f64
}

/// Seconds from the first batch to the last acknowledgement of the last agent.
async fn synced(url: &str, senders: Vec<Sender>) -> f64 {
    let (go, ready) =
        (tokio::sync::Barrier::new(senders.len() + 1), tokio::sync::Barrier::new(senders.len() + 1));
    let (go, ready) = (&go, &ready);
    let all = senders.into_iter().map(|mut sender| async move {
        let socket = connect(url).await.expect("a connection");
        let mut session = Session::open(&mut sender.agent, socket).await.expect("a handshake");
        session.arrive().await.expect("a member");
        ready.wait().await;
        go.wait().await;
        bring(&mut session, sender.batches).await;
        session.line.close().await;
    });
    let timed = async {
        ready.wait().await;
        let begun = Instant::now();
        go.wait().await;
        begun
    };
    let (begun, ended) = tokio::join!(timed, async {
        futures_util::future::join_all(all).await;
        Instant::now()
    });
    (ended - begun).as_secs_f64()
}

/// As many batches in flight as an agent may have, until the last is acknowledged.
async fn bring<S>(session: &mut Session<'_, S>, mut batches: VecDeque<(Vec<u8>, Head)>)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let mut in_flight: VecDeque<Head> = VecDeque::new();
    loop {
        while in_flight.len() < IN_FLIGHT
            && let Some((bytes, head)) = batches.pop_front()
        {
            session.line.send(FrameType::Batch, &bytes).await.expect("the coordinator listens");
            in_flight.push_back(head);
        }
        if in_flight.is_empty() {
            return;
        }
        let frame = session.line.receive().await.expect("the coordinator answers");
        if frame.kind() != FrameType::Ack as u8 {
            continue;
        }
        let ack: Ack = serde_json::from_slice(frame.payload()).expect("an acknowledgement");
        let at = in_flight.iter().position(|head| head.seq == ack.seq && head.hash == ack.hash);
        in_flight.drain(..=at.expect("an acknowledgement of what was sent"));
    }
}

/// Seconds for the same rows, by SQLite alone, as safely written.
fn inserted(place: &Place, run: usize, journal: &Journal) -> f64 {
    let path = place.root().join(format!("bare-{run}.db"));
    let mut connection = Connection::open(path).expect("a database");
    connection.pragma_update(None, "journal_mode", "WAL").expect("WAL");
    connection.pragma_update(None, "synchronous", "FULL").expect("FULL");
    connection
        .execute_batch(
            "CREATE TABLE records (place INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind TEXT NOT NULL, body BLOB,
             body_hash BLOB, hash BLOB NOT NULL) STRICT",
        )
        .expect("a table");
    let entries: Vec<_> = journal.epochs().iter().flat_map(|epoch| &epoch.entries).collect();
    let begun = Instant::now();
    let mut place = 1_i64 << 40;
    for chunk in entries.chunks(PER_TRANSACTION) {
        let transaction = connection.transaction().expect("a transaction");
        {
            let mut insert = transaction
                .prepare_cached("INSERT INTO records VALUES (?1, ?2, ?3, ?4, NULL, ?5)")
                .expect("an insert");
            for entry in chunk {
                place += 1;
                insert
                    .execute((place, entry.at.0, entry.kind.as_str(), &*entry.body, entry.hash.0))
                    .expect("a row");
            }
        }
        transaction.commit().expect("a commit");
    }
    begun.elapsed().as_secs_f64()
}
