//! What is known of one peer while it is connected.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use libp2p::PeerId;
use shared::hash::TxId;

use super::event::PeerStatus;
use super::limits;
use super::pending::Pending;
use crate::peers::{BanKey, Expiring, MAX_REASON_CHARS, PeerAddress, Scope};
use crate::rate::TokenBucket;
use crate::sync::{PeerKey, Sync};
use crate::wire::{Hello, MAX_AGENT_BYTES, Request};

/// A connected peer.
#[derive(Debug)]
pub(super) struct Peer {
    pub(super) id: PeerId,
    pub(super) key: PeerKey,
    pub(super) address: Option<PeerAddress>,
    /// Where we dialled it.
    pub(super) dialled: Option<PeerAddress>,
    pub(super) is_inbound: bool,
    pub(super) is_named: bool,
    pub(super) since: Instant,
    pub(super) n_connections: u32,
    /// What it said of itself; nothing is asked of it before.
    pub(super) hello: Option<Hello>,
    /// What it waits for a block, as far as we asked.
    pub(super) pending: Pending,
    /// When it was asked last what waits there.
    pub(super) pending_asked: Option<Instant>,
    /// Where in its list we go on, when it has more than we hold.
    pub(super) pending_from: usize,
    /// How long it is not asked again.
    pub(super) pending_pause: Duration,
    /// Whether it sent something that others must come before, which it must have and we have not.
    pub(super) has_more: bool,
    pub(super) budget: Budget,
    pub(super) latency: Option<Duration>,
    /// Why we close its connections.
    pub(super) reason: Option<String>,
}

/// What a peer may still cost. One for all its ways to us, so that none goes round another.
#[derive(Debug, Clone)]
pub(super) struct Budget {
    pub(super) requests: TokenBucket,
    pub(super) bytes: TokenBucket,
    pub(super) transactions: TokenBucket,
    pub(super) messages: TokenBucket,
}

impl Budget {
    fn new() -> Self {
        Self {
            requests: TokenBucket::new(limits::REQUEST_RATE),
            bytes: TokenBucket::new(limits::BYTE_RATE),
            transactions: TokenBucket::new(limits::TRANSACTION_RATE),
            messages: TokenBucket::new(limits::MESSAGE_RATE),
        }
    }

    fn buckets(&mut self) -> [&mut TokenBucket; 4] {
        [&mut self.requests, &mut self.bytes, &mut self.transactions, &mut self.messages]
    }

    fn restart(&mut self, now: Duration) {
        self.buckets().into_iter().for_each(|bucket| bucket.restart(now));
    }
}

/// What those who left may still cost when they come again: else whoever hangs up in time could cost anything. This
/// computer has no limit, as for connections.
#[derive(Debug)]
pub(super) struct Budgets(Expiring<BanKey, (u64, Budget)>);

impl Budgets {
    pub(super) fn new() -> Self {
        Self(Expiring::new(limits::BUDGETS))
    }

    /// Returns what one who comes from an address may cost: as much as is left of the one there that had least.
    pub(super) fn of(&self, address: Option<PeerAddress>, now_ms: u64) -> Budget {
        let kept = address.and_then(|address| self.0.get(&address.ban_key(), now_ms));
        kept.map_or_else(Budget::new, |(_, (left_ms, budget))| {
            let mut budget = budget.clone();
            budget.restart(Duration::from_millis(now_ms.saturating_sub(*left_ms)));
            budget
        })
    }

    /// Keeps what is left when a peer goes that was there for `stay`.
    pub(super) fn keep(&mut self, address: PeerAddress, mut budget: Budget, stay: Duration, now_ms: u64) {
        if address.scope() == Scope::Loopback {
            return;
        }
        budget.restart(stay);
        let mut least = self.of(Some(address), now_ms);
        for (bucket, least) in budget.buckets().into_iter().zip(least.buckets()) {
            bucket.limit_to(least);
        }
        let memory_ms = u64::try_from(limits::BUDGET_MEMORY.as_millis()).unwrap_or(u64::MAX);
        self.0.expire(now_ms);
        self.0.insert(address.ban_key(), (now_ms, budget), now_ms.saturating_add(memory_ms));
    }
}

impl Peer {
    pub(super) fn new(
        id: PeerId,
        key: PeerKey,
        address: Option<PeerAddress>,
        dialled: Option<PeerAddress>,
        is_inbound: bool,
        is_named: bool,
    ) -> Self {
        Self {
            id,
            key,
            address,
            dialled,
            is_inbound,
            is_named,
            since: Instant::now(),
            n_connections: 1,
            hello: None,
            pending: Pending::default(),
            pending_asked: None,
            pending_from: 0,
            pending_pause: limits::ASK_FOR_GAP,
            has_more: false,
            budget: Budget::new(),
            latency: None,
            reason: None,
        }
    }

    /// Returns whether it is to be asked what waits there: it never was, or it told us something whose predecessors did not
    /// reach us.
    pub(super) fn is_to_be_asked(&self) -> bool {
        self.may_be_asked() && (self.pending_asked.is_none() || self.has_more)
    }

    /// Returns whether it may be asked what waits there.
    pub(super) fn may_be_asked(&self) -> bool {
        let has_rested = |asked: Instant| asked.elapsed() >= self.pending_pause;
        self.pending.is_done() && self.pending_asked.is_none_or(has_rested)
    }

    /// Takes note of which transactions wait there that we have not, and of which we can keep so many.
    pub(super) fn begin_pending(&mut self, unknown: VecDeque<TxId>, most: usize) {
        if !unknown.is_empty() {
            // Until something of it is admitted.
            self.pending_pause = (self.pending_pause * 2).min(limits::ASK_FOR_GAP_MOST);
        }
        self.pending = Pending::begin(unknown, most, &mut self.pending_from);
    }

    /// Returns the next question for what waits there, which is paid for now: its answer costs nothing more.
    pub(super) fn next_pending(&mut self) -> Option<Request> {
        let Self { pending, budget, since, .. } = self;
        pending.next(|count| {
            budget.transactions.take_leaving(count, limits::UNASKED_TRANSACTIONS, since.elapsed())
        })
    }

    /// Returns what an operator may see, once the peer said hello. `sync` may know more of its chain since.
    pub(super) fn status(&self, sync: &Sync) -> Option<PeerStatus> {
        let hello = self.hello.as_ref()?;
        Some(PeerStatus {
            id: self.id,
            address: self.address.map(|address| (address.ip(), address.port()).into()),
            is_inbound: self.is_inbound,
            is_named: self.is_named,
            agent: plain(&hello.agent).chars().take(MAX_AGENT_BYTES / 4).collect(),
            height: sync.peer_height(self.key).unwrap_or(hello.height),
            latency: self.latency,
            connected_for: self.since.elapsed(),
        })
    }
}

/// Returns a text from outside as it may be shown and logged: one short line without control characters, and without
/// those that are not seen or turn the direction of what follows.
pub(super) fn plain(text: &str) -> String {
    let is_hidden = |c| matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    text.chars().filter(|c| !c.is_control() && !is_hidden(*c)).take(MAX_REASON_CHARS).collect()
}

#[cfg(test)]
mod tests;
