//! Which revision of a slot is in use: the newest that opened the repository where it lies now. A newer one is tried
//! first, and comes into use and into escrow once it works. Where none has opened anything there, nothing is lost by
//! using the newest at once: the first of a slot, or those that came with a new destination. One that was refused is
//! used only where every other one was refused as well.

use rand_core::CryptoRng;
use rusqlite::Connection;
use wire::{job::Reason, seal::SecretSlot};

use super::{EscrowTo, Secrets, put_in_escrow};
use crate::{
    desired::desk,
    run::{Candidate, SecretError, Used},
    store::{
        StoreError, Tx, journal, plan,
        secrets::{self, Held},
        trust,
    },
};

/// The one that jobs use, and a newer one that nobody knows to work.
#[derive(Default)]
pub(super) struct Standing {
    pub in_use: Option<Held>,
    pub candidate: Option<Held>,
}

impl Standing {
    fn of(held: Vec<Held>, location: Option<&str>) -> Self {
        let newest = held.first().map(|held| held.row.revision);
        let opened = |held: &Held| location.is_some() && held.opened.as_deref() == location;
        let unrefused = || held.iter().position(|held| held.refused.is_none());
        let at = held.iter().position(opened).or_else(unrefused).unwrap_or(0);
        let (mut in_use, mut candidate) = (None, None);
        for (n, held) in held.into_iter().enumerate() {
            if n == at {
                in_use = Some(held);
            } else if Some(held.row.revision) == newest {
                candidate = Some(held);
            }
        }
        Self { in_use, candidate }
    }
}

pub(super) fn standing(connection: &Connection, slot: &SecretSlot) -> Result<Standing, StoreError> {
    let location = match slot.repository() {
        None => None,
        Some(name) => plan::current(connection)?
            .and_then(|current| current.plan.repositories.get(name).map(|it| it.backend.location())),
    };
    Ok(Standing::of(secrets::held(connection, slot)?, location.as_deref()))
}

/// Every slot's revision that is in use.
pub(super) fn all(connection: &Connection) -> Result<Vec<Held>, StoreError> {
    let newest = secrets::all(connection)?;
    let each = newest.iter().map(|row| Ok(standing(connection, &row.slot)?.in_use));
    each.filter_map(Result::transpose).collect()
}

/// Whom this host's escrow is for; `None` while it knows of no fleet.
fn escrow_to(connection: &Connection) -> Result<Option<EscrowTo>, StoreError> {
    let Some(pin) = trust::pin(connection)? else { return Ok(None) };
    let ledger =
        desk::ledger(connection, pin.fleet).map_err(|error| StoreError::Statement(error.to_string()))?;
    let agent = journal::agent(connection)?;
    Ok(ledger.map(|ledger| EscrowTo { fleet: ledger.fleet(), agent, recovery: ledger.statement().recovery }))
}

impl Secrets {
    pub(super) fn candidate_of(&self, slot: &SecretSlot) -> Result<Option<Candidate>, SecretError> {
        let standing = standing(&self.reader(), slot).map_err(|error| SecretError(error.to_string()))?;
        let Some(held) = standing.candidate else { return Ok(None) };
        let vault = self.vault.as_ref().map_err(|problem| SecretError(problem.clone()))?;
        let secret = vault.open(&held.row).map_err(|error| SecretError(error.to_string()))?;
        Ok(Some(Candidate { revision: held.row.revision, secret, refused: held.refused }))
    }

    /// They opened the repository. What was only waiting for that is escrowed now.
    pub(super) fn worked(
        &self,
        tx: &Tx<'_>,
        used: &Used<'_>,
        rng: &mut impl CryptoRng,
    ) -> Result<(), StoreError> {
        let escrow = escrow_to(tx)?;
        for (slot, revision) in used.revisions {
            let held = secrets::held(tx, slot)?.into_iter().find(|held| held.row.revision == *revision);
            let Some(held) = held else { continue };
            if held.opened.as_deref() != Some(used.location) || held.refused.is_some() {
                secrets::set_opened(tx, slot, *revision, used.location)?;
            }
            if let Some(escrow) = escrow.filter(|_| !held.escrowed) {
                let vault = self.vault.as_ref().map_err(|problem| StoreError::Statement(problem.clone()))?;
                let secret =
                    vault.open(&held.row).map_err(|error| StoreError::Statement(error.to_string()))?;
                put_in_escrow(tx, slot, *revision, &secret, escrow, used.at, rng)?;
            }
        }
        Ok(())
    }
}

/// They were tried and did not open it.
pub(super) fn refused(tx: &Tx<'_>, used: &Used<'_>, reason: &Reason) -> Result<(), StoreError> {
    used.revisions.iter().try_for_each(|(slot, revision)| secrets::set_refused(tx, slot, *revision, reason))
}

#[cfg(test)]
mod tests {
    use wire::id::UnixMs;

    use super::*;
    use crate::store::secrets::SecretRow;

    fn held(revision: u64, opened: Option<&str>) -> Held {
        let slot = "repository/main/password".parse().unwrap();
        let row = SecretRow { slot, revision, sealed: Vec::new(), at: UnixMs(0) };
        Held { row, opened: opened.map(str::to_owned), refused: None, escrowed: false }
    }

    fn chosen(held: Vec<Held>, location: Option<&str>) -> (Option<u64>, Option<u64>) {
        let standing = Standing::of(held, location);
        let revision = |held: Option<Held>| held.map(|held| held.row.revision);
        (revision(standing.in_use), revision(standing.candidate))
    }

    #[test]
    fn the_newest_that_opened_this_place_is_used_until_a_newer_one_does() {
        assert_eq!(chosen(vec![], Some("/a")), (None, None));
        assert_eq!(chosen(vec![held(1, None)], Some("/a")), (Some(1), None), "the first is used at once");
        let waiting = || vec![held(3, None), held(2, Some("/a")), held(1, Some("/a"))];
        assert_eq!(chosen(waiting(), Some("/a")), (Some(2), Some(3)));
        assert_eq!(chosen(waiting(), Some("/b")), (Some(3), None), "another place has no older one to keep");
        assert_eq!(chosen(waiting(), None), (Some(3), None), "a hook, or no repository of that name");
        let back = || vec![held(2, Some("/b")), held(1, Some("/a"))];
        assert_eq!(chosen(back(), Some("/a")), (Some(1), Some(2)));
    }

    #[test]
    fn where_nothing_opened_this_place_a_refused_one_comes_last() {
        let refused = |revision| Held { refused: Some(Reason::WrongPassword), ..held(revision, None) };
        let moved = || vec![refused(3), held(2, None), held(1, Some("/a"))];
        for (all, at, expected) in [
            (moved(), Some("/b"), (Some(2), Some(3))),
            (moved(), Some("/a"), (Some(1), Some(3))),
            (vec![refused(2), held(1, Some("/a"))], Some("/b"), (Some(1), Some(2))),
            (vec![held(3, None), refused(2), held(1, Some("/a"))], Some("/b"), (Some(3), None)),
            (vec![refused(2), refused(1)], Some("/b"), (Some(2), None)),
        ] {
            assert_eq!(chosen(all, at), expected, "{at:?}");
        }
    }
}
