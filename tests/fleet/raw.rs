//! A peer without manners: it says on the socket, in the handshake and in the channel what no agent would.

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use snow::{
    HandshakeState, TransportState,
    params::{CipherChoice, DHChoice, HashChoice},
    resolvers::{CryptoResolver, DefaultResolver},
    types::{Cipher, Dh, Hash, Random},
};
use tests::simulated::{Dice, over};
use tokio::io::AsyncWriteExt as _;
use tokio_tungstenite::{WebSocketStream, tungstenite::Message};
use wire::{
    frame::{FrameType, ProtocolRange, Refusal, RefusalCode},
    identity::{AgentKeys, ChannelSecret, KeyBinding},
};

use crate::{
    hall::{Hall, here},
    weather::{End, Sky},
};

const LARGEST: usize = 65_535;
/// What the other end may call what is wrong with bytes.
const CODES: [RefusalCode; 7] = [
    RefusalCode::Protocol,
    RefusalCode::Fleet,
    RefusalCode::Identity,
    RefusalCode::Credential,
    RefusalCode::Journal,
    RefusalCode::Fork,
    RefusalCode::Frame,
];

struct Seeded(Dice);

impl Random for Seeded {
    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), snow::Error> {
        for byte in out {
            *byte = self.0.roll().to_le_bytes()[0];
        }
        Ok(())
    }
}

struct Resolver(Dice);

impl CryptoResolver for Resolver {
    fn resolve_rng(&self) -> Option<Box<dyn Random>> {
        Some(Box::new(Seeded(self.0.clone())))
    }
    fn resolve_dh(&self, choice: &DHChoice) -> Option<Box<dyn Dh>> {
        DefaultResolver.resolve_dh(choice)
    }
    fn resolve_hash(&self, choice: &HashChoice) -> Option<Box<dyn Hash>> {
        DefaultResolver.resolve_hash(choice)
    }
    fn resolve_cipher(&self, choice: &CipherChoice) -> Option<Box<dyn Cipher>> {
        DefaultResolver.resolve_cipher(choice)
    }
}

/// Keys whose channel secret is known here, so that the handshake can be done by hand.
#[derive(Clone)]
pub struct Keys {
    pub keys: AgentKeys,
    pub channel: [u8; 32],
}

impl Keys {
    pub fn roll(dice: &mut Dice) -> Self {
        let mut channel = [0; 32];
        channel[..8].copy_from_slice(&dice.roll().to_le_bytes());
        let keys = AgentKeys { channel: ChannelSecret::from_bytes(&channel), ..AgentKeys::generate(dice) };
        Self { keys, channel }
    }
}

/// What came of it, until the end.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reaction {
    /// A refusal that could be read: in message 2, or in a bye or welcome frame.
    pub refusal: Option<Refusal>,
    pub close: Option<u16>,
    pub pongs: usize,
}

impl Reaction {
    /// How the other end named what was wrong.
    pub fn code(&self) -> Option<RefusalCode> {
        let by_number = CODES.into_iter().find(|code| Some(code.close_code()) == self.close);
        self.refusal.as_ref().map(|refusal| refusal.code).or(by_number)
    }
}

/// A socket on which nothing was said yet.
pub struct Wild {
    socket: WebSocketStream<End>,
}

impl Wild {
    pub async fn at(hall: &Hall) -> Self {
        Self { socket: over(hall.link(here(), Sky::clear())).await }
    }

    /// Bytes as they are, beneath the WebSocket.
    pub async fn bytes(mut self, bytes: &[u8]) -> Reaction {
        // The other end may hang up in the middle of it.
        let _ = self.socket.get_mut().write_all(bytes).await;
        self.hang_up().await
    }

    /// A message, whatever it holds.
    pub async fn message(mut self, message: Vec<u8>) -> Reaction {
        let _ = self.socket.send(Message::binary(message)).await;
        self.hang_up().await
    }

    async fn hang_up(self) -> Reaction {
        listen(self.socket, |_| None).await
    }

    pub fn shake(self, channel: &[u8; 32], dice: &mut Dice) -> Shaking {
        let pattern = "Noise_XX_25519_ChaChaPoly_SHA256".parse().expect("a pattern that snow knows");
        let noise = snow::Builder::with_resolver(pattern, Box::new(Resolver(dice.another())))
            .prologue(b"restic-manager/v1/noise\0")
            .and_then(|builder| builder.local_private_key(channel))
            .and_then(snow::Builder::build_initiator)
            .expect("a handshake");
        Shaking { socket: self.socket, noise }
    }
}

/// In the middle of the handshake.
pub struct Shaking {
    socket: WebSocketStream<End>,
    noise: HandshakeState,
}

impl Shaking {
    pub fn seal(&mut self, payload: &[u8]) -> Vec<u8> {
        let mut message = vec![0; LARGEST];
        let length = self.noise.write_message(payload, &mut message).expect("a message of this size");
        message.truncate(length);
        message
    }

    /// The next message of ours, and no more.
    pub async fn say(&mut self, payload: &Value) {
        let message = self.seal(payload.to_string().as_bytes());
        self.send(message).await;
    }

    pub async fn send(&mut self, message: Vec<u8>) {
        self.socket.send(Message::binary(message)).await.expect("the other end listens");
    }

    /// The other end's message, if it sends one.
    pub async fn hear(&mut self) -> Option<Value> {
        let Some(Ok(Message::Binary(message))) = self.socket.next().await else { return None };
        let mut payload = vec![0; LARGEST];
        let length = self.noise.read_message(&message, &mut payload).expect("an honest message 2");
        serde_json::from_slice(&payload[..length]).ok()
    }

    /// Message 1 as an honest agent says it, and the answer.
    pub async fn offer(&mut self) -> Value {
        self.say(&json!({ "protocol": ProtocolRange::OURS })).await;
        self.hear().await.expect("an answer")
    }

    pub async fn introduce(&mut self, binding: &KeyBinding) {
        self.say(&json!({ "protocol": ProtocolRange::OURS, "binding": binding })).await;
    }

    pub async fn hang_up(self) -> Reaction {
        let mut noise = self.noise;
        listen(self.socket, move |message| {
            let mut payload = vec![0; LARGEST];
            let length = noise.read_message(message, &mut payload).ok()?;
            let answer: Value = serde_json::from_slice(&payload[..length]).ok()?;
            Some(Heard::Refused(serde_json::from_value(answer.get("refused")?.clone()).ok()?))
        })
        .await
    }

    pub fn channel(self) -> Channel {
        let noise = self.noise.into_transport_mode().expect("all three messages");
        Channel { socket: self.socket, noise }
    }
}

/// An established channel.
pub struct Channel {
    socket: WebSocketStream<End>,
    noise: TransportState,
}

impl Channel {
    /// The whole handshake of an agent with these keys, the statements heard.
    pub async fn open(hall: &Hall, keys: &Keys, dice: &mut Dice) -> Self {
        let mut shaking = Wild::at(hall).await.shake(&keys.channel, dice);
        shaking.offer().await;
        shaking.introduce(&keys.keys.binding()).await;
        let mut channel = shaking.channel();
        assert_eq!(channel.hear().await.map(|(kind, _)| kind), Some(FrameType::Statements as u8));
        channel
    }

    /// One message of these plain bytes, which should begin with a flag and a type.
    pub fn piece(&mut self, plain: &[u8]) -> Vec<u8> {
        let mut message = vec![0; plain.len() + 16];
        self.noise.write_message(plain, &mut message).expect("a message of this size");
        message
    }

    pub fn frame(&mut self, kind: u8, payload: &[u8]) -> Vec<u8> {
        self.piece(&[&[0, kind], payload].concat())
    }

    pub async fn send(&mut self, message: Vec<u8>) {
        // The other end may have hung up already: then its reaction tells.
        let _ = self.socket.send(Message::binary(message)).await;
    }

    pub async fn say(&mut self, kind: FrameType, payload: &Value) {
        let message = self.frame(kind as u8, payload.to_string().as_bytes());
        self.send(message).await;
    }

    /// The next frame; those that are listened to here are short.
    pub async fn hear(&mut self) -> Option<(u8, Vec<u8>)> {
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Binary(message))) => return open(&mut self.noise, &message),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                _ => return None,
            }
        }
    }

    /// Pings, says goodbye and listens to the end.
    pub async fn hang_up(mut self) -> Reaction {
        let ping = self.frame(FrameType::Ping as u8, b"12345678");
        self.send(ping).await;
        let bye = self.frame(FrameType::Bye as u8, &farewell());
        self.send(bye).await;
        let mut noise = self.noise;
        listen(self.socket, move |message| {
            let (kind, payload) = open(&mut noise, message)?;
            match FrameType::from_byte(kind)? {
                FrameType::Pong => Some(Heard::Pong),
                FrameType::Bye => serde_json::from_slice(&payload).ok().map(Heard::Refused),
                _ => None,
            }
        })
        .await
    }
}

fn farewell() -> Vec<u8> {
    let (message, hint) = ("done".to_owned(), "none".to_owned());
    let bye = Refusal { code: RefusalCode::Unavailable, message, hint, supported: None };
    serde_json::to_vec(&bye).expect("a refusal is JSON")
}

enum Heard {
    Pong,
    Refused(Refusal),
}

fn open(noise: &mut TransportState, message: &[u8]) -> Option<(u8, Vec<u8>)> {
    let mut plain = vec![0; LARGEST];
    let length = noise.read_message(message, &mut plain).ok()?;
    let (_, frame) = plain[..length].split_first()?;
    let (kind, payload) = frame.split_first()?;
    Some((*kind, payload.to_vec()))
}

/// Everything that comes until the socket ends.
async fn listen(
    mut socket: WebSocketStream<End>,
    mut understand: impl FnMut(&[u8]) -> Option<Heard>,
) -> Reaction {
    let mut reaction = Reaction::default();
    loop {
        match socket.next().await {
            Some(Ok(Message::Binary(message))) => match understand(&message) {
                Some(Heard::Pong) => reaction.pongs += 1,
                Some(Heard::Refused(refusal)) => reaction.refusal = Some(refusal),
                None => {}
            },
            Some(Ok(Message::Close(frame))) => {
                reaction.close = frame.map(|frame| frame.code.into());
            }
            Some(Ok(_)) => {}
            Some(Err(_)) | None => return reaction,
        }
    }
}
