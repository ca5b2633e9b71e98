//! Documents name files that exist: paths in backticks, and relative links.

use std::path::Path;

use crate::tree::{File, Finding, Tree};

/// What a path of this repository begins with.
const TOPS: &[&str] = &[
    "agent",
    "coordinator",
    "panel",
    "wire",
    "installer",
    "docs",
    "scripts",
    "tests",
    ".ci",
    ".cargo",
    ".config",
];

/// Crates whose rooms a document may name without the `src/` in between: `agent/link`.
const WITH_SRC: &[&str] = &["agent", "coordinator", "panel", "wire"];

/// Made by a build, so not there in a clean clone.
const MADE: &[&str] = &["panel/dist", "panel/node_modules", "target", ".rig"];

pub fn is_document(file: &File) -> bool {
    file.has_extension(&["md"]) && (file.below("docs").is_some() || !file.path.contains('/'))
}

/// (line, text) of every `…` outside fenced blocks.
fn in_backticks(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut fenced = false;
    for (number, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            found.extend(line.split('`').skip(1).step_by(2).map(|text| (number + 1, text)));
        }
    }
    found
}

/// (line, target) of every relative Markdown link.
fn links(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        for after in line.split("](").skip(1) {
            let target = after.split([')', '#', ' ']).next().unwrap_or_default();
            if !target.is_empty() && !target.contains("://") && !target.starts_with("mailto:") {
                found.push((number + 1, target));
            }
        }
    }
    found
}

/// The path that a text in backticks claims to be, if it looks like one of this repository's.
fn claimed_path(text: &str) -> Option<&str> {
    // `scripts/run --once` names scripts/run; `tests/tidy.rs:12` names the file.
    let path = text.split_whitespace().next()?.split("::").next()?.split(':').next()?.trim_end_matches('/');
    let top = path.split('/').next()?;
    let is_pattern = path.contains(['*', '<', '{', '…', '$', '(', '[']) || path.contains("NNNN");
    let is_made = MADE.iter().any(|made| path == *made || path.starts_with(&format!("{made}/")));
    (path.contains('/') && TOPS.contains(&top) && !is_pattern && !is_made).then_some(path)
}

fn exists(path: &str, on_disk: &dyn Fn(&str) -> bool) -> bool {
    let named =
        |path: &str| on_disk(path) || ["rs", "ts", "tsx"].iter().any(|ext| on_disk(&format!("{path}.{ext}")));
    let (top, rest) = path.split_once('/').unwrap_or((path, ""));
    named(path) || (WITH_SRC.contains(&top) && named(&format!("{top}/src/{rest}")))
}

pub fn findings(file: &File, on_disk: &dyn Fn(&str) -> bool) -> Vec<Finding> {
    let mend = "write the path as it is today, or take the sentence out";
    let mut findings = Vec::new();
    for (line, text) in in_backticks(&file.text) {
        if let Some(path) = claimed_path(text).filter(|path| !exists(path, on_disk)) {
            findings.push(Finding::at(&file.path, line, format!("`{path}` does not exist"), mend));
        }
    }
    let dir = file.path.rsplit_once('/').map_or("", |(dir, _)| dir);
    for (line, target) in links(&file.text) {
        if !on_disk(&format!("{dir}/{target}")) {
            findings.push(Finding::at(&file.path, line, format!("the link to {target} leads nowhere"), mend));
        }
    }
    findings
}

pub fn all(tree: &Tree) -> Vec<Finding> {
    let on_disk = |path: &str| tree.top.join(Path::new(path.trim_start_matches('/'))).exists();
    tree.files.iter().filter(|file| is_document(file)).flat_map(|file| findings(file, &on_disk)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn what(text: &str) -> Vec<String> {
        let there = ["agent/src/link", "agent/src/run.rs", "scripts/run", "docs/PROTOCOL.md"];
        let on_disk = |path: &str| there.contains(&path);
        findings(&File::new("docs/ARCHITECTURE.md", text), &on_disk).into_iter().map(|f| f.what).collect()
    }

    #[test]
    fn paths_that_are_gone_are_found() {
        assert_eq!(
            what("see `agent/src/gone.rs` and `agent/lost`"),
            ["`agent/src/gone.rs` does not exist", "`agent/lost` does not exist"]
        );
        assert_eq!(what("[there](GONE.md)"), ["the link to GONE.md leads nowhere"]);
    }

    #[test]
    fn what_exists_or_is_no_path_of_ours_is_fine() {
        assert!(
            what("`agent/link`, `agent/run`, `agent/src/link/`, `scripts/run --once`, [p](PROTOCOL.md)")
                .is_empty()
        );
        assert!(what("`GET /agent/v1/socket`, `text/plain`, `docs/decisions/NNNN-*.md`, `panel/dist`, [a](https://x.example)").is_empty());
        assert!(what("```\nscripts/nowhere\n`scripts/nowhere`\n```").is_empty());
    }
}
