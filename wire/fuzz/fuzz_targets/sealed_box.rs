//! Boxes from anybody: they do not open, and nothing breaks.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::{
    id::{AgentId, FleetId},
    seal::{BoxContext, SealSecret, SealedBox, SecretSlot, open},
};

fuzz_target!(|bytes: &[u8]| {
    let key = SealSecret::from_bytes(&[1; 32]);
    let Ok(sealed) = SealedBox::from_bytes(bytes.to_vec()) else { return };
    let json = serde_json::to_string(&sealed).expect("it can be written");
    assert_eq!(serde_json::from_str::<SealedBox>(&json).expect("it was written"), sealed);
    let slot: SecretSlot = "repository/main/password".parse().expect("it is a slot");
    let context = BoxContext::to_agent(FleetId([2; 32]), AgentId([3; 32]), key.public(), &slot, 1);
    let _ = open(&context, &key, &sealed);
});
