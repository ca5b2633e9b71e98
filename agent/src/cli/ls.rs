//! `ls`: what is in a directory of a snapshot.

use std::{ffi::OsString, os::unix::ffi::OsStrExt as _};

use jiff::tz::TimeZone;
use wire::{
    path::RawPath,
    question::{Node, NodeKind, Part, Question},
};

use super::{
    Failure, look,
    questions::{self, Known, shown},
    table,
};
use crate::{config::Paths, world::World};

#[derive(clap::Args)]
pub struct Arguments {
    /// The beginning of a snapshot's id, or `latest`
    snapshot: String,
    /// A directory as it stands in the snapshot [default: /]
    path: Option<OsString>,
    /// Where the snapshot is, when the plan has several repositories
    #[arg(long)]
    repository: Option<String>,
    /// Mode, owner, size and time too
    #[arg(long, short)]
    long: bool,
    /// The parts of the answer in JSON, a line each
    #[arg(long)]
    json: bool,
}

pub async fn perform(paths: &Paths, wanted: &Arguments) -> Result<(), Failure> {
    let known = Known::read(paths)?;
    let (repository, snapshot) = known.snapshot(&wanted.snapshot, wanted.repository.as_deref())?;
    drop(known);
    let down = names(wanted.path.as_ref().map_or(&b""[..], |path| path.as_bytes()));
    let question = Question::Tree { repository, snapshot, tree: None, down };
    let zone = World::real().zone();
    questions::each(paths, question, |part| match &part {
        _ if wanted.json => questions::print_json(&part),
        Part::Nodes { nodes } => look::print(&text(nodes, wanted.long, &zone)),
        _ => Ok(()),
    })
    .await
}

/// The names on the way to a path.
fn names(path: &[u8]) -> Vec<RawPath> {
    let parts = path.split(|byte| *byte == b'/').filter(|part| !part.is_empty() && *part != b".");
    parts.map(RawPath::from_bytes).collect()
}

fn text(nodes: &[Node], long: bool, zone: &TimeZone) -> String {
    nodes.iter().map(|node| if long { in_full(node, zone) } else { name(node) + "\n" }).collect()
}

fn name(node: &Node) -> String {
    let mark = if node.kind == NodeKind::Directory { "/" } else { "" };
    format!("{}{mark}", shown(node.name.as_str()))
}

fn in_full(node: &Node, zone: &TimeZone) -> String {
    let owner = |name: Option<&str>, number: u32| name.map_or_else(|| number.to_string(), shown);
    let target = node.target.as_ref().map_or_else(String::new, |to| format!(" → {}", shown(to.as_str())));
    format!(
        "{} {:>8} {:>8} {:>9} {}  {}{target}\n",
        mode(node),
        owner(node.user.as_deref(), node.uid),
        owner(node.group.as_deref(), node.gid),
        node.size.map_or_else(|| "–".to_owned(), table::size),
        table::time(node.mtime, zone),
        name(node)
    )
}

/// As ls(1) writes it.
fn mode(node: &Node) -> String {
    let kind = match node.kind {
        NodeKind::File => '-',
        NodeKind::Directory => 'd',
        NodeKind::Link => 'l',
        NodeKind::Other => '?',
    };
    let mut text = String::from(kind);
    for (shift, special, letter) in [(6, 0o4000, 's'), (3, 0o2000, 's'), (0, 0o1000, 't')] {
        let bits = node.mode >> shift;
        text.push(if bits & 4 == 0 { '-' } else { 'r' });
        text.push(if bits & 2 == 0 { '-' } else { 'w' });
        text.push(match (node.mode & special != 0, bits & 1 != 0) {
            (false, false) => '-',
            (false, true) => 'x',
            (true, false) => letter.to_ascii_uppercase(),
            (true, true) => letter,
        });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::id::UnixMs;

    #[test]
    fn a_directory_as_a_person_reads_it() {
        let node = |name: &[u8], kind, mode, size: Option<u64>| Node {
            name: RawPath::from_bytes(name),
            kind,
            size,
            mtime: UnixMs(1_795_187_040_000),
            mode,
            uid: 1000,
            gid: 0,
            user: Some("ada".to_owned()),
            group: None,
            target: (kind == NodeKind::Link).then(|| RawPath::from_bytes(b"caf\xe9")),
            tree: None,
        };
        let nodes = [
            node(b"bin", NodeKind::Directory, 0o1777, None),
            node(b"new\nline\x1b[2J", NodeKind::File, 0o4755, Some(5 << 20)),
            node(b"l", NodeKind::Link, 0o777, None),
            node(b"caf\xe9", NodeKind::File, 0o2640, Some(0)),
        ];
        insta::assert_snapshot!(text(&nodes, false, &TimeZone::UTC) + &text(&nodes, true, &TimeZone::UTC));
        assert_eq!(names(b"/a//b\xff/./c/"), [&b"a"[..], b"b\xff", b"c"].map(RawPath::from_bytes));
        assert!(names(b"/").is_empty() && names(b"").is_empty());
    }
}
