//! Learns which transactions wait at a peer: after it came, and now and then again.

use std::collections::VecDeque;

use shared::hash::TxId;

use crate::wire::{MAX_TRANSACTIONS, Request};

/// How far we are with one peer.
#[derive(Debug, Default)]
pub(super) enum Pending {
    /// The ids are asked for.
    Ids,
    /// Transactions are asked for.
    Transactions {
        /// How many are on their way.
        asked: usize,
        /// These come next.
        left: VecDeque<TxId>,
    },
    /// Nothing is left to ask.
    #[default]
    Done,
}

impl Pending {
    /// Begins to ask for at most `most` of the transactions that a peer has and we have not. Those who hold fewer than
    /// others begin elsewhere each time, at `from`, which moves on: what they cannot take must not keep the rest away.
    pub(super) fn begin(mut unknown: VecDeque<TxId>, most: usize, from: &mut usize) -> Self {
        if unknown.len() > most {
            let start = *from % unknown.len();
            unknown.rotate_left(start);
            unknown.truncate(most);
            *from = start + most;
        }
        Self::Transactions { asked: 0, left: unknown }
    }

    pub(super) fn is_done(&self) -> bool {
        matches!(self, Self::Done)
    }

    /// Returns how many transactions the answer that is awaited may hold.
    pub(super) fn asked(&self) -> usize {
        match self {
            Self::Transactions { asked, .. } => *asked,
            Self::Ids | Self::Done => 0,
        }
    }

    /// An answer came.
    pub(super) fn answered(&mut self) {
        if let Self::Transactions { asked, .. } = self {
            *asked = 0;
        }
    }

    /// Returns the next question, when no other is under way and `may_ask` lets us ask for so many.
    pub(super) fn next(&mut self, may_ask: impl FnOnce(usize) -> bool) -> Option<Request> {
        let Self::Transactions { asked: asked @ 0, left } = self else { return None };
        let count = left.len().min(MAX_TRANSACTIONS);
        if count == 0 {
            *self = Self::Done;
            return None;
        }
        if !may_ask(count) {
            return None;
        }
        *asked = count;
        Some(Request::Transactions { ids: left.drain(..count).collect() })
    }
}

#[cfg(test)]
mod tests;
