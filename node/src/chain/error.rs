//! Why the chain did not take what it was given.

use shared::consensus::RuleError;
use shared::hash::BlockHash;
use shared::ledger::ProposeError;

use crate::mempool::AdmissionError;
use crate::store::StoreError;

/// A block was not accepted. What to think of its sender differs by variant (`docs/protocol.md`, section 6).
#[derive(Debug, Clone, thiserror::Error)]
pub enum SubmitError {
    /// The block is wrong for ever, and so are all that build on it.
    #[error("the block breaks rule {}: {}", .0.id(), .0)]
    Invalid(RuleError),
    /// The block was found to be wrong before, or builds on one that was.
    #[error("block {hash} was found to be invalid before")]
    Condemned {
        /// The block's hash.
        hash: BlockHash,
    },
    /// These bytes are not what the header commits to: whoever sent them is to blame, not the header.
    #[error("the block's body breaks rule {}: {}", .0.id(), .0)]
    BadBody(RuleError),
    /// It cannot be judged now, and may be offered again.
    #[error("the block cannot be judged now, rule {}: {}", .0.id(), .0)]
    Undecided(RuleError),
    /// The disk failed; the chain thread ends.
    #[error(transparent)]
    Store(StoreError),
    /// The chain thread has ended.
    #[error("the node is stopping")]
    Stopped,
}

/// A transaction was not admitted to the mempool.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SubmitTransactionError {
    /// The mempool refused it.
    #[error(transparent)]
    Refused(AdmissionError),
    /// The disk failed; the chain thread ends.
    #[error(transparent)]
    Store(StoreError),
    /// The chain thread has ended.
    #[error("the node is stopping")]
    Stopped,
}

/// There is no block to mine.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TemplateError {
    /// Not even an empty block can be made: the miner's balance has reached its limit.
    #[error("no block can be made for this miner: {0}")]
    Impossible(ProposeError),
    /// The chain thread has ended.
    #[error("the node is stopping")]
    Stopped,
}

/// The chain thread could not do what it was asked for.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ChainError {
    /// The disk failed; the chain thread ends.
    #[error(transparent)]
    Store(StoreError),
    /// The chain thread has ended.
    #[error("the node is stopping")]
    Stopped,
}
