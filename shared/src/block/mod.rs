//! Headers, coinbases and blocks (`docs/protocol.md`, section 4).

use borsh::{BorshDeserialize, BorshSerialize};

use crate::address::Address;
use crate::codec::{self, read_bytes};
use crate::hash::{BlockHash, ChainRoot, MerkleRoot, StateRoot, sha256d};
use crate::pow::CompactTarget;
use crate::transaction::Transaction;

/// The length of an encoded header.
pub const HEADER_BYTES: usize = 80;
/// A coinbase message holds at most this many bytes.
pub const MAX_COINBASE_MESSAGE_BYTES: usize = 64;
/// The length of the largest encoded coinbase: 113 bytes of fixed fields, a length and the message.
pub const MAX_COINBASE_BYTES: usize = 113 + 4 + MAX_COINBASE_MESSAGE_BYTES;
/// The coinbase version from genesis on.
pub const COINBASE_VERSION: u8 = 1;
/// The header version; miners may roll the bits of [`HEADER_ROLLING_BITS`].
pub const HEADER_VERSION: u32 = 0x2000_0000;
/// The version bits that BIP 320 leaves to miners.
pub const HEADER_ROLLING_BITS: u32 = 0x1fff_e000;

/// The part of a block that is hashed for work: 80 bytes in Bitcoin's layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Header {
    /// [`HEADER_VERSION`], with rolling bits.
    pub version: u32,
    /// The parent's hash.
    pub prev_hash: BlockHash,
    /// The root over coinbase and transactions.
    pub merkle_root: MerkleRoot,
    /// Unix seconds.
    pub time: u32,
    /// The target that the hash has to meet.
    pub bits: CompactTarget,
    /// Searched by miners.
    pub nonce: u32,
}

impl Header {
    /// Returns the 80 bytes.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        for (place, byte) in bytes.iter_mut().zip(codec::encode(self)) {
            *place = byte;
        }
        bytes
    }

    /// Returns sha256d of the 80 bytes.
    #[must_use]
    pub fn hash(&self) -> BlockHash {
        BlockHash(sha256d(&self.to_bytes()))
    }
}

/// What a miner says about its block and earns from it.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Coinbase {
    /// The version in force at this height.
    pub version: u8,
    /// Genesis is 0.
    pub height: u64,
    /// Who earns `reward`.
    pub miner: Address,
    /// Subsidy and all fees.
    pub reward: u64,
    /// How many transactions follow.
    pub tx_count: u32,
    /// The root over all accounts after this block.
    pub state_root: StateRoot,
    /// The root over all headers before this block.
    pub chain_root: ChainRoot,
    /// Free for miners.
    pub extra_nonce: u64,
    /// Free for miners, at most [`MAX_COINBASE_MESSAGE_BYTES`].
    #[borsh(deserialize_with = "read_bytes")]
    pub message: Vec<u8>,
}

impl Coinbase {
    /// Returns this coinbase's leaf in the block's Merkle tree.
    #[must_use]
    pub fn leaf(&self) -> [u8; 32] {
        sha256d(&codec::encode(self))
    }
}

/// A header with the body that it commits to.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Block {
    /// The hashed part.
    pub header: Header,
    /// The miner's part.
    pub coinbase: Coinbase,
    /// In the order in which they are applied.
    pub transactions: Vec<Transaction>,
}

#[cfg(test)]
mod tests;
