//! The way of blocks into the chain, step by step.

use std::collections::BTreeSet;
use std::sync::Arc;

use shared::address::Address;
use shared::block::{Block, Header};
use shared::consensus::{
    BodyContext, CheckedBlock, CheckedTransaction, RuleError, check_body, check_header, check_header_alone,
};
use shared::hash::{BlockHash, TxId};

use super::reorg::ConnectError;
use super::{ChainState, context};
use crate::chain::error::SubmitError;
use crate::chain::handle::{Source, Submitted};
use crate::chain::view::{HeadChange, TransactionChange};
use crate::headers::NodeId;
use crate::store::{Batch, StoreError};
use crate::verifier::AwsLcVerifier;

/// What became of blocks that were offered together. All of it is durable.
#[derive(Debug)]
pub(in crate::chain) struct Accepted {
    /// What became of each, up to the first that was refused.
    pub(in crate::chain) submitted: Vec<Submitted>,
    /// Why the one after `submitted` was refused, and those after it were not looked at.
    pub(in crate::chain) refused: Option<SubmitError>,
    /// `None` when the tip is the same as before.
    pub(in crate::chain) head: Option<HeadChange>,
}

/// What waits for one durable write.
#[derive(Default)]
pub(super) struct Writes {
    /// Begun when there is something to write.
    batch: Option<Batch>,
    /// The bytes of its blocks.
    size: u64,
    /// For how many bytes of blocks there is room, as far as that was looked at.
    room: u64,
    /// The addresses whose accounts changed.
    pub(super) touched: BTreeSet<Address>,
    /// The transactions of the blocks that were left, oldest first.
    pub(super) left: Vec<Arc<CheckedTransaction>>,
    /// The transactions of the blocks that were applied.
    pub(super) confirmed: Vec<TxId>,
}

impl ChainState {
    /// Takes a block: checks it, stores it, and moves the tip when its branch has the most work.
    pub(in crate::chain) fn accept(&mut self, block: Block, source: Source) -> Accepted {
        let hash = block.header.hash();
        let (submitted, refused) = match self.find(&hash) {
            // A hash says all: the body that came along is of no interest.
            Ok(Some(_)) => (vec![Submitted::Known], None),
            Ok(None) => match self.check(block, &hash, source) {
                Ok(block) => return self.accept_all(vec![block]),
                Err(error) => (Vec::new(), Some(error)),
            },
            Err(error) => (Vec::new(), Some(error)),
        };
        Accepted { submitted, refused, head: None }
    }

    /// Takes blocks whose bodies were checked, parents before children, up to the first that is refused. One durable
    /// write serves them all, unless a reorg or a refusal comes between.
    pub(in crate::chain) fn accept_all(&mut self, blocks: Vec<CheckedBlock>) -> Accepted {
        let old_tip = self.tip_id;
        let size = blocks.iter().map(|block| block.size() as u64).sum();
        // The disk is asked once for all of them; when that is too much, for each.
        let room = if self.store.reader().has_room(size, 0) { size } else { 0 };
        let mut writes = Writes { room, ..Writes::default() };
        let mut submitted = Vec::with_capacity(blocks.len());
        let mut refused = None;
        for block in blocks {
            match self.take(&mut writes, &block) {
                Ok(outcome) => submitted.push(outcome),
                Err(error) => {
                    refused = Some(error);
                    break;
                }
            }
        }
        // A disk that has failed takes nothing more, and what it said first tells most.
        if !refused.as_ref().is_some_and(SubmitError::is_failure)
            && let Err(error) = self.commit(&mut writes)
        {
            refused = Some(SubmitError::Store(error));
        }
        Accepted { submitted, refused, head: self.head_change(old_tip) }
    }

    /// Checks header and body, the cheap rules first.
    fn check(&mut self, block: Block, hash: &BlockHash, source: Source) -> Result<CheckedBlock, SubmitError> {
        // A block that is condemned is remembered.
        self.store.reader().check_room(0, 0)?;
        let parent = self.check_header(&block.header, hash)?;
        if source == Source::Offered {
            self.check_worth(&block.header, parent)?;
        }
        self.check_body(block, parent)
    }

    /// Takes one block into `writes`.
    fn take(&mut self, writes: &mut Writes, block: &CheckedBlock) -> Result<Submitted, SubmitError> {
        if self.find(block.hash())?.is_some() {
            return Ok(Submitted::Known);
        }
        let size = block.size() as u64;
        let sum = writes.size + size;
        if sum > writes.room && !self.store.reader().has_room(sum, 0) {
            // One by one they take less.
            self.commit(writes)?;
            self.store.reader().check_room(size, 0)?;
        }
        writes.size += size;
        let parent = self.check_header(block.header(), block.hash())?;
        let is_best = self.tree.work_above(parent, block.header()) > self.tip.work;
        if is_best && parent != self.tip_id {
            // A failure gives up the whole transaction, so what came before must be durable.
            self.commit(writes)?;
            self.check_room_to_switch(parent, block)?;
        }
        let id = self.tree.insert(parent, *block.hash(), block.header(), false);
        let expected = self.tree.node(id).height;
        if block.height() != expected {
            // Its body was checked for a height that is not its own.
            let error = RuleError::HeightMismatch { expected, actual: block.height() };
            self.condemn(writes, id, id, block)?;
            return Err(SubmitError::Invalid(error));
        }
        if !is_best {
            self.put(writes, |batch| batch.put_block(block, &block.encode()))?;
            return Ok(Submitted::SideBranch);
        }
        let moved = if parent == self.tip_id {
            self.extend(writes, id, block)
        } else {
            self.reorganise(writes, id, block)
        };
        match moved {
            Ok(()) => Ok(Submitted::Best),
            Err(ConnectError::Rule { id: broken, error }) => {
                self.condemn(writes, broken, id, block)?;
                let prev_hash = block.header().prev_hash;
                Err(SubmitError::Invalid(if broken == id {
                    error
                } else {
                    RuleError::InvalidParent { prev_hash }
                }))
            }
            Err(ConnectError::Store(error)) => Err(SubmitError::Store(error)),
        }
    }

    /// Finds a block that was judged before.
    fn find(&self, hash: &BlockHash) -> Result<Option<NodeId>, SubmitError> {
        let known = self.tree.find(hash);
        if known.is_some_and(|id| self.tree.node(id).is_condemned) {
            return Err(SubmitError::Condemned { hash: *hash });
        }
        Ok(known)
    }

    /// HDR-1 to HDR-6. A header that fails has shown no work, so nothing is remembered of it.
    fn check_header(&self, header: &Header, hash: &BlockHash) -> Result<NodeId, SubmitError> {
        check_header_alone(header).map_err(SubmitError::from)?;
        let prev_hash = header.prev_hash;
        let parent = self
            .tree
            .find(&prev_hash)
            .ok_or(RuleError::UnknownParent { prev_hash })
            .map_err(SubmitError::from)?;
        if self.tree.node(parent).is_condemned {
            return Err(SubmitError::Invalid(RuleError::InvalidParent { prev_hash }));
        }
        check_header(self.spec.rules(), header, hash, &self.tree.ancestry(parent), self.clock.now())
            .map_err(SubmitError::from)?;
        Ok(parent)
    }

    /// Refuses what is too cheap to be kept: a block on a branch that has less work than the best chain had
    /// `side_branch_depth` blocks ago.
    fn check_worth(&self, header: &Header, parent: NodeId) -> Result<(), SubmitError> {
        let least = self.tree.ancestor(self.tip_id, self.options.side_branch_depth);
        let (work, least) = (self.tree.work_above(parent, header), self.tree.node(least).work);
        if work < least { Err(SubmitError::TooLittleWork { work, least }) } else { Ok(()) }
    }

    /// BLK-1 to BLK-3 and TX-1 to TX-5. A block that fails after BLK-2 is condemned, and remembered as such.
    fn check_body(&mut self, block: Block, parent: NodeId) -> Result<CheckedBlock, SubmitError> {
        let header = block.header;
        let mempool = self.mempool.view();
        let body = BodyContext {
            spec: &self.spec,
            height: self.tree.node(parent).height + 1,
            verifier: &AwsLcVerifier,
            is_verified: &|id| mempool.get(id).is_some(),
        };
        check_body(&body, block).map_err(|error| match SubmitError::from(error) {
            SubmitError::Invalid(error) => {
                let id = self.tree.insert(parent, header.hash(), &header, true);
                let node = *self.tree.node(id);
                let stored =
                    self.store.write(|batch| batch.put_header(node.height, &node.hash, &header, true));
                stored.map_or_else(SubmitError::Store, |()| SubmitError::Invalid(error))
            }
            other => other,
        })
    }

    /// Condemns the block `broken`, which `id` is or descends from; `block` is that of `id` and not stored yet.
    fn condemn(
        &mut self,
        writes: &mut Writes,
        broken: NodeId,
        id: NodeId,
        block: &CheckedBlock,
    ) -> Result<(), SubmitError> {
        let condemned = self.tree.condemn(broken);
        let nodes: Vec<_> =
            condemned.iter().filter(|other| **other != id).map(|id| *self.tree.node(*id)).collect();
        let height = self.tree.node(id).height;
        self.put(writes, |batch| {
            batch.put_header(height, block.hash(), block.header(), true)?;
            nodes.iter().try_for_each(|node| batch.condemn(node.height, &node.hash))
        })?;
        Ok(())
    }

    /// Writes into the transaction of `writes`, and begins it first if need be.
    pub(super) fn put(
        &self,
        writes: &mut Writes,
        write: impl FnOnce(&Batch) -> Result<(), redb::Error>,
    ) -> Result<(), StoreError> {
        let batch = self.batch(writes)?;
        self.store.run(|| write(batch))
    }

    /// Returns the transaction of `writes`, and begins it first if need be.
    pub(super) fn batch<'a>(&self, writes: &'a mut Writes) -> Result<&'a Batch, StoreError> {
        match &mut writes.batch {
            Some(batch) => Ok(batch),
            none => Ok(none.insert(self.store.begin()?)),
        }
    }

    /// Makes `writes` durable, with what they mean for the mempool, and empties them.
    pub(super) fn commit(&mut self, writes: &mut Writes) -> Result<(), StoreError> {
        let Writes { batch, touched, left, confirmed, .. } = std::mem::take(writes);
        let Some(batch) = batch else { return Ok(()) };
        // Most of what was left comes back or is in the other branch, which then counts.
        let left_ids = left.iter().map(|transaction| (*transaction.id(), TransactionChange::Dropped));
        self.changed.transactions.extend(left_ids);
        let confirmed = confirmed.into_iter().map(|id| (id, TransactionChange::Confirmed));
        self.changed.transactions.extend(confirmed);
        let context = context(&self.ledger, &*self.clock);
        self.mempool.follow(&touched, left, &context);
        self.changed.touched.extend(touched);
        let changes = self.take_mempool_changes();
        self.put_mempool(&batch, &changes)?;
        self.store.commit(batch)
    }
}

impl Writes {
    /// Drops the transaction: nothing of it will ever have been.
    pub(super) fn abandon(&mut self) {
        *self = Self::default();
    }
}
