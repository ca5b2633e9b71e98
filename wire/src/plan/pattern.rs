//! Exclude patterns, as far as a plan must know them: whether restic can read one. It matches each part between slashes
//! by Go's `filepath.Match`; one malformed part makes it refuse the whole backup.

/// Whether restic takes it. A leading `!` takes back what an earlier pattern excluded.
pub fn is_pattern(text: &str) -> bool {
    text.strip_prefix('!').unwrap_or(text).split('/').all(is_part)
}

fn is_part(part: &str) -> bool {
    let mut rest = part.chars();
    while let Some(c) = rest.next() {
        let holds = match c {
            '\\' => rest.next().is_some(),
            '[' => is_class(&mut rest),
            _ => true,
        };
        if !holds {
            return false;
        }
    }
    true
}

/// What follows a `[`, up to and with its `]`: at least one character or range.
fn is_class(rest: &mut std::str::Chars<'_>) -> bool {
    let negated = rest.clone();
    if rest.next() != Some('^') {
        *rest = negated;
    }
    let mut ranges = 0;
    loop {
        let before = rest.clone();
        if ranges > 0 && rest.next() == Some(']') {
            return true;
        }
        *rest = before;
        if !is_bound(rest) {
            return false;
        }
        let before = rest.clone();
        if rest.next() != Some('-') {
            *rest = before;
        } else if !is_bound(rest) {
            return false;
        }
        ranges += 1;
    }
}

fn is_bound(rest: &mut std::str::Chars<'_>) -> bool {
    match rest.next() {
        None | Some('-' | ']') => false,
        Some('\\') => rest.next().is_some(),
        Some(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn restics_patterns_are_told_from_what_it_refuses() {
        for good in [
            "*.tmp",
            "/home/*/.cache",
            "**/node_modules",
            "[a-z]*",
            "[^abc]",
            "[\\]]",
            "a\\[b",
            "!keep",
            "a]b",
            "[a]b[c-d]",
            "x-[0-9]?",
        ] {
            assert!(is_pattern(good), "{good}");
        }
        for bad in ["[unclosed", "[]", "[]a]", "[^]", "a/[b/c]", "[a-]", "[-a]", "ends\\", "![x"] {
            assert!(!is_pattern(bad), "{bad}");
        }
    }
}
