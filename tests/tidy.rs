//! The repository's own rules, as tests: who may import whom, how long a file is, which words and calls stand where,
//! that documents name what exists. Every rule lives in a room of tests/tidy/ with tests that show it can fail; every
//! finding says where, what and how to mend it.

#[path = "tidy/absences.rs"]
mod absences;
#[path = "tidy/documents.rs"]
mod documents;
#[path = "tidy/edges.rs"]
mod edges;
#[path = "tidy/leaks.rs"]
mod leaks;
#[path = "tidy/sizes.rs"]
mod sizes;
#[path = "tidy/source.rs"]
mod source;
#[path = "tidy/tree.rs"]
mod tree;
#[path = "tidy/words.rs"]
mod words;
#[path = "tidy/workspace.rs"]
mod workspace;

use tree::{Tree, hold};

#[test]
fn imports_point_one_way() {
    hold("imports follow the table of edges", edges::all(&Tree::load()));
}

#[test]
fn what_must_be_absent_is_absent() {
    hold("some things stand in one place only", absences::all(&Tree::load()));
}

#[test]
fn files_are_short_and_say_what_they_are() {
    hold("files are short and say what they are", sizes::all(&Tree::load()));
}

#[test]
fn nothing_is_unfinished_and_the_world_is_injected() {
    hold("no unfinished work, no empty names, no stray clocks", words::all(&Tree::load()));
}

#[test]
fn documents_name_what_exists() {
    hold("documents name what exists", documents::all(&Tree::load()));
}

#[test]
fn members_inherit_from_the_workspace() {
    hold("one table of versions, one set of lints", workspace::manifests(&Tree::load()));
}

#[test]
fn dependencies_may_be_shipped_and_come_once() {
    hold("licences and duplicate versions", workspace::dependencies(&Tree::load()));
}

#[test]
fn nothing_private_is_published() {
    hold("no secrets, no machine paths", leaks::all(&Tree::load()));
}
