//! What goes first when there is no room.
//!
//! No transaction goes alone: without it the sender's later nonces cannot be mined either. So a sender's transactions are
//! worth what they pay together for their size, from whichever nonce on that is least. A cheap one is so worth as much as
//! the dear ones behind it make of it, and those go with it only when somebody pays more than all of them together.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use shared::address::Address;

use super::{Pending, Rank};

/// What one sender has pending from a nonce on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Tail {
    /// Of all of it together. Among equals what came last goes first.
    pub(super) rank: Rank,
    pub(super) sender: Address,
    pub(super) nonce: u64,
}

impl Tail {
    /// Returns the tail that pays least for its size, of what one sender has pending, given by falling nonce.
    pub(super) fn cheapest<'a>(sent: impl Iterator<Item = &'a Pending>) -> Option<Self> {
        let (mut fee, mut size) = (0, 0);
        let tails = sent.map(|pending| {
            fee += u128::from(pending.fee());
            size += pending.transaction.size();
            let rank = Rank::of_many(fee, size, pending.number);
            Self { rank, sender: *pending.sender(), nonce: pending.nonce() }
        });
        tails.min()
    }
}

/// The cheapest tail of every sender.
#[derive(Debug, Default)]
pub(super) struct Tails {
    by_sender: BTreeMap<Address, Tail>,
    by_rank: BTreeSet<Tail>,
}

impl Tails {
    /// Notes what a sender has pending now, by falling nonce.
    pub(super) fn set<'a>(&mut self, sender: &Address, sent: impl Iterator<Item = &'a Arc<Pending>>) {
        if let Some(old) = self.by_sender.remove(sender) {
            self.by_rank.remove(&old);
        }
        if let Some(tail) = Tail::cheapest(sent.map(Arc::as_ref)) {
            self.by_sender.insert(*sender, tail);
            self.by_rank.insert(tail);
        }
    }

    /// Yields the first to go first.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Tail> {
        self.by_rank.iter()
    }
}
