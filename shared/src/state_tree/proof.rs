//! The proof of what one account has, or that it was never touched.

use borsh::{BorshDeserialize, BorshSerialize};

use super::{EMPTY, Hash, bit, hash_inner, hash_leaf, tree_key};
use crate::address::Address;
use crate::hash::StateRoot;
use crate::state::Account;

/// The longest path: one sibling a bit.
const MAX_SIBLINGS: usize = 256;

/// Proves what an account has under a state root.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct AccountProof {
    /// The account, or `None` when it was never touched.
    pub value: Option<Account>,
    /// The leaf at the end of the path: key and value hash.
    pub leaf: Option<(Hash, Hash)>,
    /// From the root down, at most 256.
    pub siblings: Vec<Hash>,
}

/// An [`AccountProof`] does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccountProofError {
    /// A path longer than the tree is deep.
    #[error("{got} siblings: a path has at most 256")]
    TooDeep {
        /// How many there are.
        got: usize,
    },
    /// The leaf is not the one that the claim needs.
    #[error("the leaf does not belong to the claimed account")]
    WrongLeaf,
    /// The proof leads to another root.
    #[error("the proof leads to state root {actual}, not {expected}")]
    Root {
        /// The coinbase's root.
        expected: StateRoot,
        /// Where the proof leads.
        actual: StateRoot,
    },
}

impl AccountProof {
    /// Checks that under `root`, `address` has exactly the account that is returned.
    ///
    /// # Errors
    /// See [`AccountProofError`].
    pub fn verify(&self, address: &Address, root: &StateRoot) -> Result<Account, AccountProofError> {
        if self.siblings.len() > MAX_SIBLINGS {
            return Err(AccountProofError::TooDeep { got: self.siblings.len() });
        }
        let key = tree_key(address);
        let fits = match (&self.value, &self.leaf) {
            (Some(account), Some((leaf_key, value_hash))) => {
                *leaf_key == key && *value_hash == account.value_hash()
            }
            (Some(_), None) => false,
            (None, None) => true,
            (None, Some((other, _))) => {
                *other != key && (0..self.siblings.len()).all(|depth| bit(other, depth) == bit(&key, depth))
            }
        };
        if !fits {
            return Err(AccountProofError::WrongLeaf);
        }
        let end = self.leaf.as_ref().map_or(EMPTY, |(key, value_hash)| hash_leaf(key, value_hash));
        let hash = self.siblings.iter().enumerate().rev().fold(end, |hash, (depth, sibling)| {
            if bit(&key, depth) { hash_inner(sibling, &hash) } else { hash_inner(&hash, sibling) }
        });
        let actual = StateRoot(hash);
        if actual == *root {
            Ok(self.value.unwrap_or_default())
        } else {
            Err(AccountProofError::Root { expected: *root, actual })
        }
    }
}
