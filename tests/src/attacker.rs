//! A coordinator that an attacker runs: the real one's keys and database, none of the fleet's or its people's.
//!
//! Speaks the channel by the document and sends what a hostile coordinator would.

use std::path::Path;

use futures_util::{SinkExt as _, StreamExt as _};
use serde::Serialize;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::{WebSocketStream, tungstenite::Message};
use wire::{
    action::Receipt,
    channel::{Negotiated, Responder, Transport},
    frame::{FrameType, Hello, ProtocolRange, Welcome},
    identity::{CoordinatorKeys, KeyFile},
    order::Dispatch,
    trust::{Signed, Statement},
};

use crate::person::{now, rng};

/// The stolen keys, listening where the real coordinator did.
pub struct Attacker {
    pub keys: CoordinatorKeys,
    listener: TcpListener,
}

/// One agent on the line.
pub struct Line {
    socket: WebSocketStream<TcpStream>,
    transport: Transport,
    pub hello: Option<Hello>,
}

/// What the agent did with what it was sent.
#[derive(Debug)]
pub enum Reaction {
    Receipt(Receipt),
    /// It said this and hung up, or just hung up.
    Gone(String),
}

impl Attacker {
    pub async fn take_over(coordinator_data: &Path, port: u16) -> Self {
        let bytes = std::fs::read(coordinator_data.join("coordinator.key")).expect("the key file");
        let keys = KeyFile::<CoordinatorKeys>::decode(&bytes).expect("a coordinator's key file").keys;
        let listener = TcpListener::bind(("127.0.0.1", port)).await.expect("the real one's port");
        Self { keys, listener }
    }

    /// Waits for the agent to call, and answers with these statements.
    pub async fn answer(&self, statements: &[Signed<Statement>]) -> Line {
        let (stream, _) = self.listener.accept().await.expect("a connection");
        let mut socket = tokio_tungstenite::accept_async(stream).await.expect("a WebSocket");
        let responder = Responder::new(&self.keys.channel, &mut rng()).expect("a responder");
        let offered = responder.read(&message(&mut socket).await.expect("message 1")).expect("an offer");
        let version = env!("CARGO_PKG_VERSION");
        let answer = offered.answer(ProtocolRange::OURS, self.keys.id(), version, now()).expect("an answer");
        let Negotiated::Chosen { message: second, next } = answer else { panic!("no common protocol") };
        socket.send(Message::binary(second)).await.expect("message 2 goes out");
        let (_, transport) = next.read(&message(&mut socket).await.expect("message 3")).expect("an identity");
        let mut line = Line { socket, transport, hello: None };
        line.send(FrameType::Statements, &statements).await;
        line
    }
}

impl Line {
    pub async fn send(&mut self, kind: FrameType, payload: &impl Serialize) {
        let bytes = serde_json::to_vec(payload).expect("JSON");
        let mut pieces = Vec::new();
        self.transport.seal_frame(kind as u8, &bytes, &mut pieces).expect("a frame");
        for piece in pieces {
            // An agent that hung up is what some attacks lead to: the next read tells.
            let _ = self.socket.send(Message::binary(piece)).await;
        }
    }

    /// The next frame, or why there is none any more.
    pub async fn frame(&mut self) -> Result<(FrameType, Vec<u8>), String> {
        loop {
            let message = message(&mut self.socket).await?;
            if let Some(frame) = self.transport.open_message(&message).map_err(|error| error.to_string())? {
                let kind = FrameType::from_byte(frame.kind()).expect("a known frame");
                return Ok((kind, frame.payload().to_vec()));
            }
        }
    }

    /// Waits for hello and lets the agent believe that it is welcome.
    pub async fn welcome(&mut self, name: &str) {
        let (kind, payload) = self.frame().await.expect("hello");
        assert_eq!(kind, FrameType::Hello, "{}", String::from_utf8_lossy(&payload));
        let hello: Hello = serde_json::from_slice(&payload).expect("hello");
        let head = hello.head;
        self.hello = Some(hello);
        self.send(FrameType::Welcome, &Welcome::Approved { name: name.to_owned(), head, credential: None })
            .await;
    }

    /// Sends one dispatch and waits for what the agent makes of it.
    pub async fn order(&mut self, dispatch: &Signed<Dispatch>) -> Reaction {
        self.send(FrameType::Dispatch, dispatch).await;
        self.reaction().await
    }

    pub async fn reaction(&mut self) -> Reaction {
        loop {
            match self.frame().await {
                Ok((FrameType::Receipt, payload)) => {
                    return Reaction::Receipt(serde_json::from_slice(&payload).expect("a receipt"));
                }
                Ok((FrameType::Bye, payload)) => {
                    return Reaction::Gone(String::from_utf8_lossy(&payload).into_owned());
                }
                Ok(_) => {}
                Err(why) => return Reaction::Gone(why),
            }
        }
    }
}

async fn message(socket: &mut WebSocketStream<TcpStream>) -> Result<Vec<u8>, String> {
    let patience = crate::wait::PATIENCE;
    loop {
        let next = tokio::time::timeout(patience, socket.next())
            .await
            .map_err(|_| "the agent says nothing".to_owned())?;
        match next {
            Some(Ok(Message::Binary(bytes))) => return Ok(bytes.to_vec()),
            Some(Ok(Message::Close(frame))) => return Err(format!("closed: {frame:?}")),
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(error.to_string()),
            None => return Err("hung up".to_owned()),
        }
    }
}
