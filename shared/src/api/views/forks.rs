//! Branches beside the best chain.

use serde::{Deserialize, Serialize};

use crate::hash::BlockHash;

/// The branches beside the best chain that leave one of its last 100 blocks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForksView {
    /// The tip's height that all of this holds at.
    pub height: u64,
    /// The tip's hash.
    pub tip: BlockHash,
    /// Those that end highest come first; at most 20.
    pub branches: Vec<ForkView>,
}

/// A branch beside the best chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForkView {
    /// The height of the last block that it has in common with the best chain.
    pub fork_height: u64,
    /// That block's hash.
    pub fork_hash: BlockHash,
    /// Whether a block of it breaks a rule; else it only has less work.
    pub is_invalid: bool,
    /// Its work since that block, in percent of the best chain's since then, rounded down.
    pub work_percent: u64,
    /// Its blocks, oldest first; the newest 100 of more.
    pub blocks: Vec<ForkBlockView>,
}

/// A block beside the best chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForkBlockView {
    /// Its hash.
    pub hash: BlockHash,
    /// Its height.
    pub height: u64,
    /// Unix seconds.
    pub time: u32,
}
