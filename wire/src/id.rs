//! Identifiers and units: newtypes over 32-byte keys and hashes, UUIDs, names and times.
//!
//! Knows how each is written (hex, UUID, text) and what a valid name is. Knows nothing of what the keys do.

use std::{borrow::Cow, fmt, str::FromStr};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use ts_rs::TS;
use utoipa::ToSchema;

/// Why a text is not the identifier it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    #[error("`{text}` is not {what}: it must be 64 hex digits")]
    Hex { what: &'static str, text: String },
    #[error("`{text}` is not {what}: it must be a UUID such as 0192f0c1-7a3b-7c1e-9f00-3b1f0a2c4d5e")]
    Uuid { what: &'static str, text: String },
    #[error(
        "`{text}` is not a {what}: use 1 to 64 of the characters a–z A–Z 0–9 . _ -, beginning with a letter or digit"
    )]
    Name { what: &'static str, text: String },
    #[error("that is not base64url without padding")]
    Base64,
    #[error("a signature has 64 bytes, this has {0}")]
    Signature(usize),
}

fn shortened(text: &str) -> String {
    text.chars().take(80).collect()
}

macro_rules! key32 {
    ($($(#[$doc:meta])* $name:ident = $what:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, TS, ToSchema)]
        #[ts(type = "string")]
        #[schema(value_type = String, pattern = "^[0-9a-fA-F]{64}$", example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
        pub struct $name(pub [u8; 32]);

        impl $name {
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }
        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                let mut bytes = [0; 32];
                hex::decode_to_slice(text, &mut bytes)
                    .map_err(|_| IdError::Hex { what: $what, text: shortened(text) })?;
                Ok(Self(bytes))
            }
        }
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                Cow::<'de, str>::deserialize(from)?.parse().map_err(de::Error::custom)
            }
        }
    )*};
}

key32! {
    /// An agent: its Ed25519 public key.
    AgentId = "an agent's id";
    /// A coordinator: its Ed25519 public key.
    CoordinatorId = "a coordinator's id";
    /// A fleet: the fingerprint of its first root key.
    FleetId = "a fleet's id";
    /// An operator's device key (Ed25519 public).
    OperatorKey = "an operator's key";
    /// A fleet's root key (Ed25519 public).
    RootKey = "a root key";
    /// A token's key (Ed25519 public).
    TokenKey = "a token's key";
    /// An X25519 public key that secrets are sealed to.
    SealKey = "a sealing key";
    /// An X25519 public key: a Noise static key.
    ChannelKey = "a channel key";
    /// A SHA-256 hash.
    Hash32 = "a SHA-256 hash";
    /// Any Ed25519 public key that signed a document.
    SignerKey = "a signer's key";
}

impl Hash32 {
    pub const ZERO: Self = Self([0; 32]);
}

macro_rules! uuid_id {
    ($($(#[$doc:meta])* $name:ident = $what:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, TS, ToSchema)]
        #[ts(type = "string")]
        #[schema(value_type = String, format = "uuid", example = "0192f0c1-7a3b-7c1e-9f00-3b1f0a2c4d5e")]
        pub struct $name(pub uuid::Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }
        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                uuid::Uuid::try_parse(text)
                    .map(Self)
                    .map_err(|_| IdError::Uuid { what: $what, text: shortened(text) })
            }
        }
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                Cow::<'de, str>::deserialize(from)?.parse().map_err(de::Error::custom)
            }
        }
    )*};
}

uuid_id! {
    /// One run of one kind of work at one agent (UUID version 7, so that ids sort by time).
    JobId = "a job's id";
    /// One order, made once and executed at most once.
    OrderId = "an order's id";
}

macro_rules! name_id {
    ($($(#[$doc:meta])* $name:ident = $what:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, TS, ToSchema)]
        #[ts(type = "string")]
        #[schema(value_type = String, pattern = "^[a-zA-Z0-9][a-zA-Z0-9._-]{0,63}$", example = "default")]
        pub struct $name(Box<str>);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }
        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                if is_name(text) {
                    Ok(Self(text.into()))
                } else {
                    Err(IdError::Name { what: $what, text: shortened(text) })
                }
            }
        }
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(&self.0)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                Cow::<'de, str>::deserialize(from)?.parse().map_err(de::Error::custom)
            }
        }
    )*};
}

name_id! {
    /// A repository of a plan; unique per host.
    RepositoryName = "repository name";
    /// A group of a plan; unique per host, and the tag of its snapshots.
    GroupName = "group name";
    /// A schedule of a plan; unique per host.
    ScheduleName = "schedule name";
    /// A host as people call it.
    HostName = "host name";
    /// A ping address of a plan; unique per host.
    PingName = "ping name";
}

fn is_name(text: &str) -> bool {
    let mut chars = text.chars();
    text.len() <= 64
        && chars.next().is_some_and(|first| first.is_ascii_alphanumeric())
        && chars.all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
}

/// A point in time: milliseconds since the Unix epoch, UTC.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS, ToSchema,
)]
#[serde(transparent)]
#[ts(type = "number")]
#[schema(value_type = i64, example = 1_795_187_040_000_i64)]
pub struct UnixMs(pub i64);

impl UnixMs {
    /// `None` outside of the years that a calendar can name.
    pub fn timestamp(self) -> Option<jiff::Timestamp> {
        jiff::Timestamp::from_millisecond(self.0).ok()
    }

    pub const fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Milliseconds from `earlier` to `self`; negative when `earlier` is later.
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl From<jiff::Timestamp> for UnixMs {
    fn from(at: jiff::Timestamp) -> Self {
        Self(at.as_millisecond())
    }
}

impl fmt::Display for UnixMs {
    /// RFC 3339, for logs and terminals.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.timestamp() {
            Some(at) => write!(f, "{at:.0}"),
            None => write!(f, "{} ms", self.0),
        }
    }
}

/// Bytes that JSON carries as base64url without padding (RFC 4648 §5).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, TS, ToSchema)]
#[ts(type = "string")]
#[schema(value_type = String, pattern = "^[a-zA-Z0-9_-]*$", example = "eyJmbGVldCI6IjlmODYifQ")]
pub struct Base64Bytes(pub Vec<u8>);

/// An Ed25519 signature, 64 bytes, carried as base64url.
#[derive(Clone, Copy, PartialEq, Eq, Hash, TS, ToSchema)]
#[ts(type = "string")]
#[schema(value_type = String, pattern = "^[a-zA-Z0-9_-]{86}$")]
pub struct Signature64(pub [u8; 64]);

impl fmt::Display for Base64Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(&self.0))
    }
}

impl fmt::Debug for Base64Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Base64Bytes({} bytes)", self.0.len())
    }
}

impl FromStr for Base64Bytes {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        URL_SAFE_NO_PAD.decode(text).map(Self).map_err(|_| IdError::Base64)
    }
}

impl Serialize for Base64Bytes {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Base64Bytes {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(from)?.parse().map_err(de::Error::custom)
    }
}

impl fmt::Display for Signature64 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for Signature64 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature64({self})")
    }
}

impl FromStr for Signature64 {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| IdError::Base64)?;
        let length = bytes.len();
        bytes.try_into().map(Self).map_err(|_| IdError::Signature(length))
    }
}

impl Serialize for Signature64 {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Signature64 {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(from)?.parse().map_err(de::Error::custom)
    }
}
