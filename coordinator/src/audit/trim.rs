//! Retention: what is older than the configuration says goes, a month is never too old, and the chain tells of it.
//!
//! The last record that goes leaves its link and its signature behind: the chain goes on from there. A record of the trim
//! says up to where, so that nobody else can shorten the chain at its beginning.

use std::time::Duration;

use serde_json::json;
use wire::{
    id::UnixMs,
    view::{AuditAction, AuditBody, TargetKind},
};

use super::{Audit, Entry};
use crate::{
    config::Live,
    store::{
        Store, StoreError, Tx,
        audit::{self, Anchor},
    },
    world::World,
};

const DAY_MS: i64 = 86_400_000;
/// Whatever anybody says.
const LEAST_DAYS: u32 = 31;
/// Records that one transaction drops.
const AT_ONCE: u64 = 10_000;

/// How often it is looked for what is too old.
const EVERY: Duration = Duration::from_hours(24);
/// The first time; a start has other things to do.
const FIRST: Duration = Duration::from_mins(10);

impl Audit {
    /// Once a day, as the configuration says at that moment.
    pub async fn trim_forever(&self, store: &Store, live: &Live, world: &World) {
        world.sleep(FIRST).await;
        loop {
            let keep_days = live.now().audit.keep_days;
            match self.trim(store, keep_days, world.now()).await {
                Ok(0) => {}
                Ok(records) => tracing::info!(
                    records,
                    keep_days,
                    "records of the audit whose time was over were dropped"
                ),
                Err(error) => {
                    tracing::error!(%error, "old records of the audit cannot be dropped; tried again tomorrow");
                }
            }
            world.sleep(EVERY).await;
        }
    }

    /// Drops what is older than so many days. How many records that were.
    pub async fn trim(&self, store: &Store, keep_days: u32, now: UnixMs) -> Result<u64, StoreError> {
        let oldest = now.plus_ms(-DAY_MS * i64::from(keep_days.max(LEAST_DAYS)));
        let mut dropped = 0;
        loop {
            let audit = self.clone();
            let part = store.write(move |tx| audit.trim_in(tx, oldest, now)).await?;
            dropped += part;
            if part < AT_ONCE {
                return Ok(dropped);
            }
        }
    }

    fn trim_in(&self, tx: &Tx<'_>, oldest: UnixMs, now: UnixMs) -> Result<u64, StoreError> {
        let Some((first, last)) = audit::ends(tx)? else { return Ok(0) };
        // Clocks are set back, too: what comes before a young record stays, whatever its own time says.
        let through = audit::first_since(tx, oldest)?.map_or(last, |young| young - 1);
        let through = through.min(first + AT_ONCE - 1);
        if through < first {
            return Ok(0);
        }
        let Some(row) = audit::one(tx, through)? else { return Ok(0) };
        let records = through + 1 - first;
        let entry = Entry::new(AuditAction::AuditTrim).on(TargetKind::Audit, through, "");
        self.own(now).record(tx, entry.after(json!({ "through": through, "records": records })))?;
        audit::drop_through(tx, &Anchor { link: row.link, signature: row.signature })
    }
}

/// Up to where a record of a trim says that records were dropped.
pub(super) fn told(body: &AuditBody) -> Option<u64> {
    body.after.as_ref()?.get("through")?.as_u64()
}
