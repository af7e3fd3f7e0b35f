//! What the chain thread owns: header tree, ledger, mempool and the write side of the store, kept in step.

mod accept;
mod reorg;

use std::collections::BTreeSet;
use std::sync::Arc;

use shared::address::Address;
use shared::block::HEADER_BYTES;
use shared::chain_root::ChainNode;
use shared::codec;
use shared::consensus::{CheckedTransaction, RuleError, check_transaction};
use shared::ledger::{BlockTemplate, Ledger, ProposeError};
use shared::spec::ChainSpec;

use super::headers::{HeaderTree, NodeId};
use super::view::{Tip, View};
use crate::clock::Clock;
use crate::mempool::{AdmissionError, Change, Context, Limits, Mempool, Pending};
use crate::store::{Batch, Snapshot, Store, StoreError};
use crate::verifier::AwsLcVerifier;

/// The largest coinbase: 109 bytes of fixed fields, a length and 64 bytes of message.
const MAX_COINBASE_BYTES: usize = 177;

/// What an operator, or a test, may set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// How much the mempool holds.
    pub mempool: Limits,
    /// How many blocks below the tip keep their undo data; a deeper reorg replays the chain from genesis.
    pub undo_depth: u64,
}

impl Default for Options {
    fn default() -> Self {
        // Ten times the depth of a reorg that is a loud alarm; on main, three and a half days.
        Self { mempool: Limits::default(), undo_depth: 10_000 }
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
    /// The addresses whose account or pending transactions changed since the last view was taken.
    touched: BTreeSet<Address>,
}

impl ChainState {
    /// Reads the chain from `store`.
    pub(super) fn load(
        spec: Arc<ChainSpec>,
        store: Store,
        clock: Arc<dyn Clock>,
        options: Options,
    ) -> Result<Self, StoreError> {
        let snapshot = store.reader().snapshot()?;
        let tree = load_tree(&spec, &store, &snapshot)?;
        let (_, hash) = snapshot.tip()?;
        let tip_id =
            tree.find(&hash).ok_or_else(|| store.corrupt(format!("the tip {hash} has no header")))?;
        let tip = load_tip(&store, &snapshot, &tree, tip_id)?;
        let ledger = load_ledger(&spec, &store, &snapshot, &tip)?;
        let mut state = Self {
            spec,
            store,
            clock,
            tree,
            ledger,
            mempool: Mempool::new(options.mempool),
            options,
            tip_id,
            tip,
            touched: BTreeSet::new(),
        };
        state.load_mempool(&snapshot)?;
        Ok(state)
    }

    /// Returns the chain as readers may see it, once everything is durable.
    pub(super) fn view(&self) -> View {
        View {
            tip: self.tip.clone(),
            accounts: self.ledger.accounts().clone(),
            mempool: self.mempool.view().clone(),
        }
    }

    /// Returns the addresses that changed since this was asked before.
    pub(super) fn take_touched(&mut self) -> BTreeSet<Address> {
        std::mem::take(&mut self.touched)
    }

    /// Admits a transaction to the mempool; it is not durable before [`ChainState::commit_mempool`].
    pub(super) fn admit(&mut self, transaction: Arc<CheckedTransaction>) -> Result<(), AdmissionError> {
        let context = context(&self.ledger, &*self.clock);
        self.mempool.admit(transaction, &context)
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

    /// Makes the block after the tip.
    pub(super) fn template(&mut self, miner: Address) -> Result<BlockTemplate, ProposeError> {
        // The count of transactions is a u32.
        let reserved = HEADER_BYTES + MAX_COINBASE_BYTES + 4;
        let max_bytes = usize::try_from(self.spec.rules().max_block_bytes).unwrap_or(usize::MAX);
        let mut transactions = self.mempool.select(max_bytes.saturating_sub(reserved));
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
            let (Change::Added(pending) | Change::Removed(pending)) = change;
            self.touched.extend([*pending.sender(), *pending.receiver()]);
        }
        changes
    }

    fn put_mempool(&self, batch: &Batch, changes: &[Change]) -> Result<(), StoreError> {
        let put = |change: &Change| match change {
            Change::Added(pending) => {
                batch.put_pending(pending.number, pending.arrived_at, pending.transaction.transaction())
            }
            Change::Removed(pending) => batch.remove_pending(pending.number),
        };
        changes.iter().try_for_each(put).map_err(|error| self.store.explain(error))
    }

    fn load_mempool(&mut self, snapshot: &Snapshot) -> Result<(), StoreError> {
        let mut restored = Vec::new();
        let mut refused = Vec::new();
        for stored in snapshot.pending()? {
            match check_transaction(&self.spec, &AwsLcVerifier, stored.transaction) {
                Ok(checked) => restored.push(Pending {
                    number: stored.number,
                    arrived_at: stored.arrived_at,
                    transaction: Arc::new(checked),
                }),
                Err(error) => {
                    tracing::warn!(%error, "a stored pending transaction is dropped");
                    refused.push(stored.number);
                }
            }
        }
        let context = context(&self.ledger, &*self.clock);
        self.mempool.restore(restored, &context);
        if !refused.is_empty() {
            self.store.write(|batch| refused.iter().try_for_each(|number| batch.remove_pending(*number)))?;
        }
        self.commit_mempool()?;
        self.touched.clear();
        Ok(())
    }
}

/// Returns what transactions are admitted against.
fn context<'a>(ledger: &'a Ledger, clock: &dyn Clock) -> Context<'a> {
    Context { accounts: ledger.accounts(), next_height: ledger.height() + 1, now: clock.now() }
}

fn load_tree(spec: &ChainSpec, store: &Store, snapshot: &Snapshot) -> Result<HeaderTree, StoreError> {
    let mut tree = HeaderTree::new(spec);
    let mut orphan = None;
    snapshot.headers(|stored| match tree.find(&stored.header.prev_hash) {
        Some(parent) => {
            tree.insert(parent, stored.hash, &stored.header, stored.is_condemned);
        }
        None => orphan = Some(stored.hash),
    })?;
    match orphan {
        None => Ok(tree),
        Some(hash) => Err(store.corrupt(format!("header {hash} has no parent"))),
    }
}

fn load_tip(store: &Store, snapshot: &Snapshot, tree: &HeaderTree, id: NodeId) -> Result<Tip, StoreError> {
    let node = *tree.node(id);
    let stored = snapshot.block(&node.hash)?;
    let stored = stored.ok_or_else(|| store.corrupt(format!("the tip {} has no block", node.hash)))?;
    let block: shared::block::Block = codec::decode(&stored.bytes)
        .map_err(|error| store.corrupt(format!("block {}: {error}", node.hash)))?;
    Ok(Tip {
        hash: node.hash,
        height: node.height,
        header: block.header,
        coinbase: block.coinbase,
        work: node.work,
        parent_time: tree.ancestry(id).grandparent_time,
    })
}

fn load_ledger(
    spec: &Arc<ChainSpec>,
    store: &Store,
    snapshot: &Snapshot,
    tip: &Tip,
) -> Result<Ledger, StoreError> {
    if tip.height == 0 {
        return Ok(Ledger::new(Arc::clone(spec)));
    }
    // The undo data of the tip holds the headers before it; the tip's own is all that is missing.
    let undo = snapshot.undo(tip.height)?;
    let mut headers = undo.ok_or_else(|| store.corrupt("the tip has no undo data".to_owned()))?.headers;
    let node = ChainNode::of_header(&tip.header).map_err(|error| store.corrupt(error.to_string()))?;
    headers.push(node);
    let ledger = Ledger::restore(Arc::clone(spec), tip.hash, snapshot.accounts()?, headers);
    let (found, expected) = (ledger.state_root(), tip.coinbase.state_root);
    if found != expected {
        return Err(store
            .corrupt(format!("the accounts give state root {found}, block {} says {expected}", tip.height)));
    }
    Ok(ledger)
}
