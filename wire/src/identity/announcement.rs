//! The announcement of an operator's device key: its own word that it is a person's.

use crate::{
    domain::{self, lp},
    id::{FleetId, OperatorKey, Signature64},
    identity::{SigningKey, verify},
};

/// `fleet(32) ‖ lp(person)`: what a device key signs to be a person's. `None` when the name is longer than any name is.
pub fn announcement(fleet: &FleetId, person: &str) -> Option<Vec<u8>> {
    Some([&fleet.0[..], &lp(person.as_bytes())?].concat())
}

/// Shows that whoever announces this key holds its secret half, to this fleet and for this person alone.
pub fn announce(key: &SigningKey, fleet: &FleetId, person: &str) -> Option<Signature64> {
    Some(key.sign(domain::KEY_ANNOUNCEMENT, &announcement(fleet, person)?))
}

#[must_use]
pub fn is_announced(key: &OperatorKey, fleet: &FleetId, person: &str, proof: &Signature64) -> bool {
    announcement(fleet, person)
        .is_some_and(|message| verify(&key.0, domain::KEY_ANNOUNCEMENT, &message, proof))
}
