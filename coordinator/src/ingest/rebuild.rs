//! Folds every view again from the raw records.

use crate::store::{StoreError, Tx, chains, hosts, records, views};

use super::fold::{Effects, Fact};

/// What a rebuild went through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rebuilt {
    pub hosts: u64,
    pub records: u64,
}

/// Throws all views away and folds them anew. Records and everything that is the coordinator's own stay.
pub fn rebuild(tx: &Tx<'_>) -> Result<Rebuilt, StoreError> {
    views::clear(tx)?;
    let mut rebuilt = Rebuilt::default();
    for host in hosts::all(tx)? {
        rebuilt.hosts += 1;
        for epoch in chains::of_host(tx, host.id, host.agent)? {
            let mut effects = Effects::default();
            records::walk::<StoreError>(tx, epoch.id, |stored| {
                rebuilt.records += 1;
                if let Some(record) = stored.record() {
                    Fact::of(&record).fold(tx, host.id, stored.at, stored.place, &mut effects)?;
                    effects = Effects::default();
                }
                Ok(true)
            })?;
        }
    }
    Ok(rebuilt)
}
