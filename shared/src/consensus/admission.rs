//! TX-5 to TX-7 outside a block: may a transaction join those that wait for one?

use super::transaction::check_expiry;
use super::{CheckedTransaction, TxError};

/// Checks whether `transaction` could stand in a block at `height`, when its sender's next nonce is `next_nonce` and
/// `available` coins are left after everything of the sender's that waits before it.
///
/// Nobody is to blame for a failure. [`TxError::NonceTooHigh`] and [`TxError::InsufficientBalance`] may pass later,
/// the others will not.
///
/// # Errors
/// TX-5, TX-6 or TX-7, in this order.
pub fn check_admission(
    transaction: &CheckedTransaction,
    height: u64,
    next_nonce: u64,
    available: u64,
) -> Result<(), TxError> {
    check_expiry(transaction.transaction(), height)?;
    check_nonce(transaction, next_nonce)?;
    check_funds(transaction, available)
}

/// TX-6: "nonce is the account's nonce at that point of the block".
pub(crate) fn check_nonce(transaction: &CheckedTransaction, expected: u64) -> Result<(), TxError> {
    let actual = transaction.transaction().body.nonce;
    match actual.cmp(&expected) {
        core::cmp::Ordering::Less => Err(TxError::NonceTooLow { expected, actual }),
        core::cmp::Ordering::Equal => Ok(()),
        core::cmp::Ordering::Greater => Err(TxError::NonceTooHigh { expected, actual }),
    }
}

/// TX-7: "balance is at least amount + fee at that point of the block".
pub(crate) fn check_funds(transaction: &CheckedTransaction, available: u64) -> Result<(), TxError> {
    let needed = transaction.cost();
    if needed > available {
        return Err(TxError::InsufficientBalance { needed, available });
    }
    Ok(())
}
