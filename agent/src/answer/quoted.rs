//! Names as restic's trees have them: quoted like a Go string (strconv.Quote), without the quotes.

/// The bytes that a name stands for. What is no escape of Go's is taken as it is.
pub fn unquote(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        bytes.extend_from_slice(&rest.as_bytes()[..at]);
        rest = &rest[at..];
        let taken = escape(rest, &mut bytes).unwrap_or_else(|| {
            bytes.push(b'\\');
            1
        });
        rest = &rest[taken..];
    }
    bytes.extend_from_slice(rest.as_bytes());
    bytes
}

/// What an escape at the beginning of `text` stands for, and how long it is.
fn escape(text: &str, bytes: &mut Vec<u8>) -> Option<usize> {
    let hex = |digits: usize| {
        let digits = text.get(2..2 + digits).filter(|text| text.bytes().all(|b| b.is_ascii_hexdigit()))?;
        u32::from_str_radix(digits, 16).ok()
    };
    let plain = match text.as_bytes().get(1)? {
        b'a' => 0x07,
        b'b' => 0x08,
        b'f' => 0x0c,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 0x0b,
        same @ (b'\\' | b'"' | b'\'') => *same,
        b'x' => {
            bytes.push(u8::try_from(hex(2)?).ok()?);
            return Some(4);
        }
        letter @ (b'u' | b'U') => {
            let digits = if *letter == b'u' { 4 } else { 8 };
            let c = char::from_u32(hex(digits)?)?;
            bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            return Some(2 + digits);
        }
        _ => return None,
    };
    bytes.push(plain);
    Some(2)
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    /// Go's strconv.Quote for what it escapes surely: control characters, and bytes that are no text. Which of the other
    /// characters it takes for printable is its own table; both spellings mean the same.
    fn quote(bytes: &[u8], escapes: bool) -> String {
        let put = |text: &mut String, escape: std::fmt::Arguments<'_>| text.write_fmt(escape).unwrap();
        let mut text = String::new();
        for chunk in bytes.utf8_chunks() {
            for c in chunk.valid().chars() {
                match c {
                    '\u{7}' => text.push_str("\\a"),
                    '\u{8}' => text.push_str("\\b"),
                    '\u{c}' => text.push_str("\\f"),
                    '\n' => text.push_str("\\n"),
                    '\r' => text.push_str("\\r"),
                    '\t' => text.push_str("\\t"),
                    '\u{b}' => text.push_str("\\v"),
                    '\\' => text.push_str("\\\\"),
                    '"' => text.push_str("\\\""),
                    c if c < ' ' || c == '\u{7f}' => put(&mut text, format_args!("\\x{:02x}", c as u32)),
                    c if escapes && c as u32 > 0xffff => put(&mut text, format_args!("\\U{:08x}", c as u32)),
                    c if escapes && c as u32 > 0x7f => put(&mut text, format_args!("\\u{:04x}", c as u32)),
                    c => text.push(c),
                }
            }
            for byte in chunk.invalid() {
                put(&mut text, format_args!("\\x{byte:02x}"));
            }
        }
        text
    }

    #[test]
    fn what_restic_printed_is_the_name_that_lies_on_the_disk() {
        for (text, bytes) in [
            ("plain", &b"plain"[..]),
            (r"caf\xe9", b"caf\xe9"),
            ("café", "café".as_bytes()),
            (r"new\nline", b"new\nline"),
            (r"back\\slash", b"back\\slash"),
            (r#"q\"uote"#, b"q\"uote"),
            (r"tab\t\x7f\x01", b"tab\t\x7f\x01"),
            (r"\u200b😀", "\u{200b}😀".as_bytes()),
            (r"\U0010ffff", "\u{10ffff}".as_bytes()),
            (r"\a\b\f\r\v\'", b"\x07\x08\x0c\r\x0b'"),
            // No escapes of Go's: nothing is lost.
            ("end\\", b"end\\"),
            (r"\q\x4", b"\\q\\x4"),
            (r"\ud800", b"\\ud800"),
            (r"\xé1", r"\xé1".as_bytes()),
        ] {
            assert_eq!(unquote(text), bytes, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn every_name_comes_back(bytes in proptest::collection::vec(1_u8..=255, 0..64), escapes: bool) {
            proptest::prop_assert_eq!(unquote(&quote(&bytes, escapes)), bytes);
        }

        #[test]
        fn no_text_breaks_it(text in ".{0,40}|[\\\\xuU0-9a-f]{0,20}") {
            unquote(&text);
        }
    }
}
