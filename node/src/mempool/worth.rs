//! What a transaction is worth before its signature is looked at, which is the dearest check of all.

use imbl::OrdMap;
use shared::address::Address;
use shared::hash::TxId;
use shared::state::Account;
use shared::transaction::Transaction;

use super::MempoolView;

/// How far ahead of its account a nonce may be that is worth a look: as many as one sender may have waiting.
const NONCE_WINDOW: u64 = 64;

/// What to do with a transaction that somebody sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Worth {
    /// It waits already.
    Known,
    /// Its sender has the coins and the nonce, or nearly.
    Checking,
    /// It cannot be admitted now.
    Nothing,
}

impl MempoolView {
    /// Says what a transaction is worth beside what waits, by the `accounts` before the block of `next_height`.
    #[must_use]
    pub fn worth(
        &self,
        accounts: &OrdMap<Address, Account>,
        next_height: u64,
        id: &TxId,
        transaction: &Transaction,
    ) -> Worth {
        if self.get(id).is_some() {
            return Worth::Known;
        }
        let body = &transaction.body;
        let account = accounts.get(&Address::of_modulus(&body.sender)).copied().unwrap_or_default();
        let is_near = (account.nonce..=account.nonce.saturating_add(NONCE_WINDOW)).contains(&body.nonce);
        let is_covered = body.amount.checked_add(body.fee).is_some_and(|cost| cost <= account.balance);
        let is_timely = body.expires_at == 0 || body.expires_at >= next_height;
        if is_near && is_covered && is_timely { Worth::Checking } else { Worth::Nothing }
    }
}
