//! A map that forgets.

use std::collections::{BTreeMap, BTreeSet};

/// Holds each value until its time, and never more than a fixed number of them: when there is no room, the one that
/// would go first goes. Every operation takes O(log n).
#[derive(Debug)]
pub(crate) struct Expiring<K, V> {
    max: usize,
    values: BTreeMap<K, (u64, V)>,
    /// The same keys by their time.
    by_expiry: BTreeSet<(u64, K)>,
}

impl<K: Copy + Ord, V> Expiring<K, V> {
    pub(crate) fn new(max: usize) -> Self {
        Self { max, values: BTreeMap::new(), by_expiry: BTreeSet::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    /// Holds a value in place of the key's last one until the time `expiry`.
    pub(crate) fn insert(&mut self, key: K, value: V, expiry: u64) {
        self.remove(&key);
        self.by_expiry.insert((expiry, key));
        self.values.insert(key, (expiry, value));
        if self.values.len() > self.max {
            self.remove_first();
        }
    }

    /// Returns the value, and until when it is held.
    pub(crate) fn get(&self, key: &K, now: u64) -> Option<(u64, &V)> {
        self.values.get(key).filter(|(expiry, _)| *expiry > now).map(|(expiry, value)| (*expiry, value))
    }

    pub(crate) fn get_mut(&mut self, key: &K, now: u64) -> Option<&mut V> {
        self.values.get_mut(key).filter(|(expiry, _)| *expiry > now).map(|(_, value)| value)
    }

    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        let (expiry, value) = self.values.remove(key)?;
        self.by_expiry.remove(&(expiry, *key));
        Some(value)
    }

    /// Drops what has had its time.
    pub(crate) fn expire(&mut self, now: u64) {
        while self.by_expiry.first().is_some_and(|(expiry, _)| *expiry <= now) {
            self.remove_first();
        }
    }

    /// Yields what is held at `now`, in the order of its keys.
    pub(super) fn iter(&self, now: u64) -> impl Iterator<Item = (K, u64, &V)> {
        self.values
            .iter()
            .filter(move |(_, (expiry, _))| *expiry > now)
            .map(|(key, (expiry, value))| (*key, *expiry, value))
    }

    fn remove_first(&mut self) {
        if let Some((_, key)) = self.by_expiry.pop_first() {
            self.values.remove(&key);
        }
    }
}
