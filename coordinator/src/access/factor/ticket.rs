//! What waits for somebody's next step: a right password that is not enough, a challenge that a passkey has to answer. In
//! memory alone, bounded, and over after five minutes.
//!
//! Knows nothing of what waits. A ticket is taken out while it is tried, so that of two tries at once one finds none.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use wire::id::{Hash32, UnixMs};

/// How long a ticket is good for.
pub const LIFE_MS: i64 = 5 * 60_000;
/// How often one may be tried.
pub const TRIES: u8 = 5;
/// Somebody who begins again and again has this many at most.
const EACH: usize = 4;

/// Tickets by the hash of what their holder shows.
pub struct Tickets<T> {
    held: Mutex<HashMap<Hash32, Held<T>>>,
    most: usize,
}

struct Held<T> {
    /// Whose, where that is known: a person's number.
    of: Option<u32>,
    until: UnixMs,
    tries: u8,
    what: T,
}

/// A ticket that is being tried: gone unless it is put back.
pub struct Taken<T> {
    key: Hash32,
    held: Held<T>,
}

impl<T> Taken<T> {
    pub fn what(&self) -> &T {
        &self.held.what
    }

    pub fn into_what(self) -> T {
        self.held.what
    }
}

impl<T> Tickets<T> {
    /// Where `most` are held, the oldest gives way: it is the nearest to its end.
    pub fn new(most: usize) -> Self {
        Self { held: Mutex::default(), most }
    }

    pub fn put(&self, key: Hash32, of: Option<u32>, what: T, now: UnixMs) {
        let mut held = self.lock();
        held.retain(|_, held| now < held.until);
        if of.is_some() {
            drop_oldest(&mut held, EACH, |held| held.of == of);
        }
        drop_oldest(&mut held, self.most, |_| true);
        held.insert(key, Held { of, until: now.plus_ms(LIFE_MS), tries: TRIES, what });
    }

    /// `None`: there is none, it is over, or it is being tried at this moment.
    pub fn take(&self, key: &Hash32, now: UnixMs) -> Option<Taken<T>> {
        let held = self.lock().remove(key).filter(|held| now < held.until)?;
        Some(Taken { key: *key, held })
    }

    /// It was tried in vain. After the last try it is gone.
    pub fn failed(&self, taken: Taken<T>) {
        let Taken { key, mut held } = taken;
        held.tries = held.tries.saturating_sub(1);
        if held.tries > 0 {
            self.lock().insert(key, held);
        }
    }

    /// It was not tried after all.
    pub fn put_back(&self, taken: Taken<T>) {
        self.lock().insert(taken.key, taken.held);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Hash32, Held<T>>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes room for one more among those that `counts`.
fn drop_oldest<T>(held: &mut HashMap<Hash32, Held<T>>, most: usize, counts: impl Fn(&Held<T>) -> bool) {
    let mut found: Vec<(UnixMs, Hash32)> =
        held.iter().filter(|(_, held)| counts(held)).map(|(key, held)| (held.until, *key)).collect();
    if found.len() < most {
        return;
    }
    found.sort_unstable_by_key(|(until, key)| (until.0, key.0));
    for (_, key) in &found[..=found.len() - most] {
        held.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMs = UnixMs(1_000_000);

    fn key(n: u16) -> Hash32 {
        let mut key = [0; 32];
        key[..2].copy_from_slice(&n.to_be_bytes());
        Hash32(key)
    }

    #[test]
    fn a_ticket_is_good_once_for_five_minutes_and_five_tries() {
        let tickets = Tickets::new(10);
        tickets.put(key(1), Some(7), "a", NOW);
        let taken = tickets.take(&key(1), NOW).unwrap();
        assert!(tickets.take(&key(1), NOW).is_none(), "it is being tried");
        tickets.put_back(taken);
        for left in (0..TRIES).rev() {
            let taken = tickets.take(&key(1), NOW).unwrap_or_else(|| panic!("{left} tries were left"));
            tickets.failed(taken);
        }
        assert!(tickets.take(&key(1), NOW).is_none(), "no sixth try");
        tickets.put(key(2), Some(7), "b", NOW);
        assert_eq!(tickets.take(&key(2), NOW.plus_ms(LIFE_MS - 1)).unwrap().into_what(), "b");
        assert!(tickets.take(&key(2), NOW).is_none(), "it was used");
        tickets.put(key(3), Some(7), "c", NOW);
        assert!(tickets.take(&key(3), NOW.plus_ms(LIFE_MS)).is_none());
    }

    #[test]
    fn nobody_fills_the_memory_nor_drives_others_out() {
        let tickets = Tickets::new(10);
        tickets.put(key(0), Some(1), (), NOW);
        for n in 1..100 {
            tickets.put(key(n), Some(2), (), NOW.plus_ms(i64::from(n)));
        }
        assert_eq!(tickets.lock().len(), 1 + EACH);
        assert!(tickets.take(&key(0), NOW).is_some(), "one person's many do not cost another's");
        assert!(tickets.take(&key(99), NOW).is_some() && tickets.take(&key(95), NOW).is_none());
        for n in 100..200 {
            tickets.put(key(n), None, (), NOW.plus_ms(i64::from(n)));
        }
        assert_eq!(tickets.lock().len(), 10);
        assert!(tickets.take(&key(190), NOW).is_some() && tickets.take(&key(189), NOW).is_none());
    }
}
