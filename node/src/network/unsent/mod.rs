//! Answers that are not written yet. Who does not read what it asked for takes no memory from others.

use std::collections::HashMap;
use std::hash::Hash;

use libp2p::PeerId;

use super::limits;

/// Whose they are and how many bytes, by question.
#[derive(Debug)]
pub(super) struct Unsent<Q>(HashMap<Q, (PeerId, usize)>);

impl<Q> Default for Unsent<Q> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<Q: Hash + Eq> Unsent<Q> {
    /// Returns whether so many bytes may wait for `to` as well. A single answer may always.
    pub(super) fn has_room(&self, to: PeerId, bytes: usize) -> bool {
        let sum = |is_counted: &dyn Fn(&PeerId) -> bool| {
            self.0.values().filter(|(peer, _)| is_counted(peer)).map(|(_, bytes)| bytes).sum::<usize>()
        };
        let (own, all) = (sum(&|peer| *peer == to), sum(&|_| true));
        own == 0 || own + bytes <= limits::UNSENT_BYTES && all + bytes <= limits::ALL_UNSENT_BYTES
    }

    pub(super) fn insert(&mut self, question: Q, to: PeerId, bytes: usize) {
        self.0.insert(question, (to, bytes));
    }

    pub(super) fn remove(&mut self, question: &Q) {
        self.0.remove(question);
    }
}

#[cfg(test)]
mod tests;
