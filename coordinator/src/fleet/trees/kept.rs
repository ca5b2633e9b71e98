//! What was looked at lately, bounded in bytes and in time. Pure.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use wire::{
    id::{AgentId, RepositoryName, UnixMs},
    path::RawPath,
    view::MeasureView,
};

use super::listing::Listing;

/// All of it together.
const MOST_BYTES: usize = 64 << 20;
/// Since somebody looked the last time.
const LIFE_MS: i64 = 30 * 60_000;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub agent: AgentId,
    pub repository: RepositoryName,
    pub what: What,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum What {
    /// What is in the tree of this id.
    Tree(String),
    /// Which trees lead to a path of a snapshot.
    Path(String, String),
    /// What lies below a path of a snapshot.
    Measure(String, RawPath),
}

#[derive(Clone, Debug)]
pub(super) enum Value {
    Tree(Arc<Listing>),
    Trail(Arc<[String]>),
    Measure(MeasureView),
}

impl Key {
    fn weight(&self) -> usize {
        let texts = match &self.what {
            What::Tree(id) => id.len(),
            What::Path(id, path) => id.len() + path.len(),
            What::Measure(id, path) => id.len() + path.as_str().len(),
        };
        // It stands in both maps.
        2 * (size_of::<Self>() + texts + self.repository.as_str().len())
    }
}

struct Entry {
    value: Value,
    weight: usize,
    used_at: UnixMs,
    turn: u64,
}

#[derive(Default)]
pub(super) struct Kept {
    entries: HashMap<Key, Entry>,
    /// Who was looked at least lately comes first.
    turns: BTreeMap<u64, Key>,
    next_turn: u64,
    weight: usize,
}

impl Kept {
    pub fn get(&mut self, key: &Key, now: UnixMs) -> Option<Value> {
        self.pass_time(now);
        let turn = self.next_turn;
        let entry = self.entries.get_mut(key)?;
        self.next_turn += 1;
        self.turns.remove(&entry.turn);
        self.turns.insert(turn, key.clone());
        entry.turn = turn;
        entry.used_at = now;
        Some(entry.value.clone())
    }

    pub fn put(&mut self, key: Key, value: Value, now: UnixMs) {
        self.remove(&key);
        let weight = key.weight()
            + size_of::<Entry>()
            + match &value {
                Value::Tree(listing) => listing.weight,
                Value::Trail(trail) => trail.iter().map(|tree| size_of::<String>() + tree.len()).sum(),
                Value::Measure(_) => 0,
            };
        self.pass_time(now);
        while self.weight + weight > MOST_BYTES
            && let Some(key) = self.turns.first_key_value().map(|(_, key)| key.clone())
        {
            self.remove(&key);
        }
        let turn = self.next_turn;
        self.next_turn += 1;
        self.weight += weight;
        self.turns.insert(turn, key.clone());
        self.entries.insert(key, Entry { value, weight, used_at: now, turn });
    }

    fn remove(&mut self, key: &Key) {
        if let Some(gone) = self.entries.remove(key) {
            self.turns.remove(&gone.turn);
            self.weight -= gone.weight;
        }
    }

    /// Whose time is over goes: the turns are in the order of their times.
    pub fn pass_time(&mut self, now: UnixMs) {
        while let Some(key) = self.turns.first_key_value().map(|(_, key)| key) {
            let over = self.entries.get(key).is_none_or(|entry| now.since(entry.used_at) >= LIFE_MS);
            if !over {
                break;
            }
            let key = key.clone();
            self.remove(&key);
        }
    }

    pub fn forget(&mut self, agent: AgentId) {
        let gone: Vec<Key> = self.entries.keys().filter(|key| key.agent == agent).cloned().collect();
        for key in &gone {
            self.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(agent: u8, tree: &str) -> Key {
        Key {
            agent: AgentId([agent; 32]),
            repository: "main".parse().unwrap(),
            what: What::Tree(tree.into()),
        }
    }

    fn of_weight(weight: usize) -> Value {
        let mut listing = Listing::default();
        listing.weight = weight;
        Value::Tree(Arc::new(listing))
    }

    #[test]
    fn what_nobody_looks_at_goes_after_half_an_hour() {
        let mut kept = Kept::default();
        kept.put(key(1, "a"), of_weight(1), UnixMs(0));
        kept.put(key(1, "b"), of_weight(1), UnixMs(0));
        assert!(kept.get(&key(1, "a"), UnixMs(LIFE_MS - 1)).is_some());
        assert!(kept.get(&key(1, "b"), UnixMs(LIFE_MS)).is_none());
        assert!(kept.get(&key(1, "a"), UnixMs(LIFE_MS)).is_some());
        kept.pass_time(UnixMs(2 * LIFE_MS));
        assert_eq!((kept.entries.len(), kept.turns.len(), kept.weight), (0, 0, 0));
    }

    #[test]
    fn it_is_never_larger_than_it_may_be_and_the_oldest_go_first() {
        let mut kept = Kept::default();
        for n in 0..10 {
            kept.put(key(1, &n.to_string()), of_weight(MOST_BYTES / 4), UnixMs(n));
            assert!(kept.get(&key(1, "0"), UnixMs(n)).is_some(), "it was looked at all the time");
            assert!(kept.weight <= MOST_BYTES);
        }
        assert!(kept.get(&key(1, "9"), UnixMs(10)).is_some());
        assert!(kept.get(&key(1, "1"), UnixMs(10)).is_none());
    }

    #[test]
    fn a_host_that_is_removed_takes_its_own_with_it() {
        let mut kept = Kept::default();
        kept.put(key(1, "a"), of_weight(1), UnixMs(0));
        kept.put(key(2, "a"), of_weight(1), UnixMs(0));
        kept.forget(AgentId([1; 32]));
        assert!(kept.get(&key(1, "a"), UnixMs(0)).is_none() && kept.get(&key(2, "a"), UnixMs(0)).is_some());
    }
}
