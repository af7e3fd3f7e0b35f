//! Many nodes in one thread: virtual time, links that delay, reorder and break, and what each node does with its actions.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::sync::Arc;

use node::sync::{
    Action, Delivered, Event, Limits, MessageKey, Now, PeerKey, RequestKey, SubmitKey, Sync, Verdict,
};
use node::wire::{BlockAnnouncement, MAX_HEADERS, Request, Response};
use shared::block::{Block, Header};
use shared::hash::BlockHash;
use shared::spec::ChainSpec;
use shared::transaction::{Transaction, TransactionBody};

use super::chain::{SimChain, announcement};
use super::liar::Lie;
use super::random::{Random, mix};

/// How often [`Event::Tick`] comes.
const TICK_MS: u64 = 500;
/// To how many a new block is passed on: gossipsub's mesh.
const MESH: usize = 8;

/// What differs from one simulation to another.
#[derive(Debug, Clone)]
pub(super) struct Setting {
    pub(super) seed: u64,
    pub(super) spec: Arc<ChainSpec>,
    pub(super) nodes: usize,
    pub(super) liars: Vec<Lie>,
    /// How many others each node dials.
    pub(super) dials: usize,
    /// Of one link, one way.
    pub(super) latency_ms: (u64, u64),
    /// How long the chain takes for a block.
    pub(super) judge_ms: (u64, u64),
    /// Between two blocks of the whole network, on average.
    pub(super) interval_ms: u64,
    /// Bytes of an announcement, and how many of them a node sends in a millisecond.
    pub(super) announcement_bytes: u64,
    pub(super) bytes_per_ms: u64,
    /// What everybody has at the start.
    pub(super) start: SimChain,
    /// What liars tell instead of the chain.
    pub(super) cheap: Arc<Vec<(BlockHash, Header)>>,
    /// Transactions in a block, at most; a tenth of them is missing at each node.
    pub(super) transactions: usize,
}

/// Something that happens at a time.
#[derive(Debug)]
pub(super) enum Happening {
    Deliver { to: PeerKey, message: Message },
    Judge { node: usize, life: u64, submit: SubmitKey, blocks: Vec<Delivered> },
    Tick { node: usize, life: u64 },
    LinkUp { a: usize, b: usize },
    Dial,
    Mine,
    Trouble,
    Restart { node: usize },
}

#[derive(Debug, Clone)]
pub(super) enum Message {
    Request { request: RequestKey, body: Request },
    Response { request: RequestKey, response: Response },
    Announcement(Arc<BlockAnnouncement>),
}

/// One end of a connection.
#[derive(Debug)]
pub(super) struct End {
    pub(super) node: usize,
    /// The other end.
    pub(super) twin: PeerKey,
    pub(super) latency_ms: u64,
}

#[derive(Debug)]
pub(super) struct Node {
    pub(super) lie: Option<Lie>,
    /// `None` while it is down.
    pub(super) sync: Option<Sync>,
    pub(super) chain: SimChain,
    /// Its clock's error, seconds.
    pub(super) skew_s: i64,
    pub(super) group: u8,
    /// Rises with each restart.
    pub(super) life: u64,
    pub(super) peers: BTreeSet<PeerKey>,
    pub(super) seen: BTreeSet<BlockHash>,
    pub(super) messages: BTreeMap<MessageKey, (PeerKey, Arc<BlockAnnouncement>)>,
    sends_until_ms: u64,
}

/// Everything.
#[derive(Debug)]
pub(super) struct World {
    pub(super) setting: Setting,
    pub(super) random: Random,
    pub(super) now_ms: u64,
    pub(super) nodes: Vec<Node>,
    queue: BinaryHeap<Reverse<(u64, u64)>>,
    happenings: BTreeMap<u64, Happening>,
    pub(super) ends: BTreeMap<PeerKey, End>,
    pub(super) banned: BTreeSet<(usize, usize)>,
    last_number: u64,
    pub(super) cheap: Arc<Vec<(BlockHash, Header)>>,
    pub(super) is_mining: bool,
    /// Nothing goes wrong any more.
    pub(super) is_quiet: bool,
    /// A hash of everything that was done.
    pub(super) trace: u64,
    /// When each block was mined, and when the honest nodes stored it.
    pub(super) arrivals: BTreeMap<BlockHash, (u64, Vec<u64>)>,
    /// How often each fault was found.
    pub(super) faults: BTreeMap<String, u64>,
}

/// The clocks begin so long after genesis.
const START_S: u64 = 200_000;

impl World {
    pub(super) fn new(setting: Setting) -> Self {
        let mut random = Random::new(setting.seed);
        let spec = &setting.spec;
        let node = |number: usize| {
            let lie = setting.liars.get(number).copied();
            let mut chain = setting.start.clone();
            chain.believes_all = lie.is_some();
            Node {
                lie,
                sync: Some(Sync::new(Arc::clone(spec), chain.tree.clone(), Limits::default())),
                chain,
                skew_s: 0,
                group: 0,
                life: 0,
                peers: BTreeSet::new(),
                seen: BTreeSet::new(),
                messages: BTreeMap::new(),
                sends_until_ms: 0,
            }
        };
        let nodes: Vec<_> = (0..setting.nodes).map(node).collect();
        let first_mine = random.wait_ms(setting.interval_ms);
        let mut world = Self {
            random,
            now_ms: 0,
            nodes,
            queue: BinaryHeap::new(),
            happenings: BTreeMap::new(),
            ends: BTreeMap::new(),
            banned: BTreeSet::new(),
            last_number: 0,
            cheap: Arc::clone(&setting.cheap),
            is_mining: true,
            is_quiet: false,
            trace: setting.seed,
            arrivals: BTreeMap::new(),
            faults: BTreeMap::new(),
            setting,
        };
        world.at(0, Happening::Dial);
        world.at(first_mine, Happening::Mine);
        for node in 0..world.nodes.len() {
            world.at(node as u64 % TICK_MS, Happening::Tick { node, life: 0 });
        }
        world
    }

    pub(super) fn unix_s(&self) -> u64 {
        u64::from(self.setting.spec.genesis().header.time) + START_S + self.now_ms / 1_000
    }

    fn now(&self, node: usize) -> Now {
        Now { ms: self.now_ms, unix_s: self.unix_s().saturating_add_signed(self.nodes[node].skew_s) }
    }

    pub(super) fn honest(&self) -> impl Iterator<Item = (usize, &Node)> {
        self.nodes.iter().enumerate().filter(|(_, node)| node.lie.is_none())
    }

    pub(super) fn number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }

    pub(super) fn at(&mut self, in_ms: u64, happening: Happening) {
        let number = self.number();
        self.queue.push(Reverse((self.now_ms + in_ms, number)));
        self.happenings.insert(number, happening);
    }

    fn note(&mut self, value: u64) {
        self.trace = mix(self.trace ^ mix(value) ^ self.now_ms);
    }

    /// Lets time go by.
    pub(super) fn run(&mut self, ms: u64) {
        let end = self.now_ms + ms;
        while let Some(Reverse((time, number))) = self.queue.peek().copied()
            && time <= end
        {
            self.queue.pop();
            self.now_ms = time;
            if let Some(happening) = self.happenings.remove(&number) {
                self.happen(happening);
            }
        }
        self.now_ms = end;
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Deliver { to, message } => self.deliver(to, message),
            Happening::Judge { node, life, submit, blocks } if self.nodes[node].life == life => {
                self.judge(node, submit, &blocks);
            }
            Happening::Tick { node, life } if self.nodes[node].life == life => {
                self.tell(node, Event::Tick);
                self.lie_unasked(node);
                self.at(TICK_MS, Happening::Tick { node, life });
            }
            Happening::Judge { .. } | Happening::Tick { .. } => {}
            Happening::LinkUp { a, b } => self.link_up(a, b),
            Happening::Dial => self.dial(),
            Happening::Mine => {
                let wait = self.random.wait_ms(self.setting.interval_ms);
                self.at(wait, Happening::Mine);
                if self.is_mining {
                    let node = self.random.below(self.nodes.len());
                    self.mine(node, &[]);
                }
            }
            Happening::Trouble => self.trouble(),
            Happening::Restart { node } => self.restart(node),
        }
    }

    /// Hands an event to a node, and does what it wants done.
    pub(super) fn tell(&mut self, node: usize, event: Event) {
        let now = self.now(node);
        let Some(sync) = &mut self.nodes[node].sync else { return };
        for action in sync.handle(now, event) {
            self.act(node, action);
        }
        self.check_usage(node);
    }

    fn act(&mut self, node: usize, action: Action) {
        self.note(node as u64);
        match action {
            Action::Request { peer, request, body } => {
                self.note(request.0);
                self.send(peer, Message::Request { request, body }, 0);
            }
            Action::Submit { submit, blocks } => {
                self.note(submit.0 ^ blocks.len() as u64);
                let (low, high) = self.setting.judge_ms;
                let judge_ms = self.random.between(low, high) * blocks.len() as u64;
                let life = self.nodes[node].life;
                self.at(judge_ms, Happening::Judge { node, life, submit, blocks });
            }
            Action::Verdict { message, verdict } => {
                self.note(message.0);
                let gossip = self.nodes[node].messages.remove(&message);
                if let Some((from, announcement)) = gossip.filter(|_| verdict == Verdict::Accept) {
                    self.gossip(node, Some(from), &announcement);
                }
            }
            Action::Blame { peer, fault } => {
                let Some(other) = self.other(peer) else { return };
                if self.nodes[node].lie.is_some() {
                    return;
                }
                assert!(
                    self.nodes[other].lie.is_some(),
                    "seed {}: node {node} blames the honest node {other} for {fault} after {} ms",
                    self.setting.seed,
                    self.now_ms
                );
                *self.faults.entry(fault.to_string()).or_default() += 1;
                self.banned.insert((node, other));
                self.cut(peer);
            }
            Action::Disconnect { peer, .. } => self.cut(peer),
        }
    }

    /// What nobody may exceed, whatever others say.
    fn check_usage(&self, node: usize) {
        let Some(sync) = &self.nodes[node].sync else { return };
        let (usage, peers) = (sync.usage(), self.nodes[node].peers.len());
        let is_bounded = usage.buffered_bytes <= 34 << 20
            && usage.requests <= peers * 4 + 16
            && usage.assemblies <= 16
            && usage.side_headers <= 20_000 + MAX_HEADERS
            && usage.search_bytes <= peers * (64 << 10);
        assert!(is_bounded, "seed {}: node {node} holds {usage:?} for {peers} peers", self.setting.seed);
    }

    fn judge(&mut self, node: usize, submit: SubmitKey, blocks: &[Delivered]) {
        let now = self.now(node).unix_s;
        let outcomes = self.nodes[node].chain.judge(now, blocks);
        if self.nodes[node].lie.is_none() {
            for (block, outcome) in blocks.iter().zip(&outcomes) {
                self.note(u64::from(block.hash.0[0]) + u64::from(*outcome == node::sync::Outcome::Stored));
                if *outcome == node::sync::Outcome::Stored
                    && let Some((_, arrived)) = self.arrivals.get_mut(&block.hash)
                {
                    arrived.push(self.now_ms);
                }
            }
        }
        self.tell(node, Event::Submitted { submit, outcomes });
    }

    /// Finds a block and tells the neighbours.
    pub(super) fn mine(&mut self, node: usize, message: &[u8]) {
        let parent = self.nodes[node].chain.tip();
        self.mine_on(node, &parent, message);
    }

    pub(super) fn mine_on(&mut self, node: usize, parent: &BlockHash, message: &[u8]) {
        if self.nodes[node].sync.is_none() {
            return;
        }
        let now = self.now(node).unix_s;
        let count = self.random.below(self.setting.transactions + 1);
        let transactions = (0..count).map(|_| transaction(self.random.next() >> 12)).collect();
        let extra_nonce = self.number();
        let chain = &mut self.nodes[node].chain;
        let block = chain.make(parent, now, extra_nonce, transactions, message);
        let (header, hash) = (block.header, block.header.hash());
        let news = Arc::new(announcement(&block));
        // A miner takes its own stamp for good.
        chain.accept(u64::from(u32::MAX), block);
        if self.nodes[node].lie.is_none() {
            self.arrivals.insert(hash, (self.now_ms, vec![self.now_ms]));
        }
        self.nodes[node].seen.insert(hash);
        self.tell(node, Event::Stored { headers: vec![header] });
        self.gossip(node, None, &news);
    }

    /// Passes an announcement on to some neighbours; one's own to all.
    pub(super) fn gossip(&mut self, node: usize, from: Option<PeerKey>, news: &Arc<BlockAnnouncement>) {
        let mut peers: Vec<_> = self.nodes[node].peers.iter().copied().collect();
        peers.retain(|peer| Some(*peer) != from);
        while from.is_some() && peers.len() > MESH {
            peers.swap_remove(self.random.below(peers.len()));
        }
        for peer in peers {
            let bytes = self.setting.announcement_bytes;
            self.send(peer, Message::Announcement(Arc::clone(news)), bytes);
        }
    }

    /// Sends to the other end. Later messages may come earlier.
    fn send(&mut self, end: PeerKey, message: Message, bytes: u64) {
        let Some(End { node, twin, latency_ms }) = self.ends.get(&end) else { return };
        let (node, twin, latency_ms) = (*node, *twin, *latency_ms);
        let line = &mut self.nodes[node].sends_until_ms;
        *line = (*line).max(self.now_ms) + bytes / self.setting.bytes_per_ms;
        let queued_ms = *line - self.now_ms;
        let jitter_ms = self.random.between(0, latency_ms / 4 + 1);
        self.at(queued_ms + latency_ms + jitter_ms, Happening::Deliver { to: twin, message });
    }

    fn deliver(&mut self, to: PeerKey, message: Message) {
        let Some(End { node, .. }) = self.ends.get(&to) else { return };
        let node = *node;
        match message {
            Message::Request { request, body } => {
                let this = &self.nodes[node];
                let answer = match this.lie {
                    None => Some((this.chain.answer(&body), 0)),
                    Some(lie) => lie.answer(&this.chain, &body, &self.cheap, &mut self.random),
                };
                let Some((response, late_ms)) = answer else { return };
                if this.lie == Some(Lie::Babbles) {
                    let request = RequestKey(self.random.next());
                    self.send(to, Message::Response { request, response: response.clone() }, 0);
                    self.send(to, Message::Response { request, response: response.clone() }, 0);
                }
                // A late answer is late because the line is held up.
                self.nodes[node].sends_until_ms = self.nodes[node].sends_until_ms.max(self.now_ms) + late_ms;
                self.send(to, Message::Response { request, response }, 0);
            }
            Message::Response { request, response } => {
                self.tell(node, Event::Answered { peer: to, request, response });
            }
            Message::Announcement(news) => {
                if !self.nodes[node].seen.insert(news.header.hash()) {
                    return;
                }
                let message = MessageKey(self.number());
                let found = self.found(node, &news);
                self.nodes[node].messages.insert(message, (to, Arc::clone(&news)));
                let announcement = Box::new(BlockAnnouncement::clone(&news));
                self.tell(node, Event::Announced { peer: to, message, announcement, found });
            }
        }
    }

    /// Looks an announcement's transactions up in a mempool that lacks every tenth.
    fn found(&self, node: usize, news: &BlockAnnouncement) -> Vec<Option<Arc<Transaction>>> {
        if news.tx_ids.is_empty() {
            return Vec::new();
        }
        let transactions = self.nodes.iter().find_map(|node| node.chain.blocks.get(&news.header.hash()));
        let Some(block) = transactions else { return vec![None; news.tx_ids.len()] };
        let found = |transaction: &Transaction| {
            let is_here = !mix(transaction.body.nonce ^ mix(node as u64)).is_multiple_of(10);
            is_here.then(|| Arc::new(transaction.clone()))
        };
        block.transactions.iter().map(found).collect()
    }
}

/// A transaction that nobody looks into.
fn transaction(nonce: u64) -> Transaction {
    let body = TransactionBody {
        version: 1,
        sender: vec![1; 256],
        receiver: shared::address::Address::default(),
        amount: 1,
        fee: 1,
        nonce,
        expires_at: 0,
        comment: String::new(),
    };
    Transaction { body, signature: vec![2; 256] }
}

/// A block that follows nothing, with the least work that is looked at.
pub(super) fn orphan(spec: &ChainSpec, name: u64) -> Block {
    let mut block = spec.genesis().clone();
    block.header.prev_hash = BlockHash([9; 32]);
    block.coinbase.extra_nonce = name;
    crate::support::commit_to_body(&mut block);
    crate::support::solve(&mut block);
    block
}
