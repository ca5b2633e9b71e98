//! Directories of snapshots: page by page, out of memory where somebody looked a moment ago, else asked of the host.
//!
//! A tree's id is the hash of what is in it, so what is kept never grows old; it is dropped after half an hour, or when
//! others need the room. A failure is never kept. Whoever asks for what is being asked already waits for that answer.

mod coming;
mod kept;
mod listing;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use futures_util::{
    FutureExt as _,
    future::{BoxFuture, Shared, WeakShared},
};
use wire::{
    id::{AgentId, RepositoryName},
    path::RawPath,
    question::{Part, Question},
    view::{MeasureView, TreeView},
};

use super::{Came, Fleet, FleetError, cursor, reads::limited};
use crate::store::{plans, snapshots};
use kept::{Kept, Key, Value, What};
use listing::{Listing, Position};

/// Rows on a page, unless somebody says less.
const PAGE: usize = 500;
const TREE_ID_DIGITS: usize = 64;
/// Directories below each other that nobody has by hand.
const DEEP: usize = 64;

/// A page of a directory.
#[derive(Clone, Debug, Default)]
pub struct TreeQuery {
    /// Gone down from the root; the root itself when absent.
    pub path: Option<RawPath>,
    /// Opened at once, instead of `path`.
    pub tree: Option<String>,
    /// Only entries with this in their names, in whatever case.
    pub name: Option<String>,
    pub cursor: Option<String>,
    /// 0 stands for 500.
    pub limit: usize,
}

type Asked = BoxFuture<'static, Result<Opened, FleetError>>;

/// What is known of trees, and what is being asked.
#[derive(Default)]
pub(super) struct Trees {
    kept: Mutex<Kept>,
    coming: coming::Coming,
    flights: Mutex<HashMap<(AgentId, Question), WeakShared<Asked>>>,
}

/// What a question brought.
#[derive(Clone, Debug)]
enum Opened {
    /// The trees that were gone through, and what is in the last.
    Directory(Arc<[String]>, Arc<Listing>),
    Measured(MeasureView),
}

impl Trees {
    fn get(&self, key: &Key, now: wire::id::UnixMs) -> Option<Value> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).get(key, now)
    }

    fn put(&self, key: Key, value: Value, now: wire::id::UnixMs) {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).put(key, value, now);
    }

    /// The host was removed.
    pub fn forget(&self, agent: AgentId) {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).forget(agent);
    }

    pub fn pass_time(&self, now: wire::id::UnixMs) {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).pass_time(now);
    }

    /// The answer that is on its way to somebody, or the one that `ask` begins.
    fn join(&self, asked: (AgentId, Question), ask: impl FnOnce() -> Asked) -> Shared<Asked> {
        let mut flights = self.flights.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(flight) = flights.get(&asked).and_then(WeakShared::upgrade) {
            // One that has landed is of another moment: a failure is nobody else's.
            if flight.peek().is_none() {
                return flight;
            }
        }
        flights.retain(|_, flight| flight.upgrade().is_some_and(|flight| flight.peek().is_none()));
        let flight = ask().shared();
        if let Some(weak) = flight.downgrade() {
            flights.insert(asked, weak);
        }
        flight
    }
}

/// Where a directory is looked for.
#[derive(Clone)]
struct Place {
    agent: AgentId,
    repository: RepositoryName,
    snapshot: String,
}

impl Place {
    fn key(&self, what: What) -> Key {
        Key { agent: self.agent, repository: self.repository.clone(), what }
    }

    fn tree(&self, tree: &str) -> Key {
        self.key(What::Tree(tree.to_owned()))
    }

    fn path(&self, names: &[RawPath]) -> Key {
        let path = names.iter().flat_map(|name| ["/", name.as_str()]).collect();
        self.key(What::Path(self.snapshot.clone(), path))
    }

    fn measure(&self, path: &RawPath) -> Key {
        self.key(What::Measure(self.snapshot.clone(), path.clone()))
    }
}

impl Fleet {
    /// A page of one directory.
    pub async fn tree(
        &self,
        agent: AgentId,
        repository: RepositoryName,
        snapshot: String,
        query: TreeQuery,
    ) -> Result<TreeView, FleetError> {
        if let Some(path) = query.path.as_ref().filter(|path| !path.is_plain_absolute()) {
            return Err(FleetError::field("path", not_plain(path)));
        }
        if query.tree.as_deref().is_some_and(|tree| !is_tree_id(tree)) {
            return Err(FleetError::field("tree", "the id of a tree has 64 hex digits"));
        }
        let position: Option<Position> = cursor::decode(query.cursor.as_deref())?;
        let limit = if query.limit == 0 { PAGE } else { limited(query.limit) as usize };
        let place = self.known_place(agent, repository, snapshot).await?;
        let (trail, listing) = if let Some(tree) = &query.tree {
            self.open_below(&place, vec![tree.clone()], Vec::new()).await?
        } else {
            self.open_path(&place, query.path.as_ref().map_or("/", RawPath::as_str)).await?
        };
        listing.page(&trail, query.name.as_deref(), position, limit)
    }

    /// The host has this repository, and this snapshot is in it.
    async fn known_place(
        &self,
        agent: AgentId,
        repository: RepositoryName,
        snapshot: String,
    ) -> Result<Place, FleetError> {
        self.known_snapshots(agent, &repository, vec![snapshot.clone()]).await?;
        Ok(Place { agent, repository, snapshot })
    }

    /// Refused where the host does not have this repository, or one of the snapshots is not in it.
    pub(super) async fn known_snapshots(
        &self,
        agent: AgentId,
        repository: &RepositoryName,
        wanted: Vec<String>,
    ) -> Result<(), FleetError> {
        let host = self.host_id(agent)?;
        let repository = repository.clone();
        self.inner
            .store
            .read(move |connection| {
                let planned = plans::held(connection, host)?;
                if !planned.is_some_and(|held| held.plan.repositories.contains_key(&repository)) {
                    return Err(FleetError::not_found("repository", repository));
                }
                for snapshot in wanted {
                    if !snapshots::exists(connection, host, &repository, &snapshot)? {
                        return Err(FleetError::not_found("snapshot", snapshot));
                    }
                }
                Ok(())
            })
            .await
    }

    /// Down from the root, as far as is known, and the rest by the host.
    async fn open_path(
        &self,
        place: &Place,
        path: &str,
    ) -> Result<(Arc<[String]>, Arc<Listing>), FleetError> {
        let now = self.inner.world.now();
        let names: Vec<RawPath> = path
            .split('/')
            .filter(|name| !name.is_empty())
            .map(str::parse)
            .collect::<Result<_, _>>()
            .map_err(|error: wire::path::RawPathError| FleetError::field("path", error.to_string()))?;
        let (mut trail, mut down) = self.known_trail(place, &names);
        while let [name, rest @ ..] = down {
            let last = trail.last().map_or("", String::as_str);
            let Some(Value::Tree(listing)) = self.inner.trees.get(&place.tree(last), now) else { break };
            trail.push(listing.directory(name).ok_or_else(|| FleetError::not_found("directory", path))?);
            down = rest;
        }
        let (trail, listing) = self.open_below(place, trail, down.to_vec()).await?;
        if trail.len() == names.len() + 1 {
            // What lies in between, too, where that is not out of all proportion.
            let first = if names.len() > DEEP { names.len() } else { 0 };
            for end in first..trail.len() {
                self.inner.trees.put(place.path(&names[..end]), Value::Trail(trail[..=end].into()), now);
            }
        }
        Ok((trail, listing))
    }

    /// The longest part of the way that somebody went lately, and what is left of it.
    fn known_trail<'a>(&self, place: &Place, names: &'a [RawPath]) -> (Vec<String>, &'a [RawPath]) {
        let now = self.inner.world.now();
        // Of a path that nobody has by hand, its end and its beginning: each part is a look for as long a text.
        let near = names.len().saturating_sub(DEEP);
        for end in (near..=names.len()).rev().chain((0..near.min(DEEP)).rev()) {
            let (gone, down) = names.split_at(end);
            if let Some(Value::Trail(trail)) = self.inner.trees.get(&place.path(gone), now) {
                return (trail.to_vec(), down);
            }
        }
        (Vec::new(), names)
    }

    /// Down from the last of `trail`, or from the root where it is empty.
    async fn open_below(
        &self,
        place: &Place,
        trail: Vec<String>,
        down: Vec<RawPath>,
    ) -> Result<(Arc<[String]>, Arc<Listing>), FleetError> {
        let now = self.inner.world.now();
        if let (Some(last), true) = (trail.last(), down.is_empty())
            && let Some(Value::Tree(listing)) = self.inner.trees.get(&place.tree(last), now)
        {
            return Ok((trail.into(), listing));
        }
        let question = Question::Tree {
            repository: place.repository.clone(),
            snapshot: place.snapshot.clone(),
            tree: trail.last().cloned(),
            down,
        };
        let (fleet, asked) = (self.clone(), place.clone());
        let flight = self.inner.trees.join((place.agent, question.clone()), move || {
            async move { fleet.ask_tree(&asked, question).await }.boxed()
        });
        match flight.await? {
            Opened::Directory(went, listing) => {
                // The first that was gone through is where it began.
                let known = trail.len().saturating_sub(usize::from(trail.last() == went.first()));
                let whole: Vec<String> = trail[..known].iter().chain(went.iter()).cloned().collect();
                Ok((whole.into(), listing))
            }
            Opened::Measured(_) => Err(other_answer(&self.called(place.agent))),
        }
    }

    async fn ask_tree(&self, place: &Place, question: Question) -> Result<Opened, FleetError> {
        let host = self.called(place.agent);
        let mut asking = self.ask(place.agent, question)?;
        let mut listing = Listing::default();
        let mut part = self.inner.trees.coming.begin();
        let mut trail: Option<Vec<String>> = None;
        while let Some(came) = asking.next().await? {
            match came {
                Came::Part(Part::Nodes { nodes }) => {
                    listing.take(nodes, &host)?;
                    part.grow(listing.weight)?;
                }
                Came::Part(Part::Directory { trail: whole }) if whole.iter().all(|tree| is_tree_id(tree)) => {
                    trail = Some(whole);
                }
                Came::Part(_) | Came::Bytes(_) => return Err(other_answer(&host)),
            }
        }
        let trail = trail.filter(|trail| !trail.is_empty()).ok_or_else(|| other_answer(&host))?;
        let (listing, now) = (Arc::new(listing), self.inner.world.now());
        if let Some(last) = trail.last() {
            self.inner.trees.put(place.tree(last), Value::Tree(Arc::clone(&listing)), now);
        }
        Ok(Opened::Directory(trail.into(), listing))
    }

    /// How much lies below a path.
    pub async fn measure(
        &self,
        agent: AgentId,
        repository: RepositoryName,
        snapshot: String,
        path: RawPath,
    ) -> Result<MeasureView, FleetError> {
        if !path.is_plain_absolute() {
            return Err(FleetError::field("path", not_plain(&path)));
        }
        let place = self.known_place(agent, repository, snapshot).await?;
        let key = place.measure(&path);
        if let Some(Value::Measure(measured)) = self.inner.trees.get(&key, self.inner.world.now()) {
            return Ok(measured);
        }
        let question = Question::Measure {
            repository: place.repository.clone(),
            snapshot: place.snapshot.clone(),
            path,
        };
        let (fleet, asked) = (self.clone(), question.clone());
        let flight = self.inner.trees.join((agent, question), move || {
            async move {
                let measured = fleet.ask_measure(agent, asked).await?;
                fleet.inner.trees.put(key, Value::Measure(measured), fleet.inner.world.now());
                Ok(Opened::Measured(measured))
            }
            .boxed()
        });
        match flight.await? {
            Opened::Measured(measured) => Ok(measured),
            Opened::Directory(..) => Err(other_answer(&self.called(agent))),
        }
    }

    async fn ask_measure(&self, agent: AgentId, question: Question) -> Result<MeasureView, FleetError> {
        let host = self.called(agent);
        let mut asking = self.ask(agent, question)?;
        let mut whole = None;
        while let Some(came) = asking.next().await? {
            match came {
                Came::Part(Part::Measured { files, directories, bytes, done }) => {
                    whole = done.then_some(MeasureView { files, directories, bytes });
                }
                Came::Part(_) | Came::Bytes(_) => return Err(other_answer(&host)),
            }
        }
        whole.ok_or_else(|| other_answer(&host))
    }
}

fn is_tree_id(text: &str) -> bool {
    text.len() == TREE_ID_DIGITS && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn not_plain(path: &RawPath) -> String {
    let shown: String = path.as_str().chars().take(200).collect();
    format!("`{shown}` is not an absolute path without `..`: give it as it stands in the snapshot")
}

/// An agent that answers something else than it was asked.
fn other_answer(host: &str) -> FleetError {
    FleetError::HostRefused {
        code: wire::action::OrderRefusalCode::Unsupported,
        detail: format!("{host} answered something else than it was asked"),
        hint: "Update the older one of its agent and this coordinator, then try again.".into(),
    }
}
