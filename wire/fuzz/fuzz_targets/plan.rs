//! Plans and the crontabs in them, as an order or a token brings them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::plan::{Plan, changes, role_for, warnings};

fuzz_target!(|bytes: &[u8]| {
    let Ok(plan) = serde_json::from_slice::<Plan>(bytes) else { return };
    let text = serde_json::to_vec(&plan).expect("it was read");
    assert!(serde_json::from_slice::<Plan>(&text).expect("it was written") == plan);
    assert!(changes(&plan, &plan).is_empty());
    let _ = role_for(&Plan::default(), &plan);
    match plan.validate() {
        Ok(()) => drop(warnings(&plan)),
        Err(error) => assert!(error.0.iter().all(|problem| !problem.field.is_empty())),
    }
});
