//! Many nodes in one thread: virtual time, links that delay, reorder and break, and what each node does with its actions.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;

use node::peers::{Gift, PeerAddress, PeerLimits};
use node::sync::{
    Action, Delivered, Event, MessageKey, Now, Outcome, PeerKey, RequestKey, SubmitKey, Verdict,
};
use node::wire::{BlockAnnouncement, MAX_HEADERS, Request, Response};
use shared::block::{Block, HEADER_BYTES, Header, MAX_COINBASE_BYTES};
use shared::codec;
use shared::consensus::CheckedTransaction;
use shared::hash::BlockHash;
use shared::spec::ChainSpec;
use shared::transaction::Transaction;

use super::chain::{SimChain, announcement};
use super::liar::Lie;
use super::node::{End, Node};
use super::random::{Random, mix};
use super::wallet::{self, WALLETS};

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
    /// How many others each node dials, beside the one that it was told.
    pub(super) peers: PeerLimits,
    /// Of one link, one way.
    pub(super) latency_ms: (u64, u64),
    /// How long the chain takes for a block.
    pub(super) judge_ms: (u64, u64),
    /// Between two blocks of the whole network, on average.
    pub(super) interval_ms: u64,
    /// Bytes of an announcement, and how many bytes a node sends in a millisecond.
    pub(super) announcement_bytes: u64,
    pub(super) bytes_per_ms: u64,
    /// What everybody has at the start.
    pub(super) start: SimChain,
    /// What liars tell instead of the chain.
    pub(super) cheap: Arc<Vec<(BlockHash, Header)>>,
    /// Of gossiped messages, so many are lost at each hop.
    pub(super) loss_percent: u64,
    /// Whether honest wallets pay.
    pub(super) pays: bool,
}

/// Something that happens at a time.
#[derive(Debug)]
pub(super) enum Happening {
    Deliver { to: PeerKey, message: Message },
    Judge { node: usize, life: u64, submit: SubmitKey, blocks: Vec<Delivered> },
    Tick { node: usize, life: u64 },
    Dial { node: usize, life: u64 },
    Dialled { node: usize, life: u64, address: PeerAddress },
    Mine,
    Pay,
    Trouble,
    Restart { node: usize },
}

#[derive(Debug, Clone)]
pub(super) enum Message {
    Request {
        request: RequestKey,
        body: Request,
    },
    /// The first bytes of an answer.
    Began {
        request: RequestKey,
    },
    Response {
        request: RequestKey,
        response: Response,
    },
    Block(Arc<BlockAnnouncement>),
    Payments {
        id: u64,
        transactions: Arc<Vec<Transaction>>,
    },
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
    last_number: u64,
    pub(super) cheap: Arc<Vec<(BlockHash, Header)>>,
    pub(super) is_mining: bool,
    pub(super) is_paying: bool,
    pub(super) is_lying: bool,
    /// Nothing goes wrong any more.
    pub(super) is_quiet: bool,
    /// A hash of everything that was done.
    pub(super) trace: u64,
    /// When each block was mined, and when the honest nodes stored it.
    pub(super) arrivals: BTreeMap<BlockHash, (u64, Vec<u64>)>,
    /// How often each fault was found.
    pub(super) faults: BTreeMap<String, u64>,
    /// How often each node was banned.
    pub(super) bans: BTreeMap<usize, u64>,
}

/// The clocks begin so long after genesis.
const START_S: u64 = 200_000;

impl World {
    pub(super) fn new(setting: Setting) -> Self {
        let mut random = Random::new(setting.seed);
        let unix_s = u64::from(setting.spec.genesis().header.time) + START_S;
        let node = |number| Node::new(&setting, number, Now { ms: 0, unix_s });
        let nodes: Vec<_> = (0..setting.nodes).map(node).collect();
        let first_mine = random.wait_ms(setting.interval_ms);
        let mut world = Self {
            random,
            now_ms: 0,
            nodes,
            queue: BinaryHeap::new(),
            happenings: BTreeMap::new(),
            ends: BTreeMap::new(),
            last_number: 0,
            cheap: Arc::clone(&setting.cheap),
            is_mining: true,
            is_paying: setting.pays,
            is_lying: true,
            is_quiet: false,
            trace: setting.seed,
            arrivals: BTreeMap::new(),
            faults: BTreeMap::new(),
            bans: BTreeMap::new(),
            setting,
        };
        world.at(0, Happening::Pay);
        world.at(first_mine, Happening::Mine);
        for node in 0..world.nodes.len() {
            world.at(node as u64 % TICK_MS, Happening::Tick { node, life: 0 });
            world.at(node as u64 % TICK_MS, Happening::Dial { node, life: 0 });
        }
        world
    }

    pub(super) fn unix_s(&self) -> u64 {
        u64::from(self.setting.spec.genesis().header.time) + START_S + self.now_ms / 1_000
    }

    pub(super) fn now(&self, node: usize) -> Now {
        Now { ms: self.now_ms, unix_s: self.unix_s().saturating_add_signed(self.nodes[node].skew_s) }
    }

    pub(super) fn honest(&self) -> impl Iterator<Item = (usize, &Node)> {
        self.nodes.iter().enumerate().filter(|(_, node)| node.lie.is_none())
    }

    /// Returns whether a liar has a tip that no honest node has, with more work than one of those has.
    pub(super) fn has_withheld(&self) -> bool {
        let honest = || self.honest().map(|(_, node)| &node.chain);
        let least = honest().map(SimChain::work).min();
        let mut liars = self.nodes.iter().filter(|node| node.lie.is_some()).map(|node| &node.chain);
        let is_withheld = |tip: BlockHash| honest().all(|chain| !chain.blocks.contains_key(&tip));
        liars.any(|chain| Some(chain.work()) > least && is_withheld(chain.tip()))
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

    pub(super) fn note(&mut self, value: u64) {
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
                self.ask_what_waits(node);
                self.at(TICK_MS, Happening::Tick { node, life });
            }
            Happening::Dial { node, life } if self.nodes[node].life == life => self.dial(node, life),
            Happening::Dialled { node, life, address } if self.nodes[node].life == life => {
                self.dialled(node, address);
            }
            // Of a life that is over.
            Happening::Judge { .. }
            | Happening::Tick { .. }
            | Happening::Dial { .. }
            | Happening::Dialled { .. } => {}
            Happening::Pay => self.pay(),
            Happening::Mine => {
                let wait = self.random.wait_ms(self.setting.interval_ms);
                self.at(wait, Happening::Mine);
                if self.is_mining {
                    let node = self.random.below(self.nodes.len());
                    if !self.nodes[node].chain.believes_all {
                        self.mine(node);
                    }
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
            Action::Request { peer, request, body, .. } => {
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
                    let now = self.now(node);
                    self.nodes[node].peers.brought(from, Gift::Block, now);
                    self.gossip(node, Some(from), &Message::Block(announcement));
                }
            }
            Action::Blame { peer, fault } => self.blame(peer, &fault),
            Action::Disconnect { peer, .. } => self.cut(peer),
        }
    }

    /// What nobody may exceed, whatever others say.
    fn check_usage(&self, node: usize) {
        let Some(sync) = &self.nodes[node].sync else { return };
        let (usage, peers) = (sync.usage(), self.nodes[node].ends.len());
        let is_bounded = usage.buffered_bytes <= 34 << 20
            && usage.requests <= peers * 4 + 16
            && usage.assemblies <= 16
            && usage.side_headers <= 20_000 + MAX_HEADERS
            && usage.search_bytes <= peers * (64 << 10);
        assert!(is_bounded, "seed {}: node {node} holds {usage:?} for {peers} peers", self.setting.seed);
    }

    fn judge(&mut self, number: usize, submit: SubmitKey, blocks: &[Delivered]) {
        let now = self.now(number).unix_s;
        let node = &mut self.nodes[number];
        let view = node.mempool.view();
        let outcomes = node.chain.judge(now, blocks, &|id| view.get(id).is_some());
        if node.lie.is_none() {
            for (block, outcome) in blocks.iter().zip(&outcomes) {
                self.note(u64::from(block.hash.0[0]) + u64::from(*outcome == Outcome::Stored));
                if *outcome == Outcome::Stored
                    && let Some((_, arrived)) = self.arrivals.get_mut(&block.hash)
                {
                    arrived.push(self.now_ms);
                }
            }
        }
        self.follow_chain(number);
        self.tell(number, Event::Submitted { submit, outcomes });
    }

    /// Finds a block and tells the neighbours.
    pub(super) fn mine(&mut self, node: usize) {
        let parent = self.nodes[node].chain.tip();
        // Who believes all does not know which payments are valid.
        let is_blind = self.nodes[node].chain.believes_all;
        let room = self.setting.spec.rules().max_block_bytes as usize - HEADER_BYTES - MAX_COINBASE_BYTES - 4;
        let transactions = self.nodes[node].mempool.select(if is_blind { 0 } else { room });
        self.mine_on(node, &parent, transactions);
    }

    pub(super) fn mine_on(
        &mut self,
        node: usize,
        parent: &BlockHash,
        transactions: Vec<Arc<CheckedTransaction>>,
    ) {
        if self.nodes[node].sync.is_none() {
            return;
        }
        let now = self.now(node).unix_s;
        let extra_nonce = self.number();
        let chain = &mut self.nodes[node].chain;
        let block = chain.make(parent, now, extra_nonce, wallet::address(node % WALLETS), transactions);
        let (header, hash) = (block.header, block.header.hash());
        let news = Arc::new(announcement(&block));
        // A miner takes its own stamp for good.
        assert_eq!(chain.accept(u64::from(u32::MAX), block, &|_| true), Outcome::Stored);
        if self.nodes[node].lie.is_none() {
            self.arrivals.insert(hash, (self.now_ms, vec![self.now_ms]));
        }
        self.nodes[node].seen.insert(name(&hash));
        self.follow_chain(node);
        self.tell(node, Event::Stored { headers: vec![header] });
        self.gossip(node, None, &Message::Block(news));
    }

    /// Passes a message on to some neighbours; one's own to all.
    pub(super) fn gossip(&mut self, node: usize, from: Option<PeerKey>, message: &Message) {
        let mut ends: Vec<_> = self.nodes[node].ends.iter().copied().collect();
        ends.retain(|end| Some(*end) != from);
        while from.is_some() && ends.len() > MESH {
            ends.swap_remove(self.random.below(ends.len()));
        }
        let bytes = match message {
            Message::Block(_) => self.setting.announcement_bytes,
            Message::Payments { transactions, .. } => 600 * transactions.len() as u64,
            Message::Request { .. } | Message::Began { .. } | Message::Response { .. } => 0,
        };
        for end in ends {
            if self.setting.loss_percent == 0 || !self.random.chance(self.setting.loss_percent) {
                self.send(end, message.clone(), bytes);
            }
        }
    }

    /// Sends to the other end. Later messages may come earlier.
    pub(super) fn send(&mut self, end: PeerKey, message: Message, bytes: u64) {
        let Some(End { node, twin, latency_ms, .. }) = self.ends.get(&end) else { return };
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
            Message::Request { request, body } => self.answer(node, to, request, &body),
            Message::Response { request, response } => {
                if self.nodes[node].asked.remove(&request) {
                    self.told_what_waits(to, response);
                } else {
                    self.tell(node, Event::Answered { peer: to, request, response });
                }
            }
            Message::Began { request } => self.tell(node, Event::Began { peer: to, request }),
            Message::Payments { id, transactions } => self.payments_announced(to, id, &transactions),
            Message::Block(news) => {
                if !self.nodes[node].seen.insert(name(&news.header.hash())) || !self.may_say(to) {
                    return;
                }
                let message = MessageKey(self.number());
                let view = self.nodes[node].mempool.view();
                let find =
                    |id| view.get(id).map(|pending| Arc::new(pending.transaction.transaction().clone()));
                let found = news.tx_ids.iter().map(find).collect();
                self.nodes[node].messages.insert(message, (to, Arc::clone(&news)));
                let announcement = Box::new(BlockAnnouncement::clone(&news));
                self.tell(node, Event::Announced { peer: to, message, announcement, found });
            }
        }
    }

    fn answer(&mut self, node: usize, to: PeerKey, request: RequestKey, body: &Request) {
        let this = &self.nodes[node];
        let honest = this.answer(body);
        let answer = match this.lie {
            None => Some((honest, 0)),
            Some(lie) => lie.answer(honest, body, &self.cheap, &mut self.random),
        };
        if self.nodes[node].lie == Some(Lie::Begins) {
            self.send(to, Message::Began { request }, 0);
        }
        let Some((response, late_ms)) = answer else { return };
        if self.nodes[node].lie == Some(Lie::Babbles) {
            let request = RequestKey(self.random.next());
            self.send(to, Message::Response { request, response: response.clone() }, 0);
            self.send(to, Message::Response { request, response: response.clone() }, 0);
        }
        // A late answer is late because the line is held up.
        self.nodes[node].sends_until_ms = self.nodes[node].sends_until_ms.max(self.now_ms) + late_ms;
        let bytes = codec::encode(&response).len() as u64;
        self.send(to, Message::Began { request }, 0);
        self.send(to, Message::Response { request, response }, bytes);
    }
}

/// How a block is told from other news.
fn name(hash: &BlockHash) -> u64 {
    let (name, _) = hash.0.split_first_chunk().unwrap();
    mix(u64::from_le_bytes(*name))
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
