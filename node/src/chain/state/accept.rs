//! The way of a block into the chain, step by step.

use shared::block::Block;
use shared::codec;
use shared::consensus::{
    BodyContext, CheckedBlock, RuleError, Verdict, check_body, check_header, check_header_alone,
};
use shared::hash::BlockHash;

use super::ChainState;
use super::reorg::ConnectError;
use crate::chain::error::SubmitError;
use crate::chain::handle::Submitted;
use crate::chain::headers::NodeId;
use crate::chain::view::HeadChange;
use crate::verifier::AwsLcVerifier;

/// A block was accepted and is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::chain) struct Accepted {
    pub(in crate::chain) submitted: Submitted,
    /// `None` when the tip is the same as before.
    pub(in crate::chain) head: Option<HeadChange>,
}

impl Accepted {
    const fn without_move(submitted: Submitted) -> Self {
        Self { submitted, head: None }
    }
}

impl ChainState {
    /// Checks a block, stores it, and moves the tip when its branch has the most work.
    pub(in crate::chain) fn accept(&mut self, block: Block) -> Result<Accepted, SubmitError> {
        let hash = block.header.hash();
        match self.tree.find(&hash).map(|id| self.tree.node(id).is_condemned) {
            Some(true) => return Err(SubmitError::Condemned { hash }),
            Some(false) => return Ok(Accepted::without_move(Submitted::Known)),
            None => {}
        }
        let parent = self.check_header(&block, &hash)?;
        let bytes = codec::encode(&block);
        let block = self.check_body(block, parent)?;

        let header = *block.header();
        let id = self.tree.insert(parent, hash, &header, false);
        if self.tree.node(id).work <= self.tip.work {
            self.store.write(|batch| batch.put_block(&block, &bytes)).map_err(SubmitError::Store)?;
            return Ok(Accepted::without_move(Submitted::SideBranch));
        }
        match self.move_tip(id, &block, &bytes) {
            Ok(head) => Ok(Accepted { submitted: Submitted::Best, head: Some(head) }),
            Err(ConnectError::Rule { id: broken, error }) => {
                self.condemn(broken, id, &block)?;
                let prev_hash = header.prev_hash;
                Err(SubmitError::Invalid(if broken == id {
                    error
                } else {
                    RuleError::InvalidParent { prev_hash }
                }))
            }
            Err(ConnectError::Store(error)) => Err(SubmitError::Store(error)),
        }
    }

    /// HDR-1 to HDR-6. A header that fails has shown no work, so nothing is remembered of it.
    fn check_header(&self, block: &Block, hash: &BlockHash) -> Result<NodeId, SubmitError> {
        let header = &block.header;
        check_header_alone(header).map_err(by_verdict)?;
        let prev_hash = header.prev_hash;
        let parent =
            self.tree.find(&prev_hash).ok_or(RuleError::UnknownParent { prev_hash }).map_err(by_verdict)?;
        if self.tree.node(parent).is_condemned {
            return Err(SubmitError::Invalid(RuleError::InvalidParent { prev_hash }));
        }
        check_header(self.spec.rules(), header, hash, &self.tree.ancestry(parent), self.clock.now())
            .map_err(by_verdict)?;
        Ok(parent)
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
        check_body(&body, block).map_err(|error| match by_verdict(error) {
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
    fn condemn(&mut self, broken: NodeId, id: NodeId, block: &CheckedBlock) -> Result<(), SubmitError> {
        let condemned = self.tree.condemn(broken);
        let nodes: Vec<_> =
            condemned.iter().filter(|other| **other != id).map(|id| *self.tree.node(*id)).collect();
        let stored = self.store.write(|batch| {
            batch.put_header(block.height(), block.hash(), block.header(), true)?;
            nodes.iter().try_for_each(|node| batch.condemn(node.height, &node.hash))
        });
        stored.map_err(SubmitError::Store)
    }
}

fn by_verdict(error: RuleError) -> SubmitError {
    match error.verdict() {
        Verdict::Invalid => SubmitError::Invalid(error),
        Verdict::BadBody => SubmitError::BadBody(error),
        Verdict::NotNow => SubmitError::Undecided(error),
    }
}
