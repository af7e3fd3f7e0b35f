//! Which transactions go into the next block.

use std::collections::BinaryHeap;
use std::sync::Arc;

use shared::consensus::CheckedTransaction;

use super::{Mempool, Pending, Rank};

/// The next transaction of one sender; the best one is the largest.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    /// No two are equal, so nothing below decides.
    rank: Rank,
    position: usize,
}

impl Mempool {
    /// Returns transactions for the next block, at most `max_bytes` of them together: each sender's in nonce order,
    /// and of those that may come next always the one with the highest fee rate.
    #[must_use]
    pub fn select(&self, max_bytes: usize) -> Vec<Arc<CheckedTransaction>> {
        let all: Vec<&Pending> = self.view.iter().map(Arc::as_ref).collect();
        let candidate = |position: usize| Candidate { rank: Rank::of(all[position]), position };
        // By sender and nonce, so a sender's first one is where the sender changes.
        let is_first =
            |position: &usize| *position == 0 || all[*position].sender() != all[*position - 1].sender();
        let mut next: BinaryHeap<Candidate> = (0..all.len()).filter(is_first).map(candidate).collect();

        let mut bytes_left = max_bytes;
        let mut selected = Vec::new();
        while let Some(Candidate { position, .. }) = next.pop() {
            // What does not fit keeps its sender's later ones out as well; others may be smaller.
            let Some(rest) = bytes_left.checked_sub(all[position].transaction.size()) else { continue };
            bytes_left = rest;
            selected.push(Arc::clone(&all[position].transaction));
            if all.get(position + 1).is_some_and(|following| following.sender() == all[position].sender()) {
                next.push(candidate(position + 1));
            }
        }
        selected
    }
}
