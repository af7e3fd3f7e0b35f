//! What a node proves, each part as the hex of its encoding (`docs/protocol.md`, section 10).

use serde::{Deserialize, Serialize};

use crate::hash::{BlockHash, TxId};

/// An account after the tip, and what binds it to the tip's header. Whoever has checked that header's work need not
/// believe anything else in here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountProofView {
    /// In bech32m.
    pub address: String,
    /// The tip's height.
    pub height: u64,
    /// The tip's hash.
    pub block_hash: BlockHash,
    /// Hex of the tip's header.
    pub header: String,
    /// Hex of the [`crate::merkle::MerkleProof`] of the tip's coinbase, which holds the state root.
    pub coinbase_proof: String,
    /// Hex of the [`crate::state_tree::AccountProof`] under that root.
    pub account_proof: String,
}

/// A transaction of the best chain, and what binds it to its block's header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransactionProofView {
    /// Its id.
    pub tx_id: TxId,
    /// Its block's height.
    pub height: u64,
    /// Its block's hash.
    pub block_hash: BlockHash,
    /// Hex of its block's header.
    pub header: String,
    /// Hex of the [`crate::merkle::MerkleProof`] of the block's coinbase, which holds height and count.
    pub coinbase_proof: String,
    /// Hex of the [`crate::merkle::MerkleProof`] of the transaction.
    pub proof: String,
}
