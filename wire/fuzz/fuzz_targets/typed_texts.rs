//! What people type or paste: fingerprints, slots, token seeds, recovery kits. The first byte picks.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::{
    identity::Fingerprint,
    seal::SecretSlot,
    trust::{Kit, TokenSeed},
};

fuzz_target!(|input: (u8, &str)| {
    let (pick, text) = input;
    match pick % 4 {
        0 => {
            if let Ok(fingerprint) = text.parse::<Fingerprint>() {
                assert_eq!(fingerprint.to_string().parse(), Ok(fingerprint));
            }
        }
        1 => {
            if let Ok(slot) = text.parse::<SecretSlot>() {
                assert_eq!(slot.to_string(), text);
            }
        }
        2 => {
            if let Ok(seed) = text.parse::<TokenSeed>() {
                assert_eq!(*seed.expose_text(), text.trim());
            }
        }
        _ => {
            if let Ok(kit) = Kit::parse(text) {
                assert_eq!(Kit::parse(&kit.words().join(" ")).map(|kit| *kit.seed()), Ok(*kit.seed()));
            }
        }
    }
});
