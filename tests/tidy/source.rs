//! Just enough of Rust's grammar to judge a file: which bytes are code, which are text, what is for tests only, and
//! which rooms it imports. Not a parser; where it cannot tell, it keeps the code and lets the rule see it.

/// A Rust file taken apart. The three views have the file's length and line breaks; what is not theirs is blank.
pub struct Source {
    /// Code outside `#[cfg(test)]` items, without comments and the insides of literals.
    pub code: String,
    /// The insides of string literals, outside `#[cfg(test)]` items.
    pub strings: String,
    /// Names of `#[cfg(test)] mod name;`: their files are tests altogether.
    pub test_modules: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Code,
    Text,
    Comment,
}

impl Source {
    pub fn read(text: &str) -> Self {
        let kinds = classify(text.as_bytes());
        let view = |wanted: Kind| -> Vec<u8> {
            let pick =
                |(&byte, &kind): (&u8, &Kind)| if kind == wanted || byte == b'\n' { byte } else { b' ' };
            text.as_bytes().iter().zip(&kinds).map(pick).collect()
        };
        let (mut code, mut strings) = (view(Kind::Code), view(Kind::Text));
        let mut test_modules = Vec::new();
        for (from, to) in test_items(&code) {
            if let Some(name) = module_without_body(&String::from_utf8_lossy(&code[from..to])) {
                test_modules.push(name);
            }
            for view in [&mut code, &mut strings] {
                view[from..to].iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
            }
        }
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Self { code: text(code), strings: text(strings), test_modules }
    }

    /// Line numbers (from 1) at which the code holds `word`, not as a part of a longer name.
    pub fn lines_with(&self, word: &str) -> Vec<usize> {
        lines_with(&self.code, word)
    }

    /// What follows `crate::` anywhere in the code, groups and `super` not resolved: (line, first segment).
    pub fn crate_imports(&self) -> Vec<(usize, String)> {
        let mut found = Vec::new();
        for (at, _) in self.code.match_indices("crate::") {
            if self.code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$') {
                continue;
            }
            let line = self.code[..at].matches('\n').count() + 1;
            let rest = self.code[at + "crate::".len()..].trim_start();
            if let Some(group) = rest.strip_prefix('{') {
                found.extend(top_level_names(group).into_iter().map(|name| (line, name)));
            } else {
                found.push((line, leading_name(rest)));
            }
        }
        found.retain(|(_, name)| !name.is_empty());
        found
    }
}

/// Line numbers of a text that hold `word` with no letter, digit or `_` around it.
pub fn lines_with(text: &str, word: &str) -> Vec<usize> {
    let named = |c: char| c.is_alphanumeric() || c == '_';
    let mut lines: Vec<usize> = text
        .match_indices(word)
        .filter(|(at, _)| {
            let joined_before = word.starts_with(named) && text[..*at].ends_with(named);
            let joined_after = word.ends_with(named) && text[at + word.len()..].starts_with(named);
            !joined_before && !joined_after
        })
        .map(|(at, _)| text[..at].matches('\n').count() + 1)
        .collect();
    lines.dedup();
    lines
}

fn leading_name(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// `a::b, c::{d, e}, F}` → a, c, F
fn top_level_names(group: &str) -> Vec<String> {
    let (mut names, mut depth, mut from) = (Vec::new(), 0, 0);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                names.push(leading_name(group[from..at].trim_start()));
                return names;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                names.push(leading_name(group[from..at].trim_start()));
                from = at + 1;
            }
            _ => {}
        }
    }
    names
}

fn classify(bytes: &[u8]) -> Vec<Kind> {
    let mut kinds = vec![Kind::Code; bytes.len()];
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        let (kind, open, length) = if rest.starts_with(b"//") {
            (Kind::Comment, 0, rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len()))
        } else if rest.starts_with(b"/*") {
            (Kind::Comment, 0, block_comment(rest))
        } else if let Some((open, length)) = raw_string(bytes, at) {
            (Kind::Text, open, length)
        } else if rest[0] == b'"' {
            (Kind::Text, 1, quoted(rest, b'"'))
        } else if rest[0] == b'\'' && is_char_literal(rest) {
            (Kind::Text, 1, quoted(rest, b'\''))
        } else {
            at += 1;
            continue;
        };
        kinds[at + open..at + length].fill(kind);
        at += length;
    }
    kinds
}

/// The length of a literal with its closing quote.
fn quoted(rest: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while at < rest.len() && rest[at] != quote {
        at += if rest[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(rest.len())
}

/// Comments nest in Rust.
fn block_comment(rest: &[u8]) -> usize {
    let (mut at, mut depth) = (0, 0);
    while at + 1 < rest.len() {
        match &rest[at..at + 2] {
            b"/*" => depth += 1,
            b"*/" if depth == 1 => return at + 2,
            b"*/" => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
    }
    rest.len()
}

/// `r"…"`, `r#"…"#`, `br"…"`: (bytes before the text, length with its end).
fn raw_string(bytes: &[u8], at: usize) -> Option<(usize, usize)> {
    let named = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    if bytes[at] != b'r' || (at > 0 && named(bytes[at - 1]) && bytes[at - 1] != b'b' && bytes[at - 1] != b'c')
    {
        return None;
    }
    let hashes = bytes[at + 1..].iter().take_while(|b| **b == b'#').count();
    let open = 1 + hashes + 1;
    if bytes.get(at + open - 1) != Some(&b'"') {
        return None;
    }
    let end: Vec<u8> = std::iter::once(b'"').chain(std::iter::repeat_n(b'#', hashes)).collect();
    let body = &bytes[at + open..];
    let length =
        body.windows(end.len()).position(|window| window == end).map_or(body.len(), |p| p + end.len());
    Some((open, open + length))
}

/// Tells `'a'` from the lifetime `'a`.
fn is_char_literal(rest: &[u8]) -> bool {
    match rest.get(1) {
        Some(b'\\') => true,
        Some(first) => {
            let width = match first {
                0xf0.. => 4,
                0xe0.. => 3,
                0xc0.. => 2,
                _ => 1,
            };
            rest.get(1 + width) == Some(&b'\'')
        }
        None => false,
    }
}

/// Where `#[cfg(test)]` items begin and end in the code view.
fn test_items(code: &[u8]) -> Vec<(usize, usize)> {
    let text = String::from_utf8_lossy(code);
    let mut items = Vec::new();
    for mark in ["#[cfg(test)]", "#[cfg(any(test", "#[cfg(all(test", "#[test]"] {
        for (from, _) in text.match_indices(mark) {
            items.push((from, item_end(code, from)));
        }
    }
    items
}

/// The end of the item that the attribute at `from` stands on: its closing brace, or its semicolon.
fn item_end(code: &[u8], from: usize) -> usize {
    let (mut depth, mut brackets) = (0_usize, 0_usize);
    for (at, byte) in code.iter().enumerate().skip(from) {
        match byte {
            b'[' | b'(' => brackets += 1,
            b']' | b')' => brackets = brackets.saturating_sub(1),
            b'{' => depth += 1,
            b'}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            b';' if depth == 0 && brackets == 0 => return at + 1,
            _ => {}
        }
    }
    code.len()
}

fn module_without_body(item: &str) -> Option<String> {
    let (_, after) = item.rsplit_once("mod ")?;
    let name = after.trim().strip_suffix(';')?.trim();
    (!name.is_empty() && !item.contains('{')).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = r#"
//! Says crate::nowhere and SystemTime::now.
use crate::alpha::{One, two};
use crate::{beta::Three, gamma::{four, five}, Six};
/* crate::comment /* nested */ still */
fn work<'a>(x: &'a str) -> char {
    let text = "crate::text \" SELECT"; let raw = r"crate::raw \";
    let quote = '"'; crate::delta::run(); '\''
}
#[cfg(test)]
mod helpers_of_tests;
#[cfg(test)]
mod tests { fn f() { crate::only_for_tests::x() } }
fn after() { crate::epsilon::y() }
"#;

    #[test]
    fn reads_imports_and_leaves_text_comments_and_tests_out() {
        let source = Source::read(SAMPLE);
        let names: Vec<String> = source.crate_imports().into_iter().map(|(_, name)| name).collect();
        assert_eq!(names, ["alpha", "beta", "gamma", "Six", "delta", "epsilon"]);
        assert_eq!(source.test_modules, ["helpers_of_tests"]);
        assert!(source.strings.contains("SELECT") && !source.code.contains("SELECT"));
        assert_eq!(source.code.lines().count(), SAMPLE.lines().count());
    }

    #[test]
    fn finds_whole_words_only() {
        assert_eq!(lines_with("a\nfetch(x)\nprefetch(x)\n", "fetch("), [2]);
        assert_eq!(lines_with("XXXX XXX", "XXX"), [1]);
        assert!(lines_with("mktemp.XXXXXX", "XXX").is_empty());
    }
}
