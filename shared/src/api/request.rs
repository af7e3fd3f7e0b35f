//! What a client may ask.

use serde::Serialize;

use super::json::Fields;
use super::tutorial::Payment;
use crate::hash::{BlockHash, TxId};
use crate::transaction::MAX_INTEGER;

/// A page of a list has at most this many entries.
pub const MAX_PAGE: u64 = 100;

/// A reply holds at most this many headers.
pub const MAX_HEADERS: u64 = 500;

/// At most so many threads mine: more than any processor has.
pub const MAX_MINING_THREADS: u64 = 1024;

/// Nobody is banned for longer than a year.
pub const MAX_BAN_SECONDS: u64 = 365 * 24 * 3_600;

/// What a hash parameter should be.
const HASH: &str = "64 hex digits";

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
    /// Asks for headers of the best chain. Answered by [`super::views::HeadersView`].
    GetHeaders {
        /// The height of the first one.
        from: u64,
        /// At most so many, 1 to 500.
        count: u64,
    },
    /// Asks for a page of what waits for a block, best fee rate first. Answered by [`super::views::MempoolPageView`].
    GetMempool {
        /// Only entries after this place, which a page before named as `next`.
        #[serde(skip_serializing_if = "Option::is_none")]
        after: Option<String>,
        /// At most so many entries, 1 to 100; 20 when absent.
        #[serde(skip_serializing_if = "Option::is_none")]
        limit: Option<u64>,
    },
    /// Asks for the branches beside the best chain. Answered by [`super::views::ForksView`].
    GetForks {},
    /// Submits a signed transaction. Answered by [`super::views::SubmittedView`].
    Transaction {
        /// Hex of its encoding.
        transaction: String,
    },
    /// As [`Request::Transaction`], field by field as the tutorial sends it.
    #[serde(rename = "transaction")]
    Payment(Payment),
    /// Asks what submitting a transaction would be answered. Answered by [`super::views::CheckView`].
    CheckTransaction {
        /// Hex of its encoding; the signature may be empty.
        transaction: String,
    },
    /// Asks for the proof of an account. Answered by [`super::views::AccountProofView`].
    GetAccountProof {
        /// bech32m or tutorial address.
        address: String,
    },
    /// Asks for the proof of a mined transaction. Answered by [`super::views::TransactionProofView`].
    GetTransactionProof {
        /// Its id.
        tx_id: TxId,
    },
    /// Shows the control token, after which the session may use the methods below. Answered by `true`.
    Authorize {
        /// From the link that the node printed at its start.
        token: Token,
    },
    /// Asks how the node is set. Answered by [`super::views::NodeView`].
    GetNode {},
    /// Changes who earns the rewards. Answered by [`super::views::NodeView`].
    SetPayout {
        /// bech32m or tutorial address.
        address: String,
    },
    /// Changes how many threads mine, until the node stops. Answered by [`super::views::NodeView`].
    SetMining {
        /// 0 for none, at most [`MAX_MINING_THREADS`].
        threads: u64,
    },
    /// Asks for the connections to other nodes. Answered by [`super::views::PeersView`].
    GetPeers {},
    /// Connects to a node, again and again until this one stops. Answered by [`super::views::PeersView`].
    AddPeer {
        /// As on the node's command line: where wallets reach it, as `192.168.1.5:1111`, or a multiaddr.
        address: String,
    },
    /// Connects to a node that was added no more. Answered by [`super::views::PeersView`].
    RemovePeer {
        /// As in [`Request::AddPeer`].
        address: String,
    },
    /// Asks for a page of the bans. Answered by [`super::views::BansView`].
    GetBans {
        /// Only addresses after this one, which a page before named as `next`.
        #[serde(skip_serializing_if = "Option::is_none")]
        after: Option<String>,
        /// At most so many entries, 1 to 100; 20 when absent.
        #[serde(skip_serializing_if = "Option::is_none")]
        limit: Option<u64>,
    },
    /// Disconnects an address and lets nobody in from there. Answered by [`super::views::BansView`].
    Ban {
        /// An IP address.
        address: String,
        /// For how long, 1 to [`MAX_BAN_SECONDS`]; a day when absent.
        #[serde(skip_serializing_if = "Option::is_none")]
        seconds: Option<u64>,
        /// Why, for those who look at the list.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Ends a ban. Answered by [`super::views::BansView`].
    Unban {
        /// An IP address, or as the list of bans has it.
        address: String,
    },
    /// Asks to be told of changes; the current value comes first. Answered by a subscription id.
    Subscribe(Topic),
    /// Ends a subscription of this session. Answered by `true`, or `false` when there was none.
    Unsubscribe {
        /// What `subscribe` answered.
        id: u64,
    },
}

/// A control token, which its `Debug` hides.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Token(pub String);

impl core::fmt::Debug for Token {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Token(hidden)")
    }
}

/// What a subscription tells of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "topic", rename_all = "snake_case")]
pub enum Topic {
    /// The tip of the best chain: a [`super::views::HeadView`] each time it changes.
    Heads {},
    /// One account: an [`super::views::AccountView`] each time a block or the mempool changes it.
    Address {
        /// bech32m or tutorial address.
        address: String,
    },
    /// One transaction: a [`super::views::TransactionNewsView`] each time something becomes of it.
    Transaction {
        /// Its id.
        tx_id: TxId,
    },
    /// The transactions that wait: a [`super::views::MempoolNewsView`] after changes, at most one a second.
    Mempool {},
}

/// The method or the parameters of a request are wrong. No value from outside is part of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParamsError {
    /// No method has this name.
    #[error("unknown method")]
    UnknownMethod,
    /// A parameter is not there.
    #[error("{field:?} is missing")]
    Missing {
        /// Its name.
        field: &'static str,
    },
    /// A parameter that the method does not have.
    #[error("{field:?} is not a parameter of this method")]
    Unknown {
        /// The first characters of its name.
        field: String,
    },
    /// A parameter that comes twice.
    #[error("{field:?} is given twice")]
    Duplicate {
        /// The first characters of its name.
        field: String,
    },
    /// A parameter is not a string.
    #[error("{field:?} must be a string")]
    NotText {
        /// Its name.
        field: &'static str,
    },
    /// A parameter is not an integer, or out of bounds.
    #[error("{field:?} must be a whole number from {least} to {most}, without point, exponent or sign")]
    NotInteger {
        /// Its name.
        field: &'static str,
        /// The lower bound.
        least: u64,
        /// The upper bound.
        most: u64,
    },
    /// A parameter is a string that does not have the form it needs.
    #[error("{field:?} must be {expected}")]
    Malformed {
        /// Its name.
        field: &'static str,
        /// What it should be.
        expected: &'static str,
    },
    /// Of two parameters that exclude each other both or neither are there.
    #[error("exactly one of {first:?} and {second:?} must be given")]
    NotOneOf {
        /// One.
        first: &'static str,
        /// The other.
        second: &'static str,
    },
    /// The parameters are not an object.
    #[error("the parameters must be an object, by name")]
    NotAnObject,
}

impl Request {
    /// Reads the parameters of `method`. Everything that is not asked for is refused.
    pub(crate) fn parse(method: &str, mut fields: Fields<'_>) -> Result<Self, ParamsError> {
        fields.check_unique()?;
        let request = match method {
            "get_info" => Self::GetInfo {},
            "get_balance" => Self::GetBalance { address: fields.text("address")? },
            "get_account" => Self::GetAccount { address: fields.text("address")? },
            "get_history" => Self::GetHistory {
                address: fields.text("address")?,
                before: fields.optional_integer("before", 0, MAX_INTEGER)?,
                after: fields.optional_integer("after", 0, MAX_INTEGER)?,
                limit: fields.optional_integer("limit", 1, MAX_PAGE)?,
            },
            "get_transaction" => Self::GetTransaction { tx_id: fields.parsed("tx_id", HASH)? },
            "get_block" => Self::parse_get_block(&mut fields)?,
            "get_headers" => Self::GetHeaders {
                from: fields.integer("from")?,
                count: fields.required_integer("count", 1, MAX_HEADERS)?,
            },
            "get_mempool" => Self::GetMempool {
                after: fields.optional_text("after")?,
                limit: fields.optional_integer("limit", 1, MAX_PAGE)?,
            },
            "get_forks" => Self::GetForks {},
            // One name, two forms: the encoding in hex, or the tutorial's fields.
            "transaction" if fields.contains("transaction") => {
                Self::Transaction { transaction: fields.text("transaction")? }
            }
            "transaction" => Self::Payment(Payment::parse(&mut fields)?),
            "check_transaction" => Self::CheckTransaction { transaction: fields.text("transaction")? },
            "get_account_proof" => Self::GetAccountProof { address: fields.text("address")? },
            "get_transaction_proof" => Self::GetTransactionProof { tx_id: fields.parsed("tx_id", HASH)? },
            "authorize" => Self::Authorize { token: Token(fields.text("token")?) },
            "get_node" => Self::GetNode {},
            "set_payout" => Self::SetPayout { address: fields.text("address")? },
            "set_mining" => {
                Self::SetMining { threads: fields.required_integer("threads", 0, MAX_MINING_THREADS)? }
            }
            "get_peers" => Self::GetPeers {},
            "add_peer" => Self::AddPeer { address: fields.text("address")? },
            "remove_peer" => Self::RemovePeer { address: fields.text("address")? },
            "get_bans" => Self::GetBans {
                after: fields.optional_text("after")?,
                limit: fields.optional_integer("limit", 1, MAX_PAGE)?,
            },
            "ban" => Self::Ban {
                address: fields.text("address")?,
                seconds: fields.optional_integer("seconds", 1, MAX_BAN_SECONDS)?,
                reason: fields.optional_text("reason")?,
            },
            "unban" => Self::Unban { address: fields.text("address")? },
            "subscribe" => Self::Subscribe(Topic::parse(&mut fields)?),
            "unsubscribe" => Self::Unsubscribe { id: fields.integer("id")? },
            _ => return Err(ParamsError::UnknownMethod),
        };
        fields.finish()?;
        Ok(request)
    }

    /// Returns whether only an authorized session may ask this.
    #[must_use]
    pub const fn is_privileged(&self) -> bool {
        matches!(
            self,
            Self::GetNode {}
                | Self::SetPayout { .. }
                | Self::SetMining { .. }
                | Self::GetPeers {}
                | Self::AddPeer { .. }
                | Self::RemovePeer { .. }
                | Self::GetBans { .. }
                | Self::Ban { .. }
                | Self::Unban { .. }
        )
    }

    fn parse_get_block(fields: &mut Fields<'_>) -> Result<Self, ParamsError> {
        match (fields.contains("hash"), fields.contains("height")) {
            (true, false) => Ok(Self::GetBlock { hash: Some(fields.parsed("hash", HASH)?), height: None }),
            (false, true) => Ok(Self::GetBlock { hash: None, height: Some(fields.integer("height")?) }),
            _ => Err(ParamsError::NotOneOf { first: "hash", second: "height" }),
        }
    }
}

impl Topic {
    fn parse(fields: &mut Fields<'_>) -> Result<Self, ParamsError> {
        match fields.text("topic")?.as_str() {
            "heads" => Ok(Self::Heads {}),
            "address" => Ok(Self::Address { address: fields.text("address")? }),
            "transaction" => Ok(Self::Transaction { tx_id: fields.parsed("tx_id", HASH)? }),
            "mempool" => Ok(Self::Mempool {}),
            _ => Err(ParamsError::Malformed {
                field: "topic",
                expected: "\"heads\", \"address\", \"transaction\" or \"mempool\"",
            }),
        }
    }
}
