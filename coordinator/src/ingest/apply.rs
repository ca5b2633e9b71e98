//! One prepared batch, in one transaction: raw records, folds, head.

use wire::{
    id::UnixMs,
    journal::{Head, Previous, SignedHead, Start},
};

use super::{
    IngestError,
    fold::{self, Effects},
    prepare::{Prepared, PreparedRecord},
};
use crate::store::{
    StoreError, Tx, chains,
    hosts::{self, HostId, Trouble},
    records::{Inserter, Place},
};

/// What a batch did.
#[derive(Clone, Debug, PartialEq)]
pub struct Applied {
    /// Everything up to here is held once the transaction is committed.
    pub head: SignedHead,
    pub effects: Effects,
    /// The host's trouble, when the batch began or ended one.
    pub trouble: Option<Option<Trouble>>,
}

/// Writes a batch. All or nothing, with the transaction that it is in.
pub fn apply(tx: &Tx<'_>, host: HostId, batch: &Prepared, now: UnixMs) -> Result<Applied, IngestError> {
    let held = chains::latest(tx, host, batch.agent)?;
    let mut trouble = None;
    let mut effects = Effects::default();
    let chain = match (batch.start, &held) {
        (Start::Continues, Some(held)) if held.head.head.epoch == batch.head.head.epoch => {
            // Its hash too: what was verified against another record must not follow this one.
            if batch.after != Some(held.head.head) {
                return Err(IngestError::Overtaken);
            }
            chains::advance(tx, held.id, &batch.head, now)?;
            held.id
        }
        (Start::First { previous }, None) => chains::begin(tx, host, previous, &batch.head, now)?,
        (Start::NewEpoch { previous, .. }, Some(held)) if held.head.head.epoch < batch.head.head.epoch => {
            if !comes_from_held(&held.head.head, previous) {
                return Err(IngestError::Fork { epoch: held.head.head.epoch, seq: held.head.head.seq });
            }
            trouble = Some(Some(Trouble::SetBack { epoch: batch.head.head.epoch }));
            fold::begin(tx, host, batch.records.first().map_or(now, PreparedRecord::at), &mut effects)?;
            chains::begin(tx, host, previous, &batch.head, now)?
        }
        _ => return Err(IngestError::Overtaken),
    };
    let mut raw = Inserter::new(tx)?;
    for (seq, prepared) in (batch.first_seq..).zip(&batch.records) {
        let place = Place::new(chain, seq)?;
        let record = prepared.record().map_err(|error| StoreError::Refused(error.to_string()))?;
        raw.insert(place, &record, &prepared.hash)?;
        prepared.fact.fold(tx, host, prepared.at(), place, &mut effects)?;
    }
    if effects.plan_confirmed && matches!(hosts::trouble(tx, host)?, Some(Trouble::SetBack { .. })) {
        trouble = Some(None);
    }
    if let Some(trouble) = &trouble {
        hosts::set_trouble(tx, host, trouble.as_ref())?;
    }
    Ok(Applied { head: batch.head, effects, trouble })
}

/// A new epoch may leave behind the end of the held one (the disk was set back), or come from epochs that were never
/// sent here. One that names an epoch before the held one comes from a machine that never saw the held one.
const fn comes_from_held(held: &Head, previous: Option<Previous>) -> bool {
    match previous {
        None => true,
        Some(previous) => previous.epoch >= held.epoch,
    }
}
