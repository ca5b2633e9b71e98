//! Key files: as they are, and with their checksum mended so that what lies behind it is reached.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::{
    domain::sha256,
    identity::{AgentKeys, CoordinatorKeys, KeyFile},
};

fuzz_target!(|bytes: &[u8]| {
    let _ = KeyFile::<AgentKeys>::decode(bytes);
    let mended = [b"restic-manager keys 1\n", bytes].concat();
    let mended = [mended.as_slice(), &sha256(&mended).0].concat();
    if let Ok(file) = KeyFile::<AgentKeys>::decode(&mended) {
        assert_eq!(*file.encode().expect("it was decoded"), mended);
    }
    if let Ok(file) = KeyFile::<CoordinatorKeys>::decode(&mended) {
        file.encode().expect("it was decoded");
    }
});
