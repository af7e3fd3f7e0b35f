//! What is known of the chain: all headers worth keeping, which of their blocks are stored, and two tips.
//!
//! What bounds its memory: a header comes in with its block, which the chain bounds, or at the end of more work than
//! anything known before, so that whoever wants us to keep one has to outdo the whole network first. Of these the ones
//! that no connected peer calls its own are dropped when they come to [`MAX_SIDE_HEADERS`], or keep a better chain out.

use std::collections::HashSet;

use shared::block::Header;
use shared::consensus::{RuleError, check_header, check_header_alone};
use shared::hash::BlockHash;
use shared::pow::{Ancestry, Work};
use shared::spec::Rules;

use crate::headers::{HeaderTree, Node, NodeId, work};

/// Headers without a block, beside the best chain, before those that nobody calls his own are dropped: 3 MB.
pub(super) const MAX_SIDE_HEADERS: usize = 20_000;
/// When that many are somebody's own, so many more come before it is worth looking again, which takes milliseconds.
pub(super) const MORE_SIDE_HEADERS: usize = 2_000;
/// The first hashes of a locator go one by one: most forks are that short.
const SINGLE_STEPS: u64 = 10;
/// A locator that goes on from the last answer need not reach far: its peer has just shown where it is.
const SHORT_LOCATOR_DEPTH: u64 = 1_024;

/// The end of a chain of headers, kept or not: all that is needed to check the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Trail {
    pub(super) hash: BlockHash,
    pub(super) work: Work,
    ancestry: Ancestry,
}

impl Trail {
    /// HDR-1 and HDR-3 to HDR-6 for a header whose parent is this one. `now` is in Unix seconds.
    pub(super) fn step(
        &self,
        rules: &Rules,
        header: &Header,
        hash: BlockHash,
        now: u64,
    ) -> Result<Self, RuleError> {
        check_header_alone(header)?;
        check_header(rules, header, &hash, &self.ancestry, now)?;
        let grandparent_time = Some(self.ancestry.time);
        let ancestry = Ancestry { bits: header.bits, time: header.time, grandparent_time };
        Ok(Self { hash, work: self.work.saturating_add(work(header.bits)), ancestry })
    }
}

/// The header tree, and which blocks of it are stored.
#[derive(Debug)]
pub(super) struct Known {
    tree: HeaderTree,
    /// The headers whose blocks are not stored, condemned or not. Never iterated: its order is not always the same.
    missing: HashSet<BlockHash>,
    /// The stored block with the most work; of equals the one known first.
    tip: NodeId,
    /// The header with the most work that is not condemned; of equals the one known first.
    best: NodeId,
}

impl Known {
    /// `tree` holds the headers of stored blocks, and condemned ones.
    pub(super) fn new(tree: HeaderTree) -> Self {
        let mut known =
            Self { tree, missing: HashSet::new(), tip: HeaderTree::GENESIS, best: HeaderTree::GENESIS };
        let genesis = known.tip().hash;
        known.choose(&genesis, &genesis);
        known
    }

    pub(super) fn get(&self, hash: &BlockHash) -> Option<&Node> {
        self.tree.find(hash).map(|id| self.tree.node(id))
    }

    pub(super) fn tip(&self) -> &Node {
        self.tree.node(self.tip)
    }

    pub(super) fn best(&self) -> &Node {
        self.tree.node(self.best)
    }

    /// Returns how many headers have no block.
    pub(super) fn missing_count(&self) -> usize {
        self.missing.len()
    }

    /// Returns whether the block is stored and, as far as is known, valid.
    pub(super) fn is_stored(&self, hash: &BlockHash) -> bool {
        !self.missing.contains(hash) && self.get(hash).is_some_and(|node| !node.is_condemned)
    }

    /// Returns the least work that a block must bring which nobody asked for: that of the best chain `depth` blocks ago.
    pub(super) fn least_work(&self, depth: u64) -> Work {
        self.tree.node(self.tree.ancestor(self.tip, depth)).work
    }

    /// Returns where a chain of headers can go on.
    pub(super) fn trail(&self, hash: &BlockHash) -> Option<Trail> {
        let id = self.tree.find(hash)?;
        Some(Trail { hash: *hash, work: self.tree.node(id).work, ancestry: self.tree.ancestry(id) })
    }

    /// Keeps a header whose block is not stored; `false` when its parent is not there (any more).
    pub(super) fn insert(&mut self, hash: BlockHash, header: &Header) -> bool {
        let Some(parent) = self.tree.find(&header.prev_hash) else { return false };
        if self.tree.find(&hash).is_none() {
            let id = self.tree.insert(parent, hash, header, false);
            self.missing.insert(hash);
            self.consider_best(id);
        }
        true
    }

    /// Notes that a block is stored; `false` when its parent's is not, or it is condemned: that cannot be.
    pub(super) fn store(&mut self, hash: BlockHash, header: &Header) -> bool {
        if !self.is_stored(&header.prev_hash) || !self.insert(hash, header) {
            return false;
        }
        self.stored(&hash)
    }

    /// Notes that the block of a known header is stored.
    pub(super) fn stored(&mut self, hash: &BlockHash) -> bool {
        let Some(id) = self.tree.find(hash).filter(|id| !self.tree.node(*id).is_condemned) else {
            return false;
        };
        self.missing.remove(hash);
        if self.tree.node(id).work > self.tip().work {
            self.tip = id;
        }
        self.prefer_tip();
        true
    }

    /// Condemns a header and all that descend from it.
    pub(super) fn condemn(&mut self, hash: &BlockHash) {
        if let Some(id) = self.tree.find(hash).filter(|id| *id != HeaderTree::GENESIS) {
            let (tip, best) = (self.tip().hash, self.best().hash);
            self.tree.condemn(id);
            self.choose(&tip, &best);
        }
    }

    /// Drops the headers without a block that none of `vouched` is or descends from. What is condemned stays.
    pub(super) fn forget_all_but(&mut self, vouched: impl Iterator<Item = BlockHash>) {
        let mut kept: HashSet<NodeId> = HashSet::new();
        for hash in vouched {
            let mut next = self.tree.find(&hash);
            while let Some(id) = next
                && self.missing.contains(&self.tree.node(id).hash)
                && kept.insert(id)
            {
                next = self.tree.node(id).parent;
            }
        }
        let (tip, best) = (self.tip().hash, self.best().hash);
        let missing = &mut self.missing;
        self.tree.retain(|id, node| {
            let is_kept = node.is_condemned || !missing.contains(&node.hash) || kept.contains(&id);
            if !is_kept {
                missing.remove(&node.hash);
            }
            is_kept
        });
        // Descendants of what was dropped went along without being asked about.
        let tree = &self.tree;
        missing.retain(|hash| tree.find(hash).is_some());
        self.choose(&tip, &best);
    }

    /// Returns the blocks that are missing on the way to the best header, oldest first; only those after `last`, and
    /// `true`, when it is one of them.
    pub(super) fn path_after(&self, last: Option<&BlockHash>) -> (Vec<BlockHash>, bool) {
        let back = std::iter::successors(Some(self.best), |id| self.tree.node(*id).parent);
        let mut path = Vec::new();
        let mut is_after = false;
        for hash in back.map(|id| self.tree.node(id).hash) {
            is_after = last == Some(&hash);
            if is_after || !self.missing.contains(&hash) {
                break;
            }
            path.push(hash);
        }
        path.reverse();
        (path, is_after)
    }

    /// Returns whether a header is on the best chain of headers.
    pub(super) fn is_on_best(&self, hash: &BlockHash) -> bool {
        self.get(hash).is_some_and(|node| node.height == self.common_height(hash))
    }

    /// Returns whether one header is the other or descends from it.
    pub(super) fn leads_to(&self, hash: &BlockHash, later: &BlockHash) -> bool {
        let (Some(id), Some(later)) = (self.tree.find(hash), self.tree.find(later)) else { return false };
        self.tree.fork_point(id, later) == id
    }

    /// Returns up to which height the best chain of headers and the one that ends with `hash` are the same.
    pub(super) fn common_height(&self, hash: &BlockHash) -> u64 {
        let fork = self.tree.find(hash).map(|id| self.tree.fork_point(id, self.best));
        fork.map_or(0, |fork| self.tree.node(fork).height)
    }

    /// Returns hashes from `start` back, one by one and then in steps that double, and genesis.
    pub(super) fn locator(&self, start: &BlockHash, is_short: bool) -> Vec<BlockHash> {
        let mut id = self.tree.find(start).unwrap_or(self.best);
        let lowest = if is_short { self.tree.node(id).height.saturating_sub(SHORT_LOCATOR_DEPTH) } else { 0 };
        let mut locator = Vec::new();
        let mut step = 1;
        while self.tree.node(id).height > lowest {
            locator.push(self.tree.node(id).hash);
            if locator.len() as u64 >= SINGLE_STEPS {
                step *= 2;
            }
            id = self.tree.ancestor(id, step);
        }
        if locator.last() != Some(&self.tree.node(HeaderTree::GENESIS).hash) {
            locator.push(self.tree.node(HeaderTree::GENESIS).hash);
        }
        locator
    }

    fn consider_best(&mut self, id: NodeId) {
        let node = self.tree.node(id);
        if !node.is_condemned && node.work > self.best().work {
            self.best = id;
        }
    }

    /// Finds both tips anew; of equals the ones before stay.
    fn choose(&mut self, tip: &BlockHash, best: &BlockHash) {
        let legal = |hash| self.tree.find(hash).filter(|id| !self.tree.node(*id).is_condemned);
        let mut tip = legal(tip).unwrap_or(HeaderTree::GENESIS);
        let mut best = legal(best).unwrap_or(HeaderTree::GENESIS);
        for (id, node) in self.tree.nodes().filter(|(_, node)| !node.is_condemned) {
            if node.work > self.tree.node(best).work {
                best = id;
            }
            if node.work > self.tree.node(tip).work && !self.missing.contains(&node.hash) {
                tip = id;
            }
        }
        (self.tip, self.best) = (tip, best);
        self.prefer_tip();
    }

    /// Of equals what is stored is best.
    fn prefer_tip(&mut self) {
        if self.tip().work >= self.best().work {
            self.best = self.tip;
        }
    }
}
