//! How long a file may be, and that it says what it is. Short files are how the rooms stay rooms.

use crate::tree::{File, Finding, Tree};

const ASKS: usize = 400;
const FAILS: usize = 600;
/// In how many first lines the reason for a long file is looked for.
const HEAD_LINES: usize = 20;

/// Written by programs, not read by people.
const GENERATED: &[&str] = &["wire/fixtures", "tests/fixtures", "target"];

fn is_source(file: &File) -> bool {
    let script = file.below("scripts").is_some() || file.below(".ci").is_some();
    let written = file.has_extension(&["rs", "ts", "tsx", "css", "sql", "sh", "tt", "mjs", "js"]) || script;
    let generated = file.path.contains(".gen.") || GENERATED.iter().any(|dir| file.below(dir).is_some());
    written && !generated
}

pub fn size(file: &File) -> Option<Finding> {
    let lines = file.text.lines().count();
    if !is_source(file) || lines <= ASKS {
        return None;
    }
    if lines > FAILS {
        let mend = format!("divide it by what its parts know: no file is longer than {FAILS} lines");
        return Some(Finding::of(&file.path, format!("{lines} lines"), mend));
    }
    if file.text.lines().take(HEAD_LINES).any(|line| line.contains("size:")) {
        return None;
    }
    let mend = format!(
        "divide it, or say in its first {HEAD_LINES} lines why it is one: a comment with `size: <reason>`"
    );
    Some(Finding::of(&file.path, format!("{lines} lines, more than {ASKS}, and no reason given"), mend))
}

/// Every Rust file of the three programs opens with what it knows.
pub fn head(file: &File) -> Option<Finding> {
    let in_src = ["wire/src", "agent/src", "coordinator/src"].iter().any(|src| file.below(src).is_some());
    if !in_src || !file.has_extension(&["rs"]) || file.text.starts_with("//!") {
        return None;
    }
    let mend = "begin the file with `//!`: what this room knows, and what it must not know";
    Some(Finding::of(&file.path, "does not say what it is", mend))
}

pub fn all(tree: &Tree) -> Vec<Finding> {
    tree.files.iter().flat_map(|file| [size(file), head(file)]).flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn long(path: &str, lines: usize, first: &str) -> bool {
        size(&File::new(path, &format!("{first}\n{}", "x\n".repeat(lines - 1)))).is_some()
    }

    #[test]
    fn long_files_are_found() {
        assert!(!long("agent/src/run.rs", 400, "//! Runs."));
        assert!(long("agent/src/run.rs", 401, "//! Runs."));
        assert!(!long("agent/src/run.rs", 600, "//! Runs. size: one table."));
        assert!(long("agent/src/run.rs", 601, "//! Runs. size: one table."));
        assert!(long("scripts/test", 401, "#!/bin/sh"));
        assert!(!long("panel/src/api/types.gen.ts", 900, "// made"));
        assert!(!long("docs/PROTOCOL.md", 900, "# Protocol"));
    }

    #[test]
    fn a_file_that_does_not_say_what_it_is_is_found() {
        assert!(head(&File::new("wire/src/id.rs", "use std::fmt;")).is_some());
        assert!(head(&File::new("wire/src/id.rs", "//! Ids.")).is_none());
    }
}
