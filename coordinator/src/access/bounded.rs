//! Heavy work off the async threads: so much at once, so much waiting, and no more.
//!
//! Knows nothing of passwords. What does not fit is refused at once, so that a flood costs nothing but refusals.

use std::sync::Arc;

use tokio::sync::Semaphore;

/// All places are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many people sign in at this moment")]
pub struct Busy;

pub struct Bounded {
    running: Arc<Semaphore>,
    /// Those that run and those that wait for it.
    admitted: Arc<Semaphore>,
}

impl Bounded {
    pub fn new(running: usize, waiting: usize) -> Self {
        let places = |places| Arc::new(Semaphore::new(places));
        Self { running: places(running), admitted: places(running + waiting) }
    }

    pub async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Busy> {
        let admitted = Arc::clone(&self.admitted).try_acquire_owned().map_err(|_| Busy)?;
        let running = Arc::clone(&self.running).acquire_owned().await.map_err(|_| Busy)?;
        let held = move || {
            // The work's own: whoever asked may go away, and it goes on all the same.
            let _places = (admitted, running);
            work()
        };
        match tokio::task::spawn_blocking(held).await {
            Ok(done) => Ok(done),
            Err(failed) if failed.is_panic() => std::panic::resume_unwind(failed.into_panic()),
            // The runtime is going down.
            Err(_) => Err(Busy),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc,
    };

    use super::*;

    #[tokio::test]
    async fn no_more_than_so_many_run_at_once_and_the_overflow_is_refused() {
        let bounded = Arc::new(Bounded::new(2, 3));
        let running = Arc::new(AtomicUsize::new(0));
        let peak = Arc::new(AtomicUsize::new(0));
        let (release, gate) = mpsc::channel::<()>();
        let gate = Arc::new(std::sync::Mutex::new(gate));
        let mut tasks = Vec::new();
        for _ in 0..9 {
            let (bounded, running, peak, gate) =
                (Arc::clone(&bounded), Arc::clone(&running), Arc::clone(&peak), Arc::clone(&gate));
            tasks.push(tokio::spawn(async move {
                bounded
                    .run(move || {
                        let now = running.fetch_add(1, Ordering::SeqCst) + 1;
                        peak.fetch_max(now, Ordering::SeqCst);
                        gate.lock().unwrap().recv().unwrap();
                        running.fetch_sub(1, Ordering::SeqCst);
                    })
                    .await
            }));
        }
        // Everybody has asked before anybody is let through.
        while bounded.admitted.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        tokio::task::yield_now().await;
        for _ in 0..5 {
            release.send(()).unwrap();
        }
        let mut done = 0;
        for task in tasks {
            done += usize::from(task.await.unwrap().is_ok());
        }
        assert_eq!(done, 5, "two run, three wait, four are refused");
        assert!(peak.load(Ordering::SeqCst) <= 2);
    }

    #[tokio::test]
    async fn who_asked_and_went_away_makes_no_room_for_more() {
        let bounded = Arc::new(Bounded::new(1, 0));
        let (release, gate) = mpsc::channel::<()>();
        let (begun, has_begun) = tokio::sync::oneshot::channel();
        let asked = tokio::spawn({
            let bounded = Arc::clone(&bounded);
            async move {
                let work = move || {
                    begun.send(()).unwrap();
                    gate.recv().unwrap();
                };
                bounded.run(work).await
            }
        });
        has_begun.await.unwrap();
        asked.abort();
        assert!(asked.await.unwrap_err().is_cancelled());
        assert_eq!(bounded.run(|| ()).await, Err(Busy), "it still runs");
        release.send(()).unwrap();
        while bounded.run(|| ()).await.is_err() {
            tokio::task::yield_now().await;
        }
    }
}
