//! The tree of all headers that were ever accepted, in memory. Pure: it knows no disk and no clock.
//!
//! Every node's block is stored, and so are those of all its ancestors. What is condemned stays in the tree, so that
//! nothing can be built on it.

use std::collections::HashMap;

use shared::block::Header;
use shared::hash::BlockHash;
use shared::pow::{Ancestry, CompactTarget, Work};
use shared::spec::ChainSpec;

use crate::chain::{Branch, MAX_BRANCH_HASHES};

#[cfg(test)]
mod tests;

/// A place in the tree; a parent's is always lower than its children's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct NodeId(usize);

/// What the fork choice and the header rules need of a header.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Node {
    pub(crate) hash: BlockHash,
    /// `None` for genesis.
    pub(crate) parent: Option<NodeId>,
    pub(crate) height: u64,
    /// Of the whole chain up to here.
    pub(crate) work: Work,
    pub(crate) time: u32,
    pub(crate) bits: CompactTarget,
    /// It, or one of its ancestors, is invalid for ever.
    pub(crate) is_condemned: bool,
}

/// All headers, by hash and by descent.
#[derive(Debug)]
pub(crate) struct HeaderTree {
    nodes: Vec<Node>,
    by_hash: HashMap<BlockHash, NodeId>,
}

impl HeaderTree {
    /// The root of the tree.
    pub(crate) const GENESIS: NodeId = NodeId(0);

    pub(crate) fn new(spec: &ChainSpec) -> Self {
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

    pub(crate) fn find(&self, hash: &BlockHash) -> Option<NodeId> {
        self.by_hash.get(hash).copied()
    }

    pub(crate) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0]
    }

    /// Adds a header below `parent`. A child of something condemned is condemned as well.
    pub(crate) fn insert(
        &mut self,
        parent: NodeId,
        hash: BlockHash,
        header: &Header,
        is_condemned: bool,
    ) -> NodeId {
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
    pub(crate) fn condemn(&mut self, id: NodeId) -> Vec<NodeId> {
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
    pub(crate) fn ancestry(&self, parent: NodeId) -> Ancestry {
        let node = self.node(parent);
        let grandparent_time = node.parent.map(|above| self.node(above).time);
        Ancestry { bits: node.bits, time: node.time, grandparent_time }
    }

    /// Returns the ancestor `depth` generations above `id`, or genesis when there are not as many.
    pub(crate) fn ancestor(&self, mut id: NodeId, depth: u64) -> NodeId {
        for _ in 0..depth {
            let Some(parent) = self.node(id).parent else { break };
            id = parent;
        }
        id
    }

    /// Returns the work of the chain that ends with `header`, whose parent is `parent`.
    pub(crate) fn work_above(&self, parent: NodeId, header: &Header) -> Work {
        self.node(parent).work.saturating_add(work(header.bits))
    }

    /// Returns the last common ancestor.
    pub(crate) fn fork_point(&self, mut a: NodeId, mut b: NodeId) -> NodeId {
        // Ids grow along every branch, so the higher of two different ones is not an ancestor of the other.
        while a != b {
            let higher = if a > b { &mut a } else { &mut b };
            *higher = self.nodes[higher.0].parent.unwrap_or(Self::GENESIS);
        }
        a
    }

    /// Returns the nodes after `ancestor` up to and with `last`, oldest first.
    pub(crate) fn branch(&self, ancestor: NodeId, last: NodeId) -> Vec<NodeId> {
        let mut branch: Vec<_> = std::iter::successors(Some(last), |id| self.node(*id).parent)
            .take_while(|id| *id != ancestor)
            .collect();
        branch.reverse();
        branch
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
fn work(bits: CompactTarget) -> Work {
    bits.target().map_or(Work::ZERO, |target| target.work())
}
