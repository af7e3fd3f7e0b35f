//! What subscriptions tell.

use serde::{Deserialize, Serialize};

use super::TransactionView;
use crate::hash::{BlockHash, TxId};

/// The tip of the best chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeadView {
    /// Its hash.
    pub hash: BlockHash,
    /// Its height.
    pub height: u64,
    /// Unix seconds.
    pub time: u32,
    /// The compact target.
    pub bits: u32,
    /// How many transactions it holds.
    pub tx_count: u32,
    /// The miner's address in bech32m.
    pub miner: String,
    /// Whole coins: subsidy and fees.
    pub reward: u64,
    /// How many blocks of the former best chain it undid: 0 when it just extends it.
    pub disconnected: u64,
    /// The blocks that it undid, oldest first; of more than 100 the last. Absent when it just extends it by one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub disconnected_hashes: Vec<BlockHash>,
    /// The blocks of the new branch, itself included, likewise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub connected_hashes: Vec<BlockHash>,
}

/// Where a transaction is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransactionNewsView {
    /// Its id.
    pub tx_id: TxId,
    /// Where it is.
    #[serde(flatten)]
    pub news: TransactionNews,
}

/// Where a transaction is now, or what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum TransactionNews {
    /// It is neither in the mempool nor on the best chain, and nothing was seen of it since the subscription began.
    Unknown,
    /// It is in the mempool; it may have been in a block that a reorg left.
    Pending,
    /// It is in a block of the best chain.
    Confirmed {
        /// The block's hash.
        block_hash: BlockHash,
        /// The block's height.
        height: u64,
        /// The block's time, Unix seconds.
        time: u32,
        /// 1 when the block is the tip.
        confirmations: u64,
    },
    /// Another transaction has its nonce.
    Replaced {
        /// That one, when it came to the mempool; absent when only a block was seen that holds it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<TxId>,
    },
    /// It was not mined in time.
    Expired,
    /// There was no room for it, or its sender's nonces or coins do not reach it any more.
    Dropped,
}

/// What changed in the mempool since the last message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MempoolNewsView {
    /// How many transactions wait now.
    pub count: u64,
    /// The sum of their encoded sizes.
    pub bytes: u64,
    /// What came, in this order.
    pub added: Vec<TransactionView>,
    /// What waits no more.
    pub removed: Vec<RemovedView>,
    /// Whether this is all that changed. In the first message, and after more changes than a message holds, it is
    /// false and both lists are empty: then read the pages of `get_mempool`.
    pub is_complete: bool,
}

/// A transaction that waits no more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemovedView {
    /// Its id.
    pub tx_id: TxId,
    /// Why.
    pub reason: RemovalReason,
}

/// Why a transaction waits no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RemovalReason {
    /// It is in a block.
    Confirmed,
    /// Another one has its nonce.
    Replaced,
    /// It was not mined in time.
    Expired,
    /// There was no room for it, or its sender's nonces or coins do not reach it any more.
    Dropped,
}
