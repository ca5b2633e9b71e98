//! What time alone changes: silent connections go offline, waits end, next runs pass.

use std::time::Duration;

use wire::view::Event;

use super::{Fleet, outline::Patch};
use crate::ingest::Touched;

/// A live agent says something at least every 30 seconds; after three it counts as offline.
const SILENCE_MS: i64 = 90_000;
const EVERY: Duration = Duration::from_secs(5);

impl Fleet {
    /// Sweeps until the task is dropped.
    pub async fn sweep_forever(&self) {
        loop {
            self.inner.world.sleep(EVERY).await;
            self.sweep().await;
        }
    }

    pub async fn sweep(&self) {
        let now = self.inner.world.now();
        for seat in self.inner.hub.silent_since(now.plus_ms(-SILENCE_MS)) {
            tracing::info!(agent = %seat.agent, "nothing was heard for 90 seconds: offline");
            seat.close(super::hosts::silent());
            self.leave_seat(&seat).await;
        }
        self.expire_pending(now);
        for (agent, host) in self.inner.index.pass_time(now) {
            let read = self
                .inner
                .store
                .read(move |connection| Patch::read(connection, host, Touched::ORDERS, now))
                .await;
            match read {
                Ok(patch) => {
                    self.inner.index.patch(agent, patch, &[], now);
                    self.tell(Event::Order { agent });
                }
                Err(error) => tracing::warn!(%agent, %error, "expired orders could not be counted"),
            }
        }
    }

    /// At the end: every connection is told to come back later, and when each host was last heard is written down.
    pub async fn close_all(&self) {
        let seats = self.inner.hub.all();
        for seat in &seats {
            seat.close(super::hosts::stopping());
        }
        for seat in &seats {
            self.leave_seat(seat).await;
        }
    }
}
