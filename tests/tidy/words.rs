//! Words that do not stand in this repository, and names that no room has. Each with the reason, because whoever meets
//! the rule wants to know what to write instead.

use crate::source::{Source, lines_with};
use crate::tree::{File, Finding, Tree};

/// Marks of something unfinished, anywhere in a source or a document, comments included.
const UNFINISHED: &[&str] =
    &["todo!", "unimplemented!", "dbg!", "TODO", "FIXME", "XXX", "for now", "not implemented yet"];

/// Where the words above are themselves the subject.
const MAY_NAME_THEM: &[&str] = &["tests/tidy", "clippy.toml", "Cargo.toml"];

/// Names that say nothing about what is inside.
const EMPTY_NAMES: &[&str] = &["mod", "utils", "util", "common", "helpers", "helper", "manager", "misc"];

/// Calls that read the world, and the only rooms that make them.
pub const WORLD_CALLS: &[&str] = &[
    "SystemTime::now",
    "Instant::now",
    "Timestamp::now",
    "Zoned::now",
    "Utc::now",
    "Local::now",
    "Uuid::now_v7",
    "Uuid::new_v4",
    "thread::sleep",
    "time::sleep",
    "time::interval",
    "getrandom::",
    "rand::",
    "OsRng",
    "Command::new",
];

pub fn unfinished(file: &File) -> Vec<Finding> {
    let ours = file.has_extension(&[
        "rs", "ts", "tsx", "css", "sql", "sh", "tt", "toml", "md", "service", "mjs", "js", "html",
    ]);
    if !ours || MAY_NAME_THEM.iter().any(|path| file.path.starts_with(path)) {
        return Vec::new();
    }
    let found = |word: &&str| {
        let word = (*word).to_owned();
        lines_with(&file.text, &word).into_iter().map(move |line| (line, word.clone())).collect::<Vec<_>>()
    };
    UNFINISHED
        .iter()
        .flat_map(found)
        .map(|(line, word)| {
            let mend = "finish it, or take it out and write down what is missing in the issue";
            Finding::at(&file.path, line, format!("the words \"{word}\""), mend)
        })
        .collect()
}

pub fn empty_name(file: &File) -> Option<Finding> {
    if !file.has_extension(&["rs", "ts", "tsx"]) {
        return None;
    }
    let parts = file.path.split('/').map(|part| part.split('.').next().unwrap_or_default());
    let empty = parts.into_iter().find(|part| EMPTY_NAMES.contains(part))?;
    let mend = if empty == "mod" {
        "name the file after its room: room.rs beside room/"
    } else {
        "name it after the noun or verb of the domain that it holds"
    };
    Some(Finding::of(&file.path, format!("a room named \"{empty}\""), mend))
}

/// Time, sleep, entropy and processes come from `world`; restic alone is started by `restic/process`.
pub fn world_calls(file: &File, source: &Source) -> Vec<Finding> {
    let in_world = ["agent", "coordinator"].iter().any(|krate| {
        file.path == format!("{krate}/src/world.rs") || file.path.starts_with(&format!("{krate}/src/world/"))
    });
    let mut findings = Vec::new();
    for call in WORLD_CALLS {
        let starts_restic = *call == "Command::new" && file.path.starts_with("agent/src/restic/process");
        if in_world || starts_restic {
            continue;
        }
        for line in source.lines_with(call) {
            let mend = "take the time, the sleep, the bytes or the process from the crate's world room, or `now` as an argument";
            findings.push(Finding::at(&file.path, line, format!("{call} outside world"), mend));
        }
    }
    findings
}

pub fn all(tree: &Tree) -> Vec<Finding> {
    let mut findings: Vec<Finding> = tree.files.iter().flat_map(unfinished).collect();
    findings.extend(tree.files.iter().filter_map(empty_name));
    for src in ["wire/src", "agent/src", "coordinator/src"] {
        for (file, source) in tree.rust(src) {
            findings.extend(world_calls(file, &source));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unfinished_work_is_found_in_code_comments_and_documents() {
        let count = |path: &str, text: &str| unfinished(&File::new(path, text)).len();
        assert_eq!(count("agent/src/run.rs", "fn f() { todo!() }"), 1);
        assert_eq!(count("agent/src/run.rs", "// FIXME: later\n// good for now\n"), 2);
        assert_eq!(count("docs/ARCHITECTURE.md", "XXX"), 1);
        assert_eq!(count("agent/src/run.rs", "let mark = mktemp(\"XXXXXX\"); // before nowhere"), 0);
    }

    #[test]
    fn empty_names_are_found() {
        let found = |path: &str| empty_name(&File::new(path, "")).is_some();
        assert!(
            found("agent/src/run/mod.rs") && found("wire/src/utils.rs") && found("panel/src/common/row.tsx")
        );
        assert!(
            !found("agent/src/run/model.rs") && !found("scripts/common") && !found("agent/src/manager_of.rs")
        );
    }

    #[test]
    fn reading_the_world_elsewhere_is_found() {
        let count = |path: &str, text: &str| world_calls(&File::new(path, text), &Source::read(text)).len();
        let text = "fn f() { let t = std::time::Instant::now(); tokio::time::sleep(d).await; }";
        assert_eq!(count("agent/src/run.rs", text), 2);
        assert_eq!(count("agent/src/world/real.rs", text), 0);
        assert_eq!(count("agent/src/worldly.rs", text), 2);
        assert_eq!(count("agent/src/run.rs", "#[cfg(test)]\nmod tests { fn f() { Instant::now(); } }"), 0);
        assert_eq!(count("agent/src/restic/process.rs", "fn f() { Command::new(x); Instant::now(); }"), 1);
    }
}
