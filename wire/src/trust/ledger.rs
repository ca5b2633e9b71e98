//! The ledger of fleet statements: the highest one seen, and why another is not accepted.
//!
//! Keeps the hash of every version, so that a known one is recognised and a forked one is named; keeps every role a
//! key ever had, so that what a person signed before leaving still stands.

use std::collections::BTreeMap;

use crate::{
    id::{FleetId, Hash32, RootKey, SignerKey},
    identity::fleet_id,
    trust::{Role, Signed, SignedError, Statement, StatementError, Verified},
};

/// What a statement did to the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// It is the highest now.
    New,
    /// The same one was the highest already.
    Known,
}

/// Why a statement does not count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    #[error(transparent)]
    Signed(#[from] SignedError),
    #[error(transparent)]
    Invalid(#[from] StatementError),
    #[error(
        "statement {version} belongs to fleet {found}, not to the pinned fleet {pinned}: check the coordinator's address"
    )]
    WrongFleet { version: u64, pinned: FleetId, found: FleetId },
    #[error(
        "the first statement is not signed by the root key that the pinned fleet {pinned} was founded with: somebody else made it, do not enrol here"
    )]
    WrongRoot { pinned: FleetId },
    #[error(
        "statement {version} is older than {highest}, the highest one seen: the coordinator was set back, or hides a newer one"
    )]
    Lower { version: u64, highest: u64 },
    #[error(
        "there are two different statements with number {version}: the fleet forked; publish the next version with the recovery kit"
    )]
    Forked { version: u64 },
    #[error("statement {version} does not follow: {expected} is the next one")]
    Gap { version: u64, expected: u64 },
    #[error(
        "statement {version} does not name the hash of the one before it: it was made for another history"
    )]
    WrongPrevious { version: u64 },
    #[error("statement {version} is signed by {by}, which is neither the root nor an admin of version {}: only they can publish one", .version - 1)]
    NotAuthorised { version: u64, by: SignerKey },
    #[error(
        "statement {version} is signed by the admin `{admin}` but changes the {what}: only the recovery kit can do that"
    )]
    NeedsRoot { version: u64, admin: String, what: RootOnly },
    #[error("the coordinator sent no fleet statement at all: finish its set-up first")]
    Empty,
}

/// The parts of a statement that only the root can change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RootOnly {
    Root,
    Recovery,
    Coordinators,
}

impl std::fmt::Display for RootOnly {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Root => "root key",
            Self::Recovery => "recovery key",
            Self::Coordinators => "coordinators",
        })
    }
}

/// All that is known of one fleet's statements. Pinned to the fleet, holds at least version 1.
#[derive(Clone, Debug)]
pub struct Ledger {
    highest: Verified<Statement>,
    /// `hashes[n - 1]` is that of version n.
    hashes: Vec<Hash32>,
    /// The highest role that a key ever had.
    roles_ever: BTreeMap<SignerKey, Role>,
}

impl Ledger {
    /// Starts from version 1 of the pinned fleet.
    pub fn found(pinned: FleetId, first: &Signed<Statement>) -> Result<Self, TrustError> {
        let first = first.verify()?;
        let version = first.version;
        if first.fleet != pinned {
            return Err(TrustError::WrongFleet { version, pinned, found: first.fleet });
        }
        if version != 1 {
            return Err(TrustError::Gap { version, expected: 1 });
        }
        let signer = RootKey::from(first.by);
        if fleet_id(&signer) != pinned || first.root != signer {
            return Err(TrustError::WrongRoot { pinned });
        }
        if first.previous != Hash32::ZERO {
            return Err(TrustError::WrongPrevious { version });
        }
        first.validate()?;
        let mut ledger = Self { hashes: vec![first.hash], roles_ever: BTreeMap::new(), highest: first };
        ledger.remember_roles();
        Ok(ledger)
    }

    /// Starts from version 1 and takes all that follow.
    pub fn replay(pinned: FleetId, all: &[Signed<Statement>]) -> Result<Self, TrustError> {
        let (first, rest) = all.split_first().ok_or(TrustError::Empty)?;
        let mut ledger = Self::found(pinned, first)?;
        for statement in rest {
            ledger.accept(statement)?;
        }
        Ok(ledger)
    }

    /// Takes what a coordinator sends: every statement from version 1. Known ones must be the same, new ones must
    /// follow, and the list must reach the highest one seen. On an error the ledger is as before. Returns the new
    /// ones, to be stored.
    pub fn accept_all<'a>(
        &mut self,
        all: &'a [Signed<Statement>],
    ) -> Result<Vec<&'a Signed<Statement>>, TrustError> {
        let mut next = self.clone();
        let mut new = Vec::new();
        let mut reached = 0;
        for signed in all {
            let statement = signed.verify()?;
            reached = reached.max(statement.version);
            if next.known_hash(statement.version) == Some(statement.hash) {
                continue;
            }
            if next.accept_verified(statement)? == Accepted::New {
                new.push(signed);
            }
        }
        if reached < next.version() {
            return Err(TrustError::Lower { version: reached, highest: next.version() });
        }
        *self = next;
        Ok(new)
    }

    /// Takes one statement: the next version, or the highest once more.
    pub fn accept(&mut self, signed: &Signed<Statement>) -> Result<Accepted, TrustError> {
        self.accept_verified(signed.verify()?)
    }

    fn accept_verified(&mut self, next: Verified<Statement>) -> Result<Accepted, TrustError> {
        let version = next.version;
        let highest = self.version();
        if next.fleet != self.fleet() {
            return Err(TrustError::WrongFleet { version, pinned: self.fleet(), found: next.fleet });
        }
        next.validate()?;
        match self.known_hash(version) {
            Some(known) if known != next.hash => return Err(TrustError::Forked { version }),
            Some(_) if version == highest => return Ok(Accepted::Known),
            Some(_) => return Err(TrustError::Lower { version, highest }),
            None if version != highest + 1 => return Err(TrustError::Gap { version, expected: highest + 1 }),
            None => {}
        }
        if next.previous != self.highest.hash {
            return Err(TrustError::WrongPrevious { version });
        }
        self.authorise(&next)?;
        self.hashes.push(next.hash);
        self.highest = next;
        self.remember_roles();
        Ok(Accepted::New)
    }

    /// The root of the version before may change everything, an admin of the version before the operators alone.
    fn authorise(&self, next: &Verified<Statement>) -> Result<(), TrustError> {
        let before = &self.highest.document;
        if next.by == before.root {
            return Ok(());
        }
        let version = next.version;
        let Some(admin) = before.operator(next.by).filter(|operator| operator.role == Role::Admin) else {
            return Err(TrustError::NotAuthorised { version, by: next.by });
        };
        let what = if next.root != before.root {
            RootOnly::Root
        } else if next.recovery != before.recovery {
            RootOnly::Recovery
        } else if next.coordinators != before.coordinators {
            RootOnly::Coordinators
        } else {
            return Ok(());
        };
        Err(TrustError::NeedsRoot { version, admin: admin.name.clone(), what })
    }

    fn remember_roles(&mut self) {
        for operator in &self.highest.document.operators {
            let role = self.roles_ever.entry(operator.key.into()).or_insert(operator.role);
            *role = (*role).max(operator.role);
        }
    }

    fn known_hash(&self, version: u64) -> Option<Hash32> {
        let index = usize::try_from(version.checked_sub(1)?).ok()?;
        self.hashes.get(index).copied()
    }

    pub const fn fleet(&self) -> FleetId {
        self.highest.document.fleet
    }

    pub const fn version(&self) -> u64 {
        self.highest.document.version
    }

    /// The hash that the next version must name as `previous`.
    pub const fn hash(&self) -> Hash32 {
        self.highest.hash
    }

    /// The highest statement.
    pub const fn statement(&self) -> &Statement {
        &self.highest.document
    }

    /// The highest role that this key had in any version.
    pub fn role_ever(&self, key: SignerKey) -> Option<Role> {
        self.roles_ever.get(&key).copied()
    }
}
