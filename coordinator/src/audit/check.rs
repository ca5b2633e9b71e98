//! Checks the chain again: from genesis, or from the record that its time was over for, to the last one.
//!
//! What the rows themselves cannot tell is who cut off the end and all that is in memory with it: a copy elsewhere does,
//! and so does whoever looked before (docs/AUDIT.md).

use rusqlite::Connection;
use wire::{
    id::CoordinatorId,
    view::{AuditAction, AuditBody},
};

use super::chain::{self, ChainError};
use crate::store::{
    StoreError,
    audit::{self, AuditRow, Link, Searched},
};

/// Rows that are read at once.
pub(super) const STEP: u32 = 1_000;

/// Below every number: the database has them with a sign, and whoever writes to it may give a row one below zero.
const LOWEST: u64 = i64::MIN.cast_unsigned();

/// What a check went through, and the first thing that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    pub records: u64,
    pub bad: Option<ChainError>,
}

/// Checks all that is kept.
pub fn check(connection: &Connection, coordinator: CoordinatorId) -> Result<Checked, StoreError> {
    let mut walk = Walk::begin(connection, coordinator)?;
    loop {
        let more = walk.step(connection)?;
        if walk.bad.is_some() || !more {
            return Ok(Checked { records: walk.records, bad: walk.bad });
        }
    }
}

/// A check on its way.
#[derive(Clone, Debug)]
pub(super) struct Walk {
    coordinator: CoordinatorId,
    /// Where the chain goes on from; 0 is genesis.
    anchor: u64,
    /// Everything up to here holds.
    pub before: Link,
    /// Up to where the newest record of a trim says that records were dropped.
    told: Option<u64>,
    pub records: u64,
    pub bad: Option<ChainError>,
}

impl Walk {
    pub fn begin(connection: &Connection, coordinator: CoordinatorId) -> Result<Self, StoreError> {
        let anchor = audit::anchor(connection)?;
        let before = anchor.map_or_else(|| chain::genesis(coordinator), |anchor| anchor.link);
        let forged = anchor.filter(|anchor| !chain::is_signed(coordinator, anchor.link, &anchor.signature));
        Ok(Self {
            coordinator,
            anchor: anchor.map_or(0, |anchor| anchor.link.seq),
            before,
            told: None,
            records: 0,
            bad: forged.map(|anchor| ChainError::Anchor(anchor.link.seq)),
        })
    }

    /// Goes on by some records. Whether there may be more; without more, and nothing bad, all of the chain holds.
    pub fn step(&mut self, connection: &Connection) -> Result<bool, StoreError> {
        if self.bad.is_some() {
            return Ok(false);
        }
        // From the first row on at the beginning, so that what stands before the chain's own place is found.
        let from = if self.records == 0 { LOWEST } else { self.before.seq + 1 };
        let rows = audit::searched_from(connection, from, STEP)?;
        for (row, filed) in &rows {
            if let Err(bad) = self.take(row, filed) {
                self.bad = Some(bad);
                return Ok(false);
            }
        }
        if rows.len() == STEP as usize {
            return Ok(true);
        }
        self.bad = self.end(connection)?;
        Ok(false)
    }

    fn take(&mut self, row: &AuditRow, filed: &Searched) -> Result<(), ChainError> {
        let link = chain::verify_link(self.coordinator, self.before, row)?;
        let seq = link.seq;
        let body: AuditBody = serde_json::from_str(&row.body).map_err(|_| ChainError::Unreadable(seq))?;
        chain::verify_searched(seq, &body, filed)?;
        if body.action == AuditAction::AuditTrim {
            self.told = super::trim::told(&body);
        }
        self.before = link;
        self.records += 1;
        Ok(())
    }

    /// What only the whole tells: that what is gone was dropped in its time, and that the end is there.
    fn end(&self, connection: &Connection) -> Result<Option<ChainError>, StoreError> {
        match (self.anchor, self.told) {
            (0, None) => {}
            (anchor, None) => return Ok(Some(ChainError::Untold(anchor))),
            (found, Some(told)) if found == told => {}
            (found, Some(told)) => return Ok(Some(ChainError::OtherAnchor { told, found })),
        }
        let copied = audit::copied(connection)?.map_or(0, |(_, seq)| seq);
        let last = self.before.seq;
        Ok((copied > last).then_some(ChainError::Cut { last, seen: copied }))
    }

    /// Whether records were dropped while this check was on its way: what it then misses is no damage.
    pub fn is_overtaken(&self, connection: &Connection) -> Result<bool, StoreError> {
        Ok(audit::anchor(connection)?.map_or(0, |anchor| anchor.link.seq) != self.anchor)
    }

    /// Whether what was checked still stands there, and nothing was dropped beyond it.
    pub fn still_stands(&self, connection: &Connection) -> Result<bool, StoreError> {
        if self.is_overtaken(connection)? {
            return Ok(false);
        }
        if self.before.seq == self.anchor {
            return Ok(true);
        }
        Ok(audit::one(connection, self.before.seq)?.is_some_and(|row| row.link == self.before))
    }
}
