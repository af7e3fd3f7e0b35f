//! What a chain must keep to before its first block is worth building (`docs/protocol.md`, section 8).

use super::Rules;
use crate::block::{COINBASE_VERSION, MAX_COINBASE_MESSAGE_BYTES};
use crate::pow::CompactTargetError;
use crate::transaction::MAX_INTEGER;

/// A name is shown, and is part of a directory's.
const MAX_NAME_CHARACTERS: usize = 32;
/// bech32m's checksum is made for texts of at most 90 characters (BIP-173), of which 39 follow the prefix.
const MAX_PREFIX_CHARACTERS: usize = 51;
/// A miner's clock has whole seconds, and a block must be later than its parent.
const MIN_BLOCK_TIME: u32 = 2;
/// A day. A slower chain would take a year to follow its first miners.
const MAX_BLOCK_TIME: u32 = 86_400;
/// Fewer blocks would let the difficulty jump with the luck of a single one.
const MIN_DIFFICULTY_WINDOW: u32 = 10;
/// More would leave a chain at the difficulty of miners that are long gone.
const MAX_DIFFICULTY_WINDOW: u32 = 10_000;
/// Without payments a block takes 265 bytes at most, a payment with a key of 2048 bits and the longest comment 833.
const MIN_BLOCK_BYTES: u32 = 1_100;
/// A block has to fit into one message between nodes, of at most 2 MiB.
const MAX_BLOCK_BYTES: u32 = 2_000_000;

/// A chain would break a rule of the protocol, or be of no use to anybody. Each names its key in a chain file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// The name is not one.
    #[error(
        "name {name:?}: a chain's name is 1 to {MAX_NAME_CHARACTERS} small letters, digits or hyphens, and begins with \
         a letter"
    )]
    Name {
        /// What was given.
        name: String,
    },
    /// No address could be written with this prefix.
    #[error(
        "address_prefix {prefix:?}: the prefix of addresses is 1 to {MAX_PREFIX_CHARACTERS} small letters or digits, \
         and begins with a letter"
    )]
    AddressPrefix {
        /// What was given.
        prefix: String,
    },
    /// T is out of range.
    #[error("block_time {got}: a block takes from {MIN_BLOCK_TIME} to {MAX_BLOCK_TIME} seconds")]
    BlockTime {
        /// What was given, in seconds.
        got: u32,
    },
    /// N is out of range.
    #[error(
        "difficulty_window {got}: the difficulty averages over {MIN_DIFFICULTY_WINDOW} to {MAX_DIFFICULTY_WINDOW} \
         blocks"
    )]
    DifficultyWindow {
        /// What was given, in blocks.
        got: u32,
    },
    /// The easiest target is none.
    #[error("limit_bits: {0}; take for example 0x1f00ffff, some 65,000 hashes a block")]
    LimitBits(CompactTargetError),
    /// There would be more coins than an amount can say.
    #[error("subsidy {got}: a block makes at most {MAX_INTEGER} coins")]
    Subsidy {
        /// What was given, in whole coins.
        got: u64,
    },
    /// No transaction would fit, or no message between nodes would hold a block.
    #[error("max_block_bytes {got}: a block may have from {MIN_BLOCK_BYTES} to {MAX_BLOCK_BYTES} bytes")]
    MaxBlockBytes {
        /// What was given.
        got: u32,
    },
    /// Upgrades are not in order.
    #[error(
        "upgrades: version {version} from height {height} on; heights begin at 1 and versions at 2, and each upgrade \
         has a greater height and a greater version than the one before"
    )]
    Upgrade {
        /// Of the first one that is out of order.
        height: u64,
        /// Its version.
        version: u8,
    },
    /// The first block's message is too long.
    #[error("message: {got} bytes; the first block has room for {MAX_COINBASE_MESSAGE_BYTES}")]
    Message {
        /// Its length in bytes of UTF-8.
        got: usize,
    },
}

/// Checks everything that a chain is made of but its time, which may be any.
pub(super) fn check(name: &str, rules: &Rules, message: &str) -> Result<(), SpecError> {
    if !is_plain(name, MAX_NAME_CHARACTERS, "-") {
        return Err(SpecError::Name { name: name.to_owned() });
    }
    let prefix = &rules.address_prefix;
    if !is_plain(prefix, MAX_PREFIX_CHARACTERS, "") {
        return Err(SpecError::AddressPrefix { prefix: prefix.clone() });
    }
    if !(MIN_BLOCK_TIME..=MAX_BLOCK_TIME).contains(&rules.block_time) {
        return Err(SpecError::BlockTime { got: rules.block_time });
    }
    if !(MIN_DIFFICULTY_WINDOW..=MAX_DIFFICULTY_WINDOW).contains(&rules.difficulty_window) {
        return Err(SpecError::DifficultyWindow { got: rules.difficulty_window });
    }
    rules.limit_bits.target().map_err(SpecError::LimitBits)?;
    if rules.subsidy > MAX_INTEGER {
        return Err(SpecError::Subsidy { got: rules.subsidy });
    }
    if !(MIN_BLOCK_BYTES..=MAX_BLOCK_BYTES).contains(&rules.max_block_bytes) {
        return Err(SpecError::MaxBlockBytes { got: rules.max_block_bytes });
    }
    let mut before = (0, COINBASE_VERSION);
    for &(height, version) in &rules.upgrades {
        if height <= before.0 || version <= before.1 {
            return Err(SpecError::Upgrade { height, version });
        }
        before = (height, version);
    }
    if message.len() > MAX_COINBASE_MESSAGE_BYTES {
        return Err(SpecError::Message { got: message.len() });
    }
    Ok(())
}

/// Returns whether a text has 1 to `longest` small letters, digits or characters of `more`, a letter first.
fn is_plain(text: &str, longest: usize, more: &str) -> bool {
    text.len() <= longest
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || more.contains(c))
}
