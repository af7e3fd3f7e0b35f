//! Transactions that wait for a block. Pure: it knows no disk, no clock and no thread.
//!
//! What one sender has pending is always a run of nonces without gaps that starts at its account's nonce, and all of
//! it together is covered by its confirmed balance. So any selection in nonce order makes a valid block.

mod admit;
mod policy;
mod select;
mod tail;
#[cfg(test)]
mod tests;
mod view;
mod worth;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use imbl::OrdMap;
use shared::address::Address;
use shared::consensus::{CheckedTransaction, TxError, check_admission};
use shared::hash::TxId;
use shared::state::Account;

use tail::Tails;

pub use policy::{AdmissionError, Limits};
pub use view::{MempoolView, Pending, Rank, RankError};
pub use worth::Worth;

/// Bytes of memory that a pending transaction takes beyond its encoded size: its entries in the indexes, its
/// allocations, and the sender's address and id beside the transaction. Measured, it is 540 for one of many of a sender
/// and 760 for a sender's only one.
const OVERHEAD_BYTES: usize = 650;

/// What a transaction is admitted against.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// All accounts at the tip.
    pub accounts: &'a OrdMap<Address, Account>,
    /// The height of the next block.
    pub next_height: u64,
    /// Seconds of [`Clock::steady`](crate::clock::Clock::steady).
    pub now: u64,
}

impl Context<'_> {
    fn account(&self, address: &Address) -> Account {
        self.accounts.get(address).copied().unwrap_or_default()
    }
}

/// Something that happened to the mempool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It waits now.
    Added(Arc<Pending>),
    /// It does not wait any more.
    Removed(Arc<Pending>, Departure),
}

/// Why a transaction does not wait any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Departure {
    /// A block holds it, or another one with its nonce.
    NonceUsed,
    /// This one has its nonce and pays more.
    Replaced(TxId),
    /// Its last height has passed, or it waited for too long.
    Expired,
    /// There was no room for it, or its sender's nonces or coins do not reach it any more.
    Dropped,
}

impl Departure {
    fn of(error: &AdmissionError) -> Self {
        match error {
            AdmissionError::Rule(TxError::Expired { .. }) | AdmissionError::WaitedTooLong { .. } => {
                Self::Expired
            }
            AdmissionError::Rule(TxError::NonceTooLow { .. }) => Self::NonceUsed,
            AdmissionError::Rule(_)
            | AdmissionError::AlreadyPending { .. }
            | AdmissionError::FeeTooLow { .. }
            | AdmissionError::ReplacementFeeTooLow { .. }
            | AdmissionError::TooManyPending { .. }
            | AdmissionError::Full { .. } => Self::Dropped,
        }
    }
}

/// All transactions that wait for a block.
#[derive(Debug)]
pub struct Mempool {
    limits: Limits,
    next_number: u64,
    view: MempoolView,
    by_number: BTreeMap<u64, Arc<Pending>>,
    /// By the last height whose block may hold them, and by number. Without those that never expire.
    by_expiry: BTreeMap<(u64, u64), Arc<Pending>>,
    tails: Tails,
    changes: Vec<Change>,
}

impl Mempool {
    /// Returns an empty one.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            next_number: 0,
            view: MempoolView::default(),
            by_number: BTreeMap::new(),
            by_expiry: BTreeMap::new(),
            tails: Tails::default(),
            changes: Vec::new(),
        }
    }

    /// Returns what readers may see.
    #[must_use]
    pub fn view(&self) -> &MempoolView {
        &self.view
    }

    /// Returns what happened since this was asked before, in order.
    pub fn take_changes(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.changes)
    }

    /// Admits a transaction that arrives now.
    ///
    /// # Errors
    /// When a rule or a limit forbids it; nothing has changed then.
    pub fn admit(
        &mut self,
        transaction: Arc<CheckedTransaction>,
        context: &Context<'_>,
    ) -> Result<(), AdmissionError> {
        self.admit_pending(self.arriving(transaction, context), context)
    }

    fn arriving(&self, transaction: Arc<CheckedTransaction>, context: &Context<'_>) -> Pending {
        Pending { number: self.next_number, arrived_at: context.now, transaction }
    }

    /// Takes back what was stored before a restart. What is not valid any more is among the changes.
    pub fn restore(&mut self, mut stored: Vec<Pending>, context: &Context<'_>) {
        // A replacement has a later number than the nonces after it.
        stored.sort_by_key(|pending| (*pending.sender(), pending.nonce()));
        for pending in stored {
            self.next_number = self.next_number.max(pending.number + 1);
            self.readmit(pending, context);
        }
        // What was restored is in the store already.
        self.changes.retain(|change| matches!(change, Change::Removed(..)));
    }

    /// Follows a move of the tip: `touched` are the addresses whose accounts changed, `left` the transactions of
    /// blocks that are not on the best chain any more, oldest first.
    pub fn follow(
        &mut self,
        touched: &BTreeSet<Address>,
        left: Vec<Arc<CheckedTransaction>>,
        context: &Context<'_>,
    ) {
        let mut left_by_sender: BTreeMap<Address, Vec<_>> = BTreeMap::new();
        for transaction in left {
            left_by_sender.entry(*transaction.sender()).or_default().push(transaction);
        }
        for (sender, transactions) in left_by_sender {
            self.put_below(&sender, transactions, context);
        }
        for address in touched {
            self.reconcile(address, context);
        }
        self.expire(context);
    }

    /// Drops what has expired, by height or by age.
    pub fn expire(&mut self, context: &Context<'_>) {
        while let Some((&(expires_at, _), pending)) = self.by_expiry.first_key_value() {
            if expires_at >= context.next_height {
                break;
            }
            self.remove_from(&Arc::clone(pending), Departure::Expired);
        }
        while let Some((_, pending)) = self.by_number.first_key_value() {
            if !self.is_too_old(pending, context.now) {
                break;
            }
            self.remove_from(&Arc::clone(pending), Departure::Expired);
        }
    }

    /// Puts transactions of left blocks below what their sender has pending.
    fn put_below(
        &mut self,
        sender: &Address,
        transactions: Vec<Arc<CheckedTransaction>>,
        context: &Context<'_>,
    ) {
        let above: Vec<_> = self.view.sent_by(sender).cloned().collect();
        for pending in &above {
            self.remove(pending, Departure::Dropped);
        }
        for transaction in transactions {
            let id = *transaction.id();
            if let Err(error) = self.admit(transaction, context) {
                tracing::debug!(%id, %error, "a transaction of a left block does not return to the mempool");
            }
        }
        for pending in above {
            self.readmit(Arc::unwrap_or_clone(pending), context);
        }
    }

    /// Makes what `sender` has pending fit its account again.
    fn reconcile(&mut self, sender: &Address, context: &Context<'_>) {
        let account = context.account(sender);
        let (mut next_nonce, mut available) = (account.nonce, account.balance);
        let sent: Vec<_> = self.view.sent_by(sender).cloned().collect();
        for pending in sent {
            if pending.nonce() < account.nonce {
                self.remove(&pending, Departure::NonceUsed);
                continue;
            }
            let height = context.next_height;
            if let Err(error) = check_admission(&pending.transaction, height, next_nonce, available) {
                self.remove_from(&pending, Departure::of(&AdmissionError::Rule(error)));
                return;
            }
            next_nonce += 1;
            available -= pending.transaction.cost();
        }
    }

    /// Admits again what was pending before, under its old number; a failure is among the changes.
    fn readmit(&mut self, pending: Pending, context: &Context<'_>) {
        let dropped = Arc::new(pending.clone());
        if let Err(error) = self.admit_pending(pending, context) {
            tracing::debug!(id = %dropped.transaction.id(), %error, "a pending transaction is dropped");
            self.changes.push(Change::Removed(dropped, Departure::of(&error)));
        }
    }

    /// Returns how much memory all of them take, in bytes, as [`Limits::bytes`] counts it.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        self.view.bytes() + self.view.len() * OVERHEAD_BYTES
    }

    fn is_too_old(&self, pending: &Pending, now: u64) -> bool {
        now.saturating_sub(pending.arrived_at) >= self.limits.lifetime_s
    }

    fn insert(&mut self, pending: Arc<Pending>) {
        self.next_number = self.next_number.max(pending.number + 1);
        self.view.insert(&pending);
        self.by_number.insert(pending.number, Arc::clone(&pending));
        if let Some(key) = expiry_key(&pending) {
            self.by_expiry.insert(key, Arc::clone(&pending));
        }
        self.tails.set(pending.sender(), self.view.sent_by(pending.sender()).rev());
        self.changes.push(Change::Added(pending));
    }

    fn remove(&mut self, pending: &Arc<Pending>, why: Departure) {
        self.view.remove(pending);
        self.by_number.remove(&pending.number);
        if let Some(key) = expiry_key(pending) {
            self.by_expiry.remove(&key);
        }
        self.tails.set(pending.sender(), self.view.sent_by(pending.sender()).rev());
        self.changes.push(Change::Removed(Arc::clone(pending), why));
    }

    /// Removes a transaction, and its sender's later ones because of the gap.
    fn remove_from(&mut self, first: &Pending, why: Departure) {
        let sent = self.view.sent_by(first.sender());
        let doomed: Vec<_> = sent.filter(|pending| pending.nonce() >= first.nonce()).cloned().collect();
        for pending in &doomed {
            self.remove(pending, if pending.nonce() == first.nonce() { why } else { Departure::Dropped });
        }
    }
}

fn expiry_key(pending: &Pending) -> Option<(u64, u64)> {
    let expires_at = pending.transaction.transaction().body.expires_at;
    (expires_at != 0).then_some((expires_at, pending.number))
}

fn memory_bytes(pending: &Pending) -> usize {
    pending.transaction.size() + OVERHEAD_BYTES
}
