//! All accounts at one block of a chain, and the steps to the next block and back (`docs/protocol.md`, sections 5
//! and 6: TX-6, TX-7 and BLK-4 to BLK-6).

mod apply;
mod template;

use std::sync::Arc;

use borsh::{BorshDeserialize, BorshSerialize};
use imbl::OrdMap;

use crate::address::Address;
use crate::chain_root::{ChainNode, ChainRange};
use crate::consensus::{CheckedBlock, RuleError};
use crate::hash::{BlockHash, StateRoot};
use crate::spec::ChainSpec;
use crate::state::Account;
use crate::state_tree::{AccountProof, Change, StateTree, tree_key};
use apply::Effects;

pub use apply::Record;
pub use template::{BlockTemplate, ProposeError};

/// All accounts of a chain's best block.
#[derive(Debug, Clone)]
pub struct Ledger {
    spec: Arc<ChainSpec>,
    tip: BlockHash,
    accounts: OrdMap<Address, Account>,
    tree: StateTree,
    headers: ChainRange,
}

/// What [`Ledger::disconnect`] needs to take a block back.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Undo {
    /// Every account that the block changed, as it was before; `None` when it was never touched.
    pub accounts: Vec<(Address, Option<Account>)>,
    /// The range over the headers before the block.
    pub headers: ChainRange,
}

/// What connecting a block did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connected {
    /// Takes it back.
    pub undo: Undo,
    /// The history entries that it added, in order.
    pub records: Vec<Record>,
}

impl Ledger {
    /// Returns the ledger of a chain that has its genesis block alone.
    #[must_use]
    pub fn new(spec: Arc<ChainSpec>) -> Self {
        let genesis = spec.genesis().header;
        let mut headers = ChainRange::new();
        // A chain whose limit is no legal target has no valid block 1 either; its range stays empty.
        if let Ok(node) = ChainNode::of_header(&genesis) {
            headers.push(node);
        }
        let tip = *spec.genesis_hash();
        Self { spec, tip, accounts: OrdMap::new(), tree: StateTree::new(), headers }
    }

    /// Returns the ledger at block `tip` from what was stored: all accounts, and the range over all headers up to
    /// and with `tip`. The caller compares [`Ledger::state_root`] with the tip's.
    #[must_use]
    pub fn restore(
        spec: Arc<ChainSpec>,
        tip: BlockHash,
        accounts: OrdMap<Address, Account>,
        headers: ChainRange,
    ) -> Self {
        let mut tree = StateTree::new();
        let change =
            |(address, account): (&Address, &Account)| (tree_key(address), Some(account.value_hash()));
        tree.update(accounts.iter().map(change).collect());
        Self { spec, tip, accounts, tree, headers }
    }

    /// Returns the hash of the block that this is the state after.
    #[must_use]
    pub fn tip(&self) -> &BlockHash {
        &self.tip
    }

    /// Returns the tip's height.
    #[must_use]
    pub fn height(&self) -> u64 {
        self.headers.count().saturating_sub(1)
    }

    /// Returns all accounts; cloning them is cheap.
    #[must_use]
    pub fn accounts(&self) -> &OrdMap<Address, Account> {
        &self.accounts
    }

    /// Returns an account; one that was never touched is all zeros.
    #[must_use]
    pub fn account(&self, address: &Address) -> Account {
        self.accounts.get(address).copied().unwrap_or_default()
    }

    /// Returns the root over all accounts.
    #[must_use]
    pub fn state_root(&self) -> StateRoot {
        self.tree.root()
    }

    /// Returns the range over all headers up to and with the tip.
    #[must_use]
    pub fn headers(&self) -> &ChainRange {
        &self.headers
    }

    /// Proves what an account has.
    #[must_use]
    pub fn prove(&self, address: &Address) -> AccountProof {
        self.tree.prove(address, self.accounts.get(address).copied())
    }

    /// Applies the block after the tip. On an error nothing has changed.
    ///
    /// # Errors
    /// HDR-2 when the block does not follow the tip; TX-6, TX-7, BLK-4 to BLK-6.
    pub fn connect(&mut self, block: &CheckedBlock) -> Result<Connected, RuleError> {
        let header = block.header();
        if header.prev_hash != self.tip {
            return Err(RuleError::UnknownParent { prev_hash: header.prev_hash });
        }
        let coinbase = block.coinbase();
        let mut effects = Effects::of_transactions(&self.accounts, block.transactions(), coinbase.height)?;
        // BLK-4: "reward is subsidy + the sum of fees, exactly".
        let expected = u128::from(self.spec.rules().subsidy).saturating_add(effects.fees);
        if u128::from(coinbase.reward) != expected {
            return Err(RuleError::RewardMismatch { expected, actual: coinbase.reward });
        }
        effects.reward(&self.accounts, coinbase.miner, coinbase.reward, coinbase.height)?;
        // BLK-5: "chain_root is right".
        let expected = self.headers.root();
        if coinbase.chain_root != expected {
            return Err(RuleError::ChainRootMismatch { expected, actual: coinbase.chain_root });
        }
        let node = ChainNode::of_header(header).map_err(|illegal| RuleError::InsufficientWork {
            hash: *block.hash(),
            bits: crate::pow::CompactTarget(illegal.bits),
        })?;
        // BLK-6: "state_root is right".
        let expected = self.tree.update(effects.changes());
        if coinbase.state_root != expected {
            self.tree.update(effects.inverse());
            return Err(RuleError::StateRootMismatch { expected, actual: coinbase.state_root });
        }
        let undo = Undo { accounts: effects.accounts_before(), headers: self.headers.clone() };
        for (address, change) in effects.accounts {
            self.accounts.insert(address, change.after);
        }
        self.headers.push(node);
        self.tip = *block.hash();
        Ok(Connected { undo, records: effects.records })
    }

    /// Takes back the tip, whose parent is `parent`; `undo` is what [`Ledger::connect`] returned for it.
    pub fn disconnect(&mut self, parent: BlockHash, undo: Undo) {
        let change = |(address, account): &(Address, Option<Account>)| -> Change {
            (tree_key(address), account.as_ref().map(Account::value_hash))
        };
        self.tree.update(undo.accounts.iter().map(change).collect());
        for (address, account) in undo.accounts {
            match account {
                Some(account) => self.accounts.insert(address, account),
                None => self.accounts.remove(&address),
            };
        }
        self.headers = undo.headers;
        self.tip = parent;
    }
}

#[cfg(test)]
mod tests;
