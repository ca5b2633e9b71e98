//! Sealed streams: the bytes of a download, from one host to one browser, whoever carries them.
//!
//! HPKE (RFC 9180) base mode of the suite that boxes use, its context used for many messages. A stream is `enc(32)`, then
//! chunks: `kind(u8) ‖ length(u32) ‖ ciphertext`, the kind being the chunk's associated data. The order of chunks is bound by
//! HPKE's own counter; a stream that does not end in [`Chunk::Last`] or [`Chunk::Failed`] was cut.

use hpke::{
    Deserializable as _, Kem as KemTrait, OpModeR, OpModeS, Serializable as _,
    aead::{AeadCtxR, AeadCtxS, ChaCha20Poly1305},
    kdf::HkdfSha256,
    kem::X25519HkdfSha256,
};
use rand_core::CryptoRng;

use super::{SealError, SealSecret};
use crate::{
    domain,
    id::{AgentId, FleetId, OrderId, SealKey},
};

type Kem = X25519HkdfSha256;

/// Plaintext bytes of a chunk at most.
pub const CHUNK_BYTES: usize = 64 * 1024;
/// What stands before a chunk's ciphertext.
pub const CHUNK_HEAD_BYTES: usize = 5;
const TAG_BYTES: usize = 16;

/// What a chunk is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Chunk {
    More = 0,
    /// Nothing comes after; it may be empty.
    Last = 1,
    /// Nothing comes after, and what came is not whole. Its plaintext is JSON: `{ "message", "hint" }`.
    Failed = 2,
}

impl Chunk {
    const fn from_byte(byte: u8) -> Option<Self> {
        Some(match byte {
            0 => Self::More,
            1 => Self::Last,
            2 => Self::Failed,
            _ => return None,
        })
    }
}

/// Everything that a stream is bound to: the host, and the order that asked for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamContext {
    pub recipient: SealKey,
    pub fleet: FleetId,
    pub agent: AgentId,
    pub order: OrderId,
}

impl StreamContext {
    /// The HPKE `info` (docs/PROTOCOL.md §4).
    pub fn info(&self) -> Vec<u8> {
        [
            domain::DOWNLOAD.as_bytes(),
            &self.recipient.0,
            &self.fleet.0,
            &self.agent.0,
            self.order.0.as_bytes(),
        ]
        .concat()
    }
}

/// The host's end.
pub struct StreamSealer(AeadCtxS<ChaCha20Poly1305, HkdfSha256, Kem>);

impl StreamSealer {
    /// With the bytes that the stream begins with.
    pub fn begin(context: &StreamContext, rng: &mut impl CryptoRng) -> Result<(Self, [u8; 32]), SealError> {
        let recipient = <Kem as KemTrait>::PublicKey::from_bytes(&context.recipient.0);
        let recipient = recipient.map_err(|_| SealError::Recipient)?;
        let (enc, sealer) = hpke::setup_sender_with_rng::<ChaCha20Poly1305, HkdfSha256, Kem>(
            &OpModeS::Base,
            &recipient,
            &context.info(),
            rng,
        )
        .map_err(|_| SealError::Recipient)?;
        Ok((Self(sealer), enc.to_bytes().into()))
    }

    /// A whole chunk with its head.
    pub fn chunk(&mut self, kind: Chunk, plaintext: &[u8]) -> Result<Vec<u8>, SealError> {
        if plaintext.len() > CHUNK_BYTES {
            return Err(SealError::Size { found: plaintext.len() });
        }
        let sealed = self.0.seal(plaintext, &[kind as u8]).map_err(|_| SealError::Recipient)?;
        let length = u32::try_from(sealed.len()).map_err(|_| SealError::Size { found: sealed.len() })?;
        Ok([&[kind as u8][..], &length.to_be_bytes(), &sealed].concat())
    }
}

impl std::fmt::Debug for StreamSealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StreamSealer(**redacted**)")
    }
}

/// The other end, for whoever opens a stream without a browser, and for tests.
pub struct StreamOpener(AeadCtxR<ChaCha20Poly1305, HkdfSha256, Kem>);

impl StreamOpener {
    pub fn begin(context: &StreamContext, key: &SealSecret, enc: &[u8; 32]) -> Result<Self, SealError> {
        let secret =
            <Kem as KemTrait>::PrivateKey::from_bytes(key.expose()).map_err(|_| SealError::Recipient)?;
        let enc = <Kem as KemTrait>::EncappedKey::from_bytes(enc).map_err(|_| SealError::DoesNotOpen)?;
        hpke::setup_receiver::<ChaCha20Poly1305, HkdfSha256, Kem>(
            &OpModeR::Base,
            &secret,
            &enc,
            &context.info(),
        )
        .map(Self)
        .map_err(|_| SealError::DoesNotOpen)
    }

    /// The first chunk of `bytes`, its plaintext, and how many bytes it took. `None`: it is not whole yet.
    pub fn chunk(&mut self, bytes: &[u8]) -> Result<Option<(Chunk, Vec<u8>, usize)>, SealError> {
        let Some((head, rest)) = bytes.split_first_chunk::<CHUNK_HEAD_BYTES>() else { return Ok(None) };
        let kind = Chunk::from_byte(head[0]).ok_or(SealError::DoesNotOpen)?;
        let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]);
        let length = usize::try_from(length).map_err(|_| SealError::DoesNotOpen)?;
        if length > CHUNK_BYTES + TAG_BYTES {
            return Err(SealError::Size { found: length });
        }
        let Some(sealed) = rest.get(..length) else { return Ok(None) };
        let plaintext = self.0.open(sealed, &[kind as u8]).map_err(|_| SealError::DoesNotOpen)?;
        Ok(Some((kind, plaintext, CHUNK_HEAD_BYTES + length)))
    }
}
