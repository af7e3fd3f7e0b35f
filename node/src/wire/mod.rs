//! What nodes say to each other: borsh messages inside libp2p's frames. Pure: it knows no socket.
//!
//! Nothing here is trusted. Whoever decodes a message checks its counts against the limits below before anything else.

use borsh::{BorshDeserialize, BorshSerialize};
use shared::block::{Coinbase, Header};
use shared::hash::{BlockHash, TxId};
use shared::spec::ChainSpec;
use shared::transaction::Transaction;

#[cfg(test)]
mod tests;

/// The version of these messages; it is in the name of every protocol.
pub const WIRE_VERSION: u32 = 1;
/// A message is at most so long: two full blocks of the chain `main`.
pub const MAX_MESSAGE_BYTES: usize = 2 << 20;
/// The longest name that a node gives itself, in bytes of UTF-8.
pub const MAX_AGENT_BYTES: usize = 256;
/// Hashes in a locator: ten blocks one by one, then steps that double, are 101 only after 2^91 blocks.
pub const MAX_LOCATOR_HASHES: usize = 101;
/// Headers in one answer: 40 KB, and 6 ms to check.
pub const MAX_HEADERS: usize = 500;
/// Blocks that one request may name; an answer holds as many as fit into it, and the first of them always.
pub const MAX_BLOCKS: usize = 128;
/// Transactions that one request may name.
pub const MAX_TRANSACTIONS: usize = 1_000;
/// Ids of waiting transactions in one answer: as many as a mempool holds by default.
pub const MAX_PENDING_IDS: usize = 50_000;

/// Returns the name of a protocol, such as `sync`: another chain has another genesis hash, so its nodes never agree on
/// a protocol with ours.
#[must_use]
pub fn protocol_name(spec: &ChainSpec, name: &str) -> String {
    format!("/ironchain/{}/{WIRE_VERSION}/{name}", spec.genesis_hash())
}

/// What a node says of itself when a connection opens. Only its claims: they decide whom to ask, never what is true.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Hello {
    /// Its program and version, at most [`MAX_AGENT_BYTES`].
    pub agent: String,
    /// Its tip's height.
    pub height: u64,
    /// Its tip.
    pub tip: BlockHash,
    /// The work of its chain, genesis included, big-endian.
    pub work: [u8; 32],
}

/// The longest reason in a farewell, in bytes of UTF-8.
pub const MAX_REASON_BYTES: usize = 1_024;

/// A question. Each has exactly one answer, in the variant of [`Response`] with the same name; a farewell has none.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Request {
    /// Who are you? The one who dialled asks first.
    Hello(Hello),
    /// The headers of the best chain after the first of these hashes that is on it, else after genesis.
    Headers {
        /// From the tip back, at most [`MAX_LOCATOR_HASHES`].
        locator: Vec<BlockHash>,
    },
    /// These blocks, whatever branch they are on.
    Blocks {
        /// At most [`MAX_BLOCKS`].
        hashes: Vec<BlockHash>,
    },
    /// Some transactions of one block.
    BlockTransactions {
        /// The block.
        block: BlockHash,
        /// Positions from 0 in strictly rising order, at most as many as the block has.
        indexes: Vec<u32>,
    },
    /// The ids of all transactions that wait for a block.
    PendingIds,
    /// These waiting transactions.
    Transactions {
        /// At most [`MAX_TRANSACTIONS`].
        ids: Vec<TxId>,
    },
    /// You have to go. The one who is told closes the connection; else it is cut a moment later.
    Farewell {
        /// Until when none from its address may come back, Unix seconds; `None` when it may come at once.
        banned_until: Option<u64>,
        /// At most [`MAX_REASON_BYTES`].
        reason: String,
    },
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Response {
    /// What the one who was dialled says of itself.
    Hello(Hello),
    /// One after another, at most [`MAX_HEADERS`]; fewer than that only when the last is the tip.
    Headers(Vec<Header>),
    /// Encoded blocks, in the order of the question and without gaps, as many as fit; none when the first is unknown.
    Blocks(Vec<Vec<u8>>),
    /// In the order of the question, or none when the block is unknown or the question makes no sense.
    BlockTransactions(Vec<Transaction>),
    /// In no particular order, at most [`MAX_PENDING_IDS`].
    PendingIds(Vec<TxId>),
    /// Those that still wait, as many as fit.
    Transactions(Vec<Transaction>),
}

/// A new block without its transactions, which most nodes have already. Its ids and coinbase are bound by the header's
/// Merkle root, so that whoever passes on a wrong list is found out at once.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct BlockAnnouncement {
    /// The header.
    pub header: Header,
    /// The coinbase.
    pub coinbase: Coinbase,
    /// The ids of the transactions, in the block's order.
    pub tx_ids: Vec<TxId>,
}

/// New transactions, gathered for a moment.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct TransactionAnnouncement {
    /// At most [`MAX_TRANSACTIONS`].
    pub transactions: Vec<Transaction>,
}
