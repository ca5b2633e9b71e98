//! The JSON of frames: the first byte is the frame's type.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde::{Serialize, de::DeserializeOwned};
use wire::{
    action::Receipt,
    frame::{Ack, Answered, Ask, FrameType, Hello, Live, Refusal, Watch, Welcome},
    order::Dispatch,
    trust::{Admission, Signed, Statement},
};

/// What is read can be written and read again as the same.
fn again<T: Serialize + DeserializeOwned + PartialEq>(payload: &[u8]) -> Option<T> {
    let value: T = serde_json::from_slice(payload).ok()?;
    let text = serde_json::to_vec(&value).expect("it was read");
    assert!(serde_json::from_slice::<T>(&text).expect("it was written") == value);
    Some(value)
}

fuzz_target!(|frame: &[u8]| {
    let Some((kind, payload)) = frame.split_first() else { return };
    match FrameType::from_byte(*kind) {
        Some(FrameType::Statements) => {
            for statement in again::<Vec<Signed<Statement>>>(payload).unwrap_or_default() {
                let _ = statement.verify();
            }
        }
        Some(FrameType::Hello) => {
            if let Some(hello) = again::<Hello>(payload) {
                let _ = hello.head.map(|head| head.verify(head.head.agent));
            }
        }
        Some(FrameType::Welcome) => drop(again::<Welcome>(payload)),
        Some(FrameType::Ack) => drop(again::<Ack>(payload)),
        Some(FrameType::Dispatch) => drop(again::<Signed<Dispatch>>(payload).map(|signed| signed.verify())),
        Some(FrameType::Receipt) => drop(again::<Receipt>(payload)),
        Some(FrameType::Watch) => drop(again::<Watch>(payload)),
        // Floating point: what is read and written may differ in the last digit.
        Some(FrameType::Live) => drop(serde_json::from_slice::<Live>(payload)),
        Some(FrameType::Admit) => drop(again::<Signed<Admission>>(payload).map(|signed| signed.verify())),
        Some(FrameType::Ask) => drop(again::<Ask>(payload)),
        Some(FrameType::Answer) => drop(again::<Answered>(payload)),
        Some(FrameType::Bye) => drop(again::<Refusal>(payload)),
        Some(FrameType::Batch | FrameType::Ping | FrameType::Pong | FrameType::Data) | None => {}
    }
});
