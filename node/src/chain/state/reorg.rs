//! Moves of the tip: one step ahead, or over to another branch. Either is one write.

use std::collections::BTreeSet;
use std::sync::Arc;

use shared::address::Address;
use shared::codec;
use shared::consensus::{BodyContext, CheckedBlock, CheckedTransaction, RuleError, check_body};
use shared::ledger::Ledger;

use super::{ChainState, context};
use crate::chain::headers::{HeaderTree, NodeId};
use crate::chain::view::{HeadChange, Tip};
use crate::store::{Batch, StoreError};
use crate::verifier::AwsLcVerifier;

/// A reorg of more blocks than this is an alarm: nobody waits for more confirmations.
const ALARM_DEPTH: u64 = 6;
/// A reorg of more blocks than this is a loud alarm: two networks were apart for hours.
const LOUD_ALARM_DEPTH: u64 = 1_000;

/// The tip was not moved, and nothing has changed.
#[derive(Debug)]
pub(super) enum ConnectError {
    /// The block `id`, on the way to the new tip, breaks a rule.
    Rule {
        id: NodeId,
        error: RuleError,
    },
    Store(StoreError),
}

impl From<StoreError> for ConnectError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// The result of a switch to another branch.
struct Switched {
    ledger: Ledger,
    /// The addresses whose accounts changed.
    touched: BTreeSet<Address>,
    /// The transactions of the blocks that were left, oldest first.
    left: Vec<Arc<CheckedTransaction>>,
}

impl ChainState {
    /// Makes the node `id` the tip: `block` is its block, not stored yet, and `bytes` are its encoding.
    pub(super) fn move_tip(
        &mut self,
        id: NodeId,
        block: &CheckedBlock,
        bytes: &[u8],
    ) -> Result<HeadChange, ConnectError> {
        let batch = self.store.begin()?;
        batch.put_block(block, bytes).map_err(|error| self.store.explain(error))?;

        let fork = self.tree.fork_point(self.tip_id, id);
        let (touched, left) = if fork == self.tip_id {
            let connected = self.ledger.connect(block).map_err(|error| ConnectError::Rule { id, error })?;
            batch
                .connect(block, &connected, &self.ledger, self.options.undo_depth)
                .map_err(|error| self.store.explain(error))?;
            (connected.undo.accounts.iter().map(|(address, _)| *address).collect(), Vec::new())
        } else {
            let switched = self.switch(&batch, fork, id, block)?;
            self.ledger = switched.ledger;
            (switched.touched, switched.left)
        };
        let head = self.set_tip(fork, id, block);

        let context = context(&self.ledger, &*self.clock);
        self.mempool.follow(&touched, left, &context);
        self.touched.extend(touched);
        let changes = self.take_mempool_changes();
        self.put_mempool(&batch, &changes)?;
        self.store.commit(batch)?;
        Ok(head)
    }

    fn set_tip(&mut self, fork: NodeId, id: NodeId, block: &CheckedBlock) -> HeadChange {
        let fork_height = self.tree.node(fork).height;
        let head = HeadChange {
            old_tip: self.tip.hash,
            disconnected: self.tip.height - fork_height,
            connected: block.height() - fork_height,
        };
        self.tip_id = id;
        self.tip = Tip {
            hash: *block.hash(),
            height: block.height(),
            header: *block.header(),
            coinbase: block.coinbase().clone(),
            work: self.tree.node(id).work,
            parent_time: self.tree.ancestry(id).grandparent_time,
        };
        let (depth, tip) = (head.disconnected, &self.tip.hash);
        if depth > LOUD_ALARM_DEPTH {
            tracing::error!(depth, %tip, "a very deep reorg: confirmed transactions may be gone; was this node, or most of the network, cut off?");
        } else if depth > ALARM_DEPTH {
            tracing::warn!(depth, %tip, "a deep reorg: confirmed transactions may be gone");
        } else if depth > 0 {
            tracing::info!(depth, %tip, "a reorg");
        }
        head
    }

    /// Connects the branch from `fork` to `id` in a ledger of its own, so that a failure costs nothing.
    fn switch(
        &self,
        batch: &Batch,
        fork: NodeId,
        id: NodeId,
        block: &CheckedBlock,
    ) -> Result<Switched, ConnectError> {
        let explain = |error| self.store.explain(error);
        let left = self.left_transactions(batch, fork)?;
        let mut touched = BTreeSet::new();
        let (mut ledger, start) = match self.rewind(batch, fork, &mut touched)? {
            Some(ledger) => (ledger, fork),
            None => {
                tracing::warn!("a reorg deeper than the undo data: replaying the chain from genesis");
                batch.reset(self.spec.genesis_hash()).map_err(explain)?;
                touched.extend(self.ledger.accounts().keys());
                (Ledger::new(Arc::clone(&self.spec)), HeaderTree::GENESIS)
            }
        };
        for node in self.tree.branch(start, id) {
            let stored;
            let block = if node == id {
                block
            } else {
                stored = self.stored_block(batch, node)?;
                &stored
            };
            let connected = ledger.connect(block).map_err(|error| ConnectError::Rule { id: node, error })?;
            batch.connect(block, &connected, &ledger, self.options.undo_depth).map_err(explain)?;
            touched.extend(connected.undo.accounts.iter().map(|(address, _)| *address));
        }
        Ok(Switched { ledger, touched, left })
    }

    /// Returns the ledger at `fork` and disconnects the blocks above it; `None` when their undo data is gone.
    fn rewind(
        &self,
        batch: &Batch,
        fork: NodeId,
        touched: &mut BTreeSet<Address>,
    ) -> Result<Option<Ledger>, StoreError> {
        let undo = |node| batch.undo(self.tree.node(node).height).map_err(|error| self.store.explain(error));
        let nodes = self.tree.branch(fork, self.tip_id);
        // Undo data goes from the oldest block on, so the first one speaks for all.
        if let Some(first) = nodes.first()
            && undo(*first)?.is_none()
        {
            return Ok(None);
        }
        let mut ledger = self.ledger.clone();
        for node in nodes.into_iter().rev() {
            let undo = undo(node)?.ok_or_else(|| self.damaged(node, "its undo data is missing"))?;
            let block = self.stored_block(batch, node)?;
            batch.disconnect(&block, &undo).map_err(|error| self.store.explain(error))?;
            touched.extend(undo.accounts.iter().map(|(address, _)| *address));
            ledger.disconnect(block.header().prev_hash, undo);
        }
        Ok(Some(ledger))
    }

    /// Returns the transactions of the best chain above `fork`, oldest first; no more than the mempool could hold.
    fn left_transactions(
        &self,
        batch: &Batch,
        fork: NodeId,
    ) -> Result<Vec<Arc<CheckedTransaction>>, StoreError> {
        let mut left = Vec::new();
        for node in self.tree.branch(fork, self.tip_id) {
            if left.len() >= self.options.mempool.count {
                break;
            }
            left.extend_from_slice(self.stored_block(batch, node)?.transactions());
        }
        Ok(left)
    }

    /// Reads a block that was checked before it was stored.
    fn stored_block(&self, batch: &Batch, id: NodeId) -> Result<CheckedBlock, StoreError> {
        let node = self.tree.node(id);
        let bytes = batch.block(&node.hash).map_err(|error| self.store.explain(error))?;
        let bytes = bytes.ok_or_else(|| self.damaged(id, "it is missing"))?;
        let block = codec::decode(&bytes).map_err(|error| self.damaged(id, &error.to_string()))?;
        let body = BodyContext {
            spec: &self.spec,
            height: node.height,
            verifier: &AwsLcVerifier,
            is_verified: &|_| true,
        };
        check_body(&body, block).map_err(|error| self.damaged(id, &error.to_string()))
    }

    fn damaged(&self, id: NodeId, what: &str) -> StoreError {
        let node = self.tree.node(id);
        self.store.corrupt(format!("block {} of height {}: {what}", node.hash, node.height))
    }
}
