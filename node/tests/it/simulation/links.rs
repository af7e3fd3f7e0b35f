//! Connections: whom the real `peers` of each node dials, lets in and sends away, and what is left of a node that crashed.

use std::collections::BTreeSet;

use node::peers::{Direction, MAX_POINTS, PeerAddress, Peers, Role, points};
use node::sync::{Event, Fault, Now, PeerKey};

use super::liar::Lie;
use super::node::{End, address_of, dials_from, listens_at, nowhere};
use super::world::{Happening, World};

/// How often a node looks for more neighbours.
const DIAL_MS: u64 = 3_000;
/// How long it waits for an answer that does not come.
const NOBODY_MS: u64 = 3_000;
/// How many others a node tells of, beside itself.
const TOLD: usize = 4;

impl World {
    pub(super) fn other(&self, end: PeerKey) -> Option<usize> {
        let twin = self.ends.get(&end)?.twin;
        self.ends.get(&twin).map(|end| end.node)
    }

    /// Breaks a connection; both hear of it at once.
    pub(super) fn cut(&mut self, end: PeerKey) {
        let Some(this) = self.ends.remove(&end) else { return };
        let other = self.ends.remove(&this.twin).map(|other| (other.node, this.twin));
        for (node, end) in [(this.node, end)].into_iter().chain(other) {
            let now = self.now(node);
            self.nodes[node].ends.remove(&end);
            self.nodes[node].peers.disconnected(end, now);
            self.tell(node, Event::Disconnected { peer: end });
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

    /// Returns a node's end of its connection with another.
    fn end_between(&self, node: usize, other: usize) -> Option<PeerKey> {
        self.nodes[node].ends.iter().copied().find(|end| self.other(*end) == Some(other))
    }

    /// Dials whomever a node's `peers` wants to be dialled.
    pub(super) fn dial(&mut self, node: usize, life: u64) {
        self.at(DIAL_MS, Happening::Dial { node, life });
        let now = self.now(node);
        for dial in self.nodes[node].peers.next_dials(now) {
            let is_somebody = listens_at(dial.address).is_some_and(|other| other < self.nodes.len());
            let (low, high) = self.setting.latency_ms;
            let wait = if is_somebody { self.random.between(low, high) } else { NOBODY_MS };
            self.at(wait, Happening::Dialled { node, life, address: dial.address });
        }
    }

    /// A dial ends.
    pub(super) fn dialled(&mut self, node: usize, address: PeerAddress) {
        let now = self.now(node);
        let other =
            listens_at(address).filter(|other| self.nodes.get(*other).is_some_and(|o| o.sync.is_some()));
        let Some(other) = other.filter(|other| self.nodes[*other].group == self.nodes[node].group) else {
            return self.nodes[node].peers.dial_failed(address, now);
        };
        match self.end_between(node, other) {
            Some(end) if self.ends[&end].is_inbound => self.dialled_again(node, end, address),
            Some(_) => self.nodes[node].peers.dial_failed(address, now),
            None => self.link_up(node, other, address),
        }
    }

    /// They dialled each other. It is one peer, and has one place.
    fn dialled_again(&mut self, node: usize, end: PeerKey, address: PeerAddress) {
        let now = self.now(node);
        let peers = &mut self.nodes[node].peers;
        peers.disconnected(end, now);
        if peers.connected(end, address, Direction::Outbound, now).is_ok() {
            peers.greeted(end, now);
            let is_block_only = is_block_only(peers, end, now);
            let end = self.ends.get_mut(&end).unwrap();
            (end.is_inbound, end.is_block_only) = (false, is_block_only);
        } else {
            self.cut(end);
        }
    }

    /// Connects two nodes, if both agree.
    fn link_up(&mut self, a: usize, b: usize, address: PeerAddress) {
        let (now_a, now_b) = (self.now(a), self.now(b));
        let (end, twin) = (PeerKey(self.number()), PeerKey(self.number()));
        let Ok(evicted) = self.nodes[b].peers.connected(twin, dials_from(a), Direction::Inbound, now_b)
        else {
            return self.nodes[a].peers.dial_failed(address, now_a);
        };
        if self.nodes[a].peers.connected(end, address, Direction::Outbound, now_a).is_err() {
            return self.nodes[b].peers.disconnected(twin, now_b);
        }
        let (low, high) = self.setting.latency_ms;
        let latency_ms = self.random.between(low, high);
        for (node, end, twin, is_inbound) in [(a, end, twin, false), (b, twin, end, true)] {
            let is_block_only = is_block_only(&self.nodes[node].peers, end, now_a);
            self.ends.insert(end, End { is_block_only, ..End::new(node, twin, latency_ms, is_inbound) });
            self.nodes[node].ends.insert(end);
        }
        if let Some(evicted) = evicted {
            self.cut(evicted);
        }
        for (node, end, other) in [(a, end, b), (b, twin, a)] {
            let now = self.now(node);
            let peers = &mut self.nodes[node].peers;
            peers.greeted(end, now);
            peers.answered(end, u32::try_from(2 * latency_ms).unwrap());
            for told in self.tells_of(other) {
                // A ban, or its own address: whatever the reason, it is the node's own affair.
                self.nodes[node].peers.heard(end, told, now).ok();
            }
            let honest = self.nodes[other].chain.hello();
            let hello = self.nodes[other].lie.map_or(honest.clone(), |lie| lie.hello(honest, &self.cheap));
            self.tell(node, Event::Connected { peer: end, hello });
        }
    }

    /// Returns the addresses that a node tells: its own, and others that it came upon.
    fn tells_of(&mut self, node: usize) -> Vec<PeerAddress> {
        let mut told = vec![address_of(node)];
        if self.nodes[node].lie == Some(Lie::Poisons) {
            told.extend((0..self.setting.liars.len()).map(address_of));
            told.extend((0..80).map(|_| nowhere(self.random.below(5_000))));
        } else {
            let count = self.nodes.len();
            told.extend((0..TOLD).map(|_| address_of(self.random.below(count))));
        }
        told
    }

    /// A node found a fault with another: what becomes of it is for its `peers` to say.
    pub(super) fn blame(&mut self, end: PeerKey, fault: &Fault) {
        let Some(End { node, .. }) = self.ends.get(&end) else { return };
        let (node, Some(other)) = (*node, self.other(end)) else { return };
        if self.nodes[node].lie.is_some() {
            return;
        }
        let seed = self.setting.seed;
        assert!(
            self.nodes[other].lie.is_some(),
            "seed {seed}: node {node} blames the honest node {other} for {fault} after {} ms",
            self.now_ms
        );
        *self.faults.entry(fault.to_string()).or_default() += 1;
        let now = self.now(node);
        let Some(sentence) = self.nodes[node].peers.blame(end, fault, now) else {
            assert!(points(fault) < MAX_POINTS, "seed {seed}: {fault} is forgiven");
            return;
        };
        assert!(sentence.close.contains(&end) && sentence.ban.is_some(), "seed {seed}: {sentence:?}");
        *self.bans.entry(other).or_default() += 1;
        sentence.close.into_iter().for_each(|end| self.cut(end));
    }

    /// Checks that honest nodes ban liars alone, and have none among their neighbours that they banned.
    pub(super) fn check_bans(&self) {
        let seed = self.setting.seed;
        for (number, node) in self.honest() {
            let banned: BTreeSet<_> = node.peers.bans(self.now(number)).map(|ban| ban.address).collect();
            for (other, _) in self.honest() {
                let is_banned = banned.contains(&address_of(other).ban_key());
                assert!(!is_banned, "seed {seed}: node {number} bans the honest node {other}");
            }
            let mut states = node.peers.list(self.now(number));
            let banned_one = states.find(|state| banned.contains(&state.address.ban_key()));
            assert_eq!(banned_one, None, "seed {seed}: node {number} keeps somebody whom it banned");
        }
    }

    pub(super) fn crash(&mut self, node: usize, down_ms: u64) {
        let ends: Vec<_> = self.nodes[node].ends.iter().copied().collect();
        let now = self.now(node);
        // Its neighbours notice; itself it does not.
        self.nodes[node].crash(&self.setting, node, now);
        ends.into_iter().for_each(|end| self.cut(end));
        self.at(down_ms, Happening::Restart { node });
    }

    pub(super) fn restart(&mut self, node: usize) {
        if self.nodes[node].sync.is_some() {
            return;
        }
        let now = self.now(node);
        self.nodes[node].restart(&self.setting, now);
        self.keep_promises(node);
        let life = self.nodes[node].life;
        self.at(0, Happening::Tick { node, life });
        self.at(0, Happening::Dial { node, life });
    }
}

fn is_block_only(peers: &Peers, end: PeerKey, now: Now) -> bool {
    peers.list(now).any(|state| state.peer == end && state.role == Role::BlockOnly)
}
