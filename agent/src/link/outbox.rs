//! What was sent and is not yet acknowledged. Pure: which batch is next, and what an acknowledgement settles.
//!
//! The journal itself is the queue; this is only where the other end stands in it.

use std::collections::VecDeque;

use wire::{frame::Ack, journal::Head};

/// More batches than this are not sent without an acknowledgement.
pub const IN_FLIGHT: usize = 4;

#[derive(Clone, Debug)]
pub struct Outbox {
    acknowledged: Head,
    in_flight: VecDeque<Head>,
}

/// An acknowledgement of something that was never sent, or of another hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the coordinator acknowledged record {} of epoch {}, which was not sent like that", .0.seq, .0.epoch)]
pub struct UnknownAck(pub Ack);

impl Outbox {
    /// The other end holds everything up to `head`.
    pub const fn resume(head: Head) -> Self {
        Self { acknowledged: head, in_flight: VecDeque::new() }
    }

    /// The last record that was sent; `None` while no more may be sent.
    pub fn next_after(&self) -> Option<Head> {
        (self.in_flight.len() < IN_FLIGHT)
            .then(|| self.in_flight.back().copied().unwrap_or(self.acknowledged))
    }

    /// A batch that ends in `head` is on its way.
    pub fn sent(&mut self, head: Head) {
        self.in_flight.push_back(head);
    }

    pub fn is_settled(&self) -> bool {
        self.in_flight.is_empty()
    }

    /// Settles every batch up to the acknowledged one. `None`: it was settled before, the other end repeats itself.
    pub fn acknowledge(&mut self, ack: Ack) -> Result<Option<Head>, UnknownAck> {
        let settled = |head: &Head| (head.epoch, head.seq, head.hash) == (ack.epoch, ack.seq, ack.hash);
        if let Some(at) = self.in_flight.iter().position(settled) {
            self.acknowledged = self.in_flight[at];
            self.in_flight.drain(..=at);
            return Ok(Some(self.acknowledged));
        }
        let Head { epoch, seq, hash, .. } = self.acknowledged;
        let repeated =
            (ack.epoch, ack.seq) < (epoch, seq) || (ack.epoch, ack.seq, ack.hash) == (epoch, seq, hash);
        if repeated { Ok(None) } else { Err(UnknownAck(ack)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use wire::id::{AgentId, Hash32};

    fn head(seq: u64) -> Head {
        let mut hash = [0; 32];
        hash[..8].copy_from_slice(&seq.to_be_bytes());
        Head { agent: AgentId([1; 32]), epoch: 1, seq, hash: Hash32(hash) }
    }

    fn ack(head: Head) -> Ack {
        Ack { epoch: head.epoch, seq: head.seq, hash: head.hash }
    }

    #[test]
    fn an_acknowledgement_of_something_else_is_not_taken() {
        let mut outbox = Outbox::resume(head(5));
        outbox.sent(head(7));
        assert!(outbox.acknowledge(ack(head(6))).is_err());
        let other = Ack { hash: Hash32([9; 32]), ..ack(head(7)) };
        assert_eq!(outbox.acknowledge(other), Err(UnknownAck(other)));
        assert_eq!(outbox.acknowledge(ack(head(5))), Ok(None));
        assert_eq!(outbox.acknowledge(ack(head(7))), Ok(Some(head(7))));
        assert_eq!(outbox.acknowledge(ack(head(7))), Ok(None));
        assert!(outbox.is_settled());
    }

    /// One thing that happens to a link.
    #[derive(Clone, Debug)]
    enum Event {
        /// This many records are written.
        Write(u64),
        /// The agent sends what it may, batches of at most this many.
        Pump(u64),
        /// The coordinator takes this many of the batches that arrived and acknowledges them.
        Take(usize),
        /// This many acknowledgements arrive, the first of them twice.
        Hear(usize),
        /// The connection is cut: what was on its way either way is gone, and the agent resumes at what the
        /// coordinator says it holds.
        Cut,
    }

    fn event() -> impl Strategy<Value = Event> {
        prop_oneof![
            (1u64..5).prop_map(Event::Write),
            (1u64..4).prop_map(Event::Pump),
            (0usize..4).prop_map(Event::Take),
            (0usize..4).prop_map(Event::Hear),
            Just(Event::Cut),
        ]
    }

    /// A model of both ends. The coordinator takes only what continues what it holds.
    struct Link {
        written: u64,
        outbox: Outbox,
        /// (first, last) of batches on their way up.
        up: VecDeque<(u64, u64)>,
        down: VecDeque<Ack>,
        held: Vec<u64>,
    }

    impl Link {
        fn step(&mut self, event: &Event) -> Result<(), TestCaseError> {
            match *event {
                Event::Write(records) => self.written += records,
                Event::Pump(most) => {
                    while let Some(after) = self.outbox.next_after() {
                        let last = self.written.min(after.seq + most);
                        if last == after.seq {
                            break;
                        }
                        self.up.push_back((after.seq + 1, last));
                        self.outbox.sent(head(last));
                        prop_assert!(self.up.len() + self.down.len() <= IN_FLIGHT);
                    }
                }
                Event::Take(batches) => {
                    for _ in 0..batches {
                        let Some((first, last)) = self.up.pop_front() else { break };
                        prop_assert_eq!(first, self.held.len() as u64 + 1, "a gap, or a record twice");
                        self.held.extend(first..=last);
                        self.down.push_back(ack(head(last)));
                    }
                }
                Event::Hear(acks) => {
                    for n in 0..acks {
                        let Some(ack) = self.down.pop_front() else { break };
                        prop_assert!(self.outbox.acknowledge(ack).is_ok());
                        if n == 0 {
                            prop_assert_eq!(self.outbox.acknowledge(ack), Ok(None));
                        }
                    }
                }
                Event::Cut => {
                    self.up.clear();
                    self.down.clear();
                    self.outbox = Outbox::resume(head(self.held.len() as u64));
                }
            }
            Ok(())
        }
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_nothing_arrives_twice(events in proptest::collection::vec(event(), 1..200)) {
            let outbox = Outbox::resume(head(0));
            let mut link = Link { written: 0, outbox, up: VecDeque::new(), down: VecDeque::new(), held: Vec::new() };
            for event in &events {
                link.step(event)?;
            }
            // Whatever happened, a link that holds for a while brings everything over.
            link.step(&Event::Cut)?;
            while (link.held.len() as u64) < link.written {
                link.step(&Event::Pump(3))?;
                link.step(&Event::Take(IN_FLIGHT))?;
                link.step(&Event::Hear(IN_FLIGHT))?;
            }
            prop_assert_eq!(link.held, (1..=link.written).collect::<Vec<_>>());
            prop_assert!(link.outbox.is_settled());
        }
    }
}
