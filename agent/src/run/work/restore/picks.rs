//! What of a snapshot comes back: as patterns for restic, and against what the snapshot holds. Pure.

use std::{
    collections::HashMap,
    ffi::{OsStr, OsString},
    os::unix::ffi::{OsStrExt as _, OsStringExt as _},
    path::{Path, PathBuf},
};

use serde::Deserialize;
use wire::{path::RawPath, restore::Pick};

use crate::restic::command::literal;

/// Everything that lies at the top.
const ALL: &str = "/*";

/// As restic takes them; none for everything. `base`: the directory that patterns begin in. `left_out`: whatever is
/// picked, these stay out.
pub fn patterns(picks: &[Pick], base: Option<&RawPath>, left_out: &[PathBuf]) -> Vec<OsString> {
    let mut all: Vec<OsString> = picks.iter().filter_map(|pick| pattern(pick, base)).collect();
    if all.is_empty() {
        all.push(ALL.into());
    }
    all.extend(left_out.iter().map(|path| without(literal(path.as_os_str()))));
    if all.iter().all(|pattern| pattern == ALL) { Vec::new() } else { all }
}

/// `None` for one that lies nowhere near the base.
fn pattern(pick: &Pick, base: Option<&RawPath>) -> Option<OsString> {
    let inner = relative(&pick.path, base)?;
    let matched =
        if inner.is_empty() || inner == b"/" { ALL.into() } else { literal(OsStr::from_bytes(&inner)) };
    Some(if pick.take { matched } else { without(matched) })
}

/// A path as it is seen from the base, with a slash before it; empty for the base itself and what holds it.
fn relative(path: &RawPath, base: Option<&RawPath>) -> Option<Vec<u8>> {
    let Some(base) = base.filter(|base| base.as_str() != "/") else { return Some(path.to_bytes()) };
    if base.is_in(path) {
        return Some(Vec::new());
    }
    path.is_in(base).then(|| path.to_bytes().split_off(base.to_bytes().len()))
}

fn without(pattern: OsString) -> OsString {
    let mut bytes = vec![b'!'];
    bytes.extend(pattern.into_vec());
    OsString::from_vec(bytes)
}

/// What restic is to list, so that all that is taken is among it; none for everything.
pub fn listed(picks: &[Pick], base: Option<&RawPath>) -> Vec<OsString> {
    let taken: Vec<&RawPath> = picks.iter().filter(|pick| pick.take).map(|pick| &pick.path).collect();
    let is_all = |path: &RawPath| path.as_str() == "/";
    let path = |path: &RawPath| OsString::from_vec(path.to_bytes());
    if taken.is_empty() || taken.iter().any(|path| is_all(path)) {
        return base.filter(|base| !is_all(base)).map(path).into_iter().collect();
    }
    taken.into_iter().map(path).collect()
}

/// What of a listing is taken.
#[derive(Debug)]
pub struct Measure {
    picks: Vec<Pick>,
    /// By the path as a listing spells it: which pick, the last of those that are alike.
    by_path: HashMap<String, usize>,
    base: Option<String>,
    /// Of each pick, whether anything in the snapshot is it or lies in it.
    met: Vec<bool>,
    pub files: u64,
    pub entries: u64,
    pub bytes: u64,
    /// Whether the base is there.
    pub has_base: bool,
}

impl Measure {
    pub fn new(picks: &[Pick], base: Option<&RawPath>) -> Self {
        let by_path = picks.iter().enumerate().map(|(n, pick)| (spelled(&pick.path), n)).collect();
        let base = base.filter(|base| base.as_str() != "/").map(spelled);
        Self {
            met: vec![false; picks.len()],
            picks: picks.to_vec(),
            by_path,
            has_base: base.is_none(),
            base,
            files: 0,
            entries: 0,
            bytes: 0,
        }
    }

    /// Of everything, where that is known.
    pub fn known(files: u64, bytes: u64) -> Self {
        Self { files, entries: files, bytes, ..Self::new(&[], None) }
    }

    /// A line of `ls --json`.
    pub fn see(&mut self, line: &str) {
        #[derive(Deserialize)]
        struct Node<'a> {
            #[serde(rename = "type")]
            kind: &'a str,
            path: String,
            #[serde(default)]
            size: u64,
        }
        // The first line is the snapshot.
        let Ok(node) = serde_json::from_str::<Node<'_>>(line) else { return };
        if let Some(base) = &self.base {
            let within = node.path.strip_prefix(base.as_str());
            if within.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) {
                self.has_base = true;
            }
            if !within.is_some_and(|rest| rest.starts_with('/')) {
                return;
            }
        }
        if !self.takes(&node.path) {
            return;
        }
        self.entries += 1;
        if node.kind == "file" {
            self.files += 1;
            self.bytes += node.size;
        }
    }

    pub fn takes(&mut self, path: &str) -> bool {
        if self.picks.is_empty() {
            return true;
        }
        let mut last = None;
        for part in Path::new(path).ancestors().filter_map(Path::to_str) {
            if let Some(&n) = self.by_path.get(part) {
                self.met[n] = true;
                last = last.max(Some(n));
            }
        }
        last.and_then(|n| self.picks.get(n)).is_some_and(|pick| pick.take)
    }

    /// What was wanted and is not there.
    pub fn missing(&self) -> Vec<&RawPath> {
        // One that stands twice, or is spelled like another, is met as the last of them.
        let met = |pick: &Pick| self.by_path.get(&spelled(&pick.path)).is_some_and(|n| self.met[*n]);
        self.picks.iter().filter(|pick| pick.take && !met(pick)).map(|pick| &pick.path).collect()
    }
}

/// Tells what was asked for of what a restore names, which it does as it is seen from the base.
pub fn wanted(picks: &[Pick], base: Option<&RawPath>) -> impl FnMut(&str) -> bool + Send + Sync + use<> {
    let mut measure = Measure::new(picks, None);
    let base = base.map(spelled).unwrap_or_default();
    move |path| measure.takes(&format!("{base}{path}"))
}

/// restic's JSON has U+FFFD for each byte that is no text.
fn spelled(path: &RawPath) -> String {
    let mut text = String::new();
    for chunk in path.to_bytes().utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picks(picks: &[(&[u8], bool)]) -> Vec<Pick> {
        picks.iter().map(|(path, take)| Pick { path: RawPath::from_bytes(path), take: *take }).collect()
    }

    fn said(picks: &[Pick], base: Option<&str>, left_out: &[&str]) -> Vec<String> {
        let base = base.map(|base| base.parse().unwrap());
        let left_out: Vec<PathBuf> = left_out.iter().map(PathBuf::from).collect();
        patterns(picks, base.as_ref(), &left_out).iter().map(|it| it.to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn picks_become_patterns_in_their_order() {
        let some = picks(&[(b"/a", true), (b"/a/b*", false), (b"/a/b*/c", true)]);
        assert_eq!(said(&some, None, &[]), ["/a", "!/a/b\\*", "/a/b\\*/c"]);
        assert_eq!(said(&some, Some("/a"), &[]), ["/*", "!/b\\*", "/b\\*/c"]);
        assert_eq!(said(&some, Some("/a/b*"), &[]), ["/*", "!/*", "/c"]);
        assert_eq!(said(&[], None, &[]), Vec::<String>::new());
        assert_eq!(said(&picks(&[(b"/", true)]), None, &[]), Vec::<String>::new());
        assert_eq!(said(&[], None, &["/var/lib/r"]), ["/*", "!/var/lib/r"]);
        assert_eq!(said(&some[..1], None, &["/x"]), ["/a", "!/x"]);
        let odd = picks(&[(b"/caf\xe9[\n", true)]);
        assert_eq!(patterns(&odd, None, &[])[0].as_bytes(), b"/caf\xe9\\[\n");
    }

    #[test]
    fn what_is_listed_holds_all_that_is_taken() {
        let listed = |picks: &[Pick], base: Option<&str>| {
            let base = base.map(|base| base.parse().unwrap());
            listed(picks, base.as_ref())
                .iter()
                .map(|it| it.to_string_lossy().into_owned())
                .collect::<Vec<_>>()
        };
        let some = picks(&[(b"/a", true), (b"/a/b", false)]);
        assert_eq!(listed(&some, Some("/a")), ["/a"]);
        assert_eq!(listed(&[], Some("/a")), ["/a"]);
        assert_eq!(listed(&picks(&[(b"/", true), (b"/x", false)]), None), Vec::<String>::new());
    }

    #[test]
    fn the_last_pick_that_a_path_lies_in_decides_and_what_is_not_there_is_named() {
        let all = picks(&[
            (b"/a", true),
            (b"/a/no", false),
            (b"/a/no/yes", true),
            (b"/gone", true),
            (b"/caf\xe9", true),
            (b"/left", false),
        ]);
        let mut measure = Measure::new(&all, None);
        for (kind, path, size) in [
            ("dir", "/a", 0),
            ("file", "/a/one", 5),
            ("file", "/ab", 1_000),
            ("dir", "/a/no", 0),
            ("file", "/a/no/two", 7),
            ("file", "/a/no/yes", 11),
            ("file", "/caf\u{fffd}", 13),
        ] {
            measure.see(&serde_json::json!({ "type": kind, "path": path, "size": size }).to_string());
        }
        measure.see(r#"{"time":"x","paths":["/a"],"struct_type":"snapshot"}"#);
        assert_eq!((measure.files, measure.entries, measure.bytes), (3, 4, 29));
        let missing: Vec<_> = measure.missing().iter().map(|path| path.as_str()).collect();
        assert_eq!(missing, ["/gone"]);
        let mut twice = Measure::new(
            &picks(&[(b"/a", true), (b"/caf\xe8", true), (b"/a", true), (b"/caf\xe9", true)]),
            None,
        );
        for path in ["/a", "/caf\u{fffd}"] {
            twice.see(&serde_json::json!({ "type": "file", "path": path }).to_string());
        }
        assert!(twice.missing().is_empty(), "{:?}", twice.missing());
    }

    #[test]
    fn of_a_base_only_what_lies_in_it_counts() {
        let base = "/a".parse().unwrap();
        let mut measure = Measure::new(&[], Some(&base));
        for path in ["/a", "/a/x", "/ab", "/b"] {
            measure.see(&serde_json::json!({ "type": "file", "path": path, "size": 3 }).to_string());
        }
        assert!(measure.has_base);
        assert_eq!((measure.files, measure.bytes), (1, 3));
        assert!(!Measure::new(&[], Some(&base)).has_base);
        let mut wanted = wanted(&picks(&[(b"/a/x", true)]), Some(&base));
        assert!(wanted("/x/y") && wanted("/x") && !wanted("/y"));
    }
}
