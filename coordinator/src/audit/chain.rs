//! The chain's arithmetic (docs/PROTOCOL.md): hashes from record to record, and what a signature covers. Pure.

use wire::{
    domain,
    id::{CoordinatorId, Signature64, SignerKey},
    view::AuditBody,
};

use crate::store::audit::{AuditRow, Link, Searched, SearchedTarget};

/// Where a coordinator's chain begins: before its first record.
pub fn genesis(coordinator: CoordinatorId) -> Link {
    Link { seq: 0, hash: domain::AUDIT_RECORD.hash(&[&coordinator.0]) }
}

/// `H(domain ‖ hash before ‖ seq ‖ length of the body ‖ body)`, integers as 64-bit big-endian.
pub(super) fn next(before: Link, body: &str) -> Link {
    let seq = before.seq + 1;
    let length = u64::try_from(body.len()).unwrap_or(u64::MAX);
    let parts: [&[u8]; 4] = [&before.hash.0, &seq.to_be_bytes(), &length.to_be_bytes(), body.as_bytes()];
    Link { seq, hash: domain::AUDIT_RECORD.hash(&parts) }
}

/// `coordinator ‖ seq ‖ hash`: what is signed of a record.
pub(super) fn signed(coordinator: CoordinatorId, link: Link) -> [u8; 72] {
    let mut bytes = [0; 72];
    bytes[..32].copy_from_slice(&coordinator.0);
    bytes[32..40].copy_from_slice(&link.seq.to_be_bytes());
    bytes[40..].copy_from_slice(&link.hash.0);
    bytes
}

/// What a record is searched by.
pub(super) fn searched(body: &AuditBody) -> Searched {
    Searched {
        at: body.at,
        action: word(&body.action),
        actor: body.actor.name().to_owned(),
        target: body.target.as_ref().map(|target| SearchedTarget {
            kind: word(&target.kind),
            id: target.id.clone(),
            name: target.name.clone(),
        }),
    }
}

/// A word of a closed list, as bodies have it.
pub(super) fn word(of: &impl serde::Serialize) -> String {
    match serde_json::to_value(of) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

/// Why the chain does not hold. `Display` names the first bad record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    #[error("record {0} is missing")]
    Gap(u64),
    #[error("record {0} stands where the chain has no place for it")]
    Extra(u64),
    #[error("record {0} was changed: its hash does not follow from the one before")]
    Hash(u64),
    #[error("record {0} does not carry this coordinator's signature")]
    Signature(u64),
    #[error("record {0} cannot be read: its body is no record of this version")]
    Unreadable(u64),
    #[error("record {seq} is filed under another {what} than its body says")]
    Filed { seq: u64, what: &'static str },
    #[error("the chain goes on from record {0}, which does not carry this coordinator's signature")]
    Anchor(u64),
    #[error("the records up to {0} are gone, and no record says that their time was over")]
    Untold(u64),
    #[error(
        "the records up to {told} were dropped when their time was over, but the chain goes on from {found}"
    )]
    OtherAnchor { told: u64, found: u64 },
    #[error("the chain ends with record {last}, but there were {seen}: its end was cut off")]
    Cut { last: u64, seen: u64 },
}

/// Whether a record follows from the one before it, and is this coordinator's.
pub fn verify_link(coordinator: CoordinatorId, before: Link, row: &AuditRow) -> Result<Link, ChainError> {
    let link = next(before, &row.body);
    if row.link.seq.cast_signed() < link.seq.cast_signed() {
        return Err(ChainError::Extra(row.link.seq));
    }
    if row.link.seq > link.seq {
        return Err(ChainError::Gap(link.seq));
    }
    if row.link.hash != link.hash {
        return Err(ChainError::Hash(link.seq));
    }
    if !is_signed(coordinator, link, &row.signature) {
        return Err(ChainError::Signature(link.seq));
    }
    Ok(link)
}

pub(super) fn is_signed(coordinator: CoordinatorId, link: Link, signature: &Signature64) -> bool {
    let key = SignerKey::from(coordinator);
    wire::identity::verify(&key.0, domain::AUDIT_HEAD, &signed(coordinator, link), signature)
}

/// Whether a record is filed under what its body says.
pub(super) fn verify_searched(seq: u64, body: &AuditBody, filed: &Searched) -> Result<(), ChainError> {
    let said = searched(body);
    let what = if said.at != filed.at {
        "time"
    } else if said.action != filed.action {
        "action"
    } else if said.actor != filed.actor {
        "actor"
    } else if said.target != filed.target {
        "target"
    } else {
        return Ok(());
    };
    Err(ChainError::Filed { seq, what })
}
