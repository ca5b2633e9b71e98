//! Waiting for values: no test sleeps for luck, and one that gives up says what it saw last.

use std::{
    fmt::Debug,
    time::{Duration, Instant},
};

/// How long anything may take on a busy machine before a test gives up.
pub const PATIENCE: Duration = Duration::from_mins(1);

const PAUSE: Duration = Duration::from_millis(50);

/// Asks again until `wanted` gives a value out of what `look` saw.
///
/// # Panics
/// After [`PATIENCE`], with the last thing seen.
pub async fn until<S: Debug, T>(
    what: &str,
    mut look: impl AsyncFnMut() -> S,
    wanted: impl Fn(&S) -> Option<T>,
) -> T {
    until_within(what, PATIENCE, &mut look, wanted).await
}

/// As [`until`], with a limit of its own.
pub async fn until_within<S: Debug, T>(
    what: &str,
    patience: Duration,
    mut look: impl AsyncFnMut() -> S,
    wanted: impl Fn(&S) -> Option<T>,
) -> T {
    let begun = Instant::now();
    loop {
        let seen = look().await;
        if let Some(value) = wanted(&seen) {
            return value;
        }
        assert!(begun.elapsed() < patience, "waited {patience:?} for {what}; last seen: {seen:#?}");
        tokio::time::sleep(PAUSE).await;
    }
}
