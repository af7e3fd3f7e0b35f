//! What this node admits to its mempool beyond the rules of the chain, and how it says no.

use shared::consensus::TxError;
use shared::hash::TxId;

/// How much the mempool holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// All transactions together, in bytes of memory.
    pub bytes: usize,
    /// All transactions together.
    pub count: usize,
    /// Of one sender.
    pub per_sender: usize,
    /// How long one may wait, in seconds.
    pub lifetime_s: u64,
    /// The least fee, in whole coins.
    pub least_fee: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // Some fifty full blocks, and affordable on a laptop.
            bytes: 64 << 20,
            count: 50_000,
            // More than a person sends by hand; one key cannot fill a block.
            per_sender: 64,
            lifetime_s: 24 * 60 * 60,
            // The smallest fee there is: a transaction that costs nothing would cost everybody something.
            least_fee: 1,
        }
    }
}

/// A transaction was not admitted. Nobody is to blame.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AdmissionError {
    /// TX-5, TX-6 or TX-7.
    #[error(transparent)]
    Rule(TxError),
    /// The same transaction waits already.
    #[error("transaction {id} is pending already; there is nothing to do but to wait for a block")]
    AlreadyPending {
        /// Its id.
        id: TxId,
    },
    /// It pays less than this node asks for.
    #[error(
        "the fee of {fee} is below the least that this node relays, {least}; send it with a fee of {least} or more"
    )]
    FeeTooLow {
        /// What it pays.
        fee: u64,
        /// What is asked for.
        least: u64,
    },
    /// It would replace a pending transaction of the same nonce, but does not pay enough more.
    #[error(
        "nonce {nonce} is pending already with a fee of {pending_fee}; to replace that transaction pay a fee of \
         {least} or more, to send another one use nonce {next_nonce}"
    )]
    ReplacementFeeTooLow {
        /// Of both.
        nonce: u64,
        /// What the pending one pays.
        pending_fee: u64,
        /// What a replacement must pay.
        least: u64,
        /// The sender's first nonce that is not pending.
        next_nonce: u64,
    },
    /// The sender has too many pending transactions.
    #[error("the sender has {limit} pending transactions, the most that this node keeps; wait for a block")]
    TooManyPending {
        /// The most that are kept.
        limit: usize,
    },
    /// The mempool is full of transactions that pay as much or more.
    #[error("this node's mempool is full; pay a fee of more than {fee}, or send it again later")]
    Full {
        /// What this one pays.
        fee: u64,
    },
    /// It waited for too long.
    #[error("the transaction waited for {waited_s} seconds without being mined; send it again")]
    WaitedTooLong {
        /// Since it arrived.
        waited_s: u64,
    },
}

impl AdmissionError {
    /// Returns whether the transaction may be admitted later as it is. One that is refused for good has expired, or
    /// its nonce is used.
    #[must_use]
    pub const fn may_pass_later(&self) -> bool {
        match self {
            Self::Rule(error) => {
                matches!(error, TxError::NonceTooHigh { .. } | TxError::InsufficientBalance { .. })
            }
            Self::AlreadyPending { .. }
            | Self::FeeTooLow { .. }
            | Self::ReplacementFeeTooLow { .. }
            | Self::TooManyPending { .. }
            | Self::Full { .. }
            | Self::WaitedTooLong { .. } => true,
        }
    }

    /// Returns the id of the rule of the chain (`TX-…`) or of this node's policy (`MEM-…`).
    #[must_use]
    pub const fn id(&self) -> &'static str {
        match self {
            Self::Rule(error) => error.id(),
            Self::AlreadyPending { .. } => "MEM-1",
            Self::FeeTooLow { .. } => "MEM-2",
            Self::ReplacementFeeTooLow { .. } => "MEM-3",
            Self::TooManyPending { .. } => "MEM-4",
            Self::Full { .. } => "MEM-5",
            Self::WaitedTooLong { .. } => "MEM-6",
        }
    }
}
