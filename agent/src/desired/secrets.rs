//! The secrets this host holds: taking sealed ones in, giving opened ones to the engine, escrow for the fleet's kit.
//!
//! Only the next revision of a slot is accepted. What is used is in escrow: from the transaction that keeps it, or from
//! the one that notes that it works, where another was in use before. Where the vault's key cannot be used nothing is
//! taken and the reason is said; the rest of the agent goes on.

mod in_use;
mod typed;

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use rand_core::CryptoRng;
use rusqlite::Connection;
use serde::Deserialize;
use wire::{
    action::{OrderRefusalCode, SealedSecret},
    id::{AgentId, FleetId, SealKey, UnixMs},
    job::Reason,
    journal::Escrow,
    plan::Plan,
    seal::{self, BoxContext, SealError, SealSecret, SealedBox, Secret, SecretSlot},
};
use zeroize::Zeroize as _;

use super::vault::Vault;
use crate::{
    run::{Candidate, SecretError, SecretSource, Used},
    store::{StoreError, Tx, journal, secrets},
    world::WorldRng,
};

/// The vault, or why there is none, and a connection to read rows with.
pub struct Secrets {
    vault: Result<Vault, String>,
    reader: Mutex<Connection>,
}

/// A box that opened and whose content makes sense; not yet kept.
pub struct Opened {
    pub(super) slot: SecretSlot,
    pub(super) revision: u64,
    secret: Secret,
}

/// Whom escrow boxes are for.
#[derive(Clone, Copy, Debug)]
pub struct EscrowTo {
    pub fleet: FleetId,
    pub agent: AgentId,
    pub recovery: SealKey,
}

/// Why a sealed secret is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretRefusal {
    #[error("{slot} is at revision {held}, so {} is the next one and {found} is not taken", .held + 1)]
    Revision { slot: SecretSlot, held: u64, found: u64 },
    #[error("{slot}: {problem}")]
    Box { slot: SecretSlot, problem: SealError },
    #[error("{slot}: {problem}")]
    Value { slot: SecretSlot, problem: &'static str },
    #[error("{slot} can delete backups and is kept nowhere")]
    NeverKept { slot: SecretSlot },
    #[error("this host cannot keep secrets: {0}")]
    NoVault(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SecretRefusal {
    pub const fn code(&self) -> OrderRefusalCode {
        match self {
            Self::Revision { .. } | Self::Box { .. } | Self::Value { .. } | Self::NeverKept { .. } => {
                OrderRefusalCode::BadSecret
            }
            Self::NoVault(_) | Self::Store(_) => OrderRefusalCode::Unavailable,
        }
    }

    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Revision { .. } => {
                "Somebody set it meanwhile: load the page again and set it once more if it is still wanted."
            }
            Self::Box { .. } => "Seal it again to the key that this host shows now.",
            Self::Value { .. } => "Correct the value and send it again.",
            Self::NeverKept { .. } => {
                "On a keeper the login that may delete is its ordinary repository/NAME/login: set it there. For any other host release it for one run, on the repository's page in the panel."
            }
            Self::NoVault(_) => "Mend the vault's key file at the host, restart the agent and try again.",
            Self::Store(_) => "Make room on the host's disk and try again.",
        }
    }
}

#[derive(Deserialize)]
struct Login {
    #[serde(default)]
    user: String,
    password: String,
}

impl Drop for Login {
    fn drop(&mut self) {
        self.password.zeroize();
    }
}

impl Secrets {
    pub const fn new(vault: Result<Vault, String>, reader: Connection) -> Self {
        Self { vault, reader: Mutex::new(reader) }
    }

    /// Why no secret can be opened or kept, if so.
    pub fn problem(&self) -> Option<&str> {
        self.vault.as_ref().err().map(String::as_str)
    }

    /// Opens a box and looks at what is in it. `plan` is the one that will hold once the secret does.
    pub(super) fn unseal(
        &self,
        connection: &Connection,
        sealed: &SealedSecret,
        context: &BoxContext<'_>,
        key: &SealSecret,
        plan: &Plan,
    ) -> Result<Opened, SecretRefusal> {
        let slot = sealed.slot.clone();
        self.may_keep(&slot)?;
        let held = secrets::revision(connection, &slot)?;
        if sealed.revision != held + 1 {
            return Err(SecretRefusal::Revision { slot, held, found: sealed.revision });
        }
        let opened = SealedBox::try_from(&sealed.sealed).and_then(|bytes| seal::open(context, key, &bytes));
        let secret = match opened {
            Ok(secret) => secret,
            Err(problem) => return Err(SecretRefusal::Box { slot, problem }),
        };
        match wrong_with(&slot, &secret, plan) {
            None => Ok(Opened { slot, revision: sealed.revision, secret }),
            Some(problem) => Err(SecretRefusal::Value { slot, problem }),
        }
    }

    /// Whether there is anything to keep secrets in, and this one may lie there.
    fn may_keep(&self, slot: &SecretSlot) -> Result<(), SecretRefusal> {
        if matches!(slot, SecretSlot::RepositoryAdmin(_)) {
            return Err(SecretRefusal::NeverKept { slot: slot.clone() });
        }
        self.vault.as_ref().map(drop).map_err(|problem| SecretRefusal::NoVault(problem.clone()))
    }

    /// Opens a box whose content is for memory alone, under whatever revision: none is kept.
    pub(super) fn open_for_memory(
        sealed: &SealedSecret,
        context: &BoxContext<'_>,
        key: &SealSecret,
        plan: &Plan,
    ) -> Result<Secret, SecretRefusal> {
        let slot = sealed.slot.clone();
        let opened = SealedBox::try_from(&sealed.sealed).and_then(|bytes| seal::open(context, key, &bytes));
        let secret = match opened {
            Ok(secret) => secret,
            Err(problem) => return Err(SecretRefusal::Box { slot, problem }),
        };
        match wrong_with(&slot, &secret, plan) {
            None => Ok(secret),
            Some(problem) => Err(SecretRefusal::Value { slot, problem }),
        }
    }

    /// Keeps an opened secret and journals its escrow box if it is used at once, in the caller's transaction, which has
    /// put the plan that it came with. `false`: it waits to be tried.
    pub(super) fn keep(
        &self,
        tx: &Tx<'_>,
        opened: &Opened,
        escrow: EscrowTo,
        at: UnixMs,
        rng: &mut impl CryptoRng,
    ) -> Result<bool, StoreError> {
        let vault = self.vault.as_ref().map_err(|problem| StoreError::Statement(problem.clone()))?;
        let Opened { slot, revision, secret } = opened;
        let sealed = vault.close(slot, *revision, secret, rng);
        secrets::add(tx, &secrets::SecretRow { slot: slot.clone(), revision: *revision, sealed, at })?;
        // One that waits to be tried comes into escrow when it works.
        let in_use = in_use::standing(tx, slot)?.in_use.map(|held| held.row.revision);
        let is_used = in_use == Some(*revision);
        if is_used {
            put_in_escrow(tx, slot, *revision, secret, escrow, at, rng)?;
        }
        Ok(is_used)
    }

    /// The fleet has another recovery key: everything that is in use and can be opened is escrowed anew. Returns what could not be.
    pub(super) fn escrow_again(
        &self,
        tx: &Tx<'_>,
        escrow: EscrowTo,
        at: UnixMs,
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<String>, StoreError> {
        let mut left_out = Vec::new();
        for secrets::Held { row, .. } in in_use::all(tx)? {
            let opened = match &self.vault {
                Ok(vault) => vault.open(&row).map_err(|error| error.to_string()),
                Err(problem) => Err(problem.clone()),
            };
            match opened {
                Ok(secret) => put_in_escrow(tx, &row.slot, row.revision, &secret, escrow, at, rng)?,
                Err(problem) => left_out.push(problem),
            }
        }
        Ok(left_out)
    }

    fn reader(&self) -> std::sync::MutexGuard<'_, Connection> {
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn put_in_escrow(
    tx: &Tx<'_>,
    slot: &SecretSlot,
    revision: u64,
    secret: &Secret,
    escrow: EscrowTo,
    at: UnixMs,
    rng: &mut impl CryptoRng,
) -> Result<(), StoreError> {
    let EscrowTo { fleet, agent, recovery } = escrow;
    let context = BoxContext::escrow(fleet, agent, recovery, slot, revision);
    let sealed = seal::seal(&context, secret.expose(), rng)
        .map_err(|error| StoreError::Statement(format!("the escrow box of {slot}: {error}")))?;
    journal::append_body(tx, &Escrow { slot: slot.clone(), revision, recovery, sealed }, at)?;
    secrets::set_escrowed(tx, slot, revision)
}

impl SecretSource for Secrets {
    fn secret(&self, slot: &SecretSlot) -> Result<Option<Secret>, SecretError> {
        let standing =
            in_use::standing(&self.reader(), slot).map_err(|error| SecretError(error.to_string()))?;
        let Some(secrets::Held { row, .. }) = standing.in_use else { return Ok(None) };
        let vault = self.vault.as_ref().map_err(|problem| SecretError(problem.clone()))?;
        vault.open(&row).map(Some).map_err(|error| SecretError(error.to_string()))
    }

    fn revision(&self, slot: &SecretSlot) -> Result<Option<u64>, SecretError> {
        secrets::revision(&self.reader(), slot)
            .map(|revision| (revision > 0).then_some(revision))
            .map_err(|error| SecretError(error.to_string()))
    }

    fn in_use(&self, slot: &SecretSlot) -> Result<Option<u64>, SecretError> {
        in_use::standing(&self.reader(), slot)
            .map(|standing| standing.in_use.map(|held| held.row.revision))
            .map_err(|error| SecretError(error.to_string()))
    }

    fn candidate(&self, slot: &SecretSlot) -> Result<Option<Candidate>, SecretError> {
        self.candidate_of(slot)
    }

    fn worked(&self, tx: &Tx<'_>, used: &Used<'_>, mut rng: WorldRng) -> Result<(), StoreError> {
        Self::worked(self, tx, used, &mut rng)
    }

    fn refused(&self, tx: &Tx<'_>, used: &Used<'_>, reason: &Reason) -> Result<(), StoreError> {
        in_use::refused(tx, used, reason)
    }
}

/// What keeps a value from being of use in its slot; never repeats any of it.
fn wrong_with(slot: &SecretSlot, secret: &Secret, plan: &Plan) -> Option<&'static str> {
    let Some(text) = secret.expose_text() else { return Some("the value is not text") };
    match slot {
        SecretSlot::RepositoryPassword(_) => line(text),
        SecretSlot::RepositoryLogin(_) | SecretSlot::RepositoryAdmin(_) => {
            match serde_json::from_str::<Login>(text) {
                // Without a user it is the host's name.
                Ok(login) => broken(&login.user).or_else(|| line(&login.password)),
                Err(_) => Some("the value is not JSON with a user and a password"),
            }
        }
        SecretSlot::RepositoryLent(_) => Some("it is given with one restore alone"),
        SecretSlot::RepositoryEnvironment(name) => {
            let Ok(mut values) = serde_json::from_str::<BTreeMap<String, String>>(text) else {
                return Some("the value is not a JSON object of names and texts");
            };
            let kind = plan.repositories.get(name).map(|repository| repository.backend.kind());
            let allowed = kind.map_or(&[][..], |kind| kind.environment());
            let foreign = values.keys().any(|name| !allowed.contains(&name.as_str()));
            let zero = values.values().any(|value| value.contains('\0'));
            values.values_mut().for_each(zeroize::Zeroize::zeroize);
            match (foreign, zero) {
                (true, _) => Some("it sets an environment name that this kind of repository does not take"),
                (false, true) => Some("a value contains a zero byte"),
                (false, false) => None,
            }
        }
        SecretSlot::HookPre(_) | SecretSlot::HookPost(_) => {
            text.contains('\0').then_some("the hook contains a zero byte")
        }
        SecretSlot::Ping(_) => {
            let address = text.starts_with("https://") || text.starts_with("http://");
            if address { line(text) } else { Some("the address must begin with https:// or http://") }
        }
    }
}

fn line(text: &str) -> Option<&'static str> {
    if text.is_empty() { Some("it is empty") } else { broken(text) }
}

fn broken(text: &str) -> Option<&'static str> {
    text.contains(['\n', '\r', '\0']).then_some("it contains a line break or a zero byte")
}

#[cfg(test)]
mod tests;
