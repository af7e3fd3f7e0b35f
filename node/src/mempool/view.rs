//! The mempool as readers see it: an immutable picture that costs nothing to copy.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Bound;
use std::str::FromStr;
use std::sync::Arc;

use imbl::OrdMap;
use shared::address::Address;
use shared::consensus::CheckedTransaction;
use shared::hash::TxId;

/// A transaction that waits for a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// Numbers are given in the order of arrival, and never again in one store.
    pub number: u64,
    /// When it arrived, in seconds of [`Clock::steady`](crate::clock::Clock::steady).
    pub arrived_at: u64,
    /// The transaction.
    pub transaction: Arc<CheckedTransaction>,
}

impl Pending {
    /// Returns the sender's address.
    #[must_use]
    pub fn sender(&self) -> &Address {
        self.transaction.sender()
    }

    /// Returns the receiver's address.
    #[must_use]
    pub fn receiver(&self) -> &Address {
        &self.transaction.transaction().body.receiver
    }

    /// Returns the sender's nonce.
    #[must_use]
    pub fn nonce(&self) -> u64 {
        self.transaction.transaction().body.nonce
    }

    /// Returns the fee in whole coins.
    #[must_use]
    pub fn fee(&self) -> u64 {
        self.transaction.transaction().body.fee
    }
}

/// Where a pending transaction stands among all: what pays more coins a byte is greater, among equals what came first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank {
    /// Coins a byte, times 2^32: fees are below 2^53.
    rate: u128,
    number: Reverse<u64>,
}

impl Rank {
    pub(super) fn of(pending: &Pending) -> Self {
        Self::new(&pending.transaction, pending.number)
    }

    fn new(transaction: &CheckedTransaction, number: u64) -> Self {
        Self::of_many(u128::from(transaction.transaction().body.fee), transaction.size(), number)
    }

    /// Ranks several together, the first of which has the `number`.
    pub(super) fn of_many(fee: u128, size: usize, number: u64) -> Self {
        let size = u128::try_from(size).unwrap_or(u128::MAX).max(1);
        Self { rate: (fee << 32) / size, number: Reverse(number) }
    }

    /// Returns whether this pays more for its size, whenever it came.
    pub(super) fn pays_more_than(self, other: Self) -> bool {
        self.rate > other.rate
    }
}

impl fmt::Display for Rank {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}-{:x}", self.rate, self.number.0)
    }
}

/// A text is not the place of a transaction among those that wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the \"next\" of another page; leave it out to begin with the first")]
pub struct RankError;

impl FromStr for Rank {
    type Err = RankError;

    fn from_str(text: &str) -> Result<Self, RankError> {
        let (rate, number) = text.split_once('-').ok_or(RankError)?;
        let rate = u128::from_str_radix(rate, 16).or(Err(RankError))?;
        let number = u64::from_str_radix(number, 16).or(Err(RankError))?;
        Ok(Self { rate, number: Reverse(number) })
    }
}

/// All transactions that wait for a block, at one moment.
#[derive(Debug, Clone, Default)]
pub struct MempoolView {
    by_id: OrdMap<TxId, Arc<Pending>>,
    by_sender: OrdMap<(Address, u64), Arc<Pending>>,
    /// By number, without those that somebody sends to itself.
    by_receiver: OrdMap<(Address, u64), Arc<Pending>>,
    /// The last to be mined comes first, if nonces are left out of account.
    by_rank: OrdMap<Rank, Arc<Pending>>,
    bytes: usize,
}

impl MempoolView {
    /// Returns how many transactions wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Returns whether none waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// Returns the sum of their encoded sizes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Returns one of them.
    #[must_use]
    pub fn get(&self, id: &TxId) -> Option<&Arc<Pending>> {
        self.by_id.get(id)
    }

    /// Returns all of them, by sender and nonce.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Pending>> {
        self.by_sender.values()
    }

    /// Returns those that rank below `rank`, or all, the best first.
    pub fn below(&self, rank: Option<Rank>) -> impl Iterator<Item = (&Rank, &Arc<Pending>)> {
        let end = rank.map_or(Bound::Unbounded, Bound::Excluded);
        self.by_rank.range((Bound::Unbounded, end)).rev()
    }

    /// Returns what `sender` sends, by nonce: without gaps, from the nonce of its account on.
    pub fn sent_by(&self, sender: &Address) -> impl DoubleEndedIterator<Item = &Arc<Pending>> {
        self.by_sender.range((*sender, 0)..=(*sender, u64::MAX)).map(|(_, pending)| pending)
    }

    /// Returns what is sent to `receiver` by others, in the order of arrival.
    pub fn sent_to(&self, receiver: &Address) -> impl Iterator<Item = &Arc<Pending>> {
        self.by_receiver.range((*receiver, 0)..=(*receiver, u64::MAX)).map(|(_, pending)| pending)
    }

    /// Returns what is sent by or to `address`, by sender and nonce.
    #[must_use]
    pub fn touching(&self, address: &Address) -> Vec<Arc<Pending>> {
        let all = self.sent_by(address).chain(self.sent_to(address));
        let sorted: BTreeMap<_, _> =
            all.map(|pending| ((pending.sender(), pending.nonce()), pending)).collect();
        sorted.into_values().map(Arc::clone).collect()
    }

    /// Returns the nonce for the next transaction of `sender`, whose account's nonce is `account_nonce`.
    #[must_use]
    pub fn next_nonce(&self, sender: &Address, account_nonce: u64) -> u64 {
        self.sent_by(sender).last().map_or(account_nonce, |last| last.nonce() + 1)
    }

    /// Returns the coins, fees included, that pending transactions will take from `sender`.
    #[must_use]
    pub fn pending_out(&self, sender: &Address) -> u64 {
        self.sent_by(sender).map(|pending| pending.transaction.cost()).sum()
    }

    /// Returns the bytes of what will be mined before `transaction`, if nothing else comes: whatever pays as much for
    /// its size, or as much as the worst of the sender's that must come first.
    #[must_use]
    pub fn bytes_before(&self, transaction: &CheckedTransaction) -> usize {
        let body = &transaction.transaction().body;
        let (sender, nonce) = (transaction.sender(), body.nonce);
        let same_place = self.sent_at(sender, nonce);
        let own = match same_place.filter(|pending| pending.transaction.transaction().body == *body) {
            Some(pending) => Rank::of(pending),
            None => Rank::new(transaction, u64::MAX),
        };
        let earlier = self.by_sender.range((*sender, 0)..(*sender, nonce));
        let worst = earlier.map(|(_, pending)| Rank::of(pending)).fold(own, Rank::min);
        let before = self.by_rank.range(worst..).map(|(_, pending)| pending);
        let others = before.filter(|pending| same_place.is_none_or(|same| same.number != pending.number));
        others.map(|pending| pending.transaction.size()).sum()
    }

    pub(super) fn sent_at(&self, sender: &Address, nonce: u64) -> Option<&Arc<Pending>> {
        self.by_sender.get(&(*sender, nonce))
    }

    pub(super) fn insert(&mut self, pending: &Arc<Pending>) {
        self.bytes += pending.transaction.size();
        self.by_id.insert(*pending.transaction.id(), Arc::clone(pending));
        self.by_sender.insert((*pending.sender(), pending.nonce()), Arc::clone(pending));
        self.by_rank.insert(Rank::of(pending), Arc::clone(pending));
        if pending.receiver() != pending.sender() {
            self.by_receiver.insert((*pending.receiver(), pending.number), Arc::clone(pending));
        }
    }

    pub(super) fn remove(&mut self, pending: &Pending) {
        self.bytes -= pending.transaction.size();
        self.by_id.remove(pending.transaction.id());
        self.by_sender.remove(&(*pending.sender(), pending.nonce()));
        self.by_rank.remove(&Rank::of(pending));
        self.by_receiver.remove(&(*pending.receiver(), pending.number));
    }
}
