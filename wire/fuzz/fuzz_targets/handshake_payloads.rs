//! The payloads inside the handshake's messages.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::frame::{Answer, Introduction, Opening, ProtocolRange};

fuzz_target!(|payload: &[u8]| {
    if let Ok(opening) = serde_json::from_slice::<Opening>(payload) {
        let _ = ProtocolRange::OURS.common(opening.protocol);
    }
    if let Ok(Answer::Chosen { range, time, .. }) = serde_json::from_slice::<Answer>(payload) {
        let _ = (ProtocolRange::OURS.common(range), time.to_string());
    }
    if let Ok(introduction) = serde_json::from_slice::<Introduction>(payload) {
        let _ = introduction.binding.verify();
        let fingerprint = introduction.binding.fingerprint();
        assert_eq!(fingerprint.to_string().parse(), Ok(fingerprint));
    }
});
