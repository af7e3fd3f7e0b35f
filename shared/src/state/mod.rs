//! Accounts and their histories (`docs/protocol.md`, section 5).

use borsh::{BorshDeserialize, BorshSerialize};

use crate::codec;
use crate::hash::{HistoryHead, TxId, sha256, tagged};

/// What the chain knows of an address. One that was never touched is absent and reads as [`Account::default`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Account {
    /// Whole coins.
    pub balance: u64,
    /// The number of transactions sent: the nonce that the next one must carry.
    pub nonce: u64,
    /// The number of history entries.
    pub history_len: u64,
    /// The running hash over all history entries.
    pub history_head: HistoryHead,
}

impl Account {
    /// Returns SHA-256 of the encoding, as the state tree stores it.
    #[must_use]
    pub fn value_hash(&self) -> [u8; 32] {
        sha256(&codec::encode(self))
    }

    /// Appends `entry` of the block at `height` to the history.
    pub fn record(&mut self, entry: &HistoryEntry, height: u64) {
        self.history_head = entry.extend(self.history_head, height);
        // One entry a transaction or block: 2^64 of them cannot be made.
        self.history_len = self.history_len.saturating_add(1);
    }
}

/// One thing that happened to an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum HistoryEntry {
    /// It sent or received this transaction.
    Transaction(TxId),
    /// It mined the block at this entry's height and earned `reward`.
    Reward {
        /// Subsidy and fees, in whole coins.
        reward: u64,
    },
}

impl HistoryEntry {
    /// Returns the history head after this entry of the block at `height`, when it was `head` before.
    #[must_use]
    pub fn extend(&self, head: HistoryHead, height: u64) -> HistoryHead {
        let height = height.to_le_bytes();
        let entry = match self {
            Self::Transaction(id) => id.0,
            Self::Reward { reward } => tagged("ironchain/coinbase", &[&height, &reward.to_le_bytes()]),
        };
        HistoryHead(tagged("ironchain/history", &[head.as_bytes(), &entry, &height]))
    }
}
