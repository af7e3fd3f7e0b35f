//! The latest blocks that this page has heard of, for the strip of links.

use std::collections::VecDeque;

use shared::api::views::HeadView;

/// How many blocks are kept: more than fit on a wide screen.
pub(crate) const KEPT: usize = 6;

/// Blocks that follow one another, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Blocks {
    newest_first: VecDeque<HeadView>,
    has_missed: bool,
}

impl Blocks {
    /// Notes that tips may have come and gone unheard, as when the session broke off.
    pub(crate) fn miss(&mut self) {
        self.has_missed = true;
    }

    /// Takes in a new tip. Blocks that it undid are removed, and all when it may not continue them.
    pub(crate) fn push(&mut self, head: HeadView) {
        let has_missed = core::mem::take(&mut self.has_missed);
        if self.tip().is_some_and(|tip| tip.hash == head.hash) {
            return;
        }
        for _ in 0..head.disconnected {
            if self.newest_first.pop_front().is_none() {
                break;
            }
        }
        if has_missed || self.tip().is_some_and(|tip| tip.height + 1 != head.height) {
            self.newest_first.clear();
        }
        self.newest_first.push_front(head);
        self.newest_first.truncate(KEPT);
    }

    /// Takes in a block below the oldest.
    pub(crate) fn push_earlier(&mut self, block: HeadView) {
        let oldest = self.newest_first.back();
        if self.newest_first.len() < KEPT && oldest.is_some_and(|oldest| oldest.height == block.height + 1) {
            self.newest_first.push_back(block);
        }
    }

    /// Returns the newest.
    pub(crate) fn tip(&self) -> Option<&HeadView> {
        self.newest_first.front()
    }

    /// Returns all, newest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &HeadView> {
        self.newest_first.iter()
    }
}

#[cfg(test)]
mod tests;
