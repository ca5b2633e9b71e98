//! Names and paths as a file system has them: any bytes, carried as text and given back to the byte.
//!
//! Knows one way to write bytes as text. Knows nothing of which paths there are.

use std::{
    borrow::Cow,
    fmt::{self, Write as _},
    str::FromStr,
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use ts_rs::TS;
use utoipa::ToSchema;

/// A name or a path of a snapshot. Written as the text that it is, where it is UTF-8; a byte that is not part of any
/// stands as `\xHH`, and a backslash as two. Every path has one spelling, so that two that look alike are the same.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, TS, ToSchema)]
#[ts(type = "string")]
#[schema(value_type = String, example = "/home/ada/letters")]
pub struct RawPath(String);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is not a path as this program writes it: a backslash is written twice, and a byte that is no text as \\xHH"
)]
pub struct RawPathError {
    pub text: String,
}

impl RawPath {
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let mut text = String::with_capacity(bytes.len());
        for chunk in bytes.utf8_chunks() {
            for c in chunk.valid().chars() {
                if c == '\\' {
                    text.push('\\');
                }
                text.push(c);
            }
            for byte in chunk.invalid() {
                // Writing into a text cannot fail.
                let _ = write!(text, "\\x{byte:02X}");
            }
        }
        Self(text)
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        decode(&self.0).unwrap_or_default()
    }

    /// As it is written here.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// For people: what is no text is shown as a replacement character.
    pub fn shown(&self) -> String {
        String::from_utf8_lossy(&self.to_bytes()).into_owned()
    }

    /// Absolute, and without a part that says nothing or goes up.
    pub fn is_plain_absolute(&self) -> bool {
        let below = self.0.strip_prefix('/');
        below.is_some_and(|below| {
            below.is_empty() || below.split('/').all(|part| !matches!(part, "" | "." | ".."))
        })
    }

    /// Whether it is `directory` or lies below it. Both plain and absolute.
    pub fn is_in(&self, directory: &Self) -> bool {
        directory.0 == "/"
            || self.0.strip_prefix(&directory.0).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// A name below this directory.
    #[must_use]
    pub fn join(&self, name: &Self) -> Self {
        let between = if self.0.ends_with('/') { "" } else { "/" };
        Self(format!("{}{between}{}", self.0, name.0))
    }
}

/// `None` for a spelling that is not the one.
fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, escaped)) = rest.split_once('\\') {
        bytes.extend_from_slice(before.as_bytes());
        rest = escaped;
        if let Some(after) = rest.strip_prefix('\\') {
            bytes.push(b'\\');
            rest = after;
        } else {
            let hex = rest.strip_prefix('x')?.get(..2)?;
            bytes.push(u8::from_str_radix(hex, 16).ok()?);
            rest = rest.get(3..)?;
        }
    }
    bytes.extend_from_slice(rest.as_bytes());
    Some(bytes)
}

impl FromStr for RawPath {
    type Err = RawPathError;

    fn from_str(text: &str) -> Result<Self, RawPathError> {
        let error = || RawPathError { text: text.chars().take(80).collect() };
        let bytes = decode(text).filter(|bytes| !bytes.contains(&0)).ok_or_else(error)?;
        let path = Self::from_bytes(&bytes);
        if path.0 == text { Ok(path) } else { Err(error()) }
    }
}

impl fmt::Display for RawPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RawPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl Serialize for RawPath {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for RawPath {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(from)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text_and_other_bytes_are_escaped() {
        for (bytes, text) in [
            (&b"/home/ada"[..], "/home/ada"),
            (b"caf\xe9", "caf\\xE9"),
            ("café\n".as_bytes(), "café\n"),
            (b"a\\b", "a\\\\b"),
            (b"\\xE9", "\\\\xE9"),
            ("\u{fffd}".as_bytes(), "\u{fffd}"),
        ] {
            let path = RawPath::from_bytes(bytes);
            assert_eq!((path.as_str(), path.to_bytes().as_slice()), (text, bytes));
            assert_eq!(text.parse::<RawPath>().unwrap(), path);
        }
        for other in ["\\", "a\\", "\\x", "\\xE", "\\xe9", "\\x41", "\\xC3\\xA9", "\\n", "\\é", "nul\0"] {
            assert!(other.parse::<RawPath>().is_err(), "{other}");
        }
    }

    #[test]
    fn places_are_compared_part_by_part() {
        let path = |text: &str| text.parse::<RawPath>().unwrap();
        for (inner, outer, within) in [
            ("/a/b", "/a", true),
            ("/ab", "/a", false),
            ("/a", "/a", true),
            ("/a", "/", true),
            ("/a", "/a/b", false),
        ] {
            assert_eq!(path(inner).is_in(&path(outer)), within, "{inner} {outer}");
        }
        for (text, plain) in [
            ("/", true),
            ("/a/b", true),
            ("a", false),
            ("/a/../b", false),
            ("/a//b", false),
            ("/a/", false),
            ("", false),
        ] {
            assert_eq!(path(text).is_plain_absolute(), plain, "{text}");
        }
        assert_eq!(path("/").join(&path("a")), path("/a"));
        assert_eq!(path("/a").join(&path("b")), path("/a/b"));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_come_back_and_have_one_spelling(bytes in proptest::collection::vec(1_u8..=255, 0..64)) {
            let path = RawPath::from_bytes(&bytes);
            proptest::prop_assert_eq!(path.to_bytes(), bytes);
            proptest::prop_assert_eq!(path.as_str().parse::<RawPath>(), Ok(path.clone()));
        }

        #[test]
        fn no_text_breaks_it(text in ".{0,40}") {
            if let Ok(path) = text.parse::<RawPath>() {
                let again = RawPath::from_bytes(&path.to_bytes());
                proptest::prop_assert_eq!(again.as_str(), text);
            }
        }
    }
}
