//! The current account's history as far as it was loaded: the newest page, and older ones that were asked for.

use std::collections::BTreeSet;

use shared::api::views::{HistoryEntryView, HistoryEvent, HistoryView, TransactionView};
use shared::hash::TxId;
use wallet_wasm::protocol::PaymentView;

/// Entries without a gap, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct History {
    /// Newest first; indices fall by one from entry to entry.
    pub(crate) entries: Vec<HistoryEntryView>,
    /// How many there are in all.
    pub(crate) total: u64,
}

/// One line of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Line {
    /// Waits for a block.
    Pending(TransactionView),
    /// Is in a block.
    Confirmed(HistoryEntryView),
}

impl Line {
    /// Tells lines apart; it changes when a pending line is confirmed, or confirmed anew by another block.
    pub(crate) fn key(&self) -> String {
        match self {
            Self::Pending(view) => view.tx_id.to_string(),
            Self::Confirmed(entry) => format!("{}/{}/{}", entry.index, entry.height, entry_id(entry)),
        }
    }
}

fn entry_id(entry: &HistoryEntryView) -> String {
    match &entry.event {
        HistoryEvent::Transaction { id, .. } => id.to_string(),
        HistoryEvent::Reward { id, .. } => id.to_string(),
    }
}

impl History {
    /// Takes in the newest page. Older entries stay when the page continues them without a contradiction; after a
    /// reorg they are dropped, and can be asked for again.
    pub(crate) fn renew(&mut self, page: HistoryView) {
        let older = page.entries.last().map_or(0, |oldest| {
            let continues = |entry: &HistoryEntryView| entry.index < oldest.index;
            let overlap_agrees =
                self.entries.iter().filter(|entry| !continues(entry)).all(|entry| {
                    entry.index < page.history_len && page.entries.iter().any(|new| new == entry)
                });
            let is_adjacent = self.entries.first().is_some_and(|newest| newest.index + 1 >= oldest.index);
            if overlap_agrees && is_adjacent { oldest.index } else { 0 }
        });
        self.entries.retain(|entry| entry.index < older);
        self.entries.splice(0..0, page.entries);
        self.total = page.history_len;
    }

    /// Takes in an older page, if it continues what is there.
    pub(crate) fn extend(&mut self, page: HistoryView) {
        let continues = match (self.next_before(), page.entries.first()) {
            (Some(before), Some(newest)) => newest.index + 1 == before,
            _ => false,
        };
        if continues {
            self.entries.extend(page.entries);
        }
    }

    /// Returns what to ask for next: entries below this index. `None` when all are here.
    pub(crate) fn next_before(&self) -> Option<u64> {
        self.entries.last().map(|oldest| oldest.index).filter(|index| *index > 0)
    }

    /// Returns the addresses of all payers and payees, each once.
    pub(crate) fn partners(&self) -> BTreeSet<String> {
        let payments = self.entries.iter().filter_map(|entry| match &entry.event {
            HistoryEvent::Transaction { view, .. } => Some(view),
            HistoryEvent::Reward { .. } => None,
        });
        payments.flat_map(|view| [view.sender.clone(), view.receiver.clone()]).collect()
    }

    /// Finds where a transaction was confirmed.
    pub(crate) fn find(&self, tx_id: &TxId) -> Option<&HistoryEntryView> {
        self.entries
            .iter()
            .find(|entry| matches!(&entry.event, HistoryEvent::Transaction { id, .. } if id == tx_id))
    }
}

/// Finds a payment that was signed here among what the node knows of the account: what was shown for it, no more and no
/// less.
pub(crate) fn find_payment(
    pending: &[TransactionView],
    history: &History,
    payment: &PaymentView,
) -> Option<TxId> {
    let confirmed = history.entries.iter().filter_map(|entry| match &entry.event {
        HistoryEvent::Transaction { view, .. } => Some(view),
        HistoryEvent::Reward { .. } => None,
    });
    let is_it = |view: &&TransactionView| {
        (view.sender == payment.sender && view.nonce == payment.nonce)
            && (view.receiver == payment.receiver && view.amount == payment.amount)
            && (view.fee == payment.fee && view.expires_at == payment.expires_at)
            && view.comment == payment.comment
    };
    pending.iter().chain(confirmed).find(is_it).map(|view| view.tx_id)
}

/// Joins pending and confirmed lines: the newest pending first, and none that is confirmed already.
pub(crate) fn lines(pending: &[TransactionView], history: &History) -> Vec<Line> {
    let waiting = pending.iter().rev().filter(|view| history.find(&view.tx_id).is_none()).cloned();
    let confirmed = history.entries.iter().cloned().map(Line::Confirmed);
    waiting.map(Line::Pending).chain(confirmed).collect()
}

#[cfg(test)]
mod tests;
