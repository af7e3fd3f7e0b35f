//! Chain specifications: everything in which one chain differs from another (`docs/protocol.md`, section 8).

mod check;
mod file;

use borsh::{BorshDeserialize, BorshSerialize};

pub use self::check::SpecError;
pub use self::file::ChainFileError;
use crate::address::Address;
use crate::block::{Block, COINBASE_VERSION, Coinbase, HEADER_VERSION, Header};
use crate::codec::{self, read_string};
use crate::hash::{BlockHash, ChainRoot, tagged};
use crate::merkle::merkle_root;
use crate::pow::CompactTarget;
use crate::state_tree::EMPTY_ROOT;

/// The rules that a genesis block commits to.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Rules {
    /// The human-readable part of addresses.
    #[borsh(deserialize_with = "read_string")]
    pub address_prefix: String,
    /// T: the seconds that a block should take, at least 2.
    pub block_time: u32,
    /// N: over how many blocks the difficulty averages, at least 10.
    pub difficulty_window: u32,
    /// The easiest target.
    pub limit_bits: CompactTarget,
    /// New coins a block.
    pub subsidy: u64,
    /// The largest encoded block.
    pub max_block_bytes: u32,
    /// Coinbase versions by the height from which they are in force, ascending.
    pub upgrades: Vec<(u64, u8)>,
}

impl Rules {
    /// Returns the coinbase version in force at `height`.
    #[must_use]
    pub fn coinbase_version(&self, height: u64) -> u8 {
        self.upgrades
            .iter()
            .rev()
            .find(|(from, _)| *from <= height)
            .map_or(COINBASE_VERSION, |(_, version)| *version)
    }
}

/// One chain: its name, rules and genesis block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainSpec {
    name: String,
    rules: Rules,
    genesis: Block,
    genesis_hash: BlockHash,
}

/// When both built-in chains begin: 2026-11-22 00:00 UTC.
const GENESIS_TIME: u32 = 1_795_305_600;

impl ChainSpec {
    /// Builds a chain from its rules; `genesis_time` is in Unix seconds.
    ///
    /// # Errors
    /// The first reason why there can be no such chain.
    pub fn new(
        name: &str,
        rules: Rules,
        genesis_time: u32,
        genesis_message: &str,
    ) -> Result<Self, SpecError> {
        check::check(name, &rules, genesis_message)?;
        let coinbase = Coinbase {
            version: COINBASE_VERSION,
            height: 0,
            miner: Address::default(),
            reward: 0,
            tx_count: 0,
            state_root: EMPTY_ROOT,
            chain_root: ChainRoot(tagged("ironchain/chain", &[&codec::encode(&rules)])),
            extra_nonce: 0,
            message: genesis_message.as_bytes().to_vec(),
        };
        let header = Header {
            version: HEADER_VERSION,
            prev_hash: BlockHash::default(),
            merkle_root: merkle_root(&[coinbase.leaf()]),
            time: genesis_time,
            bits: rules.limit_bits,
            nonce: 0,
        };
        let genesis = Block { header, coinbase, transactions: Vec::new() };
        Ok(Self { name: name.to_owned(), rules, genesis_hash: genesis.header.hash(), genesis })
    }

    fn built_in(name: &str, rules: Rules, genesis_message: &str) -> Self {
        #[expect(clippy::expect_used, reason = "both built-in chains are built by the tests")]
        Self::new(name, rules, GENESIS_TIME, genesis_message)
            .expect("a built-in chain is legal because its rules are constants that the tests check")
    }

    /// The main chain: a block every 30 seconds.
    #[must_use]
    pub fn main() -> Self {
        let rules = Rules {
            address_prefix: "iron".to_owned(),
            block_time: 30,
            difficulty_window: 40,
            limit_bits: CompactTarget(0x1e0f_ffff),
            subsidy: 10,
            max_block_bytes: 1_000_000,
            upgrades: Vec::new(),
        };
        Self::built_in("main", rules, "Hello World!")
    }

    /// The chain for development: a block every two seconds.
    #[must_use]
    pub fn dev() -> Self {
        let rules = Rules {
            address_prefix: "dev".to_owned(),
            block_time: 2,
            difficulty_window: 10,
            limit_bits: CompactTarget(0x1f00_ffff),
            subsidy: 10,
            max_block_bytes: 1_000_000,
            upgrades: Vec::new(),
        };
        Self::built_in("dev", rules, "Hello World! (dev)")
    }

    /// Returns the built-in chain of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "main" => Some(Self::main()),
            "dev" => Some(Self::dev()),
            _ => None,
        }
    }

    /// Returns the name that people call this chain by.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the rules.
    #[must_use]
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Returns the first block, which is fixed by its bytes.
    #[must_use]
    pub fn genesis(&self) -> &Block {
        &self.genesis
    }

    /// Returns the first block's hash, which tells this chain from all others.
    #[must_use]
    pub fn genesis_hash(&self) -> &BlockHash {
        &self.genesis_hash
    }
}

#[cfg(test)]
mod tests;
