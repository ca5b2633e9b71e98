//! A Noise peer without our manners: it says in payloads and pieces what our own side would never send.

use serde_json::{Value, json};
use snow::{
    HandshakeState, TransportState,
    params::{CipherChoice, DHChoice, HashChoice},
    resolvers::{CryptoResolver, DefaultResolver},
    types::{Cipher, Dh, Hash, Random},
};
use wire::{
    channel::{AwaitIdentity, ChannelError, Initiator, Negotiated, Responder, Transport},
    frame::ProtocolRange,
    identity::KeyBinding,
};

use crate::cast::{Cast, NOW, dice};

struct Fixed;

impl Random for Fixed {
    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), snow::Error> {
        out.fill(0x55);
        Ok(())
    }
}

impl CryptoResolver for Fixed {
    fn resolve_rng(&self) -> Option<Box<dyn Random>> {
        Some(Box::new(Self))
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

fn build(secret: &[u8; 32]) -> snow::Builder<'_> {
    snow::Builder::with_resolver("Noise_XX_25519_ChaChaPoly_SHA256".parse().unwrap(), Box::new(Fixed))
        .prologue(b"restic-manager/v1/noise\0")
        .unwrap()
        .local_private_key(secret)
        .unwrap()
}

fn write(noise: &mut HandshakeState, payload: &Value) -> Vec<u8> {
    let mut message = vec![0; 65_535];
    let length = noise.write_message(payload.to_string().as_bytes(), &mut message).unwrap();
    message.truncate(length);
    message
}

/// What our agent says to a coordinator that answers with this.
pub fn answer(cast: &Cast, range: ProtocolRange, payload: &Value) -> Result<(), ChannelError> {
    let (agent, one) = Initiator::start(&cast.agent, range, None, &mut dice("agent")).unwrap();
    let mut noise = build(&[0xc2; 32]).build_responder().unwrap();
    noise.read_message(&one, &mut vec![0; 65_535]).unwrap();
    agent.read(&write(&mut noise, payload)).map(|_| ())
}

/// An agent by hand, over the static key `secret`, that offers `range` and has read message 2.
fn offering(cast: &Cast, secret: &[u8; 32], range: ProtocolRange) -> (HandshakeState, AwaitIdentity) {
    let mut noise = build(secret).build_initiator().unwrap();
    let one = write(&mut noise, &json!({ "protocol": range }));
    let offer =
        Responder::new(&cast.coordinator.channel, &mut dice("coordinator")).unwrap().read(&one).unwrap();
    let answer = offer.answer(range, cast.coordinator.id(), "0.1.0", NOW).unwrap();
    let Negotiated::Chosen { message, next } = answer else { panic!("no common version") };
    noise.read_message(&message, &mut vec![0; 65_535]).unwrap();
    (noise, next)
}

/// What our coordinator says to an agent that shows this in message 3.
pub fn introduce(
    cast: &Cast,
    secret: [u8; 32],
    binding: &KeyBinding,
    first: ProtocolRange,
    repeated: ProtocolRange,
) -> Result<(), ChannelError> {
    let (mut noise, next) = offering(cast, &secret, first);
    next.read(&write(&mut noise, &json!({ "protocol": repeated, "binding": binding }))).map(|_| ())
}

/// An established channel whose agent's end is raw.
pub fn established() -> (TransportState, Transport) {
    let cast = Cast::new();
    let range = ProtocolRange::OURS;
    let (mut noise, next) = offering(&cast, &[0xd3; 32], range);
    let three = write(&mut noise, &json!({ "protocol": range, "binding": cast.agent.binding() }));
    let down = next.read(&three).unwrap().1;
    (noise.into_transport_mode().unwrap(), down)
}

/// One message of the raw end.
pub fn piece(noise: &mut TransportState, plain: &[u8]) -> Vec<u8> {
    let mut message = vec![0; plain.len() + 16];
    noise.write_message(plain, &mut message).unwrap();
    message
}
