//! Boxes: HPKE (RFC 9180) base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305, single shot.
//!
//! The context a box was sealed for is its `info`: a box moved to another host, slot or revision does not open.

use std::fmt;

use hpke::{
    Deserializable, Kem as KemTrait, OpModeR, OpModeS, Serializable, aead::ChaCha20Poly1305, kdf::HkdfSha256,
    kem::X25519HkdfSha256,
};
use rand_core::CryptoRng;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use ts_rs::TS;
use utoipa::ToSchema;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

use crate::{
    domain,
    id::{AgentId, Base64Bytes, FleetId, SealKey, TokenKey},
    seal::{Secret, SecretSlot},
};

type Kem = X25519HkdfSha256;

/// `enc(32)` and the tag: a box around nothing.
const SMALLEST_BOX_BYTES: usize = 32 + 16;
/// No secret is larger than 64 KiB; a hook's body is the largest.
const LARGEST_BOX_BYTES: usize = SMALLEST_BOX_BYTES + 64 * 1024;

/// Who will open the box, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Purpose {
    /// To an agent, in a grave order.
    Agent = 1,
    /// By the agent, to the recovery key of the fleet.
    Escrow = 2,
    /// To a token; the agent's place holds the token's key.
    Token = 3,
    /// To an agent, of another host's repository, for one restore.
    Lend = 4,
}

/// Everything that a box is bound to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoxContext<'a> {
    pub purpose: Purpose,
    pub recipient: SealKey,
    pub fleet: FleetId,
    /// The agent's id, or the token's Ed25519 key for [`Purpose::Token`].
    pub agent: [u8; 32],
    pub slot: &'a SecretSlot,
    pub revision: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    #[error(
        "a sealed box has {SMALLEST_BOX_BYTES} to {LARGEST_BOX_BYTES} bytes, this has {found}: seal the secret again"
    )]
    Size { found: usize },
    #[error(
        "the box does not open: it was sealed to another key, host, slot or revision, or changed on the way; seal the secret again"
    )]
    DoesNotOpen,
    #[error(
        "the recipient's sealing key is not usable: announce the host again so that it shows a proper key"
    )]
    Recipient,
    #[error(
        "the secret key does not belong to the recipient that the box names: it is another machine's box"
    )]
    OtherRecipient,
}

impl<'a> BoxContext<'a> {
    pub const fn to_agent(
        fleet: FleetId,
        agent: AgentId,
        recipient: SealKey,
        slot: &'a SecretSlot,
        revision: u64,
    ) -> Self {
        Self { purpose: Purpose::Agent, recipient, fleet, agent: agent.0, slot, revision }
    }

    /// `recovery` is the recovery key of the highest statement.
    pub const fn escrow(
        fleet: FleetId,
        agent: AgentId,
        recovery: SealKey,
        slot: &'a SecretSlot,
        revision: u64,
    ) -> Self {
        Self { purpose: Purpose::Escrow, recipient: recovery, fleet, agent: agent.0, slot, revision }
    }

    /// Always revision 1: the box itself names the job that it is for.
    pub const fn lend(fleet: FleetId, to: AgentId, recipient: SealKey, slot: &'a SecretSlot) -> Self {
        Self { purpose: Purpose::Lend, recipient, fleet, agent: to.0, slot, revision: 1 }
    }

    /// A token's secrets are always revision 1.
    pub const fn to_token(fleet: FleetId, token: TokenKey, recipient: SealKey, slot: &'a SecretSlot) -> Self {
        Self { purpose: Purpose::Token, recipient, fleet, agent: token.0, slot, revision: 1 }
    }

    /// The HPKE `info` (docs/PROTOCOL.md §4).
    pub fn info(&self) -> Vec<u8> {
        let slot = self.slot.to_string();
        // A slot is two fixed words and a name of at most 64 characters, so its length fits a u16.
        let slot = domain::lp(slot.as_bytes()).unwrap_or_default();
        [
            domain::SEAL.as_bytes(),
            &[self.purpose as u8],
            &self.recipient.0,
            &self.fleet.0,
            &self.agent,
            &slot,
            &self.revision.to_be_bytes(),
        ]
        .concat()
    }
}

/// `enc(32) ‖ ciphertext`, base64url in JSON.
#[derive(Clone, PartialEq, Eq, Hash, TS, ToSchema)]
#[ts(type = "string")]
#[schema(value_type = String)]
pub struct SealedBox(Vec<u8>);

impl SealedBox {
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, SealError> {
        if (SMALLEST_BOX_BYTES..=LARGEST_BOX_BYTES).contains(&bytes.len()) {
            Ok(Self(bytes))
        } else {
            Err(SealError::Size { found: bytes.len() })
        }
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl From<SealedBox> for Base64Bytes {
    fn from(sealed: SealedBox) -> Self {
        Self(sealed.0)
    }
}

impl TryFrom<&Base64Bytes> for SealedBox {
    type Error = SealError;
    fn try_from(bytes: &Base64Bytes) -> Result<Self, SealError> {
        Self::from_bytes(bytes.0.clone())
    }
}

impl fmt::Debug for SealedBox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealedBox({} bytes)", self.0.len())
    }
}

impl Serialize for SealedBox {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        Base64Bytes(self.0.clone()).serialize(to)
    }
}

impl<'de> Deserialize<'de> for SealedBox {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::from_bytes(Base64Bytes::deserialize(from)?.0).map_err(de::Error::custom)
    }
}

/// An X25519 secret that boxes open with: an agent's, a token's, or the fleet's recovery secret. Wiped when dropped.
#[derive(Clone)]
pub struct SealSecret(StaticSecret);

impl SealSecret {
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        Self(StaticSecret::random_from_rng(rng))
    }

    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(StaticSecret::from(*bytes))
    }

    pub fn public(&self) -> SealKey {
        SealKey(PublicKey::from(&self.0).to_bytes())
    }

    pub(crate) fn expose(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for SealSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealSecret(**redacted**, public {})", self.public())
    }
}

/// Seals `plaintext` to the context's recipient.
pub fn seal(
    context: &BoxContext<'_>,
    plaintext: &[u8],
    rng: &mut impl CryptoRng,
) -> Result<SealedBox, SealError> {
    let size = SMALLEST_BOX_BYTES + plaintext.len();
    if size > LARGEST_BOX_BYTES {
        return Err(SealError::Size { found: size });
    }
    seal_with_info(&context.info(), &context.recipient, plaintext, &[], rng)
        .map(SealedBox)
        .ok_or(SealError::Recipient)
}

/// Opens a box that was sealed for exactly this context.
pub fn open(context: &BoxContext<'_>, key: &SealSecret, sealed: &SealedBox) -> Result<Secret, SealError> {
    if key.public() != context.recipient {
        return Err(SealError::OtherRecipient);
    }
    open_with_info(&context.info(), key, &sealed.0, &[]).ok_or(SealError::DoesNotOpen)
}

fn seal_with_info(
    info: &[u8],
    recipient: &SealKey,
    plaintext: &[u8],
    aad: &[u8],
    rng: &mut impl CryptoRng,
) -> Option<Vec<u8>> {
    let recipient = <Kem as KemTrait>::PublicKey::from_bytes(&recipient.0).ok()?;
    let (enc, ciphertext) = hpke::single_shot_seal_with_rng::<ChaCha20Poly1305, HkdfSha256, Kem>(
        &OpModeS::Base,
        &recipient,
        info,
        plaintext,
        aad,
        rng,
    )
    .ok()?;
    Some([enc.to_bytes().as_slice(), &ciphertext].concat())
}

fn open_with_info(info: &[u8], key: &SealSecret, sealed: &[u8], aad: &[u8]) -> Option<Secret> {
    let (enc, ciphertext) = sealed.split_at_checked(32)?;
    let secret = <Kem as KemTrait>::PrivateKey::from_bytes(key.expose()).ok()?;
    let enc = <Kem as KemTrait>::EncappedKey::from_bytes(enc).ok()?;
    hpke::single_shot_open::<ChaCha20Poly1305, HkdfSha256, Kem>(
        &OpModeR::Base,
        &secret,
        &enc,
        info,
        ciphertext,
        aad,
    )
    .ok()
    .map(|plaintext| Secret::from(Zeroizing::new(plaintext)))
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    /// Gives the `ikmE` of the vector: RFC 9180 §7.1.3 derives the ephemeral pair from it.
    struct Ikm(Vec<u8>);

    impl rand_core::TryRng for Ikm {
        type Error = Infallible;
        fn try_next_u32(&mut self) -> Result<u32, Infallible> {
            unreachable!("HPKE draws bytes")
        }
        fn try_next_u64(&mut self) -> Result<u64, Infallible> {
            unreachable!("HPKE draws bytes")
        }
        fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
            out.copy_from_slice(&self.0);
            Ok(())
        }
    }
    impl rand_core::TryCryptoRng for Ikm {}

    fn vector(name: &str) -> Vec<u8> {
        let all = include_str!("../../fixtures/rfc9180-a.2.1.json");
        let all: serde_json::Value = serde_json::from_str(all).unwrap();
        hex::decode(all[name].as_str().unwrap()).unwrap()
    }

    fn recipient() -> SealSecret {
        SealSecret::from_bytes(&vector("skRm").try_into().unwrap())
    }

    #[test]
    fn rfc_9180_a_2_1_opens() {
        let key = recipient();
        assert_eq!(key.public().0.to_vec(), vector("pkRm"));
        let sealed = [vector("enc"), vector("ct")].concat();
        let opened = open_with_info(&vector("info"), &key, &sealed, &vector("aad")).unwrap();
        assert_eq!(opened.expose(), vector("pt"));
        assert!(open_with_info(&vector("info"), &key, &sealed, b"Count-1").is_none());
    }

    #[test]
    fn rfc_9180_a_2_1_seals_to_the_same_bytes() {
        let mut rng = Ikm(vector("ikmE"));
        let sealed =
            seal_with_info(&vector("info"), &recipient().public(), &vector("pt"), &vector("aad"), &mut rng);
        assert_eq!(sealed.unwrap(), [vector("enc"), vector("ct")].concat());
    }
}
