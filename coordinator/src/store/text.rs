//! How structured values and closed words stand in columns.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::StoreError;

/// JSON for a column. The values are wire's own, with string keys: they always serialise.
pub(super) fn json(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|problem| StoreError::Refused(problem.to_string()))
}

pub(super) fn parse<T: DeserializeOwned>(what: &str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|problem| StoreError::unreadable(what, problem))
}

/// A word of a closed list, such as a job's state, without quotes.
pub(super) fn word(value: &impl Serialize) -> Result<String, StoreError> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => Ok(word),
        other => Err(StoreError::Refused(format!("{other:?} is not a word"))),
    }
}

pub(super) fn parse_word<'a, T: Deserialize<'a>>(what: &str, word: &'a str) -> Result<T, StoreError> {
    let word = serde::de::value::BorrowedStrDeserializer::<serde::de::value::Error>::new(word);
    T::deserialize(word).map_err(|problem| StoreError::unreadable(what, problem))
}

/// Names come back as they went in; one that does not is a damaged row.
pub(super) fn name<T: std::str::FromStr<Err: std::fmt::Display>>(
    what: &str,
    text: &str,
) -> Result<T, StoreError> {
    text.parse().map_err(|problem| StoreError::unreadable(what, problem))
}

/// Cuts a text to so many bytes, between characters.
pub(super) fn shorten(text: &mut String, bytes: usize) {
    if text.len() > bytes {
        text.truncate(text.floor_char_boundary(bytes));
    }
}
