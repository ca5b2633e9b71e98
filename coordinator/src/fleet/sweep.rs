//! What time alone changes: silent connections go offline, waits end, next runs pass.

use std::time::Duration;

use super::Fleet;

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
        self.inner.trees.pass_time(now);
        self.tell_untold(now);
        for (agent, host) in self.inner.index.pass_time(now) {
            // In the writers' line: a count that was read beside it could hide an order that comes meanwhile.
            let fleet = self.clone();
            let counted = self.inner.store.write(move |tx| fleet.orders_changed_in(tx, agent, host)).await;
            if let Err(error) = counted {
                tracing::warn!(%agent, %error, "expired orders could not be counted");
            }
        }
    }

    /// At the end: every connection is told to come back later, and when each host was last heard is written down.
    pub async fn close_all(&self) {
        let seats = self.inner.hub.all();
        for seat in seats.iter().chain(&self.inner.pending.seats()) {
            seat.close(super::hosts::stopping());
        }
        for seat in &seats {
            self.leave_seat(seat).await;
        }
    }
}
