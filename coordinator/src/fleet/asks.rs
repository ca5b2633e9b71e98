//! Questions to a host that is connected, and its answers: part by part, as many as whoever asks has room for.
//!
//! Nothing of it is written down, and nothing of it outlives the connection. Knows who waits for which answer; must not know
//! what is asked, nor what a frame looks like.

mod asking;

pub use asking::{Asking, Came};

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use tokio::sync::mpsc;
use wire::{
    action::{OrderRefusalCode, Outcome, Receipt},
    error::ErrorCode,
    id::AgentId,
    question::{AnswerLine, Ask, AskId, Asked, End, Part, Question, Stop},
};

use super::{Fleet, FleetError, Seat, Wish};
use asking::Patience;

/// Parts of an answer that may be on their way, or wait here.
const PARTS: u32 = 8;
/// Chunks of a stream, which are smaller.
const CHUNKS: u32 = 32;
/// What one host is asked at once; it answers fewer.
const PER_HOST: usize = 16;
const IN_ALL: usize = 256;
/// Of what a host says went wrong, so much is repeated.
const SAID_CHARS: usize = 1_000;

/// What whoever asks is handed.
enum Arrived {
    Part(Box<Part>),
    Bytes(Bytes),
    Over(Result<(), FleetError>),
}

/// An answer that is waited for.
struct Open {
    seat: Arc<Seat>,
    host: Arc<str>,
    /// How many more parts there is room for: what comes beyond was not asked for.
    room: u32,
    /// Given once the order was taken, where it is one that is answered.
    later: u32,
    to: mpsc::Sender<Arrived>,
}

impl Open {
    /// The buffer has a place for all that room was given for, and for the end.
    fn end(self, how: Result<(), FleetError>) {
        // Whoever asked may have gone.
        let _ = self.to.try_send(Arrived::Over(how));
    }
}

#[derive(Default)]
pub(super) struct Asks(Mutex<HashMap<AskId, Open>>);

impl Asks {
    fn all(&self) -> MutexGuard<'_, HashMap<AskId, Open>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self, id: AskId, open: Open) -> Result<(), FleetError> {
        let mut all = self.all();
        if all.contains_key(&id) {
            // The order was given twice: whoever waits goes on waiting.
            return Err(super::orders::known_already(id));
        }
        let agent = open.seat.agent;
        if all.len() >= IN_ALL || all.values().filter(|other| other.seat.agent == agent).count() >= PER_HOST {
            return Err(FleetError::Busy {
                detail: format!("{} is asked for too much at once", open.host),
                hint: "Wait until something of it is answered, or close pages that look into its snapshots."
                    .into(),
            });
        }
        all.insert(id, open);
        Ok(())
    }

    /// `true` when it was still waited for.
    fn close(&self, id: AskId) -> bool {
        self.all().remove(&id).is_some()
    }

    /// Takes it out, if it is this connection's.
    fn take(&self, seat: &Arc<Seat>, id: AskId) -> Option<Open> {
        let mut all = self.all();
        let ours = all.get(&id).is_some_and(|open| Arc::ptr_eq(&open.seat, seat));
        if ours { all.remove(&id) } else { None }
    }

    fn more(&self, id: AskId, more: u32) {
        if let Some(open) = self.all().get_mut(&id) {
            open.room = open.room.saturating_add(more);
        }
    }

    /// A part or a chunk. `None` when nobody waits for it; an error when there was no room.
    fn arrived(&self, seat: &Arc<Seat>, id: AskId, what: Arrived) -> Result<(), ()> {
        let mut all = self.all();
        let Some(open) = all.get_mut(&id).filter(|open| Arc::ptr_eq(&open.seat, seat)) else { return Ok(()) };
        let Some(room) = open.room.checked_sub(1) else { return Err(()) };
        open.room = room;
        // Full it cannot be; closed means that its asker says so right now.
        let _ = open.to.try_send(what);
        Ok(())
    }

    /// The connection is gone, and with it every answer.
    pub fn lost(&self, seat: &Arc<Seat>) {
        let lost: Vec<Open> = {
            let mut all = self.all();
            let ids: Vec<AskId> =
                all.iter().filter(|(_, open)| Arc::ptr_eq(&open.seat, seat)).map(|(id, _)| *id).collect();
            ids.iter().filter_map(|id| all.remove(id)).collect()
        };
        for open in lost {
            let error = FleetError::HostAbsent {
                detail: format!("the connection to {} was lost before it had answered", open.host),
                hint: "The host connects again by itself. Ask again once it is back.".into(),
            };
            open.end(Err(error));
        }
    }
}

/// The largest unit that matters: who reads it is in another zone than this machine, as a rule.
fn ago(ms: i64) -> String {
    let minutes = ms.max(0) / 60_000;
    let (n, unit) = match minutes {
        0 => return "less than a minute ago".to_owned(),
        1..60 => (minutes, "minute"),
        60..1440 => (minutes / 60, "hour"),
        _ => (minutes / 1440, "day"),
    };
    format!("{n} {unit}{} ago", if n == 1 { "" } else { "s" })
}

/// What an agent says went wrong, as whoever asked is told.
fn failed(host: &str, code: OrderRefusalCode, message: &str, hint: &str) -> FleetError {
    let short = |text: &str| text.chars().take(SAID_CHARS).collect::<String>();
    FleetError::HostRefused {
        code,
        detail: format!("{host} could not do it: {}", short(message)),
        hint: short(hint),
    }
}

impl Fleet {
    /// Asks a host that is connected; dropping the answer takes the question back.
    pub fn ask(&self, agent: AgentId, question: Question) -> Result<Asking, FleetError> {
        let id = wire::id::OrderId(self.inner.world.uuid());
        let seat = self.present(agent)?;
        let patience = Patience::of(&question);
        let asking = self.listen(&seat, id, (PARTS, 0), patience)?;
        seat.hand_asks([Ask { id, what: Asked::Question(question) }, Ask { id, what: Asked::More(PARTS) }]);
        Ok(asking)
    }

    /// Waits for the answer to an order that is about to be handed to this connection. Room is given once the host has taken
    /// it.
    pub(super) fn expect(&self, seat: &Arc<Seat>, id: AskId, streams: bool) -> Result<Asking, FleetError> {
        let (window, patience) = if streams { (CHUNKS, Patience::DOWNLOAD) } else { (PARTS, Patience::LEND) };
        self.listen(seat, id, (0, window), patience)
    }

    fn listen(
        &self,
        seat: &Arc<Seat>,
        id: AskId,
        (room, later): (u32, u32),
        patience: Patience,
    ) -> Result<Asking, FleetError> {
        let window = room.max(later);
        let (to, arrived) = mpsc::channel(window as usize + 1);
        let host: Arc<str> = self.called(seat.agent);
        let open = Open { seat: Arc::clone(seat), host: Arc::clone(&host), room, later, to };
        self.inner.asks.open(id, open)?;
        let asking = Asking::new(self.clone(), Arc::clone(seat), (id, host), window, patience, arrived);
        // Who left before it was entered did not end it.
        let sits = self.inner.hub.seat(seat.agent).is_some_and(|sitting| Arc::ptr_eq(&sitting, seat));
        if sits { Ok(asking) } else { Err(self.absent(seat.agent)) }
    }

    /// The connection of a host that has to be there.
    pub(super) fn present(&self, agent: AgentId) -> Result<Arc<Seat>, FleetError> {
        self.host_id(agent)?;
        self.inner.hub.seat(agent).ok_or_else(|| self.absent(agent))
    }

    pub(super) fn absent(&self, agent: AgentId) -> FleetError {
        let known = self.inner.index.look(agent, |it| (it.last_seen(), it.is_in_fleet(), it.replaced_by));
        let (last_seen, is_in_fleet, replaced_by) = known.unwrap_or((None, true, None));
        let seen = match last_seen {
            Some(at) => format!("It was seen last {}.", ago(self.inner.world.now().since(at))),
            None => "It was never seen here.".to_owned(),
        };
        // Of a machine that is gone for good nothing goes on, and nobody waits for it.
        let next = match replaced_by {
            Some(by) => format!("{} took its place: ask that one.", self.called(by)),
            None if !is_in_fleet => "It was taken out of the fleet and does not come back.".to_owned(),
            None => "Its backups go on without the connection. Try again once it is back.".to_owned(),
        };
        FleetError::HostAbsent {
            // Begins with a word, for the panel makes a sentence of it and a host's name is not to be capitalised.
            detail: format!(
                "the host {} is not connected, and this is asked of the host itself",
                self.called(agent)
            ),
            hint: format!("{seen} {next}"),
        }
    }

    pub(super) fn called(&self, agent: AgentId) -> Arc<str> {
        self.inner
            .index
            .look(agent, |outline| Arc::clone(&outline.name))
            .unwrap_or_else(|| Arc::from("the host"))
    }

    /// An answer's line came over this connection. What nobody waits for is dropped.
    pub fn answered(&self, seat: &Arc<Seat>, id: AskId, line: AnswerLine) {
        match line {
            AnswerLine::Part(part) => self.arrived(seat, id, Arrived::Part(Box::new(part))),
            AnswerLine::End(end) => {
                let Some(open) = self.inner.asks.take(seat, id) else { return };
                let how = match end {
                    End::Done => Ok(()),
                    End::Failed { code, message, hint } => Err(failed(&open.host, code, &message, &hint)),
                };
                open.end(how);
            }
        }
    }

    /// Bytes of a stream came.
    pub fn streamed(&self, seat: &Arc<Seat>, id: AskId, bytes: Bytes) {
        self.arrived(seat, id, Arrived::Bytes(bytes));
    }

    fn arrived(&self, seat: &Arc<Seat>, id: AskId, what: Arrived) {
        if self.inner.asks.arrived(seat, id, what).is_err() {
            self.cut(seat, id, "it sent more than it was asked for");
        }
    }

    /// Ends an answer that is not what it must be.
    pub fn cut(&self, seat: &Arc<Seat>, id: AskId, why: &str) {
        let Some(open) = self.inner.asks.take(seat, id) else { return };
        tracing::warn!(agent = %seat.agent, "an answer was cut: {why}");
        let hint = "Update the older one of agent and coordinator, then ask again.";
        let error = failed(&open.host, OrderRefusalCode::Unsupported, why, hint);
        open.end(Err(error));
        seat.stop_ask(id);
    }

    /// An order was answered. Where somebody waits for more than that: a refusal ends it, and taken it may begin.
    pub fn received(&self, seat: &Arc<Seat>, receipt: &Receipt) {
        let id = receipt.order;
        match &receipt.outcome {
            Outcome::Accepted { .. } => {
                let later = {
                    let mut all = self.inner.asks.all();
                    let open = all.get_mut(&id).filter(|open| Arc::ptr_eq(&open.seat, seat));
                    open.map_or(0, |open| std::mem::take(&mut open.later))
                };
                if later > 0 {
                    self.inner.asks.more(id, later);
                    seat.hand_asks([Ask { id, what: Asked::More(later) }]);
                }
            }
            Outcome::Refused { code, message, hint } => {
                if let Some(open) = self.inner.asks.take(seat, id) {
                    let error = failed(&open.host, *code, message, hint);
                    open.end(Err(error));
                }
            }
        }
    }

    /// Whether anybody waits for anything at all.
    pub fn awaits_answers(&self) -> bool {
        !self.inner.asks.all().is_empty()
    }
}

impl Seat {
    /// Questions, room for answers, and that nobody wants them any more: for this connection and no other.
    pub(super) fn hand_asks<const N: usize>(&self, asks: [Ask; N]) {
        self.asks.lock().unwrap_or_else(PoisonError::into_inner).extend(asks);
        self.wish(Wish::Asks);
    }

    /// Nobody wants the answer any more. What was not sent yet never is: whoever asks and leaves, again and again, fills nothing
    /// while the link is slow.
    pub(super) fn stop_ask(&self, id: AskId) {
        let mut asks = self.asks.lock().unwrap_or_else(PoisonError::into_inner);
        let unsent = asks.iter().any(|ask| ask.id == id && matches!(ask.what, Asked::Question(_)));
        asks.retain(|ask| ask.id != id);
        if !unsent {
            asks.push(Ask { id, what: Asked::Stop(Stop {}) });
            self.wish(Wish::Asks);
        }
    }

    /// What was handed over since the last time, in its order.
    pub fn take_asks(&self) -> Vec<Ask> {
        std::mem::take(&mut *self.asks.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// How a stream that broke off is told to somebody who reads lines.
pub fn ending(error: &FleetError) -> End {
    let code = match (error, error.code()) {
        (FleetError::HostRefused { code, .. }, _) => *code,
        (_, ErrorCode::NotFound) => OrderRefusalCode::NotFound,
        _ => OrderRefusalCode::Unavailable,
    };
    End::Failed { code, message: error.to_string(), hint: error.hint().to_owned() }
}
