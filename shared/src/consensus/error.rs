//! One variant for each way to break a rule, with the facts.

use crate::address::Address;
use crate::block::MAX_COINBASE_MESSAGE_BYTES;
use crate::hash::{BlockHash, ChainRoot, MerkleRoot, StateRoot};
use crate::pow::CompactTarget;
use crate::transaction::{MAX_COMMENT_BYTES, MAX_INTEGER};

/// What a broken rule says of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The block is condemned for ever, and its sender is to blame.
    Invalid,
    /// These bytes are not that header's body: its sender is to blame, and the header may still be valid.
    BadBody,
    /// Nobody is to blame; it may become valid later.
    NotNow,
}

/// A transaction breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TxError {
    /// TX-1.
    #[error("transaction version {version} is not known; this protocol has version 1")]
    Version {
        /// What the transaction carries.
        version: u8,
    },
    /// TX-1.
    #[error("the sender's modulus has {got} bytes; 256, 384 or 512 are allowed")]
    ModulusLength {
        /// Its length.
        got: usize,
    },
    /// TX-1.
    #[error("the sender's modulus is even or its top bit is clear: it is no RSA modulus of its length")]
    ModulusShape,
    /// TX-1.
    #[error("the signature has {got} bytes, the modulus {expected}")]
    SignatureLength {
        /// Its length.
        got: usize,
        /// The modulus' length.
        expected: usize,
    },
    /// TX-1.
    #[error("the amount is 0; at least 1 coin must be sent")]
    AmountZero,
    /// TX-2.
    #[error("amount {amount} and fee {fee} together exceed {MAX_INTEGER}")]
    CostTooLarge {
        /// Whole coins.
        amount: u64,
        /// Whole coins.
        fee: u64,
    },
    /// TX-2.
    #[error("nonce {nonce} exceeds {MAX_INTEGER}")]
    NonceTooLarge {
        /// What the transaction carries.
        nonce: u64,
    },
    /// TX-2.
    #[error("expiry height {expires_at} exceeds {MAX_INTEGER}")]
    ExpiryTooLarge {
        /// What the transaction carries.
        expires_at: u64,
    },
    /// TX-3.
    #[error("the comment has {got} bytes; at most {MAX_COMMENT_BYTES} are allowed")]
    CommentTooLong {
        /// Its length in UTF-8.
        got: usize,
    },
    /// TX-3.
    #[error("the comment holds the control character U+{code:04X} at character {position}")]
    CommentControlCharacter {
        /// The character's code point.
        code: u32,
        /// From 0, in characters.
        position: usize,
    },
    /// TX-4.
    #[error(
        "the signature does not verify: the transaction was altered, or signed by another key or for another chain"
    )]
    Signature,
    /// TX-5.
    #[error("the transaction expired at height {expires_at}; the block has height {height}")]
    Expired {
        /// The last height allowed.
        expires_at: u64,
        /// The block's height.
        height: u64,
    },
    /// TX-6.
    #[error("nonce {actual} was used already; the account's next nonce is {expected}")]
    NonceTooLow {
        /// The account's next nonce.
        expected: u64,
        /// What the transaction carries.
        actual: u64,
    },
    /// TX-6.
    #[error("nonce {actual} leaves a gap; the account's next nonce is {expected}")]
    NonceTooHigh {
        /// The account's next nonce.
        expected: u64,
        /// What the transaction carries.
        actual: u64,
    },
    /// TX-7.
    #[error("amount and fee come to {needed} coins, but only {available} are available")]
    InsufficientBalance {
        /// Amount and fee.
        needed: u64,
        /// What the sender has.
        available: u64,
    },
    /// TX-7.
    #[error("the balance of {} would exceed {MAX_INTEGER}", hex::encode(.address.as_bytes()))]
    BalanceTooLarge {
        /// Whose.
        address: Address,
    },
}

impl TxError {
    /// Returns the broken rule's id.
    #[must_use]
    pub const fn id(&self) -> &'static str {
        match self {
            Self::Version { .. }
            | Self::ModulusLength { .. }
            | Self::ModulusShape
            | Self::SignatureLength { .. }
            | Self::AmountZero => "TX-1",
            Self::CostTooLarge { .. } | Self::NonceTooLarge { .. } | Self::ExpiryTooLarge { .. } => "TX-2",
            Self::CommentTooLong { .. } | Self::CommentControlCharacter { .. } => "TX-3",
            Self::Signature => "TX-4",
            Self::Expired { .. } => "TX-5",
            Self::NonceTooLow { .. } | Self::NonceTooHigh { .. } => "TX-6",
            Self::InsufficientBalance { .. } | Self::BalanceTooLarge { .. } => "TX-7",
        }
    }
}

/// A block breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// HDR-1.
    #[error("header version {version:#010x} is not known")]
    HeaderVersion {
        /// What the header carries.
        version: u32,
    },
    /// HDR-2.
    #[error("the parent {prev_hash} is not known")]
    UnknownParent {
        /// The parent's hash.
        prev_hash: BlockHash,
    },
    /// HDR-2.
    #[error("the parent {prev_hash} is invalid")]
    InvalidParent {
        /// The parent's hash.
        prev_hash: BlockHash,
    },
    /// HDR-3.
    #[error("bits are {:#010x} where the rule demands {:#010x}", .actual.0, .expected.0)]
    TargetMismatch {
        /// What the difficulty rule demands.
        expected: CompactTarget,
        /// What the header carries.
        actual: CompactTarget,
    },
    /// HDR-4.
    #[error("hash {hash} does not meet the target of {:#010x}", .bits.0)]
    InsufficientWork {
        /// The header's hash.
        hash: BlockHash,
        /// The header's target.
        bits: CompactTarget,
    },
    /// HDR-5.
    #[error("time {time} is not after the parent's, {parent_time}")]
    TimeNotAfterParent {
        /// Unix seconds.
        time: u32,
        /// Unix seconds.
        parent_time: u32,
    },
    /// HDR-6.
    #[error("time {time} is ahead of this clock; {latest} is the latest that is accepted now")]
    TimeAhead {
        /// Unix seconds.
        time: u32,
        /// Unix seconds.
        latest: u64,
    },
    /// BLK-1.
    #[error("the block has {got} bytes; at most {limit} are allowed")]
    BlockTooLarge {
        /// The encoded size.
        got: usize,
        /// The chain's limit.
        limit: u32,
    },
    /// BLK-2.
    #[error("the body has Merkle root {actual}, the header {expected}")]
    MerkleRootMismatch {
        /// What the header commits to.
        expected: MerkleRoot,
        /// What the body gives.
        actual: MerkleRoot,
    },
    /// BLK-3.
    #[error("coinbase version {actual} at a height where {expected} is in force")]
    CoinbaseVersion {
        /// The version in force.
        expected: u8,
        /// What the coinbase carries.
        actual: u8,
    },
    /// BLK-3.
    #[error("coinbase version {version} is newer than this software: upgrade it")]
    UpgradeNeeded {
        /// What the coinbase carries.
        version: u8,
    },
    /// BLK-3.
    #[error("coinbase height {actual} where the parent demands {expected}")]
    HeightMismatch {
        /// The parent's height and 1.
        expected: u64,
        /// What the coinbase carries.
        actual: u64,
    },
    /// BLK-3.
    #[error("the coinbase counts {claimed} transactions, the block holds {actual}")]
    TxCountMismatch {
        /// What the coinbase carries.
        claimed: u32,
        /// How many there are.
        actual: usize,
    },
    /// BLK-3.
    #[error("the coinbase message has {got} bytes; at most {MAX_COINBASE_MESSAGE_BYTES} are allowed")]
    CoinbaseMessageTooLong {
        /// Its length.
        got: usize,
    },
    /// TX-1 to TX-7.
    #[error("transaction {index}: {error}")]
    Transaction {
        /// Its position in the block, from 0.
        index: usize,
        /// What is wrong with it.
        error: TxError,
    },
    /// TX-7, for the miner.
    #[error("the reward would lift the miner's balance above {MAX_INTEGER}")]
    MinerBalanceTooLarge {
        /// The miner.
        address: Address,
    },
    /// BLK-4.
    #[error("the reward is {actual} where subsidy and fees come to {expected}")]
    RewardMismatch {
        /// Subsidy and all fees; beyond `u64` in a `u128`.
        expected: u128,
        /// What the coinbase carries.
        actual: u64,
    },
    /// BLK-5.
    #[error("the chain root is {actual} where the headers give {expected}")]
    ChainRootMismatch {
        /// What the headers give.
        expected: ChainRoot,
        /// What the coinbase carries.
        actual: ChainRoot,
    },
    /// BLK-6.
    #[error("the state root is {actual} where the accounts give {expected}")]
    StateRootMismatch {
        /// What the accounts give.
        expected: StateRoot,
        /// What the coinbase carries.
        actual: StateRoot,
    },
}

impl RuleError {
    /// Returns the broken rule's id.
    #[must_use]
    pub const fn id(&self) -> &'static str {
        match self {
            Self::HeaderVersion { .. } => "HDR-1",
            Self::UnknownParent { .. } | Self::InvalidParent { .. } => "HDR-2",
            Self::TargetMismatch { .. } => "HDR-3",
            Self::InsufficientWork { .. } => "HDR-4",
            Self::TimeNotAfterParent { .. } => "HDR-5",
            Self::TimeAhead { .. } => "HDR-6",
            Self::BlockTooLarge { .. } => "BLK-1",
            Self::MerkleRootMismatch { .. } => "BLK-2",
            Self::CoinbaseVersion { .. }
            | Self::UpgradeNeeded { .. }
            | Self::HeightMismatch { .. }
            | Self::TxCountMismatch { .. }
            | Self::CoinbaseMessageTooLong { .. } => "BLK-3",
            Self::Transaction { error, .. } => error.id(),
            Self::MinerBalanceTooLarge { .. } => "TX-7",
            Self::RewardMismatch { .. } => "BLK-4",
            Self::ChainRootMismatch { .. } => "BLK-5",
            Self::StateRootMismatch { .. } => "BLK-6",
        }
    }

    /// Returns what the broken rule says of the block.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        match self {
            Self::UnknownParent { .. } | Self::TimeAhead { .. } | Self::UpgradeNeeded { .. } => {
                Verdict::NotNow
            }
            Self::BlockTooLarge { .. } | Self::MerkleRootMismatch { .. } => Verdict::BadBody,
            Self::HeaderVersion { .. }
            | Self::InvalidParent { .. }
            | Self::TargetMismatch { .. }
            | Self::InsufficientWork { .. }
            | Self::TimeNotAfterParent { .. }
            | Self::CoinbaseVersion { .. }
            | Self::HeightMismatch { .. }
            | Self::TxCountMismatch { .. }
            | Self::CoinbaseMessageTooLong { .. }
            | Self::Transaction { .. }
            | Self::MinerBalanceTooLarge { .. }
            | Self::RewardMismatch { .. }
            | Self::ChainRootMismatch { .. }
            | Self::StateRootMismatch { .. } => Verdict::Invalid,
        }
    }
}
