//! Answers that are being made. Whoever asks much at once takes no place from others.

use std::collections::BTreeMap;

use libp2p::PeerId;

use super::limits;

/// How many for whom. A peer that left has those that were begun for it.
#[derive(Debug, Default)]
pub(super) struct Answering {
    by_peer: BTreeMap<PeerId, usize>,
    all: usize,
}

impl Answering {
    /// Takes a place, or returns false when there is none for this peer.
    pub(super) fn begin(&mut self, peer: PeerId) -> bool {
        let own = self.by_peer.get(&peer).copied().unwrap_or_default();
        let has_room = own < limits::ANSWERS_OF_PEER && self.all < limits::ANSWERS;
        if has_room {
            self.by_peer.insert(peer, own + 1);
            self.all += 1;
        }
        has_room
    }

    /// Gives a place back.
    pub(super) fn end(&mut self, peer: &PeerId) {
        let Some(own) = self.by_peer.get_mut(peer) else { return };
        *own -= 1;
        self.all -= 1;
        if *own == 0 {
            self.by_peer.remove(peer);
        }
    }
}

#[cfg(test)]
mod tests;
