//! Transactions and signed messages (`docs/protocol.md`, section 3).

use borsh::{BorshDeserialize, BorshSerialize};

use crate::address::Address;
use crate::codec::{self, read_bytes, read_string};
use crate::hash::{BlockHash, TxId, sha256d};

/// The version of every transaction.
pub const TRANSACTION_VERSION: u8 = 1;
/// No amount, fee, nonce, height or balance exceeds this: 2^53 − 1, the largest integer that a JSON number carries
/// exactly in every language.
pub const MAX_INTEGER: u64 = 9_007_199_254_740_991;
/// A comment holds at most this many bytes of UTF-8.
pub const MAX_COMMENT_BYTES: usize = 256;

/// What a sender signs.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct TransactionBody {
    /// [`TRANSACTION_VERSION`].
    pub version: u8,
    /// The sender's RSA modulus, big-endian.
    #[borsh(deserialize_with = "read_bytes")]
    pub sender: Vec<u8>,
    /// Who is paid.
    pub receiver: Address,
    /// Whole coins, at least 1.
    pub amount: u64,
    /// Whole coins for the miner.
    pub fee: u64,
    /// The sender account's next nonce, from 0.
    pub nonce: u64,
    /// The last height whose block may hold this; 0 never expires.
    pub expires_at: u64,
    /// A text for the receiver, public for ever.
    #[borsh(deserialize_with = "read_string")]
    pub comment: String,
}

impl TransactionBody {
    /// Returns the bytes that the sender signs; `genesis` ties them to one chain.
    #[must_use]
    pub fn signing_bytes(&self, genesis: &BlockHash) -> Vec<u8> {
        let mut bytes = b"ironchain-transaction-v1".to_vec();
        bytes.extend_from_slice(genesis.as_bytes());
        bytes.extend_from_slice(&codec::encode(self));
        bytes
    }

    /// Returns the address of the sender's key.
    #[must_use]
    pub fn sender_address(&self) -> Address {
        Address::of_modulus(&self.sender)
    }

    /// Returns amount + fee, or `None` when the sum leaves `u64`.
    #[must_use]
    pub fn cost(&self) -> Option<u64> {
        self.amount.checked_add(self.fee)
    }
}

/// A payment with its signature.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Transaction {
    /// What is signed.
    pub body: TransactionBody,
    /// As long as the sender's modulus.
    #[borsh(deserialize_with = "read_bytes")]
    pub signature: Vec<u8>,
}

impl Transaction {
    /// Returns the id: sha256d of the whole encoding, signature included.
    #[must_use]
    pub fn id(&self) -> TxId {
        TxId(sha256d(&codec::encode(self)))
    }
}

/// Returns the bytes that are signed for a text message; they never pass for a transaction's.
#[must_use]
pub fn message_bytes(text: &str, genesis: &BlockHash) -> Vec<u8> {
    let mut bytes = b"ironchain-message-v1".to_vec();
    bytes.extend_from_slice(genesis.as_bytes());
    bytes.extend_from_slice(&codec::encode(&text));
    bytes
}

#[cfg(test)]
mod tests;
