//! What a node answers: shapes for display, which a page can check against proofs.
//!
//! Integers are at most 2^53 − 1, hashes are hex as `docs/protocol.md` shows them, addresses are bech32m.

mod forks;
mod news;
mod peers;
mod proofs;
mod submit;

use serde::{Deserialize, Serialize};

pub use self::forks::{ForkBlockView, ForkView, ForksView};
pub use self::news::{
    HeadView, MempoolNewsView, RemovalReason, RemovedView, TransactionNews, TransactionNewsView,
};
pub use self::peers::{BanView, BansView, NamedPeerView, PeerRole, PeerView, PeersView};
pub use self::proofs::{AccountProofView, TransactionProofView};
pub use self::submit::{CheckVerdict, CheckView, SubmittedView};
use crate::hash::{BlockHash, ChainRoot, HistoryHead, MerkleRoot, StateRoot, TxId};

/// What chain a node is on and how far it has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InfoView {
    /// The chain's name, such as `main`.
    pub chain: String,
    /// Tells this chain from all others.
    pub genesis_hash: BlockHash,
    /// The tip's height.
    pub height: u64,
    /// The height of the best headers, whose work is checked, while their blocks are copied from other nodes and many
    /// are missing; absent otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headers: Option<u64>,
    /// The tip's hash.
    pub tip: BlockHash,
    /// The chain's cumulative work, hex without leading zeros or prefix.
    pub work: String,
    /// The seconds that a block should take.
    pub target_block_time: u32,
    /// How many transactions wait for a block.
    pub mempool_size: u64,
    /// The node's software version.
    pub version: String,
    /// The version of the protocol that the node speaks; this software's is [`super::PROTOCOL`].
    pub protocol: u32,
    /// The SHA-256 of the program in the wallet page that the node serves, in hex; absent when it serves none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page_sha256: Option<String>,
    /// How other nodes can dial this one; absent when none can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer: Option<PeerAddressView>,
}

/// How a node can be dialled by others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeerAddressView {
    /// Its id in the network, as libp2p writes it.
    pub id: String,
    /// The TCP port for other nodes, on the host of the API.
    pub port: u16,
    /// Other addresses of it (multiaddr), if its operator named some.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub announced: Vec<String>,
}

/// A confirmed balance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BalanceView {
    /// As it was sent.
    pub address: String,
    /// Whole coins.
    pub balance: u64,
}

/// An account at the tip, and what the mempool will do to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountView {
    /// In bech32m.
    pub address: String,
    /// Confirmed whole coins.
    pub balance: u64,
    /// The number of confirmed transactions sent.
    pub nonce: u64,
    /// The number of history entries.
    pub history_len: u64,
    /// The running hash over the history.
    pub history_head: HistoryHead,
    /// The tip's height that all of this holds at.
    pub height: u64,
    /// The tip's hash that all of this holds at.
    pub block_hash: BlockHash,
    /// The nonce for the next transaction, after those that are pending.
    pub next_nonce: u64,
    /// Coins that pending transactions of this account will take, fees included.
    pub pending_out: u64,
    /// Pending transactions that touch this account, by sender and nonce.
    pub pending: Vec<TransactionView>,
}

/// A transaction for display.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransactionView {
    /// Its id.
    pub tx_id: TxId,
    /// The sender's address in bech32m.
    pub sender: String,
    /// The receiver's address in bech32m.
    pub receiver: String,
    /// Whole coins.
    pub amount: u64,
    /// Whole coins for the miner.
    pub fee: u64,
    /// The sender's nonce.
    pub nonce: u64,
    /// The last height whose block may hold it; 0 never expires.
    pub expires_at: u64,
    /// Text from its sender: show it as text only.
    pub comment: String,
}

/// A transaction and where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransactionStatusView {
    /// The transaction.
    pub transaction: TransactionView,
    /// Where it is.
    #[serde(flatten)]
    pub status: TransactionStatus,
}

/// Where a transaction is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum TransactionStatus {
    /// In the mempool.
    Pending,
    /// In a block of the best chain.
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
}

/// A page of an account's history, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryView {
    /// In bech32m.
    pub address: String,
    /// How many entries there are in all.
    pub history_len: u64,
    /// Newest first.
    pub entries: Vec<HistoryEntryView>,
    /// The history head before the oldest of `entries`.
    pub head_before: HistoryHead,
    /// The tip's height that this holds at.
    pub height: u64,
}

/// One thing that happened to an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryEntryView {
    /// From 0, in order.
    pub index: u64,
    /// The block's height.
    pub height: u64,
    /// The block's time, Unix seconds.
    pub time: u32,
    /// What happened.
    #[serde(flatten)]
    pub event: HistoryEvent,
}

/// What happened to an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum HistoryEvent {
    /// It sent or received (or both).
    Transaction {
        /// The transaction's id.
        id: TxId,
        /// The transaction.
        view: TransactionView,
    },
    /// It mined a block.
    Reward {
        /// The block's hash.
        id: BlockHash,
        /// Whole coins: subsidy and fees.
        reward: u64,
    },
}

/// A block for display.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockView {
    /// Its hash.
    pub hash: BlockHash,
    /// Its height.
    pub height: u64,
    /// 1 when it is the tip; 0 when it is not on the best chain.
    pub confirmations: u64,
    /// The encoded size in bytes.
    pub size: u64,
    /// The header's version.
    pub version: u32,
    /// The parent's hash.
    pub prev_hash: BlockHash,
    /// The root over coinbase and transactions.
    pub merkle_root: MerkleRoot,
    /// Unix seconds.
    pub time: u32,
    /// The compact target.
    pub bits: u32,
    /// The header's nonce.
    pub nonce: u32,
    /// The miner's address in bech32m.
    pub miner: String,
    /// Whole coins: subsidy and fees.
    pub reward: u64,
    /// The root over all accounts after it.
    pub state_root: StateRoot,
    /// The root over all headers before it.
    pub chain_root: ChainRoot,
    /// Hex, because it may exceed 2^53 − 1.
    pub extra_nonce: String,
    /// The miner's message, hex.
    pub message: String,
    /// In the order in which they were applied.
    pub transactions: Vec<TransactionView>,
}

/// Headers of the best chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeadersView {
    /// The hex of each, in the order of height. Fewer than were asked for when the chain ends before.
    pub headers: Vec<String>,
}

/// A page of the mempool: what pays most for its size comes first, among equals what came first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MempoolPageView {
    /// How many transactions wait in all.
    pub count: u64,
    /// The sum of their encoded sizes.
    pub bytes: u64,
    /// Of this page.
    pub entries: Vec<TransactionView>,
    /// The place after the last entry, for the next page; none when this is the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// How the node is set, for those who may steer it. It mines when there are an address and threads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeView {
    /// Who earns the rewards, in bech32m; absent while nobody is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payout: Option<String>,
    /// How many threads mine; 0 for none.
    pub threads: u64,
    /// How many threads the computer runs at once.
    pub processors: u64,
    /// Hashes per second over the last ten seconds.
    pub hash_rate: u64,
}

/// Whatever a request is answered with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// To `get_info`.
    Info(InfoView),
    /// To `get_balance`.
    Balance(BalanceView),
    /// To `get_account`, and what an address subscription pushes.
    Account(AccountView),
    /// To `get_history`.
    History(HistoryView),
    /// To `get_transaction`.
    Transaction(TransactionStatusView),
    /// To `get_block`.
    Block(BlockView),
    /// To `get_headers`.
    Headers(HeadersView),
    /// To `get_mempool`.
    Mempool(MempoolPageView),
    /// To `transaction`.
    Submitted(SubmittedView),
    /// To `check_transaction`.
    Check(CheckView),
    /// To `get_account_proof`.
    AccountProof(AccountProofView),
    /// To `get_transaction_proof`.
    TransactionProof(TransactionProofView),
    /// To `get_node`, `set_payout` and `set_mining`.
    Node(NodeView),
    /// To `get_forks`.
    Forks(ForksView),
    /// To `get_peers`, `add_peer` and `remove_peer`.
    Peers(PeersView),
    /// To `get_bans`, `ban` and `unban`.
    Bans(BansView),
    /// To `authorize`: always true.
    Authorized(bool),
    /// To `subscribe`: the subscription's id.
    Subscribed(u64),
    /// To `unsubscribe`: whether there was such a subscription.
    Unsubscribed(bool),
    /// What a heads subscription pushes.
    Head(HeadView),
    /// What a transaction subscription pushes.
    TransactionNews(TransactionNewsView),
    /// What a mempool subscription pushes.
    MempoolNews(MempoolNewsView),
}
