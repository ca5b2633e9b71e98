//! The key binding: an agent's own word that its id, sealing key and channel key belong together.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::{
    domain,
    id::{AgentId, ChannelKey, SealKey, Signature64},
    identity::{AgentKeys, Fingerprint, verify},
};

/// As it travels: nothing here counts before [`KeyBinding::verify`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct KeyBinding {
    pub id: AgentId,
    pub seal: SealKey,
    pub channel: ChannelKey,
    pub generation: u32,
    pub sig: Signature64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BindingError {
    #[error(
        "the key binding of agent {id} is not signed by that agent: refuse the host, its keys were exchanged on the way"
    )]
    Signature { id: AgentId },
}

impl KeyBinding {
    pub fn sign(keys: &AgentKeys) -> Self {
        let mut binding = Self {
            id: keys.id(),
            seal: keys.seal_key(),
            channel: keys.channel_key(),
            generation: keys.generation,
            sig: Signature64([0; 64]),
        };
        binding.sig = keys.identity.sign(domain::KEY_BINDING, &binding.to_bytes());
        binding
    }

    /// `id(32) ‖ seal(32) ‖ channel(32) ‖ generation(u32)`: what is signed, fingerprinted and proved with a token.
    pub fn to_bytes(&self) -> [u8; 100] {
        let mut bytes = [0; 100];
        bytes[..32].copy_from_slice(&self.id.0);
        bytes[32..64].copy_from_slice(&self.seal.0);
        bytes[64..96].copy_from_slice(&self.channel.0);
        bytes[96..].copy_from_slice(&self.generation.to_be_bytes());
        bytes
    }

    pub fn verify(&self) -> Result<(), BindingError> {
        if verify(&self.id.0, domain::KEY_BINDING, &self.to_bytes(), &self.sig) {
            Ok(())
        } else {
            Err(BindingError::Signature { id: self.id })
        }
    }

    /// What a person compares before approving the host.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint(domain::AGENT_FINGERPRINT.hash(&[&self.to_bytes()]).0)
    }
}
