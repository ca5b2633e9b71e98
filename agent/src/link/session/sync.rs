//! The journal's way up within one connection: where to go on, what is sent, what is acknowledged, the last words.

use std::time::Duration;

use wire::{
    frame::{Ack, FrameType},
    journal::{BatchBuilder, SignedHead},
};

use super::Session;
use crate::{
    link::{
        open::parse,
        outbox::Outbox,
        problem::Problem,
        resume::{self, Resume},
    },
    store::outbox,
};

/// For the last records and their acknowledgements when the agent stops.
const LAST_WORDS: Duration = Duration::from_secs(3);

impl Session<'_> {
    /// Finds out where the coordinator stands in our journal, and goes on from there.
    pub(super) async fn resume(&mut self, theirs: Option<&SignedHead>) -> Result<(), Problem> {
        let (agent, theirs) = (self.desk.agent(), theirs.copied());
        let found = self
            .desk
            .store()
            .read(move |connection| resume::resume(connection, agent, theirs.as_ref()))
            .await?;
        let (coordinator, now) = (self.open.coordinator.id, self.desk.world().now());
        let after = match found {
            Resume::After(head) => head,
            Resume::Unsigned(problem) => return Err(problem.into()),
            Resume::Fork { theirs } => return Err(Problem::Fork { epoch: theirs.epoch, seq: theirs.seq }),
            Resume::SetBack { theirs } => {
                tracing::error!(
                    epoch = theirs.epoch,
                    seq = theirs.seq,
                    "this host's disk was set back: its journal goes on in a new epoch, retention waits for a person"
                );
                self.desk.store().write(move |tx| resume::begin_after(tx, coordinator, theirs, now)).await?
            }
        };
        let ack = (after.seq > 0).then_some(Ack { epoch: after.epoch, seq: after.seq, hash: after.hash });
        let store = self.desk.store();
        let known = store.read(move |connection| outbox::acknowledged(connection, coordinator)).await?;
        if known != ack {
            store.write(move |tx| outbox::set_acknowledged(tx, coordinator, ack, now)).await?;
        }
        self.outbox = Some(Outbox::resume(after));
        Ok(())
    }

    /// Sends what is not sent yet, as far as the other end keeps up.
    pub(super) async fn pump(&mut self) -> Result<(), Problem> {
        while let Some(after) = self.outbox.as_ref().and_then(Outbox::next_after) {
            let next: Option<BatchBuilder> =
                self.desk.store().read(move |connection| outbox::next_batch(connection, after)).await?;
            let signed = next.and_then(|batch| batch.finish(&self.desk.keys().identity));
            let Some((bytes, head)) = signed else { return Ok(()) };
            self.send(FrameType::Batch, &bytes).await?;
            if let Some(outbox) = &mut self.outbox {
                outbox.sent(head.head);
            }
        }
        Ok(())
    }

    pub(super) async fn acknowledge(&mut self, ack: Ack) -> Result<(), Problem> {
        let outbox =
            self.outbox.as_mut().ok_or_else(|| Problem::Frame("an ack before the welcome".to_owned()))?;
        if outbox.acknowledge(ack)?.is_some() {
            let (coordinator, now) = (self.open.coordinator.id, self.desk.world().now());
            // A disk that takes nothing does not end the connection: what is held is asked at the next welcome anyway.
            let kept = self
                .desk
                .store()
                .write(move |tx| outbox::set_acknowledged(tx, coordinator, Some(ack), now))
                .await;
            if let Err(error) = kept {
                tracing::warn!(%error, "an acknowledgement could not be noted");
            }
        }
        Ok(())
    }

    /// Brings over what is written but not acknowledged, for a moment, and closes.
    pub(super) async fn last_words(&mut self) {
        let world = self.desk.world().clone();
        let rest = async {
            loop {
                self.pump().await?;
                if self.outbox.as_ref().is_none_or(Outbox::is_settled) {
                    return Ok::<(), Problem>(());
                }
                let frame = self.open.pipe.receive().await?;
                if frame.kind() == FrameType::Ack as u8 {
                    self.acknowledge(parse(frame.payload())?).await?;
                }
            }
        };
        // What does not come over now is still in the journal.
        let _ = world.within(LAST_WORDS, rest).await;
        let _ = world.within(LAST_WORDS, self.open.pipe.close(None)).await;
    }
}
