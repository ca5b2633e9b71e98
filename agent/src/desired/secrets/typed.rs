//! A secret that a person types at this host's own terminal: it comes in clear, over the control socket, and is looked at
//! and kept like one that came sealed.

use rand_core::CryptoRng;
use rusqlite::Connection;
use wire::{
    id::UnixMs,
    plan::Plan,
    seal::{Secret, SecretSlot},
};

use super::{EscrowTo, Opened, SecretRefusal, Secrets, wrong_with};
use crate::store::{StoreError, Tx, secrets};

impl Secrets {
    /// The next revision of the slot, if the value makes sense there.
    pub(in crate::desired) fn typed(
        &self,
        connection: &Connection,
        slot: SecretSlot,
        secret: Secret,
        plan: &Plan,
    ) -> Result<Opened, SecretRefusal> {
        self.may_keep(&slot)?;
        let revision = secrets::revision(connection, &slot)? + 1;
        match wrong_with(&slot, &secret, plan) {
            None => Ok(Opened { slot, revision, secret }),
            Some(problem) => Err(SecretRefusal::Value { slot, problem }),
        }
    }

    /// Keeps it; `escrow` is absent while this host knows of no fleet, whose first statement makes up for that.
    pub(in crate::desired) fn keep_typed(
        &self,
        tx: &Tx<'_>,
        opened: &Opened,
        escrow: Option<EscrowTo>,
        at: UnixMs,
        rng: &mut impl CryptoRng,
    ) -> Result<u64, StoreError> {
        if let Some(escrow) = escrow {
            self.keep(tx, opened, escrow, at, rng)?;
        } else {
            let vault = self.vault.as_ref().map_err(|problem| StoreError::Statement(problem.clone()))?;
            let Opened { slot, revision, secret } = opened;
            let sealed = vault.close(slot, *revision, secret, rng);
            secrets::add(tx, &secrets::SecretRow { slot: slot.clone(), revision: *revision, sealed, at })?;
        }
        Ok(opened.revision)
    }
}
