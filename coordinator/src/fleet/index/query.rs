//! Filter, sort and page over the outlines: pure, and one pass however many hosts there are.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wire::{
    id::AgentId,
    job::JobState,
    snapshot::RepositoryReadiness,
    view::{HostRow, Page, PresenceView},
};

use crate::fleet::{FleetError, cursor, outline::Outline};

/// No page is longer.
const LIMIT: usize = 1000;

/// What the fleet page asks for. Filters are anded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostQuery {
    /// Every word must stand somewhere in name, host name, tags, system, architecture or version.
    pub text: Option<String>,
    /// Any of them. Who left the fleet is in no list but that of [`HostStatus::Retired`].
    pub status: Vec<HostStatus>,
    /// All of them.
    pub tags: Vec<String>,
    /// Any of them.
    pub repository: Vec<RepositoryReadiness>,
    /// Whether something holds retention or upkeep back; either when absent.
    pub held: Option<bool>,
    /// Those whose place another host took, too.
    pub replaced: bool,
    pub sort: HostSort,
    pub desc: bool,
    pub cursor: Option<String>,
    /// 0 stands for 100.
    pub limit: usize,
}

/// What a tile or the status filter picks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HostStatus {
    Online,
    Offline,
    Asleep,
    NeverSeen,
    /// Its agent is older than the coordinator.
    Behind,
    /// Jobs are queued or running.
    Active,
    /// The last backup succeeded.
    Succeeded,
    /// The last backup could not read everything.
    Incomplete,
    /// The last backup failed.
    Failed,
    /// It never ended a backup.
    NoBackup,
    /// It left the fleet; it is none of the others.
    Retired,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HostSort {
    #[default]
    Name,
    Presence,
    Os,
    Version,
    Tags,
    LastSeen,
    LastBackup,
    NextRun,
    Size,
    Snapshots,
    Repository,
    /// Those that something holds back first.
    Held,
}

/// What a row is sorted by. What is not known comes last, whichever way the list is sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key<'a> {
    Text(&'a str),
    Number(i64),
    Unknown,
}

/// A key as a cursor carries it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum HeldKey {
    Number(i64),
    Text(String),
    Unknown,
}

/// Where a page ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Position {
    sort: HostSort,
    desc: bool,
    key: HeldKey,
    agent: AgentId,
}

impl HostQuery {
    pub(in crate::fleet) fn page(&self, hosts: &[Outline]) -> Result<Page<HostRow>, FleetError> {
        let position: Option<Position> = cursor::decode(self.cursor.as_deref())?;
        if position.as_ref().is_some_and(|position| (position.sort, position.desc) != (self.sort, self.desc))
        {
            return Err(FleetError::Cursor);
        }
        let words: Vec<String> =
            self.text.as_deref().unwrap_or_default().split_whitespace().map(str::to_lowercase).collect();
        let mut rows: Vec<(Key<'_>, &Outline)> = hosts
            .iter()
            .filter(|outline| self.wants(outline, &words))
            .map(|outline| (self.sort.key(outline), outline))
            .collect();
        let total = rows.len() as u64;
        if let Some(position) = &position {
            let after = (position.key.borrow(), position.agent);
            rows.retain(|(key, outline)| self.compare((*key, outline.agent), after).is_gt());
        }
        let limit = match self.limit {
            0 => 100,
            wanted => wanted.min(LIMIT),
        };
        let more = rows.len() > limit;
        let order = |a: &(Key<'_>, &Outline), b: &(Key<'_>, &Outline)| {
            self.compare((a.0, a.1.agent), (b.0, b.1.agent))
        };
        if more {
            rows.select_nth_unstable_by(limit, order);
            rows.truncate(limit);
        }
        rows.sort_unstable_by(order);
        let next = rows.last().filter(|_| more).map(|(key, outline)| {
            let key = key.hold();
            cursor::encode(&Position { sort: self.sort, desc: self.desc, key, agent: outline.agent })
        });
        let items = rows.into_iter().map(|(_, outline)| outline.row()).collect();
        Ok(Page { items, next, total: Some(total) })
    }

    fn wants(&self, outline: &Outline, words: &[String]) -> bool {
        let fits = self.status.iter().any(|status| status.fits(outline));
        (self.replaced || outline.replaced_by.is_none())
            && (fits || (self.status.is_empty() && !outline.standing.retired))
            && words.iter().all(|word| outline.haystack().contains(word.as_str()))
            && (self.repository.is_empty() || self.repository.contains(&outline.readiness))
            && self.held.is_none_or(|held| held == outline.standing.held)
            && self.tags.iter().all(|tag| outline.tags.contains(tag))
    }

    fn compare(&self, a: (Key<'_>, AgentId), b: (Key<'_>, AgentId)) -> Ordering {
        a.0.compare(b.0, self.desc).then(a.1.cmp(&b.1))
    }
}

impl HostStatus {
    fn fits(self, outline: &Outline) -> bool {
        if outline.standing.retired {
            return self == Self::Retired;
        }
        let presence = |wanted| outline.presence() == wanted;
        let last = outline.last_backup.map(|(_, state, _)| state);
        match self {
            Self::Online => presence(PresenceView::Online),
            Self::Offline => presence(PresenceView::Offline),
            Self::Asleep => presence(PresenceView::Asleep),
            Self::NeverSeen => presence(PresenceView::NeverSeen),
            Self::Behind => outline.behind,
            Self::Active => outline.active_jobs > 0,
            Self::Succeeded => last == Some(JobState::Succeeded),
            Self::Incomplete => last == Some(JobState::Incomplete),
            Self::Failed => last == Some(JobState::Failed),
            Self::NoBackup => last.is_none(),
            Self::Retired => false,
        }
    }
}

impl HostSort {
    fn key(self, outline: &Outline) -> Key<'_> {
        let text = |text| if str::is_empty(text) { Key::Unknown } else { Key::Text(text) };
        let number = |number: Option<i64>| number.map_or(Key::Unknown, Key::Number);
        match self {
            Self::Name => Key::Text(outline.sort_name()),
            Self::Presence if outline.standing.retired => Key::Number(4),
            Self::Presence => Key::Number(match outline.presence() {
                PresenceView::Online => 0,
                PresenceView::Asleep => 1,
                PresenceView::Offline => 2,
                PresenceView::NeverSeen => 3,
            }),
            Self::Os => text(&outline.os),
            Self::Version => text(&outline.agent_version),
            Self::Tags => outline.tags.first().map_or(Key::Unknown, |tag| Key::Text(tag)),
            Self::LastSeen => number(outline.last_seen().map(|at| at.0)),
            Self::LastBackup => number(outline.last_backup.map(|(_, _, at)| at.0)),
            Self::NextRun => number(outline.next_run.map(|at| at.0)),
            Self::Size => number(outline.size_bytes.map(|size| i64::try_from(size).unwrap_or(i64::MAX))),
            Self::Snapshots => number(i64::try_from(outline.snapshots).ok()),
            Self::Repository => Key::Number(match outline.readiness {
                RepositoryReadiness::Unusable => 0,
                RepositoryReadiness::NeedsSecret => 1,
                RepositoryReadiness::Unknown => 2,
                RepositoryReadiness::Ready => 3,
            }),
            Self::Held => Key::Number(i64::from(!outline.standing.held)),
        }
    }
}

impl Key<'_> {
    fn compare(self, other: Key<'_>, desc: bool) -> Ordering {
        let known = match (self, other) {
            (Key::Text(a), Key::Text(b)) => a.cmp(b),
            (Key::Number(a), Key::Number(b)) => a.cmp(&b),
            (a, b) => return a.rank().cmp(&b.rank()),
        };
        if desc { known.reverse() } else { known }
    }

    const fn rank(self) -> u8 {
        match self {
            Self::Number(_) => 0,
            Self::Text(_) => 1,
            Self::Unknown => 2,
        }
    }

    fn hold(self) -> HeldKey {
        match self {
            Self::Text(text) => HeldKey::Text(text.to_owned()),
            Self::Number(number) => HeldKey::Number(number),
            Self::Unknown => HeldKey::Unknown,
        }
    }
}

impl HeldKey {
    fn borrow(&self) -> Key<'_> {
        match self {
            Self::Text(text) => Key::Text(text),
            Self::Number(number) => Key::Number(*number),
            Self::Unknown => Key::Unknown,
        }
    }
}
