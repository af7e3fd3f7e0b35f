//! The crate's own ledger, led over the same chain: to each block's parent, over the block, and to the best tip, by
//! connecting and disconnecting.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use shared::block::Block;
use shared::consensus::{
    BodyContext, CheckedBlock, RuleError, Verdict, check_body, check_header, check_header_alone,
};
use shared::hash::BlockHash;
use shared::ledger::{Ledger, Undo};
use shared::pow::{Ancestry, Work};
use shared::spec::ChainSpec;

use crate::support::HashVerifier;

struct Stored {
    block: CheckedBlock,
    work: Work,
}

pub(crate) struct RealChain {
    spec: Arc<ChainSpec>,
    pub(crate) ledger: Ledger,
    /// What leads back from the ledger's tip to genesis, and the ledger's tip itself, oldest first.
    path: Vec<(BlockHash, Undo)>,
    /// Every valid block but genesis.
    stored: BTreeMap<BlockHash, Stored>,
    condemned: BTreeSet<BlockHash>,
    best: BlockHash,
}

impl RealChain {
    pub(crate) fn new(spec: ChainSpec) -> Self {
        let spec = Arc::new(spec);
        Self {
            ledger: Ledger::new(Arc::clone(&spec)),
            path: Vec::new(),
            stored: BTreeMap::new(),
            condemned: BTreeSet::new(),
            best: *spec.genesis_hash(),
            spec,
        }
    }

    /// Judges a block, takes it in when it is valid, and leaves the ledger at the best tip.
    pub(crate) fn submit(&mut self, block: Block, now: u64) -> Result<(), RuleError> {
        let hash = block.header.hash();
        let result = self.judge(block, &hash, now);
        if result.as_ref().is_err_and(|error| error.verdict() == Verdict::Invalid) {
            self.condemned.insert(hash);
        }
        self.go_to(self.best);
        result
    }

    fn judge(&mut self, block: Block, hash: &BlockHash, now: u64) -> Result<(), RuleError> {
        let header = block.header;
        check_header_alone(&header)?;
        let prev_hash = header.prev_hash;
        if self.condemned.contains(&prev_hash) {
            return Err(RuleError::InvalidParent { prev_hash });
        }
        let ancestry = self.ancestry(&prev_hash).ok_or(RuleError::UnknownParent { prev_hash })?;
        check_header(self.spec.rules(), &header, hash, &ancestry, now)?;

        self.go_to(prev_hash);
        let height = self.ledger.height() + 1;
        let context =
            BodyContext { spec: &self.spec, height, verifier: &HashVerifier, is_verified: &|_| false };
        let block = check_body(&context, block)?;
        let (root, accounts) = (self.ledger.state_root(), self.ledger.accounts().clone());
        match self.ledger.connect(&block) {
            Ok(connected) => self.path.push((*hash, connected.undo)),
            Err(error) => {
                assert_eq!((self.ledger.state_root(), self.ledger.accounts()), (root, &accounts));
                return Err(error);
            }
        }
        let work = self.ledger.headers().work();
        if work > self.work(&self.best) {
            self.best = *hash;
        }
        self.stored.insert(*hash, Stored { block, work });
        Ok(())
    }

    /// Leads the ledger to `target` over the last common ancestor.
    pub(crate) fn go_to(&mut self, target: BlockHash) {
        let mut ahead = Vec::new();
        let mut common = target;
        while common != *self.spec.genesis_hash() && self.path.iter().all(|(hash, _)| *hash != common) {
            ahead.push(common);
            common = self.stored[&common].block.header().prev_hash;
        }
        while *self.ledger.tip() != common {
            let (left, undo) = self.path.pop().expect("the common ancestor is on the path");
            self.ledger.disconnect(self.stored[&left].block.header().prev_hash, undo);
        }
        for hash in ahead.into_iter().rev() {
            let connected = self.ledger.connect(&self.stored[&hash].block).expect("it was valid before");
            self.path.push((hash, connected.undo));
        }
    }

    fn work(&self, hash: &BlockHash) -> Work {
        self.stored.get(hash).map_or(Work::ZERO, |stored| stored.work)
    }

    fn ancestry(&self, hash: &BlockHash) -> Option<Ancestry> {
        if hash == self.spec.genesis_hash() {
            let header = self.spec.genesis().header;
            return Some(Ancestry { bits: header.bits, time: header.time, grandparent_time: None });
        }
        let header = self.stored.get(hash)?.block.header();
        let genesis = self.spec.genesis().header.time;
        let above = self.stored.get(&header.prev_hash).map_or(genesis, |stored| stored.block.header().time);
        Some(Ancestry { bits: header.bits, time: header.time, grandparent_time: Some(above) })
    }
}
