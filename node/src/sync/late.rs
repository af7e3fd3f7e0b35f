//! Answers that do not come in time: what to ask for instead, and who is to blame. It may be our own line that is slow,
//! and then nobody is: as long as some of an answer comes and a smaller question may help, or nobody else is heard either,
//! it does not count against who owes it.

use std::collections::BTreeMap;

use super::download::Stage;
use super::machine::{Asked, Question, Sync};
use super::pace::{MAX_REQUEST_MS, REQUEST_MS};
use super::peer::{Headers, MAX_STRIKES, Peer, Start};
use super::{Action, Fault, PeerKey, RequestKey};
use crate::wire::MAX_HEADERS;

/// After so long another peer is asked for something small, and then another one.
const LISTEN_MS: u64 = 2_000;

/// What a peer owes.
#[derive(Debug, Default)]
struct Late {
    requests: Vec<RequestKey>,
    blocks: usize,
    is_headers: bool,
    is_transactions: bool,
    /// Some of it came.
    has_begun: bool,
    /// When the first of it was asked for.
    since_ms: u64,
    /// How long the last of it had.
    limit_ms: u64,
}

impl Sync {
    /// Waits no longer for what should be here.
    pub(super) fn give_up_what_is_late(&mut self) {
        let now = self.now.ms;
        let late = self.late(|asked| now.saturating_sub(asked.asked_ms) >= asked.limit_ms);
        let is_ours = |(key, late): &(&PeerKey, &Late)| {
            !self.downloads.line.has_brought_since(late.since_ms)
                && (late.has_begun || !self.is_another_heard(**key, late.since_ms))
        };
        let blocks: usize = late.iter().filter(is_ours).map(|(_, late)| late.blocks).sum();
        if blocks > 0 {
            let (bytes, least) = (self.downloads.bytes_of(blocks), self.downloads.bytes_of(1));
            self.downloads.line.was_too_much(bytes, least);
        }
        for (key, late) in late {
            self.was_late(key, &late);
        }
    }

    /// When nothing comes from a peer, or not enough, asks others for headers, to see whether anything comes at all.
    pub(super) fn listen_to_others(&mut self) {
        let now = self.now.ms;
        let is_mute = |asked: &&Asked| {
            let patience_ms = if asked.has_begun { asked.limit_ms / 2 } else { LISTEN_MS };
            !matches!(asked.question, Question::Transactions(_))
                && now.saturating_sub(asked.asked_ms) >= patience_ms
                && !self.is_another_heard(asked.peer, asked.asked_ms)
        };
        let Some(mute) = self.requests.values().find(is_mute).map(|asked| asked.peer) else { return };
        if now.saturating_sub(self.listened_ms) >= LISTEN_MS {
            self.listened_ms = now;
            self.ask_another(Some(mute));
        }
    }

    /// Asks another peer for the first of the wanted blocks when the one who was asked stalls. Its other requests go the
    /// same way: it is slow, or wants us to wait.
    pub(super) fn replace_who_stalls(&mut self) {
        let first = self.downloads.waiting().find(|(_, hash)| {
            !matches!(self.downloads.stage(hash), Some(Stage::Here { .. } | Stage::Submitted))
        });
        let Some((_, hash)) = first else { return };
        let Some(Stage::Asked(request)) = self.downloads.stage(&hash) else { return };
        let Some(asked) = self.requests.get(request) else { return };
        let (slow, waited_ms) = (asked.peer, self.now.ms.saturating_sub(asked.asked_ms));
        let height = self.known.get(&hash).map_or(0, |node| node.height);
        let is_other = |(key, peer): (&PeerKey, &Peer)| {
            *key != slow && peer.reach >= height && peer.rests_until_ms <= self.now.ms
        };
        if !self.downloads.has_stalled(waited_ms) || !self.peers.iter().any(is_other) {
            return;
        }
        let rest_ms = self.downloads.be_more_patient();
        if let Some(peer) = self.peers.get_mut(&slow) {
            peer.rest_until(self.now.ms + rest_ms);
        }
        for (key, late) in
            self.late(|asked| asked.peer == slow && matches!(asked.question, Question::Blocks(_)))
        {
            self.was_late(key, &late);
        }
    }

    /// Returns what each peer owes of the questions that are chosen.
    fn late(&self, is_late: impl Fn(&Asked) -> bool) -> BTreeMap<PeerKey, Late> {
        let mut all: BTreeMap<PeerKey, Late> = BTreeMap::new();
        for (request, asked) in self.requests.iter().filter(|(_, asked)| is_late(asked)) {
            let late = all.entry(asked.peer).or_insert(Late { since_ms: asked.asked_ms, ..Late::default() });
            late.requests.push(*request);
            late.limit_ms = asked.limit_ms;
            late.has_begun |= asked.has_begun;
            match &asked.question {
                Question::Headers => late.is_headers = true,
                Question::Blocks(hashes) => late.blocks += hashes.len(),
                Question::Transactions(_) => late.is_transactions = true,
            }
        }
        all
    }

    /// Goes on without what a peer owes.
    fn was_late(&mut self, key: PeerKey, late: &Late) {
        let (is_another_heard, is_counted) =
            (self.is_another_heard(key, late.since_ms), self.is_counted(key, late));
        late.requests.iter().for_each(|request| self.give_up(*request));
        let (bytes, least) = (self.downloads.bytes_of(late.blocks), self.downloads.bytes_of(1));
        let Some(peer) = self.peers.get_mut(&key) else { return };
        if late.blocks > 0 {
            peer.pace.was_too_much(bytes, least);
            peer.rest_until(self.now.ms + late.limit_ms);
        }
        if is_counted {
            peer.owes_blocks |= late.blocks > 0;
            self.strike(key, is_another_heard && !late.has_begun);
        } else {
            self.ask_again(key);
        }
    }

    /// Returns whether it says something of a peer that it was late.
    fn is_counted(&self, key: PeerKey, late: &Late) -> bool {
        let Some(peer) = self.peers.get(&key) else { return false };
        let is_heard = self.is_another_heard(key, late.since_ms);
        let is_over = self.now.ms.saturating_sub(late.since_ms) >= late.limit_ms;
        let is_line_fast = peer.pace.is_full() && self.downloads.line.pace.is_full();
        match late.blocks {
            0 if late.is_headers => is_heard && peer.in_flight <= usize::from(!peer.pace.is_full()),
            0 => late.is_transactions && is_line_fast,
            _ if !late.has_begun && is_heard => true,
            // A block alone that does not come in the longest time does not come.
            1 if peer.in_flight == 1 => is_over && (is_heard || late.limit_ms == MAX_REQUEST_MS),
            _ => false,
        }
    }

    fn is_another_heard(&self, key: PeerKey, since_ms: u64) -> bool {
        self.peers.iter().any(|(other, peer)| *other != key && peer.answered_ms >= Some(since_ms))
    }

    /// Counts an answer that did not come, and lets a peer go that owes too many. It is to blame if it sends nothing: who is
    /// slow cannot help it.
    pub(super) fn strike(&mut self, key: PeerKey, is_to_blame: bool) {
        let Some(peer) = self.peers.get_mut(&key) else { return };
        peer.slow += 1;
        if peer.slow < MAX_STRIKES {
            return if self.is_alone_with_its_chain(key) { self.doubt(key) } else { self.ask_again(key) };
        }
        self.distrust(key);
        if is_to_blame {
            self.blame(key, Fault::Slow);
        }
        self.actions.push(Action::Disconnect { peer: key, reason: "it does not answer in time" });
    }

    /// Returns whether nobody else could give the next block, and one answer would tell the missing headers anew.
    fn is_alone_with_its_chain(&self, key: PeerKey) -> bool {
        self.downloads.next_height(&self.known).is_some_and(|height| {
            let is_able = |peer: &Peer| peer.reach >= height;
            self.downloads.queue_len() <= MAX_HEADERS
                && self.peers.len() > 1
                && self.peers.iter().all(|(other, peer)| is_able(peer) == (*other == key))
        })
    }

    /// Believes a peer nothing for a while: what it alone has may be a chain whose blocks it withholds, and others are
    /// heard meanwhile.
    fn doubt(&mut self, key: PeerKey) {
        self.distrust(key);
        if let Some(peer) = self.peers.get_mut(&key) {
            peer.rest_until(self.now.ms + REQUEST_MS);
        }
    }

    /// Asks for the headers that an answer may have held.
    fn ask_again(&mut self, key: PeerKey) {
        let Some(peer) = self.peers.get_mut(&key) else { return };
        if peer.headers == Headers::Idle && peer.claimed_work > self.known.best().work {
            peer.want_headers(self.now.ms, Start::Best);
        }
    }

    /// Blocks came in time.
    pub(super) fn came(&mut self, key: PeerKey, took_ms: u64, limit_ms: u64) {
        self.downloads.line.came(self.now.ms, took_ms, limit_ms);
        if let Some(peer) = self.peers.get_mut(&key) {
            peer.pace.came(took_ms, limit_ms);
        }
    }
}
