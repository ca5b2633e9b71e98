//! The answers that one connection owes: how much room each has, and whose turn it is.

use std::{
    collections::BTreeMap,
    ops::Bound::{Excluded, Unbounded},
    task::{Context, Poll},
    time::Duration,
};

use wire::question::AskId;

use crate::answer::{Asking, Piece};

/// What nobody gave room for in so long ends.
const FORGOTTEN: Duration = Duration::from_mins(5);
/// More room than this nobody has.
const MOST_ROOM: u32 = 4_096;

#[derive(Default)]
pub struct Answers {
    open: BTreeMap<AskId, Open>,
    /// Whose piece went last.
    last: Option<AskId>,
}

struct Open {
    asking: Asking,
    room: u32,
    /// Came, and has no room yet.
    waiting: Option<Piece>,
    /// When room was given, or something went, last.
    moved: Duration,
}

impl Answers {
    pub fn begin(&mut self, id: AskId, asking: Asking, now: Duration) {
        self.open.insert(id, Open { asking, room: 0, waiting: None, moved: now });
    }

    pub fn has(&self, id: AskId) -> bool {
        self.open.contains_key(&id)
    }

    /// There is room for so many more pieces.
    pub fn more(&mut self, id: AskId, room: u32, now: Duration) {
        if let Some(open) = self.open.get_mut(&id) {
            open.room = open.room.saturating_add(room).min(MOST_ROOM);
            open.moved = now;
        }
    }

    /// Nobody wants the rest: whatever works for it ends.
    pub fn stop(&mut self, id: AskId) {
        self.open.remove(&id);
    }

    pub fn sent(&mut self, id: AskId, now: Duration) {
        if let Some(open) = self.open.get_mut(&id) {
            open.moved = now;
        }
    }

    /// Those that nobody took for too long; they are ended.
    pub fn forgotten(&mut self, now: Duration) -> Vec<AskId> {
        let old = |open: &Open| open.room == 0 && now.saturating_sub(open.moved) >= FORGOTTEN;
        let ids: Vec<AskId> = self.open.iter().filter(|(_, open)| old(open)).map(|(id, _)| *id).collect();
        for id in &ids {
            self.stop(*id);
        }
        ids
    }

    /// The next piece that has room, each answer in its turn. May be dropped while it waits: nothing is lost.
    pub async fn next(&mut self) -> (AskId, Piece) {
        std::future::poll_fn(|context| self.poll(context)).await
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<(AskId, Piece)> {
        let after = self.last.map_or(Unbounded, Excluded);
        let later = self.open.range((after, Unbounded)).map(|(id, _)| *id);
        let mut turns: Vec<AskId> = later.collect();
        turns.extend(self.open.keys().copied().take_while(|id| Some(*id) <= self.last));
        for id in turns {
            let Some(open) = self.open.get_mut(&id) else { continue };
            if open.waiting.is_none()
                && let Poll::Ready(piece) = open.asking.poll(context)
            {
                open.waiting = piece;
            }
            let has_room = |piece: &mut Piece| piece.is_end() || open.room > 0;
            let Some(piece) = open.waiting.take_if(has_room) else { continue };
            if piece.is_end() {
                self.open.remove(&id);
            } else {
                open.room -= 1;
            }
            self.last = Some(id);
            return Poll::Ready((id, piece));
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::{Answerer, Failed};

    #[tokio::test]
    async fn what_nobody_gives_room_for_ends_and_an_end_needs_none() {
        let id = |n| wire::id::OrderId(uuid::Uuid::from_u128(n));
        let at = Duration::from_mins;
        let mut answers = Answers::default();
        for n in 1..=3 {
            answers.begin(id(n), Answerer::refuse(Failed::busy()), at(0));
        }
        answers.more(id(2), 1, at(1));
        assert_eq!(answers.forgotten(at(4)), []);
        assert_eq!(answers.forgotten(at(5)), [id(1), id(3)]);
        assert!(!answers.has(id(1)));
        assert_eq!(answers.forgotten(at(50)), [], "there is room: it is the answer that takes its time");
        answers.begin(id(4), Answerer::refuse(Failed::busy()), at(50));
        for n in [2, 4] {
            let (whose, piece) = answers.next().await;
            assert!(piece.is_end() && whose == id(n));
        }
        assert!(!answers.has(id(4)));
    }
}
