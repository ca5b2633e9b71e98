//! A machine that sleeps in the middle of a job: what straddles it had no less time than it is given.

use std::time::Duration;

use wire::{
    id::UnixMs,
    job::{JobKind, JobState},
};

use super::*;
use crate::{
    run::Patience,
    world::{FakeTime, World},
};

const NIGHT: Duration = Duration::from_hours(12);

#[tokio::test]
async fn a_backup_that_straddles_a_nights_sleep_goes_on() {
    let (world, time) = World::fake(UnixMs(1_795_176_000_000), 1);
    let mut stage = Stage::new(world, Path::new("/nowhere/restic"), |_| {});
    let notes = stage.path("script");
    let waits = r#"while [ ! -e "$dir/go" ]; do sleep 0.02; done"#;
    stage.use_restic(&script::write(&notes, &format!("{waits}\n{}", script::saved())));
    stage.run();
    stage.plan(&[Path::new("/home")]).await;
    stage.until("init is over", |jobs| jobs.iter().any(|job| job.state.is_over()).then_some(())).await;
    stage.quiet().await;
    let job = stage.submit(JobKind::Backup, Some("default")).await;
    // It sleeps as long as restic may be silent, once the log's first lines are written.
    let silence = u64::try_from(Patience::default().silence.as_millis()).unwrap();
    while !sleeps_until(&time, silence) {
        // The real disk takes its own time.
        if stage.engine.shared.looks.is_idle() {
            time.advance(Duration::from_secs(1));
        }
        stage.jobs().await;
    }
    time.sleep_through(NIGHT);
    // Awake again it has looked, and waits on for as long as was left.
    let slept = u64::try_from(NIGHT.as_millis()).unwrap();
    let mut sleepers = time.sleepers();
    while !sleeps_until(&time, slept + silence) {
        sleepers.changed().await.unwrap();
    }
    std::fs::write(notes.join("go"), "").unwrap();
    let done = stage.over(job).await;
    assert_eq!((done.state, &done.reason), (JobState::Succeeded, &None), "{}", stage.log_text(job).await);
}

/// Whether somebody sleeps until about then, on the monotonic clock.
fn sleeps_until(time: &FakeTime, about_ms: u64) -> bool {
    let mut sleepers = time.sleepers();
    sleepers.borrow_and_update().values().any(|until| (about_ms..about_ms + 900_000).contains(until))
}
