//! Fingerprints: 32 bytes that a person compares, as hex in groups or as six words.
//!
//! Knows how they are computed, shown and typed. Knows nothing of what follows from a match.

use std::{borrow::Cow, fmt, str::FromStr};

use bip39::Language;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use subtle::ConstantTimeEq;
use ts_rs::TS;
use utoipa::ToSchema;

use crate::{
    domain,
    id::{FleetId, OperatorKey, RootKey},
};

/// JSON carries 64 lower-case hex digits, as for every hash; `Display` is the form for people.
#[derive(Clone, Copy, PartialOrd, Ord, TS, ToSchema)]
#[ts(type = "string")]
#[schema(value_type = String, pattern = "^[0-9a-fA-F]{64}$", example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
pub struct Fingerprint(pub [u8; 32]);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FingerprintError {
    #[error(
        "a fingerprint has 64 hex digits, this has {found}: copy the whole of it, from `SHA256:` to the end"
    )]
    Length { found: usize },
    #[error("`{character}` is not a hex digit: a fingerprint has only 0–9 and a–f, copy it again")]
    Character { character: char },
}

/// The id of the fleet that this root key founds.
pub fn fleet_id(first_root: &RootKey) -> FleetId {
    FleetId(domain::FLEET_FINGERPRINT.hash(&[&first_root.0]).0)
}

impl Fingerprint {
    pub const fn of_fleet(fleet: &FleetId) -> Self {
        Self(fleet.0)
    }

    /// The fingerprint of an operator's device key.
    pub fn of_device(key: &OperatorKey) -> Self {
        Self(domain::OPERATOR_DEVICE.hash(&[&key.0]).0)
    }

    /// The first 66 bits as six BIP-39 English words, eleven bits each, most significant first.
    pub fn words(&self) -> [&'static str; 6] {
        let list = Language::English.word_list();
        let mut first = [0; 16];
        first.copy_from_slice(&self.0[..16]);
        let bits = u128::from_be_bytes(first);
        std::array::from_fn(|i| list[(bits >> (128 - 11 * (i + 1))) as usize & 0x7ff])
    }

    /// 64 lower-case hex digits without groups.
    pub fn hex(&self) -> String {
        hex::encode(self.0)
    }
}

impl PartialEq for Fingerprint {
    /// In constant time: how much of a guess was right must not be measurable.
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}
impl Eq for Fingerprint {}

impl std::hash::Hash for Fingerprint {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SHA256:")?;
        for (i, pair) in self.0.chunks(2).enumerate() {
            let dash = if i == 0 { "" } else { "-" };
            write!(f, "{dash}{}", hex::encode(pair))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

impl FromStr for Fingerprint {
    type Err = FingerprintError;

    /// Lenient: case, `SHA256:`, and separators (dashes, colons, dots, spaces) do not matter.
    fn from_str(text: &str) -> Result<Self, FingerprintError> {
        let text = text.trim();
        let text = match text.get(..7) {
            Some(start) if start.eq_ignore_ascii_case("sha256:") => &text[7..],
            _ => text,
        };
        let mut digits = String::with_capacity(64);
        for character in text.chars() {
            match character {
                '-' | ':' | '.' | '_' => {}
                c if c.is_whitespace() => {}
                c if c.is_ascii_hexdigit() => digits.push(c.to_ascii_lowercase()),
                character => return Err(FingerprintError::Character { character }),
            }
        }
        let mut bytes = [0; 32];
        hex::decode_to_slice(&digits, &mut bytes)
            .map_err(|_| FingerprintError::Length { found: digits.len() })?;
        Ok(Self(bytes))
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.hex())
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(from)?.parse().map_err(de::Error::custom)
    }
}
