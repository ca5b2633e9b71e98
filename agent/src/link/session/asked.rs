//! What a coordinator wants within one connection: orders carried out, jobs watched, questions answered.

use serde::Deserialize;
use wire::{
    frame::{FrameType, Live, Watch},
    question::{AnswerLine, Answered, Ask, AskId, Asked},
    trust::Signed,
};

use super::Session;
use crate::{
    answer::{Failed, Piece},
    desired::Answer,
    link::{open::parse, problem::Problem},
};

/// The one field of a question that its refusal needs.
#[derive(Deserialize)]
struct Named {
    id: AskId,
}

impl Session<'_> {
    pub(super) async fn dispatch(&mut self, signed: Signed<wire::order::Dispatch>) -> Result<(), Problem> {
        if self.outbox.is_none() {
            return Err(Problem::Frame("an order before the welcome".to_owned()));
        }
        if self.purpose.observes {
            tracing::warn!("ignored an order: agent.toml lets this coordinator observe only");
            return Ok(());
        }
        if self.leaving {
            tracing::warn!("ignored an order: this host has left the fleet");
            return Ok(());
        }
        let now = self.open.clock.now(self.desk.world());
        match self.desk.order(&self.open.ledger, signed, now).await {
            Answer::Receipt(receipt) => {
                tracing::info!(number = receipt.number, order = %receipt.order, "answered an order");
                self.send_json(FrameType::Receipt, &receipt).await?;
                self.leaving = self.has_left().await?;
                Ok(())
            }
            Answer::Errand { receipt, errand } => {
                tracing::info!(number = receipt.number, order = %receipt.order, "answers an order");
                self.send_json(FrameType::Receipt, &receipt).await?;
                if let Some(answerer) = self.desk.answers() {
                    let now = self.desk.world().monotonic();
                    self.answers.begin(receipt.order, answerer.run(*errand), now);
                }
                Ok(())
            }
            Answer::NotWritten { receipt, problem } => {
                self.send_json(FrameType::Receipt, &receipt).await?;
                Err(problem.into())
            }
            Answer::Ignored(refusal) => {
                tracing::warn!(%refusal, "ignored an order");
                Ok(())
            }
        }
    }

    pub(super) fn watch(&mut self, watch: Watch) {
        let Some(engine) = self.desk.engine() else { return };
        // The set cannot grow beyond what one coordinator could sensibly show.
        let room = self.watched.len() < 256 || self.watched.contains(&watch.job);
        if watch.on && !room {
            return;
        }
        // Once for this connection, however often it is asked: somebody at the terminal may watch too.
        let news = if watch.on { self.watched.insert(watch.job) } else { self.watched.remove(&watch.job) };
        if news {
            engine.watch(watch.job, watch.on);
        }
    }

    pub(super) async fn live(&mut self, event: Option<Live>) -> Result<(), Problem> {
        match event {
            Some(event) if self.outbox.is_some() => self.send_json(FrameType::Live, &event).await,
            _ => Ok(()),
        }
    }

    pub(super) async fn asked(&mut self, payload: &[u8]) -> Result<(), Problem> {
        let now = self.desk.world().monotonic();
        let Ok(Ask { id, what }) = serde_json::from_slice::<Ask>(payload) else {
            // A newer coordinator's.
            let Named { id } = parse(payload)?;
            return self.say(id, Failed::unsupported().into()).await;
        };
        match what {
            Asked::More(room) => self.answers.more(id, room, now),
            Asked::Stop(_) => self.answers.stop(id),
            Asked::Question(_) if self.answers.has(id) => {
                tracing::warn!(question = %id, "ignored a question that is being answered already");
            }
            Asked::Question(question) => {
                let answerer = match self.why_silent() {
                    Some(why) => Err(why),
                    None => self.desk.answers().ok_or("the agent's service does not run yet"),
                };
                match answerer {
                    Ok(answerer) => self.answers.begin(id, answerer.ask(question), now),
                    Err(why) => return self.say(id, Failed::unavailable(why).into()).await,
                }
            }
        }
        Ok(())
    }

    const fn why_silent(&self) -> Option<&'static str> {
        if self.outbox.is_none() {
            Some("this host does not belong to the fleet yet")
        } else if self.purpose.observes {
            Some("the host's agent.toml lets this coordinator observe only")
        } else if self.leaving {
            Some("this host has left the fleet")
        } else {
            None
        }
    }

    pub(super) async fn piece(&mut self, id: AskId, piece: Piece) -> Result<(), Problem> {
        self.answers.sent(id, self.desk.world().monotonic());
        match piece {
            Piece::Line(line) => self.say(id, line).await,
            Piece::Data(bytes) => self.send(FrameType::Data, &[&id.0.as_bytes()[..], &bytes].concat()).await,
        }
    }

    async fn say(&mut self, id: AskId, line: AnswerLine) -> Result<(), Problem> {
        self.send_json(FrameType::Answer, &Answered { id, line }).await
    }

    /// What nobody takes ends.
    pub(super) async fn let_go(&mut self) -> Result<(), Problem> {
        for id in self.answers.forgotten(self.desk.world().monotonic()) {
            self.say(id, Failed::unavailable("nobody took the answer for five minutes").into()).await?;
        }
        Ok(())
    }
}
