//! A tree of headers, in memory. Pure: it knows no disk and no clock.
//!
//! In the chain's, every node's block is stored, and so are those of all its ancestors; in sync's, some blocks are still
//! to be fetched. What is condemned stays in the tree, so that nothing can be built on it.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use shared::block::Header;
use shared::hash::BlockHash;
use shared::pow::{Ancestry, CompactTarget, Work};
use shared::spec::ChainSpec;

use crate::chain::{Branch, MAX_BRANCH_HASHES};

#[cfg(test)]
mod tests;

/// Headers that are looked at for side branches: far more than come while a hundred blocks are mined.
const MAX_RECENT: usize = 2_000;

/// A place in the tree; a parent's is always lower than its children's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(usize);

/// What the fork choice and the header rules need of a header.
#[derive(Debug, Clone, Copy)]
pub struct Node {
    /// Of the header.
    pub hash: BlockHash,
    /// `None` for genesis.
    pub parent: Option<NodeId>,
    /// Genesis is 0.
    pub height: u64,
    /// Of the whole chain up to here.
    pub work: Work,
    /// Unix seconds.
    pub time: u32,
    /// The target that the hash meets.
    pub bits: CompactTarget,
    /// It, or one of its ancestors, is invalid for ever.
    pub is_condemned: bool,
}

/// All headers, by hash and by descent.
#[derive(Debug, Clone)]
pub struct HeaderTree {
    nodes: Vec<Node>,
    by_hash: HashMap<BlockHash, NodeId>,
}

impl HeaderTree {
    /// The root of the tree.
    pub const GENESIS: NodeId = NodeId(0);

    /// Returns a tree of genesis alone.
    #[must_use]
    pub fn new(spec: &ChainSpec) -> Self {
        let header = spec.genesis().header;
        let node = Node {
            hash: *spec.genesis_hash(),
            parent: None,
            height: 0,
            work: work(header.bits),
            time: header.time,
            bits: header.bits,
            is_condemned: false,
        };
        Self { by_hash: HashMap::from([(node.hash, Self::GENESIS)]), nodes: vec![node] }
    }

    /// Finds a header by its hash.
    #[must_use]
    pub fn find(&self, hash: &BlockHash) -> Option<NodeId> {
        self.by_hash.get(hash).copied()
    }

    /// Returns what is at `id`, which must be of this tree.
    #[must_use]
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0]
    }

    /// Adds a header below `parent`. A child of something condemned is condemned as well.
    pub fn insert(&mut self, parent: NodeId, hash: BlockHash, header: &Header, is_condemned: bool) -> NodeId {
        let above = *self.node(parent);
        let work = self.work_above(parent, header);
        let id = NodeId(self.nodes.len());
        self.nodes.push(Node {
            hash,
            parent: Some(parent),
            height: above.height + 1,
            work,
            time: header.time,
            bits: header.bits,
            is_condemned: is_condemned || above.is_condemned,
        });
        self.by_hash.insert(hash, id);
        id
    }

    /// Condemns a node and all that descend from it; returns those that were not condemned before.
    pub fn condemn(&mut self, id: NodeId) -> Vec<NodeId> {
        let mut condemned = Vec::new();
        // Parents come before children, so one pass over what follows finds all descendants.
        for index in id.0..self.nodes.len() {
            let node = &self.nodes[index];
            let is_doomed =
                index == id.0 || node.parent.is_some_and(|parent| self.nodes[parent.0].is_condemned);
            if is_doomed && !node.is_condemned {
                self.nodes[index].is_condemned = true;
                condemned.push(NodeId(index));
            }
        }
        condemned
    }

    /// Returns what the difficulty rule needs to know of a block's parent.
    #[must_use]
    pub fn ancestry(&self, parent: NodeId) -> Ancestry {
        let node = self.node(parent);
        let grandparent_time = node.parent.map(|above| self.node(above).time);
        Ancestry { bits: node.bits, time: node.time, grandparent_time }
    }

    /// Returns the ancestor `depth` generations above `id`, or genesis when there are not as many.
    #[must_use]
    pub fn ancestor(&self, mut id: NodeId, depth: u64) -> NodeId {
        for _ in 0..depth {
            let Some(parent) = self.node(id).parent else { break };
            id = parent;
        }
        id
    }

    /// Returns the work of the chain that ends with `header`, whose parent is `parent`.
    #[must_use]
    pub fn work_above(&self, parent: NodeId, header: &Header) -> Work {
        self.node(parent).work.saturating_add(work(header.bits))
    }

    /// Returns the last common ancestor.
    #[must_use]
    pub fn fork_point(&self, mut a: NodeId, mut b: NodeId) -> NodeId {
        // Ids grow along every branch, so the higher of two different ones is not an ancestor of the other.
        while a != b {
            let higher = if a > b { &mut a } else { &mut b };
            *higher = self.nodes[higher.0].parent.unwrap_or(Self::GENESIS);
        }
        a
    }

    /// Returns the nodes after `ancestor` up to and with `last`, oldest first.
    #[must_use]
    pub fn branch(&self, ancestor: NodeId, last: NodeId) -> Vec<NodeId> {
        let mut branch: Vec<_> = std::iter::successors(Some(last), |id| self.node(*id).parent)
            .take_while(|id| *id != ancestor)
            .collect();
        branch.reverse();
        branch
    }

    /// Returns all nodes, parents before their children.
    pub fn nodes(&self) -> impl Iterator<Item = (NodeId, &Node)> {
        self.nodes.iter().enumerate().map(|(index, node)| (NodeId(index), node))
    }

    /// Drops the nodes that `keep` refuses, and all that descend from them; genesis stays. Every other [`NodeId`] is of no
    /// use after it.
    pub fn retain(&mut self, mut keep: impl FnMut(NodeId, &Node) -> bool) {
        let mut places: Vec<Option<NodeId>> = Vec::with_capacity(self.nodes.len());
        let mut kept: Vec<Node> = Vec::new();
        for (index, node) in self.nodes.iter().enumerate() {
            let parent = node.parent.map(|parent| places[parent.0]);
            let is_kept = match parent {
                None => true,
                Some(parent) => parent.is_some() && keep(NodeId(index), node),
            };
            places.push(is_kept.then_some(NodeId(kept.len())));
            if is_kept {
                kept.push(Node { parent: parent.flatten(), ..*node });
            }
        }
        self.by_hash = (0..).map(NodeId).zip(&kept).map(|(id, node)| (node.hash, id)).collect();
        self.nodes = kept;
    }

    /// Returns the branches that leave the chain of `best` at one of its last `depth` blocks: the block where each
    /// leaves it, and its own last one. Highest first. Only the last `MAX_RECENT` headers are looked at.
    #[must_use]
    pub fn side_branches(&self, best: NodeId, depth: u64) -> Vec<(NodeId, NodeId)> {
        let above = |id| std::iter::successors(Some(id), |id| self.node(*id).parent);
        let floor = self.node(best).height.saturating_sub(depth);
        let chain: HashSet<_> = above(best).take_while(|id| self.node(*id).height >= floor).collect();
        let recent = (self.nodes.len().saturating_sub(MAX_RECENT)..self.nodes.len()).map(NodeId);
        let parents: HashSet<_> = recent.clone().filter_map(|id| self.node(id).parent).collect();
        let fork = |tip| {
            let mut branch = above(tip).take_while(|id| self.node(*id).height >= floor);
            branch.find(|id| chain.contains(id))
        };
        let tips = recent.filter(|id| *id != best && !parents.contains(id));
        let mut branches: Vec<_> = tips.filter_map(|tip| Some((fork(tip)?, tip))).collect();
        branches.sort_by_key(|(_, tip)| (Reverse(self.node(*tip).height), *tip));
        branches
    }

    /// Returns how many nodes [`HeaderTree::branch`] gives, and the hashes of the last of them.
    pub(crate) fn branch_hashes(&self, ancestor: NodeId, last: NodeId) -> Branch {
        let last_ones = std::iter::successors(Some(last), |id| self.node(*id).parent)
            .take_while(|id| *id != ancestor)
            .take(MAX_BRANCH_HASHES);
        let mut hashes: Vec<_> = last_ones.map(|id| self.node(id).hash).collect();
        hashes.reverse();
        Branch { count: self.node(last).height - self.node(ancestor).height, hashes }
    }
}

/// Returns the work of one block. Illegal bits, which no accepted header has, are none.
pub(crate) fn work(bits: CompactTarget) -> Work {
    bits.target().map_or(Work::ZERO, |target| target.work())
}
