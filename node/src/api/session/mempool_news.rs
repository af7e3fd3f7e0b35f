//! What a session has not been told of the mempool yet: bounded in size, and in how often it is told.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use shared::api::views::{MempoolNewsView, RemovalReason, RemovedView};
use shared::hash::TxId;
use shared::spec::ChainSpec;
use tokio::time::Instant;

use crate::api::config::{MAX_NEWS_ADDED, MAX_NEWS_REMOVED};
use crate::api::views;
use crate::chain::{ChainEvent, TransactionChange, View};
use crate::mempool::{Change, Pending};

/// What came and went since the last message.
///
/// What came and went in between is not in here. When it is more than a message holds, only that is remembered.
#[derive(Debug)]
pub(super) struct MempoolNews {
    count: u64,
    bytes: u64,
    /// By number, which is the order of arrival.
    added: BTreeMap<u64, Arc<Pending>>,
    removed: BTreeMap<TxId, RemovalReason>,
    is_complete: bool,
    has_news: bool,
    /// Not before this the next message may leave.
    next_at: Instant,
}

impl MempoolNews {
    /// Begins with the mempool of `view`, which is news at once.
    pub(super) fn new(view: &View) -> Self {
        Self {
            count: views::to_u64(view.mempool.len()),
            bytes: views::to_u64(view.mempool.bytes()),
            added: BTreeMap::new(),
            removed: BTreeMap::new(),
            is_complete: false,
            has_news: true,
            next_at: Instant::now(),
        }
    }

    pub(super) fn note(&mut self, event: &ChainEvent) {
        if event.mempool.is_empty() {
            return;
        }
        self.has_news = true;
        self.count = views::to_u64(event.view.mempool.len());
        self.bytes = views::to_u64(event.view.mempool.bytes());
        for change in event.mempool.iter().filter(|_| self.is_complete) {
            match change {
                Change::Added(pending) => {
                    if self.removed.remove(pending.transaction.id()).is_none() {
                        self.added.insert(pending.number, Arc::clone(pending));
                    }
                }
                Change::Removed(pending, _) => {
                    if self.added.remove(&pending.number).is_none() {
                        let id = *pending.transaction.id();
                        self.removed.insert(id, reason(event.transactions.get(&id)));
                    }
                }
            }
        }
        if self.added.len() > MAX_NEWS_ADDED || self.removed.len() > MAX_NEWS_REMOVED {
            self.is_complete = false;
            self.added.clear();
            self.removed.clear();
        }
    }

    /// Returns when there will be something to tell; `None` while there is no news.
    pub(super) fn due_at(&self) -> Option<Instant> {
        self.has_news.then_some(self.next_at)
    }

    /// Takes the message that is due, and lets the next one wait for `interval`.
    pub(super) fn take(&mut self, spec: &ChainSpec, interval: Duration) -> Option<MempoolNewsView> {
        let now = Instant::now();
        if self.due_at().is_none_or(|due_at| due_at > now) {
            return None;
        }
        let added = std::mem::take(&mut self.added).into_values();
        let removed = std::mem::take(&mut self.removed).into_iter();
        let news = MempoolNewsView {
            count: self.count,
            bytes: self.bytes,
            added: added.map(|pending| views::pending(spec, &pending)).collect(),
            removed: removed.map(|(tx_id, reason)| RemovedView { tx_id, reason }).collect(),
            is_complete: self.is_complete,
        };
        self.is_complete = true;
        self.has_news = false;
        self.next_at = now + interval;
        Some(news)
    }
}

fn reason(change: Option<&TransactionChange>) -> RemovalReason {
    match change {
        Some(TransactionChange::Confirmed) => RemovalReason::Confirmed,
        Some(TransactionChange::Replaced(_)) => RemovalReason::Replaced,
        Some(TransactionChange::Expired) => RemovalReason::Expired,
        // What came back is among the added as well, which takes this away again.
        Some(TransactionChange::Dropped | TransactionChange::Waits) | None => RemovalReason::Dropped,
    }
}
