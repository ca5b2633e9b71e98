//! The domain strings: what keeps a signature or hash made for one use from counting in another.
//!
//! Knows every string of docs/PROTOCOL.md §1 and nothing of what is signed. No two uses share one.

use sha2::{Digest, Sha256};

use crate::id::Hash32;

/// ASCII, ends in one zero byte, and starts every signed or hashed input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Domain(&'static str);

pub const AGENT_FINGERPRINT: Domain = Domain("restic-manager/v1/agent-fingerprint\0");
pub const FLEET_FINGERPRINT: Domain = Domain("restic-manager/v1/fleet-fingerprint\0");
pub const OPERATOR_DEVICE: Domain = Domain("restic-manager/v1/operator-device\0");
pub const KEY_BINDING: Domain = Domain("restic-manager/v1/key-binding\0");
pub const STATEMENT: Domain = Domain("restic-manager/v1/statement\0");
pub const ADMISSION: Domain = Domain("restic-manager/v1/admission\0");
pub const TOKEN: Domain = Domain("restic-manager/v1/token\0");
pub const TOKEN_PROOF: Domain = Domain("restic-manager/v1/token-proof\0");
pub const ORDER: Domain = Domain("restic-manager/v1/order\0");
pub const DISPATCH: Domain = Domain("restic-manager/v1/dispatch\0");
pub const JOURNAL_GENESIS: Domain = Domain("restic-manager/v1/journal-genesis\0");
pub const JOURNAL_RECORD: Domain = Domain("restic-manager/v1/journal-record\0");
pub const JOURNAL_HEAD: Domain = Domain("restic-manager/v1/journal-head\0");
pub const AUDIT_RECORD: Domain = Domain("restic-manager/v1/audit-record\0");
pub const AUDIT_HEAD: Domain = Domain("restic-manager/v1/audit-head\0");
pub const KEY_ANNOUNCEMENT: Domain = Domain("restic-manager/v1/key-announcement\0");
pub const SEAL: Domain = Domain("restic-manager/v1/seal\0");
pub const DOWNLOAD: Domain = Domain("restic-manager/v1/download\0");
pub const NOISE: Domain = Domain("restic-manager/v1/noise\0");
pub const AT_REST: Domain = Domain("restic-manager/v1/at-rest\0");
pub const COORDINATOR_AT_REST: Domain = Domain("restic-manager/v1/coordinator-at-rest\0");

/// HKDF labels (no trailing zero: HKDF's `info` is not a signed input).
pub mod label {
    pub const KIT_ROOT: &[u8] = b"restic-manager/v1/kit/root";
    pub const KIT_RECOVERY: &[u8] = b"restic-manager/v1/kit/recovery";
    pub const TOKEN_SIGN: &[u8] = b"restic-manager/v1/token/sign";
    pub const TOKEN_SEAL: &[u8] = b"restic-manager/v1/token/seal";
    pub const USER_HANDLE: &[u8] = b"restic-manager/v1/coordinator/user-handle";
    pub const COORDINATOR_AT_REST: &[u8] = b"restic-manager/v1/coordinator/at-rest";
}

impl Domain {
    pub const fn as_bytes(self) -> &'static [u8] {
        self.0.as_bytes()
    }

    /// SHA-256 over the domain and the parts, one after the other. Whoever gives several parts of variable length
    /// writes their lengths himself ([`lp`]).
    pub fn hash(self, parts: &[&[u8]]) -> Hash32 {
        let mut hasher = Sha256::new_with_prefix(self.as_bytes());
        for part in parts {
            hasher.update(part);
        }
        Hash32(hasher.finalize().into())
    }

    /// `domain ‖ message`: the bytes that a signature covers.
    pub(crate) fn input(self, message: &[u8]) -> Vec<u8> {
        [self.as_bytes(), message].concat()
    }
}

/// `u16 length ‖ bytes`. `None` when the text is longer than a `u16` can say.
pub fn lp(bytes: &[u8]) -> Option<Vec<u8>> {
    let length = u16::try_from(bytes.len()).ok()?;
    Some([&length.to_be_bytes(), bytes].concat())
}

/// SHA-256 without a domain: only for bodies, whose hash stands inside a record's domain-separated hash.
pub fn sha256(bytes: &[u8]) -> Hash32 {
    Hash32(Sha256::digest(bytes).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_uses_share_a_domain_and_none_is_the_start_of_another() {
        let all = [
            AGENT_FINGERPRINT,
            FLEET_FINGERPRINT,
            OPERATOR_DEVICE,
            KEY_BINDING,
            STATEMENT,
            ADMISSION,
            TOKEN,
            TOKEN_PROOF,
            ORDER,
            DISPATCH,
            JOURNAL_GENESIS,
            JOURNAL_RECORD,
            JOURNAL_HEAD,
            AUDIT_RECORD,
            AUDIT_HEAD,
            KEY_ANNOUNCEMENT,
            SEAL,
            DOWNLOAD,
            NOISE,
            AT_REST,
            COORDINATOR_AT_REST,
        ];
        for (i, a) in all.iter().enumerate() {
            assert!(a.0.is_ascii() && a.0.ends_with('\0') && a.0.matches('\0').count() == 1, "{a:?}");
            for b in &all[i + 1..] {
                assert!(!a.0.starts_with(b.0) && !b.0.starts_with(a.0), "{a:?} and {b:?}");
            }
        }
    }
}
