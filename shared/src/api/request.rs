//! What a client may ask.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use crate::hash::{BlockHash, TxId};
use crate::transaction::MAX_INTEGER;

/// One request, whatever envelope it came in. Addresses are text as people type it; the server parses them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "method", content = "params", rename_all = "snake_case")]
pub enum Request {
    /// Asks what chain this is and how far it has come. Answered by [`super::views::InfoView`].
    GetInfo {},
    /// Asks for a confirmed balance. Answered by [`super::views::BalanceView`].
    GetBalance {
        /// bech32m or tutorial address.
        address: String,
    },
    /// Asks for everything about an account. Answered by [`super::views::AccountView`].
    GetAccount {
        /// bech32m or tutorial address.
        address: String,
    },
    /// Asks for a page of an account's history, newest first. Answered by [`super::views::HistoryView`].
    GetHistory {
        /// bech32m or tutorial address.
        address: String,
        /// Only entries with an index below this.
        #[serde(skip_serializing_if = "Option::is_none")]
        before: Option<u64>,
        /// Only entries with an index above this.
        #[serde(skip_serializing_if = "Option::is_none")]
        after: Option<u64>,
        /// At most so many entries, 1 to 100; 20 when absent.
        #[serde(skip_serializing_if = "Option::is_none")]
        limit: Option<u64>,
    },
    /// Asks for one transaction. Answered by [`super::views::TransactionStatusView`].
    GetTransaction {
        /// Its id.
        tx_id: TxId,
    },
    /// Asks for one block, by hash or by height on the best chain. Answered by [`super::views::BlockView`].
    GetBlock {
        /// The block's hash; exclusive with `height`.
        #[serde(skip_serializing_if = "Option::is_none")]
        hash: Option<BlockHash>,
        /// The height on the best chain; exclusive with `hash`.
        #[serde(skip_serializing_if = "Option::is_none")]
        height: Option<u64>,
    },
    /// Submits a signed transaction. Answered by [`super::views::SubmittedView`].
    Transaction {
        /// Hex of its encoding.
        transaction: String,
    },
    /// Asks to be told of changes; the current value comes first. Answered by a subscription id.
    Subscribe(Topic),
    /// Ends a subscription of this session. Answered by `true`, or `false` when there was none.
    Unsubscribe {
        /// What `subscribe` answered.
        id: u64,
    },
}

/// What a subscription tells of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "topic", rename_all = "snake_case", deny_unknown_fields)]
pub enum Topic {
    /// The tip of the best chain: a [`super::views::HeadView`] each time it changes.
    Heads {},
    /// One account: an [`super::views::AccountView`] each time a block or the mempool changes it.
    Address {
        /// bech32m or tutorial address.
        address: String,
    },
}

/// Parameters of a request are missing, unknown, of the wrong type or out of range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParamsError {
    /// No method has this name.
    #[error("unknown method")]
    UnknownMethod,
    /// The parameters do not fit the method.
    #[error("{reason}")]
    Invalid {
        /// What the parser met, for people.
        reason: String,
    },
}
