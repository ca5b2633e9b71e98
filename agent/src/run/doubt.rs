//! Which snapshots retention does not trust: unknown ones that bear this host's name, and ones from the future.
//!
//! Anybody who may write to a repository can put a snapshot there that bears any name, tag and time, and a policy that
//! counts it would remove true ones in its stead. Judging is pure; the rest writes down what was judged.

use std::{collections::BTreeMap, time::Duration};

use wire::{
    id::{RepositoryName, UnixMs},
    snapshot::{HoldCause, Snapshot, SnapshotDoubt},
};

use super::engine::Engine;
use crate::{
    restic::document::Maker,
    store::{
        StoreError, Tx, holds,
        own::{self, Own},
        plan, snapshots,
    },
};

/// A clock that is off by less harms no policy, whose finest rule is an hour.
pub const FUTURE: Duration = Duration::from_mins(5);
/// So many are named in a message; the rest is counted.
const NAMED: usize = 3;

/// The whole list of a repository's snapshots, as restic just told it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Listing {
    pub snapshots: Vec<Snapshot>,
    /// By id.
    pub makers: BTreeMap<String, Maker>,
}

/// What a listing is judged by.
#[derive(Clone, Copy, Debug)]
pub struct Sight<'a> {
    /// What restic calls this host.
    pub host: &'a str,
    pub own: &'a Own,
    /// The repository's list as it was known before.
    pub before: &'a [Snapshot],
    pub now: UnixMs,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Judged {
    /// Each with its doubt.
    pub snapshots: Vec<Snapshot>,
    /// Ids that turn out to be this host's own.
    pub own: Vec<String>,
    /// Which snapshots of this host's name and a group's tag nobody here made.
    pub unknown: Option<String>,
    /// Which snapshots claim a time that is still to come.
    pub future: Option<String>,
}

impl Judged {
    /// Why a policy must not be applied. Other hosts' snapshots are known to those hosts alone, so where a policy is
    /// about them only the clock counts.
    pub fn against(&self, others: bool) -> Option<&String> {
        self.future.as_ref().or_else(|| self.unknown.as_ref().filter(|_| !others))
    }
}

pub fn judge(listing: &Listing, sight: &Sight<'_>) -> Judged {
    let limit = sight.now.plus_ms(i64::try_from(FUTURE.as_millis()).unwrap_or(i64::MAX));
    let is_ours = |snapshot: &&Snapshot| snapshot.hostname == sight.host;
    let ours = listing.snapshots.iter().filter(is_ours);
    let ids: Vec<&str> = ours.clone().map(|snapshot| snapshot.id.as_str()).collect();
    let mut recognised = sight.own.completed(&ids);
    recognised.extend(ours.filter(|it| is_successor(it, listing, sight)).map(|it| it.id.clone()));
    let mut judged = Judged::default();
    let (mut unknown, mut future) = (Vec::new(), Vec::new());
    for listed in &listing.snapshots {
        let is_future = listed.time > limit;
        let is_unknown = is_ours(&listed) && !sight.own.has(&listed.id) && !recognised.contains(&listed.id);
        if is_future {
            future.push(listed);
        }
        // Without a group's tag no policy is about it.
        if is_unknown && listed.group.is_some() {
            unknown.push(listed);
        }
        let doubt = match (is_future, is_unknown) {
            (true, _) => Some(SnapshotDoubt::Future),
            (false, true) => Some(SnapshotDoubt::Unknown),
            (false, false) => None,
        };
        judged.snapshots.push(Snapshot { doubt, ..listed.clone() });
    }
    judged.own = recognised;
    judged.unknown = (!unknown.is_empty()).then(|| {
        format!(
            "no job of this host made {}: adopt what is this host's own on the repository's page, and remove the rest with restic",
            named(&unknown, listing)
        )
    });
    judged.future = (!future.is_empty()).then(|| {
        format!(
            "a time that is still to come is claimed by {}: check the clocks of these hosts, then remove the snapshots or wait",
            named(&future, listing)
        )
    });
    judged
}

/// Whether it took the place of one of ours, as restic does when a tag is added: who can do that can delete, and needs
/// no forgery. One whose original is still there, or was gone long ago, is not believed, nor one that lost a tag: it would
/// count for another group's policy.
fn is_successor(snapshot: &Snapshot, listing: &Listing, sight: &Sight<'_>) -> bool {
    let replaces = listing.makers.get(&snapshot.id).is_some_and(|maker| maker.original.is_some());
    let gone = |before: &&Snapshot| !listing.snapshots.iter().any(|listed| listed.id == before.id);
    replaces
        && !sight.own.has(&snapshot.id)
        && sight.before.iter().filter(gone).any(|before| {
            sight.own.has(&before.id)
                && before.time == snapshot.time
                && before.hostname == snapshot.hostname
                && before.paths == snapshot.paths
                && before.tags.iter().all(|tag| snapshot.tags.contains(tag))
                && (before.group.is_none() || before.group == snapshot.group)
        })
}

fn named(snapshots: &[&Snapshot], listing: &Listing) -> String {
    let name = |snapshot: &&Snapshot| {
        let user = listing.makers.get(&snapshot.id).map(|maker| maker.user.as_str());
        let user = user.filter(|user| !user.is_empty()).map_or_else(String::new, |user| format!("{user}@"));
        let id = snapshot.id.get(..8).unwrap_or(&snapshot.id);
        format!("snapshot {id} of {} by {user}{}", snapshot.time, snapshot.hostname)
    };
    let first: Vec<String> = snapshots.iter().take(NAMED).map(name).collect();
    let rest = snapshots.len() - first.len();
    let rest = if rest > 0 { format!(" and {rest} more") } else { String::new() };
    format!("{}{rest}", first.join(", "))
}

/// Takes a listing as the whole truth: the list, what is known as own, and what holds retention back.
pub fn take_stock(
    tx: &Tx<'_>,
    repository: &RepositoryName,
    listing: &Listing,
    host: &str,
    now: UnixMs,
) -> Result<(), StoreError> {
    let judged = look(tx, repository, listing, host, now)?;
    own::add(tx, repository, judged.own.iter().map(String::as_str))?;
    snapshots::replace(tx, repository, &judged.snapshots, now)?;
    hold(tx, repository, &judged, now)
}

/// Judges by what is written down.
pub fn look(
    connection: &rusqlite::Connection,
    repository: &RepositoryName,
    listing: &Listing,
    host: &str,
    now: UnixMs,
) -> Result<Judged, StoreError> {
    let (own, before) = (own::all(connection)?, snapshots::all(connection, repository)?);
    Ok(judge(listing, &Sight { host, own: &own, before: &before, now }))
}

fn hold(tx: &Tx<'_>, repository: &RepositoryName, judged: &Judged, now: UnixMs) -> Result<(), StoreError> {
    say(tx, repository, HoldCause::FutureSnapshot, judged.future.as_ref(), now)?;
    say(tx, repository, HoldCause::UnknownSnapshot, judged.unknown.as_ref(), now)
}

fn say(
    tx: &Tx<'_>,
    repository: &RepositoryName,
    cause: HoldCause,
    message: Option<&String>,
    now: UnixMs,
) -> Result<(), StoreError> {
    match message {
        Some(message) => holds::keep(tx, cause, Some(repository), message, now),
        None => holds::clear(tx, cause, Some(repository), now),
    }
}

/// The repository was never this host's before: what bears its name there is its own.
pub fn attach(
    tx: &Tx<'_>,
    repository: &RepositoryName,
    listing: &Listing,
    host: &str,
) -> Result<(), StoreError> {
    let ours = listing.snapshots.iter().filter(|snapshot| snapshot.hostname == host);
    own::add(tx, repository, ours.map(|snapshot| snapshot.id.as_str()))
}

impl Engine {
    /// From now on these snapshots count as this host's own. Returns one that is not in the repository's list, if
    /// there is one: then nothing was written.
    pub fn adopt_in(
        &self,
        tx: &Tx<'_>,
        repository: &RepositoryName,
        ids: &[String],
    ) -> Result<Option<String>, StoreError> {
        let listed = snapshots::all(tx, repository)?;
        if let Some(stranger) = ids.iter().find(|id| !listed.iter().any(|snapshot| snapshot.id == **id)) {
            return Ok(Some(stranger.clone()));
        }
        own::add(tx, repository, ids.iter().map(String::as_str))?;
        let plan = plan::current(tx)?.map(|current| current.plan).unwrap_or_default();
        let (host, now) = (self.host(&plan), self.shared.world.now());
        let listing = Listing { snapshots: listed, makers: BTreeMap::new() };
        let judged = look(tx, repository, &listing, host, now)?;
        snapshots::mark(tx, repository, &judged.snapshots, now)?;
        // What claims a time to come is not believed for being this host's own.
        say(tx, repository, HoldCause::UnknownSnapshot, judged.unknown.as_ref(), now)?;
        Ok(None)
    }
}

#[cfg(test)]
mod tests;
