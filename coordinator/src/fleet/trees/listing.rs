//! What is in one directory, and a page of it. Pure.

use serde::{Deserialize, Serialize};
use wire::{
    action::OrderRefusalCode,
    path::RawPath,
    question::{Node, NodeKind},
    view::TreeView,
};

use crate::fleet::{FleetError, cursor};

/// No directory that is larger in memory is shown: some hundred thousand entries.
pub(super) const MOST_BYTES: usize = 32 << 20;

/// Where a page ended: of which tree, of which names, and how many came before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    tree: String,
    name: Option<String>,
    skip: usize,
}

/// The entries of a directory, in restic's order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Listing {
    nodes: Vec<Node>,
    /// Of the files in it.
    bytes: u64,
    /// What it takes in memory, about.
    pub(super) weight: usize,
}

/// An entry and the texts that it owns.
pub(super) fn weight(node: &Node) -> usize {
    let texts = [&node.user, &node.group, &node.tree];
    let texts: usize = texts.into_iter().flatten().map(String::len).sum();
    let target = node.target.as_ref().map_or(0, |target| target.as_str().len());
    size_of::<Node>() + node.name.as_str().len() + texts + target
}

impl Listing {
    /// Takes more entries of the same directory.
    pub fn take(&mut self, nodes: Vec<Node>, host: &str) -> Result<(), FleetError> {
        for node in &nodes {
            self.weight += weight(node);
            if node.kind == NodeKind::File {
                self.bytes = self.bytes.saturating_add(node.size.unwrap_or(0));
            }
        }
        if self.weight > MOST_BYTES {
            return Err(FleetError::HostRefused {
                code: OrderRefusalCode::Unavailable,
                detail: format!(
                    "this directory of {host} has more entries than can be shown: over {}",
                    self.nodes.len()
                ),
                hint: "Restore it whole, or look for what you want in it by its name. At the host's own terminal, \
                       `restic-manager-agent ls` lists it."
                    .into(),
            });
        }
        self.nodes.extend(nodes);
        Ok(())
    }

    /// The tree of the directory of this name.
    pub fn directory(&self, name: &RawPath) -> Option<String> {
        self.nodes.iter().find(|node| node.name == *name)?.tree.clone()
    }

    /// One page of it, or of the entries that are called like `name`.
    pub fn page(
        &self,
        trail: &[String],
        name: Option<&str>,
        position: Option<Position>,
        limit: usize,
    ) -> Result<TreeView, FleetError> {
        let tree = trail.last().cloned().unwrap_or_default();
        let skip = match position {
            None => 0,
            Some(position) if position.tree == tree && position.name.as_deref() == name => position.skip,
            Some(_) => return Err(FleetError::Cursor),
        };
        let wanted = name.map(str::to_lowercase);
        let fits = |node: &&Node| {
            wanted.as_deref().is_none_or(|wanted| node.name.as_str().to_lowercase().contains(wanted))
        };
        let total = match &wanted {
            None => self.nodes.len(),
            Some(_) => self.nodes.iter().filter(fits).count(),
        };
        let nodes: Vec<Node> = self.nodes.iter().filter(fits).skip(skip).take(limit).cloned().collect();
        let end = skip.saturating_add(nodes.len());
        let next = (end < total && !nodes.is_empty())
            .then(|| cursor::encode(&Position { tree, name: name.map(str::to_owned), skip: end }));
        Ok(TreeView { trail: trail.to_vec(), nodes, total: total as u64, bytes: self.bytes, next })
    }
}

#[cfg(test)]
mod tests {
    use wire::id::UnixMs;

    use super::*;

    pub fn node(name: &str) -> Node {
        Node {
            name: RawPath::from_bytes(name.as_bytes()),
            kind: NodeKind::File,
            size: Some(2),
            mtime: UnixMs(0),
            mode: 0o644,
            uid: 0,
            gid: 0,
            user: None,
            group: None,
            target: None,
            tree: None,
        }
    }

    fn listing(names: &[String]) -> Listing {
        let mut listing = Listing::default();
        listing.take(names.iter().map(|name| node(name)).collect(), "web-1").unwrap();
        listing
    }

    proptest::proptest! {
        #[test]
        fn pages_together_are_what_fits(
            names in proptest::collection::vec("[a-cA-C]{1,4}", 0..60),
            wanted in proptest::option::of("[a-c]{0,2}"),
            limit in 1_usize..9,
        ) {
            let listing = listing(&names);
            let trail = ["t".to_owned()];
            let (mut all, mut cursor, mut pages) = (Vec::new(), None, 0);
            loop {
                let position = cursor::decode(cursor.as_deref()).unwrap();
                let page = listing.page(&trail, wanted.as_deref(), position, limit).unwrap();
                all.extend(page.nodes.iter().map(|node| node.name.to_string()));
                proptest::prop_assert_eq!(page.bytes, 2 * names.len() as u64);
                pages += 1;
                proptest::prop_assert!(pages <= names.len() + 1);
                cursor = page.next;
                if cursor.is_none() {
                    proptest::prop_assert_eq!(page.total, all.len() as u64);
                    break;
                }
            }
            let wanted = wanted.unwrap_or_default();
            let fit: Vec<String> = names.into_iter().filter(|name| name.to_lowercase().contains(&wanted)).collect();
            proptest::prop_assert_eq!(all, fit);
        }
    }

    #[test]
    fn a_page_of_another_directory_or_filter_is_refused() {
        let listing = listing(&["a".into(), "b".into(), "c".into()]);
        let next = listing.page(&["one".into()], Some(""), None, 1).unwrap().next;
        let position = || cursor::decode::<Position>(next.as_deref()).unwrap();
        assert!(listing.page(&["one".into()], Some(""), position(), 1).is_ok());
        assert_eq!(listing.page(&["two".into()], Some(""), position(), 1), Err(FleetError::Cursor));
        assert_eq!(listing.page(&["one".into()], Some("a"), position(), 1), Err(FleetError::Cursor));
    }

    #[test]
    fn what_is_too_large_to_show_is_refused_with_words() {
        let mut listing = Listing::default();
        let long = "x".repeat(4_000);
        let most = MOST_BYTES / weight(&node(&long));
        listing.take(vec![node(&long); most], "web-1").unwrap();
        let refused = listing.take(vec![node(&long)], "web-1").unwrap_err();
        assert!(refused.to_string().contains("more entries"), "{refused}");
    }
}
