//! TX-1 to TX-5: what a transaction must be, whatever the accounts hold.

use crate::address::Address;
use crate::codec;
use crate::consensus::TxError;
use crate::hash::{BlockHash, TxId, sha256d};
use crate::signature::Verifier;
use crate::spec::ChainSpec;
use crate::transaction::{MAX_COMMENT_BYTES, MAX_INTEGER, TRANSACTION_VERSION, Transaction};

/// The lengths that a modulus may have, in bytes.
const MODULUS_BYTES: [usize; 3] = [256, 384, 512];

/// A transaction that keeps TX-1 to TX-4, with what was computed on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedTransaction {
    transaction: Transaction,
    id: TxId,
    sender: Address,
    size: usize,
}

impl CheckedTransaction {
    /// Wraps a transaction whose rules the caller checks itself.
    pub(super) fn new(transaction: Transaction) -> Self {
        let bytes = codec::encode(&transaction);
        let sender = transaction.body.sender_address();
        Self { transaction, id: TxId(sha256d(&bytes)), sender, size: bytes.len() }
    }

    /// Returns the transaction.
    #[must_use]
    pub fn transaction(&self) -> &Transaction {
        &self.transaction
    }

    /// Returns its id.
    #[must_use]
    pub fn id(&self) -> &TxId {
        &self.id
    }

    /// Returns its sender's address.
    #[must_use]
    pub fn sender(&self) -> &Address {
        &self.sender
    }

    /// Returns its encoded size in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        self.size
    }

    /// Returns amount + fee, which TX-2 bounds.
    #[must_use]
    pub fn cost(&self) -> u64 {
        self.transaction.body.amount.saturating_add(self.transaction.body.fee)
    }

    /// TX-4: "the signature verifies under the sender's key and this chain's genesis hash".
    pub(super) fn check_signature(
        &self,
        genesis: &BlockHash,
        verifier: &dyn Verifier,
    ) -> Result<(), TxError> {
        let Transaction { body, signature } = &self.transaction;
        if verifier.verify(&body.sender, &body.signing_bytes(genesis), signature) {
            Ok(())
        } else {
            Err(TxError::Signature)
        }
    }
}

/// Checks TX-1 to TX-4, so that the transaction may be kept.
///
/// # Errors
/// The first broken rule.
pub fn check_transaction(
    spec: &ChainSpec,
    verifier: &dyn Verifier,
    transaction: Transaction,
) -> Result<CheckedTransaction, TxError> {
    check_shape(&transaction)?;
    check_integers(&transaction)?;
    check_comment(&transaction)?;
    let checked = CheckedTransaction::new(transaction);
    checked.check_signature(spec.genesis_hash(), verifier)?;
    Ok(checked)
}

/// TX-1: "version 1; modulus and signature as in sections 2 and 3; amount at least 1".
pub(super) fn check_shape(Transaction { body, signature }: &Transaction) -> Result<(), TxError> {
    if body.version != TRANSACTION_VERSION {
        return Err(TxError::Version { version: body.version });
    }
    if !MODULUS_BYTES.contains(&body.sender.len()) {
        return Err(TxError::ModulusLength { got: body.sender.len() });
    }
    let has_top_bit = body.sender.first().is_some_and(|byte| byte & 0x80 != 0);
    let is_odd = body.sender.last().is_some_and(|byte| byte & 1 != 0);
    if !(has_top_bit && is_odd) {
        return Err(TxError::ModulusShape);
    }
    if signature.len() != body.sender.len() {
        return Err(TxError::SignatureLength { got: signature.len(), expected: body.sender.len() });
    }
    if body.amount == 0 {
        return Err(TxError::AmountZero);
    }
    Ok(())
}

/// TX-2: "amount + fee, nonce and `expires_at` are each at most 2^53 − 1, without overflow".
pub(super) fn check_integers(Transaction { body, .. }: &Transaction) -> Result<(), TxError> {
    if body.cost().is_none_or(|cost| cost > MAX_INTEGER) {
        return Err(TxError::CostTooLarge { amount: body.amount, fee: body.fee });
    }
    if body.nonce > MAX_INTEGER {
        return Err(TxError::NonceTooLarge { nonce: body.nonce });
    }
    if body.expires_at > MAX_INTEGER {
        return Err(TxError::ExpiryTooLarge { expires_at: body.expires_at });
    }
    Ok(())
}

/// TX-3: "at most 256 bytes of UTF-8 without control characters". The type `String` is UTF-8 already.
pub(super) fn check_comment(Transaction { body, .. }: &Transaction) -> Result<(), TxError> {
    if body.comment.len() > MAX_COMMENT_BYTES {
        return Err(TxError::CommentTooLong { got: body.comment.len() });
    }
    let mut characters = body.comment.chars().enumerate();
    // `char::is_control` is Unicode's category Cc: exactly U+0000–1F and U+007F–9F.
    match characters.find(|(_, character)| character.is_control()) {
        Some((position, character)) => {
            Err(TxError::CommentControlCharacter { code: u32::from(character), position })
        }
        None => Ok(()),
    }
}

/// TX-5: "`expires_at` is 0 or the block's height is at most `expires_at`".
pub(super) fn check_expiry(Transaction { body, .. }: &Transaction, height: u64) -> Result<(), TxError> {
    if body.expires_at != 0 && height > body.expires_at {
        return Err(TxError::Expired { expires_at: body.expires_at, height });
    }
    Ok(())
}
