//! The other end: a coordinator's half of the channel, and a model of what a coordinator holds.

use futures_util::{SinkExt as _, StreamExt as _};
use serde::{Serialize, de::DeserializeOwned};
use tokio::io::DuplexStream;
use tokio_tungstenite::{
    WebSocketStream, accept_async,
    tungstenite::{self, Message, protocol::CloseFrame},
};
use tokio_util::sync::CancellationToken;
use wire::{
    action::Receipt,
    channel::{AgentIntro, Frame, Negotiated, Responder, Transport},
    frame::{Ack, FrameType, Hello, ProtocolRange, Refusal, RefusalCode, Welcome},
    id::{AgentId, Hash32},
    identity::CoordinatorKeys,
    journal::{Batch, SignedHead, Start},
    order::Dispatch,
    trust::Signed,
};

use crate::{
    desired::rehearsal::{Fleet, Host, START},
    link::dial::{Socket, upgrade},
    store::journal,
    world::World,
};

/// The agent's half of the upgrade.
pub async fn connect(stream: DuplexStream) -> Result<Socket, tungstenite::Error> {
    upgrade("ws://coordinator/agent/v1/socket", Box::new(stream)).await
}

pub struct Peer {
    socket: WebSocketStream<DuplexStream>,
    transport: Transport,
    pub intro: AgentIntro,
}

/// The link is over, or what came was not what should.
#[derive(Debug)]
pub struct Over;

impl Peer {
    pub async fn accept(stream: DuplexStream, keys: &CoordinatorKeys) -> Result<Self, Over> {
        let mut socket = accept_async(stream).await.map_err(|_| Over)?;
        let (world, _) = World::fake(START, 99);
        let first = bytes(&mut socket).await?;
        let offered =
            Responder::new(&keys.channel, &mut world.rng()).unwrap().read(&first).map_err(|_| Over)?;
        let answer = offered.answer(ProtocolRange::OURS, keys.id(), "test", START).map_err(|_| Over)?;
        let Negotiated::Chosen { message, next } = answer else { return Err(Over) };
        socket.send(Message::Binary(message.into())).await.map_err(|_| Over)?;
        let third = bytes(&mut socket).await?;
        let (intro, transport) = next.read(&third).map_err(|_| Over)?;
        Ok(Self { socket, transport, intro })
    }

    /// Answers the first message with a refusal.
    pub async fn refuse(stream: DuplexStream, keys: &CoordinatorKeys, refusal: Refusal) {
        let mut socket = accept_async(stream).await.unwrap();
        let (world, _) = World::fake(START, 99);
        let first = bytes(&mut socket).await.unwrap();
        let offered = Responder::new(&keys.channel, &mut world.rng()).unwrap().read(&first).unwrap();
        let message = offered.refuse(refusal).unwrap();
        socket.send(Message::Binary(message.into())).await.unwrap();
    }

    pub async fn send(&mut self, kind: FrameType, payload: &[u8]) -> Result<(), Over> {
        let mut messages = Vec::new();
        self.transport.seal_frame(kind as u8, payload, &mut messages).map_err(|_| Over)?;
        for message in messages {
            self.socket.send(Message::Binary(message.into())).await.map_err(|_| Over)?;
        }
        Ok(())
    }

    pub async fn send_json(&mut self, kind: FrameType, value: &impl Serialize) -> Result<(), Over> {
        self.send(kind, &serde_json::to_vec(value).unwrap()).await
    }

    /// The very same messages once more, as somebody on the way could repeat them.
    pub async fn send_twice(&mut self, kind: FrameType, value: &impl Serialize) -> Result<(), Over> {
        let mut messages = Vec::new();
        let payload = serde_json::to_vec(value).unwrap();
        self.transport.seal_frame(kind as u8, &payload, &mut messages).map_err(|_| Over)?;
        for message in messages.iter().chain(&messages) {
            self.socket.send(Message::Binary(message.clone().into())).await.map_err(|_| Over)?;
        }
        Ok(())
    }

    pub async fn receive(&mut self) -> Result<Frame, Over> {
        loop {
            let message = bytes(&mut self.socket).await?;
            if let Some(frame) = self.transport.open_message(&message).map_err(|_| Over)? {
                return Ok(frame);
            }
        }
    }

    /// The next frame of this kind; batches, pings and receipts that come before it are passed over.
    pub async fn expect<T: DeserializeOwned>(&mut self, kind: FrameType) -> Result<T, Over> {
        loop {
            let frame = self.receive().await?;
            if frame.kind() == kind as u8 {
                return serde_json::from_slice(frame.payload()).map_err(|_| Over);
            }
        }
    }

    /// Reads to the end; the refusal that the agent said goodbye with.
    pub async fn goodbye(&mut self) -> Option<Refusal> {
        self.expect(FrameType::Bye).await.ok()
    }

    pub async fn close(&mut self, code: RefusalCode) {
        let frame = CloseFrame { code: code.close_code().into(), reason: "".into() };
        let _ = self.socket.close(Some(frame)).await;
    }
}

async fn bytes(socket: &mut WebSocketStream<DuplexStream>) -> Result<Vec<u8>, Over> {
    loop {
        match socket.next().await {
            Some(Ok(Message::Binary(bytes))) => return Ok(bytes.to_vec()),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            _ => return Err(Over),
        }
    }
}

/// What a coordinator holds of one agent: it takes what continues it, verified, and nothing else.
pub struct Coordinator {
    agent: AgentId,
    pub held: Option<SignedHead>,
    /// Of every record that was taken, in order.
    pub hashes: Vec<Hash32>,
    /// A new epoch named what was held as its predecessor.
    pub followed: bool,
}

impl Coordinator {
    pub const fn new(agent: AgentId) -> Self {
        Self { agent, held: None, hashes: Vec::new(), followed: false }
    }

    pub async fn welcome(&self, peer: &mut Peer) -> Result<(), Over> {
        let welcome = Welcome::Approved { name: "web-1".to_owned(), head: self.held, credential: None };
        peer.send_json(FrameType::Welcome, &welcome).await
    }

    /// Takes the next batch and acknowledges it; other frames are passed over.
    pub async fn take(&mut self, peer: &mut Peer) -> Result<(), Over> {
        loop {
            let frame = peer.receive().await?;
            if frame.kind() == FrameType::Batch as u8 {
                let ack = self.batch(frame.payload());
                return peer.send_json(FrameType::Ack, &ack).await;
            }
        }
    }

    /// Waits for a frame of this kind; batches that come before it are taken and acknowledged.
    pub async fn until(&mut self, peer: &mut Peer, kind: FrameType) -> Result<(), Over> {
        loop {
            let frame = peer.receive().await?;
            if frame.kind() == FrameType::Batch as u8 {
                let ack = self.batch(frame.payload());
                peer.send_json(FrameType::Ack, &ack).await?;
            } else if frame.kind() == kind as u8 {
                return Ok(());
            }
        }
    }

    fn batch(&mut self, bytes: &[u8]) -> Ack {
        assert!(bytes.len() <= wire::journal::BATCH_LIMIT_BYTES);
        let batch = Batch::decode(bytes).expect("a batch");
        let held = self.held.map(|held| held.head);
        let verified =
            batch.verify(self.agent, held.as_ref()).expect("it continues what is held, and is signed");
        self.followed |= matches!(verified.start, Start::NewEpoch { follows_held: true, .. });
        self.hashes.extend(&verified.hashes);
        self.held = Some(verified.head);
        let head = verified.head.head;
        Ack { epoch: head.epoch, seq: head.seq, hash: head.hash }
    }

    /// Serves one connection, giving one order, and cuts it after so many steps.
    pub async fn until_cut(
        &mut self,
        stream: DuplexStream,
        fleet: &Fleet,
        dispatch: &Signed<Dispatch>,
        steps: usize,
        receipts: &mut Vec<Receipt>,
    ) {
        let mut left = steps;
        let mut step = || {
            let go_on = left > 0;
            left = left.saturating_sub(1);
            if go_on { Ok(()) } else { Err(Over) }
        };
        let serve = async {
            step()?;
            let mut peer = Peer::accept(stream, &fleet.coordinator).await?;
            step()?;
            peer.send_json(FrameType::Statements, &fleet.statements).await?;
            step()?;
            let _: Hello = peer.expect(FrameType::Hello).await?;
            step()?;
            self.welcome(&mut peer).await?;
            step()?;
            peer.send_json(FrameType::Dispatch, dispatch).await?;
            loop {
                step()?;
                let frame = peer.receive().await?;
                match FrameType::from_byte(frame.kind()) {
                    Some(FrameType::Batch) => {
                        let ack = self.batch(frame.payload());
                        // Sometimes it is committed here and the acknowledgement is lost.
                        step()?;
                        peer.send_json(FrameType::Ack, &ack).await?;
                        // Nothing may come of it that the agent does not write: a ping keeps the steps going.
                        peer.send(FrameType::Ping, &[0; 8]).await?;
                    }
                    Some(FrameType::Receipt) => {
                        receipts.push(serde_json::from_slice(frame.payload()).unwrap());
                    }
                    Some(FrameType::Pong) => peer.send(FrameType::Ping, &[0; 8]).await?,
                    _ => {}
                }
            }
        };
        let ended: Result<(), Over> = serve.await;
        assert!(ended.is_err());
    }

    /// Serves one connection until everything that is in the host's journal is here, then tells the host to stop.
    pub async fn until_level(
        &mut self,
        stream: DuplexStream,
        fleet: &Fleet,
        host: &Host,
        stop: CancellationToken,
    ) {
        let mut peer = Peer::accept(stream, &fleet.coordinator).await.unwrap();
        peer.send_json(FrameType::Statements, &fleet.statements).await.unwrap();
        let _: Hello = peer.expect(FrameType::Hello).await.unwrap();
        self.welcome(&mut peer).await.unwrap();
        while self.held.map(|held| held.head) != Some(host.read(journal::head).await) {
            self.take(&mut peer).await.unwrap();
        }
        stop.cancel();
        while peer.receive().await.is_ok() {}
    }

    /// Serves one connection until the agent ends it; what it said then.
    pub async fn until_over(&self, stream: DuplexStream, fleet: &Fleet) -> Option<Refusal> {
        let mut peer = Peer::accept(stream, &fleet.coordinator).await.unwrap();
        peer.send_json(FrameType::Statements, &fleet.statements).await.unwrap();
        let _: Hello = peer.expect(FrameType::Hello).await.unwrap();
        self.welcome(&mut peer).await.unwrap();
        peer.goodbye().await
    }
}
