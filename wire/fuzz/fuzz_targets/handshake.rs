//! Handshake messages as they arrive, before anything is known of the sender.
#![no_main]

use std::convert::Infallible;

use libfuzzer_sys::fuzz_target;
use rand_core::{TryCryptoRng, TryRng};
use wire::{
    channel::{Initiator, Negotiated, Responder},
    frame::ProtocolRange,
    id::{CoordinatorId, UnixMs},
    identity::{AgentKeys, ChannelSecret},
};

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

fuzz_target!(|message: &[u8]| {
    let secret = ChannelSecret::from_bytes(&[3; 32]);
    if let Ok(offer) = Responder::new(&secret, &mut Fixed).expect("keys are usable").read(message) {
        let answer = offer.answer(ProtocolRange::OURS, CoordinatorId([4; 32]), "0", UnixMs(0));
        if let Ok(Negotiated::Chosen { next, .. }) = answer {
            assert!(next.read(message).is_err(), "message 1 is no message 3");
        }
    }
    let keys = AgentKeys::generate(&mut Fixed);
    let (agent, _) = Initiator::start(&keys, ProtocolRange::OURS, None, &mut Fixed).expect("keys are usable");
    assert!(agent.read(message).is_err(), "nobody can answer without the coordinator's ephemeral secret");
});
