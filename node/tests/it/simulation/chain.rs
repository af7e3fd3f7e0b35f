//! The chain of one simulated node: what it stores, which branch it follows and what all accounts hold there. Every rule
//! is the real one, and so is the work, which is easy; only signatures are not (see [`super::wallet`]).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use node::headers::{HeaderTree, NodeId};
use node::sync::{Delivered, Outcome};
use node::wire::{BlockAnnouncement, Hello, MAX_HEADERS, MAX_MESSAGE_BYTES, Request, Response};
use shared::address::Address;
use shared::block::{Block, Header};
use shared::codec;
use shared::consensus::{
    BodyContext, CheckedBlock, CheckedTransaction, RuleError, Verdict, check_body, check_header,
    check_header_alone,
};
use shared::hash::{BlockHash, StateRoot, TxId};
use shared::ledger::{Ledger, Undo};
use shared::pow::Work;
use shared::spec::ChainSpec;
use shared::transaction::Transaction;

use super::wallet::{self, Hashes, WALLETS};
use crate::support::{commit_to_body, solve};

/// What a move of the tip means to those that wait for a block.
#[derive(Debug, Clone, Default)]
pub(super) struct Moved {
    /// Whose accounts changed.
    pub(super) touched: BTreeSet<Address>,
    /// The transactions of blocks that were left, oldest first.
    pub(super) left: Vec<Arc<CheckedTransaction>>,
    /// The transactions of blocks that are on the best chain now.
    pub(super) joined: Vec<Arc<CheckedTransaction>>,
}

#[derive(Debug, Clone)]
pub(super) struct SimChain {
    spec: Arc<ChainSpec>,
    pub(super) tree: HeaderTree,
    pub(super) blocks: BTreeMap<BlockHash, Arc<CheckedBlock>>,
    /// The best chain, by height.
    pub(super) best: Vec<BlockHash>,
    pub(super) ledger: Ledger,
    /// What takes the best chain's blocks back, without genesis'.
    undo: Vec<Undo>,
    /// Whether it looks at no state, and makes blocks whose state is wrong.
    pub(super) believes_all: bool,
    /// The most blocks that it left for others at a time.
    pub(super) deepest_reorg: usize,
    moved: Moved,
}

impl SimChain {
    pub(super) fn new(spec: Arc<ChainSpec>) -> Self {
        Self {
            tree: HeaderTree::new(&spec),
            blocks: BTreeMap::new(),
            best: vec![*spec.genesis_hash()],
            ledger: Ledger::new(Arc::clone(&spec)),
            undo: Vec::new(),
            spec,
            believes_all: false,
            deepest_reorg: 0,
            moved: Moved::default(),
        }
    }

    pub(super) fn tip(&self) -> BlockHash {
        self.best[self.best.len() - 1]
    }

    fn tip_id(&self) -> NodeId {
        self.tree.find(&self.tip()).unwrap()
    }

    pub(super) fn work(&self) -> Work {
        self.tree.node(self.tip_id()).work
    }

    pub(super) fn height(&self) -> usize {
        self.best.len() - 1
    }

    pub(super) fn next_height(&self) -> u64 {
        self.best.len() as u64
    }

    /// Returns what the tip's move means, once.
    pub(super) fn take_moved(&mut self) -> Moved {
        std::mem::take(&mut self.moved)
    }

    pub(super) fn hello(&self) -> Hello {
        let node = self.tree.node(self.tip_id());
        let mut work = node.work.to_le_bytes();
        work.reverse();
        Hello { agent: "simulated".to_owned(), height: node.height, tip: node.hash, work }
    }

    /// Makes a block on `parent`, which is on the best chain.
    pub(super) fn make(
        &self,
        parent: &BlockHash,
        now: u64,
        extra_nonce: u64,
        miner: Address,
        transactions: Vec<Arc<CheckedTransaction>>,
    ) -> Block {
        let id = self.tree.find(parent).unwrap();
        let (ancestry, height) = (self.tree.ancestry(id), self.tree.node(id).height + 1);
        let time = u32::try_from(now).unwrap().max(ancestry.time + 1);
        let fork = usize::try_from(height - 1).unwrap();
        let template = match self.believes_all {
            true => self.ledger.clone(),
            false => self.ledger_at(fork),
        }
        .propose(ancestry, miner, transactions)
        .unwrap();
        let bits = template.bits(self.spec.rules(), time).unwrap();
        let mut block = template.block(template.header(extra_nonce, time, bits), extra_nonce);
        if self.believes_all {
            block.header.prev_hash = *parent;
            (block.coinbase.height, block.coinbase.state_root) = (height, StateRoot::default());
            commit_to_body(&mut block);
        }
        solve(&mut block);
        block
    }

    /// Returns the accounts after the best chain's block of height `height`.
    fn ledger_at(&self, height: usize) -> Ledger {
        let mut ledger = self.ledger.clone();
        for above in (height..self.height()).rev() {
            ledger.disconnect(self.best[above], self.undo[above].clone());
        }
        ledger
    }

    /// Returns the headers of the best chain after genesis, with their hashes.
    pub(super) fn best_headers(&self) -> Vec<(BlockHash, Header)> {
        self.best[1..].iter().map(|hash| (*hash, *self.blocks[hash].header())).collect()
    }

    /// Judges blocks as a chain thread does: up to the first that is refused.
    pub(super) fn judge(
        &mut self,
        now: u64,
        blocks: &[Delivered],
        is_verified: &dyn Fn(&TxId) -> bool,
    ) -> Vec<Outcome> {
        let mut outcomes = vec![Outcome::Skipped; blocks.len()];
        for (place, delivered) in outcomes.iter_mut().zip(blocks) {
            *place = match codec::decode::<Block>(&delivered.bytes) {
                Ok(block) => self.accept(now, block, is_verified),
                Err(_) => Outcome::BadBody(RuleError::TxCountMismatch { claimed: 0, actual: 0 }),
            };
            if *place != Outcome::Stored {
                break;
            }
        }
        outcomes
    }

    pub(super) fn accept(&mut self, now: u64, block: Block, is_verified: &dyn Fn(&TxId) -> bool) -> Outcome {
        let hash = block.header.hash();
        if let Some(known) = self.tree.find(&hash) {
            return if self.tree.node(known).is_condemned { Outcome::Condemned } else { Outcome::Stored };
        }
        let (prev_hash, header) = (block.header.prev_hash, block.header);
        let parent = match self.check_header(now, &header, &hash) {
            Ok(parent) => parent,
            Err(error) => return refused(error),
        };
        let height = self.tree.node(parent).height + 1;
        let body = BodyContext { spec: &self.spec, height, verifier: &Hashes, is_verified };
        let block = match check_body(&body, block) {
            Ok(block) => block,
            Err(error) => {
                if error.verdict() == Verdict::Invalid {
                    self.tree.insert(parent, hash, &header, true);
                }
                return refused(error);
            }
        };
        let id = self.tree.insert(parent, hash, &header, false);
        self.blocks.insert(hash, Arc::new(block));
        if self.tree.node(id).work <= self.tree.node(self.tip_id()).work {
            return Outcome::Stored;
        }
        match self.move_to(id) {
            Ok(()) => Outcome::Stored,
            Err((broken, error)) => {
                for condemned in self.tree.condemn(broken) {
                    self.blocks.remove(&self.tree.node(condemned).hash);
                }
                Outcome::Invalid(if broken == id { error } else { RuleError::InvalidParent { prev_hash } })
            }
        }
    }

    fn check_header(&self, now: u64, header: &Header, hash: &BlockHash) -> Result<NodeId, RuleError> {
        let prev_hash = header.prev_hash;
        check_header_alone(header)?;
        let parent = self.tree.find(&prev_hash).ok_or(RuleError::UnknownParent { prev_hash })?;
        if self.tree.node(parent).is_condemned {
            return Err(RuleError::InvalidParent { prev_hash });
        }
        check_header(self.spec.rules(), header, hash, &self.tree.ancestry(parent), now)?;
        Ok(parent)
    }

    /// Moves the tip, or says which block breaks which rule and leaves everything as it was.
    fn move_to(&mut self, id: NodeId) -> Result<(), (NodeId, RuleError)> {
        let fork = self.tree.fork_point(id, self.tip_id());
        let fork_height = usize::try_from(self.tree.node(fork).height).unwrap();
        let branch = self.tree.branch(fork, id);
        if !self.believes_all {
            let is_reorg = fork_height < self.height();
            let mut ledger = is_reorg.then(|| self.ledger_at(fork_height));
            let (mut undo, mut joined) = (Vec::new(), Vec::new());
            for id in &branch {
                let block = &self.blocks[&self.tree.node(*id).hash];
                // A block on the tip changes nothing when it is invalid, so no copy is needed for it.
                let connected = ledger.as_mut().unwrap_or(&mut self.ledger).connect(block);
                joined.extend(block.transactions().iter().cloned());
                undo.push(connected.map_err(|error| (*id, error))?.undo);
            }
            let left = self.undo.split_off(fork_height);
            let touched = left.iter().chain(&undo).flat_map(|undo| &undo.accounts);
            self.moved.touched.extend(touched.map(|(address, _)| *address));
            for hash in &self.best[fork_height + 1..] {
                self.moved.left.extend(self.blocks[hash].transactions().iter().cloned());
            }
            self.moved.joined.append(&mut joined);
            self.undo.extend(undo);
            if let Some(ledger) = ledger {
                self.ledger = ledger;
            }
        }
        self.deepest_reorg = self.deepest_reorg.max(self.height() - fork_height);
        self.best.truncate(fork_height + 1);
        self.best.extend(branch.into_iter().map(|id| self.tree.node(id).hash));
        Ok(())
    }

    /// Answers as an honest node does: headers of the best chain only, blocks of any branch. `None` when the question is
    /// about something else.
    pub(super) fn answer(&self, request: &Request) -> Option<Response> {
        Some(match request {
            Request::Headers { locator } => {
                let height = |hash: &BlockHash| {
                    let height = usize::try_from(self.tree.node(self.tree.find(hash)?).height).unwrap();
                    (self.best.get(height) == Some(hash)).then_some(height)
                };
                let fork = locator.iter().find_map(height).unwrap_or(0);
                let after = self.best.iter().skip(fork + 1).take(MAX_HEADERS);
                Response::Headers(after.map(|hash| *self.blocks[hash].header()).collect())
            }
            Request::Blocks { hashes } => {
                let mut room = MAX_MESSAGE_BYTES;
                let found = hashes.iter().map_while(|hash| self.blocks.get(hash));
                let fits = found.map(|block| block.encode()).take_while(|bytes| {
                    let left = room.checked_sub(bytes.len());
                    room = left.unwrap_or(0);
                    left.is_some()
                });
                Response::Blocks(fits.collect())
            }
            Request::BlockTransactions { block, indexes } => {
                let block = self.blocks.get(block);
                let transaction =
                    |index: &u32| Some(block?.transactions().get(*index as usize)?.transaction().clone());
                Response::BlockTransactions(indexes.iter().filter_map(transaction).collect())
            }
            Request::Hello(_)
            | Request::PendingIds
            | Request::Transactions { .. }
            | Request::Farewell { .. } => return None,
        })
    }
}

fn refused(error: RuleError) -> Outcome {
    match error.verdict() {
        Verdict::Invalid => Outcome::Invalid(error),
        Verdict::BadBody => Outcome::BadBody(error),
        Verdict::NotNow => Outcome::Undecided,
    }
}

pub(super) fn announcement(block: &Block) -> BlockAnnouncement {
    let Block { header, coinbase, transactions } = block.clone();
    BlockAnnouncement { header, coinbase, tx_ids: transactions.iter().map(Transaction::id).collect() }
}

/// Makes a chain of `count` blocks, one every `seconds`, that gives every wallet its coins.
pub(super) fn grown(spec: &Arc<ChainSpec>, count: usize, seconds: u32) -> SimChain {
    let mut chain = SimChain::new(Arc::clone(spec));
    for number in 1..=count {
        let time = u64::from(spec.genesis().header.time) + number as u64 * u64::from(seconds);
        let miner = wallet::address(number % WALLETS);
        let block = chain.make(&chain.tip(), time, u64::MAX, miner, Vec::new());
        assert_eq!(chain.accept(time, block, &|_| false), Outcome::Stored);
    }
    chain.take_moved();
    chain
}
