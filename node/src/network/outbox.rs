//! Transactions on their way to everybody: gathered for a moment, so that many travel in one message.

use shared::transaction::Transaction;
use tokio::time::{Instant, sleep_until};

use super::limits;

/// What waits to be announced.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    transactions: Vec<Transaction>,
    bytes: usize,
    /// When the first of them goes at the latest.
    due: Option<Instant>,
}

impl Outbox {
    /// Adds one, of so many bytes; returns whether it is time to send.
    pub(super) fn push(&mut self, transaction: Transaction, bytes: usize) -> bool {
        self.due.get_or_insert_with(|| Instant::now() + limits::GATHER);
        self.transactions.push(transaction);
        self.bytes += bytes;
        self.bytes >= limits::GATHER_BYTES || self.transactions.len() >= crate::wire::MAX_TRANSACTIONS
    }

    pub(super) fn take(&mut self) -> Vec<Transaction> {
        (self.bytes, self.due) = (0, None);
        std::mem::take(&mut self.transactions)
    }

    /// Waits until what is in here must go; for ever when nothing is.
    pub(super) async fn due(&self) {
        match self.due {
            Some(due) => sleep_until(due).await,
            None => std::future::pending().await,
        }
    }
}
