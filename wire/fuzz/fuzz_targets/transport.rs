//! Pieces of frames from a peer that holds the keys but keeps no rule.
#![no_main]

use std::convert::Infallible;

use libfuzzer_sys::fuzz_target;
use rand_core::{TryCryptoRng, TryRng};
use snow::{
    TransportState,
    params::{CipherChoice, DHChoice, HashChoice},
    resolvers::{CryptoResolver, DefaultResolver},
    types::{Cipher, Dh, Hash, Random},
};
use wire::{
    channel::{FRAME_LIMIT_BYTES, MESSAGE_LIMIT_BYTES, Negotiated, Responder, Transport},
    frame::{Introduction, Opening, ProtocolRange},
    id::{CoordinatorId, UnixMs},
    identity::{AgentKeys, ChannelSecret, SigningKey},
    seal::SealSecret,
};

/// Entropy of ours and of snow: always the same.
struct Fixed;

impl TryRng for Fixed {
    type Error = Infallible;
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(7)
    }
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(7)
    }
    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        out.fill(7);
        Ok(())
    }
}
impl TryCryptoRng for Fixed {}

impl Random for Fixed {
    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), snow::Error> {
        out.fill(8);
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

/// A raw agent and our coordinator, past the handshake.
fn established() -> (TransportState, Transport) {
    const USABLE: &str = "the handshake is between two honest ends";
    let keys = AgentKeys {
        identity: SigningKey::from_seed(&[1; 32]),
        seal: SealSecret::from_bytes(&[2; 32]),
        channel: ChannelSecret::from_bytes(&[3; 32]),
        generation: 1,
    };
    let mut noise = snow::Builder::with_resolver(
        "Noise_XX_25519_ChaChaPoly_SHA256".parse().expect(USABLE),
        Box::new(Fixed),
    )
    .prologue(b"restic-manager/v1/noise\0")
    .and_then(|builder| builder.local_private_key(&[3; 32]))
    .and_then(snow::Builder::build_initiator)
    .expect(USABLE);
    let protocol = ProtocolRange::OURS;
    let mut buffer = vec![0; MESSAGE_LIMIT_BYTES];
    let opening = serde_json::to_vec(&Opening { protocol, fleet: None }).expect(USABLE);
    let length = noise.write_message(&opening, &mut buffer).expect(USABLE);
    let secret = ChannelSecret::from_bytes(&[4; 32]);
    let offer = Responder::new(&secret, &mut Fixed).expect(USABLE).read(&buffer[..length]).expect(USABLE);
    let answer = offer.answer(protocol, CoordinatorId([5; 32]), "0", UnixMs(0)).expect(USABLE);
    let Negotiated::Chosen { message, next } = answer else { unreachable!("{USABLE}") };
    noise.read_message(&message, &mut buffer).expect(USABLE);
    let introduction = Introduction { protocol, binding: keys.binding() };
    let introduction = serde_json::to_vec(&introduction).expect(USABLE);
    let length = noise.write_message(&introduction, &mut buffer).expect(USABLE);
    let down = next.read(&buffer[..length]).expect(USABLE).1;
    (noise.into_transport_mode().expect(USABLE), down)
}

// The input is a list of pieces: a length of two bytes, then the plaintext with its flag.
fuzz_target!(|input: &[u8]| {
    let (mut noise, mut down) = established();
    let mut buffer = vec![0; MESSAGE_LIMIT_BYTES];
    let mut rest = input;
    let mut whole = Vec::new();
    while let Some((length, tail)) = rest.split_first_chunk::<2>() {
        let length = usize::from(u16::from_be_bytes(*length)).min(tail.len()).min(MESSAGE_LIMIT_BYTES - 16);
        let (plain, tail) = tail.split_at(length);
        rest = tail;
        let length = noise.write_message(plain, &mut buffer).expect("it fits a message");
        whole.extend_from_slice(plain.get(1..).unwrap_or_default());
        match down.open_message(&buffer[..length]) {
            Ok(None) => assert_eq!(plain.first(), Some(&1)),
            Ok(Some(frame)) => {
                assert_eq!(plain.first(), Some(&0));
                assert!(frame.kind() == whole[0] && frame.payload() == &whole[1..]);
                assert!(whole.len() <= FRAME_LIMIT_BYTES);
                whole.clear();
            }
            Err(_) => {
                assert!(down.open_message(&buffer[..length]).is_err(), "a broken channel stays shut");
                return;
            }
        }
    }
});
