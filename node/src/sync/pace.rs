//! How much is asked for at once: less after what did not come in time, more after what came soon. What a line brings is
//! not known beforehand, and an answer that comes in part is worth nothing.

/// A question must be answered completely within this time, however its bytes drip;
pub(super) const REQUEST_MS: u64 = 10_000;
/// but when a block alone did not come from anybody, the next one has twice as long, up to this: a megabyte at 0.2 Mbit/s.
pub(super) const MAX_REQUEST_MS: u64 = 40_000;
/// What did not come in time is asked for in so many parts: each attempt takes as long as an answer may.
const PARTS: usize = 4;
/// What came in such a part of its time may be twice as much. If it were half of the time, one more answer on its way
/// would be too much again.
const SOON: u64 = 4;

/// How many bytes may be on their way.
#[derive(Debug)]
pub(super) struct Pace {
    bytes: usize,
    most: usize,
}

impl Pace {
    /// Begins with as much as there may ever be.
    pub(super) fn new(most: usize) -> Self {
        Self { bytes: most, most }
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Returns whether nothing speaks for less than the most.
    pub(super) fn is_full(&self) -> bool {
        self.bytes == self.most
    }

    /// So much did not come in time; nothing is smaller than `least`, a block.
    pub(super) fn was_too_much(&mut self, bytes: usize, least: usize) {
        self.bytes = self.bytes.min((bytes / PARTS).max(least));
    }

    /// An answer came after `took_ms` of the `limit_ms` that it had.
    pub(super) fn came(&mut self, took_ms: u64, limit_ms: u64) {
        if is_soon(took_ms, limit_ms) {
            self.bytes = self.bytes.saturating_mul(2).min(self.most);
        }
    }
}

/// What our own line brings, whoever sends it.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) pace: Pace,
    /// How long the answer to a question for a single block may take.
    pub(super) block_ms: u64,
    /// When blocks came last.
    came_ms: u64,
}

impl Line {
    pub(super) fn new(most: usize) -> Self {
        Self { pace: Pace::new(most), block_ms: REQUEST_MS, came_ms: 0 }
    }

    /// Returns whether any blocks came since a time.
    pub(super) fn has_brought_since(&self, ms: u64) -> bool {
        self.came_ms >= ms
    }

    /// Nothing came from anybody while so many bytes were awaited; when that is a block alone, it gets more time.
    pub(super) fn was_too_much(&mut self, bytes: usize, least: usize) {
        if self.pace.bytes() <= least {
            self.block_ms = (self.block_ms * 2).min(MAX_REQUEST_MS);
        }
        self.pace.was_too_much(bytes, least);
    }

    /// Blocks came.
    pub(super) fn came(&mut self, now_ms: u64, took_ms: u64, limit_ms: u64) {
        self.came_ms = now_ms;
        self.pace.came(took_ms, limit_ms);
        if is_soon(took_ms, limit_ms) {
            self.block_ms = (self.block_ms / 2).max(REQUEST_MS);
        }
    }
}

fn is_soon(took_ms: u64, limit_ms: u64) -> bool {
    took_ms.saturating_mul(SOON) <= limit_ms
}
