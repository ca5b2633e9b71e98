//! One directory of a snapshot, by the ids of its trees: a call of restic for each directory on the way, whatever the
//! snapshot's size.

use std::{collections::BTreeMap, ops::ControlFlow, time::Duration};

use base64::Engine as _;
use serde::Deserialize;
use wire::{
    action::OrderRefusalCode,
    id::{RepositoryName, UnixMs},
    path::RawPath,
    question::{Node, NodeKind, Part},
};

use super::{
    Answerer, Failed, Piece,
    hear::{Ear, Mouth, Pace, hear},
    is_id, json_bytes,
    quoted::unquote,
    split::{Cut, Splitter},
};
use crate::{restic::command::Query, run::Reading};

/// Entries of a part, and about so many bytes of them.
const PART_NODES: usize = 1_000;
const PART_BYTES: usize = 240 * 1024;
/// Of one without its names, the id of a tree included.
const NODE_BYTES: usize = 230;
/// A directory of more is nothing that anybody looks through.
const MOST_NODES: usize = 2_000_000;
/// How many snapshots' roots are remembered.
const MOST_ROOTS: usize = 10_000;

/// The roots of snapshots: they never change, and asking for one takes a whole restic.
pub type Roots = BTreeMap<(RepositoryName, String), String>;

/// What is asked for.
pub struct Wanted<'a> {
    pub repository: &'a RepositoryName,
    pub snapshot: &'a str,
    pub tree: Option<&'a str>,
    pub down: &'a [RawPath],
}

impl Answerer {
    pub(super) async fn tree(
        &self,
        reading: &Reading,
        wanted: &Wanted<'_>,
        to: &Mouth,
    ) -> Result<(), Failed> {
        let first = match wanted.tree {
            Some(tree) => is_id(tree).then(|| tree.to_owned()).ok_or_else(|| {
                Failed::not_found("a directory's tree is named by 64 hex digits, and this is not one")
            })?,
            None => self.root(reading, wanted.repository, wanted.snapshot).await?,
        };
        let (mut trail, mut place) = (vec![first], RawPath::from_bytes(b"/"));
        for name in wanted.down {
            let mut search = Search { splitter: Splitter::new(2), name: &name.to_bytes(), found: None };
            let tree = trail.last().map(String::as_str).unwrap_or_default();
            hear(reading, Query::Tree { id: tree }, &mut search, to, &mut Pace::default()).await?;
            let next = match search.found {
                Some(Entry { subtree: Some(next), .. }) if is_id(&next) => next,
                Some(_) => {
                    return Err(Failed::new(
                        OrderRefusalCode::NotFound,
                        format!("{} in {} is not a directory", name.shown(), place.shown()),
                        format!("Look into {}: it shows what is there.", place.shown()),
                    ));
                }
                None => {
                    return Err(Failed::new(
                        OrderRefusalCode::NotFound,
                        format!("there is no {} in {}", name.shown(), place.shown()),
                        format!("Look into {}: it shows what is there.", place.shown()),
                    ));
                }
            };
            place = place.join(name);
            trail.push(next);
        }
        let mut nodes = Nodes::new();
        let tree = trail.last().map(String::as_str).unwrap_or_default();
        hear(reading, Query::Tree { id: tree }, &mut nodes, to, &mut Pace::default()).await?;
        if let Some(part) = nodes.rest()? {
            to.tell(part).await?;
        }
        to.tell(Part::Directory { trail }).await?;
        Ok(())
    }

    async fn root(
        &self,
        reading: &Reading,
        repository: &RepositoryName,
        snapshot: &str,
    ) -> Result<String, Failed> {
        if !is_id(snapshot) {
            return Err(Failed::not_found("a snapshot is named by all 64 digits of its id"));
        }
        let key = (repository.clone(), snapshot.to_owned());
        if let Some(root) = self.roots().get(&key) {
            return Ok(root.clone());
        }
        let mut document = Document(Vec::new());
        let query = Query::Snapshot { id: snapshot };
        let nobody = Mouth(tokio::sync::mpsc::channel(1).0);
        hear(reading, query, &mut document, &nobody, &mut Pace::default()).await?;
        let root = serde_json::from_slice::<Rooted>(&document.0).map_err(Failed::unreadable)?.tree;
        if !is_id(&root) {
            return Err(Failed::unreadable("the snapshot names no tree"));
        }
        let mut roots = self.roots();
        if roots.len() >= MOST_ROOTS {
            roots.clear();
        }
        roots.insert(key, root.clone());
        Ok(root)
    }
}

#[derive(Deserialize)]
struct Rooted {
    tree: String,
}

/// A small document, whole.
struct Document(Vec<u8>);

impl Ear for Document {
    fn take(&mut self, bytes: &[u8], _: Duration, _: &mut Vec<Piece>) -> Result<ControlFlow<()>, Failed> {
        if self.0.len() + bytes.len() > super::split::LONGEST_BYTES * 16 {
            return Err(super::split::TooLong.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(ControlFlow::Continue(()))
    }
}

/// A node as restic keeps it, in what is told of it.
#[derive(Deserialize)]
struct Entry {
    name: String,
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    mode: u32,
    #[serde(default)]
    mtime: Option<jiff::Timestamp>,
    #[serde(default)]
    uid: u32,
    #[serde(default)]
    gid: u32,
    #[serde(default)]
    user: Option<String>,
    #[serde(default)]
    group: Option<String>,
    #[serde(default)]
    size: Option<u64>,
    #[serde(default)]
    linktarget: Option<String>,
    /// Since 0.17, where the target is no text; older versions lost those bytes when they saved it.
    #[serde(default)]
    linktarget_raw: Option<String>,
    #[serde(default)]
    subtree: Option<String>,
}

impl Entry {
    fn read(bytes: &[u8]) -> Result<Self, Failed> {
        serde_json::from_slice(bytes).map_err(Failed::unreadable)
    }

    fn node(self) -> Node {
        let kind = kind(&self.kind);
        let raw =
            self.linktarget_raw.and_then(|raw| base64::engine::general_purpose::STANDARD.decode(raw).ok());
        let target = raw.or_else(|| self.linktarget.map(String::into_bytes));
        let named = |name: Option<String>| name.filter(|name| !name.is_empty());
        Node {
            name: RawPath::from_bytes(&unquote(&self.name)),
            kind,
            size: (kind == NodeKind::File).then(|| self.size.unwrap_or_default()),
            mtime: self.mtime.map_or(UnixMs(0), UnixMs::from),
            mode: unix_mode(self.mode),
            uid: self.uid,
            gid: self.gid,
            user: named(self.user),
            group: named(self.group),
            target: target
                .filter(|target| kind == NodeKind::Link && !target.is_empty())
                .map(|target| RawPath::from_bytes(&target)),
            tree: self.subtree.filter(|tree| kind == NodeKind::Directory && is_id(tree)),
        }
    }
}

pub(super) fn kind(word: &str) -> NodeKind {
    match word {
        "file" => NodeKind::File,
        "dir" => NodeKind::Directory,
        "symlink" => NodeKind::Link,
        _ => NodeKind::Other,
    }
}

/// The bits of Go's `os.FileMode` as chmod(2) has them.
const fn unix_mode(go: u32) -> u32 {
    const BITS: [(u32, u32); 3] = [(1 << 23, 0o4000), (1 << 22, 0o2000), (1 << 20, 0o1000)];
    let (mut mode, mut at) = (go & 0o777, 0);
    while at < BITS.len() {
        if go & BITS[at].0 != 0 {
            mode |= BITS[at].1;
        }
        at += 1;
    }
    mode
}

/// Looks for one name, and wants nothing more once it is found.
struct Search<'a> {
    splitter: Splitter,
    name: &'a [u8],
    found: Option<Entry>,
}

impl Ear for Search<'_> {
    fn take(&mut self, bytes: &[u8], _: Duration, _: &mut Vec<Piece>) -> Result<ControlFlow<()>, Failed> {
        let (name, found, mut failed) = (self.name, &mut self.found, None);
        self.splitter.feed(bytes, |cut| {
            if let Cut::Element(bytes) = cut
                && found.is_none()
            {
                match Entry::read(bytes) {
                    Ok(entry) if unquote(&entry.name) == name => *found = Some(entry),
                    Ok(_) => {}
                    Err(problem) => failed = Some(problem),
                }
            }
        })?;
        match failed {
            Some(problem) => Err(problem),
            None if self.found.is_some() => Ok(ControlFlow::Break(())),
            None => Ok(ControlFlow::Continue(())),
        }
    }
}

/// Tells every entry.
struct Nodes {
    splitter: Splitter,
    pending: Vec<Node>,
    pending_bytes: usize,
    seen: usize,
    whole: bool,
}

impl Nodes {
    const fn new() -> Self {
        Self { splitter: Splitter::new(2), pending: Vec::new(), pending_bytes: 0, seen: 0, whole: false }
    }

    fn add(&mut self, node: Node, out: &mut Vec<Piece>) {
        let texts = [node.target.as_ref().map(RawPath::as_str), node.user.as_deref(), node.group.as_deref()];
        let texts = texts.into_iter().flatten().chain([node.name.as_str()]).map(json_bytes);
        let bytes = NODE_BYTES + texts.sum::<usize>();
        if self.pending.len() >= PART_NODES || self.pending_bytes + bytes > PART_BYTES {
            self.flush(out);
        }
        self.pending_bytes += bytes;
        self.pending.push(node);
    }

    fn flush(&mut self, out: &mut Vec<Piece>) {
        self.pending_bytes = 0;
        let nodes = std::mem::take(&mut self.pending);
        out.push(Piece::part(Part::Nodes { nodes }));
    }

    /// What is left when restic came to its end.
    fn rest(mut self) -> Result<Option<Part>, Failed> {
        if !self.whole {
            return Err(Failed::unreadable("the directory came to no end"));
        }
        let nodes = std::mem::take(&mut self.pending);
        Ok((!nodes.is_empty()).then_some(Part::Nodes { nodes }))
    }
}

impl Ear for Nodes {
    fn take(&mut self, bytes: &[u8], _: Duration, out: &mut Vec<Piece>) -> Result<ControlFlow<()>, Failed> {
        let (mut entries, mut whole) = (Vec::new(), false);
        self.splitter.feed(bytes, |cut| match cut {
            Cut::Element(bytes) => entries.push(Entry::read(bytes)),
            Cut::Around(_) => whole = true,
        })?;
        self.whole |= whole;
        self.seen += entries.len();
        if self.seen > MOST_NODES {
            return Err(Failed::unreadable(format!("the directory has more than {MOST_NODES} entries")));
        }
        for entry in entries {
            self.add(entry?.node(), out);
        }
        Ok(ControlFlow::Continue(()))
    }
}

#[cfg(test)]
mod tests;
