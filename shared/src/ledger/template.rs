//! The block after the tip, complete but for its proof of work.

use std::sync::Arc;

use super::Ledger;
use super::apply::Effects;
use crate::address::Address;
use crate::block::{Block, Coinbase, HEADER_VERSION, Header};
use crate::consensus::{CheckedTransaction, RuleError};
use crate::hash::BlockHash;
use crate::merkle::{merkle_root_from, merkle_siblings};
use crate::pow::{Ancestry, CompactTarget, CompactTargetError, next_bits};
use crate::spec::Rules;

/// A block without time, target and nonce.
#[derive(Debug, Clone)]
pub struct BlockTemplate {
    prev_hash: BlockHash,
    ancestry: Ancestry,
    coinbase: Coinbase,
    transactions: Vec<Arc<CheckedTransaction>>,
    /// The coinbase's siblings: all that a new extra nonce needs for a new Merkle root.
    siblings: Vec<[u8; 32]>,
}

/// No block can be made of these transactions.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProposeError {
    /// One of them breaks a rule.
    #[error(transparent)]
    Rule(RuleError),
    /// Subsidy and fees together exceed what a coinbase can pay.
    #[error("subsidy and fees come to {reward}, which no coinbase can pay")]
    Reward {
        /// Subsidy and all fees.
        reward: u128,
    },
}

impl Ledger {
    /// Makes the block after the tip, whose ancestry is `ancestry`, of `transactions` in this order. The accounts are
    /// left as they are.
    ///
    /// # Errors
    /// When a transaction breaks TX-6 or TX-7, or the reward is too large.
    pub fn propose(
        &mut self,
        ancestry: Ancestry,
        miner: Address,
        transactions: Vec<Arc<CheckedTransaction>>,
    ) -> Result<BlockTemplate, ProposeError> {
        let height = self.height().saturating_add(1);
        let rules = self.spec.rules();
        let mut effects =
            Effects::of_transactions(&self.accounts, &transactions, height).map_err(ProposeError::Rule)?;
        let reward = u128::from(rules.subsidy).saturating_add(effects.fees);
        let (Ok(coins), Ok(tx_count)) = (u64::try_from(reward), u32::try_from(transactions.len())) else {
            return Err(ProposeError::Reward { reward });
        };
        effects.reward(&self.accounts, miner, coins, height).map_err(ProposeError::Rule)?;
        let state_root = self.tree.update(effects.changes());
        self.tree.update(effects.inverse());
        let coinbase = Coinbase {
            version: rules.coinbase_version(height),
            height,
            miner,
            reward: coins,
            tx_count,
            state_root,
            chain_root: self.headers.root(),
            extra_nonce: 0,
            message: Vec::new(),
        };
        let leaves: Vec<_> = std::iter::once([0; 32])
            .chain(transactions.iter().map(|transaction| transaction.id().0))
            .collect();
        let siblings = merkle_siblings(&leaves, 0);
        Ok(BlockTemplate { prev_hash: self.tip, ancestry, coinbase, transactions, siblings })
    }
}

impl BlockTemplate {
    /// Returns the parent's hash.
    #[must_use]
    pub fn prev_hash(&self) -> &BlockHash {
        &self.prev_hash
    }

    /// Returns the height that the block will have.
    #[must_use]
    pub fn height(&self) -> u64 {
        self.coinbase.height
    }

    /// Returns what the parent and grandparent say of the target.
    #[must_use]
    pub fn ancestry(&self) -> &Ancestry {
        &self.ancestry
    }

    /// Returns the transactions.
    #[must_use]
    pub fn transactions(&self) -> &[Arc<CheckedTransaction>] {
        &self.transactions
    }

    /// Returns the `bits` that a block stamped `time` must carry.
    ///
    /// # Errors
    /// When the parent's `bits` are illegal, which no valid parent's are.
    pub fn bits(&self, rules: &Rules, time: u32) -> Result<CompactTarget, CompactTargetError> {
        next_bits(rules, &self.ancestry, time)
    }

    /// Returns the header to search nonces for, from nonce 0.
    #[must_use]
    pub fn header(&self, extra_nonce: u64, time: u32, bits: CompactTarget) -> Header {
        let coinbase = Coinbase { extra_nonce, ..self.coinbase.clone() };
        let count = coinbase.tx_count.saturating_add(1);
        let merkle_root = merkle_root_from(0, count, coinbase.leaf(), &self.siblings).unwrap_or_default();
        Header { version: HEADER_VERSION, prev_hash: self.prev_hash, merkle_root, time, bits, nonce: 0 }
    }

    /// Returns the block of a header that [`BlockTemplate::header`] made with the same `extra_nonce`.
    #[must_use]
    pub fn block(&self, header: Header, extra_nonce: u64) -> Block {
        Block {
            header,
            coinbase: Coinbase { extra_nonce, ..self.coinbase.clone() },
            transactions: self.transactions.iter().map(|checked| checked.transaction().clone()).collect(),
        }
    }
}
