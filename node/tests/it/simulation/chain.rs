//! The chain of one simulated node: what it stores and which branch it follows. Headers are real, with real, easy work,
//! and every header rule is checked. Accounts are not kept, so state roots mean nothing: a block is invalid when its
//! coinbase says so, and that is found out where a real node would find a wrong state, when the block is applied.

use std::collections::BTreeMap;
use std::sync::Arc;

use node::headers::{HeaderTree, NodeId};
use node::sync::{Delivered, Outcome};
use node::wire::{BlockAnnouncement, Hello, MAX_HEADERS, MAX_MESSAGE_BYTES, Request, Response};
use shared::address::Address;
use shared::block::{Block, Coinbase, HEADER_VERSION, Header};
use shared::codec;
use shared::consensus::{RuleError, Verdict, check_header, check_header_alone};
use shared::hash::{BlockHash, ChainRoot, MerkleRoot, StateRoot};
use shared::merkle::merkle_root;
use shared::pow::next_bits;
use shared::spec::ChainSpec;
use shared::transaction::Transaction;

use crate::support::{commit_to_body, solve};

/// What an invalid block has in its coinbase.
pub(super) const INVALID: &[u8] = b"invalid";

#[derive(Debug, Clone)]
pub(super) struct SimChain {
    spec: Arc<ChainSpec>,
    pub(super) tree: HeaderTree,
    pub(super) blocks: BTreeMap<BlockHash, Arc<Block>>,
    /// The best chain, by height.
    best: Vec<BlockHash>,
    /// Whether it builds on invalid blocks: a liar's does.
    pub(super) believes_all: bool,
    /// The most blocks that it left for others at a time.
    pub(super) deepest_reorg: usize,
}

impl SimChain {
    pub(super) fn new(spec: Arc<ChainSpec>) -> Self {
        let best = vec![*spec.genesis_hash()];
        Self {
            tree: HeaderTree::new(&spec),
            blocks: BTreeMap::new(),
            best,
            spec,
            believes_all: false,
            deepest_reorg: 0,
        }
    }

    pub(super) fn tip(&self) -> BlockHash {
        self.best[self.best.len() - 1]
    }

    fn tip_id(&self) -> NodeId {
        self.tree.find(&self.tip()).unwrap()
    }

    pub(super) fn height(&self) -> usize {
        self.best.len() - 1
    }

    pub(super) fn hello(&self) -> Hello {
        let node = self.tree.node(self.tip_id());
        let mut work = node.work.to_le_bytes();
        work.reverse();
        Hello { agent: "simulated".to_owned(), height: node.height, tip: node.hash, work }
    }

    /// Makes a block on `parent`.
    pub(super) fn make(
        &self,
        parent: &BlockHash,
        now: u64,
        extra_nonce: u64,
        transactions: Vec<Transaction>,
        message: &[u8],
    ) -> Block {
        let id = self.tree.find(parent).unwrap();
        let (ancestry, height) = (self.tree.ancestry(id), self.tree.node(id).height + 1);
        let time = u32::try_from(now).unwrap().max(ancestry.time + 1);
        let coinbase = Coinbase {
            version: 1,
            height,
            miner: Address::default(),
            reward: 0,
            tx_count: u32::try_from(transactions.len()).unwrap(),
            state_root: StateRoot::default(),
            chain_root: ChainRoot::default(),
            extra_nonce,
            message: message.to_vec(),
        };
        let header = Header {
            version: HEADER_VERSION,
            prev_hash: *parent,
            merkle_root: MerkleRoot::default(),
            time,
            bits: next_bits(self.spec.rules(), &ancestry, time).unwrap(),
            nonce: 0,
        };
        let mut block = Block { header, coinbase, transactions };
        commit_to_body(&mut block);
        solve(&mut block);
        block
    }

    /// Returns the headers of the best chain after genesis, with their hashes.
    pub(super) fn best_headers(&self) -> Vec<(BlockHash, Header)> {
        self.best[1..].iter().map(|hash| (*hash, self.blocks[hash].header)).collect()
    }

    /// Judges blocks as a chain thread does: up to the first that is refused.
    pub(super) fn judge(&mut self, now: u64, blocks: &[Delivered]) -> Vec<Outcome> {
        let mut outcomes = vec![Outcome::Skipped; blocks.len()];
        for (place, delivered) in outcomes.iter_mut().zip(blocks) {
            *place = match codec::decode::<Block>(&delivered.bytes) {
                Ok(block) => self.accept(now, block),
                Err(_) => Outcome::BadBody(RuleError::TxCountMismatch { claimed: 0, actual: 0 }),
            };
            if *place != Outcome::Stored {
                break;
            }
        }
        outcomes
    }

    pub(super) fn accept(&mut self, now: u64, block: Block) -> Outcome {
        let hash = block.header.hash();
        if let Some(known) = self.tree.find(&hash) {
            return if self.tree.node(known).is_condemned { Outcome::Condemned } else { Outcome::Stored };
        }
        let parent = match self.check(now, &block, &hash) {
            Ok(parent) => parent,
            Err(error) => {
                return match error.verdict() {
                    Verdict::Invalid => Outcome::Invalid(error),
                    Verdict::BadBody => Outcome::BadBody(error),
                    Verdict::NotNow => Outcome::Undecided,
                };
            }
        };
        let prev_hash = block.header.prev_hash;
        let id = self.tree.insert(parent, hash, &block.header, false);
        self.blocks.insert(hash, Arc::new(block));
        if self.tree.node(id).work <= self.tree.node(self.tip_id()).work {
            return Outcome::Stored;
        }
        let fork = self.tree.fork_point(id, self.tip_id());
        let branch = self.tree.branch(fork, id);
        let is_invalid = |id: &NodeId| self.blocks[&self.tree.node(*id).hash].coinbase.message == INVALID;
        if let Some(broken) = branch.iter().copied().find(|id| !self.believes_all && is_invalid(id)) {
            for condemned in self.tree.condemn(broken) {
                self.blocks.remove(&self.tree.node(condemned).hash);
            }
            return Outcome::Invalid(if broken == id {
                RuleError::RewardMismatch { expected: 0, actual: 1 }
            } else {
                RuleError::InvalidParent { prev_hash }
            });
        }
        let fork_height = usize::try_from(self.tree.node(fork).height).unwrap();
        self.deepest_reorg = self.deepest_reorg.max(self.height() - fork_height);
        self.best.truncate(fork_height + 1);
        self.best.extend(branch.into_iter().map(|id| self.tree.node(id).hash));
        Outcome::Stored
    }

    fn check(&self, now: u64, block: &Block, hash: &BlockHash) -> Result<NodeId, RuleError> {
        let Block { header, coinbase, transactions } = block;
        let prev_hash = header.prev_hash;
        check_header_alone(header)?;
        let parent = self.tree.find(&prev_hash).ok_or(RuleError::UnknownParent { prev_hash })?;
        if self.tree.node(parent).is_condemned {
            return Err(RuleError::InvalidParent { prev_hash });
        }
        check_header(self.spec.rules(), header, hash, &self.tree.ancestry(parent), now)?;
        let ids = transactions.iter().map(|transaction| transaction.id().0);
        let actual = merkle_root(&std::iter::once(coinbase.leaf()).chain(ids).collect::<Vec<_>>());
        if actual != header.merkle_root {
            return Err(RuleError::MerkleRootMismatch { expected: header.merkle_root, actual });
        }
        Ok(parent)
    }

    /// Answers as an honest node does: headers of the best chain only, blocks of any branch.
    pub(super) fn answer(&self, request: &Request) -> Response {
        match request {
            Request::Headers { locator } => {
                let height = |hash: &BlockHash| {
                    let height = usize::try_from(self.tree.node(self.tree.find(hash)?).height).unwrap();
                    (self.best.get(height) == Some(hash)).then_some(height)
                };
                let fork = locator.iter().find_map(height).unwrap_or(0);
                let after = self.best.iter().skip(fork + 1).take(MAX_HEADERS);
                Response::Headers(after.map(|hash| self.blocks[hash].header).collect())
            }
            Request::Blocks { hashes } => {
                let mut room = MAX_MESSAGE_BYTES;
                let found = hashes.iter().map_while(|hash| self.blocks.get(hash));
                let encoded = found.map(|block| codec::encode(&**block));
                let fits = encoded.take_while(|bytes| {
                    let left = room.checked_sub(bytes.len());
                    room = left.unwrap_or(0);
                    left.is_some()
                });
                Response::Blocks(fits.collect())
            }
            Request::BlockTransactions { block, indexes } => {
                let block = self.blocks.get(block);
                let transaction = |index: &u32| block?.transactions.get(*index as usize).cloned();
                Response::BlockTransactions(indexes.iter().filter_map(transaction).collect())
            }
            other => panic!("sync does not ask {other:?}"),
        }
    }
}

pub(super) fn announcement(block: &Block) -> BlockAnnouncement {
    let Block { header, coinbase, transactions } = block.clone();
    BlockAnnouncement { header, coinbase, tx_ids: transactions.iter().map(Transaction::id).collect() }
}

/// Makes a chain of `count` blocks, one every `seconds`.
pub(super) fn grown(spec: &Arc<ChainSpec>, count: u64, seconds: u32) -> SimChain {
    let mut chain = SimChain::new(Arc::clone(spec));
    for number in 1..=count {
        let time = u64::from(spec.genesis().header.time) + number * u64::from(seconds);
        let block = chain.make(&chain.tip(), time, u64::MAX, Vec::new(), &[]);
        assert_eq!(chain.accept(time, block), Outcome::Stored);
    }
    chain
}
