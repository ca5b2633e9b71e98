//! The key file's bytes: secret keys with the machine they belong to, and a checksum against torn writes.
//!
//! Reading and writing the file is its owner's; this room only says what stands in it and which modes are safe.
//!
//! Layout: magic ‖ owner(u8: 1 agent, 2 coordinator) ‖ generation(u32) ‖ three secrets of 32 bytes (identity, seal,
//! channel; a coordinator's seal is zeros) ‖ lp(machine id) ‖ SHA-256 of all before.

use zeroize::Zeroizing;

use crate::{
    domain::sha256,
    identity::{AgentKeys, ChannelSecret, CoordinatorKeys, SigningKey},
    seal::SealSecret,
};

const MAGIC: &[u8] = b"restic-manager keys 1\n";
const OWNER_AGENT: u8 = 1;
const OWNER_COORDINATOR: u8 = 2;
const SECRETS_AT: usize = MAGIC.len() + 5;
const MACHINE_AT: usize = SECRETS_AT + 96;
const CHECKSUM_BYTES: usize = 32;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyFileError {
    #[error(
        "the key file can be read by others (mode {mode:04o}): run `chmod 600` on it, and if others did read it, make new keys"
    )]
    TooOpen { mode: u32 },
    #[error(
        "that is not a restic-manager key file: restore it from a backup of this machine, or remove it to start as a new host"
    )]
    NotAKeyFile,
    #[error(
        "the key file is damaged: restore it from a backup of this machine, or remove it to start as a new host"
    )]
    Damaged,
    #[error("the key file belongs to {found}, not to {wanted}: give each program a directory of its own")]
    OtherOwner { wanted: &'static str, found: &'static str },
    #[error("the machine's id is too long for a key file ({length} bytes): at most 1024 are kept")]
    MachineIdTooLong { length: usize },
}

/// Keys and the machine they were made on. On another machine they are a clone and must not be used to dial.
#[derive(Debug)]
pub struct KeyFile<K> {
    pub keys: K,
    /// What the operating system calls this installation (`/etc/machine-id`); empty when it has none.
    pub machine: String,
}

/// Refuses a key file that its group or others could read or write.
#[expect(clippy::verbose_bit_mask, reason = "a mode reads best in octal")]
pub const fn check_mode(mode: u32) -> Result<(), KeyFileError> {
    if mode & 0o077 == 0 { Ok(()) } else { Err(KeyFileError::TooOpen { mode: mode & 0o7777 }) }
}

struct Parts<'a> {
    generation: u32,
    secrets: [&'a [u8; 32]; 3],
    machine: &'a str,
}

impl KeyFile<AgentKeys> {
    pub fn encode(&self) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
        let identity = self.keys.identity.seed();
        let secrets = [&*identity, self.keys.seal.expose(), self.keys.channel.expose()];
        encode(OWNER_AGENT, &Parts { generation: self.keys.generation, secrets, machine: &self.machine })
    }

    pub fn decode(bytes: &[u8]) -> Result<Self, KeyFileError> {
        let Parts { generation, secrets: [identity, seal, channel], machine } = decode(OWNER_AGENT, bytes)?;
        let keys = AgentKeys {
            identity: SigningKey::from_seed(identity),
            seal: SealSecret::from_bytes(seal),
            channel: ChannelSecret::from_bytes(channel),
            generation,
        };
        Ok(Self { keys, machine: machine.into() })
    }
}

impl KeyFile<CoordinatorKeys> {
    pub fn encode(&self) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
        let identity = self.keys.identity.seed();
        let secrets = [&*identity, &[0; 32], self.keys.channel.expose()];
        encode(OWNER_COORDINATOR, &Parts { generation: 1, secrets, machine: &self.machine })
    }

    pub fn decode(bytes: &[u8]) -> Result<Self, KeyFileError> {
        let Parts { secrets: [identity, _, channel], machine, .. } = decode(OWNER_COORDINATOR, bytes)?;
        let keys = CoordinatorKeys {
            identity: SigningKey::from_seed(identity),
            channel: ChannelSecret::from_bytes(channel),
        };
        Ok(Self { keys, machine: machine.into() })
    }
}

fn encode(owner: u8, parts: &Parts<'_>) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
    let length = parts.machine.len();
    let too_long = KeyFileError::MachineIdTooLong { length };
    let length = u16::try_from(length).ok().filter(|n| *n <= 1024).ok_or(too_long)?;
    // The whole size at once: a growing vector would leave copies of the secrets behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MACHINE_AT + 2 + parts.machine.len() + CHECKSUM_BYTES));
    bytes.extend_from_slice(MAGIC);
    bytes.push(owner);
    bytes.extend_from_slice(&parts.generation.to_be_bytes());
    for secret in parts.secrets {
        bytes.extend_from_slice(secret);
    }
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(parts.machine.as_bytes());
    let checksum = sha256(&bytes);
    bytes.extend_from_slice(&checksum.0);
    Ok(bytes)
}

fn decode(wanted: u8, bytes: &[u8]) -> Result<Parts<'_>, KeyFileError> {
    if !bytes.starts_with(MAGIC) {
        return Err(KeyFileError::NotAKeyFile);
    }
    let (content, checksum) = bytes.split_last_chunk::<CHECKSUM_BYTES>().ok_or(KeyFileError::Damaged)?;
    if sha256(content).0 != *checksum {
        return Err(KeyFileError::Damaged);
    }
    let (head, rest) = content.split_at_checked(SECRETS_AT).ok_or(KeyFileError::Damaged)?;
    let (head, generation) = head.split_last_chunk::<4>().ok_or(KeyFileError::Damaged)?;
    let owner = head[MAGIC.len()];
    if owner != wanted {
        return Err(KeyFileError::OtherOwner { wanted: owner_name(wanted), found: owner_name(owner) });
    }
    let (identity, rest) = rest.split_first_chunk::<32>().ok_or(KeyFileError::Damaged)?;
    let (seal, rest) = rest.split_first_chunk::<32>().ok_or(KeyFileError::Damaged)?;
    let (channel, rest) = rest.split_first_chunk::<32>().ok_or(KeyFileError::Damaged)?;
    let (length, machine) = rest.split_first_chunk::<2>().ok_or(KeyFileError::Damaged)?;
    let machine = std::str::from_utf8(machine).map_err(|_| KeyFileError::Damaged)?;
    if machine.len() != usize::from(u16::from_be_bytes(*length)) {
        return Err(KeyFileError::Damaged);
    }
    Ok(Parts { generation: u32::from_be_bytes(*generation), secrets: [identity, seal, channel], machine })
}

const fn owner_name(owner: u8) -> &'static str {
    match owner {
        OWNER_AGENT => "an agent",
        OWNER_COORDINATOR => "a coordinator",
        _ => "something unknown",
    }
}
