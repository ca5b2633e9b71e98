//! What a simulated agent answers to questions: every snapshot of it holds the same few files, and no two differ in more
//! than one of them.

use std::collections::{BTreeMap, VecDeque};

use wire::{
    action::OrderRefusalCode,
    id::UnixMs,
    path::RawPath,
    question::{
        AnswerLine, Answered, Ask, AskId, Asked, Change, ChangeKind, DiffTotal, DiffTotals, End, Hit, Node,
        NodeKind, Part, Question,
    },
};

use super::Journal;

const WRITTEN: UnixMs = UnixMs(1_700_000_000_000);

/// Where, under what name, and how many bytes; without bytes it is a directory. The root is not among them.
const ENTRIES: [(&str, &str, Option<u64>); 6] = [
    ("/", "home", None),
    ("/home", "ada", None),
    ("/home/ada", "drafts", None),
    ("/home/ada", "letter.txt", Some(1_024)),
    ("/home/ada", "notes.md", Some(20_480)),
    ("/home/ada/drafts", "novel.odt", Some(3 << 20)),
];
const CHANGED: &str = "/home/ada/letter.txt";

/// The answers that are not told to the end.
#[derive(Debug, Default)]
pub struct Answers(BTreeMap<AskId, Open>);

#[derive(Debug, Default)]
struct Open {
    room: u32,
    left: VecDeque<Part>,
    end: Option<End>,
}

impl Answers {
    /// What may be said now, in order. `journal`: of the agent that is asked.
    pub fn take(&mut self, Ask { id, what }: Ask, journal: &Journal) -> Vec<Answered> {
        match what {
            Asked::Question(question) => {
                let (parts, end) = match answer(&question, journal) {
                    Ok(parts) => (parts, End::Done),
                    Err(end) => (Vec::new(), end),
                };
                self.0.insert(id, Open { room: 0, left: parts.into(), end: Some(end) });
            }
            Asked::More(more) => {
                let Some(open) = self.0.get_mut(&id) else { return Vec::new() };
                open.room = open.room.saturating_add(more);
            }
            Asked::Stop(_) => {
                self.0.remove(&id);
            }
        }
        let Some(open) = self.0.get_mut(&id) else { return Vec::new() };
        let now = open.left.len().min(open.room as usize);
        let mut said: Vec<AnswerLine> = open.left.drain(..now).map(AnswerLine::Part).collect();
        open.room -= u32::try_from(now).unwrap_or(u32::MAX);
        if open.left.is_empty() {
            said.extend(open.end.take().map(AnswerLine::End));
            self.0.remove(&id);
        }
        said.into_iter().map(|line| Answered { id, line }).collect()
    }
}

fn answer(question: &Question, journal: &Journal) -> Result<Vec<Part>, End> {
    match question {
        Question::Tree { tree, down, .. } => directory(tree.as_deref(), down),
        Question::Measure { path, .. } => measure(path),
        Question::Find { pattern, ignore_case, .. } => {
            Ok(find(pattern, *ignore_case, journal.newest_snapshot()))
        }
        Question::Diff { .. } => Ok(diff()),
    }
}

fn directory(tree: Option<&str>, down: &[RawPath]) -> Result<Vec<Part>, End> {
    let mut place = match tree {
        None => "/".to_owned(),
        Some(tree) => {
            directories().find(|path| tree_id(path) == tree).ok_or_else(|| not_there("such a tree"))?
        }
    };
    let mut trail = vec![tree_id(&place)];
    for name in down {
        let next = below(&place, name.as_str());
        place = directories().find(|path| *path == next).ok_or_else(|| not_there(&next))?;
        trail.push(tree_id(&place));
    }
    let nodes = ENTRIES.iter().filter(|(parent, ..)| *parent == place).map(node).collect();
    Ok(vec![Part::Nodes { nodes }, Part::Directory { trail }])
}

fn measure(path: &RawPath) -> Result<Vec<Part>, End> {
    let is_within = |path: &str, place: &str| {
        place == "/" || path.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let place = path.as_str();
    let (mut files, mut directories, mut bytes) = (0, 0, 0);
    for (parent, name, size) in &ENTRIES {
        if is_within(&below(parent, name), place) {
            match size {
                Some(size) => (files, bytes) = (files + 1, bytes + size),
                None => directories += 1,
            }
        }
    }
    if files + directories == 0 {
        return Err(not_there(place));
    }
    Ok(vec![Part::Measured { files, directories, bytes, done: true }])
}

/// Whatever has the pattern's letters in its name, in one snapshot: stars and question marks are taken for nothing.
fn find(pattern: &str, ignore_case: bool, snapshot: Option<String>) -> Vec<Part> {
    let cased = |text: &str| if ignore_case { text.to_lowercase() } else { text.to_owned() };
    let wanted = cased(&pattern.replace(['*', '?'], ""));
    let hits: Vec<Hit> = ENTRIES
        .iter()
        .filter(|(_, name, _)| cased(name).contains(&wanted))
        .map(|(parent, name, size)| Hit {
            path: below(parent, name),
            kind: kind(*size),
            size: *size,
            mtime: WRITTEN,
        })
        .collect();
    match snapshot {
        Some(snapshot) if !hits.is_empty() => vec![Part::Hits { snapshot, hits }],
        _ => Vec::new(),
    }
}

fn diff() -> Vec<Part> {
    let totals = DiffTotals { changed: DiffTotal { items: 1, bytes: 1_024 }, ..DiffTotals::default() };
    let change = Change { path: CHANGED.into(), change: ChangeKind::Changed };
    vec![Part::Changes { changes: vec![change] }, Part::Compared { totals }]
}

fn directories() -> impl Iterator<Item = String> {
    let named = ENTRIES.iter().filter(|(.., size)| size.is_none());
    std::iter::once("/".to_owned()).chain(named.map(|(parent, name, _)| below(parent, name)))
}

/// Its depth, 64 times: no two directories here are as deep.
fn tree_id(path: &str) -> String {
    let depth = path.split('/').filter(|part| !part.is_empty()).count();
    depth.to_string().repeat(64)
}

fn below(parent: &str, name: &str) -> String {
    format!("{}/{name}", parent.trim_end_matches('/'))
}

const fn kind(size: Option<u64>) -> NodeKind {
    match size {
        Some(_) => NodeKind::File,
        None => NodeKind::Directory,
    }
}

fn node((parent, name, size): &(&str, &str, Option<u64>)) -> Node {
    Node {
        name: RawPath::from_bytes(name.as_bytes()),
        kind: kind(*size),
        size: *size,
        mtime: WRITTEN,
        mode: if size.is_some() { 0o644 } else { 0o755 },
        uid: 1000,
        gid: 1000,
        user: Some("ada".into()),
        group: Some("ada".into()),
        target: None,
        tree: size.is_none().then(|| tree_id(&below(parent, name))),
    }
}

fn not_there(what: &str) -> End {
    End::Failed {
        code: OrderRefusalCode::NotFound,
        message: format!("{what} is not in the snapshot"),
        hint: "Begin again at the root of the snapshot.".into(),
    }
}

#[cfg(test)]
mod tests {
    use wire::{id::OrderId, identity::AgentKeys, question::Stop};

    use super::{super::Dice, *};

    const ID: AskId = OrderId(uuid::Uuid::nil());

    fn ask(answers: &mut Answers, what: Asked) -> Vec<AnswerLine> {
        let journal = Journal::new(AgentKeys::generate(&mut Dice::new(1)).id());
        answers.take(Ask { id: ID, what }, &journal).into_iter().map(|answered| answered.line).collect()
    }

    fn tree(tree: Option<String>, down: &[&str]) -> Asked {
        Asked::Question(Question::Tree {
            repository: "main".parse().unwrap(),
            snapshot: "ab".repeat(32),
            tree,
            down: down.iter().map(|name| name.parse().unwrap()).collect(),
        })
    }

    fn nodes(lines: &[AnswerLine]) -> &[Node] {
        match &lines[0] {
            AnswerLine::Part(Part::Nodes { nodes }) => nodes,
            other => panic!("no nodes: {other:?}"),
        }
    }

    #[test]
    fn a_directory_opens_by_its_path_and_by_its_tree() {
        let mut answers = Answers::default();
        assert!(ask(&mut answers, tree(None, &["home", "ada"])).is_empty(), "there is no room yet");
        let by_path = ask(&mut answers, Asked::More(8));
        assert_eq!(by_path.len(), 3, "{by_path:?}");
        let drafts = nodes(&by_path)[0].tree.clone();
        ask(&mut answers, tree(drafts, &[]));
        let by_tree = ask(&mut answers, Asked::More(8));
        assert_eq!(nodes(&by_tree)[0].name.as_str(), "novel.odt");
        assert_eq!(
            by_tree[1..],
            [AnswerLine::Part(Part::Directory { trail: vec!["3".repeat(64)] }), AnswerLine::End(End::Done)]
        );
    }

    #[test]
    fn parts_wait_for_room_and_the_end_does_not() {
        let mut answers = Answers::default();
        ask(&mut answers, tree(None, &[]));
        assert_eq!(ask(&mut answers, Asked::More(1)).len(), 1);
        assert_eq!(ask(&mut answers, Asked::More(1)).len(), 2, "the last part, and the end");
        assert!(ask(&mut answers, Asked::More(1)).is_empty(), "nobody asks any more");
        let gone = ask(&mut answers, tree(None, &["away"]));
        assert!(matches!(gone[..], [AnswerLine::End(End::Failed { .. })]), "{gone:?}");
        ask(&mut answers, tree(None, &[]));
        assert!(ask(&mut answers, Asked::Stop(Stop {})).is_empty());
        assert!(ask(&mut answers, Asked::More(1)).is_empty(), "it was stopped");
    }

    #[test]
    fn what_lies_below_a_path_is_counted() {
        let all = measure(&"/".parse().unwrap()).unwrap();
        let bytes = (3 << 20) + 20_480 + 1_024;
        assert_eq!(all, [Part::Measured { files: 3, directories: 3, bytes, done: true }]);
        let one = measure(&CHANGED.parse().unwrap()).unwrap();
        assert_eq!(one, [Part::Measured { files: 1, directories: 0, bytes: 1_024, done: true }]);
        measure(&"/hom".parse().unwrap()).unwrap_err();
    }

    #[test]
    fn names_are_found_by_their_letters() {
        let hits = |pattern, ignore_case| match find(pattern, ignore_case, Some("ab".into())).pop() {
            Some(Part::Hits { hits, .. }) => hits.into_iter().map(|hit| hit.path).collect(),
            _ => Vec::new(),
        };
        assert_eq!(hits("LETTER*", true), [CHANGED]);
        assert!(hits("LETTER*", false).is_empty());
    }
}
