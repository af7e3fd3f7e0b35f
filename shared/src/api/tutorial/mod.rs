//! The tutorial's envelope: flat objects with a `request`, answered by flat objects.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use super::json::Fields;
use super::request::ParamsError;
use super::rpc::{Id, METHOD_NOT_FOUND, REFUSED, RpcError, encode};
use super::views::Answer;
use crate::address::{Address, AddressError};
use crate::keys::{KeyError, PublicKey};
use crate::transaction::{MAX_INTEGER, TRANSACTION_VERSION, Transaction, TransactionBody};

/// A signed transaction as the tutorial's client sends it, field by field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Payment {
    /// The tutorial address of the sender, which is its public key.
    pub address: String,
    /// bech32m or tutorial address.
    pub receiver: String,
    /// Whole coins.
    pub amount: u64,
    /// Whole coins for the miner.
    pub fee: u64,
    /// A text for the receiver.
    pub comment: String,
    /// The sender's next nonce.
    pub nonce: u64,
    /// The last height whose block may hold it; 0, which may be left out, never expires.
    pub expires_at: u64,
    /// Base64 of the signature.
    pub signature: String,
}

/// The fields of a [`Payment`] do not make a transaction.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PaymentError {
    /// The sender's key cannot be read.
    #[error("\"address\" must be the tutorial address of the sender: {0}")]
    Sender(KeyError),
    /// The receiver's address cannot be read.
    #[error("\"receiver\" is not an address: {0}")]
    Receiver(AddressError),
    /// The signature cannot be read.
    #[error("\"signature\" must be base64")]
    Signature,
}

impl Payment {
    pub(crate) fn parse(fields: &mut Fields<'_>) -> Result<Self, ParamsError> {
        Ok(Self {
            address: fields.text("address")?,
            receiver: fields.text("receiver")?,
            amount: fields.integer("amount")?,
            fee: fields.integer("fee")?,
            comment: fields.text("comment")?,
            nonce: fields.integer("nonce")?,
            expires_at: fields.optional_integer("expires_at", 0, MAX_INTEGER)?.unwrap_or_default(),
            signature: fields.text("signature")?,
        })
    }

    /// Makes the transaction that was signed. It has passed no rule yet.
    ///
    /// # Errors
    /// When a key, an address or the signature cannot be read.
    pub fn to_transaction(&self, address_prefix: &str) -> Result<Transaction, PaymentError> {
        let sender = PublicKey::from_tutorial_address(&self.address).map_err(PaymentError::Sender)?;
        let receiver = Address::parse_any(&self.receiver, address_prefix).map_err(PaymentError::Receiver)?;
        let signature = STANDARD.decode(&self.signature).or(Err(PaymentError::Signature))?;
        let body = TransactionBody {
            version: TRANSACTION_VERSION,
            sender: sender.modulus().to_vec(),
            receiver,
            amount: self.amount,
            fee: self.fee,
            nonce: self.nonce,
            expires_at: self.expires_at,
            comment: self.comment.clone(),
        };
        Ok(Transaction { body, signature })
    }
}

/// Returns the text of an answer.
pub(crate) fn encode_reply(id: Option<&Id>, answer: &Result<Answer, RpcError>) -> String {
    #[derive(Serialize)]
    struct Envelope<'a> {
        #[serde(flatten)]
        reply: Reply<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<&'a Id>,
    }
    encode(&Envelope { reply: Reply::from_answer(answer), id })
}

/// The shapes of an answer.
#[derive(Serialize)]
#[serde(untagged)]
enum Reply<'a> {
    View(&'a Answer),
    Scalar {
        result: &'a Answer,
    },
    Refused {
        result: bool,
        result_message: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        rule: Option<&'a str>,
    },
    UnknownRequest {
        message: &'static str,
    },
    Failed {
        error: &'a str,
    },
}

impl<'a> Reply<'a> {
    fn from_answer(answer: &'a Result<Answer, RpcError>) -> Self {
        match answer {
            Ok(result @ (Answer::Authorized(_) | Answer::Subscribed(_) | Answer::Unsubscribed(_))) => {
                Self::Scalar { result }
            }
            Ok(view) => Self::View(view),
            Err(error) if error.code == REFUSED => {
                Self::Refused { result: false, result_message: &error.message, rule: error.rule() }
            }
            Err(error) if error.code == METHOD_NOT_FOUND => {
                Self::UnknownRequest { message: "Unknown command." }
            }
            Err(error) => Self::Failed { error: &error.message },
        }
    }
}

#[cfg(test)]
mod tests;
