//! What the chain thread publishes: immutable pictures of the tip, and notes of what changed.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use imbl::OrdMap;
use shared::address::Address;
use shared::block::{Coinbase, Header};
use shared::consensus::CheckedTransaction;
use shared::hash::{BlockHash, TxId};
use shared::pow::{Ancestry, Work};
use shared::spec::ChainSpec;
use shared::state::Account;

use super::state::room_for_transactions;
use crate::headers::Node;
use crate::mempool::{Change, MempoolView};

/// The last block of the best chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tip {
    /// The block's hash.
    pub hash: BlockHash,
    /// Genesis is 0.
    pub height: u64,
    /// The block's header.
    pub header: Header,
    /// The block's coinbase: who mined it, for what reward, with how many transactions.
    pub coinbase: Coinbase,
    /// The work of the whole chain, genesis included.
    pub work: Work,
    /// The parent's time in Unix seconds; `None` when the tip is genesis.
    pub parent_time: Option<u32>,
}

impl Tip {
    /// Returns what the difficulty rule needs to know for the block after this one.
    #[must_use]
    pub fn ancestry(&self) -> Ancestry {
        Ancestry { bits: self.header.bits, time: self.header.time, grandparent_time: self.parent_time }
    }
}

/// The chain at one moment. Everything in it is durable and belongs together.
#[derive(Debug, Clone)]
pub struct View {
    /// The last block.
    pub tip: Tip,
    /// All accounts after the tip.
    pub accounts: OrdMap<Address, Account>,
    /// The transactions that wait for a block.
    pub mempool: MempoolView,
}

impl View {
    /// Returns the account of `address`; one that was never touched is all zeros.
    #[must_use]
    pub fn account(&self, address: &Address) -> Account {
        self.accounts.get(address).copied().unwrap_or_default()
    }

    /// Returns the height of the block that will hold `transaction` if this node mines it and nothing else comes.
    #[must_use]
    pub fn expected_block(&self, spec: &ChainSpec, transaction: &CheckedTransaction) -> u64 {
        let bytes = self.mempool.bytes_before(transaction) + transaction.size();
        let full_blocks = bytes.saturating_sub(1) / room_for_transactions(spec).max(1);
        (self.tip.height + 1).saturating_add(u64::try_from(full_blocks).unwrap_or(u64::MAX))
    }
}

/// Something changed. `view` is the state after it.
#[derive(Debug, Clone)]
pub struct ChainEvent {
    /// The state after the change.
    pub view: Arc<View>,
    /// The addresses whose account or pending transactions changed.
    pub touched: Arc<BTreeSet<Address>>,
    /// The move of the tip; `None` when only the mempool changed.
    pub head: Option<HeadChange>,
    /// What happened to the mempool, in order. What came back at once may be there as removed and as added.
    pub mempool: Arc<Vec<Change>>,
    /// What became of each transaction that came, went or was mined.
    pub transactions: Arc<HashMap<TxId, TransactionChange>>,
}

/// What became of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransactionChange {
    /// It waits for a block.
    Waits,
    /// A block of the best chain holds it.
    Confirmed,
    /// Another one has its nonce: this one, when it came to the mempool; else one in a block.
    Replaced(Option<TxId>),
    /// It waited until its last height had passed, or for too long.
    Expired,
    /// It neither waits nor is in a block of the best chain any more.
    Dropped,
}

/// A branch in a [`HeadChange`] names at most this many of its blocks: enough for everybody who counts confirmations,
/// and an event stays below 10 KiB however deep a reorg was.
pub const MAX_BRANCH_HASHES: usize = 100;

/// How deep below the tip branches may have left the best chain to be shown.
pub const FORK_DEPTH: u64 = 100;
/// Branches that are shown; more of them are no accident, and an answer stays below 400 KB.
pub const MAX_FORKS: usize = 20;

/// The branches beside the best chain at one moment.
#[derive(Debug, Clone)]
pub struct Forks {
    /// The best chain's last block.
    pub tip: Node,
    /// Highest first, at most [`MAX_FORKS`].
    pub branches: Vec<Fork>,
}

/// A branch beside the best chain.
#[derive(Debug, Clone)]
pub struct Fork {
    /// The last block that it has in common with the best chain.
    pub from: Node,
    /// Its own, oldest first; of more than [`MAX_BRANCH_HASHES`] the newest.
    pub blocks: Vec<Node>,
}

/// A move of the tip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeadChange {
    /// The tip before.
    pub old_tip: BlockHash,
    /// What was undone: no blocks when the old tip was just extended.
    pub disconnected: Branch,
    /// What was applied.
    pub connected: Branch,
}

impl HeadChange {
    /// Returns whether this may have happened just now: more blocks at once come from a chain that is copied.
    #[must_use]
    pub fn is_news(&self) -> bool {
        self.disconnected.count > 0 || self.connected.count <= 16
    }
}

/// Blocks one after another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Branch {
    /// How many there are.
    pub count: u64,
    /// Their hashes, oldest first; of more than [`MAX_BRANCH_HASHES`] the newest.
    pub hashes: Vec<BlockHash>,
}
