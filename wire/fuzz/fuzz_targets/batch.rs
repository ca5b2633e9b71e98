//! Journal batches: no bytes break the decoder, and what it accepts is what an agent could have written.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::{
    identity::SigningKey,
    journal::{Batch, BatchBuilder, Head},
};

fuzz_target!(|bytes: &[u8]| {
    let Ok(batch) = Batch::decode(bytes) else { return };
    let key = SigningKey::from_seed(&[1; 32]);
    let agent = key.public().into();
    assert!(!batch.records.is_empty());
    let after = Head { seq: batch.first_seq - 1, ..Head::genesis(agent, batch.epoch, batch.previous) };
    let mut builder = BatchBuilder::new(batch.previous, after);
    for record in &batch.records {
        assert!(builder.push(record), "a decoded batch is not too large to be written");
    }
    let (again, head) = builder.finish(&key).expect("it has records");
    assert_eq!(again[..again.len() - 64], bytes[..bytes.len() - 64]);
    let held = (batch.first_seq > 1).then_some(after);
    let verified = Batch::decode(&again).expect("it was written").verify(agent, held.as_ref());
    assert_eq!(verified.expect("it was signed").head, head);
    // With the signature that came, another agent's key must not verify it; this must not panic.
    let _ = batch.verify(agent, held.as_ref());
});
