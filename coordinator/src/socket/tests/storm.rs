//! Many agents over bad links: connections break in the middle of frames, and every journal still arrives whole.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _, future::join_all};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, protocol::Role},
};
use wire::{
    channel::Initiator,
    frame::{Ack, FrameType, ProtocolRange, Welcome},
    job::JobState,
};

use crate::{
    fleet::tests::stage::{Actor, Stage, peer},
    ingest,
    socket::serve,
};

/// A stream that breaks once so many bytes came in.
struct Fragile {
    stream: DuplexStream,
    left: usize,
}

impl AsyncRead for Fragile {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        if self.left == 0 {
            return Poll::Ready(Err(std::io::ErrorKind::ConnectionReset.into()));
        }
        let room = into.remaining().min(self.left);
        let mut part = vec![0; room];
        let mut part = ReadBuf::new(&mut part);
        let read = Pin::new(&mut self.stream).poll_read(context, &mut part);
        self.left -= part.filled().len();
        into.put_slice(part.filled());
        read
    }
}

impl AsyncWrite for Fragile {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// One connection; the number of records that are acknowledged when it breaks or everything is sent.
async fn connection(stage: &Stage, actor: &Actor, breaks_after: usize, per_batch: usize) -> Option<usize> {
    let (theirs, ours) = tokio::io::duplex(8 * 1024);
    let ours = Fragile { stream: ours, left: breaks_after };
    let served = tokio::spawn(serve(ours, Bytes::new(), peer(1), stage.fleet.clone()));
    let said = talk(stage, actor, theirs, per_batch).await;
    served.await.unwrap();
    said
}

async fn talk(stage: &Stage, actor: &Actor, theirs: DuplexStream, per_batch: usize) -> Option<usize> {
    let mut socket = WebSocketStream::from_raw_socket(theirs, Role::Client, None).await;
    let (initiator, first) =
        Initiator::start(&actor.keys, ProtocolRange::OURS, None, &mut stage.world.rng()).unwrap();
    socket.send(Message::Binary(first.into())).await.ok()?;
    let second = next(&mut socket).await?;
    let (mut transport, third) = initiator.read(&second).unwrap().finish().unwrap();
    socket.send(Message::Binary(third.into())).await.ok()?;
    let mut held = None;
    loop {
        let message = next(&mut socket).await;
        let Some(message) = message else { return held };
        let Some(frame) = transport.open_message(&message).unwrap() else { continue };
        let mut out = Vec::new();
        match FrameType::from_byte(frame.kind()).unwrap() {
            FrameType::Statements => {
                let hello = serde_json::to_vec(&actor.hello()).unwrap();
                transport.seal_frame(FrameType::Hello as u8, &hello, &mut out).unwrap();
            }
            kind @ (FrameType::Welcome | FrameType::Ack) => {
                let from = if kind == FrameType::Ack {
                    serde_json::from_slice::<Ack>(frame.payload()).unwrap().seq
                } else {
                    let welcome = serde_json::from_slice(frame.payload()).unwrap();
                    let Welcome::Approved { head, .. } = welcome else { panic!("{welcome:?}") };
                    head.map_or(0, |head| head.head.seq)
                };
                let from = usize::try_from(from).unwrap();
                held = Some(from);
                if from == actor.records.len() {
                    let _ = socket.close(None).await;
                    return held;
                }
                let to = (from + per_batch).min(actor.records.len());
                let (batch, _) = actor.batch(from, to);
                transport.seal_frame(FrameType::Batch as u8, &batch, &mut out).unwrap();
            }
            other => panic!("{other:?}"),
        }
        for message in out {
            if socket.send(Message::Binary(message.into())).await.is_err() {
                return held;
            }
        }
    }
}

async fn next(socket: &mut WebSocketStream<DuplexStream>) -> Option<Bytes> {
    match socket.next().await {
        Some(Ok(Message::Binary(message))) => Some(message),
        _ => None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_journal_arrives_whole_over_links_that_break() {
    let stage = Arc::new(Stage::new().await);
    let mut agents = Vec::new();
    for n in 0..24usize {
        let (mut actor, _) = stage.member(&format!("host-{n}")).await;
        actor.append(&actor.facts());
        for backup in 0..6 + n % 5 {
            actor.backup(if backup % 4 == 0 { JobState::Failed } else { JobState::Succeeded }, 4);
        }
        agents.push(actor);
    }
    let tasks = agents.iter().cloned().enumerate().map(|(n, actor)| {
        let stage = Arc::clone(&stage);
        tokio::spawn(async move {
            let mut tries = 0;
            // Each link carries a little more than the one before, so that the end comes.
            for breaks_after in (700 + n * 13..).step_by(211) {
                tries += 1;
                let held = connection(&stage, &actor, breaks_after, 1 + n % 7).await;
                if held == Some(actor.records.len()) {
                    break;
                }
            }
            tries
        })
    });
    let tries: Vec<usize> = join_all(tasks).await.into_iter().map(Result::unwrap).collect();
    assert!(tries.iter().all(|tries| *tries > 1), "a link that never broke proves nothing: {tries:?}");

    let checked = stage.fleet.store().read(ingest::check).await.unwrap();
    let records: usize = agents.iter().map(|actor| actor.records.len()).sum();
    assert_eq!((checked.bad, checked.records), (vec![], records as u64));
    for actor in &agents {
        let view = stage.fleet.host(actor.id()).await.unwrap();
        let head = actor.head_at(actor.records.len());
        assert_eq!((view.journal.seq, view.trouble), (head.seq, None));
    }
}
