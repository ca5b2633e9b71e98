//! What restic is asked beside the jobs: it reads, takes no lock, and its answer passes.

use std::{
    ffi::{OsStr, OsString},
    os::unix::ffi::OsStrExt as _,
};

use wire::{action::ArchiveFormat, id::GroupName, plan::Limits};

use super::{Access, Call, CallError, Surroundings, finish};
use crate::restic::feature::Features;

/// A question to restic. Snapshots and trees are whole ids; paths are any bytes, and absolute.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Query<'a> {
    /// A snapshot's document, which names its root.
    Snapshot { id: &'a str },
    /// One directory: `{"nodes":[…]}`.
    Tree { id: &'a str },
    /// Everything at and below a path, a line each.
    Below { snapshot: &'a str, path: &'a [u8] },
    /// One JSON array, of which a snapshot with hits is an element.
    Find { pattern: &'a str, ignore_case: bool, host: &'a str, group: Option<&'a GroupName> },
    /// What is different, a line each; statistics last.
    Diff { older: &'a str, newer: &'a str },
    /// The bytes of a file, or a directory as an archive.
    Dump { snapshot: &'a str, path: &'a [u8], archive: Option<ArchiveFormat> },
}

pub fn call_query(
    query: Query<'_>,
    access: &Access,
    surroundings: &Surroundings,
    limits: &Limits,
    features: &Features,
) -> Result<Call, CallError> {
    finish(arguments(query), access, None, surroundings, limits, features)
}

fn arguments(query: Query<'_>) -> Vec<OsString> {
    let mut flags: Vec<String> = Vec::new();
    let mut add = |words: &[&str]| flags.extend(words.iter().map(|word| (*word).to_owned()));
    // What comes from elsewhere stands behind `--`: nothing of it is a flag.
    let rest: Vec<&OsStr> = match query {
        Query::Snapshot { id } => {
            add(&["cat", "snapshot", "--json", "--no-lock"]);
            vec![OsStr::new(id)]
        }
        Query::Tree { id } => {
            add(&["cat", "blob", "--no-lock"]);
            vec![OsStr::new(id)]
        }
        Query::Below { snapshot, path } => {
            add(&["ls", "--json", "--no-lock", "--recursive"]);
            vec![OsStr::new(snapshot), OsStr::from_bytes(path)]
        }
        Query::Find { pattern, ignore_case, host, group } => {
            add(&["find", "--json", "--no-lock", &format!("--host={host}")]);
            if ignore_case {
                add(&["--ignore-case"]);
            }
            if let Some(group) = group {
                add(&[&format!("--tag={group}")]);
            }
            vec![OsStr::new(pattern)]
        }
        Query::Diff { older, newer } => {
            add(&["diff", "--json", "--metadata", "--no-lock"]);
            vec![OsStr::new(older), OsStr::new(newer)]
        }
        Query::Dump { snapshot, path, archive } => {
            add(&["dump", "--no-lock"]);
            match archive {
                None => {}
                Some(ArchiveFormat::Tar) => add(&["--archive=tar"]),
                Some(ArchiveFormat::Zip) => add(&["--archive=zip"]),
            }
            vec![OsStr::new(snapshot), OsStr::from_bytes(path)]
        }
    };
    let flags = flags.into_iter().chain(["--".to_owned()]).map(OsString::from);
    flags.chain(rest.into_iter().map(OsStr::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(query: Query<'_>) -> String {
        arguments(query).iter().map(|arg| arg.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn nothing_that_somebody_typed_becomes_a_flag_and_no_question_takes_a_lock() {
        let group = "default".parse().unwrap();
        let find = Query::Find { pattern: "-x", ignore_case: true, host: "web-1", group: Some(&group) };
        let dump = |archive| Query::Dump { snapshot: "ab", path: b"/x", archive };
        for (query, expected) in [
            (Query::Snapshot { id: "ab" }, "cat snapshot --json --no-lock -- ab"),
            (Query::Tree { id: "cd" }, "cat blob --no-lock -- cd"),
            (Query::Below { snapshot: "ab", path: b"/x" }, "ls --json --no-lock --recursive -- ab /x"),
            (find, "find --json --no-lock --host=web-1 --ignore-case --tag=default -- -x"),
            (Query::Diff { older: "a", newer: "b" }, "diff --json --metadata --no-lock -- a b"),
            (dump(None), "dump --no-lock -- ab /x"),
            (dump(Some(ArchiveFormat::Tar)), "dump --no-lock --archive=tar -- ab /x"),
            (dump(Some(ArchiveFormat::Zip)), "dump --no-lock --archive=zip -- ab /x"),
        ] {
            assert_eq!(shown(query), expected);
        }
        let bytes = arguments(Query::Below { snapshot: "ab", path: b"/caf\xe9" });
        assert_eq!(bytes.last().unwrap().as_bytes(), b"/caf\xe9");
    }
}
