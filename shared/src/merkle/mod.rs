//! The Merkle tree over a block's coinbase and transactions, and proofs of one leaf (`docs/protocol.md`, sections 4
//! and 10). It has the shape of RFC 6962: nothing is ever duplicated, so no two lists share a root.

use borsh::{BorshDeserialize, BorshSerialize};

use crate::block::Coinbase;
use crate::codec::{self, DecodeError, read_bytes};
use crate::hash::{MerkleRoot, sha256d};
use crate::transaction::Transaction;

type Hash = [u8; 32];

/// Returns the root over `leaves`: the coinbase's leaf, then the transactions' ids. Of no leaves, which no block has,
/// it is 32 zeros.
#[must_use]
pub fn merkle_root(leaves: &[Hash]) -> MerkleRoot {
    MerkleRoot(subtree_root(leaves))
}

/// Returns the siblings of the leaf at `index`, from the leaf up; empty when there is no such leaf.
#[must_use]
pub fn merkle_siblings(leaves: &[Hash], index: usize) -> Vec<Hash> {
    let mut siblings = Vec::new();
    if index < leaves.len() {
        collect_siblings(leaves, index, &mut siblings);
    }
    siblings
}

/// Returns the root that `leaf` at `index` of `count` leaves and its siblings lead to, or `None` when their number is
/// not exactly what index and count demand.
#[must_use]
pub fn merkle_root_from(index: u32, count: u32, leaf: Hash, siblings: &[Hash]) -> Option<MerkleRoot> {
    if index >= count {
        return None;
    }
    fold(index, count, leaf, siblings).map(MerkleRoot)
}

fn node(left: &Hash, right: &Hash) -> Hash {
    let mut bytes = [0; 64];
    for (place, byte) in bytes.iter_mut().zip(left.iter().chain(right)) {
        *place = *byte;
    }
    sha256d(&bytes)
}

/// Returns the largest power of two smaller than `count`, which is at least 2.
fn split_point(count: usize) -> usize {
    count.next_power_of_two().wrapping_shr(1)
}

fn subtree_root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Hash::default(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(split_point(leaves.len()));
            node(&subtree_root(left), &subtree_root(right))
        }
    }
}

fn collect_siblings(leaves: &[Hash], index: usize, siblings: &mut Vec<Hash>) {
    if leaves.len() < 2 {
        return;
    }
    let (left, right) = leaves.split_at(split_point(leaves.len()));
    if let Some(index) = index.checked_sub(left.len()) {
        collect_siblings(right, index, siblings);
        siblings.push(subtree_root(left));
    } else {
        collect_siblings(left, index, siblings);
        siblings.push(subtree_root(right));
    }
}

fn fold(index: u32, count: u32, leaf: Hash, siblings: &[Hash]) -> Option<Hash> {
    if count < 2 {
        return siblings.is_empty().then_some(leaf);
    }
    let (top, below) = siblings.split_last()?;
    // `count` is at least 2, so its highest bit or the one below it is the split point.
    let split = 1_u32.wrapping_shl(count.wrapping_sub(1).ilog2());
    if let Some(index) = index.checked_sub(split) {
        Some(node(top, &fold(index, count.checked_sub(split)?, leaf, below)?))
    } else {
        Some(node(&fold(index, split, leaf, below)?, top))
    }
}

/// Proves that a block holds one leaf. The leaf's bytes are part of it: a bare id would prove nothing, since an inner
/// node is a hash of 64 bytes too.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct MerkleProof {
    /// 0 for the coinbase, else the transaction's position + 1.
    pub index: u32,
    /// How many leaves the tree has.
    pub count: u32,
    /// The encoding of the coinbase or transaction.
    #[borsh(deserialize_with = "read_bytes")]
    pub leaf: Vec<u8>,
    /// From the leaf up.
    pub siblings: Vec<Hash>,
}

/// What a [`MerkleProof`] proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProvenLeaf {
    /// The block's coinbase.
    Coinbase(Coinbase),
    /// One of its transactions.
    Transaction(Transaction),
}

/// A [`MerkleProof`] does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MerkleProofError {
    /// Index, count and number of siblings do not fit together.
    #[error("{siblings} siblings do not lead from leaf {index} of {count} to a root")]
    Shape {
        /// The leaf's position.
        index: u32,
        /// The number of leaves.
        count: u32,
        /// How many siblings there are.
        siblings: usize,
    },
    /// The proof leads to another root.
    #[error("the proof leads to root {actual}, not {expected}")]
    Root {
        /// The header's root.
        expected: MerkleRoot,
        /// Where the proof leads.
        actual: MerkleRoot,
    },
    /// The leaf is neither a coinbase (index 0) nor a transaction.
    #[error("the leaf does not decode: {0}")]
    Leaf(DecodeError),
    /// The coinbase counts other transactions than the proof claims leaves.
    #[error("the coinbase counts {tx_count} transactions, the proof {count} leaves")]
    Count {
        /// From the coinbase.
        tx_count: u32,
        /// From the proof.
        count: u32,
    },
}

impl MerkleProof {
    /// Checks that the tree under `root` holds this leaf, and returns it decoded.
    ///
    /// # Errors
    /// See [`MerkleProofError`].
    pub fn verify(&self, root: &MerkleRoot) -> Result<ProvenLeaf, MerkleProofError> {
        let actual = merkle_root_from(self.index, self.count, sha256d(&self.leaf), &self.siblings).ok_or(
            MerkleProofError::Shape { index: self.index, count: self.count, siblings: self.siblings.len() },
        )?;
        if actual != *root {
            return Err(MerkleProofError::Root { expected: *root, actual });
        }
        if self.index > 0 {
            return codec::decode(&self.leaf).map(ProvenLeaf::Transaction).map_err(MerkleProofError::Leaf);
        }
        let coinbase: Coinbase = codec::decode(&self.leaf).map_err(MerkleProofError::Leaf)?;
        if coinbase.tx_count.checked_add(1) != Some(self.count) {
            return Err(MerkleProofError::Count { tx_count: coinbase.tx_count, count: self.count });
        }
        Ok(ProvenLeaf::Coinbase(coinbase))
    }
}

#[cfg(test)]
mod tests;
