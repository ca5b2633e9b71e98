//! A batch of a live agent's journal: verified, committed, and then told to whoever looks.

use std::sync::Arc;

use wire::{
    frame::{Ack, Refusal, RefusalCode},
    id::{AgentId, UnixMs},
    journal::{ChainError, Head, SignedHead},
    view::Event,
};

use super::{Fleet, outline::Patch};
use crate::{
    ingest::{self, Applied, IngestError, Prepared, Touched},
    store::{
        Committing, StoreError, Tx, chains,
        hosts::{self, HostId, Trouble},
        records::{self, Place},
    },
};

/// Batches above this size are verified on a thread of their own, so that no other connection waits for them.
const SMALL_BYTES: usize = 16 * 1024;

/// A batch that is held.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TakenBatch {
    /// Where the journal stands here.
    pub head: SignedHead,
    pub ack: Ack,
}

/// Why a batch was not taken, in words for the agent. Nothing of it was applied.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{}", .0.message)]
pub struct BatchRefusal(pub Refusal);

/// A verified batch on its way to the disk.
#[derive(Debug)]
pub struct Taking {
    host: HostId,
    agent: AgentId,
    /// What is held once it is committed.
    pub head: SignedHead,
    /// `None` when it was held before.
    committing: Option<Committing<SignedHead, IngestError>>,
}

impl Fleet {
    /// Verifies a batch against `held`, applies it in one transaction and answers once that is committed.
    pub async fn take_batch(
        &self,
        host: HostId,
        agent: AgentId,
        held: Option<Head>,
        bytes: Vec<u8>,
    ) -> Result<TakenBatch, BatchRefusal> {
        let mut taking = self.begin_batch(host, agent, held, bytes).await?;
        self.finish_batch(&mut taking).await
    }

    /// Verifies a batch and hands it to the writer. The next one may begin on [`Taking::head`] before this one is
    /// committed: they are written in this order, and none after one that fails.
    pub async fn begin_batch(
        &self,
        host: HostId,
        agent: AgentId,
        held: Option<Head>,
        bytes: Vec<u8>,
    ) -> Result<Taking, BatchRefusal> {
        let bytes = Arc::new(bytes);
        let begun = match (prepare(Arc::clone(&bytes), agent, held).await, held) {
            (Err(IngestError::Chain(ChainError::Gap { epoch, expected, found })), Some(held))
                if held.epoch == epoch && found < expected =>
            {
                self.held_already(host, agent, held, found, bytes).await.map(|head| Taking {
                    host,
                    agent,
                    head,
                    committing: None,
                })
            }
            (Ok(prepared), _) => self.hand_in(host, agent, prepared).await,
            (Err(error), _) => Err(error),
        };
        begun.map_err(|error| refusal(&error))
    }

    /// Ready once the batch is committed. Nothing is lost when this is dropped while it waits.
    pub async fn finish_batch(&self, taking: &mut Taking) -> Result<TakenBatch, BatchRefusal> {
        let Some(committing) = &mut taking.committing else { return Ok(taken(taking.head)) };
        let committed = committing.await;
        if let Err(IngestError::Fork { epoch, seq }) = &committed {
            Box::pin(self.report_fork(taking.host, taking.agent, *epoch, *seq)).await;
        }
        committed.map(taken).map_err(|error| refusal(&error))
    }

    async fn hand_in(&self, host: HostId, agent: AgentId, batch: Prepared) -> Result<Taking, IngestError> {
        let fleet = self.clone();
        let head = *batch.head();
        let apply = move |tx: &Tx<'_>| {
            let now = fleet.inner.world.now();
            let applied = ingest::apply(tx, host, &batch, now)?;
            let in_line = Touched { repositories: false, ..applied.effects.touched };
            let patch = Patch::read(tx, host, in_line, now)?;
            let head = applied.head;
            tx.on_commit(move || fleet.tell_applied(agent, applied, patch, now));
            Ok(head)
        };
        let committing = self.inner.store.hand_in(apply).await?;
        Ok(Taking { host, agent, head, committing: Some(committing) })
    }

    /// Runs on the writer thread after the commit.
    fn tell_applied(&self, agent: AgentId, applied: Applied, patch: Patch, now: UnixMs) {
        let effects = applied.effects;
        self.patch(agent, patch, &effects.ended, now);
        for job in effects.jobs {
            self.tell(Event::Job { agent, job });
        }
        if effects.touched.orders {
            self.tell(Event::Order { agent });
        }
        self.tell(Event::Host { agent });
        // What is added up is what the plan names.
        if effects.touched.repositories || effects.touched.plan {
            self.sizes_changed(agent);
        }
        if effects.claims_answered {
            self.shares_changed(self.inner.index.repositories_of(agent));
        }
    }

    /// The batch begins within what is held: the same records again are acknowledged again, others are a fork.
    async fn held_already(
        &self,
        host: HostId,
        agent: AgentId,
        held: Head,
        first_seq: u64,
        bytes: Arc<Vec<u8>>,
    ) -> Result<SignedHead, IngestError> {
        let store = &self.inner.store;
        let epoch = store
            .read(move |connection| chains::latest(connection, host, agent))
            .await?
            .filter(|epoch| epoch.head.head.epoch == held.epoch)
            .ok_or(IngestError::Overtaken)?;
        let chain = epoch.id;
        let hash_at =
            move |seq| store.read(move |connection| records::hash_at(connection, Place::new(chain, seq)?));
        let before = match first_seq - 1 {
            0 => Head::genesis(agent, held.epoch, epoch.previous),
            seq => Head { seq, hash: hash_at(seq).await?.ok_or(IngestError::Overtaken)?, ..held },
        };
        let overlap = ingest::overlap(&bytes, agent, &before)?;
        for (seq, signed) in (first_seq..=epoch.head.head.seq).zip(&overlap.hashes) {
            if hash_at(seq).await? != Some(*signed) {
                let fork = IngestError::Fork { epoch: held.epoch, seq };
                self.report_fork(host, agent, held.epoch, seq).await;
                return Err(fork);
            }
        }
        if overlap.head.head.seq > epoch.head.head.seq {
            // Half known, half new: the agent begins again right after the head that is held.
            return Err(IngestError::Overtaken);
        }
        Ok(overlap.head)
    }

    /// Two machines write this journal: nothing more is applied, and whoever is connected hears of it.
    pub async fn report_fork(&self, host: HostId, agent: AgentId, epoch: u64, seq: u64) {
        tracing::error!(%agent, epoch, seq, "the journal forked");
        let fleet = self.clone();
        let written = self
            .inner
            .store
            .write(move |tx| {
                hosts::set_trouble(tx, host, Some(&Trouble::Fork { epoch, seq }))?;
                tx.on_commit(move || {
                    fleet.inner.hub.close(agent, &fork_refusal(epoch, seq));
                    fleet.tell(Event::Host { agent });
                });
                Ok::<_, StoreError>(())
            })
            .await;
        if let Err(error) = written {
            tracing::error!(%agent, %error, "the fork could not be written down");
        }
    }
}

async fn prepare(bytes: Arc<Vec<u8>>, agent: AgentId, held: Option<Head>) -> Result<Prepared, IngestError> {
    if bytes.len() <= SMALL_BYTES {
        return ingest::prepare(&bytes, agent, held.as_ref());
    }
    tokio::task::spawn_blocking(move || ingest::prepare(&bytes, agent, held.as_ref()))
        .await
        .unwrap_or(Err(IngestError::Store(StoreError::Closed)))
}

const fn taken(head: SignedHead) -> TakenBatch {
    let Head { epoch, seq, hash, .. } = head.head;
    TakenBatch { head, ack: Ack { epoch, seq, hash } }
}

pub(super) fn fork_refusal(epoch: u64, seq: u64) -> Refusal {
    Refusal {
        code: RefusalCode::Fork,
        message: format!(
            "Record {seq} of epoch {epoch} of this host's journal is known with another content: two machines use \
             the same identity."
        ),
        hint: "Backups go on. Give the copy an identity of its own: remove its key file there and enrol it anew."
            .into(),
        supported: None,
    }
}

fn refusal(error: &IngestError) -> BatchRefusal {
    let message = error.to_string();
    let (code, hint) = match error {
        IngestError::Fork { epoch, seq } => return BatchRefusal(fork_refusal(*epoch, *seq)),
        IngestError::Batch(_) => (RefusalCode::Frame, "Update the older side."),
        IngestError::Chain(_) => {
            (RefusalCode::Journal, "The agent connects again and goes on where the coordinator stands.")
        }
        IngestError::Overtaken => {
            (RefusalCode::Unavailable, "The agent connects again and goes on where the coordinator stands.")
        }
        IngestError::Store(_) => (
            RefusalCode::Unavailable,
            "Nothing is lost: the agent sends it again once the coordinator can write.",
        ),
    };
    BatchRefusal(Refusal { code, message, hint: hint.into(), supported: None })
}
