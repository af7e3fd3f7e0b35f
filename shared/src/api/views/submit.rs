//! What becomes of a transaction that is submitted, or only checked.

use serde::{Deserialize, Serialize};

use crate::hash::TxId;

/// A transaction was accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubmittedView {
    /// Always true: a refusal is an error.
    pub result: bool,
    /// For people.
    pub result_message: String,
    /// Its id.
    pub tx_id: TxId,
}

/// What submitting a transaction would be answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckView {
    /// Whether it would be accepted.
    pub verdict: CheckVerdict,
    /// The rule of the protocol or of the node's policy that it breaks; absent when it is valid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// For people: why; absent when it is valid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// When it is valid: the height of the block that will hold it if nothing that pays more comes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_block: Option<u64>,
}

/// Whether a transaction would be accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckVerdict {
    /// It would be.
    Valid,
    /// Not at present, but it may be later as it is.
    NotNow,
    /// Never as it is.
    Invalid,
}
