//! May a transaction join those that wait?

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;

use shared::consensus::{CheckedTransaction, check_admission};

use super::tail::Tail;
use super::{AdmissionError, Context, Departure, Mempool, Pending, memory_bytes};

/// What goes when a transaction is admitted.
struct Room {
    replaced: Option<Arc<Pending>>,
    evicted: Vec<Arc<Pending>>,
}

impl Mempool {
    /// Says whether [`Mempool::admit`] would admit a transaction. Nothing changes.
    ///
    /// # Errors
    /// Those of [`Mempool::admit`].
    pub fn check(
        &self,
        transaction: Arc<CheckedTransaction>,
        context: &Context<'_>,
    ) -> Result<(), AdmissionError> {
        self.examine(&self.arriving(transaction, context), context).map(drop)
    }

    /// Admits a transaction with the number and time that it carries. On an error nothing has changed.
    pub(super) fn admit_pending(
        &mut self,
        pending: Pending,
        context: &Context<'_>,
    ) -> Result<(), AdmissionError> {
        let Room { replaced, evicted } = self.examine(&pending, context)?;
        if let Some(old) = replaced {
            self.remove(&old, Departure::Replaced(*pending.transaction.id()));
        }
        for cheaper in evicted {
            self.remove(&cheaper, Departure::Dropped);
        }
        self.insert(Arc::new(pending));
        Ok(())
    }

    /// Checks every rule and policy, and finds room.
    fn examine(&self, pending: &Pending, context: &Context<'_>) -> Result<Room, AdmissionError> {
        let transaction = &pending.transaction;
        let (sender, nonce, fee) = (*pending.sender(), pending.nonce(), pending.fee());
        let replaced = self.view.sent_at(&sender, nonce).cloned();
        // A body has one signature, so this is the same as to compare ids; and it also holds for what is not signed.
        if let Some(old) = &replaced
            && old.transaction.transaction().body == transaction.transaction().body
        {
            return Err(AdmissionError::AlreadyPending { id: *old.transaction.id() });
        }
        if self.is_too_old(pending, context.now) {
            return Err(AdmissionError::WaitedTooLong { waited_s: context.now - pending.arrived_at });
        }
        let account = context.account(&sender);
        let next_nonce = self.view.next_nonce(&sender, account.nonce);
        // Everything of the sender's must be covered, also what comes after a replaced transaction.
        let spent =
            self.view.pending_out(&sender) - replaced.as_ref().map_or(0, |old| old.transaction.cost());
        let expected_nonce = if replaced.is_some() { nonce } else { next_nonce };
        check_admission(
            transaction,
            context.next_height,
            expected_nonce,
            account.balance.saturating_sub(spent),
        )
        .map_err(AdmissionError::Rule)?;

        if fee < self.limits.least_fee {
            return Err(AdmissionError::FeeTooLow { fee, least: self.limits.least_fee });
        }
        if let Some(old) = &replaced {
            let least = replacement_fee(old.fee());
            if fee < least {
                let pending_fee = old.fee();
                return Err(AdmissionError::ReplacementFeeTooLow { nonce, pending_fee, least, next_nonce });
            }
        } else if self.view.sent_by(&sender).count() >= self.limits.per_sender {
            return Err(AdmissionError::TooManyPending { limit: self.limits.per_sender });
        }
        let evicted = self.make_room(pending, replaced.as_deref())?;
        Ok(Room { replaced, evicted })
    }

    /// Returns what must go so that `new` fits: the cheapest tails, all of them cheaper than the one that `new` will be
    /// part of.
    fn make_room(
        &self,
        new: &Pending,
        replaced: Option<&Pending>,
    ) -> Result<Vec<Arc<Pending>>, AdmissionError> {
        let replaced_bytes = replaced.map_or(0, memory_bytes);
        let mut bytes = (self.memory_bytes() + memory_bytes(new)).saturating_sub(replaced_bytes);
        let mut count = self.view.len() + 1 - usize::from(replaced.is_some());
        let mut evicted = Vec::new();
        if bytes <= self.limits.bytes && count <= self.limits.count {
            return Ok(evicted);
        }
        let full = AdmissionError::Full { fee: new.fee() };
        let own = self.own_tail(new).ok_or_else(|| full.clone())?;
        let others = self.tails.iter().filter(|tail| tail.sender != own.sender);
        let mut others = others.map(|tail| (*tail, u64::MAX)).peekable();
        // Of senders who lose something already: what goes next, and the nonce before which it ends.
        let mut shortened = BTreeSet::new();
        while bytes > self.limits.bytes || count > self.limits.count {
            let next = others.next_if(|other| shortened.first().is_none_or(|next| other < next));
            let (tail, end) = next.or_else(|| shortened.pop_first()).ok_or_else(|| full.clone())?;
            if !own.rank.pays_more_than(tail.rank) {
                return Err(full);
            }
            let sent = || self.view.sent_by(&tail.sender).rev().filter(|pending| pending.nonce() < end);
            for pending in sent().take_while(|pending| pending.nonce() >= tail.nonce) {
                bytes -= memory_bytes(pending);
                count -= 1;
                evicted.push(Arc::clone(pending));
            }
            let left = sent().filter(|pending| pending.nonce() < tail.nonce);
            shortened.extend(Tail::cheapest(left.map(Arc::as_ref)).map(|next| (next, tail.nonce)));
        }
        Ok(evicted)
    }

    /// Returns the cheapest tail of `new`'s sender, with `new` in its place.
    fn own_tail(&self, new: &Pending) -> Option<Tail> {
        let sent = self.view.sent_by(new.sender()).map(Arc::as_ref);
        let mut sent: Vec<_> = sent.filter(|other| other.nonce() != new.nonce()).chain([new]).collect();
        sent.sort_by_key(|pending| Reverse(pending.nonce()));
        Tail::cheapest(sent.into_iter())
    }
}

/// Returns what must be paid to replace a transaction that pays `fee`: a tenth more, rounded up, and at least 1 more.
fn replacement_fee(fee: u64) -> u64 {
    fee.saturating_add(fee.div_ceil(10).max(1))
}
