//! Cursors: opaque to whoever holds one, and refused when they are not ours.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};

use super::FleetError;

/// No cursor is longer, so that nobody makes us decode a book.
const LIMIT_BYTES: usize = 1024;

pub(super) fn encode(position: &impl Serialize) -> String {
    // Positions are numbers and texts: they always serialise.
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(position).unwrap_or_default())
}

pub(super) fn decode<T: DeserializeOwned>(cursor: Option<&str>) -> Result<Option<T>, FleetError> {
    let Some(cursor) = cursor else { return Ok(None) };
    if cursor.len() > LIMIT_BYTES {
        return Err(FleetError::Cursor);
    }
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| FleetError::Cursor)?;
    serde_json::from_slice(&bytes).map(Some).map_err(|_| FleetError::Cursor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_and_anything_else_is_refused() {
        let cursor = encode(&(7, "host"));
        assert_eq!(decode::<(i64, String)>(Some(&cursor)), Ok(Some((7, "host".into()))));
        assert_eq!(decode::<(i64, String)>(None), Ok(None));
        for bad in ["", "!", "e30", &"A".repeat(5000), &encode(&"text")] {
            assert_eq!(decode::<(i64, String)>(Some(bad)), Err(FleetError::Cursor), "{bad}");
        }
    }
}
