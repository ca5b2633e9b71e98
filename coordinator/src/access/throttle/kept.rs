//! What a limiter counts, where its owner can read it, write it down and put it back.
//!
//! One number for each key, as GCRA has it: the instant until which what was let through is taken up.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use governor::{
    clock::Reference as _,
    nanos::Nanos,
    state::{StateStore, keyed::ShrinkableKeyedStateStore},
};

use super::clock::Millis;

/// Cheap to clone: a handle.
#[derive(Clone)]
pub struct Kept {
    /// What the limiter counts from.
    start: Millis,
    until: Arc<Mutex<HashMap<u64, Nanos>>>,
}

impl Kept {
    pub fn new(start: Millis) -> Self {
        Self { start, until: Arc::default() }
    }

    pub fn get(&self, key: u64) -> Option<Millis> {
        self.lock().get(&key).map(|until| self.start + *until)
    }

    pub fn set(&self, key: u64, until: Millis) {
        self.lock().insert(key, until.duration_since(self.start));
    }

    pub fn lower(&self, key: u64, by: Duration) {
        if let Some(until) = self.lock().get_mut(&key) {
            *until = until.saturating_sub(by.into());
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Nanos>> {
        self.until.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl StateStore for Kept {
    type Key = u64;

    fn measure_and_replace<T, F, E>(&self, key: &u64, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut held = self.lock();
        let (outcome, until) = decide(held.get(key).copied())?;
        held.insert(*key, until);
        Ok(outcome)
    }
}

impl ShrinkableKeyedStateStore<u64> for Kept {
    fn retain_recent(&self, drop_below: Nanos) {
        self.lock().retain(|_, until| *until > drop_below);
    }

    fn shrink_to_fit(&self) {
        self.lock().shrink_to_fit();
    }

    fn len(&self) -> usize {
        self.lock().len()
    }

    fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }
}
