//! The tree over all accounts: a binary sparse Merkle tree in memory, and proofs of one account
//! (`docs/protocol.md`, sections 5 and 10).
//!
//! A subtree with one leaf is that leaf and an empty subtree is a constant, so a tree of n accounts has about 1.44 n
//! inner nodes. Leaves and inner nodes live in two arenas and refer to each other by place: 168 bytes an account.

mod arena;
mod proof;

use arena::Arena;
use sha2::block_api::compress256;

use crate::address::Address;
use crate::hash::{SHA256_INITIAL_STATE, StateRoot, sha256};
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

/// Returns SHA-256(domain ‖ first ‖ second), padded here (FIPS 180-4, 5.1.1): with `domain` at most 55 bytes long it
/// is two blocks at any time, and one call of the compression is what most of an update's time goes to.
fn hash_parts<const DOMAIN: usize>(domain: &[u8; DOMAIN], first: &Hash, second: &Hash) -> Hash {
    const { assert!(DOMAIN <= 55, "domain, two hashes, the final bit and the length are two blocks") };
    let mut blocks = [[0; 64]; 2];
    let (to_domain, rest) = blocks.as_flattened_mut().split_at_mut(DOMAIN);
    let (to_first, rest) = rest.split_at_mut(first.len());
    let (to_second, rest) = rest.split_at_mut(second.len());
    let (to_end, rest) = rest.split_at_mut(1);
    let length = DOMAIN.saturating_add(64).saturating_mul(8).to_be_bytes();
    let (_, to_length) = rest.split_at_mut(rest.len().saturating_sub(length.len()));
    to_domain.copy_from_slice(domain);
    to_first.copy_from_slice(first);
    to_second.copy_from_slice(second);
    to_end.copy_from_slice(&[0x80]);
    to_length.copy_from_slice(&length);
    let mut state = SHA256_INITIAL_STATE;
    compress256(&mut state, &blocks);
    let mut hash = [0; 32];
    for (place, word) in hash.chunks_exact_mut(4).zip(state) {
        place.copy_from_slice(&word.to_be_bytes());
    }
    hash
}

/// Where a subtree is: nowhere, a leaf or an inner node, by its place in its arena. Four bytes, because there are
/// millions of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Node(u32);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Empty,
    Leaf(u32),
    Inner(u32),
}

impl Node {
    const EMPTY: Self = Self(u32::MAX);
    /// Set for leaves; places stay below it.
    const LEAF: u32 = 1 << 31;

    const fn leaf(place: u32) -> Self {
        Self(place | Self::LEAF)
    }

    const fn inner(place: u32) -> Self {
        Self(place)
    }

    const fn place(self) -> Place {
        match self.0 {
            u32::MAX => Place::Empty,
            leaf if leaf & Self::LEAF != 0 => Place::Leaf(leaf & !Self::LEAF),
            inner => Place::Inner(inner),
        }
    }
}

/// A subtree as its parent knows it. The hash is kept here, so that an update reads the nodes on its path and none of
/// their siblings: what is not in the processor's cache takes as long to fetch as to hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Subtree {
    hash: Hash,
    node: Node,
}

impl Subtree {
    const EMPTY: Self = Self { hash: EMPTY, node: Node::EMPTY };
}

#[derive(Debug, Clone, Copy)]
struct Leaf {
    key: Hash,
    value_hash: Hash,
}

#[derive(Debug, Clone, Copy)]
struct Inner {
    left: Subtree,
    right: Subtree,
}

/// One change of the tree: a key and its new value hash, or `None` to remove it.
pub type Change = (Hash, Option<Hash>);

/// The tree over all accounts.
#[derive(Debug, Clone)]
pub struct StateTree {
    leaves: Arena<Leaf>,
    inners: Arena<Inner>,
    root: Subtree,
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
        Self { leaves: Arena::new(), inners: Arena::new(), root: Subtree::EMPTY }
    }

    /// Returns the root over all accounts.
    #[must_use]
    pub fn root(&self) -> StateRoot {
        StateRoot(self.root.hash)
    }

    /// Applies all `changes` at once and returns the new root. When a key occurs twice, one of them wins.
    pub fn update(&mut self, mut changes: Vec<Change>) -> StateRoot {
        changes.sort_unstable();
        changes.dedup_by_key(|(key, _)| *key);
        self.root = self.update_subtree(self.root, 0, &changes);
        self.root()
    }

    /// Proves what `address` has; `account` is its value, or `None` when it was never touched.
    #[must_use]
    pub fn prove(&self, address: &Address, account: Option<Account>) -> AccountProof {
        let key = tree_key(address);
        let mut siblings = Vec::new();
        let mut node = self.root.node;
        while let Place::Inner(place) = node.place() {
            let inner = self.inners.get(place);
            let (next, sibling) =
                if bit(&key, siblings.len()) { (inner.right, inner.left) } else { (inner.left, inner.right) };
            siblings.push(sibling.hash);
            node = next.node;
        }
        let leaf = match node.place() {
            Place::Leaf(place) => {
                let leaf = self.leaves.get(place);
                Some((leaf.key, leaf.value_hash))
            }
            Place::Empty | Place::Inner(_) => None,
        };
        AccountProof { value: account, leaf, siblings }
    }

    /// Applies `changes`, sorted and all under this subtree, and returns the subtree that comes of it.
    fn update_subtree(&mut self, subtree: Subtree, depth: usize, changes: &[Change]) -> Subtree {
        if changes.is_empty() {
            return subtree;
        }
        match subtree.node.place() {
            Place::Empty => self.build(depth, changes),
            Place::Leaf(place) => self.update_leaf(place, depth, changes),
            Place::Inner(place) => {
                let inner = self.inners.get(place);
                let (left, right) = split(changes, depth);
                let below = depth.saturating_add(1);
                let left = self.update_subtree(inner.left, below, left);
                let right = self.update_subtree(inner.right, below, right);
                self.join(Some(place), left, right)
            }
        }
    }

    fn update_leaf(&mut self, place: u32, depth: usize, changes: &[Change]) -> Subtree {
        let old = self.leaves.remove(place);
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
    fn build(&mut self, depth: usize, changes: &[Change]) -> Subtree {
        match changes {
            [] | [(_, None)] => Subtree::EMPTY,
            [(key, Some(value_hash))] => {
                let place = self.leaves.insert(Leaf { key: *key, value_hash: *value_hash });
                Subtree { hash: hash_leaf(key, value_hash), node: Node::leaf(place) }
            }
            _ => {
                let (left, right) = split(changes, depth);
                let below = depth.saturating_add(1);
                let left = self.build(below, left);
                let right = self.build(below, right);
                self.join(None, left, right)
            }
        }
    }

    /// Puts two subtrees together, in the inner node at `place` if there is one: two leaves or more need an inner
    /// node, one leaf rises, nothing is nothing.
    fn join(&mut self, place: Option<u32>, left: Subtree, right: Subtree) -> Subtree {
        let risen = match (left.node.place(), right.node.place()) {
            (Place::Empty, Place::Empty | Place::Leaf(_)) => Some(right),
            (Place::Leaf(_), Place::Empty) => Some(left),
            (Place::Leaf(_) | Place::Inner(_), _) | (Place::Empty, Place::Inner(_)) => None,
        };
        if let Some(risen) = risen {
            if let Some(place) = place {
                self.inners.remove(place);
            }
            return risen;
        }
        let inner = Inner { left, right };
        let place = match place {
            Some(place) => {
                self.inners.set(place, inner);
                place
            }
            None => self.inners.insert(inner),
        };
        Subtree { hash: hash_inner(&left.hash, &right.hash), node: Node::inner(place) }
    }
}

/// Parts sorted `changes` of one subtree at `depth` into those to its left and to its right.
fn split(changes: &[Change], depth: usize) -> (&[Change], &[Change]) {
    changes.split_at(changes.partition_point(|(key, _)| !bit(key, depth)))
}

#[cfg(test)]
mod tests;
