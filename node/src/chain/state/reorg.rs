//! Moves of the tip: one step ahead, or over to another branch. Either is one write.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use shared::address::Address;
use shared::block::Block;
use shared::codec;
use shared::consensus::{BodyContext, CheckedBlock, CheckedTransaction, RuleError, check_body};
use shared::hash::TxId;
use shared::ledger::Ledger;

use super::ChainState;
use super::accept::Writes;
use super::load::load_ledger;
use crate::chain::view::{HeadChange, Tip};
use crate::headers::{HeaderTree, NodeId};
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

impl ChainState {
    /// Puts `block` on top of the tip.
    pub(super) fn extend(
        &mut self,
        writes: &mut Writes,
        id: NodeId,
        block: &CheckedBlock,
    ) -> Result<(), ConnectError> {
        let batch = self.batch(writes)?;
        let touched = self.connect(batch, id, block)?;
        self.store.run(|| batch.put_block(block, &block.encode()))?;
        writes.touched.extend(touched);
        writes.confirmed.extend(ids(block));
        self.set_tip(id, block);
        Ok(())
    }

    /// Checks that the disk has room for a move to the branch of `parent`, which is stored, and to `block` on top of it.
    pub(super) fn check_room_to_switch(
        &self,
        parent: NodeId,
        block: &CheckedBlock,
    ) -> Result<(), StoreError> {
        let fork = self.tree.fork_point(self.tip_id, parent);
        let old = if self.tip.height - self.tree.node(fork).height > self.options.undo_depth {
            // The chain is replayed from genesis.
            u64::MAX
        } else {
            let snapshot = self.store.reader().snapshot()?;
            let moved = [self.tree.branch(fork, self.tip_id), self.tree.branch(fork, parent)].concat();
            let sizes = moved.into_iter().map(|id| snapshot.block_size(&self.tree.node(id).hash));
            sizes.sum::<Result<u64, _>>()?
        };
        self.store.reader().check_room(block.size() as u64, old)
    }

    /// Moves to the branch that ends with `id`, whose block is `block`. Nothing waits in `writes`. When it fails,
    /// everything is as it was.
    pub(super) fn reorganise(
        &mut self,
        writes: &mut Writes,
        id: NodeId,
        block: &CheckedBlock,
    ) -> Result<(), ConnectError> {
        let fork = self.tree.fork_point(self.tip_id, id);
        let switched = self.switch(writes, fork, id, block);
        match &switched {
            Ok(()) => self.set_tip(id, block),
            Err(ConnectError::Rule { id: broken, error }) => {
                writes.abandon();
                self.ledger = load_ledger(
                    &self.spec,
                    &self.store,
                    &self.store.reader().snapshot()?,
                    &self.tip,
                    &mut |_| (),
                )?;
                // It was valid when it was connected before.
                if !self.tree.branch(fork, id).contains(broken) {
                    return Err(self.damaged(*broken, &error.to_string()).into());
                }
            }
            Err(ConnectError::Store(_)) => writes.abandon(),
        }
        switched
    }

    /// Takes blocks off down to `fork` and connects the other branch.
    fn switch(
        &mut self,
        writes: &mut Writes,
        fork: NodeId,
        id: NodeId,
        block: &CheckedBlock,
    ) -> Result<(), ConnectError> {
        let batch = self.batch(writes)?;
        self.store.run(|| batch.put_block(block, &block.encode()))?;
        let mut touched = BTreeSet::new();
        let mut confirmed = Vec::new();
        let (start, left) = self.leave(batch, fork, &mut touched)?;
        for node in self.tree.branch(start, id) {
            let stored;
            let block = if node == id {
                block
            } else {
                stored = self.stored_block(batch, node)?;
                &stored
            };
            touched.extend(self.connect(batch, node, block)?);
            // Up to the fork a replay confirms what was confirmed before.
            if node > fork {
                confirmed.extend(ids(block));
            }
        }
        writes.touched.extend(touched);
        writes.left = left;
        writes.confirmed = confirmed;
        Ok(())
    }

    /// Applies the next block; returns the addresses whose accounts it changed. When it breaks a rule, nothing has
    /// changed.
    fn connect(
        &mut self,
        batch: &Batch,
        id: NodeId,
        block: &CheckedBlock,
    ) -> Result<Vec<Address>, ConnectError> {
        let connected = self.ledger.connect(block).map_err(|error| ConnectError::Rule { id, error })?;
        let undo_depth = self.options.undo_depth;
        self.store.run(|| batch.connect(block, &connected, &self.ledger, undo_depth))?;
        Ok(connected.undo.accounts.into_iter().map(|(address, _)| address).collect())
    }

    /// Leaves the blocks above `fork`. Returns the node that the ledger is at then, which is genesis when their undo
    /// data is gone, and the transactions that they held: oldest first, no more than the mempool could hold.
    fn leave(
        &mut self,
        batch: &Batch,
        fork: NodeId,
        touched: &mut BTreeSet<Address>,
    ) -> Result<(NodeId, Vec<Arc<CheckedTransaction>>), StoreError> {
        let nodes = self.tree.branch(fork, self.tip_id);
        let undo = |node| self.store.run(|| batch.undo(self.tree.node(node).height));
        // Undo data goes from the oldest block on, so the first one speaks for all.
        let can_undo = nodes.first().map_or(Ok(true), |first| undo(*first).map(|undo| undo.is_some()))?;
        if !can_undo {
            tracing::warn!("a reorg deeper than the undo data: replaying the chain from genesis");
            self.store.run(|| batch.reset(self.spec.genesis_hash()))?;
            touched.extend(self.ledger.accounts().keys());
            self.ledger = Ledger::new(Arc::clone(&self.spec));
        }
        let mut left = VecDeque::new();
        for node in nodes.into_iter().rev() {
            let block = self.stored_block(batch, node)?;
            if can_undo {
                self.disconnect(batch, node, &block, touched)?;
            }
            for transaction in block.transactions().iter().rev() {
                left.push_front(Arc::clone(transaction));
            }
            left.truncate(self.options.mempool.count);
        }
        // A wrong account here would condemn the next block, which is innocent.
        if can_undo {
            let expected = if fork == HeaderTree::GENESIS {
                Ledger::new(Arc::clone(&self.spec)).state_root()
            } else {
                self.stored_block(batch, fork)?.coinbase().state_root
            };
            if self.ledger.state_root() != expected {
                return Err(self.damaged(fork, "the undo data above it does not lead back to it"));
            }
        }
        Ok((if can_undo { fork } else { HeaderTree::GENESIS }, left.into()))
    }

    /// Takes the ledger's last block off.
    fn disconnect(
        &mut self,
        batch: &Batch,
        node: NodeId,
        block: &CheckedBlock,
        touched: &mut BTreeSet<Address>,
    ) -> Result<(), StoreError> {
        let undo = self.store.run(|| batch.undo(block.height()))?;
        let undo = undo
            .filter(|undo| undo.headers.root() == block.coinbase().chain_root)
            .ok_or_else(|| self.damaged(node, "its undo data is missing or wrong"))?;
        self.store.run(|| batch.disconnect(block, &undo))?;
        touched.extend(undo.accounts.iter().map(|(address, _)| *address));
        self.ledger.disconnect(block.header().prev_hash, undo);
        Ok(())
    }

    fn set_tip(&mut self, id: NodeId, block: &CheckedBlock) {
        self.tip_id = id;
        self.tip = Tip {
            hash: *block.hash(),
            height: block.height(),
            header: *block.header(),
            coinbase: block.coinbase().clone(),
            work: self.tree.node(id).work,
            parent_time: self.tree.ancestry(id).grandparent_time,
        };
    }

    /// Tells how the tip moved from `old` to where it is now, and raises the alarm when it is far; `None` when it did
    /// not move.
    pub(super) fn head_change(&self, old: NodeId) -> Option<HeadChange> {
        if old == self.tip_id {
            return None;
        }
        let fork = self.tree.fork_point(old, self.tip_id);
        let change = HeadChange {
            old_tip: self.tree.node(old).hash,
            disconnected: self.tree.branch_hashes(fork, old),
            connected: self.tree.branch_hashes(fork, self.tip_id),
        };
        let (depth, tip) = (change.disconnected.count, &self.tip.hash);
        if depth > LOUD_ALARM_DEPTH {
            tracing::error!(depth, %tip, "a very deep reorg: confirmed transactions may be gone; was this node, or most of the network, cut off?");
        } else if depth > ALARM_DEPTH {
            tracing::warn!(depth, %tip, "a deep reorg: confirmed transactions may be gone");
        } else if depth > 0 {
            tracing::info!(depth, %tip, "a reorg");
        }
        Some(change)
    }

    /// Reads a block that was checked before it was stored.
    fn stored_block(&self, batch: &Batch, id: NodeId) -> Result<CheckedBlock, StoreError> {
        let node = self.tree.node(id);
        let bytes = self.store.run(|| batch.block(&node.hash))?;
        let bytes = bytes.ok_or_else(|| self.damaged(id, "it is missing"))?;
        let block: Block = codec::decode(&bytes).map_err(|error| self.damaged(id, &error.to_string()))?;
        // The body is checked against its header; a header that is not the stored one would condemn what is innocent.
        if block.header.hash() != node.hash {
            return Err(self.damaged(id, "its header is another one's"));
        }
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

fn ids(block: &CheckedBlock) -> impl Iterator<Item = TxId> {
    block.transactions().iter().map(|transaction| *transaction.id())
}
