//! What a person typed becomes a transaction that is known to be valid, before anything is signed.

use shared::address::Address;
use shared::api::views::AccountView;
use shared::hash::BlockHash;
use shared::keys::PublicKey;
use shared::spec::ChainSpec;
use shared::transaction::{MAX_COMMENT_BYTES, MAX_INTEGER, TRANSACTION_VERSION, TransactionBody};

use crate::error::WalletError;
use crate::protocol::PaymentView;

/// A payment that was not mined within a day is no longer meant: it must not surprise anybody later. Nodes forget
/// pending transactions after the same time.
const LIFETIME_SECONDS: u64 = 24 * 60 * 60;

/// A payment as it was typed.
#[derive(Debug, Clone, Copy)]
pub struct Draft<'a> {
    /// bech32m or tutorial address; surrounding white space does not matter.
    pub receiver: &'a str,
    /// Whole coins.
    pub amount: u64,
    /// Whole coins for the miner.
    pub fee: u64,
    /// For the receiver, public for ever.
    pub comment: &'a str,
}

/// A payment that can be signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    body: TransactionBody,
    genesis: BlockHash,
    view: PaymentView,
}

impl Payment {
    /// Builds the payment of `sender` on the chain `spec`; `account` is what the node says of the sender.
    ///
    /// # Errors
    /// One for each field that is wrong, [`WalletError::InsufficientFunds`], and [`WalletError::BadReply`] when
    /// `account` contradicts itself.
    pub fn prepare(
        spec: &ChainSpec,
        account: &AccountView,
        sender: &PublicKey,
        draft: &Draft<'_>,
    ) -> Result<Self, WalletError> {
        let prefix = &spec.rules().address_prefix;
        let sender_address = sender.address();
        check_account(account, &sender_address.to_text(prefix))?;
        let receiver = Address::parse_any(draft.receiver.trim(), prefix)?;
        let total = check_amounts(draft)?;
        check_comment(draft.comment)?;
        let have = spendable(account);
        let rest = have.checked_sub(total).ok_or(WalletError::InsufficientFunds { need: total, have })?;
        let body = TransactionBody {
            version: TRANSACTION_VERSION,
            sender: sender.modulus().to_vec(),
            receiver,
            amount: draft.amount,
            fee: draft.fee,
            nonce: account.next_nonce,
            expires_at: expiry(spec, account.height),
            comment: draft.comment.to_owned(),
        };
        let view = PaymentView {
            chain: spec.name().to_owned(),
            sender: account.address.clone(),
            receiver: receiver.to_text(prefix),
            amount: body.amount,
            fee: body.fee,
            total,
            nonce: body.nonce,
            expires_at: body.expires_at,
            comment: body.comment.clone(),
            balance: account.balance,
            balance_after: if receiver == sender_address { rest + body.amount } else { rest },
            replaces: None,
        };
        Ok(Self { body, genesis: *spec.genesis_hash(), view })
    }

    /// Checks that the payment, unchanged, would still be valid.
    ///
    /// # Errors
    /// [`WalletError::AccountChanged`], and [`WalletError::WrongChain`] when the node has changed its chain.
    pub fn check_again(&self, spec: &ChainSpec, account: &AccountView) -> Result<(), WalletError> {
        if *spec.genesis_hash() != self.genesis {
            return Err(WalletError::WrongChain { chain: spec.name().to_owned() });
        }
        let is_valid = account.address == self.view.sender
            && account.next_nonce == self.body.nonce
            && account.height < self.body.expires_at
            && spendable(account) >= self.view.total;
        if is_valid { Ok(()) } else { Err(WalletError::AccountChanged) }
    }

    /// Returns what is signed.
    #[must_use]
    pub fn body(&self) -> &TransactionBody {
        &self.body
    }

    /// Returns the first block of the chain that this is for.
    #[must_use]
    pub fn genesis(&self) -> &BlockHash {
        &self.genesis
    }

    /// Returns the same for people.
    #[must_use]
    pub fn view(&self) -> &PaymentView {
        &self.view
    }
}

/// Returns the coins that a new payment may use: confirmed, without what pending payments take.
#[must_use]
pub fn spendable(account: &AccountView) -> u64 {
    account.balance.saturating_sub(account.pending_out)
}

/// Does not let a node's word for an account pass if it contradicts itself: a nonce that is too high or too low would
/// make a payment that comes true at another time, or never.
fn check_account(account: &AccountView, address: &str) -> Result<(), WalletError> {
    let numbers = [account.balance, account.next_nonce, account.height];
    let sent = account.pending.iter().filter(|pending| pending.sender == address);
    let is_sound = account.address == address
        && numbers.iter().all(|number| *number <= MAX_INTEGER)
        && account.nonce <= account.next_nonce
        && sent.map(|pending| pending.nonce).eq(account.nonce..account.next_nonce);
    if is_sound { Ok(()) } else { Err(WalletError::BadReply) }
}

/// Returns amount + fee.
fn check_amounts(draft: &Draft<'_>) -> Result<u64, WalletError> {
    if draft.amount == 0 {
        return Err(WalletError::AmountZero);
    }
    draft
        .amount
        .checked_add(draft.fee)
        .filter(|total| *total <= MAX_INTEGER)
        .ok_or(WalletError::AmountTooLarge)
}

fn check_comment(comment: &str) -> Result<(), WalletError> {
    if comment.len() > MAX_COMMENT_BYTES {
        return Err(WalletError::CommentTooLong { got: comment.len() });
    }
    match comment.chars().position(char::is_control) {
        Some(index) => Err(WalletError::CommentControlCharacter { position: index + 1 }),
        None => Ok(()),
    }
}

/// Returns the height that the chain will have after a day.
fn expiry(spec: &ChainSpec, height: u64) -> u64 {
    let blocks = LIFETIME_SECONDS / u64::from(spec.rules().block_time);
    height.saturating_add(blocks.max(1)).min(MAX_INTEGER)
}

#[cfg(test)]
mod tests;
