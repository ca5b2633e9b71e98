//! Secrets at rest: XChaCha20-Poly1305 under vault.key, each bound to its slot, its revision and this agent.
//!
//! Knows the key file and the bytes of a ciphertext. Rows are `store::secrets`'; whose word sets a secret is the orders'
//! business. A key file or a row that is damaged is reported and left as it is.

use std::path::{Path, PathBuf};

use chacha20poly1305::{
    KeyInit as _, XChaCha20Poly1305, XNonce,
    aead::{Aead as _, Payload},
};
use rand_core::CryptoRng;
use wire::{
    domain::{self, sha256},
    id::AgentId,
    seal::{Secret, SecretSlot},
};
use zeroize::Zeroizing;

use super::keys::{IdentityError, read_private, write_new};
use crate::store::secrets::SecretRow;

const MAGIC: &[u8] = b"restic-manager vault 1\n";
const NONCE_BYTES: usize = 24;

/// Opens and closes secrets. Holds the key, never a secret.
pub struct Vault {
    key: Zeroizing<[u8; 32]>,
    agent: AgentId,
}

#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    #[error(transparent)]
    File(#[from] IdentityError),
    #[error(
        "{path} is not a vault key, or damaged: restore it from a backup of this machine; if there is none, move it away and give the secrets again from the panel"
    )]
    NotAKey { path: PathBuf },
    #[error(
        "{path} is gone, but secrets are kept that only it opens: restore it from a backup of this machine. Backups that need them fail until then"
    )]
    KeyGone { path: PathBuf },
    #[error("{path} cannot be written ({problem}): see that the disk has room")]
    Write { path: PathBuf, problem: std::io::Error },
    #[error(
        "revision {revision} of {slot} does not open: its row or the vault's key was changed. It is left as it is; set the secret again from the panel"
    )]
    Damaged { slot: SecretSlot, revision: u64 },
}

impl Vault {
    /// Reads the key file, or makes one while nothing is kept yet. One that is there is never written over.
    pub fn load_or_make(
        path: &Path,
        agent: AgentId,
        anything_kept: bool,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, VaultError> {
        if let Some(bytes) = read_private(path)? {
            let key = decode(&bytes).ok_or_else(|| VaultError::NotAKey { path: path.to_owned() })?;
            return Ok(Self { key, agent });
        }
        if anything_kept {
            return Err(VaultError::KeyGone { path: path.to_owned() });
        }
        let mut key = Zeroizing::new([0; 32]);
        rng.fill_bytes(&mut *key);
        write_new(path, &encode(&key))
            .map_err(|problem| VaultError::Write { path: path.to_owned(), problem })?;
        Ok(Self { key, agent })
    }

    /// `nonce(24) ‖ ciphertext`.
    pub fn close(
        &self,
        slot: &SecretSlot,
        revision: u64,
        secret: &Secret,
        rng: &mut impl CryptoRng,
    ) -> Vec<u8> {
        let mut nonce = [0; NONCE_BYTES];
        rng.fill_bytes(&mut nonce);
        let aad = self.associated(slot, revision);
        let payload = Payload { msg: secret.expose(), aad: &aad };
        let sealed = self
            .cipher()
            .encrypt(&XNonce::from(nonce), payload)
            .expect("XChaCha20-Poly1305 takes up to 256 GiB and a secret has at most 64 KiB");
        [nonce.as_slice(), &sealed].concat()
    }

    pub fn open(&self, row: &SecretRow) -> Result<Secret, VaultError> {
        let damaged = || VaultError::Damaged { slot: row.slot.clone(), revision: row.revision };
        let (nonce, sealed) = row.sealed.split_first_chunk::<NONCE_BYTES>().ok_or_else(damaged)?;
        let aad = self.associated(&row.slot, row.revision);
        self.cipher()
            .decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: &aad })
            .map(|plain| Secret::from(Zeroizing::new(plain)))
            .map_err(|_| damaged())
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&*self.key).into())
    }

    /// Domain ‖ lp(slot) ‖ revision ‖ agent: a row that was moved or set back to an old revision's number does not open.
    fn associated(&self, slot: &SecretSlot, revision: u64) -> Vec<u8> {
        // A slot is two fixed words and a name of at most 64 characters, so its length fits a u16.
        let slot = domain::lp(slot.to_string().as_bytes()).unwrap_or_default();
        [domain::AT_REST.as_bytes(), &slot, &revision.to_be_bytes(), &self.agent.0].concat()
    }
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault(**redacted**)")
    }
}

fn encode(key: &[u8; 32]) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAGIC.len() + 64));
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(key);
    let checksum = sha256(&bytes);
    bytes.extend_from_slice(&checksum.0);
    bytes
}

fn decode(bytes: &[u8]) -> Option<Zeroizing<[u8; 32]>> {
    let (content, checksum) = bytes.split_last_chunk::<32>()?;
    let key = content.strip_prefix(MAGIC)?;
    (sha256(content).0 == *checksum).then_some(())?;
    Some(Zeroizing::new(key.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::World;
    use wire::id::UnixMs;

    const AGENT: AgentId = AgentId([7; 32]);

    fn slot(text: &str) -> SecretSlot {
        text.parse().unwrap()
    }

    fn row(vault: &Vault, name: &str, revision: u64, text: &str, world: &World) -> SecretRow {
        let slot = slot(name);
        let sealed = vault.close(&slot, revision, &Secret::new(text), &mut world.rng());
        SecretRow { slot, revision, sealed, at: UnixMs(0) }
    }

    #[test]
    fn a_secret_comes_back_and_its_bytes_do_not_show() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("vault.key");
        let (world, _) = World::fake(UnixMs(0), 1);
        let vault = Vault::load_or_make(&path, AGENT, false, &mut world.rng()).unwrap();
        let kept = row(&vault, "repository/main/password", 1, "correct horse", &world);
        assert!(!kept.sealed.windows(7).any(|bytes| bytes == b"correct"));
        let again = Vault::load_or_make(&path, AGENT, true, &mut world.rng()).unwrap();
        assert_eq!(again.open(&kept).unwrap().expose_text(), Some("correct horse"));
    }

    #[test]
    fn a_row_that_was_moved_or_changed_does_not_open() {
        let dir = tempfile::tempdir().unwrap();
        let (world, _) = World::fake(UnixMs(0), 1);
        let path = dir.path().join("vault.key");
        let vault = Vault::load_or_make(&path, AGENT, false, &mut world.rng()).unwrap();
        let kept = row(&vault, "repository/main/password", 2, "old", &world);
        let other = Vault::load_or_make(&path, AgentId([8; 32]), true, &mut world.rng()).unwrap();
        let mut flipped = kept.clone();
        *flipped.sealed.last_mut().unwrap() ^= 1;
        for wrong in [
            SecretRow { slot: slot("repository/main/login"), ..kept.clone() },
            SecretRow { revision: 3, ..kept.clone() },
            SecretRow { sealed: kept.sealed[..20].to_vec(), ..kept.clone() },
            flipped,
        ] {
            assert!(matches!(vault.open(&wrong), Err(VaultError::Damaged { .. })), "{wrong:?}");
        }
        assert!(other.open(&kept).is_err());
        assert!(vault.open(&kept).is_ok());
    }

    #[test]
    fn a_damaged_or_missing_key_is_never_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("vault.key");
        let (world, _) = World::fake(UnixMs(0), 1);
        Vault::load_or_make(&path, AGENT, false, &mut world.rng()).unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[30] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        let damaged = Vault::load_or_make(&path, AGENT, true, &mut world.rng()).unwrap_err();
        assert!(matches!(damaged, VaultError::NotAKey { .. }));
        assert_eq!(std::fs::read(&path).unwrap(), bytes);
        std::fs::remove_file(&path).unwrap();
        let gone = Vault::load_or_make(&path, AGENT, true, &mut world.rng()).unwrap_err();
        assert!(matches!(gone, VaultError::KeyGone { .. }));
        assert!(!path.exists());
    }
}
