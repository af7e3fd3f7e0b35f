//! Events in, actions out. The blocks have real headers with real, easy work; what is in them the chain would judge, and
//! here the test does.

mod announcements;
mod blocks;
mod choice;
mod headers;
mod outcomes;
mod slow;

use std::collections::BTreeMap;
use std::sync::Arc;

use shared::address::Address;
use shared::block::{Block, Coinbase, HEADER_VERSION, Header};
use shared::codec;
use shared::hash::{BlockHash, ChainRoot, MerkleRoot, StateRoot};
use shared::merkle::merkle_root;
use shared::pow::{Ancestry, CompactTarget, Work, next_bits};
use shared::spec::{ChainSpec, Rules};
use shared::transaction::{Transaction, TransactionBody};

use super::{
    Action, Delivered, Event, Fault, Limits, MessageKey, Now, Outcome, PeerKey, RequestKey, SubmitKey, Sync,
    Usage, Verdict,
};
use crate::headers::{HeaderTree, work};
use crate::wire::{BlockAnnouncement, Hello, MAX_HEADERS, Request, Response};

/// Dev, with a target that two hashes meet.
fn easy_spec() -> Arc<ChainSpec> {
    let dev = ChainSpec::dev();
    let rules = Rules { limit_bits: CompactTarget(0x207f_ffff), ..dev.rules().clone() };
    Arc::new(ChainSpec::new("easy", rules, dev.genesis().header.time, "a chain for tests").expect("legal"))
}

/// A chain of blocks, genesis first.
#[derive(Debug, Clone)]
struct Blocks(Vec<Block>);

impl Blocks {
    fn new(spec: &ChainSpec) -> Self {
        Self(vec![spec.genesis().clone()])
    }

    /// Returns this chain up to `height` with `count` more blocks; `name` tells the ones of one branch from others.
    fn grown(&self, height: usize, count: usize, name: u64) -> Self {
        let mut grown = Self(self.0[..=height].to_vec());
        (0..count).for_each(|_| grown.add(name, 2, Vec::new()));
        grown
    }

    /// Mines a block `seconds` after the last one.
    fn add(&mut self, name: u64, seconds: u32, transactions: Vec<Transaction>) {
        let spec = easy_spec();
        let [.., parent] = self.0.as_slice() else { return };
        let grandparent_time = self.0.len().checked_sub(2).map(|at| self.0[at].header.time);
        let ancestry = Ancestry { bits: parent.header.bits, time: parent.header.time, grandparent_time };
        let time = parent.header.time + seconds;
        let coinbase = Coinbase {
            version: 1,
            height: self.0.len() as u64,
            miner: Address::default(),
            reward: 0,
            tx_count: u32::try_from(transactions.len()).expect("few"),
            state_root: StateRoot::default(),
            chain_root: ChainRoot::default(),
            extra_nonce: name,
            message: Vec::new(),
        };
        let ids = transactions.iter().map(|transaction| transaction.id().0);
        let leaves: Vec<_> = std::iter::once(coinbase.leaf()).chain(ids).collect();
        let header = Header {
            version: HEADER_VERSION,
            prev_hash: parent.header.hash(),
            merkle_root: merkle_root(&leaves),
            time,
            bits: next_bits(spec.rules(), &ancestry, time).expect("legal bits"),
            nonce: 0,
        };
        let mut block = Block { header, coinbase, transactions };
        solve(&mut block.header);
        self.0.push(block);
    }

    fn hash(&self, height: usize) -> BlockHash {
        self.0[height].header.hash()
    }

    fn tip(&self) -> BlockHash {
        self.hash(self.height())
    }

    fn height(&self) -> usize {
        self.0.len() - 1
    }

    fn header(&self, height: usize) -> Header {
        self.0[height].header
    }

    fn work(&self) -> Work {
        self.0.iter().fold(Work::ZERO, |sum, block| sum.saturating_add(work(block.header.bits)))
    }

    /// Returns the tree of a node that has stored all of it.
    fn tree(&self) -> HeaderTree {
        let mut tree = HeaderTree::new(&easy_spec());
        for block in &self.0[1..] {
            let parent = tree.find(&block.header.prev_hash).expect("a chain");
            tree.insert(parent, block.header.hash(), &block.header, false);
        }
        tree
    }

    fn hello(&self) -> Hello {
        let mut work = self.work().to_le_bytes();
        work.reverse();
        Hello { agent: "test".to_owned(), height: self.height() as u64, tip: self.tip(), work }
    }

    fn announcement(&self, height: usize) -> BlockAnnouncement {
        let Block { header, coinbase, transactions } = self.0[height].clone();
        BlockAnnouncement { header, coinbase, tx_ids: transactions.iter().map(Transaction::id).collect() }
    }

    /// Answers as an honest node does whose chain this is.
    fn answer(&self, request: &Request) -> Response {
        let place = |hash: &BlockHash| self.0.iter().position(|block| block.header.hash() == *hash);
        match request {
            Request::Headers { locator } => {
                let fork = locator.iter().find_map(place).unwrap_or(0);
                let after = self.0.iter().skip(fork + 1).take(MAX_HEADERS);
                Response::Headers(after.map(|block| block.header).collect())
            }
            Request::Blocks { hashes } => {
                let found = hashes.iter().map_while(place);
                Response::Blocks(found.map(|place| codec::encode(&self.0[place])).collect())
            }
            Request::BlockTransactions { block, indexes } => {
                let block = &self.0[place(block).expect("own block")];
                let asked = indexes.iter().map(|index| block.transactions[*index as usize].clone());
                Response::BlockTransactions(asked.collect())
            }
            other => panic!("sync does not ask {other:?}"),
        }
    }
}

fn solve(header: &mut Header) {
    let target = header.bits.target().expect("legal bits");
    while !target.is_met_by(&header.hash()) {
        header.nonce += 1;
    }
}

/// Makes a transaction that nobody would accept; sync does not look into it.
fn transaction(nonce: u64) -> Transaction {
    let body = TransactionBody {
        version: 1,
        sender: vec![1; 256],
        receiver: Address::default(),
        amount: 1,
        fee: 1,
        nonce,
        expires_at: 0,
        comment: String::new(),
    };
    Transaction { body, signature: vec![2; 256] }
}

/// The machine, and what it has asked for so far.
struct Bench {
    sync: Sync,
    now: Now,
    requests: Vec<(PeerKey, RequestKey, Request)>,
    /// How long each answer may take.
    limits: BTreeMap<RequestKey, u64>,
    submits: Vec<(SubmitKey, Vec<Delivered>)>,
    verdicts: Vec<(MessageKey, Verdict)>,
    faults: Vec<(PeerKey, Fault)>,
    disconnected: Vec<PeerKey>,
}

const A: PeerKey = PeerKey(1);
const B: PeerKey = PeerKey(2);
const C: PeerKey = PeerKey(3);

impl Bench {
    /// A node whose chain is `stored`, an hour after genesis.
    fn new(stored: &Blocks) -> Self {
        let unix_s = u64::from(stored.0[0].header.time) + 1_000_000;
        Self {
            sync: Sync::new(easy_spec(), stored.tree(), Limits::default()),
            now: Now { ms: 1_000, unix_s },
            requests: Vec::new(),
            limits: BTreeMap::new(),
            submits: Vec::new(),
            verdicts: Vec::new(),
            faults: Vec::new(),
            disconnected: Vec::new(),
        }
    }

    fn handle(&mut self, event: Event) {
        for action in self.sync.handle(self.now, event) {
            match action {
                Action::Request { peer, request, body, limit_ms } => {
                    self.limits.insert(request, limit_ms);
                    self.requests.push((peer, request, body));
                }
                Action::Submit { submit, blocks } => self.submits.push((submit, blocks)),
                Action::Verdict { message, verdict } => self.verdicts.push((message, verdict)),
                Action::Blame { peer, fault } => self.faults.push((peer, fault)),
                Action::Disconnect { peer, .. } => self.disconnected.push(peer),
            }
        }
    }

    fn connect(&mut self, peer: PeerKey, chain: &Blocks) {
        self.handle(Event::Connected { peer, hello: chain.hello() });
    }

    /// Lets time go by in ticks.
    fn wait(&mut self, ms: u64) {
        for _ in 0..ms / 500 {
            self.now.ms += 500;
            self.handle(Event::Tick);
        }
    }

    fn announce(
        &mut self,
        peer: PeerKey,
        message: u64,
        chain: &Blocks,
        found: Vec<Option<Arc<Transaction>>>,
    ) {
        let announcement = Box::new(chain.announcement(chain.height()));
        self.handle(Event::Announced { peer, message: MessageKey(message), announcement, found });
    }

    /// Takes the questions to `peer` that were not looked at yet.
    fn asked(&mut self, peer: PeerKey) -> Vec<(RequestKey, Request)> {
        let (its, others) = std::mem::take(&mut self.requests).into_iter().partition(|(to, ..)| *to == peer);
        self.requests = others;
        let its: Vec<_> = its;
        its.into_iter().map(|(_, request, body)| (request, body)).collect()
    }

    /// Answers all questions to `peer` from its chain, once.
    fn answer(&mut self, peer: PeerKey, chain: &Blocks) {
        for (request, body) in self.asked(peer) {
            self.handle(Event::Answered { peer, request, response: chain.answer(&body) });
        }
    }

    /// Says that all that was submitted is stored.
    fn store(&mut self) {
        for (submit, blocks) in std::mem::take(&mut self.submits) {
            let outcomes = vec![Outcome::Stored; blocks.len()];
            self.handle(Event::Submitted { submit, outcomes });
        }
    }

    /// Answers and stores until nothing happens any more.
    fn settle(&mut self, peers: &[(PeerKey, &Blocks)]) {
        while !self.submits.is_empty()
            || self.requests.iter().any(|(to, ..)| peers.iter().any(|(peer, _)| peer == to))
        {
            peers.iter().for_each(|(peer, chain)| self.answer(*peer, chain));
            self.store();
        }
    }

    fn tip(&self) -> BlockHash {
        self.sync.known.tip().hash
    }

    /// Answers the only question to `peer`.
    fn reply(&mut self, peer: PeerKey, response: Response) {
        let asked = self.asked(peer);
        let [(request, _)] = asked.as_slice() else { panic!("{asked:?}") };
        self.handle(Event::Answered { peer, request: *request, response });
    }

    /// Answers the only submit.
    fn judge(&mut self, outcomes: Vec<Outcome>) {
        let (submit, blocks) = self.submits.pop().expect("a submit");
        assert!(self.submits.is_empty());
        assert_eq!(blocks.len(), outcomes.len());
        self.handle(Event::Submitted { submit, outcomes });
    }
}
