//! The index against a naive model: any filter, any sort, any page size gives what a plain list would.

use std::net::SocketAddr;

use proptest::prelude::*;
use wire::{
    frame::{Credential, HostFacts},
    id::JobId,
    identity::AgentKeys,
    snapshot::RepositoryReadiness,
};

use super::*;
use crate::{
    fleet::Seat,
    store::{hosts::HostId, standing::Standing, summary},
    world::World,
};

const NOW: UnixMs = UnixMs(1_795_187_040_000);

/// What a generated host is made of.
#[derive(Clone, Debug)]
struct Made {
    name: String,
    tags: Vec<String>,
    os: String,
    version: String,
    online: bool,
    seen: bool,
    last: Option<(i64, JobState)>,
    size: Option<u64>,
    snapshots: u64,
    readiness: RepositoryReadiness,
    held: bool,
    retired: bool,
}

fn made() -> impl Strategy<Value = Made> {
    let state = prop_oneof![Just(JobState::Succeeded), Just(JobState::Failed), Just(JobState::Incomplete)];
    let readiness = prop_oneof![
        Just(RepositoryReadiness::Ready),
        Just(RepositoryReadiness::Unusable),
        Just(RepositoryReadiness::Unknown)
    ];
    let tags = proptest::collection::vec("[ab]", 0..3);
    (
        ("[A-Ca-c]{1,3}", tags, "(linux|windows|)", "0\\.[0-2]\\.0"),
        (any::<bool>(), any::<bool>(), proptest::option::of((0..5i64, state))),
        (proptest::option::of(0..4u64), 0..3u64, readiness),
        (any::<bool>(), proptest::bool::weighted(0.2)),
    )
        .prop_map(
            |((name, tags, os, version), (online, seen, last), (size, snapshots, readiness), rest)| {
                let (held, retired) = rest;
                Made {
                    name,
                    tags,
                    os,
                    version,
                    online,
                    seen,
                    last,
                    size,
                    snapshots,
                    readiness,
                    held,
                    retired,
                }
            },
        )
}

fn index_of(all: &[Made]) -> Index {
    let (world, _) = World::fake(NOW, 3);
    let index = Index { table: RwLock::default(), version: "0.1.0".into() };
    let binding = AgentKeys::generate(&mut world.rng()).binding();
    for (n, made) in all.iter().enumerate() {
        let mut agent = [0; 32];
        agent[..8].copy_from_slice(&(n as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
        let host = Host {
            id: HostId(i64::try_from(n).unwrap() + 1),
            agent: AgentId(agent),
            binding: binding.clone(),
            name: made.name.clone(),
            tags: made.tags.clone(),
            credential: Credential::None,
            joined_at: NOW,
            last_number: 0,
            last_seen: made.seen.then_some(NOW),
            trouble: None,
            replaces: None,
        };
        index.put(&host, None);
        let facts = HostFacts {
            hostname: made.name.clone(),
            os: made.os.clone(),
            agent_version: made.version.clone(),
            ..HostFacts::default()
        };
        let patch = Patch {
            facts: Some(facts),
            plan: None,
            jobs: Some(summary::JobsSummary {
                last_backup: made.last.map(|(at, state)| (JobId(uuid::Uuid::nil()), state, UnixMs(at))),
                active: 0,
            }),
            repositories: Some(summary::RepositoriesSummary {
                readiness: made.readiness,
                snapshots: made.snapshots,
                size_bytes: made.size,
                sizes: made.size.map(|size| vec![(0, size)]).into_iter().collect(),
                restic_ids: Vec::new(),
            }),
            orders: None,
            name: None,
            standing: Some(Standing { held: made.held, claims: Box::default(), retired: made.retired }),
        };
        index.patch(host.agent, patch, &[], NOW);
        if made.online {
            index.sit(&Seat::new(host.agent, SocketAddr::from(([127, 0, 0, 1], 1)), NOW));
        }
    }
    index
}

/// Follows `next` to the end.
fn all_pages(index: &Index, query: &HostQuery) -> (Vec<HostRow>, Vec<Option<u64>>) {
    let mut query = query.clone();
    let (mut rows, mut totals) = (Vec::new(), Vec::new());
    loop {
        let page = index.page(&query).unwrap();
        assert!(page.items.len() <= query.limit);
        totals.push(page.total);
        rows.extend(page.items);
        match page.next {
            Some(next) => query.cursor = Some(next),
            None => return (rows, totals),
        }
    }
}

fn naive(rows: &[HostRow], query: &HostQuery) -> Vec<HostRow> {
    let mut rows: Vec<HostRow> = rows
        .iter()
        .filter(|row| {
            let text = query.text.as_deref().unwrap_or_default().to_lowercase();
            let mut all = vec![row.name.as_str(), &row.os, &row.agent_version];
            all.extend(row.tags.iter().map(String::as_str));
            text.split_whitespace().all(|word| all.iter().any(|part| part.to_lowercase().contains(word)))
        })
        .filter(|row| query.tags.iter().all(|tag| row.tags.contains(tag)))
        .filter(|row| query.repository.is_empty() || query.repository.contains(&row.repository))
        .filter(|row| match query.status.first() {
            Some(HostStatus::Retired) => row.retired,
            _ if row.retired => false,
            None => true,
            Some(HostStatus::Online) => row.presence == PresenceView::Online,
            Some(HostStatus::Failed) => row.last_backup.as_ref().is_some_and(|l| l.state == JobState::Failed),
            Some(HostStatus::Behind) => row.behind,
            Some(other) => panic!("{other:?} is not in this model"),
        })
        .filter(|row| query.held.is_none_or(|held| row.held == held))
        .cloned()
        .collect();
    rows.sort_by(|a, b| {
        let number = |x: Option<u64>, y: Option<u64>| match (x, y) {
            (Some(x), Some(y)) if query.desc => y.cmp(&x),
            (Some(x), Some(y)) => x.cmp(&y),
            (x, y) => x.is_none().cmp(&y.is_none()),
        };
        let order = match query.sort {
            HostSort::Name if query.desc => b.name.to_lowercase().cmp(&a.name.to_lowercase()),
            HostSort::Name => a.name.to_lowercase().cmp(&b.name.to_lowercase()),
            HostSort::Held if query.desc => a.held.cmp(&b.held),
            HostSort::Held => b.held.cmp(&a.held),
            HostSort::Size => number(a.size_bytes, b.size_bytes),
            HostSort::LastBackup => {
                let at = |row: &HostRow| row.last_backup.as_ref().map(|last| last.at.0.cast_unsigned());
                number(at(a), at(b))
            }
            other => panic!("{other:?} is not in this model"),
        };
        order.then(a.agent.cmp(&b.agent))
    });
    rows
}

fn query() -> impl Strategy<Value = HostQuery> {
    let status = prop_oneof![
        Just(vec![]),
        Just(vec![HostStatus::Online]),
        Just(vec![HostStatus::Failed]),
        Just(vec![HostStatus::Behind]),
        Just(vec![HostStatus::Retired])
    ];
    let repository = prop_oneof![Just(vec![]), Just(vec![RepositoryReadiness::Ready])];
    let sort = prop_oneof![
        Just(HostSort::Name),
        Just(HostSort::Size),
        Just(HostSort::LastBackup),
        Just(HostSort::Held)
    ];
    let held = proptest::option::weighted(0.3, any::<bool>());
    let text = proptest::option::of("[ab]|linux|b lin|0\\.1");
    let tags = proptest::collection::vec("[ab]", 0..2);
    (text, status, tags, repository, held, sort, any::<bool>(), 1..8usize).prop_map(
        |(text, status, tags, repository, held, sort, desc, limit)| HostQuery {
            text,
            status,
            tags,
            repository,
            held,
            sort,
            desc,
            replaced: false,
            cursor: None,
            limit,
        },
    )
}

proptest! {
    #[test]
    fn pages_together_are_what_a_plain_list_would_be(all in proptest::collection::vec(made(), 0..40), query in query()) {
        let index = index_of(&all);
        let of = |status| HostQuery { limit: 1000, status, ..HostQuery::default() };
        let mut everything = index.page(&of(vec![])).unwrap().items;
        prop_assert_eq!(everything.len() as u64, index.tiles(NOW, 0).hosts, "the list has those that are counted");
        everything.extend(index.page(&of(vec![HostStatus::Retired])).unwrap().items);
        prop_assert_eq!(everything.len(), all.len());
        let expected = naive(&everything, &query);
        let (rows, totals) = all_pages(&index, &query);
        prop_assert!(totals.iter().all(|total| *total == Some(expected.len() as u64)));
        prop_assert_eq!(rows, expected);
    }
}

#[test]
fn a_cursor_of_another_order_is_refused() {
    let made = Made {
        name: "a".into(),
        tags: vec![],
        os: String::new(),
        version: "0.1.0".into(),
        online: false,
        seen: false,
        last: None,
        size: None,
        snapshots: 0,
        readiness: RepositoryReadiness::Unknown,
        held: false,
        retired: false,
    };
    let index = index_of(&[made.clone(), made]);
    let query = HostQuery { limit: 1, ..HostQuery::default() };
    let cursor = index.page(&query).unwrap().next;
    assert!(cursor.is_some());
    let other = HostQuery { desc: true, cursor: cursor.clone(), ..query.clone() };
    assert_eq!(index.page(&other), Err(FleetError::Cursor));
    assert_eq!(index.page(&HostQuery { cursor, ..query }).unwrap().items.len(), 1);
}

#[test]
fn the_last_day_is_counted_by_the_minute_and_forgotten_after() {
    let index = index_of(&[]);
    let at = |ago_minutes: i64| NOW.plus_ms(-ago_minutes * MINUTE_MS);
    let ended = [
        Ended { at: at(1), state: JobState::Succeeded },
        Ended { at: at(24 * 60 - 2), state: JobState::Failed },
        Ended { at: at(24 * 60 + 2), state: JobState::Failed },
        Ended { at: at(5), state: JobState::Interrupted },
    ];
    index.patch(AgentId([9; 32]), Patch::default(), &ended, NOW);
    let day = index.tiles(NOW, 0).last_day;
    assert_eq!((day.succeeded, day.failed, day.other, day.incomplete), (1, 1, 1, 0));
    let later = NOW.plus_ms(10 * MINUTE_MS);
    index.pass_time(later);
    assert_eq!(index.tiles(later, 0).last_day.failed, 0);
    assert_eq!(index.tiles(later, 0).last_day.succeeded, 1);
}

#[test]
fn who_stands_up_late_leaves_the_next_one_seated() {
    let index = index_of(&[]);
    let (world, _) = World::fake(NOW, 3);
    let binding = AgentKeys::generate(&mut world.rng()).binding();
    let agent = AgentId([9; 32]);
    index.put(
        &Host {
            id: HostId(1),
            agent,
            binding,
            name: "a".into(),
            tags: vec![],
            credential: Credential::None,
            joined_at: NOW,
            last_number: 0,
            last_seen: None,
            trouble: None,
            replaces: None,
        },
        None,
    );
    let seat = |port| Seat::new(agent, SocketAddr::from(([127, 0, 0, 1], port)), NOW);
    let (old, new) = (seat(1), seat(2));
    index.sit(&old);
    index.sit(&new);
    index.stand_up(&old);
    assert_eq!(index.tiles(NOW, 0).online, 1);
    index.stand_up(&new);
    assert_eq!(index.tiles(NOW, 0).online, 0);
}
