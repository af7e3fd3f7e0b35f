//! What is known of one connection.

use shared::hash::BlockHash;
use shared::pow::Work;

use super::RequestKey;
use super::ahead::Ahead;
use super::download::MAX_IN_FLIGHT;
use super::pace::Pace;
use super::search::Search;
use crate::wire::{Hello, MAX_MESSAGE_BYTES};

/// A peer that fails to be of use so often in a row, in one of the ways that are counted, is let go.
pub(super) const MAX_STRIKES: u32 = 3;

/// When to ask a peer for headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Headers {
    /// There is no reason.
    Idle,
    /// At this time, in milliseconds.
    Wanted(u64),
    /// It was asked. `again`: something happened since that is worth another question.
    Asked { request: RequestKey, again: bool },
}

/// Where the next answer should begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    /// Where its chain leaves our best one.
    Best,
    /// After the last header of its last answer.
    After(BlockHash),
}

/// One connection. Everything in it has a fixed size but `search`, which has its own limit.
#[derive(Debug)]
pub(super) struct Peer {
    /// From its hello: which tip it has.
    pub(super) claimed_tip: BlockHash,
    /// From its hello: how much work.
    pub(super) claimed_work: Work,
    /// From its hello: that tip's height.
    pub(super) claimed_height: u64,
    /// The block that it showed to have last, in whatever way: for people alone.
    pub(super) shown: Option<BlockHash>,
    /// The last header that is known of the chain that it calls its own.
    pub(super) own: Option<BlockHash>,
    /// Up to which height its chain is our best chain of headers.
    pub(super) reach: u64,
    pub(super) headers: Headers,
    pub(super) start: Start,
    /// When it was asked for headers last, in milliseconds.
    pub(super) asked_ms: u64,
    /// What of its chain is too early for our clock, by its last answer or announcement.
    pub(super) ahead: Option<Ahead>,
    /// Whether it has answered for headers, or need not.
    pub(super) is_heard: bool,
    /// The highest last header of its full answers.
    pub(super) told_height: u64,
    pub(super) search: Option<Search>,
    /// How many requests for blocks wait for its answer.
    pub(super) in_flight: usize,
    /// How many bytes of blocks it may be asked for at once.
    pub(super) pace: Pace,
    /// When its last answer came, in milliseconds.
    pub(super) answered_ms: Option<u64>,
    /// When it was asked for blocks last; a counter.
    pub(super) served: u64,
    /// It was too slow: nothing is asked of it before, in milliseconds, if anybody else can answer.
    pub(super) rests_until_ms: u64,
    /// Answers that did not come in time, in a row.
    pub(super) slow: u32,
    /// Whether blocks were among them.
    pub(super) owes_blocks: bool,
    /// Claims that came to nothing.
    pub(super) empty: u32,
}

impl Peer {
    pub(super) fn new(hello: &Hello) -> Self {
        let mut work = hello.work;
        work.reverse();
        Self {
            claimed_tip: hello.tip,
            claimed_work: Work::from_le_bytes(work),
            claimed_height: hello.height,
            shown: None,
            own: None,
            reach: 0,
            headers: Headers::Idle,
            start: Start::Best,
            asked_ms: 0,
            ahead: None,
            is_heard: false,
            told_height: 0,
            search: None,
            in_flight: 0,
            pace: Pace::new(MAX_IN_FLIGHT * MAX_MESSAGE_BYTES),
            answered_ms: None,
            served: 0,
            rests_until_ms: 0,
            slow: 0,
            owes_blocks: false,
            empty: 0,
        }
    }

    /// Has it asked for headers at `at_ms`, or earlier if that was planned.
    pub(super) fn want_headers(&mut self, at_ms: u64, start: Start) {
        self.start = start;
        self.headers = match self.headers {
            Headers::Idle => Headers::Wanted(at_ms),
            Headers::Wanted(earlier) => Headers::Wanted(earlier.min(at_ms)),
            Headers::Asked { request, .. } => Headers::Asked { request, again: true },
        };
    }

    /// Lets it rest at least until then.
    pub(super) fn rest_until(&mut self, at_ms: u64) {
        self.rests_until_ms = self.rests_until_ms.max(at_ms);
    }

    /// Believes nothing more of what it called its own.
    pub(super) fn distrust(&mut self) {
        self.claimed_tip = BlockHash::default();
        self.own = None;
        self.reach = 0;
    }
}
