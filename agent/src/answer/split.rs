//! JSON of any length, cut as it comes into the objects of one array and what stands around them. Nothing of it is ever
//! whole in memory. And text, cut into lines.
//!
//! Only the fields of an object that are no list or object themselves are kept: the blobs of one large file alone would
//! be megabytes.

/// What one cut gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut<'a> {
    /// An object of the array.
    Element(&'a [u8]),
    /// The object that the array stands in, with the array empty.
    Around(&'a [u8]),
}

/// No element that restic prints comes near, and no line.
pub const LONGEST_BYTES: usize = 1024 * 1024;

/// Something is longer than anything that restic prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("restic printed an entry of more than 1 MiB")]
pub struct TooLong;

/// Cuts the objects out of an array that stands `level` brackets deep.
pub struct Splitter {
    level: usize,
    depth: usize,
    in_string: bool,
    escaped: bool,
    element: Vec<u8>,
    around: Vec<u8>,
}

impl Splitter {
    pub const fn new(level: usize) -> Self {
        Self { level, depth: 0, in_string: false, escaped: false, element: Vec::new(), around: Vec::new() }
    }

    /// Whether what came so far is a whole document, or nothing.
    pub const fn is_whole(&self) -> bool {
        self.depth == 0 && !self.in_string
    }

    pub fn feed(&mut self, bytes: &[u8], mut take: impl FnMut(Cut<'_>)) -> Result<(), TooLong> {
        let mut rest = bytes;
        while let Some(&byte) = rest.first() {
            if self.in_string {
                rest = self.string(rest)?;
                continue;
            }
            rest = &rest[1..];
            match byte {
                b'{' | b'[' => {
                    self.depth += 1;
                    self.keep_bracket(&[byte])?;
                }
                b'}' | b']' => {
                    self.keep_bracket(&[byte])?;
                    self.depth = self.depth.saturating_sub(1);
                    if byte == b'}' && self.depth == self.level {
                        take(Cut::Element(&self.element));
                        self.element.clear();
                    } else if byte == b'}' && self.depth + 2 == self.level {
                        take(Cut::Around(&self.around));
                        self.around.clear();
                    }
                }
                _ => {
                    self.in_string = byte == b'"';
                    self.keep(&[byte])?;
                }
            }
        }
        Ok(())
    }

    /// The part of a string that is here; what is left behind it.
    fn string<'a>(&mut self, bytes: &'a [u8]) -> Result<&'a [u8], TooLong> {
        let mut end = bytes.len();
        for (at, byte) in bytes.iter().enumerate() {
            if self.escaped {
                self.escaped = false;
            } else if *byte == b'\\' {
                self.escaped = true;
            } else if *byte == b'"' {
                self.in_string = false;
                end = at + 1;
                break;
            }
        }
        self.keep(&bytes[..end])?;
        Ok(&bytes[end..])
    }

    /// Of an element its own fields, of what is around it everything but the array's content.
    fn keep(&mut self, bytes: &[u8]) -> Result<(), TooLong> {
        let to = if self.depth == self.level + 1 {
            &mut self.element
        } else if self.depth + 1 == self.level {
            &mut self.around
        } else {
            return Ok(());
        };
        push(to, bytes)
    }

    /// Called while the depth is the inner one: what an element holds is kept as an empty list or object.
    fn keep_bracket(&mut self, bracket: &[u8]) -> Result<(), TooLong> {
        if self.depth == self.level + 2 || self.depth == self.level + 1 {
            push(&mut self.element, bracket)
        } else if self.depth == self.level || self.depth + 1 == self.level {
            push(&mut self.around, bracket)
        } else {
            Ok(())
        }
    }
}

fn push(to: &mut Vec<u8>, bytes: &[u8]) -> Result<(), TooLong> {
    if to.len() + bytes.len() > LONGEST_BYTES {
        return Err(TooLong);
    }
    to.extend_from_slice(bytes);
    Ok(())
}

/// Cuts text into lines, without their ends.
#[derive(Default)]
pub struct Lines(Vec<u8>);

impl Lines {
    pub fn feed(&mut self, bytes: &[u8], mut take: impl FnMut(&[u8])) -> Result<(), TooLong> {
        let mut rest = bytes;
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            if self.0.is_empty() {
                take(&rest[..end]);
            } else {
                push(&mut self.0, &rest[..end])?;
                take(&self.0);
                self.0.clear();
            }
            rest = &rest[end + 1..];
        }
        push(&mut self.0, rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Elements and surroundings of a document that comes in pieces of this size.
    fn cut(level: usize, text: &str, piece: usize) -> (Vec<String>, Vec<String>, bool) {
        let (mut elements, mut around, mut splitter) = (Vec::new(), Vec::new(), Splitter::new(level));
        for piece in text.as_bytes().chunks(piece) {
            let take = |cut: Cut<'_>| match cut {
                Cut::Element(bytes) => elements.push(String::from_utf8(bytes.to_vec()).unwrap()),
                Cut::Around(bytes) => around.push(String::from_utf8(bytes.to_vec()).unwrap()),
            };
            splitter.feed(piece, take).unwrap();
        }
        (elements, around, splitter.is_whole())
    }

    #[test]
    fn however_it_comes_the_same_is_cut_out() {
        let tree = r#"{"nodes":[{"name":"a]}\\\"","content":["x","y{"],"size":3},
            {"name":"b","content":null,"extended_attributes":[{"name":"z","value":"}"}],"g":{"h":[1]}}]}"#;
        let find = r#"[{"matches":[{"path":"/a"},{"path":"/b"}],"hits":2,"snapshot":"s1"}
            ,{"matches":[{"path":"/c"}],"hits":1,"snapshot":"s2"}]"#;
        for piece in [1, 2, 3, 7, 64, 4096] {
            let (elements, around, whole) = cut(2, tree, piece);
            let nodes = [
                r#"{"name":"a]}\\\"","content":[],"size":3}"#,
                r#"{"name":"b","content":null,"extended_attributes":[],"g":{}}"#,
            ];
            assert_eq!(
                (elements.as_slice(), around.as_slice()),
                (&nodes.map(str::to_owned)[..], &[r#"{"nodes":[]}"#.to_owned()][..])
            );
            assert!(whole);
            let (elements, around, whole) = cut(3, find, piece);
            assert_eq!(elements, [r#"{"path":"/a"}"#, r#"{"path":"/b"}"#, r#"{"path":"/c"}"#]);
            assert_eq!(
                around,
                [r#"{"matches":[],"hits":2,"snapshot":"s1"}"#, r#"{"matches":[],"hits":1,"snapshot":"s2"}"#]
            );
            assert!(whole);
        }
        assert_eq!(cut(3, "[]\n", 1), (vec![], vec![], true));
        assert!(!cut(2, &tree[..40], 8).2);
    }

    #[test]
    fn what_has_no_end_is_not_kept() {
        let mut splitter = Splitter::new(2);
        splitter.feed(b"{\"nodes\":[{\"name\":\"", |_| ()).unwrap();
        let long = vec![b'x'; LONGEST_BYTES / 2 + 1];
        splitter.feed(&long, |_| ()).unwrap();
        assert_eq!(splitter.feed(&long, |_| ()), Err(TooLong));
        let mut lines = Lines::default();
        lines.feed(&long, |_| ()).unwrap();
        assert_eq!(lines.feed(&long, |_| ()), Err(TooLong));
        // The blobs of one file may be as many as they like.
        let mut splitter = Splitter::new(2);
        splitter.feed(b"{\"nodes\":[{\"content\":[\"", |_| ()).unwrap();
        for _ in 0..4 {
            splitter.feed(&long, |_| ()).unwrap();
        }
        let mut seen = 0;
        splitter.feed(b"\"],\"name\":\"n\"}]}", |_| seen += 1).unwrap();
        assert_eq!(seen, 2);
    }

    proptest::proptest! {
        #[test]
        fn lines_are_whole_wherever_they_are_torn(text in "[ab\n]{0,40}", piece in 1_usize..9) {
            let (mut lines, mut found) = (Lines::default(), Vec::new());
            for piece in format!("{text}\n").as_bytes().chunks(piece) {
                lines.feed(piece, |line| found.push(String::from_utf8(line.to_vec()).unwrap())).unwrap();
            }
            proptest::prop_assert_eq!(found, text.split('\n').map(str::to_owned).collect::<Vec<_>>());
        }

        #[test]
        fn garbage_does_no_harm(bytes in proptest::collection::vec(0_u8..=255, 0..200), level in 1_usize..4) {
            let _ = Splitter::new(level).feed(&bytes, |_| ());
        }
    }
}
