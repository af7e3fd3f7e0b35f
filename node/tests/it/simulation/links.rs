//! Connections and lives: who is connected with whom, and what is left of a node that crashed.

use std::collections::BTreeSet;
use std::sync::Arc;

use node::sync::{Event, Limits, PeerKey, Sync};

use super::world::{End, Happening, World};

/// How often a node looks for more neighbours.
const DIAL_MS: u64 = 3_000;

impl World {
    pub(super) fn other(&self, end: PeerKey) -> Option<usize> {
        let twin = self.ends.get(&end)?.twin;
        self.ends.get(&twin).map(|end| end.node)
    }

    /// Breaks a connection; both hear of it at once.
    pub(super) fn cut(&mut self, end: PeerKey) {
        let Some(this) = self.ends.remove(&end) else { return };
        let other = self.ends.remove(&this.twin);
        self.nodes[this.node].peers.remove(&end);
        self.tell(this.node, Event::Disconnected { peer: end });
        if let Some(other) = other {
            self.nodes[other.node].peers.remove(&this.twin);
            self.tell(other.node, Event::Disconnected { peer: this.twin });
        }
    }

    /// Breaks all connections between different groups.
    pub(super) fn cut_between_groups(&mut self) {
        let is_between = |end: &PeerKey| {
            let group = |node: usize| self.nodes[node].group;
            self.other(*end).is_some_and(|other| group(other) != group(self.ends[end].node))
        };
        let ends: Vec<_> = self.ends.keys().copied().filter(is_between).collect();
        ends.into_iter().for_each(|end| self.cut(end));
    }

    pub(super) fn random_end(&mut self) -> Option<PeerKey> {
        let count = self.ends.len();
        let place = (count > 0).then(|| self.random.below(count))?;
        self.ends.keys().nth(place).copied()
    }

    fn neighbours(&self, node: usize) -> BTreeSet<usize> {
        self.nodes[node].peers.iter().filter_map(|end| self.other(*end)).collect()
    }

    /// Each node dials the next honest one, so that nobody is cut off for good, and random ones.
    pub(super) fn dial(&mut self) {
        self.at(DIAL_MS, Happening::Dial);
        let count = self.nodes.len();
        for a in 0..count {
            let neighbours = self.neighbours(a);
            let next = (1..count).map(|step| (a + step) % count).find(|b| self.nodes[*b].lie.is_none());
            let random = (neighbours.len() < self.setting.dials).then(|| self.random.below(count));
            for b in next.into_iter().chain(random) {
                if a != b && !neighbours.contains(&b) {
                    let (low, high) = self.setting.latency_ms;
                    let wait = self.random.between(low, high);
                    self.at(wait, Happening::LinkUp { a, b });
                }
            }
        }
    }

    pub(super) fn link_up(&mut self, a: usize, b: usize) {
        let is_up = |node: usize| self.nodes[node].sync.is_some();
        let is_refused = self.banned.contains(&(a, b)) || self.banned.contains(&(b, a));
        let is_apart = self.nodes[a].group != self.nodes[b].group;
        if !is_up(a) || !is_up(b) || is_refused || is_apart || self.neighbours(a).contains(&b) {
            return;
        }
        let (low, high) = self.setting.latency_ms;
        let latency_ms = self.random.between(low, high);
        let (end, twin) = (PeerKey(self.number()), PeerKey(self.number()));
        for (node, end, twin) in [(a, end, twin), (b, twin, end)] {
            self.ends.insert(end, End { node, twin, latency_ms });
            self.nodes[node].peers.insert(end);
        }
        for (node, end, other) in [(a, end, b), (b, twin, a)] {
            let honest = self.nodes[other].chain.hello();
            let hello = self.nodes[other].lie.map_or(honest.clone(), |lie| lie.hello(honest, &self.cheap));
            self.tell(node, Event::Connected { peer: end, hello });
        }
    }

    /// Loses everything that is not on its disk.
    pub(super) fn crash(&mut self, node: usize, down_ms: u64) {
        let ends: Vec<_> = self.nodes[node].peers.iter().copied().collect();
        self.nodes[node].sync = None;
        self.nodes[node].life += 1;
        ends.into_iter().for_each(|end| self.cut(end));
        self.nodes[node].seen.clear();
        self.nodes[node].messages.clear();
        self.at(down_ms, Happening::Restart { node });
    }

    pub(super) fn restart(&mut self, node: usize) {
        if self.nodes[node].sync.is_none() {
            let spec = Arc::clone(&self.setting.spec);
            let tree = self.nodes[node].chain.tree.clone();
            self.nodes[node].sync = Some(Sync::new(spec, tree, Limits::default()));
            let life = self.nodes[node].life;
            self.at(0, Happening::Tick { node, life });
        }
    }
}
