//! Learns which transactions wait at a peer: after it came, and now and then again.

use std::collections::VecDeque;

use shared::hash::TxId;

use crate::wire::{MAX_TRANSACTIONS, Request};

/// How far we are with one peer.
#[derive(Debug, Default)]
pub(super) enum Pending {
    /// The ids are asked for.
    Ids,
    /// Transactions are asked for; these come next.
    Transactions(VecDeque<TxId>),
    /// Nothing is left to ask.
    #[default]
    Done,
}

impl Pending {
    /// Returns the next question, when no other is under way.
    pub(super) fn next(&mut self) -> Option<Request> {
        let Self::Transactions(ids) = self else {
            return None;
        };
        if ids.is_empty() {
            *self = Self::Done;
            return None;
        }
        let ids = ids.drain(..ids.len().min(MAX_TRANSACTIONS)).collect();
        Some(Request::Transactions { ids })
    }
}
