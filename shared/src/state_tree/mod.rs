//! The tree over all accounts: a binary sparse Merkle tree in memory, and proofs of one account
//! (`docs/protocol.md`, sections 5 and 10).
//!
//! A subtree with one leaf is that leaf and an empty subtree is a constant, so a tree of n accounts has about 1.44 n
//! inner nodes. Leaves and inner nodes live in two arrays and refer to each other by position.

mod proof;

use crate::address::Address;
use crate::hash::{StateRoot, sha256};
use crate::state::Account;

pub use proof::{AccountProof, AccountProofError};

type Hash = [u8; 32];

const EMPTY: Hash = *b"SPARSE_MERKLE_PLACEHOLDER_HASH__";
/// The root over no accounts.
pub const EMPTY_ROOT: StateRoot = StateRoot(EMPTY);

/// Returns where an address is in the tree.
#[must_use]
pub fn tree_key(address: &Address) -> Hash {
    sha256(address.as_bytes())
}

/// Returns bit `depth` of `key`, counted from the first byte's top bit; beyond the last it is false.
fn bit(key: &Hash, depth: usize) -> bool {
    let in_byte = u32::try_from(depth.wrapping_rem(8)).unwrap_or(0);
    key.get(depth.wrapping_div(8)).is_some_and(|byte| byte.wrapping_shl(in_byte) & 0x80 != 0)
}

fn hash_leaf(key: &Hash, value_hash: &Hash) -> Hash {
    hash_parts(b"JMT::LeafNode", key, value_hash)
}

fn hash_inner(left: &Hash, right: &Hash) -> Hash {
    // The missing letter is part of the format that the crate `jmt` made common.
    hash_parts(b"JMT::IntrnalNode", left, right)
}

fn hash_parts(domain: &[u8], first: &Hash, second: &Hash) -> Hash {
    use sha2::{Digest, Sha256};
    Sha256::new().chain_update(domain).chain_update(first).chain_update(second).finalize().into()
}

/// A subtree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Node {
    Empty,
    Leaf(u32),
    Inner(u32),
}

#[derive(Debug, Clone, Copy)]
struct Leaf {
    key: Hash,
    value_hash: Hash,
    hash: Hash,
}

#[derive(Debug, Clone, Copy)]
struct Inner {
    left: Node,
    right: Node,
    hash: Hash,
}

/// An array whose places are used again.
#[derive(Debug, Clone)]
struct Arena<T> {
    items: Vec<T>,
    free: Vec<u32>,
}

impl<T: Copy> Arena<T> {
    const fn new() -> Self {
        Self { items: Vec::new(), free: Vec::new() }
    }

    #[expect(clippy::expect_used, reason = "2^32 places are more than memory holds")]
    fn insert(&mut self, item: T) -> u32 {
        if let Some(id) = self.free.pop() {
            self.set(id, item);
            return id;
        }
        let id = u32::try_from(self.items.len()).expect("2^32 nodes exceed any memory");
        self.items.push(item);
        id
    }

    #[expect(clippy::expect_used, reason = "ids come from `insert` alone and `items` never shrinks")]
    fn get(&self, id: u32) -> T {
        let index = usize::try_from(id).expect("u32 fits usize on every target");
        *self.items.get(index).expect("the id was handed out by insert")
    }

    fn set(&mut self, id: u32, item: T) {
        if let Some(place) = usize::try_from(id).ok().and_then(|index| self.items.get_mut(index)) {
            *place = item;
        }
    }

    fn remove(&mut self, id: u32) -> T {
        self.free.push(id);
        self.get(id)
    }
}

/// One change of the tree: a key and its new value hash, or `None` to remove it.
pub type Change = (Hash, Option<Hash>);

/// The tree over all accounts.
#[derive(Debug, Clone)]
pub struct StateTree {
    leaves: Arena<Leaf>,
    inners: Arena<Inner>,
    root: Node,
}

impl Default for StateTree {
    fn default() -> Self {
        Self::new()
    }
}

impl StateTree {
    /// Returns the tree over no accounts.
    #[must_use]
    pub const fn new() -> Self {
        Self { leaves: Arena::new(), inners: Arena::new(), root: Node::Empty }
    }

    /// Returns the root over all accounts.
    #[must_use]
    pub fn root(&self) -> StateRoot {
        StateRoot(self.hash(self.root))
    }

    /// Applies all `changes` at once and returns the new root. When a key occurs twice, one of them wins.
    pub fn update(&mut self, mut changes: Vec<Change>) -> StateRoot {
        changes.sort_unstable();
        changes.dedup_by_key(|(key, _)| *key);
        self.root = self.update_node(self.root, 0, &changes);
        self.root()
    }

    /// Proves what `address` has; `account` is its value, or `None` when it was never touched.
    #[must_use]
    pub fn prove(&self, address: &Address, account: Option<Account>) -> AccountProof {
        let key = tree_key(address);
        let mut siblings = Vec::new();
        let mut node = self.root;
        while let Node::Inner(id) = node {
            let inner = self.inners.get(id);
            let (next, sibling) =
                if bit(&key, siblings.len()) { (inner.right, inner.left) } else { (inner.left, inner.right) };
            siblings.push(self.hash(sibling));
            node = next;
        }
        let leaf = match node {
            Node::Leaf(id) => {
                let leaf = self.leaves.get(id);
                Some((leaf.key, leaf.value_hash))
            }
            Node::Empty | Node::Inner(_) => None,
        };
        AccountProof { value: account, leaf, siblings }
    }

    fn hash(&self, node: Node) -> Hash {
        match node {
            Node::Empty => EMPTY,
            Node::Leaf(id) => self.leaves.get(id).hash,
            Node::Inner(id) => self.inners.get(id).hash,
        }
    }

    /// Applies `changes`, sorted and all under this subtree, and returns the subtree that comes of it.
    fn update_node(&mut self, node: Node, depth: usize, changes: &[Change]) -> Node {
        if changes.is_empty() {
            return node;
        }
        match node {
            Node::Empty => self.build(depth, changes),
            Node::Leaf(id) => self.update_leaf(id, depth, changes),
            Node::Inner(id) => {
                let inner = self.inners.get(id);
                let (left, right) = split(changes, depth);
                let below = depth.saturating_add(1);
                let left = self.update_node(inner.left, below, left);
                let right = self.update_node(inner.right, below, right);
                self.join(Some(id), left, right)
            }
        }
    }

    fn update_leaf(&mut self, id: u32, depth: usize, changes: &[Change]) -> Node {
        let old = self.leaves.remove(id);
        match changes.binary_search_by_key(&old.key, |(key, _)| *key) {
            Ok(_) => self.build(depth, changes),
            Err(position) => {
                let mut changes = changes.to_vec();
                changes.insert(position, (old.key, Some(old.value_hash)));
                self.build(depth, &changes)
            }
        }
    }

    /// Builds a subtree from nothing.
    fn build(&mut self, depth: usize, changes: &[Change]) -> Node {
        match changes {
            [] | [(_, None)] => Node::Empty,
            [(key, Some(value_hash))] => Node::Leaf(self.leaves.insert(Leaf {
                key: *key,
                value_hash: *value_hash,
                hash: hash_leaf(key, value_hash),
            })),
            _ => {
                let (left, right) = split(changes, depth);
                let below = depth.saturating_add(1);
                let left = self.build(below, left);
                let right = self.build(below, right);
                self.join(None, left, right)
            }
        }
    }

    /// Puts two subtrees together, in the place of inner node `id` if there is one: two leaves or more need an inner
    /// node, one leaf rises, nothing is nothing.
    fn join(&mut self, id: Option<u32>, left: Node, right: Node) -> Node {
        let risen = match (left, right) {
            (Node::Empty, Node::Empty | Node::Leaf(_)) => Some(right),
            (Node::Leaf(_), Node::Empty) => Some(left),
            (Node::Leaf(_) | Node::Inner(_), _) | (Node::Empty, Node::Inner(_)) => None,
        };
        if let Some(risen) = risen {
            if let Some(id) = id {
                self.inners.remove(id);
            }
            return risen;
        }
        let inner = Inner { left, right, hash: hash_inner(&self.hash(left), &self.hash(right)) };
        match id {
            Some(id) => {
                self.inners.set(id, inner);
                Node::Inner(id)
            }
            None => Node::Inner(self.inners.insert(inner)),
        }
    }
}

/// Parts sorted `changes` of one subtree at `depth` into those to its left and to its right.
fn split(changes: &[Change], depth: usize) -> (&[Change], &[Change]) {
    changes.split_at(changes.partition_point(|(key, _)| !bit(key, depth)))
}

#[cfg(test)]
mod tests;
