//! An agent's end of a connection, out of parts that are not ours: tungstenite's framing, wire's channel.

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use serde::{Serialize, de::DeserializeOwned};
use tokio::{io::DuplexStream, task::JoinHandle};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, protocol::Role},
};
use wire::{
    channel::{ChannelError, Initiator, Transport},
    frame::{FrameType, ProtocolRange, Refusal, Welcome},
    id::FleetId,
    trust::{Signed, Statement},
};

use crate::{
    fleet::tests::stage::{Actor, Stage, peer},
    socket::serve,
};

pub type Socket = WebSocketStream<DuplexStream>;

/// What the coordinator said.
#[derive(Debug, PartialEq, Eq)]
pub enum Said {
    Frame(u8, Vec<u8>),
    /// With its close code.
    Closed(Option<u16>),
}

#[derive(Debug)]
pub struct Wire {
    socket: Socket,
    transport: Transport,
    pub statements: Vec<Signed<Statement>>,
}

pub async fn send_raw(socket: &mut Socket, message: Vec<u8>) {
    socket.send(Message::Binary(message.into())).await.unwrap();
}

/// The next binary message, or the code that the socket was closed with.
pub async fn message(socket: &mut Socket) -> Result<Bytes, Option<u16>> {
    loop {
        match socket.next().await {
            Some(Ok(Message::Binary(message))) => return Ok(message),
            Some(Ok(Message::Close(frame))) => return Err(frame.map(|frame| frame.code.into())),
            Some(Ok(_)) => {}
            Some(Err(_)) | None => return Err(None),
        }
    }
}

impl Wire {
    /// A socket that the coordinator serves, before anything was said.
    pub fn raw(stage: &Stage) -> (Socket, JoinHandle<()>) {
        let (theirs, ours) = tokio::io::duplex(16 * 1024);
        let task = tokio::spawn(serve(ours, Bytes::new(), peer(1), stage.fleet.clone()));
        let socket =
            futures_util::FutureExt::now_or_never(Socket::from_raw_socket(theirs, Role::Client, None));
        (socket.expect("nothing is waited for"), task)
    }

    pub async fn connect(stage: &Stage, actor: &Actor, pinned: Option<FleetId>) -> Result<Self, Refusal> {
        Self::connect_with(stage, actor, pinned, ProtocolRange::OURS).await
    }

    pub async fn connect_with(
        stage: &Stage,
        actor: &Actor,
        pinned: Option<FleetId>,
        range: ProtocolRange,
    ) -> Result<Self, Refusal> {
        let (mut socket, _) = Self::raw(stage);
        let (initiator, first) =
            Initiator::start(&actor.keys, range, pinned, &mut stage.world.rng()).unwrap();
        send_raw(&mut socket, first).await;
        let second = message(&mut socket).await.unwrap();
        let answered = match initiator.read(&second) {
            Err(ChannelError::Refused(refusal)) => return Err(refusal),
            other => other.unwrap(),
        };
        let (transport, third) = answered.finish().unwrap();
        send_raw(&mut socket, third).await;
        let mut wire = Self { socket, transport, statements: Vec::new() };
        wire.statements = wire.expect(FrameType::Statements).await;
        Ok(wire)
    }

    /// A member, welcomed.
    pub async fn live(stage: &Stage, actor: &Actor) -> Self {
        let mut wire = Self::connect(stage, actor, Some(stage.kit.fleet())).await.unwrap();
        wire.hello(actor).await;
        let welcome: Welcome = wire.expect(FrameType::Welcome).await;
        assert!(matches!(welcome, Welcome::Approved { .. }), "{welcome:?}");
        wire
    }

    pub async fn hello(&mut self, actor: &Actor) {
        self.send_json(FrameType::Hello, &actor.hello()).await;
    }

    pub async fn send(&mut self, kind: FrameType, payload: &[u8]) {
        self.send_unknown(kind as u8, payload).await;
    }

    pub async fn send_unknown(&mut self, kind: u8, payload: &[u8]) {
        let mut messages = Vec::new();
        self.transport.seal_frame(kind, payload, &mut messages).unwrap();
        for message in messages {
            send_raw(&mut self.socket, message).await;
        }
    }

    pub async fn send_json(&mut self, kind: FrameType, value: &impl Serialize) {
        self.send(kind, &serde_json::to_vec(value).unwrap()).await;
    }

    pub async fn next(&mut self) -> Said {
        loop {
            match message(&mut self.socket).await {
                Err(code) => return Said::Closed(code),
                Ok(message) => {
                    if let Some(frame) = self.transport.open_message(&message).unwrap() {
                        return Said::Frame(frame.kind(), frame.payload().to_vec());
                    }
                }
            }
        }
    }

    pub async fn expect_bytes(&mut self, kind: FrameType) -> Vec<u8> {
        match self.next().await {
            Said::Frame(found, payload) if found == kind as u8 => payload,
            other => panic!("{other:?} came where a {kind:?} belongs"),
        }
    }

    pub async fn expect<T: DeserializeOwned>(&mut self, kind: FrameType) -> T {
        serde_json::from_slice(&self.expect_bytes(kind).await).unwrap()
    }

    pub async fn close(mut self) {
        self.socket.close(None).await.unwrap();
    }
}
