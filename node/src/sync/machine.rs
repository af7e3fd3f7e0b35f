//! The state machine itself: takes an event to the part that it concerns, and then does whatever has become possible.

use std::collections::BTreeMap;
use std::sync::Arc;

use shared::hash::BlockHash;
use shared::spec::ChainSpec;

use super::announce::Assembly;
use super::download::Downloads;
use super::known::{Known, MAX_SIDE_HEADERS, MORE_SIDE_HEADERS};
use super::pace::REQUEST_MS;
use super::peer::{Headers, MAX_STRIKES, Peer, Start};
use super::submit::{Pause, Submission};
use super::{Action, Event, Fault, Now, PeerKey, RequestKey, SubmitKey};
use crate::headers::HeaderTree;
use crate::wire::{MAX_HEADERS, Request, Response};

/// So often one peer is asked for headers although nothing speaks for it: gossip may have missed us.
const POLL_MS: u64 = 30_000;

/// What an operator, or a test, may set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// An announced block is fetched only when its branch has at least the work that the best chain had so many blocks
    /// below its tip; the same as the chain's own.
    pub side_branch_depth: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { side_branch_depth: crate::chain::Options::default().side_branch_depth }
    }
}

/// How much memory is in use for what peers said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Bytes of blocks that wait to be submitted.
    pub buffered_bytes: usize,
    /// Questions without an answer.
    pub requests: usize,
    /// Blocks that are put together from an announcement.
    pub assemblies: usize,
    /// Headers without a stored block, and not on the best chain.
    pub side_headers: usize,
    /// Bytes of searches through headers.
    pub search_bytes: usize,
}

/// What a question was about.
#[derive(Debug)]
pub(super) enum Question {
    Headers,
    Blocks(Vec<BlockHash>),
    Transactions(BlockHash),
}

#[derive(Debug)]
pub(super) struct Asked {
    pub(super) peer: PeerKey,
    pub(super) question: Question,
    pub(super) asked_ms: u64,
    pub(super) limit_ms: u64,
    /// Whether a part of the answer is here.
    pub(super) has_begun: bool,
}

/// See the module.
#[derive(Debug)]
pub struct Sync {
    pub(super) spec: Arc<ChainSpec>,
    pub(super) limits: Limits,
    pub(super) known: Known,
    /// How many side headers there may be before those that nobody calls his own are sought.
    pub(super) most_side_headers: usize,
    pub(super) peers: BTreeMap<PeerKey, Peer>,
    pub(super) requests: BTreeMap<RequestKey, Asked>,
    pub(super) downloads: Downloads,
    /// By block.
    pub(super) assemblies: BTreeMap<BlockHash, Assembly>,
    pub(super) submits: BTreeMap<SubmitKey, Vec<Submission>>,
    pub(super) pause: Pause,
    /// Whether we had all that some peer had, at some time.
    pub(super) was_level: bool,
    /// Names of requests and submits, and what else has to be told apart.
    last_key: u64,
    last_poll_ms: u64,
    /// When another peer was asked last because one was mute.
    pub(super) listened_ms: u64,
    /// The best header when all peers' reach was found out.
    reached_best: BlockHash,
    /// Of the event that is handled.
    pub(super) now: Now,
    /// What its handling has led to.
    pub(super) actions: Vec<Action>,
}

impl Sync {
    /// Begins with a chain whose stored blocks' headers, and condemned ones, are in `tree`.
    #[must_use]
    pub fn new(spec: Arc<ChainSpec>, tree: HeaderTree, limits: Limits) -> Self {
        Self {
            reached_best: *spec.genesis_hash(),
            spec,
            limits,
            known: Known::new(tree),
            most_side_headers: MAX_SIDE_HEADERS,
            peers: BTreeMap::new(),
            requests: BTreeMap::new(),
            downloads: Downloads::default(),
            assemblies: BTreeMap::new(),
            submits: BTreeMap::new(),
            pause: Pause::default(),
            was_level: false,
            last_key: 0,
            last_poll_ms: 0,
            listened_ms: 0,
            now: Now { ms: 0, unix_s: 0 },
            actions: Vec::new(),
        }
    }

    /// Takes note of an event; returns what has to be done, in this order.
    pub fn handle(&mut self, now: Now, event: Event) -> Vec<Action> {
        self.now = now;
        match event {
            Event::Connected { peer, hello } => self.connected(peer, Peer::new(&hello)),
            Event::Disconnected { peer } => self.disconnected(peer),
            Event::Answered { peer, request, response } => self.answered(peer, request, response),
            Event::Began { peer, request } => {
                if let Some(asked) = self.requests.get_mut(&request).filter(|asked| asked.peer == peer) {
                    asked.has_begun = true;
                }
            }
            Event::Failed { peer, request } => self.failed(peer, request),
            Event::Announced { peer, message, announcement, found } => {
                self.announced(peer, message, *announcement, found);
            }
            Event::Submitted { submit, outcomes } => self.submitted(submit, outcomes),
            Event::Stored { headers } => self.stored_elsewhere(&headers),
            Event::Tick => self.tick(),
        }
        self.forget_what_nobody_has();
        self.ask_for_headers();
        self.submit_in_order();
        self.fetch();
        self.note_level();
        std::mem::take(&mut self.actions)
    }

    /// Returns whether the chain has a block.
    #[must_use]
    pub fn has(&self, hash: &BlockHash) -> bool {
        self.known.is_stored(hash)
    }

    pub(super) fn is_at_best(&self) -> bool {
        self.known.best().hash == self.known.tip().hash
    }

    /// Takes note of a block that a peer named as its own in passing, as it does when it asks.
    pub fn showed(&mut self, peer: PeerKey, hash: &BlockHash) {
        if self.known.get(hash).is_some()
            && let Some(peer) = self.peers.get_mut(&peer)
        {
            peer.shown = Some(*hash);
        }
    }

    /// Returns the height of a peer's tip, for people: by what it showed last, or by its hello as long as nobody has
    /// shown us the block that it named there.
    #[must_use]
    pub fn peer_height(&self, peer: PeerKey) -> Option<u64> {
        let peer = self.peers.get(&peer)?;
        let height = |hash: &BlockHash| self.known.get(hash).map(|node| node.height);
        let shown = peer.shown.as_ref().and_then(height);
        // Headers on the way to its tip show less than it has.
        let is_there = height(&peer.claimed_tip).is_some();
        Some(shown.map_or(
            peer.claimed_height,
            |shown| if is_there { shown } else { shown.max(peer.claimed_height) },
        ))
    }

    /// Returns sparse hashes of our chain to begin a question for headers with. As long as one answer covers what is missing
    /// they start at the stored tip, so that the answer tells which of the missing blocks its sender has; else at the tip
    /// of the best chain of headers.
    #[must_use]
    pub fn locator(&self) -> Vec<BlockHash> {
        let is_near = self.downloads.queue_len() <= MAX_HEADERS / 2;
        let start = if is_near { self.known.tip() } else { self.known.best() };
        self.known.locator(&start.hash, false)
    }

    /// Returns how much memory is in use for what peers said.
    #[must_use]
    pub fn usage(&self) -> Usage {
        let searches = self.peers.values().filter_map(|peer| peer.search.as_ref());
        Usage {
            buffered_bytes: self.downloads.buffered_bytes(),
            requests: self.requests.len(),
            assemblies: self.assemblies.len(),
            side_headers: self.known.missing_count().saturating_sub(self.downloads.queue_len()),
            search_bytes: searches.map(super::search::Search::bytes).sum(),
        }
    }

    fn connected(&mut self, key: PeerKey, mut peer: Peer) {
        let claims_more = peer.claimed_work > self.known.best().work;
        let is_condemned = self.known.get(&peer.claimed_tip).map(|node| node.is_condemned);
        match is_condemned {
            Some(false) => peer.is_heard = true,
            None if !claims_more => peer.is_heard = true,
            Some(true) | None => peer.want_headers(self.now.ms, Start::Best),
        }
        peer.asked_ms = self.now.ms;
        self.peers.insert(key, peer);
        self.find_reach(key);
    }

    fn disconnected(&mut self, key: PeerKey) {
        self.peers.remove(&key);
        self.most_side_headers = MAX_SIDE_HEADERS;
        let asked = self.requests.iter().filter(|(_, asked)| asked.peer == key);
        let requests: Vec<_> = asked.map(|(request, _)| *request).collect();
        for request in requests {
            self.give_up(request);
        }
        self.drop_assemblies_of(key);
    }

    fn answered(&mut self, key: PeerKey, request: RequestKey, response: Response) {
        // Late, or never asked for: whatever waited for it has gone another way.
        let Some(asked) = self.take_request(key, request) else { return };
        match (asked.question, response) {
            (Question::Headers, Response::Headers(headers)) => self.take_headers(key, headers),
            (Question::Blocks(hashes), Response::Blocks(blocks)) => {
                if !blocks.is_empty() {
                    self.came(key, self.now.ms.saturating_sub(asked.asked_ms), asked.limit_ms);
                }
                self.take_blocks(key, request, hashes, blocks);
            }
            (Question::Transactions(block), Response::BlockTransactions(transactions)) => {
                self.take_transactions(key, block, transactions);
            }
            (question, _) => {
                self.release(key, request, &question);
                self.blame(key, Fault::WrongAnswer("it answers another question"));
            }
        }
    }

    fn failed(&mut self, key: PeerKey, request: RequestKey) {
        let Some(asked) = self.requests.get(&request).filter(|asked| asked.peer == key) else { return };
        if self.now.ms.saturating_sub(asked.asked_ms) >= asked.limit_ms {
            // The connection looks at the time as well.
            return self.give_up_what_is_late();
        }
        self.give_up(request);
        self.strike(key, true);
    }

    fn tick(&mut self) {
        self.give_up_what_is_late();
        self.drop_late_assemblies();
        self.replace_who_stalls();
        self.listen_to_others();
        self.ask_whose_time_has_come();
        if self.now.ms.saturating_sub(self.last_poll_ms) >= POLL_MS {
            self.last_poll_ms = self.now.ms;
            self.ask_another(None);
        }
    }

    /// Asks for headers whoever was asked longest ago, and is not `key`.
    pub(super) fn ask_another(&mut self, key: Option<PeerKey>) {
        let now = self.now.ms;
        let others = self.peers.iter_mut().filter(|(other, _)| Some(**other) != key);
        let idle = others.map(|(_, peer)| peer).filter(|peer| peer.headers == Headers::Idle);
        if let Some(peer) = idle.min_by_key(|peer| peer.asked_ms) {
            peer.want_headers(now, Start::Best);
        }
    }

    /// Asks a peer; returns how the answer will be named.
    pub(super) fn ask(&mut self, peer: PeerKey, question: Question, body: Request) -> RequestKey {
        let request = RequestKey(self.next_key());
        let limit_ms = match &question {
            Question::Blocks(hashes) if hashes.len() == 1 => self.downloads.line.block_ms,
            Question::Headers | Question::Blocks(_) => REQUEST_MS,
            Question::Transactions(_) => super::announce::ASSEMBLY_MS,
        };
        let asked = Asked { peer, question, asked_ms: self.now.ms, limit_ms, has_begun: false };
        self.requests.insert(request, asked);
        self.actions.push(Action::Request { peer, request, body, limit_ms });
        request
    }

    pub(super) fn next_key(&mut self) -> u64 {
        self.last_key += 1;
        self.last_key
    }

    fn take_request(&mut self, key: PeerKey, request: RequestKey) -> Option<Asked> {
        self.requests.get(&request).filter(|asked| asked.peer == key)?;
        let asked = self.requests.remove(&request)?;
        if let Some(peer) = self.peers.get_mut(&key) {
            match asked.question {
                // Whoever keeps blocks back may be quick with headers all the same.
                Question::Headers if peer.owes_blocks || peer.in_flight > 0 => {}
                Question::Headers => peer.slow = 0,
                Question::Blocks(_) | Question::Transactions(_) => {
                    (peer.slow, peer.owes_blocks) = (0, false);
                }
            }
            peer.answered_ms = Some(self.now.ms);
            if matches!(asked.question, Question::Blocks(_)) {
                peer.in_flight = peer.in_flight.saturating_sub(1);
            }
        }
        Some(asked)
    }

    /// Waits for an answer no longer.
    pub(super) fn give_up(&mut self, request: RequestKey) {
        let Some(asked) = self.requests.remove(&request) else { return };
        if let (Question::Blocks(_), Some(peer)) = (&asked.question, self.peers.get_mut(&asked.peer)) {
            peer.in_flight = peer.in_flight.saturating_sub(1);
        }
        self.release(asked.peer, request, &asked.question);
    }

    /// Frees what waited for an answer.
    fn release(&mut self, key: PeerKey, request: RequestKey, question: &Question) {
        match question {
            Question::Headers => {
                if let Some(peer) = self.peers.get_mut(&key) {
                    peer.headers = Headers::Idle;
                    peer.is_heard = true;
                    peer.search = None;
                }
            }
            Question::Blocks(hashes) => self.downloads.release(request, hashes),
            Question::Transactions(block) => self.drop_assembly(block),
        }
    }

    /// Counts a claim that came to nothing. Nobody is to blame for one, but nobody lives on them.
    pub(super) fn was_empty(&mut self, key: PeerKey, reason: &'static str) {
        self.distrust(key);
        let Some(peer) = self.peers.get_mut(&key) else { return };
        peer.empty += 1;
        if peer.empty >= MAX_STRIKES {
            self.actions.push(Action::Disconnect { peer: key, reason });
        }
    }

    /// Blames a peer, and believes nothing more of what it called its own. It may have gone: whoever hangs up before its
    /// blocks are judged is to blame all the same.
    pub(super) fn blame(&mut self, key: PeerKey, fault: Fault) {
        self.distrust(key);
        self.actions.push(Action::Blame { peer: key, fault });
    }

    /// Believes nothing more of what a peer called its own.
    pub(super) fn distrust(&mut self, key: PeerKey) {
        if let Some(peer) = self.peers.get_mut(&key) {
            peer.distrust();
            self.most_side_headers = MAX_SIDE_HEADERS;
        }
    }

    /// Drops headers whose blocks no peer has, once all were asked: they would keep the next best chain out. So may too
    /// many beside the best chain.
    fn forget_what_nobody_has(&mut self) {
        let is_stuck = self.downloads.next_height(&self.known).is_some_and(|height| {
            !self.peers.is_empty()
                && self.peers.values().all(|peer| {
                    peer.reach < height && (peer.headers == Headers::Idle || peer.search.is_some())
                })
        });
        if !is_stuck && self.usage().side_headers <= self.most_side_headers {
            return;
        }
        let vouched: Vec<_> = self.peers.values().filter_map(|peer| peer.own).collect();
        self.known.forget_all_but(vouched.into_iter());
        self.best_changed();
        // Those that are somebody's own stay, however many, and looking at all of them takes long.
        self.most_side_headers = MAX_SIDE_HEADERS.max(self.usage().side_headers + MORE_SIDE_HEADERS);
        // What others told beside the chain that is gone was not kept, as it had less work.
        for peer in self.peers.values_mut().filter(|_| is_stuck) {
            peer.want_headers(self.now.ms.max(peer.rests_until_ms), Start::Best);
        }
    }

    /// Follows the best chain of headers to wherever it went.
    pub(super) fn best_changed(&mut self) {
        self.downloads.follow(&self.known);
        // When it only grew, what was known of peers still holds: walking back to each one's tip would take long.
        let is_grown = self.known.is_on_best(&self.reached_best);
        self.reached_best = self.known.best().hash;
        let unclear = self.peers.iter().filter(|(_, peer)| !is_grown || peer.own.is_none());
        let unclear: Vec<_> = unclear.map(|(key, _)| *key).collect();
        for key in unclear {
            self.find_reach(key);
        }
    }

    /// Finds out up to which height a peer has the blocks that are wanted.
    pub(super) fn find_reach(&mut self, key: PeerKey) {
        let Some(peer) = self.peers.get_mut(&key) else { return };
        if peer.own.is_none_or(|own| self.known.get(&own).is_none()) {
            peer.own = self.known.get(&peer.claimed_tip).map(|node| node.hash);
        }
        peer.reach = peer.own.map_or(0, |own| self.known.common_height(&own));
    }
}
