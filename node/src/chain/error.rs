//! Why the chain did not take what it was given.

use shared::consensus::{RuleError, Verdict};
use shared::hash::BlockHash;
use shared::ledger::ProposeError;
use shared::pow::Work;

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
    /// It is on a branch that is so cheap to make that it is not kept unless it was asked for.
    #[error(
        "the block's branch has work {work}, and what has less than {least} is kept only where it was asked for"
    )]
    TooLittleWork {
        /// The work of its branch, genesis included.
        work: Work,
        /// The least that is kept.
        least: Work,
    },
    /// The disk is too full for it, or has failed; then the chain thread ends.
    #[error(transparent)]
    Store(StoreError),
    /// The chain thread has ended.
    #[error("the node is stopping")]
    Stopped,
}

impl SubmitError {
    /// Whether the disk has failed, so that it takes nothing more.
    pub(super) fn is_failure(&self) -> bool {
        matches!(self, Self::Store(error) if !matches!(error, StoreError::NoRoom { .. }))
    }
}

impl From<RuleError> for SubmitError {
    fn from(error: RuleError) -> Self {
        match error.verdict() {
            Verdict::Invalid => Self::Invalid(error),
            Verdict::BadBody => Self::BadBody(error),
            Verdict::NotNow => Self::Undecided(error),
        }
    }
}

impl From<StoreError> for SubmitError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// One of several blocks was not accepted. Those before it are; those after it were not looked at.
#[derive(Debug, Clone, thiserror::Error)]
#[error("block {index} of those offered: {error}")]
pub struct RefusedBlock {
    /// Its position among those offered, from 0.
    pub index: usize,
    /// Why.
    pub error: SubmitError,
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
    /// It could not be stored, for now.
    #[error(transparent)]
    Store(StoreError),
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
