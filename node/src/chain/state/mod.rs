//! What the chain thread owns: header tree, ledger, mempool and the write side of the store, kept in step.

mod accept;
mod load;
mod reorg;

pub(super) use accept::Accepted;
pub use load::Loading;
pub(crate) use load::load_tree;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use shared::address::Address;
use shared::block::{HEADER_BYTES, MAX_COINBASE_BYTES};
use shared::consensus::{CheckedTransaction, RuleError};
use shared::hash::{BlockHash, TxId};
use shared::ledger::{BlockTemplate, Ledger, ProposeError};
use shared::spec::ChainSpec;
use shared::state_tree::AccountProof;

use super::view::{FORK_DEPTH, Fork, Forks, MAX_BRANCH_HASHES, MAX_FORKS, Tip, TransactionChange, View};
use crate::clock::Clock;
use crate::headers::{HeaderTree, NodeId};
use crate::mempool::{AdmissionError, Change, Context, Departure, Limits, Mempool};
use crate::store::{Batch, Store, StoreError};

/// What an operator, or a test, may set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// How much the mempool holds.
    pub mempool: Limits,
    /// How many blocks below the tip keep their undo data; a deeper reorg replays the chain from genesis.
    pub undo_depth: u64,
    /// A block that nobody asked for is kept only when its branch has at least the work that the best chain had so
    /// many blocks below its tip.
    pub side_branch_depth: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            mempool: Limits::default(),
            // Ten times the depth of a reorg that is a loud alarm; on main, three and a half days.
            undo_depth: 10_000,
            // On main a night. What branches off there takes work that is close to the tip's; near genesis it takes a
            // million hashes a block, and would fill any disk.
            side_branch_depth: 1_000,
        }
    }
}

/// Everything that the chain thread owns.
pub(super) struct ChainState {
    pub(super) spec: Arc<ChainSpec>,
    pub(super) store: Store,
    clock: Arc<dyn Clock>,
    tree: HeaderTree,
    ledger: Ledger,
    mempool: Mempool,
    options: Options,
    /// Where the tip is in the tree.
    tip_id: NodeId,
    tip: Tip,
    changed: Changed,
}

/// What changed since it was published last.
#[derive(Debug, Default)]
pub(super) struct Changed {
    /// The addresses whose account or pending transactions changed.
    pub(super) touched: BTreeSet<Address>,
    /// What happened to the mempool.
    pub(super) mempool: Vec<Change>,
    /// What became of transactions.
    pub(super) transactions: HashMap<TxId, TransactionChange>,
}

impl ChainState {
    /// Returns the chain as readers may see it, once everything is durable.
    pub(super) fn view(&self) -> View {
        View {
            tip: self.tip.clone(),
            accounts: self.ledger.accounts().clone(),
            mempool: self.mempool.view().clone(),
        }
    }

    /// Returns all headers that were ever accepted.
    pub(super) fn headers(&self) -> &HeaderTree {
        &self.tree
    }

    /// Returns what changed since this was asked before.
    pub(super) fn take_changed(&mut self) -> Changed {
        std::mem::take(&mut self.changed)
    }

    /// Admits a transaction to the mempool; it is not durable before [`ChainState::commit_mempool`].
    pub(super) fn admit(&mut self, transaction: Arc<CheckedTransaction>) -> Result<(), AdmissionError> {
        let context = context(&self.ledger, &*self.clock);
        self.mempool.admit(transaction, &context)
    }

    /// Says what [`ChainState::admit`] would.
    pub(super) fn check_admission(&self, transaction: Arc<CheckedTransaction>) -> Result<(), AdmissionError> {
        self.mempool.check(transaction, &context(&self.ledger, &*self.clock))
    }

    /// Proves what `address` has after the tip, whose hash comes first.
    pub(super) fn prove(&self, address: &Address) -> (BlockHash, AccountProof) {
        (self.tip.hash, self.ledger.prove(address))
    }

    /// Returns the branches beside the best chain.
    pub(super) fn forks(&self) -> Forks {
        let branch = |(fork, tip)| {
            let mut blocks: Vec<_> = std::iter::successors(Some(tip), |id| self.tree.node(*id).parent)
                .take_while(|id| *id != fork)
                .take(MAX_BRANCH_HASHES)
                .map(|id| *self.tree.node(id))
                .collect();
            blocks.reverse();
            Fork { from: *self.tree.node(fork), blocks }
        };
        let found = self.tree.side_branches(self.tip_id, FORK_DEPTH).into_iter();
        Forks { tip: *self.tree.node(self.tip_id), branches: found.take(MAX_FORKS).map(branch).collect() }
    }

    /// Drops what has waited for too long.
    pub(super) fn expire(&mut self) {
        let context = context(&self.ledger, &*self.clock);
        self.mempool.expire(&context);
    }

    /// Makes the mempool durable; says whether there was anything to do.
    pub(super) fn commit_mempool(&mut self) -> Result<bool, StoreError> {
        let changes = self.take_mempool_changes();
        if changes.is_empty() {
            return Ok(false);
        }
        let batch = self.store.begin()?;
        self.put_mempool(&batch, &changes)?;
        self.store.commit(batch)?;
        Ok(true)
    }

    /// Checks that the disk has room for a full block, and for all that was offered of late.
    pub(super) fn check_room_to_mine(&self) -> Result<(), StoreError> {
        self.store.reader().trouble()?;
        self.store.reader().check_room(u64::from(self.spec.rules().max_block_bytes), 0)
    }

    /// Makes the block after the tip.
    pub(super) fn template(&mut self, miner: Address) -> Result<BlockTemplate, ProposeError> {
        let mut transactions = self.mempool.select(room_for_transactions(&self.spec));
        loop {
            match self.ledger.propose(self.tip.ancestry(), miner, transactions.clone()) {
                // The mempool keeps every rule but one: a receiver's balance may reach its limit.
                Err(ProposeError::Rule(RuleError::Transaction { index, .. }))
                    if index < transactions.len() =>
                {
                    let sender = *transactions[index].sender();
                    let mut position = 0..;
                    transactions.retain(|transaction| {
                        position.next().is_some_and(|position| position < index)
                            || *transaction.sender() != sender
                    });
                }
                Err(error) if transactions.is_empty() => return Err(error),
                // The miner can hold no more: an empty block is the most modest one.
                Err(_) => transactions.clear(),
                Ok(template) => return Ok(template),
            }
        }
    }

    /// Returns what happened to the mempool, and notes whom it concerns.
    fn take_mempool_changes(&mut self) -> Vec<Change> {
        let changes = self.mempool.take_changes();
        for change in &changes {
            self.changed.note(change);
        }
        self.changed.mempool.extend_from_slice(&changes);
        changes
    }

    fn put_mempool(&self, batch: &Batch, changes: &[Change]) -> Result<(), StoreError> {
        let (now, steady) = (self.clock.now(), self.clock.steady());
        let unix = |arrived_at| now.saturating_sub(steady.saturating_sub(arrived_at));
        let put = |change: &Change| match change {
            Change::Added(pending) => {
                batch.put_pending(pending.number, unix(pending.arrived_at), pending.transaction.transaction())
            }
            Change::Removed(pending, _) => batch.remove_pending(pending.number),
        };
        self.store.run(|| changes.iter().try_for_each(put))
    }
}

impl Changed {
    fn note(&mut self, change: &Change) {
        let (Change::Added(pending) | Change::Removed(pending, _)) = change;
        self.touched.extend([*pending.sender(), *pending.receiver()]);
        let became = match change {
            Change::Added(_) => TransactionChange::Waits,
            Change::Removed(_, Departure::NonceUsed) => TransactionChange::Replaced(None),
            Change::Removed(_, Departure::Replaced(by)) => TransactionChange::Replaced(Some(*by)),
            Change::Removed(_, Departure::Expired) => TransactionChange::Expired,
            Change::Removed(_, Departure::Dropped) => TransactionChange::Dropped,
        };
        let known = self.transactions.entry(*pending.transaction.id()).or_insert(became);
        // What a block holds does not wait, and that it waits no more says less.
        if *known != TransactionChange::Confirmed {
            *known = became;
        }
    }
}

/// Returns how many bytes of transactions fit into one of our blocks.
pub(super) fn room_for_transactions(spec: &ChainSpec) -> usize {
    // The count of transactions is a u32.
    let reserved = HEADER_BYTES + MAX_COINBASE_BYTES + 4;
    usize::try_from(spec.rules().max_block_bytes).unwrap_or(usize::MAX).saturating_sub(reserved)
}

/// Returns what transactions are admitted against.
fn context<'a>(ledger: &'a Ledger, clock: &dyn Clock) -> Context<'a> {
    Context { accounts: ledger.accounts(), next_height: ledger.height() + 1, now: clock.steady() }
}
