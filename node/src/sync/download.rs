//! Blocks: which ones are wanted, who is asked for them, what to do with who stalls.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use shared::block::HEADER_BYTES;
use shared::consensus::RuleError;
use shared::hash::{BlockHash, sha256d};

use super::known::Known;
use super::machine::{Question, Sync};
use super::pace::Line;
use super::peer::Peer;
use super::{Fault, PeerKey, RequestKey};
use crate::wire::{MAX_BLOCKS, MAX_MESSAGE_BYTES, Request};

/// How far ahead of what was submitted blocks are fetched: enough for several peers at once.
const WINDOW_BLOCKS: usize = 1_024;
/// Bytes of blocks that wait for one before them, those that are on their way included.
pub(super) const MAX_BUFFERED_BYTES: usize = 32 << 20;
/// Requests for blocks that one peer may have: one is answered while the next is on its way.
pub(super) const MAX_IN_FLIGHT: usize = 2;
/// Nothing goes on without the first of the wanted blocks, so one more request may ask for it.
const MAX_IN_FLIGHT_FIRST: usize = 3;
/// Until a block came, they are taken for this large, in bytes: 16 in a request.
const FIRST_GUESS_BYTES: usize = MAX_MESSAGE_BYTES / 16;
/// When the first of the wanted blocks has not come after this time, another peer is asked.
const MIN_STALL_MS: u64 = 2_000;
/// Each time the patience doubles, up to this: perhaps it is our own line that is slow.
const MAX_STALL_MS: u64 = 64_000;

/// What happens with a block.
#[derive(Debug)]
pub(super) enum Stage {
    /// It was asked for.
    Asked(RequestKey),
    /// It is here, and waits for those before it.
    Here { peer: PeerKey, bytes: Vec<u8> },
    /// The chain has it, and has not answered.
    Submitted,
}

/// Blocks on their way.
#[derive(Debug)]
pub(super) struct Downloads {
    /// What is missing of the best chain of headers, oldest first.
    queue: VecDeque<BlockHash>,
    stages: BTreeMap<BlockHash, Stage>,
    buffered_bytes: usize,
    /// Of the last blocks, roughly.
    average_bytes: usize,
    stall_ms: u64,
    pub(super) line: Line,
}

impl Default for Downloads {
    fn default() -> Self {
        Self {
            queue: VecDeque::new(),
            stages: BTreeMap::new(),
            buffered_bytes: 0,
            average_bytes: FIRST_GUESS_BYTES,
            stall_ms: MIN_STALL_MS,
            line: Line::new(MAX_BUFFERED_BYTES),
        }
    }
}

impl Downloads {
    pub(super) fn queue_len(&self) -> usize {
        self.queue.len()
    }

    pub(super) fn buffered_bytes(&self) -> usize {
        self.buffered_bytes
    }

    pub(super) fn stage(&self, hash: &BlockHash) -> Option<&Stage> {
        self.stages.get(hash)
    }

    /// Returns the height of the first wanted block that nothing happens with.
    pub(super) fn next_height(&self, known: &Known) -> Option<u64> {
        let (_, hash) = self.waiting().next()?;
        known.get(&hash).map(|node| node.height).filter(|_| !self.stages.contains_key(&hash))
    }

    /// Wants what is missing of the best chain of headers.
    pub(super) fn follow(&mut self, known: &Known) {
        while self.queue.front().is_some_and(|first| known.is_stored(first)) {
            let first = self.queue.pop_front();
            // What the chain has is freed when it answers.
            if let Some(first) = first.filter(|first| !matches!(self.stage(first), Some(Stage::Submitted))) {
                self.remove(&first);
            }
        }
        let (path, is_longer) = known.path_after(self.queue.back());
        if is_longer {
            self.queue.extend(path);
            return;
        }
        let wanted: BTreeSet<_> = path.iter().collect();
        let is_dropped = |(hash, stage): &(&BlockHash, &Stage)| {
            !matches!(stage, Stage::Submitted) && !wanted.contains(hash)
        };
        let dropped: Vec<_> = self.stages.iter().filter(is_dropped).map(|(hash, _)| *hash).collect();
        dropped.iter().for_each(|hash| drop(self.remove(hash)));
        self.queue = path.into();
    }

    /// Forgets what happens with a block.
    pub(super) fn remove(&mut self, hash: &BlockHash) -> Option<Stage> {
        let stage = self.stages.remove(hash);
        if let Some(Stage::Here { bytes, .. }) = &stage {
            self.buffered_bytes -= bytes.len();
        }
        stage
    }

    pub(super) fn set_submitted(&mut self, hash: BlockHash) {
        self.remove(&hash);
        self.stages.insert(hash, Stage::Submitted);
    }

    /// Frees the blocks that a request without an answer has reserved.
    pub(super) fn release(&mut self, request: RequestKey, hashes: &[BlockHash]) {
        for hash in hashes {
            if matches!(self.stages.get(hash), Some(Stage::Asked(by)) if *by == request) {
                self.stages.remove(hash);
            }
        }
    }

    /// Yields the wanted blocks after those that the chain has, within the window, by position in the queue.
    pub(super) fn waiting(&self) -> impl Iterator<Item = (usize, BlockHash)> {
        let is_submitted = |hash: &BlockHash| matches!(self.stages.get(hash), Some(Stage::Submitted));
        let rest = self.queue.iter().copied().enumerate().skip_while(move |(_, hash)| is_submitted(hash));
        rest.take(WINDOW_BLOCKS)
    }

    fn arrived(&mut self, hash: BlockHash, peer: PeerKey, bytes: Vec<u8>) {
        self.average_bytes = (self.average_bytes * 15 + bytes.len()) / 16;
        self.buffered_bytes += bytes.len();
        self.stages.insert(hash, Stage::Here { peer, bytes });
    }

    /// A block was stored, so whatever stalled does so no more.
    pub(super) fn went_on(&mut self) {
        self.stall_ms = (self.stall_ms / 2).max(MIN_STALL_MS);
    }

    /// Returns whether somebody who owes the first of the wanted blocks for so long stalls. When our own line is slow, only
    /// the time of the question itself tells: what another one is asked for would have to come by the same line.
    pub(super) fn has_stalled(&self, waited_ms: u64) -> bool {
        self.line.pace.is_full() && waited_ms >= self.stall_ms
    }

    /// Returns the patience that was too short or not, and doubles it.
    pub(super) fn be_more_patient(&mut self) -> u64 {
        let stall_ms = self.stall_ms;
        self.stall_ms = (stall_ms * 2).min(MAX_STALL_MS);
        stall_ms
    }

    /// Returns how many blocks have so many bytes, if they are as the last ones; at least one.
    fn blocks_in(&self, bytes: usize) -> usize {
        (bytes / self.average_bytes.max(1)).clamp(1, MAX_BLOCKS)
    }

    /// Returns how many bytes so many blocks have, if they are as the last ones.
    pub(super) fn bytes_of(&self, blocks: usize) -> usize {
        blocks.saturating_mul(self.average_bytes.max(1))
    }
}

impl Sync {
    /// Asks for the blocks that nobody was asked for yet.
    pub(super) fn fetch(&mut self) {
        if self.now.ms < self.pause.until_ms {
            return;
        }
        let wanted: Vec<_> = self.downloads.waiting().map(|(_, hash)| hash).collect();
        let is_free = |sync: &Self, hash: &BlockHash| {
            sync.downloads.stage(hash).is_none() && !sync.assemblies.contains_key(hash)
        };
        let mut place = 0;
        while let Some(first) = wanted.get(place) {
            if !is_free(self, first) {
                place += 1;
                continue;
            }
            let Some(height) = self.known.get(first).map(|node| node.height) else { return };
            let is_first = place == 0;
            let Some(peer) = self.choose(height, is_first) else { return };
            if !is_first && !self.has_room() {
                return;
            }
            let free = wanted[place..].iter().take(self.most_of(peer, height));
            let hashes: Vec<_> = free.take_while(|hash| is_free(self, hash)).copied().collect();
            if !self.line_has_room(hashes.len()) {
                return;
            }
            place += hashes.len();
            self.ask_for_blocks(peer, hashes);
        }
    }

    fn ask_for_blocks(&mut self, key: PeerKey, hashes: Vec<BlockHash>) {
        let body = Request::Blocks { hashes: hashes.clone() };
        let request = self.ask(key, Question::Blocks(hashes.clone()), body);
        for hash in hashes {
            self.downloads.stages.insert(hash, Stage::Asked(request));
        }
        let served = self.next_key();
        if let Some(peer) = self.peers.get_mut(&key) {
            peer.in_flight += 1;
            peer.served = served;
        }
    }

    /// Returns who should be asked for a block: of those who have it and owe the least, the one with the least to do.
    fn choose(&self, height: u64, is_first: bool) -> Option<PeerKey> {
        let most = |peer: &Peer| match (peer.pace.is_full(), is_first) {
            (false, _) => 1,
            (true, false) => MAX_IN_FLIGHT,
            (true, true) => MAX_IN_FLIGHT_FIRST,
        };
        let able = self.peers.iter().filter(|(_, peer)| peer.reach >= height && peer.in_flight < most(peer));
        let order = able.min_by_key(|(key, peer)| {
            (peer.rests_until_ms > self.now.ms, peer.slow, peer.in_flight, peer.served, **key)
        });
        order.map(|(key, _)| *key)
    }

    /// Returns how many blocks from `height` on a peer may be asked for.
    fn most_of(&self, peer: PeerKey, height: u64) -> usize {
        let Some(peer) = self.peers.get(&peer) else { return 0 };
        let reach = usize::try_from(peer.reach - height + 1).unwrap_or(usize::MAX);
        let bytes = MAX_MESSAGE_BYTES.min(peer.pace.bytes()).min(self.downloads.line.pace.bytes());
        reach.min(self.downloads.blocks_in(bytes))
    }

    /// Returns whether our line can bring so many blocks more. One question it can always bring, and what is not wanted
    /// any more shall keep nothing out.
    fn line_has_room(&self, blocks: usize) -> bool {
        let awaited = self.downloads.stages.values().filter(|stage| matches!(stage, Stage::Asked(_))).count();
        let line = &self.downloads.line.pace;
        line.is_full() || awaited == 0 || self.downloads.bytes_of(awaited + blocks) <= line.bytes()
    }

    fn has_room(&self) -> bool {
        let in_flight: usize = self.peers.values().map(|peer| peer.in_flight).sum();
        self.downloads.buffered_bytes + (in_flight + 1) * MAX_MESSAGE_BYTES <= MAX_BUFFERED_BYTES
    }

    /// Takes an answer.
    pub(super) fn take_blocks(
        &mut self,
        key: PeerKey,
        request: RequestKey,
        hashes: Vec<BlockHash>,
        blocks: Vec<Vec<u8>>,
    ) {
        let limit = self.spec.rules().max_block_bytes;
        let mut fault =
            (blocks.len() > hashes.len()).then_some(Fault::WrongAnswer("more blocks than were asked for"));
        let is_empty = blocks.is_empty();
        for (hash, bytes) in hashes.iter().zip(blocks) {
            if fault.is_some() {
                break;
            }
            let is_right = bytes.get(..HEADER_BYTES).is_some_and(|header| sha256d(header) == hash.0);
            let got = bytes.len();
            if !is_right {
                fault = Some(Fault::WrongAnswer("another block than was asked for"));
            } else if u32::try_from(got).map_or(true, |got| got > limit) {
                fault = Some(Fault::Body(RuleError::BlockTooLarge { got, limit }));
            } else if matches!(self.downloads.stage(hash), Some(Stage::Asked(by)) if *by == request) {
                self.downloads.arrived(*hash, key, bytes);
            }
        }
        self.downloads.release(request, &hashes);
        match fault {
            Some(fault) => self.blame(key, fault),
            None if is_empty => self.was_empty(key, "it does not have the blocks of its own chain"),
            None => {}
        }
    }
}
