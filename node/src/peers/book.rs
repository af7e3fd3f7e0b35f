//! The addresses that this node knows.
//!
//! Bitcoin's address manager spreads addresses over hashed buckets so that no group of addresses and no group of
//! sources can fill more than a share. Here the shares are counted: a source's group has so many places for addresses
//! that we never reached, a group of addresses has so many, and where there is no room, whoever has most gives. That
//! bounds the same attacks, loses nothing to collisions, and a person can read it.
//!
//! An address that we reached once is *tried*. Strangers cannot displace it: only another one that we reached can.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::address::{Group, PeerAddress, Scope};
use super::draw::Draw;

/// Addresses that we never reached: a hundred networks of the size that we look for neighbours in, 0.5 MB.
pub(super) const MAX_NEW: usize = 4_096;
/// Of them told by one group of sources: 64 such groups must lie together to fill the book.
pub(super) const MAX_NEW_OF_SOURCE: usize = 64;
/// Of them within one group.
pub(super) const MAX_NEW_IN_GROUP: usize = 16;
/// Addresses that we reached once.
pub(super) const MAX_TRIED: usize = 1_024;
/// Of them within one group.
pub(super) const MAX_TRIED_IN_GROUP: usize = 8;
/// An address that we never reached is forgotten after so many attempts.
const MAX_NEW_FAILURES: u32 = 3;
/// One that we reached is forgotten after so many attempts on end, which take a week.
const MAX_TRIED_FAILURES: u32 = 14;
/// The first pause after an attempt; it doubles with each one that fails.
const BACKOFF_S: u64 = 60;
/// The longest pause: half a day.
const MAX_BACKOFF_S: u64 = 43_200;

/// What is known of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    /// Who told us; `None` when we found it ourselves.
    pub(super) source: Option<IpAddr>,
    /// When we reached it last, Unix seconds.
    pub(super) reached_s: Option<u64>,
    /// When we tried last, Unix seconds; 0 for never.
    pub(super) tried_s: u64,
    /// Attempts since we reached it.
    pub(super) failures: u32,
}

impl Entry {
    fn is_due(&self, now_s: u64) -> bool {
        let pause = BACKOFF_S.saturating_mul(1 << self.failures.min(20)).min(MAX_BACKOFF_S);
        // A clock that was set back must not make an address wait for years.
        self.tried_s == 0 || now_s.abs_diff(self.tried_s) >= pause
    }

    fn is_hopeless(&self) -> bool {
        let most = if self.reached_s.is_some() { MAX_TRIED_FAILURES } else { MAX_NEW_FAILURES };
        self.failures >= most
    }
}

/// Who told of an address, as far as shares are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Source {
    /// We ourselves, and everybody on this computer.
    Own,
    Group(Group),
}

impl Source {
    fn of(source: Option<IpAddr>) -> Self {
        match source.map(|ip| PeerAddress::new(ip, 1)) {
            Some(Ok(address)) if address.scope() != Scope::Loopback => Self::Group(address.group()),
            None | Some(Ok(_) | Err(_)) => Self::Own,
        }
    }
}

type Index<K> = BTreeMap<K, BTreeSet<PeerAddress>>;

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Book {
    entries: BTreeMap<PeerAddress, Entry>,
    /// The new ones.
    new_by_source: Index<Source>,
    new_by_group: Index<Group>,
    tried_by_group: Index<Group>,
    n_new: usize,
}

impl Book {
    pub(super) fn iter(&self) -> impl Iterator<Item = (PeerAddress, Entry)> {
        self.entries.iter().map(|(address, entry)| (*address, *entry))
    }

    pub(super) fn get(&self, address: &PeerAddress) -> Option<&Entry> {
        self.entries.get(address)
    }

    pub(super) fn remove(&mut self, address: &PeerAddress) -> Option<Entry> {
        let entry = self.entries.remove(address)?;
        if entry.reached_s.is_some() {
            unlist(&mut self.tried_by_group, &address.group(), address);
        } else {
            unlist(&mut self.new_by_source, &Source::of(entry.source), address);
            unlist(&mut self.new_by_group, &address.group(), address);
            self.n_new -= 1;
        }
        Some(entry)
    }

    /// Adds an address, or does nothing when it is known. Others may have to go for it.
    pub(super) fn insert(&mut self, address: PeerAddress, entry: Entry) {
        if self.entries.contains_key(&address) || entry.is_hopeless() {
            return;
        }
        let group = address.group();
        if entry.reached_s.is_some() {
            self.make_room_among_tried(&group);
            self.tried_by_group.entry(group).or_default().insert(address);
        } else {
            let source = Source::of(entry.source);
            self.make_room_among_new(&source, &group);
            self.new_by_source.entry(source).or_default().insert(address);
            self.new_by_group.entry(group).or_default().insert(address);
            self.n_new += 1;
        }
        self.entries.insert(address, entry);
    }

    /// Notes that an address is dialled.
    pub(super) fn tried(&mut self, address: &PeerAddress, now_s: u64) {
        if let Some(entry) = self.entries.get_mut(address) {
            entry.tried_s = now_s;
        }
    }

    /// Notes that a node of our chain answered there.
    pub(super) fn reached(&mut self, address: PeerAddress, now_s: u64) {
        let source = self.remove(&address).and_then(|entry| entry.source);
        self.insert(address, Entry { source, reached_s: Some(now_s), tried_s: now_s, failures: 0 });
    }

    /// Notes that nobody answered there, or nobody of use.
    pub(super) fn failed(&mut self, address: &PeerAddress) {
        if let Some(entry) = self.entries.get_mut(address) {
            entry.failures = entry.failures.saturating_add(1);
            if entry.is_hopeless() {
                self.remove(address);
            }
        }
    }

    /// Chooses an address to dial: a tried or a new one by the toss of a coin, of them a group by lot, and within the
    /// group an address by lot, so that many addresses in one group are no more than one.
    pub(super) fn choose(
        &self,
        draw: &mut Draw,
        now_s: u64,
        is_wanted: impl Fn(PeerAddress) -> bool,
    ) -> Option<PeerAddress> {
        let tables = [&self.tried_by_group, &self.new_by_group];
        let first = draw.below(2);
        for table in [tables[first], tables[1 - first]] {
            let mut groups: Vec<_> = table.values().collect();
            while !groups.is_empty() {
                let group = groups.swap_remove(draw.below(groups.len()));
                let is_due = |address: &PeerAddress| self.is_due(address, now_s) && is_wanted(*address);
                let due: Vec<_> = group.iter().copied().filter(is_due).collect();
                if let Some(address) = due.get(draw.below(due.len())) {
                    return Some(*address);
                }
            }
        }
        None
    }

    fn is_due(&self, address: &PeerAddress, now_s: u64) -> bool {
        self.entries.get(address).is_some_and(|entry| entry.is_due(now_s))
    }

    /// Frees a place: a group's own when it has its share, else one of the groups that have most.
    fn make_room_among_tried(&mut self, group: &Group) {
        let of_group = self.tried_by_group.get(group).filter(|of_group| of_group.len() >= MAX_TRIED_IN_GROUP);
        let victim = if let Some(of_group) = of_group {
            self.worst(of_group)
        } else if self.entries.len() - self.n_new >= MAX_TRIED {
            let most = self.tried_by_group.values().map(BTreeSet::len).max();
            self.worst(self.tried_by_group.values().filter(|group| Some(group.len()) == most).flatten())
        } else {
            None
        };
        self.remove_victim(victim);
    }

    /// Frees a place: a source's own when it has its share, one within the group when that has its share, else one of
    /// the source that has most.
    fn make_room_among_new(&mut self, source: &Source, group: &Group) {
        let of_source =
            self.new_by_source.get(source).filter(|of_source| of_source.len() >= MAX_NEW_OF_SOURCE);
        let victim = of_source.and_then(|of_source| self.worst(of_source));
        self.remove_victim(victim);

        let in_group = self.new_by_group.get(group).filter(|in_group| in_group.len() >= MAX_NEW_IN_GROUP);
        let victim = in_group.and_then(|in_group| {
            let most = in_group.iter().map(|address| self.share(address)).max();
            self.worst(in_group.iter().filter(|address| Some(self.share(address)) == most))
        });
        self.remove_victim(victim);

        if self.n_new >= MAX_NEW {
            let largest = self.new_by_source.values().max_by_key(|of_source| of_source.len());
            let victim = largest.and_then(|of_source| self.worst(of_source));
            self.remove_victim(victim);
        }
    }

    /// Returns how many new addresses the source of this one has told.
    fn share(&self, address: &PeerAddress) -> usize {
        let source = self.entries.get(address).map(|entry| Source::of(entry.source));
        source.and_then(|source| self.new_by_source.get(&source)).map_or(0, BTreeSet::len)
    }

    /// Returns the one that will be missed least: that failed most, then that was reached or tried longest ago.
    fn worst<'a>(&self, among: impl IntoIterator<Item = &'a PeerAddress>) -> Option<PeerAddress> {
        let rank = |address: &&PeerAddress| {
            let entry = self.entries.get(address);
            entry.map(|entry| (entry.failures, Reverse(entry.reached_s), Reverse(entry.tried_s)))
        };
        among.into_iter().max_by_key(rank).copied()
    }

    fn remove_victim(&mut self, victim: Option<PeerAddress>) {
        if let Some(victim) = victim {
            self.remove(&victim);
        }
    }
}

fn unlist<K: Ord>(index: &mut Index<K>, key: &K, address: &PeerAddress) {
    if let Some(addresses) = index.get_mut(key) {
        addresses.remove(address);
        if addresses.is_empty() {
            index.remove(key);
        }
    }
}
