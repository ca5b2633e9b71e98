//! The recovery kit: one 32-byte seed, written as 24 words, from which the fleet's root and recovery keys come.

use std::fmt;

use bip39::Language;
use hkdf::Hkdf;
use rand_core::CryptoRng;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::{
    domain::label,
    id::{FleetId, RootKey},
    identity::{SigningKey, fleet_id},
    seal::SealSecret,
};

const WORDS: usize = 24;

/// Whoever holds it owns the fleet. Never stored by any program.
#[derive(Clone)]
pub struct Kit {
    seed: Zeroizing<[u8; 32]>,
}

/// What is wrong with words that somebody typed. Words themselves are not repeated: they are a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KitError {
    #[error("a recovery kit has 24 words, these are {found}: type all of them in order")]
    Count { found: usize },
    #[error("word {} is not in the word list: compare it with the kit, letter by letter", .index + 1)]
    UnknownWord {
        /// Counts from 0.
        index: usize,
        /// The one word of the list that begins with the same four letters, if there is one.
        suggestion: Option<&'static str>,
    },
    #[error(
        "these are 24 proper words but not a kit: one of them is wrong or two are swapped; compare them with the kit"
    )]
    Checksum,
}

impl Kit {
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut seed = Zeroizing::new([0; 32]);
        rng.fill_bytes(&mut *seed);
        Self { seed }
    }

    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self { seed: Zeroizing::new(*seed) }
    }

    pub fn seed(&self) -> &[u8; 32] {
        &self.seed
    }

    /// The seed and eight checksum bits, eleven bits a word (BIP-39, English).
    pub fn words(&self) -> [&'static str; WORDS] {
        let list = Language::English.word_list();
        let bits = self.with_checksum();
        std::array::from_fn(|word| {
            let index = (word * 11..word * 11 + 11)
                .fold(0, |index, bit| (index << 1) | usize::from(bits[bit / 8] >> (7 - bit % 8) & 1));
            list[index]
        })
    }

    fn with_checksum(&self) -> Zeroizing<[u8; 33]> {
        let mut bits = Zeroizing::new([0; 33]);
        bits[..32].copy_from_slice(&*self.seed);
        bits[32] = Sha256::digest(self.seed.as_slice())[0];
        bits
    }

    /// From 24 words as a person types them: case and white space do not matter, nor do numbers before the words.
    pub fn parse(text: &str) -> Result<Self, KitError> {
        let text = Zeroizing::new(text.to_lowercase());
        let words: Vec<&str> = text
            .split(|c: char| c.is_whitespace() || c == ',')
            .map(|word| word.trim_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | ')' | ':')))
            .filter(|word| !word.is_empty())
            .collect();
        if words.len() != WORDS {
            return Err(KitError::Count { found: words.len() });
        }
        let mut bits = Zeroizing::new([0u8; 33]);
        for (position, word) in words.iter().enumerate() {
            let Some(index) = Language::English.find_word(word) else {
                return Err(KitError::UnknownWord { index: position, suggestion: suggestion(word) });
            };
            for bit in 0..11 {
                let at = position * 11 + bit;
                let value = (index >> (10 - bit) & 1) as u8;
                bits[at / 8] |= value << (7 - at % 8);
            }
        }
        let mut seed = Zeroizing::new([0; 32]);
        seed.copy_from_slice(&bits[..32]);
        let kit = Self { seed };
        if *kit.with_checksum() == *bits { Ok(kit) } else { Err(KitError::Checksum) }
    }

    /// The Ed25519 key that signs fleet statements.
    pub fn root(&self) -> SigningKey {
        SigningKey::from_seed(&derive(&self.seed, label::KIT_ROOT))
    }

    /// The X25519 secret that opens every escrow box of the fleet.
    pub fn recovery(&self) -> SealSecret {
        SealSecret::from_bytes(&derive(&self.seed, label::KIT_RECOVERY))
    }

    /// The id of the fleet that this kit founds.
    pub fn fleet(&self) -> FleetId {
        fleet_id(&RootKey::from(self.root().public()))
    }
}

impl fmt::Debug for Kit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Kit(**redacted**)")
    }
}

/// HKDF-SHA256 with an empty salt, 32 bytes.
pub(super) fn derive(seed: &[u8; 32], label: &[u8]) -> Zeroizing<[u8; 32]> {
    let mut out = Zeroizing::new([0; 32]);
    let expanded = Hkdf::<Sha256>::new(None, seed).expand(label, &mut *out);
    expanded.expect("HKDF-SHA256 gives up to 8160 bytes and 32 are asked for");
    out
}

/// Four letters identify a word of the list.
fn suggestion(word: &str) -> Option<&'static str> {
    let start = word.get(..4)?;
    let mut words = Language::English.words_by_prefix_iter(start);
    words.next().filter(|_| words.next().is_none())
}
