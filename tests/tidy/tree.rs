//! The repository as the rules see it: paths and texts, and what a broken rule says. Knows git and the file system;
//! must not know any rule.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::source::Source;

/// One text file of the repository, its path relative to the top and written with `/`.
pub struct File {
    pub path: String,
    pub text: String,
}

impl File {
    pub fn new(path: &str, text: &str) -> Self {
        Self { path: path.into(), text: text.into() }
    }

    pub fn has_extension(&self, wanted: &[&str]) -> bool {
        Path::new(&self.path).extension().and_then(|e| e.to_str()).is_some_and(|e| wanted.contains(&e))
    }

    /// The path below `dir/`, if the file is there.
    pub fn below(&self, dir: &str) -> Option<&str> {
        self.path.strip_prefix(dir)?.strip_prefix('/')
    }
}

/// Every text file that is tracked, or new and not ignored.
pub struct Tree {
    pub top: PathBuf,
    pub files: Vec<File>,
}

impl Tree {
    pub fn load() -> Self {
        let top = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .expect("tests/ stands in the repository")
            .to_owned();
        let listing = Command::new("git")
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .current_dir(&top)
            .output()
            .expect("the rules read the repository through git: install it");
        assert!(listing.status.success(), "git ls-files: {}", String::from_utf8_lossy(&listing.stderr));
        let listing = String::from_utf8(listing.stdout).expect("paths in the repository are UTF-8");
        let files = listing
            .split('\0')
            .filter(|path| !path.is_empty())
            .filter_map(|path| {
                // A file that is listed but gone was just deleted; one that is not UTF-8 is not ours to read.
                let text = std::fs::read_to_string(top.join(path)).ok()?;
                Some(File { path: path.into(), text })
            })
            .collect();
        Self { top, files }
    }

    pub fn get(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    /// The Rust files under `dir`, read as source, without those that a `#[cfg(test)] mod` line names.
    pub fn rust(&self, dir: &str) -> Vec<(&File, Source)> {
        let mut sources: Vec<(&File, Source)> = self
            .files
            .iter()
            .filter(|file| file.below(dir).is_some() && file.has_extension(&["rs"]))
            .map(|file| (file, Source::read(&file.text)))
            .collect();
        let test_files: Vec<String> = sources
            .iter()
            .flat_map(|(file, source)| source.test_modules.iter().map(|name| child_stem(&file.path, name)))
            .collect();
        sources.retain(|(file, _)| {
            !test_files.iter().any(|stem| {
                file.path == format!("{stem}.rs")
                    || file.path.strip_prefix(stem.as_str()).is_some_and(|rest| rest.starts_with('/'))
            })
        });
        sources
    }
}

/// `agent/src/run.rs` and `tests` → `agent/src/run/tests`; the root files' children stand beside them.
fn child_stem(path: &str, module: &str) -> String {
    let stem = path.trim_end_matches(".rs");
    let (dir, name) = stem.rsplit_once('/').unwrap_or(("", stem));
    if matches!(name, "lib" | "main") { format!("{dir}/{module}") } else { format!("{stem}/{module}") }
}

/// A broken rule: where, what, and how to mend it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    pub place: String,
    pub what: String,
    pub mend: String,
}

impl Finding {
    pub fn at(path: &str, line: usize, what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { place: format!("{path}:{line}"), what: what.into(), mend: mend.into() }
    }

    pub fn of(path: &str, what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { place: path.into(), what: what.into(), mend: mend.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n    {}\n    mend: {}", self.place, self.what, self.mend)
    }
}

/// Ends the test with every finding, so that one run shows all there is to mend.
pub fn hold(rule: &str, mut findings: Vec<Finding>) {
    findings.sort();
    let list: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert!(findings.is_empty(), "{rule}: broken in {} places\n\n{}\n", findings.len(), list.join("\n"));
}
